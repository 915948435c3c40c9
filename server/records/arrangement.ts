/**
 * The page's arrangement of the instruments: one for the bench, kept in a file beside the bench file.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { type Arrangement, type ArrangementState, noArrangement } from "../../protocol/arrangement.ts";
import { HeliographError } from "../../protocol/errors.ts";
import {
  arrangementProblems,
  arrangementText,
  checkedArrangement,
  readArrangement,
  withPlot,
} from "./arrangement_schema.ts";
import type { Bench } from "../bench/bench.ts";
import { BenchFileError } from "../files/source.ts";
import { FileKeeper } from "../files/file_keeper.ts";
import { within } from "../network/within.ts";

const log = getLogger(["heliograph", "arrangement"]);

/** For how long a server that stops waits for the disk, in milliseconds. */
const longestWait = 5000;

/** The message where no file keeps the arrangement. */
const noFile = "It is kept until the server stops: there is no bench file to keep it beside.";

/** The arrangement of one bench, and its file. Where two people arrange at the same time, the last change counts. */
export class ArrangementStore {
  readonly #bench: Bench;
  readonly #keeper: FileKeeper | undefined;
  readonly #listeners = new Set<() => void>();
  #state: ArrangementState;
  /** Whether the file holds something that cannot be used, and that nobody has been deprived of yet. */
  #unusable = false;
  /** The revision that the file holds. */
  #saved = 0;
  /** What is being read or written, one after the other. */
  #working: Promise<void> = Promise.resolve();

  /**
   * Reads nothing yet.
   *
   * @param bench Whose instruments are arranged.
   * @param file The absolute path of the file. @default it is kept in memory
   */
  constructor(bench: Bench, file?: string) {
    this.#bench = bench;
    this.#keeper = file === undefined ? undefined : new FileKeeper(file);
    this.#state = {
      arrangement: noArrangement,
      kept: file !== undefined,
      hint: file === undefined ? noFile : "",
      revision: 0,
    };
  }

  /** The arrangement, and how it is kept. */
  get state(): ArrangementState {
    return this.#state;
  }

  /** Calls the listener after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Reads the file, before the server gives up its permissions. The log says what is wrong with it; nothing is thrown.
   *
   * A file that cannot be used is left as it is until the first change, so that it can be put right and the server be
   * started again. Then it is renamed to `….damaged`.
   */
  open(): Promise<void> {
    const keeper = this.#keeper;
    return keeper === undefined ? Promise.resolve() : this.#work(() => this.#open(keeper));
  }

  /**
   * Arranges the page: everybody is told at once, and it is written. The plots that are kept stay as they are.
   *
   * @param value The arrangement, as somebody sent it.
   * @returns The arrangement as it is now, and whether it was written.
   * @throws {HeliographError} `bad_argument` with what is wrong and where.
   */
  async set(value: unknown): Promise<ArrangementState> {
    let arrangement;
    try {
      arrangement = checkedArrangement(value, this.#nameOf);
    } catch (error) {
      if (!(error instanceof BenchFileError)) throw error;
      throw new HeliographError("bad_argument", `Cannot take the arrangement: ${arrangementProblems(error)}`);
    }
    return await this.#arrange(arrangement, this.#state.arrangement.plots);
  }

  /**
   * Keeps a plot by name, for everybody, or forgets it.
   *
   * @param name What it is called.
   * @param plot What the address of the page's plots tells of it; `null` forgets it.
   * @param over Whether it may take the place of another one.
   * @returns As `set`.
   * @throws {HeliographError} `bad_argument` with what is wrong.
   */
  async keepPlot(name: string, plot: string | null, over: boolean): Promise<ArrangementState> {
    const { arrangement } = this.#state;
    return await this.#arrange(arrangement, withPlot(arrangement.plots ?? {}, name, plot, over));
  }

  async #arrange(arrangement: Arrangement, plots: Arrangement["plots"] = {}): Promise<ArrangementState> {
    const { plots: _, ...rest } = arrangement;
    const next = Object.keys(plots).length === 0 ? rest : { ...rest, plots };
    this.#change({ arrangement: next, revision: this.#state.revision + 1 });
    const keeper = this.#keeper;
    if (keeper !== undefined) await this.#work(() => this.#save(keeper));
    return this.#state;
  }

  /** Waits until what was changed is written, and ends. */
  async stop(): Promise<void> {
    // A disk that hangs is not waited for for ever.
    await within(longestWait, this.#working);
    this.#keeper?.stop();
  }

  readonly #nameOf = (given: string): string => this.#bench.find(given)?.name ?? given;

  #change(change: Partial<ArrangementState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  #work(what: () => Promise<void>): Promise<void> {
    return this.#working = this.#working.then(what);
  }

  async #open(keeper: FileKeeper): Promise<void> {
    const { file, aside } = keeper;
    try {
      keeper.start();
    } catch (error) {
      return this.#notKept(error as Error, keeper);
    }
    try {
      const text = await keeper.read();
      // What somebody has already changed is newer.
      if (text !== undefined && this.#state.revision === 0) {
        this.#change({ arrangement: readArrangement(file, text, this.#nameOf) });
      }
    } catch (error) {
      const reason = error instanceof BenchFileError ? error.message : `${file}: ${(error as Error).message}`;
      log.error(
        "Cannot use the page's arrangement: {reason}. The page has the order of the bench; the first change renames that file to {aside}",
        { reason, aside },
      );
      this.#unusable = true;
      this.#change({ hint: `The arrangement that was kept cannot be used: ${reason}` });
    }
    try {
      await keeper.check();
    } catch (error) {
      this.#notKept(error as Error, keeper);
    }
  }

  async #save(keeper: FileKeeper): Promise<void> {
    const { arrangement, revision } = this.#state;
    // Somebody's change a moment later was written with the one before.
    if (this.#saved === revision) return;
    try {
      if (this.#unusable) await keeper.setAside();
      this.#unusable = false;
      await keeper.write(arrangementText(arrangement));
    } catch (error) {
      return this.#notKept(error as Error, keeper);
    }
    this.#saved = revision;
    if (!this.#state.kept || this.#state.hint !== "") this.#change({ kept: true, hint: "" });
  }

  #notKept({ message }: Error, { file }: FileKeeper): void {
    const hint = `It is kept until the server stops: cannot write ${file}: ${message}.`;
    if (hint === this.#state.hint) return;
    log.warning("The page's arrangement is kept until the server stops: cannot write {file}: {reason}", {
      file,
      reason: message,
    });
    this.#change({ kept: false, hint });
  }
}
