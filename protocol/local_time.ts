/**
 * Formats times for people: local, the way logs write them.
 *
 * @module
 */

/** A date and time of this PC: `2026-11-20 23:21:14`. */
export function localTime(time: Date): string {
  // Swedish writes times the way logs do, and azcam.
  return time.toLocaleString("sv-SE");
}

/** The time of day of this PC: `23:21:14`. */
export function timeOfDay(time: Date): string {
  return time.toLocaleTimeString("sv-SE");
}

/** The offset of a time of this PC from UTC: `UTC`, `UTC+01:00`, `UTC-03:30`. */
export function zone(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const two = (number: number) => String(Math.trunc(number)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** A time of this PC for programs, ISO 8601 with its offset: `2026-11-20T23:21:14.250+01:00`. */
export function localIso(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const two = (number: number) => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  const shown = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, -1);
  return `${shown}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

/**
 * A time for people on other PCs, perhaps far away: with its zone, and with the date where that is not today's.
 *
 * @param now What is today. @default now
 */
export function zonedTime(time: Date, now: Date = new Date()): string {
  const [date, clock] = localTime(time).split(" ");
  const [today] = localTime(now).split(" ");
  return `${date === today ? "" : `${date} `}${clock} ${zone(time)}`;
}
