/**
 * Copies the records of one folder into another, part by part, as they grow: a PC tells what came after a cursor, and
 * whoever gathers writes it down with the cursor after it. What was told and never written is told again; what is there
 * already is not written twice.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import * as z from "npm:zod@4.6.7";
import { isNumber, type RecordedField } from "../../protocol/readings.ts";
import type { JournalHead, JournalRecord } from "../../protocol/records.ts";
import { valueTypes } from "../../protocol/vocabulary.ts";
import { atOnce } from "./database.ts";
import { JournalStore } from "./journal_store.ts";
import { firstDigest, readRecord } from "./journal_record.ts";
import { decodeRun } from "./readings/codec.ts";
import { minute, minutesOf } from "./readings/minutes.ts";
import { changesOf } from "./readings/runs.ts";
import { encodeThin, fieldOf, keyOf, placeOf, readingsFile, ReadingsStore } from "./readings/readings_store.ts";

/** So many hours are looked at again: a clock that was set back has more read in them. */
const hoursAgain = 48;
/** The most rows that are told at once, of each kind. */
const mostRows = 2000;

const count = z.int().min(0);
const text = z.string().max(1_000_000);

/** How far a copy has come. */
export interface CopyCursor {
  /** The last record of the journal that is there. */
  readonly journal: JournalHead;
  /** The number of the last field that is there. */
  readonly field: number;
  /** The key of the last whole hour of a field that is there. */
  readonly raw: number;
  /** What the hours up to there were: where that is another, they are told again. */
  readonly mark: string;
  /** The last part of an hour that is not whole yet. */
  readonly part: { readonly hour: number; readonly id: number };
  /** Until when a server is known to have run, in milliseconds since 1970. */
  readonly ran: number;
}

/** What came after a cursor: a part of it, where it is too much for one message. */
export interface CopyPart {
  /** Whether its records are others than those that were copied before: nothing can be added to those. */
  readonly other: boolean;
  /** Records as they are kept, with their digests. */
  readonly journal: [record: string, digest: string][];
  readonly fields: (RecordedField & { readonly id: number })[];
  /** Whole hours of fields, by key; the bytes in base64. */
  readonly raw: [key: number, data: string][];
  /** Parts of hours, the bytes in base64. */
  readonly parts: [hour: number, id: number, field: number, data: string][];
  /** When servers began and ended, in milliseconds since 1970. */
  readonly runs: [began: number, ended: number][];
  /** The cursor after it. */
  readonly cursor: CopyCursor;
  /** Whether there is more. */
  readonly more: boolean;
}

const digest = z.string().length(64);

/** Checks a cursor that came from another PC. */
export const copyCursor: z.ZodType<CopyCursor> = z.object({
  journal: z.object({ number: count, digest }),
  field: count,
  raw: count,
  mark: z.string().max(100),
  part: z.object({ hour: count, id: count }),
  ran: z.number(),
});

/** Checks records that came from another PC. */
export const copyPart: z.ZodType<CopyPart> = z.object({
  other: z.boolean(),
  journal: z.array(z.tuple([text, digest])),
  fields: z.array(z.object({
    id: count,
    instrument: text,
    field: text,
    unit: text,
    type: z.enum(valueTypes),
    title: text,
    instrumentTitle: text,
  })),
  raw: z.array(z.tuple([count, text])),
  parts: z.array(z.tuple([count, count, count, text])),
  runs: z.array(z.tuple([z.number(), z.number()])),
  cursor: copyCursor,
  more: z.boolean(),
});

/** The cursor of a copy that has nothing yet. */
const nothing: CopyCursor = {
  journal: { number: 0, digest: firstDigest },
  field: 0,
  raw: 0,
  mark: "",
  part: { hour: 0, id: 0 },
  ran: 0,
};

type Row = Readonly<Record<string, number | string | Uint8Array | null>>;

