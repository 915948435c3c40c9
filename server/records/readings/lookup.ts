/**
 * Finds readings in a folder, beside whoever writes it: of some fields over a time, or of all at a moment.
 *
 * @module
 */

import { join } from "node:path";
import {
  type FieldAtMoment,
  type FieldName,
  type Held,
  type HistoryAnswer,
  type HistoryQuery,
  type HistorySeries,
  isNumber,
  type MomentAnswer,
  mostSamples,
  type ReadingValue,
  type RecordedField,
  type Samples,
} from "../../../protocol/readings.ts";
import type { ReadingsSummary } from "../../../protocol/records.ts";
import type { ReadingsLook } from "../records_messages.ts";
import { decodeRun, good, type Minutes, none, type Run } from "./codec.ts";
import { qualityWords } from "./frames.ts";
import { hour, minute, PlotPoints } from "./minutes.ts";
import { changesOf, sliceOf } from "./runs.ts";
import {
  decodeThin,
  isMinutes,
  readingsFile,
  ReadingsStore,
  type ServerRun,
  type StoredField,
  type Thin,
} from "./readings_store.ts";
import { fieldKey, GrowingRun, readSpool, type Segment } from "./segments.ts";

/** So many hours back it is looked for what held before. */
const hoursBack = 3;
/** A server says so often at least that it runs, in milliseconds. */
const toldWithin = 12_000;

/** A field that is looked for, with what the spool has of it. */
interface Wanted {
  readonly field: RecordedField;
  /** Its number in the database; `undefined` where it is on the spool only. */
  readonly id: number | undefined;
  readonly spooled: Run;
}

/** What is known of an hour of a field. */
interface Hour {
  readonly run: Run;
  /** Where its single readings were given up. */
  readonly thin: Thin | undefined;
}

/** Looks into the readings of one folder, as they are at one moment. */
export class ReadingsLookup implements Disposable {
  readonly #store: ReadingsStore;
  readonly #segments: readonly Segment[];
  /** The first hours, or day, of the tables. */
  readonly #first: Readonly<Record<"raw" | "minutes" | "days", number>>;
  /** The hours of which the database may know something: from one until before another. */
  readonly #stored: { readonly from: number; readonly to: number };
  readonly #runs: readonly ServerRun[];

