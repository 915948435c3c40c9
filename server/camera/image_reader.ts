/**
 * Reads image files in the Worker for pixels, for display.
 *
 * @module
 */

import type { CardValue } from "../bench/header_card.ts";
import { type Mosaic, mosaicOf } from "./fits/mosaic.ts";
import { type FitsHdu, type FitsSource, readFits } from "./fits/read.ts";
import { levelsOf, readTile } from "./fits/tile.ts";
import type { ImageKeyword, Tile, TileRequest } from "../bench/images.ts";
import { Float } from "../bench/values.ts";
import type { ImagePlaces } from "../files/image_places.ts";
import type { SeenImage } from "./pixel_messages.ts";

/** The header keywords that are shown first, in this order. */
const keywords = "OBJECT IMAGETYP EXPTIME DATE-OBS FILTER DETECTOR CCDSUM BUNIT".split(" ");

/** The check that a task calls before it goes on; it throws where the task was called off. */
type Check = () => void;

/** An image file that is open. */
interface OpenImage extends Disposable {
  /** Tells the file from any that takes its place under the same name. */
  readonly stamp: string;
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
