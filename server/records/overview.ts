/**
 * The overview drawing of a bench: read when the server starts, and again when its file has changed.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { OverviewDescription } from "../../protocol/description.ts";
import type { Bench } from "../bench/bench.ts";
import { type Drawing, type DrawingProblem, readDrawing } from "../config/drawing.ts";
import { bindTo } from "../config/drawing_words.ts";
import { FileKeeper } from "../files/file_keeper.ts";

const log = getLogger(["heliograph", "overview"]);

/** For how long what was read counts as what the file holds, in milliseconds. */
const fresh = 1000;

/** The drawing that a bench has. */
export interface OverviewOptions {
  /** The SVG. */
  readonly svg: string;
  /** The absolute path of its file. @default it has none, and never changes */
  readonly file?: string;
}

/** The drawing of one bench. */
export class OverviewStore {
  readonly #bench: Bench;
  readonly #file: FileKeeper | undefined;
  #svg: string;
  #shown: OverviewDescription;
  #read = -Infinity;
  #reading: Promise<void> | undefined;

  /** @param bench Whose instruments it names. @param options The drawing. @default there is none */
  constructor(bench: Bench, options?: OverviewOptions) {
    this.#bench = bench;
    this.#svg = options?.svg ?? "";
    this.#shown = { drawing: null, sheet: "", problem: "" };
    if (options === undefined) return;
    if (options.file !== undefined) this.#file = new FileKeeper(options.file, { readOnly: true });
    this.#take(options.svg);
    bench.hub.subscribe("bench", () => this.#take(this.#svg), { name: "the overview drawing" });
  }

  /** Gets the right to read the file, before the server gives up its own. */
  open(): void {
    try {
      this.#file?.start();
    } catch (error) {
      log.warning("Changes of {file} are not seen until the server is started again: {reason}", {
        file: this.#file?.file,
        reason: (error as Error).message,
      });
    }
  }

  /** The drawing as its file has it now. */
  async current(): Promise<OverviewDescription> {
    if (this.#file !== undefined && performance.now() - this.#read > fresh) {
      await (this.#reading ??= this.#renew(this.#file).finally(() => this.#reading = undefined));
    }
    return this.#shown;
  }

  /** The drawing's SVG as its file has it now; `undefined` where there is none, or it does not fit the bench anyway. */
  async fitting(): Promise<string | undefined> {
    const { drawing, problem } = await this.current();
    return drawing === null || problem !== "" ? undefined : this.#svg;
  }

  /** Ends. */
  stop(): void {
    this.#file?.stop();
  }

  async #renew(file: FileKeeper): Promise<void> {
    try {
      const svg = await file.read();
      // While it is saved anew it may not be there for a moment.
      if (svg !== undefined && svg !== this.#svg) this.#take(svg);
    } catch {
      // What was told when it could not be opened.
    }
    this.#read = performance.now();
  }

  #take(svg: string): void {
    this.#svg = svg;
    const { drawing, problems } = readDrawing(svg, bindTo(this.#bench.instruments));
    const problem = problems.map(problemText).join("\n");
    if (problem !== "" && this.#file !== undefined) {
      log.warning("{file}: {problem}", { file: this.#file.file, problem });
    }
    this.#shown = drawing === undefined ? { ...this.#shown, problem } : { ...shownOf(drawing), problem };
  }
}

function shownOf({ root, sheet }: Drawing): Pick<OverviewDescription, "drawing" | "sheet"> {
  return { drawing: root, sheet };
}

function problemText({ line, where, message }: DrawingProblem): string {
  return `line ${line}: ${where === "" ? "" : `${where}: `}${message}`;
}
