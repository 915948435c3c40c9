/**
 * Tiles: rectangles of an image at a scale, for display; and the levels that are shown as black and white.
 *
 * @module
 */

import type { ImageLevels, Tile, TileRequest } from "../../bench/images.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { eachDataRow, type Mosaic, type PlacedAxis } from "./mosaic.ts";
import type { FitsSource } from "./read.ts";

/** The most pixels of a tile: as many as 1024 × 1024. */
export const mostTilePixels: number = 2 ** 20;

/** The most pixels that are sampled for percentiles. */
const sampleSize = 2 ** 18;

/** The columns and rows of a tile. @param request Which tile. */
function tileSize({ width, height, scale }: TileRequest): { columns: number; rows: number } {
  return { columns: Math.ceil(width / scale), rows: Math.ceil(height / scale) };
}

/** The smallest scale at which a rectangle is no more than a tile. */
function smallestScale(width: number, height: number): number {
  let scale = Math.ceil(Math.sqrt(width / mostTilePixels * height));
  while (Math.ceil(width / scale) * Math.ceil(height / scale) > mostTilePixels) scale++;
  return scale;
}

/**
 * Checks a request for a tile.
 *
 * @param request Which tile.
 * @param image The image it is of.
 * @throws {HeliographError} `bad_argument` for what is no whole number, `out_of_limits` for what is outside or too large.
 */
export function checkTile(request: TileRequest, image: { readonly width: number; readonly height: number }): void {
  const { x, y, width, height, scale } = request;
  for (const [name, value] of Object.entries({ x, y, width, height, scale })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new HeliographError("bad_argument", `Cannot read the pixels: ${name} must be a whole number of at least 1`);
  }
  const wrong = (what: string) => new HeliographError("out_of_limits", `Cannot read the pixels: ${what}`);
  if (x + width - 1 > image.width || y + height - 1 > image.height) {
    throw wrong(
      `columns ${x} to ${x + width - 1} and rows ${y} to ${y + height - 1} are not all in the image, which has ` +
        `${image.width} columns and ${image.height} rows`,
    );
  }
  const { columns, rows } = tileSize(request);
  if (columns * rows <= mostTilePixels) return;
  throw wrong(
    `${columns} × ${rows} are more than ${mostTilePixels} pixels; ask for a smaller part, or with a scale of ` +
      `${smallestScale(width, height)}`,
  );
}

/** The pixels of a part, from 0, that lie in a stretch of the whole. */
export function overlap({ start, step, pixels }: PlacedAxis, from: number, to: number): { from: number; to: number } {
  const first = step > 0 ? from - start : start - to + 1;
  const last = step > 0 ? to - start : start - from + 1;
  return { from: Math.max(0, first), to: Math.min(pixels, last) };
}

/**
 * Reads a tile. Only those rows of the file are read that are in it.
 *
 * @param mosaic The image.
 * @param source The file it is from.
 * @param request Which tile; it has been checked.
 * @returns Each pixel is the mean of those that it stands for, NaN where none of them has a value.
 */
export async function readTile(mosaic: Mosaic, source: FitsSource, request: TileRequest): Promise<Tile> {
  const { x, y, width, height, scale } = request;
  const { columns, rows } = tileSize(request);
  const [left, bottom] = [x - 1, y - 1];
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  for (const part of mosaic.parts) {
    const across = overlap(part.x, left, left + width);
    const along = overlap(part.y, bottom, bottom + height);
    if (across.from >= across.to || along.from >= along.to) continue;
    const cellOf = Int32Array.from(
      { length: across.to - across.from },
      (_, index) => Math.floor((part.x.start + part.x.step * (across.from + index) - left) / scale),
    );
    await eachDataRow(part, source, along.from, along.to, (row, values, start) => {
      const cells = Math.floor((part.y.start + part.y.step * row - bottom) / scale) * columns;
      const from = start + across.from;
      for (let index = 0; index < cellOf.length; index++) {
        const value = values[from + index]!;
        if (value - value !== 0) continue;
        const cell = cells + cellOf[index]!;
        sums[cell]! += value;
        counts[cell]!++;
      }
    });
  }
  const pixels = new Float32Array(sums.length);
  for (let cell = 0; cell < pixels.length; cell++) pixels[cell] = sums[cell]! / counts[cell]!;
  return { columns, rows, pixels };
}

/**
 * The levels of black and white, as shares of the pixels: CCD images have few bright pixels, and fewer that are too
 * dark.
 */
const shares = { automatic: [0.01, 0.995], wide: [0.001, 0.9995] } as const;

/**
 * Looks for the levels between which an image is worth looking at.
 *
 * @param mosaic The image.
 * @param source The file it is from; all of it is read.
 * @returns The smallest and the largest value are exact, the percentiles those of a sample; all are 0 where no pixel has a
 * value.
 */
export async function levelsOf({ parts }: Mosaic, source: FitsSource): Promise<ImageLevels> {
  const all = parts.reduce((sum, { x, y }) => sum + x.pixels * y.pixels, 0);
  // Odd: it takes another column in each row, since detectors are mostly even.
  const step = Math.ceil(all / sampleSize) | 1;
  const sample = new Float64Array(Math.ceil(all / step) + 1);
  let [taken, next, minimum, maximum] = [0, 0, Infinity, -Infinity];
  for (const part of parts) {
    await eachDataRow(part, source, 0, part.y.pixels, (_, values, start) => {
      const end = start + part.x.pixels;
      for (let at = start; at < end; at++) {
        const value = values[at]!;
        if (value - value !== 0) continue;
        if (value < minimum) minimum = value;
        if (value > maximum) maximum = value;
        if (next-- > 0) continue;
        sample[taken++] = value;
        next = step - 1;
      }
    });
  }
  if (taken === 0) return { automatic: [0, 0], wide: [0, 0], full: [0, 0] };
  const ranked = sample.subarray(0, taken).sort();
  const at = (share: number) => ranked[Math.round(share * (taken - 1))]!;
  const between = ([black, white]: readonly [number, number]) => [at(black), at(white)] as const;
  return { automatic: between(shares.automatic), wide: between(shares.wide), full: [minimum, maximum] };
}
