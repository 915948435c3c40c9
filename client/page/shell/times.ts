/**
 * Writes times for people, by their own clock or in UTC, and always so that it is clear which day is meant.
 *
 * @module
 */

import { useLive } from "../live/live.tsx";
import { timeZone, type TimeZoneChoice } from "./preferences.ts";

const locale = "en-GB";

function zoneOf(zone: TimeZoneChoice): { timeZone?: string } {
  return zone === "utc" ? { timeZone: "UTC" } : {};
}

function dayOf(time: Date, zone: TimeZoneChoice): string {
  return time.toLocaleDateString("sv-SE", zoneOf(zone));
}

/** A time of day: `14:03:07`, or `14:03:07 UTC`. @param seconds Whether they are written. @default true */
export function clockText(time: Date, zone: TimeZoneChoice = timeZone.value, seconds = true): string {
  const text = time.toLocaleTimeString("sv-SE", {
    ...zoneOf(zone),
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
  });
  return zone === "utc" ? `${text} UTC` : text;
}

/** A day, where it is not today: `yesterday`, `26 Nov`, `26 Nov 2025`; today is empty. */
export function dayText(time: Date, now: Date, zone: TimeZoneChoice = timeZone.value): string {
  const day = dayOf(time, zone);
  if (day === dayOf(now, zone)) return "";
  if (day === dayOf(new Date(now.getTime() - 86_400_000), zone)) return "yesterday";
  const sameYear = day.slice(0, 4) === dayOf(now, zone).slice(0, 4);
  return time.toLocaleDateString(locale, {
    ...zoneOf(zone),
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** A time with its day: `today 14:03:07`, `yesterday 14:03:07`, `26 Nov 14:03`. @param now By the server's clock. */
export function timeText(time: Date, now: Date, zone: TimeZoneChoice = timeZone.value): string {
  const day = dayText(time, now, zone);
  return day === "" || day === "yesterday"
    ? `${day || "today"} ${clockText(time, zone)}`
    : `${day} ${clockText(time, zone, false)}`;
}

/** Whose clock times are written by; a component that asks is drawn again when it changes. */
export function useTimeZone(): TimeZoneChoice {
  return useLive(timeZone);
}
