/**
 * Writes the readings of one folder: takes the spool into the database, and makes whole hours and days of what is there.
 *
 * @module
 */

import { join } from "node:path";
import { isNumber } from "../../../protocol/readings.ts";
import { atOnce } from "../database.ts";
import { type DiskRoom, diskRoom } from "../disk_room.ts";
import { decodeRun, encodeRun, type Run } from "./codec.ts";
import { Forgetting, type Forgotten, type ReadingsLimits } from "./forgetting.ts";
import { day, hour, joined, minute, minutesOf } from "./minutes.ts";
import { readingsSpoolNames } from "./readings_spool.ts";
import { release, reserve } from "./reserve.ts";
import { changesOf, sliceOf } from "./runs.ts";
import { decodeThin, encodeThin, isMinutes, ReadingsStore, type Thin } from "./readings_store.ts";
import { GrowingRun, readSegments, type Segment, spoolBytes } from "./segments.ts";

/** So many fields are made whole in one transaction. */
const fieldsAtOnce = 500;
/** An hour is over when it has ended for so long, in milliseconds. */
const after = 60_000;
/** So many pages are given back to the disk in one transaction. */
const pagesAtOnce = 64;
/** So many where the disk is nearly full: each is written twice before it is free. */
const pagesOnFullDisk = 8;
/** So many hours are thinned at a time where the disk is nearly full, */
const hoursAtOnce = 24;
/** until there is so much more room than little: not a little again and again. */
const enoughTimes = 1.25;

/** The readings of one folder, whose only writer this is. */
export class ReadingsKeeper implements Disposable {
  readonly #folder: string;
  readonly #store: ReadingsStore;
  readonly #forgetting: Forgetting;

  /**
   * Opens the database, which is made where none is.
   *
   * @param folder The absolute path of the folder, which is there.
   */
  constructor(folder: string) {
    this.#folder = folder;
    this.#store = new ReadingsStore(folder);
    this.#forgetting = new Forgetting(this.#store, folder);
  }

  /** The number of the last segment that is in the database. */
  get lastSegment(): number {
    return this.#store.lastSegment;
  }

