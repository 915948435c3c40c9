/**
 * The properties of a simulated CCD, and the scene that an exposure shows it.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

/**
 * The properties of a simulated CCD; plain data, which can be posted to a Worker. What an amplifier has is one number for
 * all of them, or one for each; those after the last of a list are like the last.
 *
 * @example
 * ```ts
 * import { type ChipProperties, simulatedCamera } from "@heliograph/heliograph/camera";
 *
 * const noisy: Partial<ChipProperties> = { columns: 256, rows: 256, readNoise: 20, cosmicRays: 100 };
 * console.log(simulatedCamera({ chip: noisy }).title); // exposure
 * ```
 */
export interface ChipProperties {
  /** Columns that see light. */
  readonly columns: number;
  /** Rows that see light. */
  readonly rows: number;
  /** Any whole number: a chip of another seed has other hot pixels, another flat field and another sky. */
  readonly seed: number;
  /** Electrons per DN. */
  readonly gain: number | readonly number[];
  /** Root mean square, in electrons. */
  readonly readNoise: number | readonly number[];
  /** The value of a pixel without charge, in DN. */
  readonly bias: number | readonly number[];
  /** The most electrons that a pixel holds. */
  readonly fullWell: number;
  /** The edge of a pixel, in µm. */
  readonly pixelSize: number;
  /** Electrons per second and pixel at `darkTemperature`. */
  readonly darkCurrent: number;
  /** Where the dark current was measured, in °C. */
  readonly darkTemperature: number;
  /** How much warmer the chip is, in K, when its dark current has doubled. */
  readonly darkDoubling: number;
  /** The share of hot pixels, from 0 to 1. */
  readonly hotPixels: number;
  /** How many times the dark current of the others the hottest pixel has; the least hot has its square root. */
  readonly hotPixelFactor: number;
  /** The standard deviation of the pixels' response to light, as a share of it. */
  readonly responseSpread: number;
  /** How much of the light the corners lose, as a share of it. */
  readonly vignetting: number;
  /** Electrons per second and pixel of the flat field lamp at the centre. */
  readonly flatRate: number;
  /** Electrons per second and pixel of the sky's background at the centre. */
  readonly skyRate: number;
  /** How many stars there are on a million pixels, on average. */
  readonly starsPerMegapixel: number;
  /** Electrons per second of the faintest stars. */
  readonly faintestStar: number;
  /** Electrons per second that no star exceeds. */
  readonly brightestStar: number;
  /** How many stars are brighter than a rate: it falls as the rate to the power of minus this. */
  readonly starSlope: number;
  /** Cosmic rays per square centimetre and minute. */
  readonly cosmicRays: number;
}

/** A chip of 1024 by 1024 pixels of 15 µm, with up to four amplifiers that differ a little. */
export const defaultChip: ChipProperties = {
  columns: 1024,
  rows: 1024,
  seed: 1,
  gain: [1.7, 1.73, 1.68, 1.71],
  readNoise: [4.2, 4.4, 4.1, 4.3],
  bias: [1000, 1012, 993, 1006],
  fullWell: 100_000,
  pixelSize: 15,
  darkCurrent: 0.002,
  darkTemperature: -100,
  darkDoubling: 6.5,
  hotPixels: 0.0005,
  hotPixelFactor: 10_000,
  responseSpread: 0.01,
  vignetting: 0.1,
  flatRate: 8000,
  skyRate: 20,
  starsPerMegapixel: 300,
  faintestStar: 100,
  brightestStar: 3_000_000,
  starSlope: 0.6,
  cosmicRays: 1.5,
};

/** The scene that a chip sees while its shutter is open, once or several times before it is read out. Plain data, which can be posted to a Worker. */
export interface Scene {
  /** The number of the exposure; each has noise and cosmic rays of its own. */
  readonly frame: number;
  /** What falls on the chip: nothing, the flat field lamp, or the sky with its stars. */
  readonly light: "none" | "flat" | "sky";
  /** How long the light falls, in seconds. */
  readonly exposureSeconds: number;
  /** How long charge collects, in seconds; no less than `exposureSeconds`. */
  readonly darkSeconds: number;
  /** The chip's temperature, in °C. */
  readonly temperature: number;
  /** The share of the light that the filter lets through, from 0 to 1. */
  readonly transmission: number;
  /** The full width at half maximum of the stars' images, in unbinned pixels; taken as at least 0.5 and at most 100. */
  readonly blur: number;
  /** How many rows its charge was shifted towards row 1 before it was read out. @default 0 */
  readonly shift?: number;
}

function ofAmplifier(what: string, values: ChipProperties["gain"], amplifier: number): number {
  if (typeof values === "number") return values;
  const value = values[Math.min(amplifier, values.length) - 1];
  if (value !== undefined) return value;
  throw new HeliographError(
    "command_failed",
    `Cannot tell the ${what} of amplifier ${amplifier}: give the chip at least one`,
  );
}

/**
 * The gain of an amplifier, in electrons per DN (GAIN).
 *
 * @param chip Whose.
 * @param amplifier Its number, from 1.
 * @throws {HeliographError} Where the chip has an empty list of them.
 */
export function gainOf(chip: ChipProperties, amplifier: number): number {
  return ofAmplifier("gain", chip.gain, amplifier);
}

/**
 * The read noise of an amplifier, in electrons (RDNOISE).
 *
 * @param chip Whose.
 * @param amplifier Its number, from 1.
 * @throws {HeliographError} Where the chip has an empty list of them.
 */
export function readNoiseOf(chip: ChipProperties, amplifier: number): number {
  return ofAmplifier("read noise", chip.readNoise, amplifier);
}

/**
 * The value of a pixel without charge, in DN.
 *
 * @param chip Whose.
 * @param amplifier Its number, from 1.
 * @throws {HeliographError} Where the chip has an empty list of them.
 */
export function biasOf(chip: ChipProperties, amplifier: number): number {
  return ofAmplifier("bias", chip.bias, amplifier);
}

/**
 * The dark charge that a pixel which is not hot collects, in electrons.
 *
 * @param chip Which chip.
 * @param scene How warm it is, and how long it collects.
 */
export function darkCharge(chip: ChipProperties, scene: Scene): number {
  return chip.darkCurrent * 2 ** ((scene.temperature - chip.darkTemperature) / chip.darkDoubling) * scene.darkSeconds;
}

/**
 * The charge that the evenly spread light makes in a pixel at the centre, in electrons.
 *
 * @param chip Which chip.
 * @param scene Which light, for how long.
 */
export function lightCharge(chip: ChipProperties, scene: Scene): number {
  const rate = { none: 0, flat: chip.flatRate, sky: chip.skyRate }[scene.light];
  return rate * scene.exposureSeconds * scene.transmission;
}
