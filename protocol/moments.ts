/**
 * Moments as people write them: `yesterday`, `03:12`, `2026-11-27`, `90m` ago; and nights, from noon to noon.
 *
 * @module
 */

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Says what can be written, for errors. */
export const momentWords =
  "write a time ago (90m, 12h, 7d), a time of today (03:12), today, yesterday, or a date with or without a time (2026-11-27, 2026-11-27T03:12, with Z for UTC)";

/**
 * Reads a moment.
 *
 * @param text As somebody wrote it; times are those of this PC, unless they end in Z.
 * @param now What is now, in milliseconds since 1970.
 * @returns Milliseconds since 1970; `undefined` where it is none.
 */
export function parseMoment(text: string, now: number): number | undefined {
  const words = text.trim().toLowerCase();
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  if (words === "now") return now;
  if (words === "today") return midnight.getTime();
  // By the calendar: a day in which clocks change has 23 or 25 hours.
  if (words === "yesterday") return new Date(midnight).setDate(midnight.getDate() - 1);
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([smhdw])$/.exec(words) ?? [];
  if (number !== undefined) return now - Number(number) * units[unit!]! * 1000;
  const [time, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(words) ?? [];
  if (time !== undefined) {
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
    return new Date(midnight).setHours(Number(hours), Number(minutes), Number(seconds));
  }
  const dated = /^(\d{4}-\d{2}-\d{2})(?:[t ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(z|[+-]\d{2}:\d{2})?)?$/.exec(words);
  if (dated === null) return undefined;
  const [, date, clock = "00:00", zone = ""] = dated;
  const moment = Date.parse(`${date}T${clock}${zone.toUpperCase()}`);
  // JavaScript takes 31 February for 3 March.
  const isDay = Number(date!.slice(8)) === new Date(`${date}T12:00:00Z`).getUTCDate();
  return Number.isNaN(moment) || !isDay ? undefined : moment;
}

/**
 * The night that begins on a day: from its noon to the noon of the next, by this PC's clock.
 *
 * @param date The day, `2026-11-27`; `last` is the night that this moment is in, or the last one.
 * @param now What is now, in milliseconds since 1970.
 * @returns Its beginning and its end in milliseconds since 1970; `undefined` where it is no day.
 */
export function nightOf(date: string, now: number): { readonly since: number; readonly until: number } | undefined {
  const noon = date === "last" ? new Date(now) : new Date(parseMoment(date, now) ?? NaN);
  if (Number.isNaN(noon.getTime()) || !/^(\d{4}-\d{2}-\d{2}|last|today|yesterday)$/.test(date)) return undefined;
  if (date === "last" && noon.getHours() < 12) noon.setDate(noon.getDate() - 1);
  noon.setHours(12, 0, 0, 0);
  return { since: noon.getTime(), until: new Date(noon).setDate(noon.getDate() + 1) };
}
