/**
 * The states of alarms in the words of ISA-18.2, their order, and which of them stand.
 *
 * @module
 */

import { type AlarmDescription, type AlarmState, severities, type Severity } from "../../../protocol/alarms.ts";
import type { FieldReading } from "../../../protocol/description.ts";

/** The states, for people. */
export const alarmWords: Readonly<Record<AlarmState, string>> = {
  normal: "normal",
  unacknowledged: "unacknowledged",
  acknowledged: "acknowledged",
  returned: "returned to normal, unacknowledged",
  latched: "latched: waits for a reset",
  shelved: "shelved",
  suppressed: "suppressed by design",
  "out of service": "out of service",
};

/** What a value beyond a limit is called beside it. */
export const beyondWords: Readonly<Record<NonNullable<FieldReading["beyond"]>, string>> = {
  lowLow: "very low",
  low: "low",
  high: "high",
  highHigh: "very high",
};

type Standing = Pick<AlarmDescription, "state" | "severity">;

/** Whether it counts: nobody has set it aside, and it is not over. */
export function stands({ state }: Pick<Standing, "state">): boolean {
  return ["unacknowledged", "acknowledged", "returned", "latched"].includes(state);
}

/** Whether somebody should say that they know of it. */
export function isUnacknowledged({ state }: Pick<Standing, "state">): boolean {
  return state === "unacknowledged" || state === "returned";
}

const statesInOrder: readonly AlarmState[] = [
  "unacknowledged",
  "acknowledged",
  "returned",
  "latched",
  "shelved",
  "out of service",
  "suppressed",
  "normal",
];

/** Those that stand first, of these the most severe; then those that nobody knows of, then the newest. */
export function alarmsInOrder<T extends AlarmDescription>(alarms: readonly T[]): readonly T[] {
  const rank = (each: T) =>
    (stands(each) ? 0 : 1000) - 10 * severities.indexOf(each.severity) + statesInOrder.indexOf(each.state);
  return alarms.toSorted((one, other) =>
    rank(one) - rank(other) || Date.parse(other.raised ?? other.since) - Date.parse(one.raised ?? one.since)
  );
}

/** How many stand by severity, the worst first: `1 critical, 2 high`; empty where none does. */
export function countsOf(alarms: readonly Standing[]): string {
  return severities.toReversed().flatMap((severity) => {
    const count = alarms.filter((each) => stands(each) && each.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  }).join(", ");
}

/** The worst severity of those that stand. */
export function worstOf(alarms: readonly Standing[]): Severity | undefined {
  return severities.findLast((severity) => alarms.some((each) => stands(each) && each.severity === severity));
}
