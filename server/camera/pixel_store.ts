/**
 * The server's side of its Worker for pixels: sends it tasks, and settles their results.
 *
 * @module
 */

import type { FileFault, WantedFile } from "../files/part_file.ts";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { startFileWorker } from "../files/file_worker.ts";
import type { Tile, TileRequest } from "../bench/images.ts";
import type { ChipProperties, Scene } from "./simulated/chip_properties.ts";
import type { AmplifierPixels } from "./detector.ts";
import type { AmplifierReadout } from "./geometry.ts";
import {
  cancelled,
  committed,
  type FromPixelWorker,
  type ImageFile,
  type PixelTask,
  running,
  type SeenImage,
  type ToPixelWorker,
} from "./pixel_messages.ts";

const log = getLogger(["heliograph", "camera"]);

interface Pending {
  readonly resolve: (answer: FromPixelWorker) => void;
  readonly reject: (reason: Error) => void;
}

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

/** Makes, writes and reads pixels in a Worker of its own, which may touch the image folders and nothing else. */
export class PixelStore {
  readonly #folders: readonly string[];
  #worker: Worker | undefined;
  #lastId = 0;
  #stopped = false;
  readonly #pending = new Map<number, Pending>();

  /** Starts nothing yet. @param folders What the Worker may read and write: absolute paths. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /**
   * Starts the Worker, unless it runs: before the server gives up its own permission to write.
   *
   * @returns When it runs, and has the permission.
   * @throws {HeliographError} When the server may not write in the folders itself.
   */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#ask({ kind: "nothing" });
  }

  /**
   * Makes the pixels of a simulated exposure.
   *
   * @param scenes What the chip has seen since it was read out last.
   * @param signal Calls it off.
   * @returns Each amplifier's pixels.
   */
  async simulate(
    chip: ChipProperties,
    scenes: readonly Scene[],
    readouts: readonly AmplifierReadout[],
    signal: AbortSignal,
  ): Promise<AmplifierPixels[]> {
    const { value, failure } = await this.#ask({ kind: "simulate", chip, scenes, readouts }, signal);
    if (failure !== undefined) throw new HeliographError("command_failed", `Cannot make the image: ${failure}`);
    return value as AmplifierPixels[];
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

  /** Ends the Worker for good, unless `start` is called again; what it was doing fails. */
  stop(): void {
    this.#stopped = true;
    this.#worker?.terminate();
    this.#fail(new HeliographError("command_failed", "The server is stopping"));
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    if (this.#stopped) throw new HeliographError("command_failed", "The server is stopping");
    const folders = this.#folders;
    let worker: Worker;
    try {
      worker = startFileWorker(
        new URL("./pixel_worker.ts", import.meta.url),
        "pixels",
        folders,
        (reason) => this.#fail(new HeliographError("command_failed", `The Worker for pixels failed: ${reason}`)),
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new HeliographError(
        "command_failed",
        `This server was not started with permission to write in ${folders.join(" and ")}`,
        { cause: error },
      );
    }
    worker.onmessage = ({ data }) => {
      const answer = data as FromPixelWorker;
      for (const orphan of answer.orphans ?? []) {
        log.info("Removed {orphan}: the server that wrote it was ended before it was complete", { orphan });
      }
      this.#pending.get(answer.id)?.resolve(answer);
      this.#pending.delete(answer.id);
    };
    return this.#worker = worker;
  }

  #fail(reason: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  /** Asks the Worker; a signal that comes in time calls the task off, and ends the wait at once. */
  async #ask(task: PixelTask, signal?: AbortSignal, transfer: Transferable[] = []): Promise<FromPixelWorker> {
    signal?.throwIfAborted();
    const worker = this.#started();
    const id = ++this.#lastId;
    const standing = new SharedArrayBuffer(4);
    const { promise, resolve, reject } = Promise.withResolvers<FromPixelWorker>();
    this.#pending.set(id, { resolve, reject });
    const callOff = () => {
      if (Atomics.compareExchange(new Int32Array(standing), 0, running, cancelled) !== committed) {
        reject(signal!.reason);
      }
    };
    signal?.addEventListener("abort", callOff, { once: true });
    try {
      worker.postMessage({ id, task, folders: this.#folders, standing } satisfies ToPixelWorker, transfer);
      return await promise;
    } finally {
      signal?.removeEventListener("abort", callOff);
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
