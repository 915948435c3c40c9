/**
 * The images of an instrument that takes images. Nobody names a file: images are asked for by their identities, of which
 * the instrument keeps a table.
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

/** An image of an instrument. */
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

/** One of the last images. */
export interface RecentImage {
  /** What no other image has. */
  readonly identity: string;
  /** The absolute path of its file, with forward slashes. */
  readonly file: string;
  /** When its file was written, in milliseconds since 1970. */
  readonly time: number;
}

/** The header of one part of an image's file, as it stands there. */
export interface ImageHdu {
  /** Its number in the file, from 1. */
  readonly number: number;
  /** `primary`, or what kind of extension it is, for example `IMAGE`. */
  readonly kind: string;
  /** Its name (EXTNAME), empty if it has none. */
  readonly name: string;
  /** Its cards, without END and without the blanks at their ends. */
  readonly cards: readonly string[];
}

/** A rectangle of an image, in its own pixels. */
export type ImageRegion = Omit<TileRequest, "scale">;

/** The statistics of a rectangle; all but the count are `null` where no pixel has a value. */
export interface RegionStatistics {
  /** How many pixels have a value. */
  readonly count: number;
  readonly mean: number | null;
  /** The value in the middle; of an even number of pixels, the mean of the two in the middle. */
  readonly median: number | null;
  /** The standard deviation of a sample: the squares are divided by the number of pixels less 1. */
  readonly deviation: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** How many pixels have which values. */
export interface ImageHistogram {
  /** Where the first bin begins. */
  readonly from: number;
  /** Where the last bin ends. */
  readonly to: number;
  /** How many pixels are darker than all bins, and brighter. */
  readonly below: number;
  readonly above: number;
  /** How many pixels are in each bin. */
  readonly counts: readonly number[];
}

/** A question about one image, and what it asks for. */
export type ImageQuestion =
  | { readonly about: "header" }
  | { readonly about: "statistics"; readonly region: ImageRegion }
  | { readonly about: "histogram"; readonly from: number; readonly to: number; readonly bins: number }
  | { readonly about: "piece"; readonly offset: number; readonly length: number };

/** The answers to questions. */
export interface ImageAnswers {
  readonly header: readonly ImageHdu[];
  readonly statistics: RegionStatistics;
  readonly histogram: ImageHistogram;
  /** Bytes of the file; fewer than asked for where it ends. */
  readonly piece: Uint8Array<ArrayBuffer>;
}

/** The most bins of a histogram. */
export const mostBins = 4096;

/** The longest piece of a file, in bytes. */
export const longestPiece: number = 2 ** 20;

/** Tells of an instrument's images. */
export interface ImageSource {
  /**
   * Tells what an image is.
   *
   * @param signal Calls it off.
   * @param identity Which image. @default the last one, whichever it is
   * @throws {NoImage} Where there is none.
   * @throws {ImageReplaced} Where that one is not known any more.
   */
  describe(signal: AbortSignal, identity?: string): Promise<LastImage>;
  /**
   * Reads some of an image.
   *
   * @param request Which rectangle; at most 1,048,576 pixels come of it.
   * @param identity Which image it is to be. @default the last one, whichever it is
   * @param signal Calls it off.
   * @throws {NoImage} Where there is none.
   * @throws {ImageReplaced} Where that one is not known any more.
   * @throws {HeliographError} `bad_argument` or `out_of_limits` where there is no such rectangle.
   */
  tile(request: TileRequest, identity: string | undefined, signal: AbortSignal): Promise<Tile>;
  /** Tells which images there were last, the newest first; those whose files are gone are left out. */
  recent(signal: AbortSignal): Promise<readonly RecentImage[]>;
  /**
   * Answers a question about an image.
   *
   * @param question What is asked.
   * @param identity Which image. @default the last one, whichever it is
   * @param signal Calls it off.
   * @throws {NoImage} Where there is none.
   * @throws {ImageReplaced} Where that one is not known any more.
   * @throws {HeliographError} `bad_argument` or `out_of_limits` where that cannot be asked.
   */
  ask<Q extends ImageQuestion>(
    question: Q,
    identity: string | undefined,
    signal: AbortSignal,
  ): Promise<ImageAnswers[Q["about"]]>;
}

/** The error where there is no image: none has been written yet, or its file has been removed. */
export class NoImage extends HeliographError {
  /** Makes it. @param message Why there is none. */
  constructor(message: string) {
    super("command_failed", message);
  }
}

/** The image that was asked for is not known any more: another one has taken its place. */
export class ImageReplaced extends HeliographError {
  /** Makes it. @param message What was asked for, and what to do instead. */
  constructor(message: string) {
    super("command_failed", message);
  }
}
