/**
 * The server's side of its Worker for pixels: sends it tasks, and settles their results.
 *
 * @module
 */

import type { FileFault, WantedFile } from "../files/part_file.ts";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { startFileWorker } from "../files/file_worker.ts";
import type { ImageAnswers, ImageQuestion, Tile, TileRequest } from "../bench/images.ts";
import { TaskWorker } from "../files/task_worker.ts";
import type { ConfinedTask, FoundImage, ImageFile, PixelAnswer, PixelTask, SeenImage } from "./pixel_messages.ts";

const log = getLogger(["heliograph", "camera"]);

/** An image that could not be written; its pixels are not lost. */
export class ImageNotWritten extends HeliographError {
  /** The image, to be written again. */
  readonly image: ImageFile;

  /** Says why. @param image The image, with its pixels. @param reason Why it was not written. */
  constructor(image: ImageFile, reason: string) {
    super("command_failed", `Cannot write ${image.file}: ${reason}`);
    this.image = image;
  }
}

/** A file that cannot be written. */
export class FileNotWritten extends HeliographError {
  /** Why, for programs. */
  readonly fault: FileFault;

  /** Says why. @param file Its path. @param reason Why, in words. @param fault Why, for programs. */
  constructor(file: string, reason: string, fault: FileFault) {
    super("command_failed", `Cannot write ${file}: ${reason}`);
    this.fault = fault;
  }
}

/** Writes and reads pixels in a Worker of its own, which may touch the image folders and nothing else. */
export class PixelStore {
  readonly #folders: readonly string[];
  readonly #worker: TaskWorker<ConfinedTask, PixelAnswer>;

  /** Starts nothing yet. @param folders What the Worker may read and write: absolute paths. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
    this.#worker = new TaskWorker({
      start: (failed) =>
        startFileWorker(new URL("./pixel_worker.ts", import.meta.url), "pixels", this.#folders, failed),
      stopping: () => new HeliographError("command_failed", "The server is stopping"),
      failed: (reason) => new HeliographError("command_failed", `The Worker for pixels failed: ${reason}`),
    });
  }

  /**
   * Starts the Worker, unless it runs: before the server gives up its own permission to write.
   *
   * @returns When it runs, and has the permission.
   * @throws {HeliographError} When the server may not write in the folders itself.
   */
  async start(): Promise<void> {
    await this.#permitted(() => this.#worker.start());
    await this.#ask({ kind: "nothing" });
  }

  /**
   * Makes sure that a file can be written, before anything is done for it.
   *
   * @param wanted The file.
   * @throws {FileNotWritten} With the reason.
   */
  async check(wanted: WantedFile): Promise<void> {
    const { failure, fault = "other" } = await this.#ask({ kind: "check", ...wanted });
    if (failure !== undefined) throw new FileNotWritten(wanted.file, failure, fault);
  }

  /**
   * Writes an image, whole or not at all. Its pixels are handed over: they are gone when this returns.
   *
   * @param signal Calls it off, unless it is done: then it is written all the same.
   * @throws {ImageNotWritten} When it cannot be written; or the signal's reason.
   */
  async write(image: ImageFile, signal: AbortSignal): Promise<void> {
    const transfer = image.parts.flatMap(({ pixels }) => pixels === undefined ? [] : [pixels.buffer]);
    const { failure, pixels = [] } = await this.#ask({ kind: "write", image }, signal, transfer);
    if (failure === undefined) return;
    const returned = [...pixels];
    const parts = image.parts.map((part) => part.pixels === undefined ? part : { ...part, pixels: returned.shift()! });
    throw new ImageNotWritten({ ...image, parts }, failure);
  }

  /**
   * Begins a file whose bytes come from elsewhere; it is there when it has been kept.
   *
   * @throws {FileNotWritten} With the reason.
   */
  async receive(file: string, overwrite: boolean): Promise<ReceivedFile> {
    const done = async (task: PixelTask) => {
      const { failure, fault = "other" } = await this.#ask(task);
      if (failure !== undefined) throw new FileNotWritten(file, failure, fault);
    };
    const key = crypto.randomUUID();
    await done({ kind: "open", key, file, overwrite });
    return {
      append: (bytes) => done({ kind: "append", key, bytes }),
      keep: () => done({ kind: "close", key, keep: true }),
      drop: () => done({ kind: "close", key, keep: false }),
    };
  }

