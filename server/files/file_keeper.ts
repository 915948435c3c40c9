/**
 * Keeps one small file that the server still writes after it has given up the permission to write.
 *
 * A Worker that may touch this file only is started before.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { FromFileKeeper, KeeperTask, KeptFile, ToFileKeeper } from "./file_keeper_messages.ts";
import { AnsweringWorker } from "./answering_worker.ts";

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
  readonly #worker: AnsweringWorker<ToFileKeeper, FromFileKeeper>;

  /** Starts nothing yet. @param file Its absolute path. @param options What else it may touch. */
  constructor(file: string, { ownFolder = false, reads = [], readOnly = false, previous }: FileKeeperOptions = {}) {
    const [part, aside] = [`${file}.part`, `${file}.damaged`];
    this.#kept = { file, part, aside, createFolder: ownFolder, previous };
    this.#reads = reads;
    const before = previous === undefined ? [] : [previous, `${previous}.part`];
    this.#worker = new AnsweringWorker({
      program: new URL("./file_keeper_worker.ts", import.meta.url),
      name: "file keeper",
      paths: readOnly ? [] : ownFolder ? [dirname(file)] : [file, part, aside, ...before],
      onlyRead: readOnly ? [file, ...reads] : reads,
    });
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
    this.#worker.start();
  }

  /** Reads the file. @returns What it holds; `undefined` where there is none. */
  read(): Promise<string | undefined> {
    return this.#ask({ kind: "read" });
  }

  /** Reads another file, which is in a folder that it may read. @returns What it holds; `undefined` where there is none. */
  readOther(file: string): Promise<string | undefined> {
    return this.#ask({ kind: "read other", file, folders: this.#reads });
  }

  /** The names of the files in a folder that it may read, sorted. */
  async list(folder: string): Promise<string[]> {
    return JSON.parse(await this.#ask({ kind: "list", folder }) ?? "[]");
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
    this.#worker.stop();
  }

  async #ask(task: KeeperTask, kept = this.#kept): Promise<string | undefined> {
    const answer = await this.#worker.ask({ kept, task });
    if (answer.done) return answer.text;
    throw new Error(answer.reason);
  }
}
