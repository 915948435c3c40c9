/**
 * The readings in their database: hours of single readings and days of minutes for each field, in a few bytes each.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { RecordedField } from "../../../protocol/readings.ts";
import { integrityOf, openToRead, type ReadDatabase, usedBytes } from "../database.ts";
import { checkWhole, decodeMinutes, decodeRun, encodeMinutes, encodeRun, type Minutes, type Run } from "./codec.ts";
import type { DeclaredField } from "./frames.ts";

/** The name of the database in its folder. */
export const readingsFile = "readings.sqlite";

/** The number of the format that this version writes; a later one migrates it. */
export const readingsFormat = 1;

/**
 * `parts` are some minutes of single readings of a field, until the hour is over and they become one row of `raw`; so do
 * the hours of `minutes` become a row of `days`. A key is the hour, or the day, and the number of the field: what is
 * written at the same time stands together, page after page without a gap.
 */
const schema = `
  CREATE TABLE fields (
    id INTEGER PRIMARY KEY,
    instrument TEXT NOT NULL,
    field TEXT NOT NULL,
    unit TEXT NOT NULL,
    type TEXT NOT NULL,
    title TEXT NOT NULL,
    instrument_title TEXT NOT NULL,
    keep_days REAL,
    UNIQUE (instrument, field, unit, type)
  );
  CREATE TABLE parts (id INTEGER PRIMARY KEY, field INTEGER NOT NULL, hour INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE INDEX parts_by_hour ON parts (hour, field);
  CREATE TABLE raw (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE minutes (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE days (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE runs (began INTEGER PRIMARY KEY, ended INTEGER NOT NULL);
  CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  PRAGMA user_version = ${readingsFormat};
`;

/** The tables of rows by key: of an hour, or of a day. */
export type Table = "raw" | "minutes" | "days";

const mostFields = 2 ** 20;
/** Parts are made small quickly: they stay for an hour. */
const partLevel = 3;

/** The key of a row. @param place The number of the hour, or of the day, since 1970. */
export function keyOf(place: number, field: number): number {
  return place * mostFields + field;
}

/** The hour or the day of a key. */
export function placeOf(key: number): number {
  return Math.floor(key / mostFields);
}

/** The field of a key. */
export function fieldOf(key: number): number {
  return key % mostFields;
}

/** A field in the database. */
export interface StoredField extends RecordedField {
  readonly id: number;
  /** For how many days its single readings are kept, where it says so itself. */
  readonly keepDays: number | undefined;
}

/** A time in which a server kept readings, in milliseconds since 1970. */
export interface ServerRun {
  readonly began: number;
  readonly ended: number;
}

type Row = Record<string, number | string | Uint8Array | null>;

/** What is in the bytes of minutes: those of a number, or the changes of what is none. */
export type Thin = Minutes | Run;

/** Whether these are a number's. */
export function isMinutes(thin: Thin): thin is Minutes {
  return "counts" in thin;
}

/** Reads what {@linkcode encodeThin} wrote. */
export function decodeThin(bytes: Uint8Array): Thin {
  return bytes[0] === 2 ? decodeMinutes(bytes) : decodeRun(bytes);
}

/** Makes minutes, or changes, small. */
export function encodeThin(thin: Thin): Uint8Array {
  return isMinutes(thin) ? encodeMinutes(thin) : encodeRun(thin);
}

