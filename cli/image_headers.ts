/**
 * The headers of the images in a folder, as a table: a row for each image, a column for each keyword.
 *
 * @module
 */

import { join, relative } from "node:path";
import { HeliographError } from "../protocol/errors.ts";
import { type CardValue, isCommentary } from "../server/bench/header_card.ts";
import { Float } from "../server/bench/values.ts";
import type { Cell, Column, Row } from "../server/records/export/table_writer.ts";
import { openFits } from "./fits_file.ts";

/** An image's header. */
interface Header {
  readonly time: number;
  readonly file: string;
  readonly values: ReadonlyMap<string, Cell>;
}

/** A table of headers, and what could not be read. */
export interface HeaderTable {
  readonly columns: Column[];
  readonly rows: Row[];
  /** Files that are no images, each with why, in words for people. */
  readonly unread: string[];
}

/** The images of a folder and of the folders in it. */
async function* imagesIn(folder: string): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  for (const { name, isDirectory, isFile } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, name);
    if (isDirectory) yield* imagesIn(path);
    else if (isFile && /\.(?:fits?|fts|fz)$/i.test(name)) yield path;
  }
}

function plain(value: CardValue | undefined): Cell {
  return value instanceof Float ? value.valueOf() : value;
}

/** When it was taken: DATE-OBS, which is in UTC, or else when the file was written. */
function timeOf(values: ReadonlyMap<string, Cell>, written: Date | null): number {
  const date = String(values.get("DATE-OBS") ?? "");
  const clock = date.includes("T") ? "" : values.get("TIME-OBS") ?? values.get("UT") ?? "00:00:00";
  const time = Date.parse(`${date}${clock === "" ? "" : `T${clock}`}Z`);
  return Number.isNaN(time) ? written?.getTime() ?? 0 : time;
}

async function headerOf(path: string, file: string): Promise<Header> {
  using opened = await openFits(path);
  const values = new Map<string, Cell>();
  // Of several, the first header that has a keyword counts.
  for (const { cards } of opened.hdus) {
    for (const { keyword, value, digits } of cards) {
      if (!isCommentary(keyword) && !values.has(keyword)) values.set(keyword, digits ?? plain(value));
    }
  }
  return { time: timeOf(values, (await Deno.stat(path)).mtime), file, values };
}

/**
 * Reads the headers of the images that were taken in a range of time.
 *
 * @param folder Where they are, also in folders of it.
 * @param since From when on, in milliseconds since 1970.
 * @param until Until before when.
 * @throws {HeliographError} Where there is no such folder.
 */
export async function imageHeaders(folder: string, since: number, until: number): Promise<HeaderTable> {
  const headers: Header[] = [];
  const unread: string[] = [];
  try {
    for await (const path of imagesIn(folder)) {
      try {
        const header = await headerOf(path, relative(folder, path).replaceAll("\\", "/"));
        if (header.time >= since && header.time < until) headers.push(header);
      } catch (error) {
        if (!(error instanceof HeliographError)) throw error;
        unread.push(error.message);
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new HeliographError("bad_argument", `Cannot read images in ${folder}: there is no such folder`);
    }
    throw error;
  }
  headers.sort((one, other) => one.time - other.time);
  const keywords = new Set(headers.flatMap(({ values }) => [...values.keys()]));
  const kindOf = (keyword: string) =>
    headers.every(({ values }) => ["number", "undefined"].includes(typeof values.get(keyword))) ? "number" : "any";
  return {
    columns: [
      { name: "time", kind: "time" },
      { name: "file", kind: "text" },
      ...[...keywords].map((name) => ({ name, kind: kindOf(name) } as const)),
    ],
    rows: headers.map(({ time, file, values }) => [time, file, ...[...keywords].map((name) => values.get(name))]),
    unread,
  };
}
