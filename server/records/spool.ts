/**
 * The spool: two files to which the server itself appends each record of the journal before what it tells is answered. A
 * Worker moves one of them into the database while the other takes what comes.
 *
 * A file's bytes outlive the process that wrote them, which what waits for a Worker does not.
 *
 * @module
 */

import { join } from "node:path";

/** The names of the two files. */
export const spoolNames = ["spool-a.jsonl", "spool-b.jsonl"] as const;

/** The most lines that are kept in memory while the disk takes none. */
const mostWaiting = 20_000;

const encoder = new TextEncoder();

/** How a spool stands. */
export interface SpoolState {
  /** Why the last write failed, or empty. */
  readonly failure: string;
  /** How many lines wait in memory for the disk. */
  readonly waiting: number;
  /** How many lines were lost since more waited than memory is for. */
  readonly lost: number;
}

/** The two files, open for appending since before the server gave up its permissions. */
export class Spool {
  readonly #files: readonly Deno.FsFile[];
  readonly #filled = [false, false];
  #current = 0;
  /** Whether the current file may end within a line. */
  #cut = false;
  #waiting: string[] = [];
  #lost = 0;
  #failure = "";

  /**
   * Opens the files, and makes them where they are not there; what they hold stays.
   *
   * @param folder The absolute path of their folder, which is there.
   * @throws {Error} Deno's, where that cannot be.
   */
  constructor(folder: string) {
    this.#files = spoolNames.map((name) => Deno.openSync(join(folder, name), { append: true, create: true }));
  }

  /** How it stands. */
  get state(): SpoolState {
    return { failure: this.#failure, waiting: this.#waiting.length, lost: this.#lost };
  }

  /** Appends a line. Where the disk takes none it is kept in memory, and written with the next that can be. */
  append(line: string): void {
    if (this.#waiting.length === 0 && this.#write(line)) return;
    if (this.#waiting.length >= mostWaiting) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#waiting.push(line);
  }

  /** Tries again to write what waits. @returns Whether nothing waits any more. */
  retry(): boolean {
    while (this.#waiting.length > 0) {
      if (!this.#write(this.#waiting[0]!)) return false;
      this.#waiting.shift();
    }
    return true;
  }

  /**
   * Hands over the file that was written to: from now on the other takes what comes.
   *
   * @returns Which; `undefined` where it holds nothing.
   */
  handOver(): number | undefined {
    const full = this.#current;
    if (!this.#filled[full]) return undefined;
    this.#current = 1 - full;
    this.#cut = false;
    return full;
  }

  /** Takes a file back whose lines are in the database. It is empty again. */
  takeBack(which: number): void {
    this.#filled[which] = false;
  }

  /** Closes the files. */
  close(): void {
    for (const file of this.#files) file.close();
  }

  #write(line: string): boolean {
    const file = this.#files[this.#current]!;
    // A line of its own, whatever was left of one that the disk did not take.
    const bytes = encoder.encode(`${this.#cut ? "\n" : ""}${line}\n`);
    try {
      for (let at = 0; at < bytes.length;) {
        at += file.writeSync(bytes.subarray(at));
        this.#cut = at < bytes.length;
      }
    } catch (error) {
      this.#failure = (error as Error).message;
      this.#cut = true;
      // Part of it may be there.
      this.#filled[this.#current] = true;
      return false;
    }
    this.#filled[this.#current] = true;
    this.#failure = "";
    return true;
  }
}
