/**
 * Sections: rectangles of pixels as the headers of FITS files name them, in DATASEC, DETSEC and others.
 *
 * @module
 */

import type { CardValue } from "../../bench/header_card.ts";
import type { FitsHdu } from "./read.ts";

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

/** A part of an image, and where it belongs in the whole. */
export interface PlacedSection {
  /** The part's pixels, as columns and rows of its own image. */
  readonly data: Section;
  /** Where they are in the whole; a section that runs backwards turns them round. */
  readonly place: Section;
}

/** The value of a keyword in a header; `undefined` where the header does not have it. */
export function cardValue({ cards }: FitsHdu, keyword: string): CardValue | undefined {
  return cards.find((card) => card.keyword === keyword)?.value;
}

/** The lengths of an image's first two axes. @param hdu An HDU with an image. */
export function planeOf({ image }: FitsHdu): { columns: number; rows: number } {
  return { columns: image!.columns, rows: image!.axes[1] ?? 1 };
}

/** The whole first plane of an image. @param hdu An HDU with an image. */
export function wholePlane(hdu: FitsHdu): Section {
  const { columns, rows } = planeOf(hdu);
  return { firstColumn: 1, lastColumn: columns, firstRow: 1, lastRow: rows };
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

/** The section with data: what the header says (DATASEC), or the whole first plane. @param hdu An HDU with an image. */
export function dataSection(hdu: FitsHdu): Section {
  return sectionInside(hdu, "DATASEC") ?? wholePlane(hdu);
}

/**
 * The place of an image's data on the detector: where DETSEC says, or where they are.
 *
 * @param hdu An HDU with an image.
 */
export function placedSection(hdu: FitsHdu): PlacedSection {
  const data = dataSection(hdu);
  return { data, place: sectionOf(hdu, "DETSEC") ?? data };
}

/** Whether several images are parts of one: each tells its place on the detector. @param hdus HDUs with images. */
export function arePartsOfOne(hdus: readonly FitsHdu[]): boolean {
  return hdus.length > 1 && hdus.every((hdu) => sectionOf(hdu, "DETSEC") !== undefined);
}

/** A section as headers write it: `[1:1024,1:512]`. */
export function sectionText({ firstColumn, lastColumn, firstRow, lastRow }: Section): string {
  return `[${firstColumn}:${lastColumn},${firstRow}:${lastRow}]`;
}
