/**
 * Keeps what a server must know after a restart: a file that is written again and again, each time whole, and whose
 * failures are told once.
 *
 * @module
 */

import type { FileKeeper } from "./file_keeper.ts";

/** For how long a server that stops waits for the disk, in milliseconds. */
const longestWait = 5000;

/** What is told of the file. */
export interface StateWords {
  /** What people are told where it cannot be written. */
  readonly failed: (reason: string) => string;
  /** Logs that, once for each reason. */
  readonly logFailed: (hint: string) => void;
  /** Logs that it is written again. @default nothing is */
  readonly logAgain?: (file: string) => void;
}

/** Writes a file, and others of its folder, for a server that runs. */
export class StateWriter {
  /** Why it is not written; empty where it is. */
  hint = "";
  readonly #keeper: FileKeeper;
  readonly #words: StateWords;
  /** The file's by the empty name, those of others of its folder by theirs. */
  readonly #writings = new Map<string, Writing>();

  /** Writes nothing yet. @param keeper Writes it; it is started elsewhere. */
  constructor(keeper: FileKeeper, words: StateWords) {
    this.#keeper = keeper;
    this.#words = words;
  }

  /**
   * Writes it; of what comes while it is being written, only the last is written after it.
   *
   * @param make Makes what it is to hold, when it is its turn.
   * @param beside The name of another file of its folder, that is written instead. @default the file is
   * @returns When it is on the disk. Not everybody need wait for it.
   * @throws {Error} With why it cannot be written, in words for people.
   */
  write(make: () => string, beside = ""): Promise<void> {
    let writing = this.#writings.get(beside);
    if (writing === undefined) {
      const put = (text: string) => beside === "" ? this.#keeper.write(text) : this.#keeper.writeBeside(beside, text);
      this.#writings.set(beside, writing = new Writing((text) => this.#told(() => put(text))));
    }
    return writing.write(make);
  }

  async #told(put: () => Promise<void>): Promise<void> {
    try {
      await put();
      if (this.hint !== "") this.#words.logAgain?.(this.#keeper.file);
      this.hint = "";
    } catch (error) {
      const hint = this.#words.failed((error as Error).message);
      if (hint !== this.hint) this.#words.logFailed(hint);
      this.hint = hint;
      throw new Error(hint);
    }
  }

  /** Waits until all is written, for a time, and ends the keeper. */
  async stop(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      Promise.all([...this.#writings.values()].map(({ done }) => done)),
      new Promise((resolve) => timer = setTimeout(resolve, longestWait)),
    ]);
    clearTimeout(timer);
    this.#keeper.stop();
  }
}

/** Writes what is to be written last; what comes while it writes is written after it. */
class Writing {
  readonly #put: (text: string) => Promise<void>;
  #make: () => string = () => "";
  #next: PromiseWithResolvers<void> | undefined;
  #busy = false;
  /** Resolves when nothing is left. */
  done = Promise.resolve();

  constructor(put: (text: string) => Promise<void>) {
    this.#put = put;
  }

  write(make: () => string): Promise<void> {
    this.#make = make;
    const { promise } = this.#next ??= Promise.withResolvers();
    // Not everybody waits for it; whoever does is told.
    promise.catch(() => {});
    if (!this.#busy) this.done = this.#go();
    return promise;
  }

  async #go(): Promise<void> {
    this.#busy = true;
    // Of a flood, what it comes to is written.
    await Promise.resolve();
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      await this.#put(this.#make()).then(next.resolve, next.reject);
    }
    this.#busy = false;
  }
}
