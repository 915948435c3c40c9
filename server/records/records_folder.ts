/**
 * Reads the records of a folder without a server, also of another PC's or after a disaster.
 *
 * @module
 */

import { join } from "node:path";
import type { JournalHead, JournalQuery, JournalRecord, JournalSummary, Verification } from "../../protocol/records.ts";
import { readRecord } from "./journal_record.ts";
import { journalFile, JournalStore } from "./journal_store.ts";
import { spoolNames } from "./spool.ts";

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
      ...damaged === 0 ? [] : [`the spool: ${damaged} line${damaged === 1 ? " was" : "s were"} cut short`],
      ...waits > 0 && records[0]!.number > this.#store.head.number + 1
        ? [`the spool begins with record ${records[0]!.number}, and the database ends with ${this.#store.head.number}`]
        : [],
    ];
  }

  /** Copies the database, also while a server writes it. @param file An absolute path where nothing is yet. */
  backup(file: string): void {
    this.#store.copyTo(file);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
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
