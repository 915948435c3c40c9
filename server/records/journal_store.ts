/**
 * The journal in its database: appends records, finds them, forgets the oldest, and verifies that none was changed.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import {
  type JournalHead,
  type JournalQuery,
  type JournalRecord,
  type JournalSummary,
  mostRecords,
  type Verification,
} from "../../protocol/records.ts";
import { atOnce, integrityOf, openToRead, type ReadDatabase, usedBytes } from "./database.ts";
import { digestOf, firstDigest, levelNumber } from "./journal_record.ts";

/** The name of the database in its folder. */
export const journalFile = "journal.sqlite";

/** The number of the format that this version writes; a later one migrates it. */
export const journalFormat = 1;

const schema = `
  CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    level INTEGER NOT NULL,
    client TEXT NOT NULL,
    instrument TEXT NOT NULL,
    begun INTEGER,
    record TEXT NOT NULL,
    digest TEXT NOT NULL
  );
  CREATE INDEX journal_by_time ON journal (time);
  CREATE INDEX journal_by_beginning ON journal (begun) WHERE begun IS NOT NULL;
  PRAGMA user_version = ${journalFormat};
`;

const columns = "number, time, level, client, instrument, begun, record, digest";

interface Row {
  readonly number: number;
  readonly record: string;
  readonly digest: string;
}

