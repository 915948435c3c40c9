/**
 * Reads image files in the Worker for pixels, for display.
 *
 * @module
 */

import type { CardValue } from "../bench/header_card.ts";
import { type Mosaic, mosaicOf } from "./fits/mosaic.ts";
import { type FitsHdu, type FitsSource, readCards, readFits } from "./fits/read.ts";
import { checkRegion, histogramOf, statisticsOf } from "./fits/statistics.ts";
import { levelsOf, readTile } from "./fits/tile.ts";
import type { ImageAnswers, ImageHdu, ImageKeyword, ImageQuestion, Tile, TileRequest } from "../bench/images.ts";
import { Float } from "../bench/values.ts";
import type { ImagePlaces } from "../files/image_places.ts";
import type { FoundImage, SeenImage } from "./pixel_messages.ts";

/** The header keywords that are shown first, in this order. */
const keywords = "OBJECT IMAGETYP EXPTIME DATE-OBS FILTER DETECTOR CCDSUM BUNIT".split(" ");

/** The check that a task calls before it goes on; it throws where the task was called off. */
type Check = () => void;

/** An image file that is open. */
interface OpenImage extends Disposable {
  /** Tells the file from any that takes its place under the same name. */
  readonly stamp: string;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  /** What its bytes are read from. */
  readonly source: FitsSource;
}

/** Opens an image file; it stays the same one, whatever takes its place meanwhile. @returns Nothing where there is none. */
function open(path: string, places: ImagePlaces, check: Check): OpenImage | undefined {
  let found: ReturnType<ImagePlaces["openToRead"]>;
  try {
    found = places.openToRead(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { opened: file, info: { size, mtime, ino } } = found;
  let memory = new Uint8Array();
  const read = (offset: number, length: number) => {
    check();
    // Megabytes are read one after another, and nobody keeps any of them.
    if (memory.length < length) memory = new Uint8Array(length);
    const bytes = memory.subarray(0, length);
    file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < length) {
      const count = file.readSync(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  };
  return {
    stamp: [mtime?.getTime() ?? 0, size, ino ?? 0].map((number) => number.toString(36)).join("-"),
    time: mtime?.getTime() ?? 0,
    source: { size, read: (offset, length) => Promise.resolve(read(offset, length)) },
    [Symbol.dispose]: () => file.close(),
  };
}

function plainValue(value: CardValue): string | number | boolean {
  return value instanceof Float ? value.valueOf() : value;
}

/** The keywords of the headers, each from the first that has it. */
function headerOf(hdus: readonly FitsHdu[]): ImageKeyword[] {
  const cards = hdus.flatMap((hdu) => hdu.cards);
  return keywords.flatMap((keyword) => {
    const { value, unit } = cards.find((card) => card.keyword === keyword) ?? {};
    if (value === undefined || value === "") return [];
    return [{ keyword, value: plainValue(value), ...(unit === undefined ? {} : { unit }) }];
  });
}

/**
 * Looks at an image file.
 *
 * @param path Where it is.
 * @param places The image folders.
 * @param known The stamp of what is known already.
 * @param check Called before more is read; it throws where nobody waits any more.
 * @returns What it is like; `same` where it is what is known, `gone` where there is no such file.
 * @throws {HeliographError} `command_failed` where it is no FITS file, or one without an image.
 */
export async function lookAt(
  path: string,
  places: ImagePlaces,
  known: string | undefined,
  check: Check,
): Promise<SeenImage | "same" | "gone"> {
  using file = open(path, places, check);
  if (file === undefined) return "gone";
  const { source, stamp } = file;
  if (stamp === known) return "same";
  const hdus = await readFits(source);
  const mosaic: Mosaic = mosaicOf(hdus);
  const { width, height } = mosaic;
  return { stamp, width, height, header: headerOf(hdus), levels: await levelsOf(mosaic, source) };
}

/**
 * Reads a rectangle of an image.
 *
 * @param path Where its file is.
 * @param places The image folders.
 * @param stamp Of the image that it is to be.
 * @param request Which rectangle; it has been checked.
 * @param check Called before more is read; it throws where nobody waits any more.
 * @returns The rectangle; `replaced` where it is another file, `gone` where there is none.
 */
export async function tileOf(
  path: string,
  places: ImagePlaces,
  stamp: string,
  request: TileRequest,
  check: Check,
): Promise<Tile | "replaced" | "gone"> {
  using file = open(path, places, check);
  if (file === undefined) return "gone";
  if (file.stamp !== stamp) return "replaced";
  return await readTile(mosaicOf(await readFits(file.source)), file.source, request);
}

/** The headers of a file, as they stand there. */
async function headersOf(source: FitsSource): Promise<ImageHdu[]> {
  const headers: ImageHdu[] = [];
  for (const hdu of await readFits(source)) {
    const { number, kind, name } = hdu;
    headers.push({ number, kind, name, cards: await readCards(hdu, source) });
  }
  return headers;
}

/**
 * Answers a question about an image.
 *
 * @param path Where its file is.
 * @param places The image folders.
 * @param stamp Of the image that it is to be.
 * @param question What is asked.
 * @param check Called before more is read; it throws where nobody waits any more.
 * @returns The answer; `replaced` where it is another file, `gone` where there is none.
 */
export async function answerOf(
  path: string,
  places: ImagePlaces,
  stamp: string,
  question: ImageQuestion,
  check: Check,
): Promise<ImageAnswers[ImageQuestion["about"]] | "replaced" | "gone"> {
  using file = open(path, places, check);
  if (file === undefined) return "gone";
  if (file.stamp !== stamp) return "replaced";
  const { source } = file;
  switch (question.about) {
    case "header":
      return await headersOf(source);
    case "statistics": {
      const mosaic = mosaicOf(await readFits(source));
      checkRegion(question.region, mosaic);
      return await statisticsOf(mosaic, source, question.region);
    }
    case "histogram":
      return await histogramOf(mosaicOf(await readFits(source)), source, question);
    case "piece": {
      const { offset, length } = question;
      return (await source.read(offset, Math.max(0, Math.min(length, source.size - offset)))).slice();
    }
  }
}

/** Which of some files are there; what leads out of the folders, or is no file, is not. */
export function filesThere(files: readonly string[], places: ImagePlaces): FoundImage[] {
  return files.flatMap((file) => {
    try {
      using found = open(file, places, () => {});
      return found === undefined ? [] : [{ file, stamp: found.stamp, time: found.time }];
    } catch {
      return [];
    }
  });
}

/** The most files of a folder that are looked at. */
const mostLookedAt = 20_000;

/** The newest image files of a folder, by their names' endings. @param most How many. */
export function newestIn(folder: string, places: ImagePlaces, most: number): FoundImage[] {
  const found: { file: string; time: number }[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (!isFile || !/\.(?:fits?|fts)$/i.test(name)) continue;
      const file = `${folder.replace(/\/$/, "")}/${name}`;
      found.push({ file, time: Deno.lstatSync(file).mtime?.getTime() ?? 0 });
      if (found.length === mostLookedAt) break;
    }
  } catch {
    // The folder is not there yet, or a file has gone meanwhile: what was found will do.
  }
  const newest = found.sort((a, b) => b.time - a.time).slice(0, most);
  return filesThere(newest.map(({ file }) => file), places);
}
