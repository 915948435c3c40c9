/**
 * The spool of the readings: two files to which the server itself appends what was read, once a second. A Worker takes
 * one of them into the database while the other is written.
 *
 * Where the disk takes nothing, what was read waits in memory. What is too much for that is thinned step by step, and
 * lost only when little can be left out any more.
 *
 * @module
 */

import { join } from "node:path";
import type { FrameKind } from "./frames.ts";
import type { ThinnedFrames } from "./thinned_frames.ts";

/** The names of the two files. */
export const readingsSpoolNames = ["readings-a.spool", "readings-b.spool"] as const;

/** So many bytes may wait in memory before they are thinned, */
const mostWaiting = 8_000_000;
/** so many at a time. */
const thinnedAtOnce = 1_000_000;
/** Where thinning is not quick enough, so many may wait before the oldest are lost. */
const mostOfAll = 2 * mostWaiting;
/** Of so many milliseconds some readings of each field stay: the longer the disk is full, the longer. */
const spans = [10_000, 60_000, 600_000, 3_600_000] as const;

/** How the spool stands. */
export interface ReadingsSpoolState {
  /** Why the last write failed, or empty. */
  readonly failure: string;
  /** How many bytes wait in memory. */
  readonly waiting: number;
  /** How many readings were left out, since only the lowest, highest, first and last of some time could wait. */
  readonly thinned: number;
  /** How many bytes of what had been thinned were lost. */
  readonly lost: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly kind: FrameKind;
  /** How often it was thinned. */
  readonly times: number;
}

/** Thins frames, on another thread: that takes longer than a server may do nothing else. */
export type Thinning = (frames: readonly Uint8Array[], span: number) => Promise<ThinnedFrames>;

/** The two files, open for appending since before the server gave up its permissions. */
export class ReadingsSpool implements Disposable {
  readonly #files: readonly Deno.FsFile[];
  /** The same files, opened once more: what waits for the disk keeps nobody from writing. */
  readonly #synced: readonly Deno.FsFile[];
  #current = 0;
  /** How many bytes of the current file may not be on the disk yet. */
  #unsynced = 0;
  #syncing = false;
  /** How many bytes of the current segment were written. */
  #bytes = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #thinned = 0;
  #lost = 0;
  #failure = "";
  readonly #thin: Thinning;
  #thinning = false;

  /**
   * Opens the files, and makes them where they are not there; what they hold stays.
   *
   * @param folder The absolute path of their folder, which is there.
   * @param thin Thins what is too much.
   * @throws {Error} Deno's, where that cannot be.
   */
  constructor(folder: string, thin: Thinning) {
    this.#thin = thin;
    const open = () =>
      readingsSpoolNames.map((name) => Deno.openSync(join(folder, name), { append: true, create: true }));
    [this.#files, this.#synced] = [open(), open()];
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

  /** Appends a frame. What comes while the disk takes nothing waits. @param kind Only readings may be thinned. */
  append(bytes: Uint8Array, kind: FrameKind): void {
    if (this.#waiting.length === 0 && this.#failure === "" && this.#write(bytes)) return;
    this.#waiting.push({ bytes, kind, times: 0 });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostOfAll) this.#loseOldest();
    if (this.#waitingBytes > mostWaiting && !this.#thinning) void this.#makeRoom();
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
    this.#unsynced = 0;
    return full;
  }

  /**
   * Has the disk keep what was written, so that a power failure takes no more than what comes after. The server does not
   * wait for it. What the disk cannot keep is told by the next write.
   *
   * @returns How many bytes were not safe before.
   */
  async sync(): Promise<number> {
    const bytes = this.#unsynced;
    if (bytes === 0 || this.#syncing) return 0;
    this.#syncing = true;
    this.#unsynced = 0;
    try {
      await this.#synced[this.#current]!.syncData();
      return bytes;
    } catch {
      return 0;
    } finally {
      this.#syncing = false;
    }
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of [...this.#files, ...this.#synced]) file.close();
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
    this.#unsynced += bytes.length;
    return true;
  }

  /** Thins the oldest of what takes the most room; what was thinned as far as it can be is lost. */
  async #makeRoom(): Promise<void> {
    const bytesOf = Array.from({ length: spans.length + 1 }, () => 0);
    for (const { kind, bytes, times } of this.#waiting) if (kind === "samples") bytesOf[times]! += bytes.length;
    const times = bytesOf.indexOf(Math.max(...bytesOf));
    const span = spans[times];
    if (span === undefined) return this.#loseOldest();
    const chosen = this.#oldest(times);
    this.#thinning = true;
    try {
      const { frame, left } = await this.#thin(chosen.map(({ bytes }) => bytes), span);
      this.#replace(chosen, { bytes: frame, kind: "samples", times: times + 1 });
      this.#thinned += left;
    } catch {
      this.#loseOldest();
    } finally {
      this.#thinning = false;
    }
  }

  /** The oldest that were thinned so often, and follow each other in one segment. */
  #oldest(times: number): Waiting[] {
    const chosen: Waiting[] = [];
    let bytes = 0;
    for (const each of this.#waiting) {
      if (bytes >= thinnedAtOnce) break;
      if (each.kind === "samples" && each.times === times) {
        chosen.push(each);
        bytes += each.bytes.length;
        // Words that are declared between may as well be declared before.
      } else if (chosen.length > 0 && each.kind !== "words") break;
    }
    return chosen;
  }

  /** Puts one in the place of others, unless some of these were written meanwhile. */
  #replace(old: readonly Waiting[], by: Waiting): void {
    const olds = new Set(old);
    if (!this.#waiting.includes(old[0]!)) return;
    const last = old.at(-1)!;
    this.#waiting = this.#waiting.flatMap((each) => each === last ? [by] : olds.has(each) ? [] : [each]);
    this.#waitingBytes = this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  #loseOldest(): void {
    const at = this.#waiting.findIndex(({ kind }) => kind === "samples");
    if (at < 0) return;
    const [lost] = this.#waiting.splice(at, 1);
    this.#waitingBytes -= lost!.bytes.length;
    this.#lost += lost!.bytes.length;
  }
}
