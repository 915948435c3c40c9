/**
 * The states of guards in words, and whether all is well.
 *
 * @module
 */

import type {
  InterlockDescription,
  InterlockStateName,
  TripDescription,
  WatchdogDescription,
} from "../../../protocol/guards.ts";

/** The states of an interlock, for people. */
export const interlockWords: Readonly<Record<InterlockStateName, string>> = {
  clear: "clear",
  pending: "about to trip",
  tripped: "tripped",
  latched: "waits for a reset",
  bypassed: "bypassed",
};

/** The worse come first. */
const order: readonly InterlockStateName[] = ["tripped", "pending", "latched", "bypassed", "clear"];

/** Interlocks with those first that need attention. */
export function worstFirst(interlocks: readonly InterlockDescription[]): readonly InterlockDescription[] {
  return interlocks.toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
}

/** A number of things: `1 interlock`, `2 interlocks`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** What is not as it should be, in words, the worst first: `Too hot tripped`. */
export function troublesOf(
  interlocks: readonly InterlockDescription[],
  watchdogs: readonly WatchdogDescription[],
): readonly string[] {
  return [
    ...watchdogs.filter(({ state }) => state === "expired").map(({ title }) => `watchdog ${title} expired`),
    ...worstFirst(interlocks).filter(({ state }) => state !== "clear")
      .map(({ title, state }) => `${title} ${interlockWords[state]}`),
  ];
}

/** A time that is left: `9 min 20 s`. @param seconds How long. */
export function leftText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const [large, small, units] = whole < 3600
    ? [Math.floor(whole / 60), whole % 60, ["min", "s"]]
    : [Math.floor(whole / 3600), Math.floor(whole % 3600 / 60), ["h", "min"]];
  return small === 0 ? `${large} ${units[0]}` : `${large} ${units[0]} ${small} ${units[1]}`;
}

/** Trips with no more than this between them belong together, in milliseconds. */
const together = 10_000;

/** Trips that belong together, the first first. */
export function groupsOf(newestFirst: readonly TripDescription[]): readonly (readonly TripDescription[])[] {
  const groups: TripDescription[][] = [];
  for (const trip of newestFirst.toReversed()) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && Date.parse(trip.time) - Date.parse(last.time) <= together) groups.at(-1)!.push(trip);
    else groups.push([trip]);
  }
  return groups.reverse();
}
