/**
 * A camera with a simulated detector: azcam's `exposure`, ready to take images.
 *
 * @module
 */

import { cameraWith } from "../exposure_instrument.ts";
import { PixelStore } from "../pixel_store.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { type SimulatedCameraOptions, SimulatedDetector } from "./simulated_detector.ts";

export type { SimulatedCameraOptions };

/**
 * Makes a camera with a simulated detector. On a bench it sees the temperature of `tempcon`, the filter of `instrument`
 * and the focus of `telescope`.
 *
 * @param options What it is like.
 */
export function simulatedCamera(options: SimulatedCameraOptions = {}): Instrument {
  const imageFolders = options.imageFolders ?? [];
  const pixels = new PixelStore(imageFolders);
  const detector = new SimulatedDetector(pixels, options);
  return cameraWith(pixels, { ...options, summary: "camera (simulated)", detector, imageFolders });
}
