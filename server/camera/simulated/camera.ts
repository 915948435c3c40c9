/**
 * A camera with a simulated detector: azcam's `exposure`, ready to take images.
 *
 * @module
 */

import { azcamExposure } from "../exposure_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { SimulatedDetector, type SimulatedDetectorOptions } from "./simulated_detector.ts";

/** The options of a {@linkcode simulatedCamera}. */
export interface SimulatedCameraOptions extends SimulatedDetectorOptions {
  /** What people call it. @default "exposure" */
  readonly title?: string;
  /** Absolute paths of the folders that images may be written to. @default none, and no exposure can be taken */
  readonly imageFolders?: readonly string[];
  /** What the header says that wrote it. @default "heliograph" */
  readonly software?: string;
  /** azcam's name for the system. @default "sim" */
  readonly systemName?: string;
}

/**
 * Makes a camera with a simulated detector. On a bench it sees the temperature of `tempcon`, the filter of `instrument`
 * and the focus of `telescope`.
 *
 * @param options What it is like.
 */
export function simulatedCamera(options: SimulatedCameraOptions = {}): Instrument {
  const imageFolders = options.imageFolders ?? [];
  const detector = new SimulatedDetector(options);
  // Its stars are as sharp as the telescope's focus makes them.
  const focusComponent = "telescope";
  return azcamExposure({ ...options, summary: "camera (simulated)", detector, imageFolders, focusComponent });
}
