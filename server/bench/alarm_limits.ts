/**
 * Checks the alarm limits of a field.
 *
 * @module
 */

import { alarmLimits } from "../../protocol/vocabulary.ts";
import { severities } from "../../protocol/alarms.ts";

/** What may be said of the limits of a field. */
interface GivenLimits {
  readonly lowLow?: unknown;
  readonly low?: unknown;
  readonly high?: unknown;
  readonly highHigh?: unknown;
  readonly deadband?: unknown;
  readonly delay?: unknown;
  readonly severity?: unknown;
  readonly text?: unknown;
}

const words: readonly string[] = [...alarmLimits, "deadband", "delay", "severity", "text"];

/**
 * Finds what is wrong with the alarm limits of a field.
 *
 * @param type The type of the field.
 * @returns The word that is wrong, and why; `undefined` where all is well.
 */
export function limitsFault(
  limits: GivenLimits,
  type: string,
): readonly [word: string | undefined, why: string] | undefined {
  if (type !== "float" && type !== "int") return [undefined, `has a meaning for numbers only, and it is a ${type}`];
  const unknown = Object.keys(limits).find((each) => !words.includes(each));
  if (unknown !== undefined) return [unknown, `is no word of alarm limits; they are ${words.join(", ")}`];
  const there = alarmLimits.filter((each) => limits[each] !== undefined);
  if (there.length === 0) return [undefined, `says no limit: ${alarmLimits.join(", ")}`];
  for (const each of [...there, "deadband", "delay"] as const) {
    const value = limits[each];
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isFinite(value)) return [each, "should be a number"];
    if ((each === "deadband" || each === "delay") && value < 0) return [each, "should be 0 or more"];
  }
  for (const [at, each] of there.entries()) {
    const before = there[at - 1];
    if (before !== undefined && !((limits[before] as number) < (limits[each] as number))) {
      return [each, `is ${limits[each]}, and should be above ${before}, which is ${limits[before]}`];
    }
  }
  if (limits.severity !== undefined && !(severities as readonly unknown[]).includes(limits.severity)) {
    return ["severity", `should be one of ${severities.join(", ")}`];
  }
  if (limits.text !== undefined && typeof limits.text !== "string") return ["text", "should be text"];
  return undefined;
}
