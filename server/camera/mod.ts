/**
 * Cameras as azcam's `exposure`, with a detector of one's own or a simulated one.
 *
 * @example A simulated camera
 * ```ts
 * import { HeliographServer } from "@heliograph/heliograph";
 * import { simulatedCamera } from "@heliograph/heliograph/camera";
 *
 * const instruments = [simulatedCamera()];
 * await using server = new HeliographServer({ instruments, commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * console.log(await server.commandServer.command("exposure.get state")); // OK idle
 * ```
 *
 * @module
 */

export { azcamExposure, type CameraOptions } from "./exposure_instrument.ts";
export type { Clock } from "./clock.ts";
export type { Detector } from "./detector.ts";
export type { AmplifierReadout, DetectorFormat, FocalPlane } from "./geometry.ts";
export { simulatedCamera, type SimulatedCameraOptions } from "./simulated/camera.ts";
export type { ChipProperties } from "./simulated/chip_properties.ts";