  /** Reads a part of a file. @returns Fewer bytes than asked for where the file ends. */
  async read(file: string, offset: number, length: number): Promise<Uint8Array> {
    const { value, failure } = await this.#ask({ kind: "read", file, offset, length });
    if (failure !== undefined) throw new HeliographError("command_failed", `Cannot read ${file}: ${failure}`);
    return value as Uint8Array;
  }

  /**
   * Looks at an image file.
   *
   * @param known The stamp of what is known already.
   * @param signal Calls it off.
   * @returns What it is like; `same` where it is what is known, `gone` where there is no such file.
   * @throws {HeliographError} Where it cannot be read.
   */
  async look(file: string, known: string | undefined, signal: AbortSignal): Promise<SeenImage | "same" | "gone"> {
    const { value, failure } = await this.#ask({ kind: "look", file, known }, signal);
    if (failure !== undefined) throw new HeliographError("command_failed", `Cannot read ${file}: ${failure}`);
    return value as SeenImage | "same" | "gone";
  }

  /**
   * Reads a rectangle of an image.
   *
   * @param stamp Of the image that it is to be.
   * @param tile Which rectangle; it has been checked.
   * @param signal Calls it off.
   * @returns The rectangle; `replaced` where it is another file, `gone` where there is none.
   * @throws {HeliographError} Where it cannot be read.
   */
  async tile(
    file: string,
    stamp: string,
    tile: TileRequest,
    signal: AbortSignal,
  ): Promise<Tile | "replaced" | "gone"> {
    const { value, failure } = await this.#ask({ kind: "tile", file, stamp, tile }, signal);
    if (failure !== undefined) throw new HeliographError("command_failed", `Cannot read ${file}: ${failure}`);
    return value as Tile | "replaced" | "gone";
  }

  /**
   * Answers a question about an image.
   *
   * @param stamp Of the image that it is to be.
   * @param signal Calls it off.
   * @returns The answer; `replaced` where it is another file, `gone` where there is none.
   * @throws {HeliographError} Where it cannot be read, or that cannot be asked.
   */
  async ask<Q extends ImageQuestion>(
    file: string,
    stamp: string,
    question: Q,
    signal: AbortSignal,
  ): Promise<ImageAnswers[Q["about"]] | "replaced" | "gone"> {
    const { value, failure } = await this.#ask({ kind: "ask", file, stamp, question }, signal);
    if (failure !== undefined) throw new HeliographError("command_failed", `Cannot read ${file}: ${failure}`);
    return value as ImageAnswers[Q["about"]] | "replaced" | "gone";
  }

  /** Finds out which of some files are there. */
  async there(files: readonly string[], signal: AbortSignal): Promise<readonly FoundImage[]> {
    const { value } = await this.#ask({ kind: "there", files }, signal);
    return value as readonly FoundImage[] | undefined ?? [];
  }

  /** Finds the newest image files of a folder, the newest first. @param most How many. */
  async newest(folder: string, most: number): Promise<readonly FoundImage[]> {
    const { value } = await this.#ask({ kind: "newest", folder, most });
    return value as readonly FoundImage[] | undefined ?? [];
  }

  /** Ends the Worker for good, unless `start` is called again; what it was doing fails. */
  stop(): void {
    this.#worker.stop();
  }

  /** Has a task performed; a signal that comes in time calls it off, and ends the wait at once. */
  async #ask(task: PixelTask, signal?: AbortSignal, transfer: Transferable[] = []): Promise<PixelAnswer> {
    const answer = await this.#permitted(() => this.#worker.ask({ task, folders: this.#folders }, signal, transfer));
    for (const orphan of answer.orphans) {
      log.info("Removed {orphan}: the server that wrote it was ended before it was complete", { orphan });
    }
    return answer;
  }

  /** Says in words what this program may not do itself. */
  async #permitted<T>(act: () => T): Promise<Awaited<T>> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new HeliographError(
        "command_failed",
        `This server was not started with permission to write in ${this.#folders.join(" and ")}`,
        { cause: error },
      );
    }
  }
}

/** A file that is being received. */
export interface ReceivedFile {
  /** Adds bytes. */
  append(bytes: Uint8Array): Promise<void>;
  /** Gives it its name. */
  keep(): Promise<void>;
  /** Gives it up: nothing is left of it. */
  drop(): Promise<void>;
}
