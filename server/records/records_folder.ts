/**
 * Reads the records of a folder without a server, also of another PC's or after a disaster.
 *
 * @module
 */

import { join } from "node:path";
import type {
  JournalHead,
  JournalQuery,
  JournalRecord,
  JournalSummary,
  ReadingsSummary,
  Verification,
} from "../../protocol/records.ts";
import { hasReadings, ReadingsLookup, readingsSummary } from "./readings/lookup.ts";
import { readingsSpoolNames } from "./readings/readings_spool.ts";
import { readingsFile, ReadingsStore } from "./readings/readings_store.ts";
import { spoolBytes } from "./readings/segments.ts";
import { readRecord } from "./journal_record.ts";
import { journalFile, JournalStore } from "./journal_store.ts";
import { spoolNames } from "./spool.ts";

/** So many pages are given back in one transaction: whoever writes waits no longer than that takes. */
const pagesAtOnce = 64;

/** What a look has found; a look that fails has found why. */
function readable(look: () => readonly string[]): readonly string[] {
  try {
    return look();
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The records of a folder that nothing is written to. */
export class RecordsFolder implements Disposable {
  readonly #folder: string;
  readonly #store: JournalStore;

  /**
   * Opens it.
   *
   * @param folder Its absolute path.
   * @throws {Error} Where there are no records, or they cannot be read; in words for people.
   */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      Deno.statSync(join(folder, journalFile));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(`No records are in ${folder}: there is no ${journalFile}`, { cause: error });
    }
    try {
      this.#store = new JournalStore(folder, true);
    } catch (error) {
      throw new Error(`Cannot read the records in ${folder}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Finds records; those that a server which was killed has left on the spool are found too. */
  find(query: JournalQuery): JournalRecord[] {
    const spooled = this.#spooled().records.filter((record) => record.number > this.#store.head.number);
    if (spooled.length === 0) return this.#store.find(query);
    using whole = new JournalStore(undefined);
    // Their endings may be on the spool only.
    whole.append(
      this.#store.find({ ...query, instrument: undefined, who: undefined, find: undefined, limit: Infinity }),
    );
    whole.append(spooled);
    return whole.find(query);
  }

  /** What is kept, in numbers. */
  summary(): JournalSummary {
    return this.#store.summary();
  }

  /** What is kept of readings, in numbers; `null` where none are. */
  readings(): ReadingsSummary | null {
    return readingsSummary(this.#folder);
  }

  /** Looks at every record of the database; what waits on the spool is none of them yet. */
  verify(known?: JournalHead): Verification {
    return this.#store.verify(known);
  }

  /**
   * Looks whether everything can be read.
   *
   * @returns What is wrong, in words for people; nothing where all is well.
   */
  check(): string[] {
    const problems = readable(() => this.#store.integrity());
    const changed = readable(() => this.#store.verify().problems);
    const { records, damaged } = this.#spooled();
    const waits = records.filter((record) => record.number > this.#store.head.number).length;
    return [
      ...problems.map((problem) => `${journalFile}: ${problem}`),
      ...changed,
      ...hasReadings(this.#folder) ? readable(() => this.#checkReadings()) : [],
      ...damaged === 0 ? [] : [`the spool: ${damaged} line${damaged === 1 ? " was" : "s were"} cut short`],
      ...waits > 0 && records[0]!.number > this.#store.head.number + 1
        ? [`the spool begins with record ${records[0]!.number}, and the database ends with ${this.#store.head.number}`]
        : [],
    ];
  }

  /**
   * Copies everything into a new folder, also while a server writes it.
   *
   * @param folder An absolute path where nothing is yet.
   */
  backup(folder: string): void {
    Deno.mkdirSync(folder);
    this.#store.copyTo(join(folder, journalFile));
    if (!hasReadings(this.#folder)) return;
    // The spool first: what is taken from it meanwhile is in the database then, which knows that.
    for (const name of readingsSpoolNames) Deno.writeFileSync(join(folder, name), spoolBytes(this.#folder, name));
    using readings = new ReadingsStore(this.#folder, true);
    readings.copyTo(join(folder, readingsFile));
  }

  /**
   * Gives room in which something was forgotten back to the disk, also while a server writes.
   *
   * @returns How many bytes.
   */
  compact(): number {
    if (!hasReadings(this.#folder)) return 0;
    const size = () => Deno.statSync(join(this.#folder, readingsFile)).size;
    const before = size();
    {
      using readings = new ReadingsStore(this.#folder);
      while (readings.giveBack(pagesAtOnce));
      readings.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    return Math.max(0, before - size());
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  #checkReadings(): string[] {
    using lookup = new ReadingsLookup(this.#folder);
    return lookup.check();
  }

  #spooled(): { readonly records: JournalRecord[]; readonly damaged: number } {
    const lines = spoolNames.flatMap((name) => {
      try {
        return Deno.readTextFileSync(join(this.#folder, name)).split("\n").filter((line) => line !== "");
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    });
    const records = lines.map(readRecord);
    const whole = records.filter((record) => record !== undefined).sort((a, b) => a.number - b.number);
    return { records: whole, damaged: records.length - whole.length };
  }
}
