/**
 * The interface of a detector to exposures. The simulated one is the first; a controller's driver implements the same.
 *
 * @module
 */

import type { Instrument } from "../bench/instrument.ts";
import type { AmplifierReadout, DetectorFormat, FocalPlane } from "./geometry.ts";

/**
 * A detector with its controller and shutter. It is driven by one exposure at a time.
 *
 * @example
 * ```ts
 * import { CommandServer } from "@heliograph/heliograph";
 * import { azcamExposure, type Detector } from "@heliograph/heliograph/camera";
 *
 * const detector: Detector = {
 *   title: "photodiode",
 *   format: {
 *     columns: 1,
 *     darkColumns: 0,
 *     underscanColumns: 0,
 *     overscanColumns: 0,
 *     rows: 1,
 *     darkRows: 0,
 *     underscanRows: 0,
 *     overscanRows: 0,
 *     frameTransferRows: 0,
 *   },
 *   focalPlane: { detectorsX: 1, detectorsY: 1, amplifiersX: 1, amplifiersY: 1, configuration: "0" },
 *   gain: () => 1,
 *   readNoise: () => 1,
 *   flush: async () => {},
 *   begin: async () => {},
 *   pause: async () => {},
 *   resume: async () => {},
 *   end: async () => {},
 *   abort: async () => {},
 *   setShutter: async () => {},
 *   readOut: ({ readouts }) => Promise.resolve(readouts.map(({ columns, rows }) => new Uint16Array(columns * rows))),
 *   stop: async () => {},
 * };
 * const camera = azcamExposure({ summary: "one pixel", detector, imageFolders: [] });
 * await using server = new CommandServer({ port: 0, instruments: [camera] });
 * console.log(await server.command("exposure.get_format")); // OK 1 0 0 0 1 0 0 0 0
 * ```
 */
export interface Detector {
  /** What it is, for the header: `simulated CCD`. */
  readonly title: string;
  /** The format it is made with. */
  readonly format: DetectorFormat;
  /** The amplifiers it is made with. */
  readonly focalPlane: FocalPlane;
  /** An amplifier's gain in electrons per number. @param amplifier From 1. */
  gain(amplifier: number): number;
  /** An amplifier's read noise in electrons. @param amplifier From 1. */
  readNoise(amplifier: number): number;
  /**
   * Clears the charge.
   *
   * @param cycles How often.
   * @param signal Ends it early; then it throws the signal's reason.
   */
  flush(cycles: number, signal: AbortSignal): Promise<void>;
  /**
   * Begins to collect charge, with the shutter open unless there is to be no light. Where the charge can be shifted it
   * may be begun again after `end`, before it is read out: what it collects then adds to what is there.
   *
   * @param light What the shutter lets in: nothing, a lamp (for flats and comparisons), or the sky through telescope and filter.
   * @param surroundings The instruments of the bench, such as the telescope; `find` takes a name or title.
   */
  begin(
    light: "none" | "flat" | "sky",
    surroundings: {
      readonly instruments: readonly Instrument[];
      find(name: string): Instrument | undefined;
    } | undefined,
  ): Promise<void>;
  /** Closes the shutter; the charge stays. */
  pause(): Promise<void>;
  /** Opens it again where it was open. */
  resume(): Promise<void>;
  /** Closes the shutter: the charge waits to be read out. */
  end(): Promise<void>;
  /** Closes the shutter and forgets the charge; it fits in whatever it does. */
  abort(): Promise<void>;
  /**
   * Shifts the charge along the columns, without reading it; left out where the detector cannot. A focus sequence needs
   * it.
   *
   * @param rows How far: positive is towards the readout, negative away from it.
   * @param signal Ends it early; then it throws the signal's reason.
   */
  shift?(rows: number, signal: AbortSignal): Promise<void>;
  /** Opens or closes the shutter by hand. */
  setShutter(open: boolean): Promise<void>;
  /**
   * Reads the charge out.
   *
   * @param readout What is to be read: the format as it is set, and what each amplifier reads.
   * @param report Told how many pixels are still to come, all amplifiers together.
   * @param signal Ends it early; then it throws the signal's reason.
   * @returns Each amplifier's image, in the order of the readouts: columns × rows numbers, row by row as they were read.
   */
  readOut(
    readout: { readonly format: DetectorFormat; readonly readouts: readonly AmplifierReadout[] },
    report: (pixelsRemaining: number) => void,
    signal: AbortSignal,
  ): Promise<readonly Uint16Array<ArrayBuffer>[]>;
  /** Prepares what it needs for images, where there is a folder for them: before the server gives up its permissions. */
  start?(): Promise<void> | void;
  /** Gives up what it holds, when the server stops. */
  stop(): Promise<void>;
}

/** The light that falls on the detector: nothing, a lamp (for flats and comparisons), or the sky through telescope and filter. */
export type Light = Parameters<Detector["begin"]>[0];

/** The plan of a detector's readout. */
export type DetectorReadout = Parameters<Detector["readOut"]>[0];

/** The pixels of one amplifier: unsigned 16-bit numbers, which can be handed to a Worker without being copied. */
export type AmplifierPixels = Uint16Array<ArrayBuffer>;
