/**
 * The stars of a simulated sky, and the light that they throw on a chip.
 *
 * @module
 */

import { PixelNoise } from "./chip_noise.ts";
import type { ChipProperties } from "./chip_properties.ts";

/** A star, where its light falls on the chip. */
export interface Star {
  /** The column of its centre; a whole number is the middle of that column. */
  readonly column: number;
  /** The row of its centre. */
  readonly row: number;
  /** Electrons per second without a filter. */
  readonly rate: number;
}

/** The sky is made of squares with this edge, in pixels, each with a seed of its own: a larger chip only sees more. */
const squareSize = 256;

/** In how many places of a pixel the centre of a star can be, along each axis. */
const places = 16;

/**
 * The stars on a chip and around it.
 *
 * @param chip Its seed is the sky's.
 * @returns The stars, by their rows; also those up to 256 pixels off the chip, whose light may reach it.
 */
export function starField(chip: ChipProperties): Star[] {
  const squares = (pixels: number) => Math.ceil(pixels / squareSize);
  const stars: Star[] = [];
  for (let y = -1; y <= squares(chip.rows); y++) {
    for (let x = -1; x <= squares(chip.columns); x++) stars.push(...starsOfSquare(chip, x, y));
  }
  return stars.sort((one, other) => one.row - other.row);
}

function starsOfSquare(chip: ChipProperties, x: number, y: number): Star[] {
  const noise = new PixelNoise(chip.seed, 0x57a2, x, y);
  const count = Math.round(noise.poisson(chip.starsPerMegapixel * squareSize ** 2 / 1e6));
  const place = (square: number) =>
    square * squareSize + 0.5 + Math.floor(noise.uniform() * squareSize * places) / places;
  return Array.from({ length: count }, () => ({
    column: place(x),
    row: place(y),
    rate: Math.min(chip.brightestStar, chip.faintestStar * (1 - noise.uniform()) ** (-1 / chip.starSlope)),
  }));
}

/** The light of stars on a chip's pixels: round Gaussian images, all of the same width. */
export class StarLight {
  /** How many pixels around its own one a star reaches. */
  readonly #reach: number;
  /** For each place in a pixel, the shares of the light in the pixels from `-reach` to `+reach`. */
  readonly #profiles: readonly Float64Array[];
  // The stars, by their rows: the pixel of the centre, the profiles, and all the light.
  readonly #column: Int32Array;
  readonly #row: Int32Array;
  readonly #columnPlace: Uint8Array;
  readonly #rowPlace: Uint8Array;
  readonly #electrons: Float64Array;

  /**
   * Prepares what all rows share.
   *
   * @param stars By their rows.
   * @param blur The images' full width at half maximum, in pixels; taken as at least 0.5 and at most 100.
   * @param seconds For how long their light falls, times the share of it that arrives.
   */
  constructor(stars: readonly Star[], blur: number, seconds: number) {
    const deviation = Math.min(100, Math.max(0.5, blur)) / Math.sqrt(8 * Math.LN2);
    this.#reach = Math.ceil(5 * deviation);
    this.#profiles = Array.from(
      { length: places },
      (_, place) => profile(this.#reach, place / places - 0.5, deviation),
    );
    const pixel = (position: number) => Math.floor(position + 0.5);
    const place = (position: number) => Math.round((position + 0.5 - pixel(position)) * places);
    this.#column = Int32Array.from(stars, ({ column }) => pixel(column));
    this.#row = Int32Array.from(stars, ({ row }) => pixel(row));
    this.#columnPlace = Uint8Array.from(stars, ({ column }) => place(column));
    this.#rowPlace = Uint8Array.from(stars, ({ row }) => place(row));
    this.#electrons = Float64Array.from(stars, ({ rate }) => rate * seconds);
  }

  /**
   * Adds the light of all stars to a part of a row.
   *
   * @param row Which row, from 1.
   * @param low The first column, from 1: that of `line[0]`.
   * @param high The last column.
   * @param line What to add to, in electrons.
   */
  addTo(row: number, low: number, high: number, line: Float64Array): void {
    const reach = this.#reach;
    const end = this.#firstFrom(row + reach + 1);
    for (let star = this.#firstFrom(row - reach); star < end; star++) {
      const column = this.#column[star]!;
      const from = Math.max(low, column - reach);
      const to = Math.min(high, column + reach);
      if (from > to) continue;
      const light = this.#electrons[star]! * this.#profiles[this.#rowPlace[star]!]![row - this.#row[star]! + reach]!;
      const profile = this.#profiles[this.#columnPlace[star]!]!;
      const shift = reach - column;
      for (let each = from; each <= to; each++) line[each - low]! += light * profile[each + shift]!;
    }
  }

  /**
   * The rows in which one star makes more than so much light in a pixel, in ascending order.
   *
   * @param limit How much, in electrons.
   * @param rows The chip's rows.
   */
  brightRows(limit: number, rows: number): number[] {
    const bright = new Set<number>();
    this.#electrons.forEach((electrons, star) => {
      const peak = electrons * Math.max(...this.#profiles[this.#columnPlace[star]!]!);
      if (peak <= limit) return;
      this.#profiles[this.#rowPlace[star]!]!.forEach((share, index) => {
        const row = this.#row[star]! + index - this.#reach;
        if (peak * share > limit && row >= 1 && row <= rows) bright.add(row);
      });
    });
    return [...bright].sort((one, other) => one - other);
  }

  /** The first star whose centre is in a row or above it. */
  #firstFrom(row: number): number {
    let from = 0;
    let to = this.#row.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#row[middle]! < row) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** The shares of a Gaussian around `centre` in the pixels from `-reach` to `+reach`; the sum is 1. */
function profile(reach: number, centre: number, deviation: number): Float64Array {
  const samples = 8;
  const shares = Float64Array.from({ length: 2 * reach + 1 }, (_, index) => {
    let sum = 0;
    for (let sample = 0.5; sample < samples; sample++) {
      sum += Math.exp(-(((index - reach - 0.5 + sample / samples - centre) / deviation) ** 2) / 2);
    }
    return sum;
  });
  const sum = shares.reduce((one, other) => one + other, 0);
  return shares.map((share) => share / sum);
}