/** Counts how much is told. */
class Budget {
  left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  /** The rows that there is room for. @param more Told where there are others. */
  *take<T>(rows: Iterable<T>, size: (row: T) => number, more: () => void): Generator<T> {
    let [rowCount, began] = [0, false];
    for (const row of rows) {
      const bytes = size(row);
      // One that is longer than all goes alone.
      if (rowCount >= mostRows || bytes > this.left && (began || this.left <= 0)) return more();
      this.left -= bytes;
      rowCount++;
      began = true;
      yield row;
    }
  }
}

/**
 * Tells what came after a cursor.
 *
 * @param folder Whose records: an absolute path. What waits on the spool is none of it yet.
 * @param bytes About how many bytes are told at most.
 */
export function copyAfter(folder: string, after: CopyCursor, bytes: number): CopyPart {
  const budget = new Budget(bytes);
  let more = false;
  const isMore = () => void (more = true);
  let cursor = after;
  const part = { journal: [], fields: [], raw: [], parts: [], runs: [] } as Omit<CopyPart, "cursor" | "more" | "other">;
  {
    using journal = new JournalStore(folder, true);
    if (!journal.goesOnAfter(after.journal)) return { other: true, ...part, cursor, more: false };
    for (
      const row of budget.take(journal.rowsAfter(after.journal.number), ({ record }) => record.length + 80, isMore)
    ) {
      part.journal.push([row.record, row.digest]);
      cursor = { ...cursor, journal: { number: row.number, digest: row.digest } };
    }
  }
  if (!hasFile(join(folder, readingsFile))) return { other: false, ...part, cursor, more };
  using store = new ReadingsStore(folder, true);
  store.database.exec("BEGIN");
  const lastField = store.fields().at(-1)?.id ?? 0;
  if (lastField < after.field) return { other: true, ...part, cursor: after, more: false };
  const fields = store.fields().filter(({ id }) => id > after.field);
  for (const { keepDays: _, ...field } of budget.take(fields, () => 300, isMore)) {
    part.fields.push(field);
    cursor = { ...cursor, field: field.id };
  }
  // Rows of fields that are not told yet come after these.
  if (cursor.field < lastField) return { other: false, ...part, cursor, more: true };
  if (after.mark !== "" && markOf(store, after.raw) !== after.mark) {
    cursor = { ...cursor, raw: Math.max(0, keyOf(placeOf(after.raw) - hoursAgain, 0) - 1) };
  }
  const base64 = (data: Row[string]) => (data as Uint8Array).length * 4 / 3 + 40;
  const raw = store.database.prepare("SELECT key, data FROM raw WHERE key > ? ORDER BY key").iterate(cursor.raw);
  for (
    const { key, data } of budget.take(raw as Iterable<unknown> as Iterable<Row>, (row) => base64(row.data!), isMore)
  ) {
    part.raw.push([Number(key), Buffer.from(data as Uint8Array).toString("base64")]);
    cursor = { ...cursor, raw: Number(key) };
  }
  if (more) return { other: false, ...part, cursor: { ...cursor, mark: "" }, more };
  cursor = { ...cursor, mark: markOf(store, cursor.raw) };
  const { hour, id } = cursor.part;
  const parts = store.database
    .prepare("SELECT hour, id, field, data FROM parts WHERE hour > ? OR (hour = ? AND id > ?) ORDER BY hour, id")
    .iterate(hour, hour, id);
  for (const each of budget.take(parts as Iterable<unknown> as Iterable<Row>, (row) => base64(row.data!), isMore)) {
    const at = { hour: Number(each.hour), id: Number(each.id) };
    part.parts.push([at.hour, at.id, Number(each.field), Buffer.from(each.data as Uint8Array).toString("base64")]);
    cursor = { ...cursor, part: at };
  }
  for (const { began, ended } of store.runs()) {
    if (ended <= after.ran) continue;
    part.runs.push([began, ended]);
    cursor = { ...cursor, ran: Math.max(cursor.ran, ended) };
  }
  return { other: false, ...part, cursor, more };
}

