/**
 * The steps of a run that wait: for a time, a time of day, the sun, or a condition over the bench's fields.
 *
 * @module
 */

import type { Bench } from "../../bench/bench.ts";
import { BenchEnvironment } from "../../expressions/bench_environment.ts";
import { Condition } from "../../expressions/condition.ts";
import { Windows } from "../../expressions/windows.ts";
import { nextTime } from "../places.ts";
import type { RunLines } from "../run_lines.ts";
import type { Place } from "../run_store.ts";
import { timeText } from "../step_text.ts";
import type { Late, RunStep } from "../steps.ts";
import { sunAltitude, sunComesTo, sunIsSo, sunText } from "../sun.ts";
import type { PlaceWriter } from "./place_writer.ts";
import type { RunEnd } from "./run_end.ts";
import type { RunTime } from "./run_time.ts";
import type { StepsNow } from "./steps_now.ts";
import { lookEvery, type Waits } from "./waits.ts";

/** What the steps are done with. */
interface Parts {
  readonly bench: Pick<Bench, "hub" | "instruments" | "elsewhere">;
  readonly time: RunTime;
  readonly end: RunEnd;
  readonly now: StepsNow;
  readonly writer: PlaceWriter;
  readonly waits: Waits;
  readonly lines: RunLines;
}

/** Does the steps that wait. */
export class WaitSteps {
  readonly #parts: Parts;

  /** Does none yet. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Waits for a time. */
  async time({ seconds }: Extract<RunStep, { kind: "wait" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { writer, waits } = this.#parts;
    writer.note(place);
    await waits.forTime(place, skipped, (gone) => seconds - gone);
  }

  /** Waits for a time of day. */
  async timeOfDay(
    step: Extract<RunStep, { kind: "time of day" }>,
    place: Place,
    skipped: () => boolean,
  ): Promise<void> {
    const { time, writer, waits } = this.#parts;
    const due = place.due ??= nextTime(time.date(), step);
    writer.note(place);
    await waits.forTime(place, skipped, () => (due - time.wall()) / 1000);
  }

  /** Waits until a condition is so. */
  async condition(step: Extract<RunStep, { kind: "condition" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { time, bench, now, writer, waits } = this.#parts;
    const windows = new Windows(() => time.steady() * 1000);
    let isOther = false;
    using named = bench.elsewhere?.expecting(() => {
      isOther = true;
      time.wake();
    });
    const compiled = () =>
      new Condition(step.condition, new BenchEnvironment(bench.instruments, named).of(undefined, windows));
    let condition = compiled();
    const fields = [...condition.fields];
    now.set(place, { step, condition });
    writer.note(place);
    const hubs = [bench.hub, ...bench.elsewhere === undefined ? [] : [bench.elsewhere.hub]];
    const unsubscribe = hubs.map((hub) =>
      hub.subscribe("reading", ({ field }) => windows.reading(field), { name: "a run" })
    );
    let since: number | undefined;
    try {
      await waits.watching(fields, async () =>
        await waits.until(place, skipped, (gone) => {
          if (isOther) {
            // Another PC has come, or its instrument is another: a name that it does not have ends the step.
            isOther = false;
            condition = compiled();
            fields.splice(0, fields.length, ...condition.fields);
            now.set(place, { step, condition });
          }
          const look = condition.look();
          since = look.known && look.so ? since ?? gone : undefined;
          if (since !== undefined && gone - since >= step.held) return undefined;
          const { timeout = Infinity } = step;
          if (gone < timeout) {
            const soon = since === undefined ? lookEvery : step.held - (gone - since);
            return Math.min(lookEvery, soon, timeout - gone);
          }
          const why = `${step.condition} was not so within ${timeText(timeout)}: ${condition.values()}`;
          return this.#tooLate(step.then, why);
        }));
    } finally {
      unsubscribe.forEach((each) => each());
    }
  }

  /** Waits until the sun stands so high. */
  async sun(step: Extract<RunStep, { kind: "sun" }>, place: Place, skipped: () => boolean): Promise<void> {
    const { time, now, writer, waits, lines } = this.#parts;
    const { timeout = Infinity, altitude, below } = step;
    const find = () => place.due = sunComesTo(step, time.date());
    find();
    now.set(place, { step, progress: () => sunText(step, time.date(), place.due) });
    writer.note(place);
    const away = (place.due ?? Infinity) - time.wall();
    if (away > 86_400_000 && !sunIsSo(step, time.date())) {
      const most = timeout === Infinity
        ? "it is waited for without end: give a timeout"
        : `${timeText(timeout)} at most`;
      const goes = `the sun does not go ${below ? "below" : "above"} ${altitude}° today`;
      lines.tell(`${goes} (${sunText(step, time.date(), place.due)}); ${most}`, "warning");
    }
    await waits.until(place, skipped, (gone) => {
      const date = time.date();
      if (sunIsSo(step, date)) return undefined;
      if (gone < timeout) {
        // It has gone by while the PC slept, or the clock was set.
        if (place.due !== undefined && date.getTime() > place.due + 60_000) find();
        const left = ((place.due ?? Infinity) - date.getTime()) / 1000;
        return Math.min(Math.max(left, lookEvery), timeout - gone);
      }
      const is = `it is at ${sunAltitude(step.site, date).toFixed(1)}°`;
      const why = `the sun was not ${below ? "below" : "above"} ${altitude}° within ${timeText(timeout)}: ${is}`;
      return this.#tooLate(step.then, why);
    });
  }

  /** What is done where a wait takes too long. @returns `undefined`: it is over. */
  #tooLate(then: Late, why: string): undefined {
    const { end, lines } = this.#parts;
    if (then === "fail") throw new Error(why);
    lines.tell(why, "warning");
    if (then === "go on") return undefined;
    end.end({ state: "stopped", reason: why });
    throw end.why ?? new Error(why);
  }
}
