/**
 * The last image of an instrument that takes images. Nobody names a file: there is only the last image.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** The levels of a picture that are shown as black and white. */
export type Levels = readonly [black: number, white: number];

/** Levels between which an image is worth looking at. */
export interface ImageLevels {
  /** 1 % of the pixels are darker, 0.5 % brighter. */
  readonly automatic: Levels;
  /** 0.1 % of the pixels are darker, 0.05 % brighter. */
  readonly wide: Levels;
  /** The smallest value and the largest. */
  readonly full: Levels;
}

/** A keyword of an image's header, with its value. */
export interface ImageKeyword {
  /** For example `EXPTIME`. */
  readonly keyword: string;
  /** What it is. */
  readonly value: string | number | boolean;
  /** Its unit, where it has one. */
  readonly unit?: string;
}

/** The last image of an instrument. */
export interface LastImage {
  /** What no other image has; the pixels of an image are asked for with it. */
  readonly identity: string;
  /** The absolute path of its file, with forward slashes. */
  readonly file: string;
  /** How many columns it has: all amplifiers together, without overscan where the header tells what that is. */
  readonly width: number;
  /** How many rows it has. */
  readonly height: number;
  /** What its header says that people ask for first; what it does not have is left out. */
  readonly header: readonly ImageKeyword[];
  /** Levels between which it is worth looking at. */
  readonly levels: ImageLevels;
}

/** A rectangle of an image, and how small it is to be. */
export interface TileRequest {
  /** Its first column, from 1. */
  readonly x: number;
  /** Its first row, from 1; the first is the lowest. */
  readonly y: number;
  /** How many columns of the image. */
  readonly width: number;
  /** How many rows of the image. */
  readonly height: number;
  /** How many columns, and how many rows, of the image are one of the tile. */
  readonly scale: number;
}

/** A rectangle of an image. */
export interface Tile {
  /** How many columns it has: those of the image by the scale, rounded up. */
  readonly columns: number;
  /** How many rows it has. */
  readonly rows: number;
  /** Row by row, the lowest first; NaN where there is no value. */
  readonly pixels: Float32Array<ArrayBuffer>;
}

/** Tells of an instrument's last image. */
export interface ImageSource {
  /**
   * Tells what it is.
   *
   * @param signal Calls it off.
   * @throws {NoImage} Where there is none.
   */
  describe(signal: AbortSignal): Promise<LastImage>;
  /**
   * Reads some of it.
   *
   * @param request Which rectangle; at most 1,048,576 pixels come of it.
   * @param identity Which image it is to be. @default the last one, whichever it is
   * @param signal Calls it off.
   * @throws {NoImage} Where there is none.
   * @throws {ImageReplaced} Where it is no longer the last one.
   * @throws {HeliographError} `bad_argument` or `out_of_limits` where there is no such rectangle.
   */
  tile(request: TileRequest, identity: string | undefined, signal: AbortSignal): Promise<Tile>;
}

/** The error where there is no image: none has been written yet, or its file has been removed. */
export class NoImage extends HeliographError {
  /** Makes it. @param message Why there is none. */
  constructor(message: string) {
    super("command_failed", message);
  }
}

/** The image that was asked for is no longer the last one. */
export class ImageReplaced extends HeliographError {
  /** Makes it. @param message What was asked for, and what to do instead. */
  constructor(message: string) {
    super("command_failed", message);
  }
}