  /**
   * Opens it.
   *
   * @param folder The absolute path of the folder of the records.
   * @param wanted The fields that are looked for. @default all
   * @throws {Error} Where there are no readings, or they cannot be read.
   */
  constructor(folder: string, wanted?: readonly FieldName[]) {
    const names = wanted && new Set(wanted.map(({ instrument, field }) => `${instrument}\0${field}`));
    // The spool first: what a server takes from it meanwhile is in the database then, and its segment is known there.
    const { segments } = readSpool(folder, 0, ({ instrument, field }) => names?.has(`${instrument}\0${field}`) ?? true);
    this.#store = new ReadingsStore(folder, true);
    try {
      this.#store.database.exec("BEGIN");
      const { lastSegment } = this.#store;
      this.#segments = segments.filter(({ head }) => head.number > lastSegment);
      const [raw, minutes, days] = [this.#range("raw"), this.#range("minutes"), this.#range("days")];
      this.#first = { raw: raw.first, minutes: minutes.first, days: days.first };
      const parts = this.#store.hoursOfParts();
      this.#stored = {
        from: Math.min(raw.first, minutes.first, days.first * 24, parts?.first ?? Infinity),
        to: Math.max(raw.last + 1, minutes.last + 1, (days.last + 1) * 24, (parts?.last ?? -1) + 1),
      };
      this.#runs = runsWith(this.#store.runs(), this.#segments);
    } catch (error) {
      this.#store[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  /** What is kept, in numbers. */
  summary(): ReadingsSummary {
    const fields = new Set(this.#store.fields().map(fieldKey));
    let spooled = Infinity;
    for (const segment of this.#segments) {
      for (const [key, { readings }] of segment.fields) {
        fields.add(key);
        for (const time of readings.times) if (time < spooled) spooled = time;
      }
    }
    const told = (time: number) => Number.isFinite(time) ? new Date(time).toISOString() : null;
    const parts = this.#store.hoursOfParts()?.first ?? Infinity;
    const lastHour = this.#store.range("raw")?.last;
    return {
      fields: fields.size,
      since: told(Math.min(this.#stored.from * hour, spooled)),
      rawSince: told(Math.min(Math.min(this.#first.raw, parts) * hour, spooled)),
      bytes: this.#store.bytes,
      bytesPerDay: lastHour === undefined
        ? null
        : 24 * (this.#store.bytesOf("raw", lastHour) + this.#store.bytesOf("minutes", lastHour)),
    };
  }

  /**
   * Looks whether all can be read.
   *
   * @returns What is wrong, in words for people; nothing where all is well.
   */
  check(): string[] {
    const problems = this.#store.integrity().map((problem) => `${readingsFile}: ${problem}`);
    const broken = this.#store.unreadable();
    return broken.count === 0 ? problems : [
      ...problems,
      `${readingsFile}: ${broken.count} hours or days of fields cannot be read: the first is ${broken.first}`,
    ];
  }

  /** All fields whose readings are kept. */
  fields(): RecordedField[] {
    const fields = this.#store.fields().map(recordedField);
    const known = new Set(fields.map(fieldKey));
    for (const segment of this.#segments) {
      for (const [key, { field }] of segment.fields) {
        if (known.has(key)) continue;
        known.add(key);
        fields.push(recordedField(field));
      }
    }
    return fields;
  }

  /**
   * Finds the readings of some fields.
   *
   * @param query As {@linkcode checkedQuery} has it.
   */
  history(query: HistoryQuery): HistoryAnswer {
    const { fields, since, until, points } = query;
    const wanted = fields.flatMap((name) => this.#named(name));
    if (points !== undefined) {
      const series = wanted.map((each) => this.#plot(each, since, until, points));
      return { since, until, next: null, series };
    }
    return this.#samples(wanted, since, until, Math.min(query.limit ?? mostSamples, mostSamples));
  }

  /** Tells what all fields were at a moment. */
  moment(at: number): MomentAnswer {
    const fields: FieldAtMoment[] = [];
    for (const wanted of this.#all()) {
      const held = this.#before(wanted, at + 1);
      // What was taken away before is not told.
      if (held !== null && held.quality !== "none") fields.push({ ...wanted.field, ...held });
    }
    const last = this.#runs.length - 1;
    const kept = this.#runs.some(({ began, ended }, index) =>
      at >= began && at <= ended + (index === last ? toldWithin : 0)
    );
    return { at, kept, fields };
  }

  #range(table: "raw" | "minutes" | "days"): { readonly first: number; readonly last: number } {
    return this.#store.range(table) ?? { first: Infinity, last: -1 };
  }

  #all(): Wanted[] {
    return this.#with(this.#store.fields(), () => true);
  }

  /** Fields of the database, and those that are on the spool only. */
  #with(stored: readonly StoredField[], isWanted: (field: RecordedField) => boolean): Wanted[] {
    const known = new Set(stored.map(fieldKey));
    const wanted = stored.map((field) => this.#wanted(field));
    for (const { fields } of this.#segments) {
      for (const [key, { field }] of fields) {
        if (known.has(key) || !isWanted(field)) continue;
        known.add(key);
        wanted.push(this.#wanted(field));
      }
    }
    return wanted;
  }

  #named({ instrument, field }: FieldName): Wanted[] {
    const isWanted = (each: RecordedField) => each.instrument === instrument && each.field === field;
    return this.#with(this.#store.fieldsNamed(instrument, field), isWanted);
  }

  #wanted(field: RecordedField & Partial<StoredField>): Wanted {
    const spooled = new GrowingRun(isNumber(field.type));
    for (const { fields } of this.#segments) {
      const readings = fields.get(fieldKey(field))?.readings;
      if (readings !== undefined) spooled.addRun(readings.run());
    }
    return { field: recordedField(field), id: field.id, spooled: spooled.run() };
  }

  /** What is known of an hour of a field. */
  #hour({ field, id, spooled }: Wanted, at: number): Hour {
    const whole = new GrowingRun(isNumber(field.type));
    const stored = id === undefined ? undefined : this.#store.get("raw", at, id);
    if (stored !== undefined) whole.addRun(decodeRun(stored));
    const parts = id === undefined ? [] : this.#store.parts(id, at);
    for (const part of parts) whole.addRun(part);
    const [from, to] = [placeOf(spooled.times, at * hour), placeOf(spooled.times, (at + 1) * hour)];
    if (to > from) whole.addRun(sliceOf(spooled, from, to));
    const thin = stored === undefined && id !== undefined ? this.#thinHour(id, at) : undefined;
    return { run: whole.run(), thin };
  }

  /** The minutes of an hour, where there are some. */
  #thinHour(id: number, at: number): Thin | undefined {
    const { minutes, days } = this.#first;
    const found = at >= minutes ? this.#store.get("minutes", at, id) : undefined;
    if (found !== undefined) return decodeThin(found);
    const day = Math.floor(at / 24);
    const whole = day >= days ? this.#day(day, id) : undefined;
    return whole === undefined ? undefined : thinSlice(whole, at * hour, (at + 1) * hour);
  }

  /** The last day that was looked at: its hours are looked for one after another. */
  #lastDay: { readonly day: number; readonly id: number; readonly thin: Thin | undefined } | undefined;

  #day(day: number, id: number): Thin | undefined {
    if (this.#lastDay?.day !== day || this.#lastDay.id !== id) {
      const data = this.#store.get("days", day, id);
      this.#lastDay = { day, id, thin: data === undefined ? undefined : decodeThin(data) };
    }
    return this.#lastDay.thin;
  }

  /** The hours from one time to another in which anything may be known. */
  #hours(since: number, until: number, spooled: readonly Run[]): { readonly from: number; readonly to: number } {
    const first = spooled.map(({ times }) => Math.floor((times[0] ?? Infinity) / hour));
    const last = spooled.map(({ times }) => Math.floor((times.at(-1) ?? -hour) / hour));
    return {
      from: Math.max(Math.floor(since / hour), Math.min(this.#stored.from, ...first)),
      to: Math.min(Math.ceil(until / hour), Math.max(this.#stored.to, ...last.map((at) => at + 1))),
    };
  }

  #plot(wanted: Wanted, since: number, until: number, count: number): HistorySeries {
    const before = this.#before(wanted, since);
    const { field, id, spooled } = wanted;
    const { from, to } = this.#hours(since, until, [spooled]);
    if (!isNumber(field.type)) return this.#changes(wanted, before, since, until, from, to, count);
    const plot = new PlotPoints(since, until, count);
    const ends = this.#ends(since, until);
    let thinned = false;
    const byMinutes = (until - since) / count >= minute;
    for (let at = from; at < to; at++) {
      // A day at once, where its minutes are enough.
      if (byMinutes && at % 24 === 0 && at + 24 <= to && id !== undefined && at / 24 >= this.#first.days) {
        const day = this.#day(at / 24, id);
        const more = this.#first.minutes < at + 24 || this.#hasOthers(wanted, at, at + 24);
        if (day !== undefined && isMinutes(day) && !more) {
          plot.addMinutes(day);
          at += 23;
          continue;
        }
      }
      const thin = byMinutes && id !== undefined && !this.#hasOthers(wanted, at, at + 1)
        ? this.#thinHour(id, at)
        : undefined;
      if (thin !== undefined && isMinutes(thin)) {
        plot.addMinutes(thin);
        continue;
      }
      const found = this.#hour(wanted, at);
      if (found.thin !== undefined && isMinutes(found.thin)) {
        plot.addMinutes(found.thin);
        thinned = true;
      }
      plot.addRun(found.run);
    }
    for (const end of ends) plot.addEnd(end);
    return { ...field, before, thinned, points: plot.points() };
  }

  /** Whether an hour has readings that are in no row yet. */
  #hasOthers({ id, spooled }: Wanted, from: number, to: number): boolean {
    if (placeOf(spooled.times, from * hour) < placeOf(spooled.times, to * hour)) return true;
    return id !== undefined && this.#store.hasParts(id, from, to);
  }

  /** What a field that is no number was: each change. */
  #changes(
    wanted: Wanted,
    before: Held | null,
    since: number,
    until: number,
    from: number,
    to: number,
    count: number,
  ): HistorySeries {
    const all = new GrowingRun(false);
    let thinned = false;
    for (let at = from; at < to; at++) {
      const { run, thin } = this.#hour(wanted, at);
      if (thin !== undefined && !isMinutes(thin)) {
        all.addRun(thin);
        thinned = true;
      }
      all.addRun(changesOf(run, 0));
    }
    for (const end of this.#ends(since, until)) all.add(end, "", none);
    const changes = changesOf(within(all.run(), since, until), 0);
    const shown = changes.times.length <= 4 * count ? changes : changesOf(changes, (until - since) / count);
    return { ...wanted.field, before, thinned, samples: samplesOf(shown, wanted.field.type) };
  }

  #samples(wanted: readonly Wanted[], since: number, until: number, limit: number): HistoryAnswer {
    const { from, to } = this.#hours(since, until, wanted.map(({ spooled }) => spooled));
    const runs = wanted.map(({ field }) => new GrowingRun(isNumber(field.type)));
    const thinned = wanted.map(() => false);
    let [count, next]: [number, number | null] = [0, null];
    for (let at = from; at < to && next === null; at++) {
      for (const [index, each] of wanted.entries()) {
        const { run, thin } = this.#hour(each, at);
        const whole = thin === undefined ? run : merged(withMeans(thin), run);
        if (thin !== undefined) thinned[index] = true;
        const part = within(whole, since, until);
        runs[index]!.addRun(part);
        count += part.times.length;
      }
      if (count > limit) next = cutAt(runs.map(({ times }) => times), limit);
    }
    const last = next ?? until;
    const ends = this.#ends(since, last);
    const series = wanted.map((each, index): HistorySeries => {
      const run = runs[index]!;
      const before = this.#before(each, since);
      if (run.times.length > 0 || before !== null) { for (const end of ends) run.add(end, undefined, none); }
      return {
        ...each.field,
        before,
        thinned: thinned[index]!,
        samples: samplesOf(within(run.run(), since, last), each.field.type),
      };
    });
    return { since, until: last, next, series };
  }

  /** When servers ended between two times: nothing was kept from then on. */
  #ends(since: number, until: number): number[] {
    return this.#runs.slice(0, -1).map(({ ended }) => ended + 1).filter((end) => end >= since && end < until);
  }

  /** What held when a time began. */
  #before(wanted: Wanted, time: number): Held | null {
    const last = Math.floor((time - 1) / hour);
    const { from } = this.#hours(0, time, [wanted.spooled]);
    for (let at = last; at >= Math.max(from, last - hoursBack); at--) {
      const { run, thin } = this.#hour(wanted, at);
      const whole = thin === undefined ? run : merged(withMeans(thin), run);
      const place = placeOf(whole.times, time) - 1;
      if (place < 0) continue;
      const held = heldAt(whole, place, wanted.field.type);
      const ended = this.#runs.slice(0, -1).find(({ ended }) => ended >= held.time && ended + 1 < time);
      return ended === undefined ? held : { time: ended.ended + 1, value: null, quality: "none" };
    }
    return null;
  }
}

/** What is told of a field. */
function recordedField({ instrument, field, title, instrumentTitle, unit, type }: RecordedField): RecordedField {
  return { instrument, field, title, instrumentTitle, unit, type };
}

/** The first place whose time is not before another one. */
function placeOf(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function within(run: Run, since: number, until: number): Run {
  return sliceOf(run, placeOf(run.times, since), placeOf(run.times, until));
}

function merged(one: Run, other: Run): Run {
  if (other.times.length === 0) return one;
  const whole = new GrowingRun(one.values instanceof Float64Array);
  whole.addRun(one);
  whole.addRun(other);
  return whole.run();
}

/** Minutes as readings: their means. */
function withMeans(thin: Thin): Run {
  if (!isMinutes(thin)) return thin;
  const { times, mean, counts } = thin;
  return { times, values: mean, qualities: Uint8Array.from(counts, (count) => count > 0 ? good : 2) };
}

function thinSlice(thin: Thin, since: number, until: number): Thin | undefined {
  const [from, to] = [placeOf(thin.times, since), placeOf(thin.times, until)];
  if (from === to) return undefined;
  if (!isMinutes(thin)) return sliceOf(thin, from, to);
  return Object.fromEntries(
    Object.entries(thin).map(([name, column]) => [name, column.slice(from, to)]),
  ) as unknown as Minutes;
}

/** The time before which so many readings are. */
function cutAt(columns: readonly Float64Array[], limit: number): number {
  const times = Float64Array.from(columns.flatMap((column) => [...column])).sort();
  const at = times[limit]!;
  // Those of one time are told together.
  return at > times[0]! ? at : times.find((time) => time > at) ?? at + 1;
}

function valueOf(value: number | string, type: RecordedField["type"]): ReadingValue {
  return type === "switch" ? value === "true" : value;
}

function heldAt({ times, values, qualities }: Run, place: number, type: RecordedField["type"]): Held {
  const quality = qualityWords[qualities[place]!] ?? "none";
  return { time: times[place]!, value: quality === "good" ? valueOf(values[place]!, type) : null, quality };
}

function samplesOf({ times, values, qualities }: Run, type: RecordedField["type"]): Samples {
  const runs: [number, (typeof qualityWords)[number]][] = [];
  for (let at = 0; at < qualities.length; at++) {
    if (at === 0 || qualities[at] !== qualities[at - 1]) runs.push([at, qualityWords[qualities[at]!] ?? "none"]);
  }
  return {
    times: [...times],
    values: Array.from(
      values as ArrayLike<number | string>,
      (value, at) => qualities[at] === good ? valueOf(value, type) : null,
    ),
    qualities: runs,
  };
}

function runsWith(stored: readonly ServerRun[], segments: readonly Segment[]): ServerRun[] {
  const runs = new Map(stored.map(({ began, ended }) => [began, ended]));
  for (const { head: { run }, written } of segments) {
    if (written > 0) runs.set(run, Math.max(runs.get(run) ?? 0, written));
  }
  return [...runs].map(([began, ended]) => ({ began, ended })).sort((one, other) => one.began - other.began);
}

/** What is kept of readings in a folder, in numbers; `null` where none are. */
export function readingsSummary(folder: string): ReadingsSummary | null {
  if (!hasReadings(folder)) return null;
  using lookup = new ReadingsLookup(folder);
  return lookup.summary();
}

/** Whether a folder has readings. */
export function hasReadings(folder: string): boolean {
  try {
    return Deno.statSync(join(folder, readingsFile)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Looks for something in the readings of a folder. */
export function lookIntoReadings(task: ReadingsLook): HistoryAnswer | MomentAnswer | RecordedField[] {
  using lookup = new ReadingsLookup(task.folder, task.kind === "history" ? task.query.fields : undefined);
  if (task.kind === "history") return lookup.history(task.query);
  return task.kind === "moment" ? lookup.moment(task.at) : lookup.fields();
}
