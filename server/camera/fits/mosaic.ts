/**
 * Puts the images of a FITS file together: the data of every amplifier at their places on the detector, turned as they
 * belong, without overscan.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { type FitsHdu, type FitsSource, readPixels } from "./read.ts";
import { arePartsOfOne, type PlacedSection, placedSection, type Section, sectionOf, wholePlane } from "./sections.ts";

/** The place of a part's pixels along one axis of the whole: its pixel `i` (from 0) is pixel `start + step × i`. */
export interface PlacedAxis {
  /** Where its first pixel is, from 0. */
  readonly start: number;
  /** 1, or -1 where it runs backwards. */
  readonly step: 1 | -1;
  /** How many pixels there are. */
  readonly pixels: number;
}

/** A part of the whole. */
export interface MosaicPart {
  /** The image it is from. */
  readonly hdu: FitsHdu;
  /** The pixels that belong to the whole, as columns and rows of that image. */
  readonly data: Section;
  /** Where its columns are. */
  readonly x: PlacedAxis;
  /** Where its rows are. */
  readonly y: PlacedAxis;
}

/** An image that is made up of parts; pixels that belong to none have no value. */
export interface Mosaic {
  /** How many columns it has. */
  readonly width: number;
  /** How many rows it has; the first is the lowest. */
  readonly height: number;
  /** What it is made up of, at least one. */
  readonly parts: readonly MosaicPart[];
}

interface Span {
  readonly first: number;
  readonly last: number;
  readonly pixels: number;
}

const columnsOf = ({ data, place }: PlacedSection): Span => ({
  first: place.firstColumn,
  last: place.lastColumn,
  pixels: data.lastColumn - data.firstColumn + 1,
});

const rowsOf = ({ data, place }: PlacedSection): Span => ({
  first: place.firstRow,
  last: place.lastRow,
  pixels: data.lastRow - data.firstRow + 1,
});

/**
 * The binning: pixels of the detector for each of the image; nothing where that is no whole number, or not always the
 * same.
 */
function binningOf(spans: readonly Span[]): number | undefined {
  const [binning, ...others] = spans.map(({ first, last, pixels }) => (Math.abs(last - first) + 1) / pixels);
  return Number.isInteger(binning) && others.every((other) => other === binning) ? binning : undefined;
}

/** Places each part along one axis, and finds the length of the whole. */
function arrange(spans: readonly Span[], binning: number): { axes: PlacedAxis[]; length: number } {
  const lowest = Math.min(...spans.map(({ first, last }) => Math.min(first, last)));
  const axes = spans.map(({ first, last, pixels }): PlacedAxis => {
    const start = Math.floor((Math.min(first, last) - lowest) / binning);
    return first <= last ? { start, step: 1, pixels } : { start: start + pixels - 1, step: -1, pixels };
  });
  return { axes, length: Math.max(...axes.map(({ start, step, pixels }) => step > 0 ? start + pixels : start + 1)) };
}

/**
 * Puts the images of a file together.
 *
 * @param hdus All of the file.
 * @returns Where every image tells its place on the detector (DETSEC), all of them without overscan, binned as they are;
 * otherwise the first image, and all of it.
 * @throws {HeliographError} `command_failed` where the file has no image.
 */
export function mosaicOf(hdus: readonly FitsHdu[]): Mosaic {
  const images = hdus.filter(({ image }) => image !== undefined);
  const [first] = images;
  if (first === undefined) throw new HeliographError("command_failed", "the FITS file has no image");
  const chosen = arePartsOfOne(images) ? images : [first];
  if (sectionOf(first, "DETSEC") !== undefined) {
    const placed = chosen.map(placedSection);
    const [across, along] = [placed.map(columnsOf), placed.map(rowsOf)];
    const [columnBinning, rowBinning] = [binningOf(across), binningOf(along)];
    if (columnBinning !== undefined && rowBinning !== undefined) {
      const [x, y] = [arrange(across, columnBinning), arrange(along, rowBinning)];
      const parts = chosen.map((hdu, index) => ({
        hdu,
        data: placed[index]!.data,
        x: x.axes[index]!,
        y: y.axes[index]!,
      }));
      return { width: x.length, height: y.length, parts };
    }
  }
  const data = wholePlane(first);
  const [width, height] = [data.lastColumn, data.lastRow];
  const axis = (pixels: number) => ({ start: 0, step: 1, pixels } as const);
  return { width, height, parts: [{ hdu: first, data, x: axis(width), y: axis(height) }] };
}

/**
 * Reads rows of a part, about a mebibyte of the file at a time.
 *
 * @param part The part.
 * @param source The file it is from.
 * @param from The first row of its data, from 0.
 * @param to The row before which it ends.
 * @param take Called with each row: its number, the values it is in, and where its data begin in them.
 */
export async function eachDataRow(
  { hdu, data }: MosaicPart,
  source: FitsSource,
  from: number,
  to: number,
  take: (row: number, values: Float64Array, start: number) => void,
): Promise<void> {
  const { columns } = hdu.image!;
  const below = data.firstRow - 1;
  for await (const block of readPixels(hdu, source, { firstRow: below + from, rows: to - from, reuse: true })) {
    for (let row = 0; row < block.rows; row++) {
      take(block.firstRow + row - below, block.values, row * columns + data.firstColumn - 1);
    }
  }
}
