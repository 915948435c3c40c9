/** Moments and nights as people write them. */
import { strictEqual } from "node:assert/strict";
import { nightOf, parseMoment } from "../../protocol/moments.ts";

const now = new Date(2026, 10, 28, 14, 5, 30).getTime();
const at = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime();

Deno.test("moments: ago, times of today, days and dates are read; what is none is not taken for another", () => {
  strictEqual(parseMoment("90m", now), now - 5_400_000);
  strictEqual(parseMoment("1.5h", now), now - 5_400_000);
  strictEqual(parseMoment("7d", now), now - 7 * 86_400_000);
  strictEqual(parseMoment("03:12", now), at(2026, 10, 28, 3, 12));
  strictEqual(parseMoment("03:12:40", now), at(2026, 10, 28, 3, 12, 40));
  strictEqual(parseMoment("Yesterday", now), at(2026, 10, 27));
  strictEqual(parseMoment("2026-11-27", now), at(2026, 10, 27));
  strictEqual(parseMoment("2026-11-27T03:12", now), at(2026, 10, 27, 3, 12));
  strictEqual(parseMoment("2026-11-27 03:12:40Z", now), Date.UTC(2026, 10, 27, 3, 12, 40));
  strictEqual(parseMoment("2026-11-27T03:12+02:00", now), Date.UTC(2026, 10, 27, 1, 12));
  for (const wrong of ["", "soon", "25:00", "03:60", "2026-02-30", "2026-13-01", "-5m", "5 fortnights"]) {
    strictEqual(parseMoment(wrong, now), undefined, wrong);
  }
});

Deno.test("moments: a night is from noon to noon, by the calendar", () => {
  const night = (date: string, moment = now) => Object.values(nightOf(date, moment) ?? {}).join();
  strictEqual(night("2026-11-27"), `${at(2026, 10, 27, 12)},${at(2026, 10, 28, 12)}`);
  strictEqual(night("yesterday"), night("2026-11-27"));
  strictEqual(night("last"), `${at(2026, 10, 28, 12)},${at(2026, 10, 29, 12)}`);
  strictEqual(night("last", at(2026, 10, 28, 4)), night("2026-11-27"));
  for (const wrong of ["2026-02-30", "7d", "03:12"]) strictEqual(nightOf(wrong, now), undefined, wrong);
});
