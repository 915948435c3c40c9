/**
 * FITS files on this PC's disk, and the sections that their headers name.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import { InstrumentError } from "../server/instruments/errors.ts";
import type { CardValue } from "../server/instruments/fits/card.ts";
import { type FitsHdu, type FitsSource, readFits } from "../server/instruments/fits/read.ts";

/** An open FITS file. */
export interface FitsFile extends Disposable {
  /** What its bytes are read from. */
  readonly source: FitsSource;
  /** Its HDUs, at least one. */
  readonly hdus: readonly FitsHdu[];
}

/** A rectangle of pixels as headers name it, from 1; the last may come before the first, where it runs backwards. */
export interface Section {
  /** The column at which it begins. */
  readonly firstColumn: number;
  /** The column at which it ends. */
  readonly lastColumn: number;
  /** The row at which it begins. */
  readonly firstRow: number;
  /** The row at which it ends. */
  readonly lastRow: number;
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
    if (isDirectory) throw new InstrumentError("it is a folder; name a file in it");
    file = await Deno.open(path);
    const source = sourceOf(file, size);
    return { source, hdus: await readFits(source), [Symbol.dispose]: () => file!.close() };
  } catch (error) {
    file?.close();
    throw readError(path, error);
  }
}

/** What is said where a file cannot be read. @param path The file. @param error Why. */
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

/** What a header says of a keyword; nothing where it does not have it. */
export function cardValue({ cards }: FitsHdu, keyword: string): CardValue | undefined {
  return cards.find((card) => card.keyword === keyword)?.value;
}

/** The lengths of an image's first two axes. */
export function planeOf({ image }: FitsHdu): { columns: number; rows: number } {
  return { columns: image!.columns, rows: image!.axes[1] ?? 1 };
}

/** A section that a header names, for example in DETSEC; nothing where it names none. */
export function sectionOf(hdu: FitsHdu, keyword: string): Section | undefined {
  const numbers = /^\[(\d+):(\d+),(\d+):(\d+)\]$/.exec(String(cardValue(hdu, keyword) ?? "").replaceAll(" ", ""));
  if (numbers === null) return undefined;
  const [firstColumn, lastColumn, firstRow, lastRow] = numbers.slice(1).map(Number) as [number, number, number, number];
  if (Math.min(firstColumn, lastColumn, firstRow, lastRow) < 1) return undefined;
  return { firstColumn, lastColumn, firstRow, lastRow };
}

/** A section of the image itself, for example DATASEC; nothing where the header names none that lies in it. */
export function sectionInside(hdu: FitsHdu, keyword: string): Section | undefined {
  const section = sectionOf(hdu, keyword);
  if (section === undefined || hdu.image!.axes.length > 2) return undefined;
  const { columns, rows } = planeOf(hdu);
  const { firstColumn, lastColumn, firstRow, lastRow } = section;
  const inside = firstColumn <= lastColumn && lastColumn <= columns && firstRow <= lastRow && lastRow <= rows;
  return inside ? section : undefined;
}

/** A section as headers write it: `[1:1024,1:512]`. */
export function sectionText({ firstColumn, lastColumn, firstRow, lastRow }: Section): string {
  return `[${firstColumn}:${lastColumn},${firstRow}:${lastRow}]`;
}
