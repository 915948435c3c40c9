/**
 * A simulated CCD behind a simulated telescope; it sees what the other instruments of its bench let through.
 *
 * @module
 */

import { type Clock, systemClock } from "../clock.ts";
import type { AmplifierPixels, Detector, DetectorReadout, Light } from "../detector.ts";
import { type DetectorFormat, type FocalPlane, usualConfiguration } from "../geometry.ts";
import type { Surroundings } from "../../bench/instrument.ts";
import type { Value } from "../../bench/values.ts";
import { ChipPixels } from "./chip_pixels.ts";
import { type ChipProperties, defaultChip, gainOf, readNoiseOf, type Scene } from "./chip_properties.ts";

/**
 * The options of a `simulatedCamera`.
 *
 * @example
 * ```ts
 * import { simulatedCamera, type SimulatedCameraOptions } from "@heliograph/heliograph/camera";
 *
 * const fourAmplifiers: SimulatedCameraOptions = { title: "Science", amplifiersX: 2, amplifiersY: 2 };
 * console.log(simulatedCamera(fourAmplifiers).name); // science
 * ```
 */
export interface SimulatedCameraOptions {
  /** What people call it. @default "exposure" */
  readonly title?: string;
  /** Absolute paths of the folders that images may be written to. @default none, and no exposure can be taken */
  readonly imageFolders?: readonly string[];
  /** What the header says that wrote it. @default "heliograph" */
  readonly software?: string;
  /** azcam's name for the system. @default "sim" */
  readonly systemName?: string;
  /** The time it goes by. @default the PC's clock */
  readonly clock?: Clock;
  /** What its chip is like. @default 1024 by 1024 pixels of 15 µm, with what such a chip usually has */
  readonly chip?: Partial<ChipProperties>;
  /** Overscan columns of each amplifier. @default 32 */
  readonly overscanColumns?: number;
  /** Amplifiers side by side. @default 1 */
  readonly amplifiersX?: number;
  /** Amplifiers above one another. @default 1 */
  readonly amplifiersY?: number;
  /** How many pixels an amplifier reads in a second. @default 1,000,000 */
  readonly readoutRate?: number;
  /** How long it takes to clear it once, in seconds. @default 0.1 */
  readonly flushSeconds?: number;
}

/** The interval at which the progress of a readout is published, in seconds. */
const tick = 0.1;

/** The transmissions of the simulated wheel's filters. */
const transmissions: Readonly<Record<string, number>> = { u: 0.25, g: 0.6, r: 0.75, i: 0.7, z: 0.4, clear: 1 };

/** The telescope's focus at which stars are sharpest. */
const bestFocus = 1500;
/** The width that the atmosphere gives a star, in pixels. */
const seeing = 2.5;
/** The distance from focus that widens a star by a pixel. */
const focusPerPixel = 100;

/** The reading of an instrument of the bench; `undefined` where there is no such instrument or reading. */
function reading(surroundings: Surroundings | undefined, instrument: string, field: string): Value | undefined {
  return surroundings?.find(instrument)?.allFields.find(({ name }) => name === field)?.value;
}

/** A simulated CCD. The same seed gives the same images, exposure by exposure. */
export class SimulatedDetector implements Detector {
  /** What it is, for the header. */
  readonly title = "simulated CCD";
  /** The format it is made with. */
  readonly format: DetectorFormat;
  /** The amplifiers it is made with. */
  readonly focalPlane: FocalPlane;
  readonly #pixels = new ChipPixels();
  readonly #clock: Clock;
  readonly #chip: ChipProperties;
  readonly #readoutRate: number;
  readonly #flushSeconds: number;
  #frame = 0;
  /** What it has collected since it was read out or cleared. */
  #scenes: Scene[] = [];
  #light: Light = "none";
  #surroundings: Surroundings | undefined;
  #begun = 0;
  /** How long light has fallen, and since when the shutter is open. */
  #exposed = 0;
  #opened: number | undefined;

  /** Makes one. @param options What it is like. */
  constructor(options: SimulatedCameraOptions = {}) {
    const { overscanColumns = 32, amplifiersX = 1, amplifiersY = 1 } = options;
    this.#clock = options.clock ?? systemClock;
    this.#chip = { ...defaultChip, ...options.chip };
    this.#readoutRate = options.readoutRate ?? 1_000_000;
    this.#flushSeconds = options.flushSeconds ?? 0.1;
    this.format = {
      columns: this.#chip.columns,
      darkColumns: 0,
      underscanColumns: 0,
      overscanColumns,
      rows: this.#chip.rows,
      darkRows: 0,
      underscanRows: 0,
      overscanRows: 0,
      frameTransferRows: 0,
    };
    this.focalPlane = {
      detectorsX: 1,
      detectorsY: 1,
      amplifiersX,
      amplifiersY,
      configuration: usualConfiguration(amplifiersX, amplifiersY),
    };
  }

