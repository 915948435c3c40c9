/**
 * The states of guards in words, and whether all is well.
 *
 * @module
 */

import type { InterlockDescription, InterlockStateName, WatchdogDescription } from "../../../protocol/guards.ts";

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
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}
