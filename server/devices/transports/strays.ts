/**
 * Remembers lines that nobody asked for, so that none of them is taken for an answer.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { quoted } from "../../bench/answer_errors.ts";

/** How long a line must be quiet before a question that what is left could be taken for an answer to, in seconds. */
const quietSeconds = 0.1;

/** How long it is remembered what they look like, in milliseconds: what left a line behind once does so again. */
const remembered = 60_000;

const mostRemembered = 20;

/** They are told again when there were none for so long, in milliseconds. */
const tellAgain = 600_000;

const log = getLogger(["heliograph", "devices"]);

/** The lines on one port that nobody asked for. */
export class Strays {
  readonly #port: string;
  /** When each of them came last, the latest at the end. */
  readonly #cameAt = new Map<string, number>();
  #lastAt = -Infinity;
  /** Whether one came since the line was quiet. */
  #doubtful = false;
  /** After the first answer it is waited whether something is left: most instruments leave it always or never. */
  #first: "none" | "came" | "over" = "none";

  /** Makes it. @param port What errors call the port. */
  constructor(port: string) {
    this.#port = port;
  }

  /** The last one; empty where there was none. */
  get last(): string {
    return [...this.#cameAt.keys()].at(-1) ?? "";
  }

  /**
   * One has come.
   *
   * @param line It, or the beginning of one.
   * @param after What was sent last.
   */
  note(line: string, after: string): void {
    // The rest of a CR LF is no line.
    if (line.trim() === "") return;
    const now = performance.now();
    if (now - this.#lastAt > tellAgain) {
      log.warn(
        `{port}: {line} came after {after}, and nobody asked for it: it is no answer. If it belongs to an answer, ` +
          `describe all of it; otherwise say "ignore" or "listen"`,
        { port: this.#port, line: quoted(line), after: quoted(after) },
      );
    }
    this.#lastAt = now;
    this.#doubtful = true;
    this.#cameAt.delete(line);
    this.#cameAt.set(line, now);
    if (this.#cameAt.size > mostRemembered) this.#cameAt.delete(this.#cameAt.keys().next().value!);
  }

  /**
   * How long the line must have been quiet before a question is asked, in seconds.
   *
   * @param accepts Whether a line is an answer to it.
   */
  quietBefore(accepts: (answer: string) => boolean): number {
    return this.#doubtful || this.#first === "came" || this.mayAnswer(accepts) ? quietSeconds : 0;
  }

  /** Whether one like those that came would be taken for an answer. */
  mayAnswer(accepts: (answer: string) => boolean): boolean {
    if (this.#cameAt.size === 0) return false;
    if (performance.now() - this.#lastAt > remembered) this.#cameAt.clear();
    return [...this.#cameAt.keys()].some(accepts);
  }

  /** A question was answered. */
  answered(): void {
    if (this.#first === "none") this.#first = "came";
  }

  /** The line was quiet: what was left of an answer has come. */
  settle(): void {
    if (this.#first === "came") this.#first = "over";
    this.#doubtful = false;
  }
}
