/**
 * Writes a file whole or not at all: under another name beside it, and renamed when it is complete.
 *
 * @module
 */

import { dirname } from "node:path";
import { claimPart, partName } from "./orphaned_parts.ts";
import { InUse, patient } from "./patient.ts";

/** A file that is to be written. */
export interface WantedFile {
  /** The absolute path, with forward slashes. */
  readonly file: string;
  /** Whether it may take the place of another file. */
  readonly overwrite: boolean;
  /** Whether its folder is made where it does not exist. */
  readonly createFolder: boolean;
  /** Where a number is part of the path: what is before and after it, and the number. */
  readonly numbered?: { readonly before: string; readonly number: number; readonly after: string } | undefined;
}

/** The reason why a file cannot be written, for programs; the words for people may change. */
export type FileFault = "exists" | "no_folder" | "not_allowed" | "no_room" | "in_use" | "other";

/** The message where a file must not be overwritten. */
const taken = "a file of that name is there already";

/** An image's number as file names have it. @param number At least 0. */
export function imageNumber(number: number): string {
  return String(number).padStart(4, "0");
}

/** The error of a file that cannot be written, in words for people. */
export class FileError extends Error {
  /** The kind of reason. */
  readonly fault: FileFault;

  /** Says why. @param message In words for people. @param fault The kind of reason. */
  constructor(message: string, fault: FileFault = "other", options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Translates the system's error for somebody who wants a file written. */
export function inPeoplesWords(error: unknown): FileError {
  const meaning = (message: string, fault: FileFault) => new FileError(message, fault, { cause: error });
  if (error instanceof FileError) return error;
  if (error instanceof InUse) {
    return meaning("another program has the file open that it is to replace, or it is read-only", "in_use");
  }
  if (error instanceof Deno.errors.NotFound) return meaning("its folder does not exist", "no_folder");
  if (error instanceof Deno.errors.NotADirectory) return meaning("its folder is a file", "no_folder");
  if (error instanceof Deno.errors.PermissionDenied) {
    return meaning("the server's user may not write there", "not_allowed");
  }
  if (error instanceof Deno.errors.NotCapable) {
    return meaning("the server was not started with permission to write there", "not_allowed");
  }
  const { code, message } = error as Error & { code?: string };
  if (code === "ENOSPC" || message.includes("os error 112")) return meaning("the disk is full", "no_room");
  if (code === "EDQUOT") return meaning("the disk quota is used up", "no_room");
  if (code === "ENAMETOOLONG") return meaning("its name is too long", "other");
  if (code === "EROFS") return meaning("the disk is read-only", "not_allowed");
  return meaning(message, "other");
}

/** Turns a failure into one whose message says why in words for people. @throws {FileError} It. */
export function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inPeoplesWords(error);
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

/** The most numbers that are tried to find a free one. */
const furthest = 100_000;

/** The advice about a file that is there already: where it has a number, which one is free. */
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
    if (exists(file) && !overwrite) throw new FileError(`${taken}${freeNumber(wanted)}`, "exists");
    if (isFolder(file)) throw new FileError("a folder of that name is there", "exists");
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
      throw new FileError("a file of that name has come meanwhile", "exists");
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
      if (!overwrite && exists(file)) throw new FileError(taken, "exists");
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
