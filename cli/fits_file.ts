/**
 * Opens FITS files on this PC's disk.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import { type FitsHdu, type FitsSource, readFits } from "../server/camera/fits/read.ts";

/** An open FITS file. */
export interface FitsFile extends Disposable {
  /** What its bytes are read from. */
  readonly source: FitsSource;
  /** Its HDUs, at least one. */
  readonly hdus: readonly FitsHdu[];
}

/**
 * Opens a FITS file and reads its headers.
 *
 * @param path Where it is.
 * @throws {HeliographError} `command_failed`, with the reason, for what cannot be read or is no FITS file.
 */
export async function openFits(path: string): Promise<FitsFile> {
  let file: Deno.FsFile | undefined;
  try {
    // A folder can be opened on some systems, and then not be read.
    const { isDirectory, size } = await Deno.stat(path);
    if (isDirectory) throw new HeliographError("command_failed", "it is a folder; name a file in it");
    file = await Deno.open(path);
    const source = sourceOf(file, size);
    return { source, hdus: await readFits(source), [Symbol.dispose]: () => file!.close() };
  } catch (error) {
    file?.close();
    throw readError(path, error);
  }
}

/** The error for a file that cannot be read. @param path The file. @param error Why. */
export function readError(path: string, error: unknown): HeliographError {
  const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
  return new HeliographError("command_failed", `Cannot read ${path}: ${why}`, { cause: error });
}

function sourceOf(file: Deno.FsFile, size: number): FitsSource {
  return {
    size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length);
      await file.seek(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    },
  };
}
