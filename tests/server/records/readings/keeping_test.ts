/** Readings on their way from the spool into hours and days: none is lost or doubled, whatever the clock does. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { error as failed, good } from "../../../../server/records/readings/codec.ts";
import {
  declarationsFrame,
  type DeclaredField,
  SamplesWriter,
  segmentFrame,
} from "../../../../server/records/readings/frames.ts";
import { ReadingsLookup } from "../../../../server/records/readings/lookup.ts";
import { ReadingsKeeper } from "../../../../server/records/readings/readings_keeper.ts";
import { ReadingsSpool, readingsSpoolNames } from "../../../../server/records/readings/readings_spool.ts";
import { readSpool } from "../../../../server/records/readings/segments.ts";
import { thinned, type ThinnedFrames } from "../../../../server/records/readings/thinned_frames.ts";
import type { RecordedField } from "../../../../protocol/readings.ts";

const minute = 60_000;
const hour = 60 * minute;

type Value = number | string | boolean | undefined;

interface Reading {
  readonly time: number;
  readonly value: Value;
}

function fieldOf(field: string, type: RecordedField["type"]): RecordedField {
  return { instrument: "lab", instrumentTitle: "Lab", field, title: field.toUpperCase(), unit: "", type };
}

const usualFields = [fieldOf("t", "float"), fieldOf("mode", "choice"), fieldOf("on", "switch"), fieldOf("rare", "int")];

/** A folder, and what a server would have written there. */
class Lab implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  keeper = new ReadingsKeeper(this.folder);
  readonly all: Reading[][];
  #segment = 0;
  #file = 0;
  readonly #run = 1_790_000_000_000;

  constructor(readonly fields: readonly DeclaredField[] = usualFields) {
    this.all = fields.map(() => []);
  }

  begin(): void {
    this.#append(segmentFrame({ number: ++this.#segment, run: this.#run }));
    this.#append(declarationsFrame({ fields: this.fields.map((field, at) => [at + 7, field]), texts: [[0, "Open"]] }));
  }

  /** Writes a frame of readings. */
  write(readings: readonly (Reading & { readonly field: number })[], now: number): void {
    const writer = new SamplesWriter();
    for (const { field, time, value } of readings) {
      this.all[field]!.push({ time, value });
      writer.add(field + 7, time, value === "Open" ? { text: 0 } : value, value === undefined ? failed : good);
    }
    this.#append(writer.take(now));
  }

  /** Takes the spool into the database, as a server does now and then. */
  move(): void {
    const full = this.#file;
    this.#file = 1 - full;
    this.begin();
    strictEqual(this.keeper.move(full), 0);
  }

  tidy(now: number): void {
    while (this.keeper.tidy(now));
  }

  /** As after a kill. */
  restart(damaged = 0): void {
    this.keeper[Symbol.dispose]();
    this.keeper = new ReadingsKeeper(this.folder);
    strictEqual(this.keeper.moveAll(), damaged);
    this.begin();
  }

  kept(at: number, since: number, until: number): readonly Reading[] {
    return this.all[at]!.filter(({ time }) => time >= since && time < until).sort((a, b) => a.time - b.time);
  }

  #append(bytes: Uint8Array): void {
    Deno.writeFileSync(join(this.folder, readingsSpoolNames[this.#file]!), bytes, { append: true });
  }

  [Symbol.dispose](): void {
    this.keeper[Symbol.dispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function told(lab: Lab, since: number, until: number, limit?: number) {
  using lookup = new ReadingsLookup(lab.folder);
  const names = lab.fields.map(({ instrument, field }) => ({ instrument, field }));
  return lookup.history({ fields: names, since, until, limit });
}

Deno.test("readings: none is lost or doubled on the way into hours and days, nor where the clock jumps", () => {
  using lab = new Lab();
  lab.begin();
  const start = 1_790_000_000_000;
  let [now, seed] = [start, 1];
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const modes = ["Open", "Closed", "half, “open”"];
  for (let step = 0; step < 3000; step++) {
    now += 70_000;
    // By hand or by NTP: forth and back, also over an hour and a day.
    if (step === 700) now -= 2 * hour + 1234;
    if (step === 1500) now += 30 * hour;
    if (step === 1600) now -= 29 * hour;
    const at = (from: number) => now + from * 1000;
    const readings: (Reading & { readonly field: number })[] = [0, 1, 2, 3].map((second) => ({
      field: 0,
      time: at(second),
      value: random() < 0.03 ? undefined : Math.round((20 + random()) * 100) / 100,
    }));
    if (random() < 0.2) readings.push({ field: 1, time: at(1), value: modes[Math.floor(random() * 3)]! });
    if (random() < 0.1) readings.push({ field: 2, time: at(2), value: random() < 0.5 });
    if (random() < 0.01) readings.push({ field: 3, time: at(3), value: step });
    lab.write(readings, at(4));
    if (random() < 0.05) lab.move();
    if (random() < 0.03) lab.tidy(now);
    if (random() < 0.005) lab.restart();
  }
  const check = () => {
    const answer = told(lab, start, now + 40 * hour);
    strictEqual(answer.next, null);
    for (const [at, { samples }] of answer.series.entries()) {
      const kept = lab.kept(at, 0, Infinity);
      deepStrictEqual(samples!.times, kept.map(({ time }) => time), lab.fields[at]!.field);
      deepStrictEqual(samples!.values, kept.map(({ value }) => value ?? null), lab.fields[at]!.field);
    }
  };
  check();
  lab.move();
  lab.tidy(now);
  check();
  lab.restart();
  // All is in hours and days now.
  lab.tidy(now + 100 * hour);
  check();

  // A page after another is all of it.
  const pages: number[] = [];
  for (let since: number | null = start; since !== null;) {
    const page: ReturnType<typeof told> = told(lab, since, now + 40 * hour, 700);
    const count = page.series.reduce((sum, { samples }) => sum + samples!.times.length, 0);
    ok(count <= 700, `${count} readings`);
    pages.push(...page.series[0]!.samples!.times);
    since = page.next;
  }
  deepStrictEqual(pages, lab.kept(0, 0, Infinity).map(({ time }) => time));

  // A plot of it all is made of minutes, one of an hour of readings: both have every spike.
  using lookup = new ReadingsLookup(lab.folder);
  for (const [since, until, points] of [[start, now + 40 * hour, 100], [start + 3 * hour, start + 4 * hour, 100]]) {
    const fields = [{ instrument: "lab", field: "t" }];
    const { points: plot } = lookup.history({ fields, since: since!, until: until!, points: points! }).series[0]!;
    const kept = lab.kept(0, since!, until!).flatMap(({ value }) => typeof value === "number" ? [value] : []);
    const numbers = (column: readonly (number | null)[]) => column.filter((each) => each !== null);
    strictEqual(plot!.count.reduce((sum, count) => sum + count), kept.length);
    strictEqual(Math.max(...numbers(plot!.highest)), Math.max(...kept));
    strictEqual(Math.min(...numbers(plot!.lowest)), Math.min(...kept));
    strictEqual(plot!.first.find((each) => each !== null), kept[0]);
    strictEqual(plot!.last.findLast((each) => each !== null), kept.at(-1));
    const mean = kept.reduce((sum, value) => sum + value) / kept.length;
    const told = plot!.mean.reduce<number>((sum, each, at) => sum + (each ?? 0) * plot!.count[at]!, 0) / kept.length;
    ok(Math.abs(mean - told) < 1e-5, `${mean} ${told}`);
    ok(plot!.gaps.length > 0);
  }
});

Deno.test("readings: a frame that is cut short, and rubbish between frames, harm no other", () => {
  using lab = new Lab();
  lab.begin();
  const start = 1_790_000_000_000;
  const file = join(lab.folder, readingsSpoolNames[0]);
  lab.write([{ field: 0, time: start, value: 1 }], start);
  const whole = Deno.readFileSync(file);
  lab.write([{ field: 0, time: start + 1, value: 2 }], start);
  const second = Deno.readFileSync(file).subarray(whole.length);
  // The disk took half a frame, and took it as a whole afterwards; then the server was killed while it wrote.
  const half = second.subarray(0, second.length - 5);
  Deno.writeFileSync(file, new Uint8Array([...whole, ...half, ...second, ...half]));
  deepStrictEqual(told(lab, start, start + 10).series[0]!.samples!.values, [1, 2]);
  const spooled = Deno.readFileSync(file);
  strictEqual(lab.keeper.move(0), half.length);
  deepStrictEqual(told(lab, start, start + 10).series[0]!.samples!.values, [1, 2]);
  // A server that was killed after it was taken, before it was emptied.
  Deno.writeFileSync(file, spooled);
  deepStrictEqual(told(lab, start, start + 10).series[0]!.samples!.values, [1, 2]);
  lab.restart(half.length);
  deepStrictEqual(told(lab, start, start + 10).series[0]!.samples!.values, [1, 2]);
});

Deno.test("readings: single ones are thinned to minutes before they are forgotten, each field in its own time", () => {
  using lab = new Lab([fieldOf("t", "float"), fieldOf("mode", "choice"), {
    ...fieldOf("dear", "float"),
    keepDays: 500,
  }]);
  lab.begin();
  const day = 24 * hour;
  const start = Math.ceil(1_790_000_000_000 / day) * day;
  const at = (days: number, seconds: number) => start + days * day + seconds * 1000;
  for (let days = 0; days < 6; days++) {
    const readings = [0, 10, 20, 30].flatMap((second) => [
      { field: 0, time: at(days, second), value: second === 20 ? 99.5 : days },
      { field: 2, time: at(days, second), value: second },
    ]);
    lab.write([...readings, { field: 1, time: at(days, 5), value: days % 2 === 0 ? "Open" : "Closed" }], at(days, 40));
    lab.move();
  }
  const now = at(6, 7200);
  lab.tidy(now);
  const limits = { rawDays: 3, minutesDays: 5, bytes: 1e9 };
  deepStrictEqual(lab.keeper.forget({ ...limits, rawDays: 100, minutesDays: 100 }, now), {});
  deepStrictEqual(lab.keeper.forget(limits, undefined), {}, "the clock is not relied on");
  deepStrictEqual(lab.keeper.forget(limits, now), { raw: at(3, 0) });
  deepStrictEqual(lab.keeper.forget(limits, now), {}, "it is told once");
  const [t, mode, dear] = told(lab, start, now).series;
  strictEqual(t!.thinned, true);
  deepStrictEqual(t!.samples!.times.length, 3 + 3 * 4);
  deepStrictEqual(t!.samples!.values.slice(0, 3), [0, 1, 2].map((days) => (3 * days + 99.5) / 4));
  deepStrictEqual(mode!.samples!.values, ["Open", "Closed", "Open", "Closed", "Open", "Closed"]);
  deepStrictEqual([dear!.thinned, dear!.samples!.times.length], [false, 24]);
  {
    using lookup = new ReadingsLookup(lab.folder);
    const fields = [{ instrument: "lab", field: "t" }];
    const of = (since: number, until: number, points: number) =>
      lookup.history({ fields, since, until, points }).series[0]!;
    // A pixel of a second, too, shows what is left.
    for (const plot of [of(start, now, 12), of(at(1, 0), at(1, 60), 60)]) strictEqual(plot.points!.highest[0], 99.5);
    strictEqual(lookup.moment(at(1, 50)).fields.find(({ field }) => field === "dear")!.value, 30);
  }
  // Minutes go when the single readings of no field are kept for longer.
  deepStrictEqual(lab.keeper.forget({ ...limits, minutesDays: 500 }, now + 490 * day).minutes, undefined);
  deepStrictEqual(lab.keeper.forget(limits, now + 600 * day).minutes, at(106, 0));
  deepStrictEqual(told(lab, start, now).series.map(({ samples }) => samples!.times.length), [0, 0, 0]);
});

Deno.test("readings: where there is no room the oldest are thinned first, and the newest stay", () => {
  using lab = new Lab();
  lab.begin();
  const start = 1_790_000_000_000;
  let last = 0;
  for (let at = 0; at < 50; at++) {
    const readings = Array.from({ length: 3600 }, (_, second) => ({
      field: 0,
      time: start + at * hour + second * 1000,
      // Nothing that could be made small.
      value: Math.sin(at * 3600 + second),
    }));
    last = readings.at(-1)!.time;
    lab.write(readings, last);
    lab.move();
  }
  lab.tidy(start + 200 * hour);
  const limits = { rawDays: 1000, minutesDays: 1000, bytes: 1.5e6 };
  const { raw, minutes } = lab.keeper.forget(limits, start);
  ok(raw !== undefined && minutes === undefined);
  ok(raw > start + 5 * hour && raw < start + 49 * hour, `${(raw - start) / hour} of 50 hours are thinned`);
  const { series: [t] } = told(lab, last - hour + 1, last + 1);
  deepStrictEqual([t!.thinned, t!.samples!.times.length], [false, 3600]);
  ok(told(lab, start, start + hour).series[0]!.thinned);
  const size = Deno.statSync(join(lab.folder, "readings.sqlite")).size;
  ok(size < 2 * 1.5e6, `room is given back to the disk: ${size}`);
});

Deno.test("readings: what waits for a full disk is thinned step by step before it is lost, and no spike with it", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    let thinning: Promise<ThinnedFrames> | undefined;
    using spool = new ReadingsSpool(
      folder,
      (frames, span) => thinning = new Promise((resolve) => setTimeout(() => resolve(thinned(frames, span)))),
    );
    const declared = Array.from({ length: 1000 }, (_, at) => [at, fieldOf(`f${at}`, "float")] as const);
    spool.append(segmentFrame({ number: 1, run: 1 }), "segment");
    spool.append(declarationsFrame({ fields: declared, texts: [] }), "words");
    spool.hold("No space left on device");
    const start = 1_790_000_040_000;
    // A tenth of a second apart: some minutes are as much as an hour.
    const steps = 3000;
    const writer = new SamplesWriter();
    for (let step = 0; step < steps; step++) {
      for (let field = 0; field < 1000; field++) {
        const value = step === 77 && field === 3 ? 1e6 : Math.fround(Math.sin(step + field));
        const quality = step === 99 && field === 4 ? failed : good;
        writer.add(field, start + step * 100, quality === good ? value : undefined, quality);
      }
      spool.append(writer.take(start + step * 100), "samples");
      // Words that come between keep nothing from being thinned.
      if (step % 10 === 0) spool.append(declarationsFrame({ fields: [], texts: [[step, "a"]] }), "words");
      await thinning;
    }
    const { failure, waiting, thinned: left, lost } = spool.state;
    strictEqual(failure, "No space left on device");
    ok(waiting < 10_000_000 && left > 1_000_000 && lost === 0, `${waiting} ${left} ${lost}`);
    ok(spool.retry() && spool.allWritten);
    strictEqual(spool.state.failure, "");
    deepStrictEqual([await spool.sync(), await spool.sync()], [spool.bytes, 0], "all is safe from a power failure");
    const { segments: [segment] } = readSpool(folder, 0);
    const of = (field: number) => [...segment!.fields.values()][field]!.readings;
    strictEqual(Math.max(...of(3).run().values as Float64Array), 1e6);
    strictEqual(of(4).run().qualities.filter((quality) => quality === failed).length, 1);
    strictEqual(of(3).times.at(-1), start + (steps - 1) * 100);
    const apart = [...of(3).times].map((time, at, times) => time - (times[at - 1] ?? start));
    ok(Math.max(...apart) <= 2 * minute, "what is left is of all of the time");
    deepStrictEqual(apart.slice(-300).filter((each) => each !== 100), [], "the newest are all there");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
