/**
 * Makes a month of readings in a folder, through what a server itself writes them with.
 *
 * Of some fields the readings are made and written small; all the others have the same ones as one of these. So billions
 * of readings are made in minutes, and take the room that they would if each were another.
 */
import { join } from "node:path";
import { atOnce } from "../server/records/database.ts";
import { encodeMinutes, encodeRun, type Run } from "../server/records/readings/codec.ts";
import { declarationsFrame, SamplesWriter, segmentFrame } from "../server/records/readings/frames.ts";
import { day, hour, joined, minutesOf } from "../server/records/readings/minutes.ts";
import { readingsSpoolNames } from "../server/records/readings/readings_spool.ts";
import { ReadingsStore } from "../server/records/readings/readings_store.ts";

/** How much is made. */
export interface MonthSize {
  readonly fields: number;
  readonly days: number;
  /** How many fields have readings of their own. */
  readonly courses: number;
}

/** When it begins, in milliseconds since 1970: at the beginning of a day. */
export const monthBegins: number = Math.ceil(1_790_000_000_000 / day) * day;

/** The fields of the month. */
export function monthFields(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    instrument: `rack_${Math.floor(at / 20)}`,
    instrumentTitle: `Rack ${Math.floor(at / 20)}`,
    field: `value_${at % 20}`,
    title: `Value ${at % 20}`,
    unit: "V",
    type: "float" as const,
  }));
}

/** What a field was: up to four significant decimals. @param second Since the month began. */
export function monthValue(course: number, second: number): number {
  // As a noise that nothing can be foretold of, but the same each time.
  const mixed = Math.imul(second ^ second >>> 7, 0x9e37_79b1) ^ Math.imul(course + 1, 0x85eb_ca6b);
  const noise = ((Math.imul(mixed ^ mixed >>> 15, 0x2c1b_3c6d) >>> 12) % 1000) / 20_000;
  const spike = second === 1_000_000 ? 50 : 0;
  return Number((20 + course % 50 + 3 * Math.sin(second / (500 + course)) + noise + spike).toPrecision(4));
}

/** An hour of a field, once a second with the jitter of a poll. */
function hourOf(course: number, at: number): Run {
  const seconds = Array.from({ length: 3600 }, (_, second) => at * 3600 + second);
  return {
    times: Float64Array.from(
      seconds,
      (second) => monthBegins + second * 1000 + (Math.imul(second, 0x9e37_79b1) >>> 16) % 7,
    ),
    values: Float64Array.from(seconds, (second) => monthValue(course, second)),
    qualities: new Uint8Array(3600),
  };
}

/**
 * Makes it, and five minutes more on the spool, as while a server runs.
 *
 * @param told Called after each day.
 * @returns When it ends, in milliseconds since 1970.
 */
export function makeMonth(folder: string, { fields, days, courses }: MonthSize, told = (_days: number) => {}): number {
  const declared = monthFields(fields);
  using store = new ReadingsStore(folder);
  store.database.exec("PRAGMA synchronous = OFF");
  const ids = declared.map((field) => store.fieldNumber(field));
  for (let of = 0; of < days; of++) {
    const minutes = Array.from({ length: courses }, () => [] as ReturnType<typeof minutesOf>[]);
    for (let at = of * 24; at < (of + 1) * 24; at++) {
      const rows = minutes.map((all, course) => {
        const run = hourOf(course, at);
        all.push(minutesOf(run));
        return encodeRun(run);
      });
      atOnce(store.database, () => {
        for (const [index, id] of ids.entries()) store.put("raw", monthBegins / hour + at, id, rows[index % courses]!);
      });
    }
    const rows = minutes.map((all) => encodeMinutes(joined(all)));
    atOnce(store.database, () => {
      for (const [index, id] of ids.entries()) store.put("days", monthBegins / day + of, id, rows[index % courses]!);
    });
    told(of + 1);
  }
  const ends = monthBegins + days * day;
  store.extendRun(monthBegins, ends);
  store.lastSegment = 1;
  const frames = [
    segmentFrame({ number: 2, run: monthBegins }),
    declarationsFrame({ fields: declared.map((field, at) => [at, field]), texts: [] }),
  ];
  const writer = new SamplesWriter();
  for (let second = days * 86_400; second < days * 86_400 + 300; second++) {
    for (let field = 0; field < fields; field++) {
      writer.add(field, monthBegins + second * 1000, monthValue(field % courses, second), 0, 2);
    }
    frames.push(writer.take(monthBegins + second * 1000));
  }
  for (const frame of frames) Deno.writeFileSync(join(folder, readingsSpoolNames[0]), frame, { append: true });
  return ends + 300_000;
}
