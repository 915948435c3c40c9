/**
 * The words of PyOpticon's data log: how often a row is written, and how the log stands.
 *
 * @module
 */

import type { ServerStatus } from "./description.ts";
import { HeliographError } from "./errors.ts";

/** How often a row is written where nobody says so: as in PyOpticon. */
export const usualInterval = "0:00:10";

/** How the data log stands. */
export type DataLogState = ServerStatus["datalog"];

/** The longest interval, in seconds. */
const longest = 86_400;

/**
 * Reads an interval as PyOpticon's users write it.
 *
 * @param text Hours, minutes and seconds: `0:00:10`.
 * @returns Seconds: 1 to 86400.
 * @throws {HeliographError} `bad_argument` for anything else.
 */
export function parseInterval(text: string): number {
  const [, hours, minutes, seconds] = /^(\d{1,2}):(\d{1,4}):(\d{1,5})$/.exec(text.trim()) ?? [];
  const interval = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (interval >= 1 && interval <= longest) return interval;
  throw new HeliographError(
    "bad_argument",
    `Cannot write a row every ${text.slice(0, 40)}: give hours, minutes and seconds, as in ${usualInterval}, ` +
      "at least 0:00:01 and at most 24:00:00",
  );
}

/** An interval as PyOpticon's users write it. @param seconds At least 1. */
export function formatInterval(seconds: number): string {
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
}
