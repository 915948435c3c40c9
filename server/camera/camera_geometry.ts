/**
 * The geometry of a camera's next readout: azcam's format, focal plane and region, which clients change one by one.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import {
  type AmplifierReadout,
  amplifierReadouts,
  checkFocalPlane,
  checkFormat,
  checkRegion,
  type DetectorFormat,
  type FocalPlane,
  pixelCount,
  type Region,
  usualConfiguration,
  wholeDetector,
} from "./geometry.ts";

/** The number among azcam's arguments that keeps what is set. */
export const keep = -1;

/** The order of `get_format` and `set_format`. */
const formatOrder = [
  "columns",
  "darkColumns",
  "underscanColumns",
  "overscanColumns",
  "rows",
  "darkRows",
  "underscanRows",
  "overscanRows",
  "frameTransferRows",
] as const;

/** The order of `get_focalplane` and `set_focalplane`, up to the configuration. */
const focalPlaneOrder = ["detectorsX", "detectorsY", "amplifiersX", "amplifiersY"] as const;

/** The order of `get_roi` and `set_roi`. */
const regionOrder = ["firstColumn", "lastColumn", "firstRow", "lastRow", "columnBinning", "rowBinning"] as const;

/** Format, focal plane and region, which always fit together. */
export class CameraGeometry {
  /** The detector's format. */
  format: DetectorFormat;
  /** The amplifiers. */
  focalPlane: FocalPlane;
  /** What is read. */
  region: Region;

  /**
   * @param format The detector's own.
   * @param focalPlane The detector's own.
   * @throws {HeliographError} When they do not fit together.
   */
  constructor(format: DetectorFormat, focalPlane: FocalPlane) {
    checkFormat(format);
    checkFocalPlane(focalPlane, format);
    amplifierReadouts(format, focalPlane, wholeDetector(format));
    this.format = format;
    this.focalPlane = focalPlane;
    this.region = wholeDetector(format);
  }

  /**
   * Changes the format; the region becomes the whole detector, and amplifiers that do not share it evenly become one.
   *
   * @param wanted The nine numbers in azcam's order; {@linkcode keep} keeps one.
   * @throws {HeliographError} When it is no format, or has too many pixels.
   */
  setFormat(wanted: readonly number[]): void {
    const format = merged(this.format, formatOrder, wanted);
    checkFormat(format);
    const { amplifiersX, amplifiersY } = this.focalPlane;
    const even = format.columns % amplifiersX === 0 && format.rows % amplifiersY === 0;
    // set_focalplane comes after set_format, as in azcam: until then the new format is read through one amplifier.
    const plane = even ? this.focalPlane : { ...this.focalPlane, amplifiersX: 1, amplifiersY: 1, configuration: "0" };
    const region = wholeDetector(format);
    amplifierReadouts(format, plane, region);
    this.format = format;
    this.focalPlane = plane;
    this.region = region;
  }

  /**
   * Changes the amplifiers.
   *
   * @param wanted Detectors and amplifiers in X and Y, in azcam's order; {@linkcode keep} keeps one.
   * @param configuration A digit for each amplifier, also as Python writes a list; empty for the usual one.
   * @throws {HeliographError} When that is no focal plane of this detector.
   */
  setFocalPlane(wanted: readonly number[], configuration: string): void {
    const digits = configuration.replace(/[\s,[\]'"]/g, "");
    const plane = merged(this.focalPlane, focalPlaneOrder, wanted);
    const amplifiers = plane.amplifiersX * plane.amplifiersY;
    const same = digits === "" && amplifiers === this.focalPlane.configuration.length;
    // azcam's console sends 0 where nobody says anything.
    const usual = digits === "" || (digits === "0" && amplifiers > 1);
    const changed = {
      ...plane,
      configuration: same
        ? this.focalPlane.configuration
        : usual
        ? usualConfiguration(plane.amplifiersX, plane.amplifiersY)
        : digits,
    };
    checkFocalPlane(changed, this.format);
    amplifierReadouts(this.format, changed, this.region);
    this.focalPlane = changed;
  }

  /**
   * Changes the region.
   *
   * @param wanted First and last column, first and last row, column and row binning; {@linkcode keep} keeps one.
   * @throws {HeliographError} When that is no part of the detector.
   */
  setRegion(wanted: readonly number[]): void {
    const region = merged(this.region, regionOrder, wanted);
    checkRegion(region, this.format);
    amplifierReadouts(this.format, this.focalPlane, region);
    this.region = region;
  }

  /** Makes the region the whole detector; the binning stays, as in azcam. */
  resetRegion(): void {
    const { columnBinning, rowBinning } = this.region;
    this.region = { ...wholeDetector(this.format), columnBinning, rowBinning };
  }

  /** The format as `get_format` tells it. */
  formatNumbers(): number[] {
    return formatOrder.map((name) => this.format[name]);
  }

  /** The focal plane as `get_focalplane` tells it; the amplifiers' digits are a list as Python writes it. */
  focalPlaneWords(): (number | string)[] {
    const digits = [...this.focalPlane.configuration].join(", ");
    return [...focalPlaneOrder.map((name) => this.focalPlane[name]), `[${digits}]`];
  }

  /** The region as `get_roi` tells it. */
  regionNumbers(): number[] {
    return regionOrder.map((name) => this.region[name]);
  }

  /** The size of the next image: its columns, its rows, all its pixels, and how many amplifiers read them. */
  imageSize(): number[] {
    const { amplifiersX, amplifiersY } = this.focalPlane;
    const readouts = this.readouts();
    const { columns, rows } = readouts[0]!;
    return [columns * amplifiersX, rows * amplifiersY, pixelCount(readouts), readouts.length];
  }

  /** The readout of each amplifier. @throws {HeliographError} When nothing would be read. */
  readouts(): AmplifierReadout[] {
    return amplifierReadouts(this.format, this.focalPlane, this.region);
  }
}

/** Numbers in azcam's order over what is set. */
function merged<T extends object>(held: T, order: readonly (keyof T)[], wanted: readonly number[]): T {
  const given = order.flatMap((name, index) => {
    const value = wanted[index] ?? keep;
    return value === keep ? [] : [[name, value] as const];
  });
  const negative = given.find(([, value]) => value < 0);
  if (negative !== undefined) {
    throw new HeliographError("out_of_limits", `${negative[1]} is no number of pixels; ${keep} keeps what is set`);
  }
  return { ...held, ...Object.fromEntries(given) };
}