  /** Takes what a server that ended has left on the spool. @returns How many bytes of it are no readings. */
  moveAll(): number {
    const files = readingsSpoolNames.map((name) => this.#segmentsOf(name));
    this.#take(files.flatMap(({ segments }) => segments).sort((one, other) => one.head.number - other.head.number));
    for (const name of readingsSpoolNames) this.#empty(name);
    return files.reduce((sum, { damaged }) => sum + damaged, 0);
  }

  /** Takes a file of the spool, and empties it. @returns How many bytes of it are no readings. */
  move(file: number): number {
    const name = readingsSpoolNames[file]!;
    const { segments, damaged } = this.#segmentsOf(name);
    this.#take(segments);
    this.#empty(name);
    return damaged;
  }

  /**
   * Makes whole what is over: hours of their parts, days of their hours; some fields at a time.
   *
   * @param now In milliseconds since 1970.
   * @returns Whether there is more to do.
   */
  tidy(now: number): boolean {
    const before = Math.floor((now - after) / hour);
    const of = this.#store.firstHourOfParts(before);
    if (of !== undefined) {
      const fields = this.#store.partsOf(of, fieldsAtOnce);
      const numbers = new Set(this.#store.fields().filter(({ type }) => isNumber(type)).map(({ id }) => id));
      atOnce(this.#store.database, () => {
        for (const field of fields) this.#makeHour(of, field, numbers.has(field));
      });
      return true;
    }
    const hours = this.#store.range("minutes");
    const lastDay = Math.floor((now - hour) / day);
    if (hours === undefined || Math.floor(hours.first / 24) >= lastDay) return false;
    atOnce(this.#store.database, () => this.#makeDays(Math.floor(hours.first / 24)));
    return true;
  }

  /**
   * Forgets what is too old, and what is too much.
   *
   * @param now In milliseconds since 1970; `undefined` where the clock cannot be relied on: then nothing is too old.
   */
  forget(limits: ReadingsLimits, now: number | undefined): Forgotten {
    const aged = now === undefined ? {} : this.#forgetting.aged(limits, now);
    const forgotten = { ...aged, ...this.#forgetting.crowded(limits) };
    // What is used again anyway is left, where it is little.
    if (this.#store.isSparse) { while (this.#store.giveBack(pagesAtOnce)); }
    return forgotten;
  }

  /**
   * Thins the oldest readings where the disk is nearly full, whatever has filled it: what is read next needs room. Little
   * by little, since that needs room itself.
   */
  makeRoom(): { readonly room: DiskRoom | undefined; readonly forgotten: Forgotten } {
    const room = diskRoom(this.#folder);
    if (room === undefined || room.free >= room.little) return { room, forgotten: {} };
    let forgotten: Forgotten = {};
    try {
      for (let hours = 0; hours < hoursAtOnce; hours++) {
        this.#giveBack();
        if ((diskRoom(this.#folder)?.free ?? 0) > room.little * enoughTimes) break;
        const raw = this.#forgetting.oldestHour();
        if (raw === undefined) break;
        forgotten = { raw };
      }
    } catch (error) {
      // Of what is not there at all, not even some can be made.
      if (!/full/i.test((error as Error).message)) throw error;
    }
    return { room: diskRoom(this.#folder), forgotten };
  }

  #giveBack(): void {
    do this.#store.settle(); while (this.#store.giveBack(pagesOnFullDisk));
    this.#store.settle();
  }

  /** Holds some room on the disk, or gives it away. @returns Whether it is held. */
  reserve(hold: boolean): boolean {
    if (hold) return reserve(this.#folder);
    release(this.#folder);
    return false;
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  #segmentsOf(name: string) {
    return readSegments(spoolBytes(this.#folder, name), this.#store.lastSegment);
  }

  #take(segments: readonly Segment[]): void {
    for (const segment of segments) {
      // Two files may hold the same number only where somebody has copied one.
      if (segment.head.number <= this.#store.lastSegment) continue;
      atOnce(this.#store.database, () => this.#takeSegment(segment));
    }
  }

  #takeSegment({ head: { number, run }, fields, written }: Segment): void {
    for (const { field, readings } of fields.values()) {
      const id = this.#store.fieldNumber(field);
      for (const [at, part] of hoursOf(readings)) this.#store.addPart(id, at, part);
    }
    if (written > 0) this.#store.extendRun(run, written);
    this.#store.lastSegment = number;
  }

  #empty(name: string): void {
    const file = join(this.#folder, name);
    try {
      if (Deno.statSync(file).size > 0) Deno.truncateSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #makeHour(at: number, field: number, number: boolean): void {
    const store = this.#store;
    const whole = new GrowingRun(number);
    const known = store.get("raw", at, field);
    if (known !== undefined) {
      whole.addRun(decodeRun(known));
      this.#takeFromDay(at, field);
    }
    for (const part of store.parts(field, at)) whole.addRun(part);
    const run = whole.run();
    store.put("raw", at, field, encodeRun(run));
    store.put("minutes", at, field, encodeThin(number ? minutesOf(run) : changesOf(run, minute)));
    store.dropParts(field, at);
  }

  /** Takes the minutes of an hour out of its day: more was read in it, by a clock that was set back. */
  #takeFromDay(at: number, field: number): void {
    const of = Math.floor(at / 24);
    const known = this.#store.get("days", of, field);
    if (known === undefined) return;
    const rest = without(decodeThin(known), at * hour, (at + 1) * hour);
    this.#store.put("days", of, field, encodeThin(rest));
  }

  #makeDays(of: number): void {
    const store = this.#store;
    const fields = new Set<number>();
    for (let at = of * 24; at < (of + 1) * 24; at++) {
      for (const [field] of store.rowsOf("minutes", at)) fields.add(field);
    }
    for (const field of [...fields].sort((one, other) => one - other).slice(0, fieldsAtOnce)) {
      const parts: Thin[] = [];
      const known = store.get("days", of, field);
      if (known !== undefined) parts.push(decodeThin(known));
      for (let at = of * 24; at < (of + 1) * 24; at++) {
        const part = store.get("minutes", at, field);
        if (part === undefined) continue;
        parts.push(decodeThin(part));
        store.drop("minutes", at, field);
      }
      store.put("days", of, field, encodeThin(together(parts)));
    }
  }
}

/** What is left where a span of time is taken out. */
function without(thin: Thin, since: number, until: number): Thin {
  const places = [...thin.times.keys()].filter((at) => !(thin.times[at]! >= since && thin.times[at]! < until));
  const column = (values: Float64Array) => Float64Array.from(places, (at) => values[at]!);
  const bytes = (values: Uint8Array) => Uint8Array.from(places, (at) => values[at]!);
  if (!isMinutes(thin)) {
    const values = thin.values;
    return {
      times: column(thin.times),
      values: places.map((at) => String(values[at])),
      qualities: bytes(thin.qualities),
    };
  }
  const { times, counts, gaps, first, last, lowest, highest, mean } = thin;
  return {
    times: column(times),
    counts: column(counts),
    gaps: bytes(gaps),
    first: column(first),
    last: column(last),
    lowest: column(lowest),
    highest: column(highest),
    mean: column(mean),
  };
}

function together(parts: readonly Thin[]): Thin {
  const minutes = parts.filter(isMinutes);
  if (minutes.length > 0) return joined(minutes);
  const whole = new GrowingRun(false);
  for (const part of parts) if (!isMinutes(part)) whole.addRun(part);
  return changesOf(whole.run(), minute);
}

/** Readings by the hour that they were read in. */
function hoursOf(readings: GrowingRun): Map<number, Run> {
  const run = readings.run();
  const hours = new Map<number, Run>();
  for (let from = 0; from < run.times.length;) {
    const of = Math.floor(run.times[from]! / hour);
    let to = from + 1;
    while (to < run.times.length && run.times[to]! < (of + 1) * hour) to++;
    hours.set(of, sliceOf(run, from, to));
    from = to;
  }
  return hours;
}
