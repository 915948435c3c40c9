/**
 * Loads the steps that wait: for a time, a time of day, the sun, or a condition.
 *
 * @module
 */

import { BenchEnvironment } from "../../expressions/bench_environment.ts";
import { Condition } from "../../expressions/condition.ts";
import { Windows } from "../../expressions/windows.ts";
import type { RunSurroundings } from "../loaded_run.ts";
import { stepKinds } from "../run_schema.ts";
import { timeText } from "../step_text.ts";
import type { Late, StepBody } from "../steps.ts";
import { sunText, type SunWait } from "../sun.ts";
import type { StepEntry } from "./step_entry.ts";

/** Of how many heights of the sun it is said when that will be: a year is looked through for it. */
const mostSuns = 20;

/** Loads steps that wait. */
export class WaitStepLoader {
  readonly #surroundings: RunSurroundings;
  readonly #environment: BenchEnvironment;
  /** When the sun will be where, by what is waited for. */
  readonly #suns = new Map<string, string>();

  /** Loads none yet. */
  constructor(surroundings: RunSurroundings) {
    this.#surroundings = surroundings;
    this.#environment = new BenchEnvironment(surroundings.instruments, surroundings.elsewhere);
  }

  /** A time is waited for. */
  wait(entry: StepEntry): StepBody | undefined {
    const seconds = entry.time("wait");
    return seconds === undefined ? undefined : { kind: "wait", seconds, text: `wait ${timeText(seconds)}` };
  }

  /** Something is waited for: a time of day, the sun, or a condition. */
  until(entry: StepEntry): StepBody | undefined {
    const text = entry.try("waitUntil", () => entry.text("waitUntil"));
    if (text === undefined) return undefined;
    const time = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
    if (time !== null) return this.#timeOfDay(entry, text, time);
    return /^sun\b(?!\s*\.)/i.test(text) ? this.#sun(entry, text) : this.#condition(entry, text);
  }

  #timeOfDay(entry: StepEntry, text: string, parts: RegExpExecArray): StepBody | undefined {
    entry.without(stepKinds.waitUntil, "has a meaning only with a condition");
    const [hour, minute, second] = parts.slice(1).map((each) => Number(each ?? 0)) as [number, number, number];
    if (hour > 23 || minute > 59 || second > 59) {
      entry.wrong("waitUntil", `is ${text}, and should be a time of day such as 06:30`);
      return undefined;
    }
    return { kind: "time of day", hour, minute, second, text: `wait until ${text}` };
  }

  #condition(entry: StepEntry, text: string): StepBody | undefined {
    const fine = entry.try("waitUntil", () => {
      const fields = new Condition(text, this.#environment.of(undefined, new Windows())).fields;
      if (fields.length > 0) return true;
      throw new TypeError("speaks of no field, and would never change");
    });
    const held = entry.words.held === undefined ? 0 : entry.time("held");
    const late = lateOf(entry);
    if (!fine || held === undefined) return undefined;
    const forTime = held === 0 ? "" : ` for ${timeText(held)}`;
    return { kind: "condition", condition: text, held, ...late, text: `wait until ${text}${forTime}` };
  }

  /** A wait for the sun: `sun below -12`, `sun above -18`. */
  #sun(entry: StepEntry, text: string): StepBody | undefined {
    entry.without(["held"], "has a meaning only with a condition");
    const late = lateOf(entry);
    return entry.try("waitUntil", (): StepBody => {
      const [, where, degrees] = /^sun\s+(below|above)\s+([+-]?\d+(?:\.\d+)?)\s*°?$/i.exec(text) ?? [];
      const altitude = Number(degrees);
      if (where === undefined || !(Math.abs(altitude) <= 90)) {
        throw new TypeError(`is ${text}, and should be such as sun below -12 or sun above -18, in degrees`);
      }
      const { site, now = new Date() } = this.#surroundings;
      if (site === undefined) {
        throw new TypeError(
          "needs to know where the bench stands: add to the bench file, with its own numbers, " +
            '"site": {"latitude": 31.96, "longitude": -111.6}',
        );
      }
      const wait = { site, altitude, below: where.toLowerCase() === "below" };
      return {
        kind: "sun",
        ...wait,
        ...late,
        text: `wait until the sun is ${where.toLowerCase()} ${altitude}°${this.#when(wait, now)}`,
      };
    });
  }

  /** When the sun will be there; of very many heights nobody reads it. */
  #when(wait: SunWait, now: Date): string {
    const key = `${wait.altitude} ${wait.below}`;
    if (!this.#suns.has(key) && this.#suns.size < mostSuns) this.#suns.set(key, ` (${sunText(wait, now)})`);
    return this.#suns.get(key) ?? "";
  }
}

/** For how long something is waited for, and what is done then. */
function lateOf(entry: StepEntry): { readonly timeout: number | undefined; readonly then: Late } {
  const { words } = entry;
  const timeout = words.timeout === undefined ? undefined : entry.time("timeout");
  if (words.timeout === undefined) entry.without(["then"], 'has a meaning only beside "timeout"');
  return { timeout, then: words.then ?? "fail" };
}
