/**
 * The readout of a detector: which pixels each amplifier reads, in which order; format, focal plane and region of
 * interest as azcam has them.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/**
 * A detector's format, in pixels: azcam's `get_format`, in its order.
 *
 * @example
 * ```ts
 * import type { DetectorFormat } from "@heliograph/heliograph/camera";
 *
 * const square = (pixels: number): DetectorFormat => ({
 *   columns: pixels,
 *   darkColumns: 0,
 *   underscanColumns: 0,
 *   overscanColumns: 32,
 *   rows: pixels,
 *   darkRows: 0,
 *   underscanRows: 0,
 *   overscanRows: 0,
 *   frameTransferRows: 0,
 * });
 * console.log(square(2048).rows); // 2048
 * ```
 */
export interface DetectorFormat {
  /** Columns that see light (`ns_total`). */
  readonly columns: number;
  /** Dark columns before them, which are physically there (`ns_predark`). */
  readonly darkColumns: number;
  /** How many of the dark columns are read, per amplifier, as underscan (`ns_underscan`). */
  readonly underscanColumns: number;
  /** Columns that each amplifier reads after the last one, with no pixel behind them (`ns_overscan`). */
  readonly overscanColumns: number;
  /** Rows that see light (`np_total`). */
  readonly rows: number;
  /** Dark rows before them (`np_predark`). */
  readonly darkRows: number;
  /** How many of the dark rows are read, per amplifier (`np_underscan`). */
  readonly underscanRows: number;
  /** Rows that each amplifier reads after the last one (`np_overscan`). */
  readonly overscanRows: number;
  /** Rows that the image is shifted before it is read, on a frame transfer detector (`np_frametransfer`). */
  readonly frameTransferRows: number;
}

/**
 * The amplifiers of a detector: how many read it, and from which corners; azcam's `get_focalplane`.
 *
 * @example
 * ```ts
 * import type { FocalPlane } from "@heliograph/heliograph/camera";
 *
 * // Four amplifiers, each of which reads towards its own corner.
 * const corners: FocalPlane = { detectorsX: 1, detectorsY: 1, amplifiersX: 2, amplifiersY: 2, configuration: "0123" };
 * console.log(corners.configuration.length); // 4
 * ```
 */
export interface FocalPlane {
  /** Detectors side by side. */
  readonly detectorsX: number;
  /** Detectors above one another. */
  readonly detectorsY: number;
  /** Amplifiers side by side. */
  readonly amplifiersX: number;
  /** Amplifiers above one another. */
  readonly amplifiersY: number;
  /**
   * A digit for each amplifier, row by row from the lower left: 0 reads towards the left and down, 1 towards the right,
   * 2 up, 3 right and up.
   */
  readonly configuration: string;
}

/** A region of interest in pixels that count from 1, and how many of them are added up: azcam's `get_roi`. */
export interface Region {
  /** The first column that is read. */
  readonly firstColumn: number;
  /** The last one. */
  readonly lastColumn: number;
  /** The first row that is read. */
  readonly firstRow: number;
  /** The last one. */
  readonly lastRow: number;
  /** How many columns make one of the image. */
  readonly columnBinning: number;
  /** How many rows make one of the image. */
  readonly rowBinning: number;
}

/**
 * The readout of one amplifier: an image of its own, in the order in which its pixels come.
 *
 * @example
 * ```ts
 * import type { AmplifierReadout, Detector } from "@heliograph/heliograph/camera";
 *
 * const pixels = ({ columns, rows }: AmplifierReadout) => new Uint16Array(columns * rows).fill(1000);
 * const readOut: Detector["readOut"] = ({ readouts }) => Promise.resolve(readouts.map(pixels));
 * console.log(readOut.length); // 1
 * ```
 */
export interface AmplifierReadout {
  /** Which of the focal plane's amplifiers it is, from 1. */
  readonly number: number;
  /** The image's size, with underscan and overscan (NAXIS1). */
  readonly columns: number;
  /** The image's size, with underscan and overscan (NAXIS2). */
  readonly rows: number;
  /** Columns of the image before its data. */
  readonly underscanColumns: number;
  /** Columns of the image with data. */
  readonly dataColumns: number;
  /** Columns of the image after its data. */
  readonly overscanColumns: number;
  /** Rows of the image before its data. */
  readonly underscanRows: number;
  /** Rows of the image with data. */
  readonly dataRows: number;
  /** Rows of the image after its data. */
  readonly overscanRows: number;
  /** The detector's column (from 1) of the first data pixel that is read; binning goes on from it. */
  readonly startColumn: number;
  /** The detector's row (from 1) of the first data pixel that is read. */
  readonly startRow: number;
  /** 1 where the columns are read from left to right, -1 from right to left. */
  readonly columnStep: 1 | -1;
  /** 1 where the rows are read from the bottom up, -1 from the top down. */
  readonly rowStep: 1 | -1;
  /** How many columns make one of the image. */
  readonly columnBinning: number;
  /** How many rows make one of the image. */
  readonly rowBinning: number;
}

