/**
 * Writes the times of a plot so that they always say when.
 *
 * @module
 */

import type { TimeZoneChoice } from "../shell/preferences.ts";

/** A day and a time of day: `2026-11-26`, `14:03:07`. */
function partsOf(time: number, zone: TimeZoneChoice): readonly [day: string, clock: string] {
  const text = new Date(time).toLocaleString("sv-SE", zone === "utc" ? { timeZone: "UTC" } : {});
  return [text.slice(0, 10), text.slice(11)];
}

function dayOf(time: number, zone: TimeZoneChoice): string {
  const options = zone === "utc" ? { timeZone: "UTC" } : {};
  return new Date(time).toLocaleDateString("en-GB", { ...options, day: "numeric", month: "short" });
}

/** The time at the cursor, with the day where it is not today. @param time In milliseconds since 1970. */
export function cursorTime(time: number, zone: TimeZoneChoice, now: number = Date.now()): string {
  const [day, clock] = partsOf(time, zone);
  const text = zone === "utc" ? `${clock} UTC` : clock;
  return day === partsOf(now, zone)[0] ? text : `${dayOf(time, zone)} ${text}`;
}

/**
 * The times along an axis: below the first stands the day where it is not today, and below each at which one begins.
 *
 * @param times In seconds since 1970.
 * @param step How far apart they are, in seconds: seconds are written only where they tell.
 */
export function axisTimes(
  times: readonly number[],
  step: number,
  zone: TimeZoneChoice,
  now: number = Date.now(),
): string[] {
  let [before] = partsOf(now, zone);
  return times.map((time, at) => {
    const [day, clock] = partsOf(time * 1000, zone);
    const short = step % 60 === 0 ? clock.slice(0, 5) : clock;
    const below = [day === before ? "" : dayOf(time * 1000, zone), at === 0 && zone === "utc" ? "UTC" : ""];
    before = day;
    return [short, below.filter((each) => each !== "").join(" ")].join("\n").trimEnd();
  });
}