/** The readings of one folder. */
export class ReadingsStore implements Disposable {
  /** For transactions. */
  readonly database: DatabaseSync;
  readonly #copy: string | undefined;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  /**
   * Opens it.
   *
   * @param folder The absolute path of the folder of the records.
   * @param readOnly Whether nothing is written: beside a server that keeps its records there. @default false
   * @throws {Error} Where it cannot be opened, or was written by a later version.
   */
  constructor(folder: string, readOnly = false) {
    const file = join(folder, readingsFile);
    const { database, copy }: ReadDatabase = readOnly ? openToRead(file) : { database: new DatabaseSync(file) };
    this.database = database;
    this.#copy = copy;
    try {
      // exec says why it fails, which prepare does not on every Deno.
      database.exec("SELECT count(*) FROM sqlite_schema");
      const format = Number(database.prepare("PRAGMA user_version").get()?.user_version);
      if (format > readingsFormat) {
        throw new Error(
          `the readings have the format ${format}, and this version of heliograph knows ${readingsFormat}: use a newer one`,
        );
      }
      if (!readOnly) this.#prepare(format);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #prepare(format: number): void {
    const { database } = this;
    // Large pages: an hour of a field is a row that fits into one, and little room is lost at its end.
    if (format === 0) database.exec("PRAGMA page_size = 65536; PRAGMA auto_vacuum = INCREMENTAL");
    // Whoever gives room back to the disk holds it for a moment.
    database.exec("PRAGMA busy_timeout = 5000");
    // What is taken from the spool is safe before that is emptied.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 250");
    database.exec("PRAGMA journal_size_limit = 8000000");
    if (format === 0) database.exec(`BEGIN; ${schema} COMMIT`);
  }

  /** A statement that is prepared once. */
  prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.database.prepare(sql));
    return statement;
  }

  #number(sql: string, ...given: (number | string)[]): number | undefined {
    const row = this.prepare(sql).get(...given);
    const value = row === undefined ? null : Object.values(row)[0];
    return value === null || value === undefined ? undefined : Number(value);
  }

  /** The number of the last segment that was taken. */
  get lastSegment(): number {
    return this.#number("SELECT value FROM state WHERE name = 'segment'") ?? 0;
  }

  set lastSegment(number: number) {
    this.prepare("INSERT OR REPLACE INTO state VALUES ('segment', ?)").run(number);
  }

  /** The number of a field, which is made where it is new. */
  fieldNumber({ instrument, field, unit, type, title, instrumentTitle, keepDays }: DeclaredField): number {
    const { id } = this.prepare(
      `INSERT INTO fields (instrument, field, unit, type, title, instrument_title, keep_days) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET title = excluded.title, instrument_title = excluded.instrument_title, keep_days = excluded.keep_days
       RETURNING id`,
    ).get(instrument, field, unit, type, title, instrumentTitle, keepDays ?? null) as Row;
    return Number(id);
  }

  /** All fields, in the order in which they came. */
  fields(): StoredField[] {
    return this.prepare("SELECT * FROM fields ORDER BY id").all().map(storedField);
  }

  /** The fields of these names: one for each unit and type. */
  fieldsNamed(instrument: string, field: string): StoredField[] {
    return this.prepare("SELECT * FROM fields WHERE instrument = ? AND field = ? ORDER BY id")
      .all(instrument, field).map(storedField);
  }

  /** Keeps some readings of an hour. */
  addPart(field: number, hour: number, run: Run): void {
    this.prepare("INSERT INTO parts (field, hour, data) VALUES (?, ?, ?)").run(field, hour, encodeRun(run, partLevel));
  }

  /** The readings of an hour that are not one row yet, in the order in which they came. */
  parts(field: number, hour: number): Run[] {
    return this.prepare("SELECT data FROM parts WHERE hour = ? AND field = ? ORDER BY id").all(hour, field)
      .map(({ data }) => decodeRun(data as Uint8Array));
  }

  /** Some of the fields that have parts in an hour. */
  partsOf(hour: number, most: number): number[] {
    return this.prepare("SELECT DISTINCT field FROM parts WHERE hour = ? ORDER BY field LIMIT ?").all(hour, most)
      .map(({ field }) => Number(field));
  }

  /** The first hour that has parts, of those before another one. */
  firstHourOfParts(before: number): number | undefined {
    return this.#number("SELECT min(hour) FROM parts WHERE hour < ?", before);
  }

  /** The first and the last hour that has parts. */
  hoursOfParts(): { readonly first: number; readonly last: number } | undefined {
    const first = this.#number("SELECT min(hour) FROM parts");
    const last = this.#number("SELECT max(hour) FROM parts");
    return first === undefined || last === undefined ? undefined : { first, last };
  }

  /** Whether a field has parts from an hour until before another one. */
  hasParts(field: number, from: number, to: number): boolean {
    const sql = "SELECT count(*) FROM (SELECT 1 FROM parts WHERE hour >= ? AND hour < ? AND field = ? LIMIT 1)";
    return this.#number(sql, from, to, field) === 1;
  }

  /** Forgets the parts of an hour of a field. */
  dropParts(field: number, hour: number): void {
    this.prepare("DELETE FROM parts WHERE hour = ? AND field = ?").run(hour, field);
  }

  /** A row, as it is kept. */
  get(table: Table, place: number, field: number): Uint8Array | undefined {
    return this.prepare(`SELECT data FROM ${table} WHERE key = ?`).get(keyOf(place, field))?.data as
      | Uint8Array
      | undefined;
  }

  /** Keeps a row, in the place of the one that is there. */
  put(table: Table, place: number, field: number, data: Uint8Array): void {
    this.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`).run(keyOf(place, field), data);
  }

  /** Forgets a row. */
  drop(table: Table, place: number, field: number): void {
    this.prepare(`DELETE FROM ${table} WHERE key = ?`).run(keyOf(place, field));
  }

  /** The first and the last hour, or day, of a table; `undefined` where it is empty. */
  range(table: Table): { readonly first: number; readonly last: number } | undefined {
    const first = this.#number(`SELECT min(key) FROM ${table}`);
    const last = this.#number(`SELECT max(key) FROM ${table}`);
    return first === undefined || last === undefined ? undefined : { first: placeOf(first), last: placeOf(last) };
  }

  /** The rows of all fields in an hour, or a day. */
  *rowsOf(table: Table, place: number): Generator<readonly [field: number, data: Uint8Array]> {
    const rows = this.database.prepare(`SELECT key, data FROM ${table} WHERE key >= ? AND key < ?`)
      .iterate(keyOf(place, 0), keyOf(place + 1, 0));
    for (const { key, data } of rows as Iterable<unknown> as Iterable<{ key: number; data: Uint8Array }>) {
      yield [fieldOf(Number(key)), data];
    }
  }

  /** The times in which servers kept readings, the oldest first. */
  runs(): ServerRun[] {
    return this.prepare("SELECT began, ended FROM runs ORDER BY began").all()
      .map(({ began, ended }) => ({ began: Number(began), ended: Number(ended) }));
  }

  /** That a server which began at a time runs until another one. */
  extendRun(began: number, ended: number): void {
    this.prepare("INSERT INTO runs VALUES (?, ?) ON CONFLICT DO UPDATE SET ended = max(ended, excluded.ended)")
      .run(began, ended);
  }

  /**
   * Forgets rows.
   *
   * @param from From which hour, or day. @param to Until before which.
   * @param except The fields whose rows stay.
   */
  forget(table: Table, from: number, to: number, except: readonly number[] = []): void {
    const others = except.length === 0 ? "" : ` AND key % ${mostFields} NOT IN (${except.join()})`;
    this.database.prepare(`DELETE FROM ${table} WHERE key >= ? AND key < ?${others}`)
      .run(keyOf(from, 0), keyOf(to, 0));
  }

  /** Forgets the rows of some fields. */
  forgetOf(table: Table, from: number, to: number, fields: readonly number[]): void {
    this.database.prepare(
      `DELETE FROM ${table} WHERE key >= ? AND key < ? AND key % ${mostFields} IN (${fields.join()})`,
    )
      .run(keyOf(from, 0), keyOf(to, 0));
  }

  /** The bytes of the rows of an hour, or a day. */
  bytesOf(table: Table, place: number): number {
    const sql = `SELECT coalesce(sum(length(data)), 0) FROM ${table} WHERE key >= ? AND key < ?`;
    return this.#number(sql, keyOf(place, 0), keyOf(place + 1, 0)) ?? 0;
  }

  /** Whether more than a quarter of the file holds nothing, and more than some megabytes. */
  get isSparse(): boolean {
    const [free, all] = [this.#number("PRAGMA freelist_count") ?? 0, this.#number("PRAGMA page_count") ?? 0];
    return free > all / 4 && free > 512;
  }

  /**
   * Gives room that was forgotten in back to the disk.
   *
   * @param pages How many pages at most.
   * @returns Whether there is more.
   */
  giveBack(pages: number): boolean {
    this.database.exec(`PRAGMA incremental_vacuum(${pages})`);
    return (this.#number("PRAGMA freelist_count") ?? 0) > 0;
  }

  /** Has all that was written be in the file itself. What is written next goes where the log before it has its room. */
  settle(): void {
    this.database.exec("PRAGMA wal_checkpoint(RESTART)");
  }

  /** The room that it takes, in bytes. */
  get bytes(): number {
    return usedBytes(this.database);
  }

  /** Has SQLite look at all of the file. @returns What is wrong with it; nothing where it is whole. */
  integrity(): string[] {
    return integrityOf(this.database);
  }

  /** Reads every row. @returns How many cannot be read, and which is the first. */
  unreadable(): { readonly count: number; readonly first: string } {
    let [count, first] = [0, ""];
    const names = new Map(this.fields().map(({ id, instrument, field }) => [id, `${instrument}.${field}`]));
    const tell = (field: number, table: string) => {
      first ||= `of ${names.get(field) ?? `field ${field}`} (${table})`;
      count++;
    };
    for (const table of ["raw", "minutes", "days"] as const) {
      const rows = this.database.prepare(`SELECT key, data FROM ${table} ORDER BY key`).iterate();
      for (const row of rows as Iterable<unknown> as Iterable<{ key: number; data: Uint8Array }>) {
        try {
          checkWhole(row.data);
        } catch {
          tell(fieldOf(Number(row.key)), table);
        }
      }
    }
    for (const { field, data } of this.database.prepare("SELECT field, data FROM parts").iterate()) {
      try {
        checkWhole(data as Uint8Array);
      } catch {
        tell(Number(field), "parts");
      }
    }
    return { count, first };
  }

  /**
   * Copies all into a new database, as it is at one moment. Row by row: Deno 2.4 lets SQLite attach nothing, which
   * `VACUUM INTO` would.
   *
   * @param file Its absolute path; nothing is there yet.
   */
  copyTo(file: string): void {
    const copy = new DatabaseSync(file);
    try {
      copy.exec("PRAGMA page_size = 65536; PRAGMA auto_vacuum = INCREMENTAL");
      copy.exec(`BEGIN; ${schema}`);
      for (const table of ["fields", "parts", "raw", "minutes", "days", "runs", "state"]) {
        let insert: ReturnType<DatabaseSync["prepare"]> | undefined;
        const rows = this.database.prepare(`SELECT * FROM ${table}`).iterate();
        for (const row of rows as Iterable<unknown> as Iterable<Record<string, string | number | null>>) {
          const values = Object.values(row);
          insert ??= copy.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join()})`);
          insert.run(...values);
        }
      }
      copy.exec("COMMIT");
    } catch (error) {
      copy.close();
      Deno.removeSync(file);
      throw error;
    }
    copy.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#statements.clear();
    this.database.close();
    if (this.#copy !== undefined) Deno.removeSync(this.#copy, { recursive: true });
  }
}

function storedField(row: Record<string, unknown>): StoredField {
  return {
    id: Number(row.id),
    instrument: String(row.instrument),
    field: String(row.field),
    title: String(row.title),
    instrumentTitle: String(row.instrument_title),
    unit: String(row.unit),
    type: row.type as StoredField["type"],
    keepDays: row.keep_days === null ? undefined : Number(row.keep_days),
  };
}
