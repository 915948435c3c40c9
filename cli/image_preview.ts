/**
 * Draws a small picture of an image in a terminal.
 *
 * @module
 */

import type { PlacedSection } from "../server/camera/fits/sections.ts";

/** The largest size of a preview, in characters. */
export interface PreviewSize {
  /** Its width. */
  readonly columns: number;
  /** Its height. */
  readonly lines: number;
}

/** A picture as rows of shades from 0 (black) to 1 (white), the uppermost first; NaN where there is nothing. */
export interface Preview {
  /** The shades. */
  readonly shades: readonly Float64Array[];
  /** What is black. */
  readonly black: number;
  /** What is white. */
  readonly white: number;
  /** How many columns of the whole are one of the picture. */
  readonly scale: number;
}

/** The percentiles shown as black and white, as shares of the cells. */
const stretch = [0.01, 0.995] as const;

/** From black to white. */
const asciiShades = " .:-=+*#%@";

/** The first pixel of a part along one axis, and the step to the next, in pixels of the whole from its lower end. */
function axis(first: number, last: number, pixels: number, lowest: number): { start: number; step: number } {
  const step = (Math.abs(last - first) + 1) / pixels;
  return first <= last
    ? { start: first - lowest + step / 2, step }
    : { start: first - lowest + 1 - step / 2, step: -step };
}

/** Makes a picture of an image, of one part or of several, from its pixels as they are read. */
export class PreviewMaker {
  readonly #columns: number;
  readonly #rows: number;
  /** How many columns and rows of cells the pixels are averaged in; never more than there are pixels. */
  readonly #gridColumns: number;
  readonly #gridRows: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #width: number;
  readonly #lowest: { readonly column: number; readonly row: number };

