/**
 * The plan of an exposure, made from the camera's settings before it begins, and the times that come of it.
 *
 * @module
 */

import type { HeaderCard } from "../bench/header_card.ts";
import type { WantedFile } from "../files/part_file.ts";
import type { DetectorReadout, Light } from "./detector.ts";
import type { ImagePart } from "./pixel_messages.ts";

/** The plan of an exposure, as it was set when the exposure began: what is set later is for the next one. */
export interface ExposurePlan extends WantedFile {
  /** The exposure time, in seconds. */
  readonly seconds: number;
  /** What the shutter lets in. */
  readonly light: Light;
  /** The comparison lamp that burns meanwhile; `undefined` for none. */
  readonly lamp: string | undefined;
  /** What is read. */
  readonly readout: DetectorReadout;
  /** Whether the detector is cleared before. */
  readonly flush: boolean;
  /** Whether the image is written. */
  readonly save: boolean;
  /** Whether it is a test image, which is not counted. */
  readonly test: boolean;
  /** Its number. */
  readonly number: number;
  /** Whether the next image has the next number, whatever is set. */
  readonly counts: boolean;
  /**
   * The image's parts without their pixels, in the order of the file.
   *
   * @param times When it was exposed, and for how long.
   */
  readonly parts: (times: ExposureTimes) => ImagePart[];
}

/** The times of an exposure. */
export interface ExposureTimes {
  /** When the shutter opened, or would have. */
  readonly begun: Date;
  /** How long light fell on the detector, or would have; without pauses, in seconds. */
  readonly exposed: number;
  /** How long charge collected, with pauses, in seconds. */
  readonly dark: number;
  /** When the image is written. */
  readonly written: Date;
}

/** The settings that an exposure may override. */
export interface Overrides {
  /** How long it takes, in seconds. */
  readonly seconds?: number;
  /** azcam's image type. */
  readonly type?: string;
  /** What it shows. */
  readonly title?: string;
  /** Whether it goes into the file for tests. */
  readonly test?: boolean;
  /** Whether the detector is flushed before. */
  readonly flush?: boolean;
  /** What its file's name begins with, in place of what is set: then its number follows, and another may be replaced. */
  readonly root?: string;
  /** What its header says beside the rest. */
  readonly cards?: readonly HeaderCard[];
}
