/**
 * Keeps the records of one folder: does what the Worker of the records is asked for.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { JournalRecord } from "../../protocol/records.ts";
import { copyAfter } from "./copying.ts";
import { readRecord } from "./journal_record.ts";
import { journalFile, JournalStore } from "./journal_store.ts";
import type { RecordsAnswer, RecordsLook, RecordsTask } from "./records_messages.ts";
import { lookIntoReadings, readingsSummary } from "./readings/lookup.ts";
import { spoolNames } from "./spool.ts";

/** The name of the file whose lock says that a server keeps its records in the folder. */
const writerFile = "writer.sqlite";

/** So much of the spool is read, and moved in one transaction, at a time. */
const partBytes = 4_000_000;

/** The number of entries that a server which starts tells at once. */
const newestTold = 500;

/** What is done with records that are open. */
type OpenTask = Exclude<RecordsTask, RecordsLook | { readonly kind: "open" | "close" }>;

/** Looks for something in the records of a folder, beside whoever writes them. It throws nothing. */
export function lookInto(task: RecordsLook): RecordsAnswer {
  try {
    if (task.kind === "history" || task.kind === "moment" || task.kind === "fields") {
      return { kind: "readings", json: JSON.stringify(lookIntoReadings(task)) };
    }
    using store = new JournalStore(task.folder, true);
    if (task.kind === "find") return { kind: "found", json: JSON.stringify(store.find(task.query)) };
    if (task.kind === "copy") {
      return { kind: "found", json: JSON.stringify(copyAfter(task.folder, task.after, task.bytes)) };
    }
    if (task.kind === "verify") return { kind: "verified", verification: store.verify(task.known) };
    return { kind: "summary", summary: store.summary(), readings: readingsSummary(task.folder) };
  } catch (error) {
    return { kind: "failed", reason: (error as Error).message };
  }
}

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
    let damaged = 0;
    // The one that was written to last comes last.
    const firsts = spoolNames.map((name) => ({ name, first: this.#firstOn(name) }));
    for (const { name } of firsts.sort((a, b) => a.first - b.first)) damaged += this.#moveFrom(name);
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
        return { kind: "moved", damaged: this.#moveFrom(name) };
      }
      case "oldest":
        return { kind: "oldest", found: store.oldest(task.before, task.bytes) };
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

  /** Moves the records of one file of the spool into the database. @returns How many of its lines are no records. */
  #moveFrom(name: string): number {
    let damaged = 0;
    for (const records of this.#read(name)) {
      const whole = records.filter((record) => record !== undefined);
      this.#store.append(whole);
      damaged += records.length - whole.length;
    }
    this.#empty(name);
    return damaged;
  }

  /** The number of the first record on one file of the spool. */
  #firstOn(name: string): number {
    for (const records of this.#read(name)) {
      const first = records.find((record) => record !== undefined);
      if (first !== undefined) return first.number;
    }
    return Infinity;
  }

  /**
   * The records on one file of the spool, some at a time: it is large where the database took nothing for long.
   * `undefined` stands for a line that is none.
   */
  *#read(name: string): Generator<(JournalRecord | undefined)[]> {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(join(this.#folder, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    try {
      const part = new Uint8Array(partBytes);
      const decoder = new TextDecoder();
      let rest = "";
      for (let length; (length = file.readSync(part)) !== null;) {
        const lines = (rest + decoder.decode(part.subarray(0, length), { stream: true })).split("\n");
        rest = lines.pop()!;
        yield lines.filter((line) => line !== "").map(readRecord);
      }
      if (rest !== "") yield [readRecord(rest)];
    } finally {
      file.close();
    }
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