/** The most columns, rows and overscan. */
const longestSide = 16_384;

/** Nobody's exposure fills the memory: 128 million pixels take 256 MB. */
const mostPixels = 2 ** 27;

/** The whole of a detector, unbinned. */
export function wholeDetector({ columns, rows }: DetectorFormat): Region {
  return { firstColumn: 1, lastColumn: columns, firstRow: 1, lastRow: rows, columnBinning: 1, rowBinning: 1 };
}

/**
 * Checks a format.
 *
 * @throws {HeliographError} `out_of_limits`, with what would be right.
 */
export function checkFormat(format: DetectorFormat): void {
  const { columns, rows, darkColumns, underscanColumns, darkRows, underscanRows } = format;
  const wrong = (what: string) => new HeliographError("out_of_limits", `Cannot set the format: ${what}`);
  if (Math.max(...Object.values(format)) > longestSide) throw wrong(`nothing of it may be more than ${longestSide}`);
  if (columns < 1 || rows < 1) {
    throw wrong(`${columns} columns and ${rows} rows are no detector; it has at least one of each`);
  }
  if (underscanColumns > darkColumns) {
    throw wrong(`${underscanColumns} underscan columns are more than the ${darkColumns} dark columns`);
  }
  if (underscanRows > darkRows) throw wrong(`${underscanRows} underscan rows are more than the ${darkRows} dark rows`);
}

/**
 * Checks a focal plane.
 *
 * @throws {HeliographError} `out_of_limits` or `bad_argument`, with what would be right.
 */
export function checkFocalPlane(plane: FocalPlane, { columns, rows }: DetectorFormat): void {
  const { detectorsX, detectorsY, amplifiersX, amplifiersY, configuration } = plane;
  const wrong = (what: string) => new HeliographError("out_of_limits", `Cannot set the focal plane: ${what}`);
  if (detectorsX !== 1 || detectorsY !== 1) {
    throw wrong(`this camera has one detector, not ${detectorsX} by ${detectorsY}`);
  }
  if (amplifiersX < 1 || amplifiersY < 1) throw wrong("there is at least one amplifier");
  if (columns % amplifiersX !== 0 || rows % amplifiersY !== 0) {
    throw wrong(
      `${amplifiersX} by ${amplifiersY} amplifiers do not share ${columns} columns and ${rows} rows evenly`,
    );
  }
  const amplifiers = amplifiersX * amplifiersY;
  if (amplifiers > 64) throw wrong(`${amplifiers} amplifiers are more than 64`);
  if (!/^[0-3]*$/.test(configuration) || configuration.length !== amplifiers) {
    throw new HeliographError(
      "bad_argument",
      `Cannot set the focal plane: the configuration "${configuration}" needs a digit from 0 to 3 for each of ` +
        `${amplifiers} amplifier${amplifiers === 1 ? "" : "s"}, for example ${
          usualConfiguration(amplifiersX, amplifiersY)
        }`,
    );
  }
}

/**
 * The configuration in which each amplifier reads towards the corner or edge that is nearest to it.
 *
 * @param amplifiersX Amplifiers side by side.
 * @param amplifiersY Amplifiers above one another.
 */
export function usualConfiguration(amplifiersX: number, amplifiersY: number): string {
  const digits = Array.from({ length: amplifiersX * amplifiersY }, (_, index) => {
    const right = 2 * (index % amplifiersX) >= amplifiersX ? 1 : 0;
    const up = 2 * Math.floor(index / amplifiersX) >= amplifiersY ? 2 : 0;
    return amplifiersX === 1 ? up : amplifiersY === 1 ? right : right + up;
  });
  return digits.join("");
}

/**
 * Checks a region.
 *
 * @throws {HeliographError} `out_of_limits`, with what would be right.
 */
export function checkRegion(region: Region, { columns, rows }: DetectorFormat): void {
  const { firstColumn, lastColumn, firstRow, lastRow, columnBinning, rowBinning } = region;
  const wrong = (what: string) =>
    new HeliographError(
      "out_of_limits",
      `Cannot set the region to columns ${firstColumn} to ${lastColumn}, rows ${firstRow} to ${lastRow}, ` +
        `binned ${columnBinning} by ${rowBinning}: ${what}`,
    );
  if (Math.min(...Object.values(region)) < 1 || lastColumn < firstColumn || lastRow < firstRow) {
    throw wrong("all count from 1, and no last comes before its first");
  }
  if (lastColumn > columns || lastRow > rows) throw wrong(`the detector has ${columns} columns and ${rows} rows`);
  if (lastColumn - firstColumn + 1 < columnBinning || lastRow - firstRow + 1 < rowBinning) {
    throw wrong("not one binned pixel fits into it");
  }
}

