/**
 * Keeps the records of one folder: does what the Worker of the records is asked for.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { JournalRecord } from "../../protocol/records.ts";
import { readRecord } from "./journal_record.ts";
import { journalFile, JournalStore } from "./journal_store.ts";
import type { RecordsAnswer, RecordsTask } from "./records_messages.ts";
import { spoolNames } from "./spool.ts";

/** The name of the file whose lock says that a server keeps its records in the folder. */
const writerFile = "writer.sqlite";

/** The number of entries that a server which starts tells at once. */
const newestTold = 500;

/** What is done with records that are open. */
type OpenTask = Exclude<RecordsTask, { readonly kind: "open" | "close" }>;

/** The records of one folder, whose only writer this is. */
export class RecordsKeeper implements Disposable {
  readonly #folder: string;
  #open: JournalStore | undefined;
  /** Its lock ends with the process, however that ends. */
  readonly #writer: DatabaseSync;
  /** Which file the database is, as its file system numbers it; `null` where that tells nothing. */
  #inode: number | null = null;

  /**
   * Takes the folder.
   *
   * @param folder The absolute path of their folder, which is there.
   * @throws {Error} Where that cannot be, or another server keeps its records there.
   */
  constructor(folder: string) {
    this.#folder = folder;
    this.#writer = new DatabaseSync(join(folder, writerFile));
    try {
      this.#writer.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    } catch (error) {
      this.#writer.close();
      if (!/locked|busy|prepare/i.test((error as Error).message)) throw error;
      throw new Error("another server keeps its records there", { cause: error });
    }
  }

  get #store(): JournalStore {
    if (this.#open === undefined) throw new Error("the records are not open");
    return this.#open;
  }

  /** Does what is asked for. It throws nothing. */
  perform(task: OpenTask): RecordsAnswer {
    try {
      return this.#perform(task);
    } catch (error) {
      return { kind: "failed", reason: (error as Error).message, gone: this.#isGone() };
    }
  }

  /**
   * Opens the records, and tells what a server needs to know to go on where the one before it ended. A database that is
   * damaged is set aside as it is, for whoever can mend it, and another is begun.
   */
  opened(): RecordsAnswer {
    try {
      return this.#opened();
    } catch (error) {
      const reason = (error as Error).message;
      if (!/not a database|malformed/i.test(reason)) return { kind: "failed", reason };
      try {
        const aside = this.#setAside();
        return { ...this.#opened(), damage: { reason, aside } };
      } catch (again) {
        return { kind: "failed", reason: (again as Error).message };
      }
    }
  }

  #opened(): Extract<RecordsAnswer, { readonly kind: "opened" }> {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
    this.#open = new JournalStore(this.#folder);
    this.#inode = this.#inodeNow() ?? null;
    const spools = spoolNames.map((name) => this.#read(name));
    // The one that was written to last comes last.
    const lines = spools.sort((a, b) => (a[0]?.number ?? Infinity) - (b[0]?.number ?? Infinity)).flat();
    this.#store.append(lines.filter((record) => record !== undefined));
    for (const name of spoolNames) this.#empty(name);
    const damaged = lines.filter((record) => record === undefined).length;
    return { kind: "opened", head: this.#store.head, newest: this.#store.find({ limit: newestTold }), damaged };
  }

  /** @returns The new name of the database. */
  #setAside(): string {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
    const aside = `journal.damaged-${new Date().toISOString().replace(/[-:]|\..*/g, "")}.sqlite`;
    for (const end of ["", "-wal", "-shm"]) {
      try {
        Deno.renameSync(join(this.#folder, journalFile + end), join(this.#folder, aside + end));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return aside;
  }

  /** Lets go of the folder. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#writer.close();
  }

  #perform(task: OpenTask): RecordsAnswer {
    const store = this.#store;
    switch (task.kind) {
      case "move": {
        const name = spoolNames[task.spool]!;
        // What is written to a file that was taken away comes to nobody.
        if (this.#isGone()) throw new Error("their files were taken away while the server runs");
        const lines = this.#read(name);
        store.append(lines.filter((record) => record !== undefined));
        this.#empty(name);
        return { kind: "moved", damaged: lines.filter((record) => record === undefined).length };
      }
      case "find":
        return { kind: "found", records: store.find(task.query) };
      case "verify":
        return { kind: "verified", verification: store.verify(task.known) };
      case "summary":
        return { kind: "summary", summary: store.summary() };
      case "oldest": {
        return { kind: "oldest", found: store.oldest(task.before, task.bytes) };
      }
      case "forget":
        store.forget(task.last);
        return { kind: "forgotten" };
    }
  }

  /** Whether somebody has deleted the files, or put others in their place: both the database and the spool are lost. */
  #isGone(): boolean {
    const isThere = (name: string) => {
      try {
        return Deno.statSync(join(this.#folder, name)).isFile;
      } catch (error) {
        return !(error instanceof Deno.errors.NotFound);
      }
    };
    return !spoolNames.every(isThere) || this.#inodeNow() !== this.#inode;
  }

  /** `undefined` where it is not there. */
  #inodeNow(): number | null | undefined {
    try {
      return Deno.statSync(join(this.#folder, journalFile)).ino;
    } catch (error) {
      return error instanceof Deno.errors.NotFound ? undefined : this.#inode;
    }
  }

  /** The records on one file of the spool; `undefined` stands for a line that is none. */
  #read(name: string): (JournalRecord | undefined)[] {
    let text: string;
    try {
      text = Deno.readTextFileSync(join(this.#folder, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    return text.split("\n").filter((line) => line !== "").map(readRecord);
  }

  #empty(name: string): void {
    const file = join(this.#folder, name);
    try {
      if (Deno.statSync(file).size > 0) Deno.truncateSync(file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