/** Makes the parts of a pattern of LIKE plain text. */
function contains(text: string): string {
  return `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}

/** The journal of one folder. */
export class JournalStore implements Disposable {
  readonly #database: DatabaseSync;
  /** The folder of the copy that is read, where that is one. */
  readonly #copy: string | undefined;
  #head: JournalHead;

  /**
   * Opens it.
   *
   * @param folder The absolute path of the folder of the records; `undefined` for a journal in memory.
   * @param readOnly Whether nothing is written: beside a server that keeps its records there. @default false
   * @throws {Error} Where it cannot be opened, or was written by a later version.
   */
  constructor(folder: string | undefined, readOnly = false) {
    const { database, copy }: ReadDatabase = folder !== undefined && readOnly
      ? openToRead(join(folder, journalFile))
      : { database: new DatabaseSync(folder === undefined ? ":memory:" : join(folder, journalFile)) };
    this.#database = database;
    this.#copy = copy;
    try {
      const format = Number(this.#database.prepare("PRAGMA user_version").get()?.user_version);
      if (format > journalFormat) {
        throw new Error(
          `the journal has the format ${format}, and this version of heliograph knows ${journalFormat}: use a newer one`,
        );
      }
      if (!readOnly) this.#prepare(format);
      this.#head = this.#readHead();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #prepare(format: number): void {
    // A command that was answered is not forgotten when the power fails a moment later.
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
    // What a long reader has let it grow to, or much that was forgotten at once, is given back to the disk.
    this.#database.exec("PRAGMA journal_size_limit = 8000000");
    if (format === 0) this.#database.exec(`BEGIN; ${schema} COMMIT`);
  }

  #readHead(): JournalHead {
    const row = this.#database.prepare("SELECT number, digest FROM journal ORDER BY number DESC LIMIT 1").get();
    return row === undefined
      ? { number: 0, digest: firstDigest }
      : { number: Number(row.number), digest: String(row.digest) };
  }

  /** The last record. */
  get head(): JournalHead {
    return this.#head;
  }

  /**
   * Appends records in one transaction. One whose number is there already is the same one, and is left out: it was moved
   * before a server that ended could take it off the spool.
   *
   * @throws {Error} Where they cannot be written; then none of them is.
   */
  append(records: Iterable<JournalRecord>): void {
    let head = this.#head;
    const insert = this.#database.prepare(
      `INSERT INTO journal (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    atOnce(this.#database, () => {
      for (const record of records) {
        const { number, time, level, client, instrument, begun } = record;
        if (number <= head.number) continue;
        const text = JSON.stringify(record);
        const digest = digestOf(head.digest, text);
        insert.run(number, Date.parse(time), levelNumber(level), client, instrument, begun ?? null, text, digest);
        head = { number, digest };
      }
    });
    this.#head = head;
  }

  /**
   * Appends records of another PC as they are kept there.
   *
   * @throws {Error} Where one is not what its digest says, or they cannot be written; then none of them is.
   */
  appendCopied(
    records: Iterable<{ readonly record: JournalRecord; readonly text: string; readonly digest: string }>,
  ): void {
    let head = this.#head;
    const insert = this.#database.prepare(`INSERT INTO journal (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    atOnce(this.#database, () => {
      for (const { record, text, digest } of records) {
        const { number, time, level, client, instrument, begun } = record;
        if (number <= head.number) continue;
        // What that PC has forgotten before it was copied is missing here too.
        if (number === head.number + 1 && digestOf(head.digest, text) !== digest) {
          throw new Error(`record ${number} is not what was written, or one before it is missing`);
        }
        insert.run(number, Date.parse(time), levelNumber(level), client, instrument, begun ?? null, text, digest);
        head = { number, digest };
      }
    });
    this.#head = head;
  }

  /** Whether the records after a head follow it: it is there, or was forgotten. */
  goesOnAfter({ number, digest }: JournalHead): boolean {
    if (number === 0) return true;
    if (number > this.#head.number) return false;
    const row = this.#database.prepare("SELECT digest FROM journal WHERE number = ?").get(number);
    return row === undefined || row.digest === digest;
  }

  /** The records after a number, as they are kept, in order. */
  *rowsAfter(number: number): Generator<Row> {
    const rows = this.#database.prepare("SELECT number, record, digest FROM journal WHERE number > ? ORDER BY number")
      .iterate(number);
    for (const row of rows as Iterable<unknown> as Iterable<Row>) yield { ...row, number: Number(row.number) };
  }

  /**
   * Finds records.
   *
   * @returns The newest that fit, oldest first. The beginning of something that has ended is not told beside its end.
   */
  find({ since, until, level, instrument, who, find, before, after, limit = 1000 }: JournalQuery): JournalRecord[] {
    const conditions: string[] = [
      "NOT EXISTS (SELECT 1 FROM journal AS ending WHERE ending.begun = journal.number)",
    ];
    const values: (string | number)[] = [];
    const add = (condition: string, ...given: (string | number)[]) => {
      conditions.push(condition);
      values.push(...given);
    };
    if (since !== undefined) add("time >= ?", since);
    if (until !== undefined) add("time < ?", until);
    if (level !== undefined) add("level >= ?", levelNumber(level));
    if (instrument !== undefined) add("instrument = ?", instrument);
    const has = (name: string) => `coalesce(json_extract(record, '$.${name}'), '') LIKE ? ESCAPE '\\'`;
    if (who !== undefined) add(`(${has("client")} OR ${has("address")})`, contains(who), contains(who));
    if (find !== undefined) add(`(${has("text")} OR ${has("answer")})`, contains(find), contains(find));
    if (before !== undefined) add("number < ?", before);
    if (after !== undefined) add("number > ?", after);
    const rows = this.#database
      .prepare(`SELECT record FROM journal WHERE ${conditions.join(" AND ")} ORDER BY number DESC LIMIT ?`)
      .all(...values, Math.min(Math.floor(limit), mostRecords));
    return rows.map(({ record }) => JSON.parse(String(record)) as JournalRecord).reverse();
  }

  /**
   * Looks at every record: whether it is what its digest says, and none is missing.
   *
   * @param known A head that was printed or exported before, to be found again. @default none
   */
  verify(known?: JournalHead): Verification {
    const problems: string[] = [];
    const tell = (problem: string) => void (problems.length < 10 && problems.push(problem));
    let [records, first, lost, previous] = [0, 0, 0, firstDigest];
    let last = 0;
    let found = known === undefined;
    const rows = this.#database.prepare("SELECT number, record, digest FROM journal ORDER BY number");
    for (const row of rows.iterate() as Iterable<unknown> as Iterable<Row>) {
      const { number, record, digest } = row;
      if (records++ === 0) {
        first = number;
        if (number > 1) previous = this.#carriedOver(number, tell);
      }
      const follows = digestOf(previous, record) === digest;
      if (records > 1 && number !== last + 1) {
        // Where the chain goes on over a gap, what is missing never came into the database: the disk did not take it.
        if (follows) lost += number - last - 1;
        else {tell(
            `${last + 1 === number - 1 ? `record ${last + 1} is` : `records ${last + 1} to ${number - 1} are`} missing`,
          );}
      }
      if (!follows) {
        tell(`record ${number} is not what was written, or the one before is not`);
      }
      if (known?.number === number) {
        found = true;
        if (known.digest !== digest) tell(`record ${number} is another one than the head that was given`);
      }
      previous = digest;
      last = number;
    }
    if (!found && known !== undefined) {
      tell(
        `there is no record ${known.number}, of which a head was given${
          known.number < first ? ": it was forgotten since" : ""
        }`,
      );
    }
    return { records, first, lost, head: { number: last, digest: previous }, problems };
  }

  /** The digest before the first record that is left, as the record that tells of the forgetting has it. */
  #carriedOver(first: number, tell: (problem: string) => void): string {
    const row = this.#database
      .prepare(
        "SELECT record FROM journal WHERE json_extract(record, '$.forgotten.number') = ? ORDER BY number DESC LIMIT 1",
      )
      .get(first - 1);
    const { forgotten } = row === undefined ? {} : JSON.parse(String(row.record)) as { forgotten?: JournalHead };
    if (forgotten !== undefined) return forgotten.digest;
    tell(`the records before ${first} are missing, and none tells that they were forgotten`);
    return firstDigest;
  }

  /**
   * The records that are to be forgotten: those before a time, and the oldest tenth where all take more room than they
   * may.
   *
   * @param before In milliseconds since 1970.
   * @param bytes The room they may take, in bytes.
   * @returns The last of them and how many they are; `undefined` where there are none. Whoever forgets them appends a
   * record before that has the last one as `forgotten`: it carries the chain on.
   */
  oldest(before: number, bytes: number): { readonly head: JournalHead; readonly count: number } | undefined {
    const database = this.#database;
    // By number: a clock that was set back makes no hole in the chain.
    const next = database.prepare("SELECT min(number) AS number FROM journal WHERE time >= ?").get(before)?.number;
    let limit = next === null || next === undefined ? this.#head.number + 1 : Number(next);
    if (usedBytes(this.#database) > bytes) {
      const { first, records } = database
        .prepare("SELECT min(number) AS first, count(*) AS records FROM journal")
        .get() as { readonly first: number; readonly records: number };
      limit = Math.max(limit, first + Math.ceil(records / 10));
    }
    const row = database
      .prepare("SELECT number, digest FROM journal WHERE number < ? ORDER BY number DESC LIMIT 1")
      .get(limit);
    if (row === undefined) return undefined;
    const count = database.prepare("SELECT count(*) AS count FROM journal WHERE number < ?").get(limit)?.count;
    return { head: { number: Number(row.number), digest: String(row.digest) }, count: Number(count) };
  }

  /** Deletes the records up to a number. The record that tells of it is there. */
  forget(last: number): void {
    this.#database.prepare("DELETE FROM journal WHERE number <= ?").run(last);
  }

  /** What is kept, in numbers. */
  summary(): JournalSummary {
    const row = this.#database.prepare("SELECT count(*) AS records FROM journal").get();
    const first = this.#database.prepare("SELECT record FROM journal ORDER BY number LIMIT 1").get();
    return {
      records: Number(row?.records),
      since: first === undefined ? null : (JSON.parse(String(first.record)) as JournalRecord).time,
      bytes: usedBytes(this.#database),
      head: this.#head,
    };
  }

  /** Has SQLite look at all of the file. @returns What is wrong with it; nothing where it is whole. */
  integrity(): string[] {
    return integrityOf(this.#database);
  }

  /**
   * Copies all records into a new database, as they are at one moment. Row by row: Deno 2.4 lets SQLite attach nothing,
   * which `VACUUM INTO` would.
   *
   * @param file Its absolute path; nothing is there yet.
   */
  copyTo(file: string): void {
    const copy = new DatabaseSync(file);
    try {
      copy.exec(`BEGIN; ${schema}`);
      const insert = copy.prepare(`INSERT INTO journal (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
      const rows = this.#database.prepare(`SELECT ${columns} FROM journal ORDER BY number`).iterate();
      for (const row of rows as Iterable<unknown> as Iterable<Record<string, string | number | null>>) {
        insert.run(...Object.values(row));
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
    this.#database.close();
    if (this.#copy !== undefined) Deno.removeSync(this.#copy, { recursive: true });
  }
}
