/**
 * The spool of the readings: two files to which the server itself appends what was read, once a second. A Worker takes
 * one of them into the database while the other is written.
 *
 * Where the disk takes nothing, what was read waits in memory. Of what is too much for that, the oldest is thinned, and
 * lost only when it was thinned.
 *
 * @module
 */

import { join } from "node:path";
import { thinned } from "./thinned_frames.ts";

/** The names of the two files. */
export const readingsSpoolNames = ["readings-a.spool", "readings-b.spool"] as const;

/** So many bytes may wait in memory. */
const mostWaiting = 8_000_000;
/** So many are thinned at a time: that takes some milliseconds. */
const thinnedAtOnce = 500_000;

/** How the spool stands. */
export interface ReadingsSpoolState {
  /** Why the last write failed, or empty. */
  readonly failure: string;
  /** How many bytes wait in memory. */
  readonly waiting: number;
  /** How many readings were left out, since only the lowest, highest, first and last of a minute could wait. */
  readonly thinned: number;
  /** How many bytes of what had been thinned were lost. */
  readonly lost: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly samples: boolean;
  readonly thin: boolean;
}

/** The two files, open for appending since before the server gave up its permissions. */
export class ReadingsSpool implements Disposable {
  readonly #files: readonly Deno.FsFile[];
  #current = 0;
  /** How many bytes of the current segment were written. */
  #bytes = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #thinned = 0;
  #lost = 0;
  #failure = "";

  /**
   * Opens the files, and makes them where they are not there; what they hold stays.
   *
   * @param folder The absolute path of their folder, which is there.
   * @throws {Error} Deno's, where that cannot be.
   */
  constructor(folder: string) {
    this.#files = readingsSpoolNames.map((name) => Deno.openSync(join(folder, name), { append: true, create: true }));
  }

  /** How it stands. */
  get state(): ReadingsSpoolState {
    return { failure: this.#failure, waiting: this.#waitingBytes, thinned: this.#thinned, lost: this.#lost };
  }

  /** How many bytes were written since the last file was handed over. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether everything was written. */
  get allWritten(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Appends a frame. What comes while the disk takes nothing waits.
   *
   * @param samples Whether it holds readings, which may be thinned.
   */
  append(bytes: Uint8Array, samples: boolean): void {
    if (this.#waiting.length === 0 && this.#failure === "" && this.#write(bytes)) return;
    this.#waiting.push({ bytes, samples, thin: false });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaiting) this.#makeRoom();
  }

  /** Tries again to write what waits. @returns Whether nothing waits any more. */
  retry(): boolean {
    while (this.#waiting.length > 0) {
      const { bytes } = this.#waiting[0]!;
      if (!this.#write(bytes)) return false;
      this.#waiting.shift();
      this.#waitingBytes -= bytes.length;
    }
    this.#failure = "";
    return true;
  }

  /** From now on nothing is written until {@linkcode retry}: the journal needs the room. @param reason Why. */
  hold(reason: string): void {
    this.#failure ||= reason;
  }

  /** Hands over the file that was written to: from now on the other takes what comes. @returns Which. */
  handOver(): number {
    const full = this.#current;
    this.#current = 1 - full;
    this.#bytes = 0;
    return full;
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.#files) file.close();
  }

  #write(bytes: Uint8Array): boolean {
    const file = this.#files[this.#current]!;
    try {
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    } catch (error) {
      this.#failure = (error as Error).message;
      return false;
    }
    this.#bytes += bytes.length;
    return true;
  }

  /** Thins the oldest that was not thinned yet; where all was, the oldest is lost. */
  #makeRoom(): void {
    const from = this.#waiting.findIndex(({ samples, thin }) => samples && !thin);
    if (from < 0) return this.#loseOldest();
    let [to, bytes] = [from, 0];
    // Declarations that stand between say what comes after them.
    while (
      to < this.#waiting.length && bytes < thinnedAtOnce && this.#waiting[to]!.samples && !this.#waiting[to]!.thin
    ) {
      bytes += this.#waiting[to++]!.bytes.length;
    }
    const { frame, left } = thinned(this.#waiting.slice(from, to).map((each) => each.bytes));
    this.#waiting.splice(from, to - from, { bytes: frame, samples: true, thin: true });
    this.#waitingBytes += frame.length - bytes;
    this.#thinned += left;
  }

  #loseOldest(): void {
    const at = this.#waiting.findIndex(({ samples }) => samples);
    if (at < 0) return;
    const [lost] = this.#waiting.splice(at, 1);
    this.#waitingBytes -= lost!.bytes.length;
    this.#lost += lost!.bytes.length;
  }
}
