/**
 * The statistics of a rectangle of an image, and its histogram: from every pixel, none is left out or rounded.
 *
 * @module
 */

import type { ImageHistogram, ImageRegion, RegionStatistics } from "../../bench/images.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { eachDataRow, type Mosaic } from "./mosaic.ts";
import type { FitsSource } from "./read.ts";
import { overlap } from "./tile.ts";

/** How finely values are counted to find the one in the middle. */
const countedBins = 65_536;

/**
 * Checks a rectangle.
 *
 * @param region Which one.
 * @param image The image it is of.
 * @throws {HeliographError} `bad_argument` for what is no whole number, `out_of_limits` for what is outside.
 */
export function checkRegion(region: ImageRegion, image: { readonly width: number; readonly height: number }): void {
  const { x, y, width, height } = region;
  for (const [name, value] of Object.entries({ x, y, width, height })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new HeliographError("bad_argument", `Cannot read the region: ${name} must be a whole number of at least 1`);
  }
  if (x + width - 1 <= image.width && y + height - 1 <= image.height) return;
  throw new HeliographError(
    "out_of_limits",
    `Cannot read the region: columns ${x} to ${x + width - 1} and rows ${y} to ${y + height - 1} are not all in the ` +
      `image, which has ${image.width} columns and ${image.height} rows`,
  );
}

/** Calls for every pixel of a rectangle that has a value. */
async function eachValue(
  { parts }: Mosaic,
  source: FitsSource,
  { x, y, width, height }: ImageRegion,
  take: (value: number) => void,
): Promise<void> {
  for (const part of parts) {
    const across = overlap(part.x, x - 1, x - 1 + width);
    const along = overlap(part.y, y - 1, y - 1 + height);
    if (across.from >= across.to || along.from >= along.to) continue;
    await eachDataRow(part, source, along.from, along.to, (_, values, start) => {
      for (let at = start + across.from; at < start + across.to; at++) {
        const value = values[at]!;
        if (value - value === 0) take(value);
      }
    });
  }
}

/**
 * The statistics of a rectangle. It is read three times rather than kept: images are larger than what a lab's PC spares.
 *
 * @param mosaic The image.
 * @param source The file it is from.
 * @param region Which rectangle; it has been checked.
 */
export async function statisticsOf(mosaic: Mosaic, source: FitsSource, region: ImageRegion): Promise<RegionStatistics> {
  let [count, mean, squares, minimum, maximum] = [0, 0, 0, Infinity, -Infinity];
  await eachValue(mosaic, source, region, (value) => {
    // As Welford has it: large values with small differences lose no digits.
    const before = value - mean;
    mean += before / ++count;
    squares += before * (value - mean);
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  });
  if (count === 0) return { count, mean: null, median: null, deviation: null, minimum: null, maximum: null };
  const deviation = count === 1 ? null : Math.sqrt(squares / (count - 1));
  const median = await medianOf(mosaic, source, region, { count, minimum, maximum });
  return { count, mean, median, deviation, minimum, maximum };
}

/** The value in the middle: values are counted coarsely, and only those of the bins in the middle are sorted. */
async function medianOf(
  mosaic: Mosaic,
  source: FitsSource,
  region: ImageRegion,
  { count, minimum, maximum }: { readonly count: number; readonly minimum: number; readonly maximum: number },
): Promise<number> {
  if (minimum === maximum) return minimum;
  const binOf = (value: number) =>
    Math.min(countedBins - 1, Math.floor((value - minimum) / (maximum - minimum) * countedBins));
  const counts = new Uint32Array(countedBins);
  await eachValue(mosaic, source, region, (value) => void counts[binOf(value)]!++);
  const ranks = [Math.floor((count - 1) / 2), Math.floor(count / 2)] as const;
  let [first, before] = [0, 0];
  while (before + counts[first]! <= ranks[0]) before += counts[first++]!;
  let [last, until] = [first, before + counts[first]!];
  while (until <= ranks[1]) until += counts[++last]!;
  const middle = new Float64Array(until - before);
  let taken = 0;
  await eachValue(mosaic, source, region, (value) => {
    const bin = binOf(value);
    if (bin >= first && bin <= last) middle[taken++] = value;
  });
  middle.sort();
  return (middle[ranks[0] - before]! + middle[ranks[1] - before]!) / 2;
}

/**
 * The histogram of an image.
 *
 * @param mosaic The image.
 * @param source The file it is from.
 * @param bins From where to where, and in how many bins of the same width.
 */
export async function histogramOf(
  mosaic: Mosaic,
  source: FitsSource,
  { from, to, bins }: { readonly from: number; readonly to: number; readonly bins: number },
): Promise<ImageHistogram> {
  const counts = new Array<number>(bins).fill(0);
  const slope = bins / (to - from);
  let [below, above] = [0, 0];
  const { width, height } = mosaic;
  await eachValue(mosaic, source, { x: 1, y: 1, width, height }, (value) => {
    if (value < from) below++;
    else if (value > to) above++;
    else counts[Math.min(bins - 1, Math.floor((value - from) * slope))]!++;
  });
  return { from, to, below, above, counts };
}
