/**
 * Reads and replaces a small file that only its owner may read, and that several programs change: whole or not at all,
 * and no change of another program is lost.
 *
 * @module
 */

import { FileError, inWords } from "./part_file.ts";
import { patient } from "./patient.ts";

/** The longest file that is read, in bytes. */
const longest = 4_000_000;
/** For how long another program may be in the middle of its change, in milliseconds; then it was killed there. */
const patience = 5000;
/** The pause before the next look whether it has finished, in milliseconds. */
const pause = 20;

/** The name of the file while it is being written. Whoever has made it is the only one to change the file. */
export function partOf(file: string): string {
  return `${file}.part`;
}

/**
 * Reads the file.
 *
 * @returns What it holds; `undefined` where there is none.
 * @throws {FileError} In words for people.
 */
export function readSecretFile(file: string): string | undefined {
  return inWords(() => {
    try {
      const { isFile, size } = Deno.statSync(file);
      if (!isFile) throw new FileError("it is no file");
      if (size > longest) throw new FileError(`it is over ${longest} bytes`);
      return Deno.readTextFileSync(file);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  });
}

/** Makes the part, once no other program has one. */
function claim(part: string): Deno.FsFile {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return Deno.openSync(part, { write: true, createNew: true, mode: 0o600 });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    if (performance.now() > until) Deno.removeSync(part);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}

/**
 * Replaces the file, readable by its owner only.
 *
 * @param file Its path.
 * @param expected What it must hold until then; `undefined` where there must be none.
 * @param text What it is to hold.
 * @returns Whether it holds that now; `false` where another program has changed it.
 * @throws {FileError} In words for people.
 */
export function exchangeSecretFile(file: string, expected: string | undefined, text: string): boolean {
  return inWords(() => {
    const part = partOf(file);
    const handle = claim(part);
    let done = false;
    try {
      if (readSecretFile(file) !== expected) return false;
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) written += handle.writeSync(bytes.subarray(written));
      handle.syncSync();
      // Windows renames nothing that is open.
      handle.close();
      patient(() => Deno.renameSync(part, file));
      return done = true;
    } finally {
      if (!done) {
        try {
          handle.close();
        } catch {
          // It was closed.
        }
        patient(() => Deno.removeSync(part));
      }
    }
  });
}

/** Whether others than its owner may read a file, where the system tells that by numbers; `false` where none is there. */
export function isReadableByOthers(file: string): boolean {
  try {
    const { mode } = Deno.statSync(file);
    return Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0;
  } catch {
    return false;
  }
}
