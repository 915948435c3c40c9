/**
 * Waits until descriptors are ready.
 *
 * One call of `poll` in one background thread watches all of them: Deno has 32 such threads for everything, and one for
 * every port would use them up. A pipe wakes the call when what it watches changes.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { lastError, unixLibrary } from "./unix_library.ts";

/** There is something to read. */
export const readable = 0x1;
/** There is room to write. */
export const writable = 0x4;
/** The other end is gone, or the device is. */
export const hungUp = 0x8 | 0x10;

interface Wait {
  readonly descriptor: number;
  readonly events: number;
  readonly resolve: (ready: number) => void;
}

const closeOnStart = Deno.build.os === "darwin" ? 0x2000_6601 : 0x5451;
// So that the thread of a worker that is stopped does not stay for ever.
const longestPoll = 1000;
const recordSize = 8;

class Poller {
  readonly #waits = new Set<Wait>();
  #pipe: { readonly reading: number; readonly writing: number } | undefined;
  #polling: Promise<number> | undefined;
  #running = false;
  #woken = false;

  /**
   * Waits until a descriptor is ready, or broken.
   *
   * @param descriptor An open descriptor.
   * @param events {@linkcode readable} or {@linkcode writable}.
   * @returns What it is ready for, never 0; 0 after {@linkcode forget}.
   */
  wait(descriptor: number, events: number): Promise<number> {
    this.#pipe ??= openPipe();
    return new Promise((resolve) => {
      this.#waits.add({ descriptor, events, resolve });
      if (this.#running) this.#wake();
      else void this.#run();
    });
  }

  /**
   * Ends all waiting for a descriptor.
   *
   * @returns When no call uses it any more, so that it may be closed.
   */
  async forget(descriptor: number): Promise<void> {
    const forgotten = [...this.#waits].filter((wait) => wait.descriptor === descriptor);
    for (const wait of forgotten) this.#waits.delete(wait);
    if (this.#polling !== undefined) {
      this.#wake();
      await this.#polling;
    }
    for (const { resolve } of forgotten) resolve(0);
  }

  /** Resolves when nothing is waited for, and nothing runs in the background: for tests, which must leave nothing. */
  async idle(): Promise<void> {
    while (this.#running) await (this.#polling ?? pause());
  }

  #wake(): void {
    // One byte is enough, so the pipe is never full.
    if (this.#woken || this.#polling === undefined) return;
    this.#woken = true;
    unixLibrary().write(this.#pipe!.writing, new Uint8Array(1), 1n);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // What is asked for in the same turn is watched by the same call.
    await Promise.resolve();
    while (this.#waits.size > 0) await this.#round();
    this.#running = false;
  }

  async #round(): Promise<void> {
    const waits = [...this.#waits];
    const records = new DataView(new ArrayBuffer(recordSize * (waits.length + 1)));
    [{ descriptor: this.#pipe!.reading, events: readable }, ...waits].forEach(({ descriptor, events }, index) => {
      records.setInt32(recordSize * index, descriptor, true);
      records.setInt16(recordSize * index + 4, events, true);
    });
    this.#polling = unixLibrary().poll(records, BigInt(waits.length + 1), longestPoll);
    const count = await this.#polling;
    this.#polling = undefined;
    if (this.#woken) {
      // The byte is there, or will be at once: it was written before.
      unixLibrary().read(this.#pipe!.reading, new Uint8Array(1), 1n);
      this.#woken = false;
    }
    // Interrupted, or out of memory: not again at once.
    if (count < 0) return await pause();
    waits.forEach((wait, index) => {
      const ready = records.getInt16(recordSize * (index + 1) + 6, true);
      if (ready !== 0 && this.#waits.delete(wait)) wait.resolve(ready);
    });
  }
}

function openPipe(): { reading: number; writing: number } {
  const ends = new Int32Array(2);
  const library = unixLibrary();
  if (library.pipe(ends) !== 0) {
    const error = lastError();
    throw new HeliographError("not_connected", `No pipe to wait for serial ports with (system error ${error})`);
  }
  const [reading, writing] = [ends[0]!, ends[1]!];
  for (const end of [reading, writing]) library.control(end, BigInt(closeOnStart));
  return { reading, writing };
}

/** Waits for a few milliseconds: after a descriptor was called ready but was not. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** The one poller of this program. */
export const poller: Poller = new Poller();