  /** An amplifier's gain in electrons per number. */
  gain(amplifier: number): number {
    return gainOf(this.#chip, amplifier);
  }

  /** An amplifier's read noise in electrons. */
  readNoise(amplifier: number): number {
    return readNoiseOf(this.#chip, amplifier);
  }

  /** Clears the charge. */
  async flush(cycles: number, signal: AbortSignal): Promise<void> {
    this.#scenes = [];
    await this.#clock.wait(cycles * this.#flushSeconds, signal);
  }

  /** Begins to collect charge. */
  begin(light: Light, surroundings: Surroundings | undefined): Promise<void> {
    this.#frame++;
    this.#light = light;
    this.#surroundings = surroundings;
    this.#begun = this.#clock.now();
    this.#exposed = 0;
    return this.resume();
  }

  /** Closes the shutter; the charge stays. */
  pause(): Promise<void> {
    if (this.#opened !== undefined) this.#exposed += this.#clock.now() - this.#opened;
    this.#opened = undefined;
    return Promise.resolve();
  }

  /** Opens it again. */
  resume(): Promise<void> {
    this.#opened = this.#clock.now();
    return Promise.resolve();
  }

  /** Closes the shutter: the charge waits to be read out. */
  async end(): Promise<void> {
    await this.pause();
    this.#scenes.push({
      frame: this.#frame,
      light: this.#light,
      exposureSeconds: this.#exposed,
      darkSeconds: this.#clock.now() - this.#begun,
      ...this.#conditions(),
    });
  }

  /** Shifts the charge; row 1 is read out first. */
  shift(rows: number): Promise<void> {
    this.#scenes = this.#scenes.map((scene) => ({ ...scene, shift: (scene.shift ?? 0) + rows }));
    return Promise.resolve();
  }

  /** Forgets the charge. */
  async abort(): Promise<void> {
    await this.pause();
    this.#scenes = [];
  }

  /** Opens or closes the shutter by hand: nothing is there to be moved. */
  setShutter(): Promise<void> {
    return Promise.resolve();
  }

  /** Reads the charge out, as fast as its amplifiers do. */
  async readOut(
    { format: { columns, rows }, readouts }: DetectorReadout,
    report: (pixelsRemaining: number) => void,
    signal: AbortSignal,
  ): Promise<readonly AmplifierPixels[]> {
    const scenes = this.#scenes;
    this.#scenes = [];
    const made = this.#pixels.make({ chip: { ...this.#chip, columns, rows }, scenes, readouts }, signal);
    // Where the wait ends first, nobody looks at the pixels any more.
    made.catch(() => {});
    const sizes = readouts.map((readout) => readout.columns * readout.rows);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    // The amplifiers read at the same time.
    const seconds = Math.max(...sizes) / this.#readoutRate;
    const begun = this.#clock.now();
    for (;;) {
      const left = Math.max(0, begun + seconds - this.#clock.now());
      report(Math.ceil(total * left / seconds));
      if (left === 0) return await made;
      await this.#clock.wait(Math.min(tick, left), signal);
    }
  }

  /** The conditions on the bench: the cryostat's temperature, the filter, and how sharp stars are. */
  #conditions(): { temperature: number; transmission: number; blur: number } {
    const temperature = reading(this.#surroundings, "tempcon", "camtemp");
    const filter = reading(this.#surroundings, "instrument", "filter");
    const focus = reading(this.#surroundings, "telescope", "focus");
    return {
      temperature: typeof temperature === "number" ? temperature : this.#chip.darkTemperature,
      transmission: typeof filter === "string" ? transmissions[filter] ?? 1 : 1,
      blur: typeof focus === "number" ? Math.hypot(seeing, (focus - bestFocus) / focusPerPixel) : seeing,
    };
  }

  /** Starts what makes its pixels. */
  start(): Promise<void> {
    return this.#pixels.start();
  }

  /** Ends what makes its pixels. */
  stop(): Promise<void> {
    this.#pixels.stop();
    return Promise.resolve();
  }
}
