/**
 * Keeps one small file that the server still writes after it has given up the permission to write.
 *
 * A Worker that may touch this file only is started before.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { FromFileKeeper, KeeperTask, KeptFile, ToFileKeeper } from "./file_keeper_messages.ts";
import { startFileWorker } from "./file_worker.ts";

/** What a {@linkcode FileKeeper} may touch besides its file. */
export interface FileKeeperOptions {
  /** Whether the file's folder is its own, and is made when it is first written. @default false */
  readonly ownFolder?: boolean;
  /** Absolute paths of folders whose files it may read. @default none */
  readonly reads?: readonly string[];
  /** Whether it only reads the file. @default false */
  readonly readOnly?: boolean;
  /** The absolute path of the file that keeps what the file was before its last change. @default that is not kept */
  readonly previous?: string;
}

/** One small file, read and replaced by a Worker of its own that may touch nothing else. */
export class FileKeeper {
  readonly #kept: KeptFile;
  readonly #reads: readonly string[];
  readonly #readOnly: boolean;
  #worker: Worker | undefined;
  #stopped = false;
  /** Those who wait for an answer, in the order in which they asked. */
  #waiting: PromiseWithResolvers<string | undefined>[] = [];

  /** Starts nothing yet. @param file Its absolute path. @param options What else it may touch. */
  constructor(file: string, { ownFolder = false, reads = [], readOnly = false, previous }: FileKeeperOptions = {}) {
    this.#readOnly = readOnly;
    this.#kept = { file, part: `${file}.part`, aside: `${file}.damaged`, createFolder: ownFolder, previous };
    this.#reads = reads;
  }

  /** The file's path. */
  get file(): string {
    return this.#kept.file;
  }

  /** The name that a file which cannot be used is renamed to. */
  get aside(): string {
    return this.#kept.aside;
  }

  /**
   * Starts the Worker, unless it runs: before the server gives up its own permissions. It has its own once it has
   * answered something.
   *
   * @throws {Error} With the reason in words for people, as every method does.
   */
  start(): void {
    this.#started();
  }

  /** Reads the file. @returns What it holds; `undefined` where there is none. */
  read(): Promise<string | undefined> {
    return this.#ask({ kind: "read" });
  }

  /** Reads another file, which is in a folder that it may read. @returns What it holds; `undefined` where there is none. */
  readOther(file: string): Promise<string | undefined> {
    return this.#ask({ kind: "read other", file, folders: this.#reads });
  }

  /** Reads another file of its own folder. @param name Its name. @returns What it holds; `undefined` where there is none. */
  readBeside(name: string): Promise<string | undefined> {
    return this.#ask({ kind: "read" }, this.#beside(name));
  }

  /** Replaces another file of its own folder, whole or not at all. @param name Its name. */
  async writeBeside(name: string, text: string): Promise<void> {
    await this.#ask({ kind: "write", text }, this.#beside(name));
  }

  #beside(name: string): KeptFile {
    const file = join(dirname(this.#kept.file), name);
    return { ...this.#kept, file, part: `${file}.part`, aside: `${file}.damaged`, previous: undefined };
  }

  /** Makes sure that the file can be written. */
  async check(): Promise<void> {
    await this.#ask({ kind: "check" });
  }

  /** Replaces the file, whole or not at all. @param text What it is to hold. */
  async write(text: string): Promise<void> {
    await this.#ask({ kind: "write", text });
  }

  /**
   * Reads the file, or the one before its last change, as people wrote it: with its byte-order mark.
   *
   * @returns What it holds; `undefined` where there is none.
   */
  readExactly(which: "file" | "previous" = "file"): Promise<string | undefined> {
    return this.#ask({ kind: "read exactly", which });
  }

  /**
   * Replaces the file, whole or not at all; what it was is kept as the previous one.
   *
   * @param text What it is to hold.
   * @param expected What it must hold until then.
   */
  async replace(text: string, expected: string): Promise<void> {
    await this.#ask({ kind: "replace", text, expected });
  }

  /** Renames the file, so that another can take its place. */
  async setAside(): Promise<void> {
    await this.#ask({ kind: "set aside" });
  }

  /** Ends the Worker for good; what it was doing fails. */
  stop(): void {
    this.#stopped = true;
    this.#worker?.terminate();
    this.#fail("the server is stopping");
  }

  #fail(reason: string): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }

  async #ask(task: KeeperTask, kept = this.#kept): Promise<string | undefined> {
    const worker = this.#started();
    const answer = Promise.withResolvers<string | undefined>();
    this.#waiting.push(answer);
    worker.postMessage({ kept, task } satisfies ToFileKeeper);
    return await answer.promise;
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    if (this.#stopped) throw new Error("the server is stopping");
    const { file, part, aside, createFolder, previous } = this.#kept;
    const before = previous === undefined ? [] : [previous, `${previous}.part`];
    let worker: Worker;
    try {
      worker = startFileWorker(
        new URL("./file_keeper_worker.ts", import.meta.url),
        "file keeper",
        this.#readOnly ? [] : createFolder ? [dirname(file)] : [file, part, aside, ...before],
        (reason) => this.#fail(`what keeps it failed: ${reason}`),
        this.#readOnly ? [file, ...this.#reads] : this.#reads,
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new Error("the server was not started with permission to read and write it", { cause: error });
    }
    worker.onmessage = ({ data }) => {
      const answer = data as FromFileKeeper;
      const asked = this.#waiting.shift();
      if (answer.done) asked?.resolve(answer.text);
      else asked?.reject(new Error(answer.reason));
    };
    return this.#worker = worker;
  }
}
