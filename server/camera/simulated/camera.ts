/**
 * A camera with a simulated detector: azcam's `exposure`, ready to take images.
 *
 * @module
 */

import { azcamExposure } from "../exposure_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { type SimulatedCameraOptions, SimulatedDetector } from "./simulated_detector.ts";

export type { SimulatedCameraOptions };

/**
 * Makes a camera with a simulated detector. On a bench it sees the temperature of `tempcon`, the filter of `instrument`
 * and the focus of `telescope`.
 *
 * @example
 * ```ts
 * import { CommandServer } from "@heliograph/heliograph";
 * import { simulatedCamera } from "@heliograph/heliograph/camera";
 *
 * const imageFolder = await Deno.makeTempDir();
 * const camera = simulatedCamera({ imageFolders: [imageFolder], chip: { columns: 64, rows: 64 }, readoutRate: 1e6 });
 * {
 *   await using server = new CommandServer({ port: 0, instruments: [camera] });
 *   server.start();
 *   console.log(await server.command("exposure.expose 0.1 flat")); // OK
 * }
 * await Deno.remove(imageFolder, { recursive: true });
 * ```
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
