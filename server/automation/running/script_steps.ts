/**
 * The steps of a run that a PyOpticon script schedules: its delays, functions and conditions.
 *
 * @module
 */

import type { RunLines } from "../run_lines.ts";
import type { Place } from "../run_store.ts";
import { Raised, type RunScript } from "../script_process.ts";
import type { RunStep } from "../steps.ts";
import type { PlaceWriter } from "./place_writer.ts";
import type { RunEnd } from "./run_end.ts";
import type { RunTime } from "./run_time.ts";
import type { StepsNow } from "./steps_now.ts";
import { lookEvery, type Waits } from "./waits.ts";

/** What the steps are done with. */
interface Parts {
  /** Calls the script's functions. */
  readonly script?: Pick<RunScript, "call"> | undefined;
  /** In how many seconds a condition is looked at again, that was awaited for so many. @default 1 */
  readonly awaitEvery?: ((gone: number) => number) | undefined;
  readonly time: RunTime;
  readonly end: RunEnd;
  readonly now: StepsNow;
  readonly writer: PlaceWriter;
  readonly waits: Waits;
  readonly lines: RunLines;
}

/** Does the steps of a script. */
export class ScriptSteps {
  readonly #parts: Parts;
  /** When the step before the present one was due, by the run's own time: from there delays count. */
  #due = 0;

  /** Does none yet. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The first delay counts from now. */
  begin(): void {
    this.#due = this.#parts.time.now();
  }

  /** A delay counts from when the step before was due: what steps take adds up to nothing. */
  async delay({ seconds }: Extract<RunStep, { kind: "wait" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { time, writer, waits } = this.#parts;
    place.began ??= time.wall() - 1000 * (time.now() - this.#due);
    writer.note(place);
    let over = 0;
    try {
      await waits.forTime(place, skipped, (gone) => {
        over = gone - seconds;
        return -over;
      });
      this.#due = time.now() - over;
    } catch (error) {
      this.#due = time.now();
      throw error;
    }
  }

  /** A function is called once. */
  async call({ number }: Extract<RunStep, { kind: "script" }>, place: Place): Promise<void> {
    place.acting = true;
    await this.#parts.writer.mark(place);
    await this.#called(number);
    place.acting = undefined;
  }

  /** A condition is looked at once a second; one that raises is not so, which is told once. */
  async condition(step: Extract<RunStep, { kind: "script" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { time, now, writer, waits, lines, awaitEvery } = this.#parts;
    const { number, message: text } = step;
    let [due, awaited, wrong] = [0, 0, ""];
    const parts = () => [{ text, so: wrong === "" ? false : null, value: wrong === "" ? "not yet" : wrong }];
    now.set(place, { step, condition: { parts } });
    writer.note(place);
    try {
      for (let so = false; !so; due = awaited + (awaitEvery?.(awaited) ?? lookEvery)) {
        await waits.until(place, skipped, (gone) => {
          awaited = gone;
          return gone >= due ? undefined : due - gone;
        });
        try {
          so = await this.#called(number);
        } catch (error) {
          if (!(error instanceof Raised)) throw error;
          if (wrong === "") lines.tell(`“${step.text}” is not so, since it raises ${error.message}`, "warning");
          wrong = error.message;
        }
      }
    } finally {
      // All later times move on by what it took.
      this.#due = time.now();
    }
  }

  /** Whoever stops the run waits for nothing; the script's process ends with it. */
  async #called(number: number): Promise<boolean> {
    const { end, script } = this.#parts;
    end.check();
    return await end.orLeave(script?.call(number) ?? Promise.reject(new Error("the script is not there")));
  }
}
