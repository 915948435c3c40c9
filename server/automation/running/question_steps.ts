/**
 * The steps of a run that ask a person something.
 *
 * @module
 */

import type { RunLines } from "../run_lines.ts";
import type { Place } from "../run_store.ts";
import type { RunStep } from "../steps.ts";
import type { PlaceWriter } from "./place_writer.ts";
import type { RunTime } from "./run_time.ts";
import type { Waits } from "./waits.ts";

/** What the steps are done with. */
interface Parts {
  readonly time: RunTime;
  readonly writer: PlaceWriter;
  readonly waits: Waits;
  readonly lines: RunLines;
}

/** Does the steps that ask a person. */
export class QuestionSteps {
  readonly #parts: Parts;
  readonly #asked: { readonly question: string; readonly place: Place }[] = [];
  readonly #answered = new Map<Place, string>();

  /** Asks nothing yet. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What is asked; `null` for nothing. */
  get question(): string | null {
    return this.#asked[0]?.question ?? null;
  }

  /** Answers what is asked. @param said What somebody says. */
  answer(said: string, by: string): void {
    const asked = this.#asked.shift();
    if (asked === undefined) return;
    this.#answered.set(asked.place, `${by}: ${said}`);
    this.#parts.time.wake();
  }

  /** Asks nothing any more. */
  clear(): void {
    this.#asked.length = 0;
  }

  /** Asks, and waits for the answer. */
  async ask({ question }: Extract<RunStep, { kind: "ask" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { writer, waits, lines } = this.#parts;
    await writer.mark(place);
    const asked = { question, place };
    this.#asked.push(asked);
    lines.tell(`asks: ${question}`, "warning");
    try {
      await waits.until(place, skipped, () => this.#answered.has(place) ? undefined : Infinity);
    } finally {
      const left = this.#asked.indexOf(asked);
      if (left >= 0) this.#asked.splice(left, 1);
    }
    lines.tell(`“${question}” was answered by ${this.#answered.get(place)}`);
    this.#answered.delete(place);
  }
}