/** The part of a region that an amplifier reads along one axis; no pixels where it has none of it. */
function span(first: number, last: number, index: number, size: number, binning: number, fromEnd: boolean) {
  const from = Math.max(first, index * size + 1);
  const to = Math.min(last, (index + 1) * size);
  return { start: fromEnd ? to : from, count: Math.max(0, Math.floor((to - from + 1) / binning)) };
}

/**
 * The readouts of a region, one for each amplifier. One that has nothing of the region reads nothing and is left out.
 *
 * @param format The detector's format.
 * @param plane The amplifiers of the detector.
 * @param region What is to be read.
 * @returns At least one, in the order of the amplifiers.
 * @throws {HeliographError} `out_of_limits` where no amplifier has a whole binned pixel of the region, or they read too
 * many.
 */
export function amplifierReadouts(format: DetectorFormat, plane: FocalPlane, region: Region): AmplifierReadout[] {
  const { columnBinning, rowBinning } = region;
  const width = format.columns / plane.amplifiersX;
  const height = format.rows / plane.amplifiersY;
  const readouts = [...plane.configuration].flatMap((digit, index): AmplifierReadout[] => {
    const right = digit === "1" || digit === "3";
    const up = digit === "2" || digit === "3";
    const { firstColumn, lastColumn, firstRow, lastRow } = region;
    const x = span(firstColumn, lastColumn, index % plane.amplifiersX, width, columnBinning, right);
    const y = span(firstRow, lastRow, Math.floor(index / plane.amplifiersX), height, rowBinning, up);
    if (x.count === 0 || y.count === 0) return [];
    // Binned on the chip, as the data are.
    const underscanColumns = Math.floor(format.underscanColumns / columnBinning);
    const underscanRows = Math.floor(format.underscanRows / rowBinning);
    return [{
      number: index + 1,
      columns: underscanColumns + x.count + format.overscanColumns,
      rows: underscanRows + y.count + format.overscanRows,
      underscanColumns,
      dataColumns: x.count,
      overscanColumns: format.overscanColumns,
      underscanRows,
      dataRows: y.count,
      overscanRows: format.overscanRows,
      startColumn: x.start,
      startRow: y.start,
      columnStep: right ? -1 : 1,
      rowStep: up ? -1 : 1,
      columnBinning,
      rowBinning,
    }];
  });
  if (readouts.length === 0) {
    throw new HeliographError(
      "out_of_limits",
      "Cannot read the region: no amplifier has a whole binned pixel of it; make it larger or bin less",
    );
  }
  const pixels = pixelCount(readouts);
  if (pixels <= mostPixels) return readouts;
  throw new HeliographError(
    "out_of_limits",
    `Cannot read the region: its ${pixels} pixels, overscan included, are more than ${mostPixels}`,
  );
}

/** The number of pixels that are read, all amplifiers together. */
export function pixelCount(readouts: readonly AmplifierReadout[]): number {
  return readouts.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}

/** A stretch of pixels as FITS headers write it: `[1:1024,1:512]`. */
function section(firstX: number, lastX: number, firstY: number, lastY: number): string {
  return `[${firstX}:${lastX},${firstY}:${lastY}]`;
}

/** The sections that place an amplifier's image on the detector, in the words of the headers of azcam and NOAO. */
export interface Sections {
  /** The part of the image with data. */
  readonly DATASEC: string;
  /** The part of the image to subtract; the data where there is no overscan, as azcam has it. */
  readonly BIASSEC: string;
  /** The part of the image to keep. */
  readonly TRIMSEC: string;
  /** Which pixels of the detector the data are; from the higher to the lower where it is read backwards. */
  readonly CCDSEC: string;
  /** Which pixels of the mosaic they are: with one detector the same. */
  readonly DETSEC: string;
}

/** The sections of an amplifier's image. @param readout What it reads. */
export function sectionsOf(readout: AmplifierReadout): Sections {
  const { underscanColumns, dataColumns, overscanColumns, underscanRows, dataRows } = readout;
  const firstX = underscanColumns + 1;
  const lastX = underscanColumns + dataColumns;
  const firstY = underscanRows + 1;
  const lastY = underscanRows + dataRows;
  const data = section(firstX, lastX, firstY, lastY);
  const { startColumn, startRow, columnStep, rowStep, columnBinning, rowBinning } = readout;
  const detector = section(
    startColumn,
    startColumn + columnStep * (dataColumns * columnBinning - 1),
    startRow,
    startRow + rowStep * (dataRows * rowBinning - 1),
  );
  return {
    DATASEC: data,
    BIASSEC: overscanColumns > 0 ? section(lastX + 1, lastX + overscanColumns, firstY, lastY) : data,
    TRIMSEC: data,
    CCDSEC: detector,
    DETSEC: detector,
  };
}
