/**
 * Parses and formats durations: `90`, `90s`, `10m`, `2h`, `10 minutes`.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";

/** The duration of control where nobody gives one, in seconds. */
export const usualControl = 600;

/** The longest duration of control, in seconds. */
export const longestControl = 86_400;

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

const writtenDuration = /^(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hrs?|hours?)?$/;

/**
 * Parses the duration of control of an instrument.
 *
 * @param text A number and `s` (also without it), `m` or `h`, or what people write for these: `10 min`, `1 hour`.
 * @returns Seconds, more than 0 and at most 86400.
 * @throws {HeliographError} `bad_argument` for anything else.
 */
export function parseDuration(text: string): number {
  const written = text.trim();
  const [, number, unit] = writtenDuration.exec(written) ?? [];
  const duration = Number(number) * seconds[unit?.[0] ?? "s"]!;
  if (duration > 0 && duration <= longestControl) return duration;
  const given = written.length > 20 ? `${written.slice(0, 20)}…` : written;
  throw new HeliographError(
    "bad_argument",
    `Cannot take control for ${given}: give a time such as 90, 90s, 10m or 2h, more than 0 and at most 24h`,
  );
}
