/**
 * Forgets old readings: single ones first, whose minutes stay, and those later; for their age, or for the room they take.
 *
 * @module
 */

import { join } from "node:path";
import { atOnce } from "../database.ts";
import { journalFile } from "../journal_store.ts";
import { day, hour } from "./minutes.ts";
import { readingsSpoolNames } from "./readings_spool.ts";
import type { ReadingsStore, StoredField, Table } from "./readings_store.ts";

/** For how long readings are kept, and how much room there is. */
export interface ReadingsLimits {
  /** For how many days single readings are kept. */
  readonly rawDays: number;
  /** For how many days their minutes are kept. */
  readonly minutesDays: number;
  /** The room that journal and readings may take together, in bytes. */
  readonly bytes: number;
}

/** What was forgotten. */
export interface Forgotten {
  /** Before when no single readings are known any more, in milliseconds since 1970. */
  readonly raw?: number;
  /** Before when no minutes are known any more. */
  readonly minutes?: number;
}

/** So many hours, or days, are forgotten in one transaction. */
const atATime = 24;
/** The single readings of so many hours stay, however full the disk is. */
const newestHours = 24;
/** Where the room is too little, so much of it is made free: not a little again and again. */
const freed = 0.05;

/** Forgets in one database. */
export class Forgetting {
  readonly #store: ReadingsStore;
  readonly #folder: string;
  /** Until which hour single readings were looked at, by the days that they are kept. */
  readonly #looked = new Map<number, number>();

  constructor(store: ReadingsStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /**
   * Forgets what is too old. Whole days: it is told once a day.
   *
   * @param now In milliseconds since 1970.
   */
  aged({ rawDays, minutesDays }: ReadingsLimits, now: number): Forgotten {
    const fields = this.#store.fields();
    const own = fields.filter(({ keepDays }) => keepDays !== undefined && keepDays !== rawDays);
    let isNew = this.#agedRaw(rawDays, now, (from, to) => this.#store.forget("raw", from, to, own.map(({ id }) => id)));
    for (const [keepDays, ids] of byDays(own)) {
      if (this.#agedRaw(keepDays, now, (from, to) => this.#store.forgetOf("raw", from, to, ids))) isNew = true;
    }
    // Minutes are kept as long as single readings at least.
    const minutesBefore = Math.floor(
      now / day - Math.max(minutesDays, rawDays, ...own.map((field) => field.keepDays!)),
    );
    const older = this.#store.range("days");
    const minutes = older !== undefined && older.first < minutesBefore;
    if (minutes) this.#each(older.first, minutesBefore, (from, to) => this.#store.forget("days", from, to));
    return {
      ...isNew ? { raw: Math.floor(now / day - rawDays) * day } : {},
      ...minutes ? { minutes: minutesBefore * day } : {},
    };
  }

  /** @returns Whether there was something that old. */
  #agedRaw(days: number, now: number, forget: (from: number, to: number) => void): boolean {
    const before = Math.floor(now / day - days) * 24;
    const from = Math.max(this.#looked.get(days) ?? 0, this.#store.range("raw")?.first ?? Infinity);
    if (from >= before) return false;
    this.#each(from, before, forget);
    this.#looked.set(days, before);
    return true;
  }

  #each(from: number, to: number, forget: (from: number, to: number) => void): void {
    for (let at = from; at < to; at += atATime) {
      atOnce(this.#store.database, () => forget(at, Math.min(to, at + atATime)));
    }
  }

  /** Forgets the oldest where there is too much: single readings of all fields, and minutes where there are no others. */
  crowded({ bytes }: ReadingsLimits): Forgotten {
    if (this.#room() <= bytes) return {};
    const enough = bytes * (1 - freed);
    const raw = this.#oldest("raw", enough, atATime, hour);
    const minutes = this.#room() > enough ? this.#oldest("days", enough, 1, day) : undefined;
    return { ...raw === undefined ? {} : { raw }, ...minutes === undefined ? {} : { minutes } };
  }

  /**
   * Forgets the single readings of the oldest hour, since the disk has no room.
   *
   * @returns Before when nothing is left; `undefined` where none are old enough.
   */
  oldestHour(): number | undefined {
    const range = this.#store.range("raw");
    if (range === undefined || range.first + newestHours > range.last) return undefined;
    atOnce(this.#store.database, () => this.#store.forget("raw", range.first, range.first + 1));
    return (range.first + 1) * hour;
  }

  /** @returns Before when nothing is left; `undefined` where nothing was forgotten. */
  #oldest(table: Table, enough: number, most: number, unit: number): number | undefined {
    let before: number | undefined;
    for (let range = this.#store.range(table); range !== undefined && this.#room() > enough;) {
      const to = Math.min(range.first + most, range.last + 1);
      atOnce(this.#store.database, () => this.#store.forget(table, range!.first, to));
      before = to * unit;
      range = this.#store.range(table);
    }
    return before;
  }

  /** The room that all of the records take, in bytes. */
  #room(): number {
    const others = [journalFile, ...readingsSpoolNames].map((name) => sizeOf(join(this.#folder, name)));
    return others.reduce((sum, size) => sum + size, this.#store.bytes);
  }
}

function byDays(fields: readonly StoredField[]): Map<number, number[]> {
  const ids = new Map<number, number[]>();
  for (const { id, keepDays } of fields) ids.set(keepDays!, [...ids.get(keepDays!) ?? [], id]);
  return ids;
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch {
    return 0;
  }
}