  /**
   * Chooses the size: as large as it may be, and no larger than the whole.
   *
   * @param parts What it is a picture of.
   * @param size How large it may be.
   */
  constructor(parts: readonly PlacedSection[], size: PreviewSize) {
    const columns = parts.flatMap(({ place }) => [place.firstColumn, place.lastColumn]);
    const rows = parts.flatMap(({ place }) => [place.firstRow, place.lastRow]);
    this.#lowest = { column: Math.min(...columns), row: Math.min(...rows) };
    this.#width = Math.max(...columns) - this.#lowest.column + 1;
    const height = Math.max(...rows) - this.#lowest.row + 1;
    // A character is about twice as high as it is wide, and two cells make it up.
    const drawn = Math.min(size.columns, this.#width, Math.ceil(2 * size.lines * this.#width / height));
    this.#columns = Math.max(1, drawn);
    this.#rows = 2 * Math.max(1, Math.round(this.#columns * height / this.#width / 2));
    const steps = parts.map(({ data, place }) => [
      axis(place.firstColumn, place.lastColumn, data.lastColumn - data.firstColumn + 1, 0).step,
      axis(place.firstRow, place.lastRow, data.lastRow - data.firstRow + 1, 0).step,
    ]);
    const most = (at: 0 | 1) => Math.max(...steps.map((step) => Math.abs(step[at]!)));
    this.#gridColumns = Math.max(1, Math.min(this.#columns, Math.floor(this.#width / most(0))));
    this.#gridRows = Math.max(1, Math.min(this.#rows, Math.floor(height / most(1))));
    this.#sums = new Float64Array(this.#gridColumns * this.#gridRows);
    this.#counts = new Float64Array(this.#sums.length);
    this.#height = height;
  }

  readonly #height: number;

  /**
   * Begins a part.
   *
   * @param part Which one.
   * @returns `add` takes a row of the part's own image (from 1), which begins in the values at an index, and ignores those
   * that are not in the part. `end` adds the part to the whole, with a level subtracted from its pixels.
   */
  part({ data, place }: PlacedSection): {
    add: (row: number, values: Float64Array, start: number) => void;
    end: (level: number) => void;
  } {
    const [columns, rows] = [this.#gridColumns, this.#gridRows];
    const [across, along] = [data.lastColumn - data.firstColumn + 1, data.lastRow - data.firstRow + 1];
    const x = axis(place.firstColumn, place.lastColumn, across, this.#lowest.column);
    const y = axis(place.firstRow, place.lastRow, along, this.#lowest.row);
    const cellOf = Int32Array.from(
      { length: across },
      (_, index) => Math.floor((x.start + index * x.step) / this.#width * columns),
    );
    const sums = new Float64Array(this.#sums.length);
    const counts = new Float64Array(sums.length);
    return {
      add: (row, values, start) => {
        if (row < data.firstRow || row > data.lastRow) return;
        const above = Math.floor((y.start + (row - data.firstRow) * y.step) / this.#height * rows) * columns;
        const from = start + data.firstColumn - 1;
        for (let index = 0; index < across; index++) {
          const value = values[from + index]!;
          if (value - value !== 0) continue;
          const cell = above + cellOf[index]!;
          sums[cell]! += value;
          counts[cell]!++;
        }
      },
      end: (level) => {
        for (let cell = 0; cell < sums.length; cell++) {
          this.#sums[cell]! += sums[cell]! - level * counts[cell]!;
          this.#counts[cell]! += counts[cell]!;
        }
      },
    };
  }

  /** The picture of what has been added; nothing where no pixel has a value. */
  get preview(): Preview | undefined {
    const means = this.#sums.map((sum, cell) => sum / this.#counts[cell]!);
    const ranked = means.filter((mean) => !Number.isNaN(mean)).sort();
    if (ranked.length === 0) return undefined;
    const [black, white] = stretch.map((share) => ranked[Math.round(share * (ranked.length - 1))]!) as [number, number];
    const shade = (mean: number) =>
      black === white && !Number.isNaN(mean) ? 0.5 : Math.min(Math.max((mean - black) / (white - black), 0), 1);
    const shades = Array.from({ length: this.#rows }, (_, index) => {
      const row = Math.floor((this.#rows - 1 - index) / this.#rows * this.#gridRows) * this.#gridColumns;
      return Float64Array.from(
        { length: this.#columns },
        (_, column) => shade(means[row + Math.floor(column / this.#columns * this.#gridColumns)]!),
      );
    });
    return { shades, black, white, scale: this.#width / this.#columns };
  }
}

/**
 * Draws a picture.
 *
 * @param preview The picture.
 * @param colour Whether in 24-bit greys, two cells in a character, or as plain characters.
 * @returns Lines with their ends.
 */
export function drawPreview({ shades }: Preview, colour: boolean): string {
  let text = "";
  for (let row = 0; row < shades.length; row += 2) {
    const [upper, lower] = [shades[row]!, shades[row + 1]!];
    text += `${colour ? greyLine(upper, lower) : asciiLine(upper, lower)}\n`;
  }
  return text;
}

function greyLine(upper: Float64Array, lower: Float64Array): string {
  let [text, before] = ["", ""];
  const grey = (shade: number) => {
    const level = Number.isNaN(shade) ? 0 : Math.round(255 * shade);
    return `${level};${level};${level}`;
  };
  upper.forEach((shade, column) => {
    const colours = `\x1b[38;2;${grey(shade)};48;2;${grey(lower[column]!)}m`;
    text += `${colours === before ? "" : colours}▀`;
    before = colours;
  });
  return `${text}\x1b[0m`;
}

function asciiLine(upper: Float64Array, lower: Float64Array): string {
  const character = (shade: number, column: number) => {
    const known = [shade, lower[column]!].filter((value) => !Number.isNaN(value));
    if (known.length === 0) return " ";
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return asciiShades[Math.min(Math.floor(mean * asciiShades.length), asciiShades.length - 1)];
  };
  return Array.from(upper, character).join("").trimEnd();
}
