/**
 * Days and nights as spans of time, by the reader's clock or in UTC. One on which clocks change is as long as it is.
 *
 * @module
 */

import type { TimeZoneChoice } from "../shell/preferences.ts";
import type { Span } from "./plot_data.ts";

const noon = 12;

/** The moment of a day's hour. @param month From 0. */
function moment(zone: TimeZoneChoice, year: number, month: number, day: number, hour: number): number {
  return zone === "utc" ? Date.UTC(year, month, day, hour) : new Date(year, month, day, hour).getTime();
}

function partsOf(
  time: number,
  zone: TimeZoneChoice,
): readonly [year: number, month: number, day: number] {
  const date = new Date(time);
  return zone === "utc"
    ? [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
    : [date.getFullYear(), date.getMonth(), date.getDate()];
}

/** The last night, from noon to noon: the one with the last midnight in it. */
export function lastNight(now: number, zone: TimeZoneChoice): Span {
  const [year, month, day] = partsOf(now, zone);
  return { from: moment(zone, year, month, day - 1, noon), to: moment(zone, year, month, day, noon) };
}

/** A day as an input has it: `2026-11-27`. */
export function dayText(time: number, zone: TimeZoneChoice): string {
  const [year, month, day] = partsOf(time, zone);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${String(year).padStart(4, "0")}-${two(month + 1)}-${two(day)}`;
}

/** From midnight to midnight. @param text A day as an input has it. @returns `undefined` where it is none. */
export function dayOf(text: string, zone: TimeZoneChoice): Span | undefined {
  const [, year, month, day] = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  if (year === undefined) return undefined;
  return { from: moment(zone, year, month! - 1, day!, 0), to: moment(zone, year, month! - 1, day! + 1, 0) };
}

/** The day that a span is, or its part until now, as an input has it; empty where it is none. */
export function wholeDay({ from, to }: Span, zone: TimeZoneChoice): string {
  const text = dayText(from, zone);
  const day = dayOf(text, zone);
  return day?.from === from && to <= day.to ? text : "";
}
