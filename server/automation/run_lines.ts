/**
 * What a run tells: the last of it can be read there, and most of it is logged.
 *
 * @module
 */

import type { RunLine } from "../../protocol/runs.ts";
import type { Clock } from "../camera/clock.ts";

/** How many lines are kept, and how many characters they have together. */
const mostLines = 1000;
const mostText = 200_000;
/** How many of the lines that a script prints are logged, too. */
const mostLogged = 10_000;

/** What lines are told with. */
export interface LinesParts {
  readonly clock: Pick<Clock, "date">;
  /** Logs one. */
  readonly tell: (text: string, level: "info" | "warning" | "error") => void;
}

/** The lines of a run. */
export class RunLines {
  readonly #parts: LinesParts;
  readonly #lines: RunLine[] = [];
  #text = 0;
  #number = 0;
  #printed = 0;

  /** Has told nothing yet. */
  constructor(parts: LinesParts) {
    this.#parts = parts;
  }

  /** The number of the last one; 0 where there is none. */
  get last(): number {
    return this.#number;
  }

  /** Those after one. @param number Its number. */
  after(number: number): RunLine[] {
    return this.#lines.filter((line) => line.number > number);
  }

  /** Tells something. */
  tell(text: string, level: "info" | "warning" | "error" = "info"): void {
    this.#add(text);
    this.#parts.tell(text, level);
  }

  /** A script prints: the last of it can be read here, and not all of it floods the log. */
  print(line: string): void {
    const text = `prints: ${line}`;
    if (++this.#printed < mostLogged) return this.tell(text);
    if (this.#printed === mostLogged) {
      this.tell(`it has printed ${mostLogged} lines: what more it prints is not logged`);
    }
    this.#add(text);
  }

  #add(text: string): void {
    this.#lines.push({ number: ++this.#number, time: this.#parts.clock.date().toISOString(), text });
    this.#text += text.length;
    if (this.#lines.length <= 2 * mostLines && this.#text <= 2 * mostText) return;
    // Half of it at once, so that this is not done with each line.
    while (this.#lines.length > mostLines || this.#text > mostText) this.#text -= this.#lines.shift()!.text.length;
  }
}