/** What the whole hours up to a key are, in a few words. */
function markOf(store: ReadingsStore, key: number): string {
  const row = store.prepare(
    "SELECT count(*) AS rows, coalesce(sum(length(data)), 0) AS bytes FROM raw WHERE key > ? AND key <= ?",
  )
    .get(keyOf(placeOf(key) - hoursAgain, 0), key) as Row;
  return `${row.rows} ${row.bytes}`;
}

function hasFile(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The records of another PC, in a folder of their own: they are read as that PC's. */
export class RecordsCopy implements Disposable {
  readonly #journal: JournalStore;
  readonly #readings: ReadingsStore;
  #cursor: CopyCursor;

  /** Opens it. @param folder Its absolute path; it is made where it is not there. */
  constructor(folder: string) {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#journal = new JournalStore(folder);
    this.#readings = new ReadingsStore(folder);
    const kept = this.#readings.prepare("SELECT value FROM state WHERE name = 'copied'").get()?.value;
    const cursor = kept === undefined ? nothing : copyCursor.parse(JSON.parse(String(kept)));
    // The journal knows itself how far it has come: it is another file, and was written before.
    this.#cursor = { ...cursor, journal: this.#journal.head };
  }

  /** How far it has come. */
  get cursor(): CopyCursor {
    return this.#cursor;
  }

  /** How many records of the journal there are, and when the last was, ISO 8601 in UTC. */
  get state(): { readonly records: number; readonly last: string | null } {
    const [last] = this.#journal.find({ limit: 1 });
    return { records: this.#journal.summary().records, last: last?.time ?? null };
  }

  /**
   * Writes down what came after its cursor.
   *
   * @throws {Error} Where it is not what follows, or cannot be written: then the cursor stays where it was.
   */
  add({ journal, fields, raw, parts, runs, cursor }: CopyPart): void {
    this.#journal.appendCopied(
      journal.map(([record, digest]) => ({ record: readableRecord(record), text: record, digest })),
    );
    const store = this.#readings;
    atOnce(store.database, () => {
      for (const { id, instrument, field, unit, type, title, instrumentTitle } of fields) {
        store.prepare(
          `INSERT OR REPLACE INTO fields (id, instrument, field, unit, type, title, instrument_title, keep_days)
           VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
        ).run(id, instrument, field, unit, type, title, instrumentTitle);
      }
      const numbers = raw.length === 0
        ? new Set<number>()
        : new Set(store.fields().filter((field: RecordedField) => isNumber(field.type)).map(({ id }) => id));
      for (const [key, data] of raw) {
        const bytes = new Uint8Array(Buffer.from(data, "base64"));
        const [of, field] = [placeOf(key), fieldOf(key)];
        const run = decodeRun(bytes);
        store.put("raw", of, field, bytes);
        store.put("minutes", of, field, encodeThin(numbers.has(field) ? minutesOf(run) : changesOf(run, minute)));
        // They are in the whole hour.
        store.dropParts(field, of);
      }
      const { hour, id: last } = this.#cursor.part;
      for (const [of, id, field, data] of parts) {
        if (of < hour || of === hour && id <= last) continue;
        if (store.get("raw", of, field) === undefined) {
          store.addPart(field, of, decodeRun(new Uint8Array(Buffer.from(data, "base64"))));
        }
      }
      for (const [began, ended] of runs) store.extendRun(began, ended);
      store.prepare("INSERT OR REPLACE INTO state VALUES ('copied', ?)").run(JSON.stringify(cursor));
    });
    this.#cursor = { ...cursor, journal: this.#journal.head };
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#journal[Symbol.dispose]();
    this.#readings[Symbol.dispose]();
  }
}

function readableRecord(text: string): JournalRecord {
  const record = readRecord(text);
  if (record === undefined) throw new Error("what came is no record of a journal");
  return record;
}
