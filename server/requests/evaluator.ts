/**
 * Runs code that clients send: the requests of the code are like any other, with the sender's own role.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { lineError, lineReply } from "../../protocol/line_reply.ts";
import type { Bench } from "../bench/bench.ts";
import { begin } from "../bench/hub.ts";
import type { Principal } from "../access/principal.ts";
import type { CodeSender } from "../code/host_process.ts";
import type { Answer, Ask, Code, Evaluated } from "../code/messages.ts";
import { type Language, languages } from "../code/options.ts";
import { PrintedLines } from "../code/printed_lines.ts";
import type { Sandbox } from "../code/sandbox.ts";
import { wireError } from "../bench/wire_error.ts";
import { answerOf, CodeDashboard } from "./code_dashboard.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EvaluatorOptions, RequestRunner } from "./request.ts";

/** Runs the code of clients. */
export class Evaluator {
  readonly #bench: Bench;
  readonly #dispatcher: Dispatcher;
  readonly #sandbox: Sandbox;
  /** What code sees. */
  readonly dashboard: CodeDashboard;

  /**
   * Makes it; the sandbox is started and stopped by whoever made that.
   *
   * @param bench What code sees.
   * @param dispatcher Who may run code, and whose control it renews.
   * @param sandbox Where it runs.
   * @param name What code sees as the dashboard's name.
   */
  constructor(bench: Bench, dispatcher: Dispatcher, sandbox: Sandbox, name: string) {
    this.#bench = bench;
    this.#dispatcher = dispatcher;
    this.#sandbox = sandbox;
    this.dashboard = new CodeDashboard(bench, name);
  }

  /** The language of code whose sender has not said one: Python, which the originals' clients know. */
  get usualLanguage(): Language {
    return this.#sandbox.options.languages.includes("python") ? "python" : "javascript";
  }

  /**
   * Runs code.
   *
   * @param code The code; its language may be any text, and is refused where it is unknown.
   * @param principal Who sent it.
   * @param requests What runs what the code asks for.
   * @param options Where its output goes, and how long the client waits.
   * @throws {HeliographError} What went wrong with it, or why it was not run; `not_allowed` for all but an admin.
   */
  async evaluate(
    code: Omit<Code, "language"> & { readonly language: string },
    principal: Principal,
    requests: RequestRunner,
    options: EvaluatorOptions = {},
  ): Promise<Evaluated> {
    this.#dispatcher.check(principal, "evaluate", code.mode);
    const language = languages.find((known) => known === code.language);
    if (language === undefined) {
      throw new HeliographError("bad_argument", `Cannot run ${code.language}: code is javascript or python`);
    }
    const answered = this.#dispatcher.control.work(principal);
    const told = begin(this.#bench.hub, {
      kind: "code",
      instrument: "",
      caller: principal,
      text: () => code.source,
      onlyReads: false,
    });
    const seconds = Math.min(options.patience ?? Infinity, this.#sandbox.options.deadline);
    const sender = new EvaluationSender(
      this.#bench,
      requests,
      this.dashboard,
      principal,
      seconds,
      options.output,
    );
    try {
      const evaluated = await this.#sandbox.evaluate({ ...code, language }, sender, askerOfCode(principal), options);
      told(() => lineReply(code.mode === "eval" ? evaluated.text : undefined), false);
      return evaluated;
    } catch (error) {
      told(() => lineError(wireError(error)), true);
      throw error;
    } finally {
      try {
        sender.end();
      } finally {
        answered();
      }
    }
  }
}

/**
 * Whose evaluations are counted together: all of one name on one PC, and all without a name on one PC, over however many
 * connections and requests they come.
 */
function askerOfCode({ hostname, name }: Principal): string {
  return `${hostname} ${name}`;
}

/** The most lines of an evaluation that are logged, and the longest of them, in characters. */
const mostLines = 1000;
const longestLine = 10_000;

/** One evaluation: a principal of its own, so that it alone passes while it holds the bench. */
class EvaluationSender implements CodeSender {
  readonly #bench: Bench;
  readonly #requests: RequestRunner;
  readonly #dashboard: CodeDashboard;
  /** Code drives what its sender may drive. */
  readonly #principal: Principal;
  readonly #until: number;
  readonly #output: ((text: string) => void) | undefined;
  readonly #log = getLogger(["heliograph", "code"]);
  readonly #lines = new PrintedLines(
    (line) => this.#log.info("{client} prints: {line}", { client: this.#principal.label, line }),
    { lines: mostLines, length: longestLine },
  );
  #ended = false;
  #release: (() => void) | undefined;

  constructor(
    bench: Bench,
    requests: RequestRunner,
    dashboard: CodeDashboard,
    sender: Principal,
    seconds: number,
    output: ((text: string) => void) | undefined,
  ) {
    this.#bench = bench;
    this.#requests = requests;
    this.#dashboard = dashboard;
    this.#principal = sender.deputy({ gone: () => this.#ended });
    this.#until = performance.now() + seconds * 1000;
    this.#output = output;
  }

  /** `true` once the code has ended: what it has asked for, and was not begun, is not begun any more. */
  get gone(): boolean {
    return this.#principal.gone;
  }

  output(text: string): void {
    this.#output?.(text);
    this.#lines.take(text);
  }

  async answer(ask: Ask): Promise<Answer> {
    return await answerOf(() => {
      if (this.gone) throw new HeliographError("aborted", `Cannot do ${ask?.ask}: whoever sent the code has gone`);
      return ask.ask === "hold" ? this.#hold() : this.#dashboard.answer(ask, this.#principal, this.#requests);
    });
  }

  /** The evaluation has ended, however it did: it holds nothing any more. */
  end(): void {
    this.#ended = true;
    this.#release?.();
    const count = this.#lines.end();
    if (count > 0) this.#log.info("{client} prints {count} more lines", { client: this.#principal.label, count });
  }

  /** From here to the end of the evaluation no other client's command starts. */
  async #hold(): Promise<void> {
    const release = await this.#bench.gate.hold(this.#principal, (this.#until - performance.now()) / 1000);
    if (this.#ended) return release();
    this.#release = release;
  }
}
