/**
 * Parses and formats durations: `90`, `90s`, `10m`, `2h`, `10 minutes`.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";

const days = { h: 1 / 24, d: 1, w: 7, y: 365 } as const;

/**
 * Reads a period such as `90d`, `10y`.
 *
 * @returns Days; `undefined` where it is none.
 */
export function periodInDays(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(h|d|w|y)$/.exec(text) ?? [];
  return Number(number) > 0 ? Number(number) * days[unit as keyof typeof days] : undefined;
}

/** Says how a period is written, for errors. */
export const periodWords = "a period such as 90d, 12w or 10y";

/** The duration of control where nobody gives one, in seconds. */
export const usualControl = 600;

/** The longest duration of control, in seconds. */
export const longestControl = 86_400;

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

const writtenDuration = /^(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?)?$/;

function secondsIn(text: string): number {
  const [, number, unit = "s"] = writtenDuration.exec(text.trim()) ?? [];
  return Number(number) * seconds[unit[0]!]!;
}

/**
 * Parses the duration of control of an instrument.
 *
 * @param given Seconds; or a text: a number and `s` (also without it), `m` or `h`, or what people write for these: `10 min`,
 * `1 hour`.
 * @returns Seconds, more than 0 and at most 86400.
 * @throws {HeliographError} `bad_argument` for anything else.
 */
export function parseDuration(given: string | number): number {
  const duration = typeof given === "number" ? given : secondsIn(given);
  if (duration > 0 && duration <= longestControl) return duration;
  const text = String(given).trim();
  const shown = text.length > 20 ? `${text.slice(0, 20)}…` : text;
  throw new HeliographError(
    "bad_argument",
    `Cannot take control for ${shown}: give a time such as 90, 90s, 10m or 2h, more than 0 and at most 24h`,
  );
}
