/**
 * A file that is there whole or not at all: written under another name beside it, and renamed when it is complete.
 *
 * @module
 */

import { dirname } from "node:path";
import { claimPart, partName } from "./orphaned_parts.ts";
import { InUse, patient } from "./patient.ts";
import type { WantedFile } from "./pixel_messages.ts";

/** What is said where a file must not be overwritten. */
const taken = "a file of that name is there already";

/** An image's number as file names have it. @param number At least 0. */
export function imageNumber(number: number): string {
  return String(number).padStart(4, "0");
}

/** Why a file cannot be written, in words for people. */
export class FileError extends Error {}

/** What the system's error means to somebody who wants an image written. */
function reason(error: unknown): string {
  if (error instanceof FileError) return error.message;
  if (error instanceof InUse) return "another program has the file open that it is to replace, or it is read-only";
  if (error instanceof Deno.errors.NotFound) return "its folder does not exist";
  if (error instanceof Deno.errors.NotADirectory) return "its folder is a file";
  if (error instanceof Deno.errors.PermissionDenied) return "the server's user may not write there";
  if (error instanceof Deno.errors.NotCapable) return "the server was not started with permission to write there";
  const { code, message } = error as Error & { code?: string };
  if (code === "ENOSPC" || message.includes("os error 112")) return "the disk is full";
  if (code === "EDQUOT") return "the disk quota is used up";
  if (code === "ENAMETOOLONG") return "its name is too long";
  if (code === "EROFS") return "the disk is read-only";
  return message;
}

/** Turns a failure into one whose message says why in words for people. */
export function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FileError(reason(error), { cause: error });
  }
}

function exists(file: string): boolean {
  try {
    Deno.lstatSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isFolder(file: string): boolean {
  try {
    return Deno.statSync(file).isDirectory;
  } catch {
    return false;
  }
}

/** How far is looked for a number that is free. */
const furthest = 100_000;

/** What to do about a file that is there already: where it has a number, which one is free. */
function freeNumber({ numbered }: WantedFile): string {
  if (numbered === undefined) return "";
  const { before, number, after } = numbered;
  for (let next = number + 1; next < number + furthest; next++) {
    if (!exists(`${before}${imageNumber(next)}${after}`)) {
      return `; the next number that is free is ${next} (set_par imagesequencenumber ${next})`;
    }
  }
  return "";
}

/**
 * Makes sure that a file can be written, as far as that is known without writing it.
 *
 * @param wanted The file.
 * @param locate Tells where a file of that path is to be written; its folder exists.
 * @throws {FileError} With the reason, and what would be right.
 */
export function checkWritable(wanted: WantedFile, locate: (file: string) => string): void {
  const { overwrite, createFolder } = wanted;
  inWords(() => {
    if (createFolder) Deno.mkdirSync(dirname(wanted.file), { recursive: true });
    const file = locate(wanted.file);
    if (exists(file) && !overwrite) throw new FileError(`${taken}${freeNumber(wanted)}`);
    if (isFolder(file)) throw new FileError("a folder of that name is there");
    // Also in a folder that may be read but not written, or on a disk without a free inode.
    const part = partName(file);
    Deno.openSync(part, { write: true, createNew: true }).close();
    Deno.removeSync(part);
  });
}

/**
 * Gives a file a name that no other file has, which renaming would take from it.
 *
 * @returns Whether it has the name now; false where the disk knows no second name for a file, and nobody else has it.
 * @throws {FileError} When another file has the name.
 */
function linked(part: string, file: string): boolean {
  try {
    Deno.linkSync(part, file);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || exists(file)) {
      throw new FileError("a file of that name has come meanwhile");
    }
    return false;
  }
  patient(() => Deno.removeSync(part));
  return true;
}

/** A file that is being written. */
export class PartFile {
  readonly #file: string;
  readonly #part: string;
  readonly #overwrite: boolean;
  readonly #handle: Deno.FsFile;

  /**
   * Begins it.
   *
   * @param file Its path.
   * @param overwrite Whether it may take the place of another.
   * @param part What it is called until then. @default a name that nobody else has
   * @throws {FileError} When it cannot be written.
   */
  constructor(file: string, overwrite: boolean, part: string = partName(file)) {
    this.#file = file;
    this.#part = part;
    this.#overwrite = overwrite;
    this.#handle = inWords(() => {
      if (!overwrite && exists(file)) throw new FileError(taken);
      const handle = Deno.openSync(this.#part, { write: true, createNew: true });
      claimPart(handle);
      return handle;
    });
  }

  /** Writes all of the bytes where the file is now. @throws {FileError} When they cannot be written. */
  write(bytes: Uint8Array): void {
    inWords(() => {
      for (let written = 0; written < bytes.length;) written += this.#handle.writeSync(bytes.subarray(written));
    });
  }

  /** Goes to a place in the file. @param offset In bytes from its beginning. */
  seek(offset: number): void {
    inWords(() => this.#handle.seekSync(offset, Deno.SeekMode.Start));
  }

  /** Makes sure that it is on the disk, and not only on its way there. */
  sync(): void {
    inWords(() => this.#handle.syncSync());
  }

  /** Gives it its name. @throws {FileError} When it cannot have it; then nothing is left of it. */
  commit(): void {
    try {
      inWords(() => {
        if (!this.#overwrite && linked(this.#part, this.#file)) return;
        patient(() => Deno.renameSync(this.#part, this.#file));
      });
    } catch (error) {
      this.drop();
      throw error;
    }
    // Not before: another server would take it for one that nobody writes any more.
    this.#handle.close();
  }

  /** Gives it up: nothing is left of it. */
  drop(): void {
    this.#handle.close();
    try {
      patient(() => Deno.removeSync(this.#part));
    } catch {
      // The folder may have gone with it.
    }
  }
}
