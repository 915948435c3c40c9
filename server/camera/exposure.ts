/**
 * Runs one exposure after another on a detector: begun, integrated, read out, written; paused and aborted at any
 * moment.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Surroundings } from "../bench/instrument.ts";
import type { Clock } from "./clock.ts";
import type { AmplifierPixels, Detector } from "./detector.ts";
import type { ExposurePlan } from "./exposure_plan.ts";
import { type ExposureEvent, type ExposureState, NotNow, refused, transitions } from "./exposure_states.ts";
import { pixelCount } from "./geometry.ts";
import { Integration } from "./integration.ts";
import type { ImageFile } from "./pixel_messages.ts";
import { ImageNotWritten, type PixelStore } from "./pixel_store.ts";

/** The lamps that burn during an exposure of their own. */
export interface Lamps {
  /**
   * Lights a lamp and puts the one out that burns; nothing happens where it burns already.
   *
   * @param lamp Its name; `undefined` for none.
   */
  light(lamp: string | undefined): Promise<void>;
  /** Puts out what burns; a lamp that cannot be put out is told of, and nothing fails. */
  putOut(): Promise<void>;
}

/** The options of an {@linkcode Exposure}. */
export interface ExposureOptions {
  /** What is exposed. */
  readonly detector: Detector;
  /** The time it goes by. */
  readonly clock: Clock;
  /** Where images are written. */
  readonly pixels: PixelStore;
  /** The comparison lamps. */
  readonly lamps: Lamps;
  /** Told of every change of the state and of the progress. */
  readonly changed: () => void;
  /** The bench's other instruments. */
  readonly surroundings: () => Surroundings | undefined;
}

/** Takes exposures. The instrument's queue makes sure that only one client drives it; abort and pause come from any. */
export class Exposure {
  /** What it is doing. */
  state: ExposureState = "idle";
  /** How much of the exposure time is left, in seconds. */
  secondsRemaining = 0;
  /** How many pixels are still to be read out. */
  pixelsRemaining = 0;
  /** The exposure under way, or the last one. */
  plan: ExposurePlan | undefined;
  /** Whether an exposure has ended since the last one began, in whatever way. */
  completed = false;
  /** An image that could not be written, and the plan it was taken by. */
  kept: { readonly image: ImageFile; readonly plan: ExposurePlan } | undefined;
  readonly #detector: Detector;
  readonly #clock: Clock;
  readonly #store: PixelStore;
  readonly #lamps: Lamps;
  readonly #changed: () => void;
  readonly #surroundings: () => Surroundings | undefined;
  readonly #integration: Integration;
  /** Ends the exposure, or the series, that is under way. */
  #stop = new AbortController();
  #inSeries = false;
  /** Whether what goes before an exposure is being done. */
  #preparing = false;
  /** Why no exposure begins any more: the server is stopping. */
  #closed: HeliographError | undefined;
  /** Whether a step is under way: in between, an abort has nobody to tell. */
  #stepping = false;
  #stepEnded: Promise<void> = Promise.resolve();
  #images: readonly AmplifierPixels[] = [];

  /** Does nothing yet. @param options What it is made of. */
  constructor({ detector, clock, pixels, lamps, changed, surroundings }: ExposureOptions) {
    this.#detector = detector;
    this.#clock = clock;
    this.#store = pixels;
    this.#lamps = lamps;
    this.#changed = changed;
    this.#surroundings = surroundings;
    this.#integration = new Integration(detector, clock);
  }

  /** The exposure time that is left now, in seconds. */
  secondsLeft(): number {
    const counts = this.state === "exposing" || this.state === "paused";
    return counts ? Math.max(0, this.plan!.seconds - this.#integration.lit) : this.secondsRemaining;
  }

  /** Whether an exposure or a series is under way. */
  get busy(): boolean {
    return this.state !== "idle" || this.#inSeries || this.#preparing;
  }

  /** Whether something is being done that an abort ends by itself. */
  get stepping(): boolean {
    return this.#stepping;
  }

  /** Takes exposures again, after `stop`. */
  open(): void {
    this.#closed = undefined;
  }

  /** Takes a whole exposure. @throws {HeliographError} When it fails or is aborted; then there is no image. */
  async expose(plan: ExposurePlan): Promise<void> {
    await this.begin(plan);
    for (const step of [this.integrate, this.readOut, this.end]) {
      this.throwIfAborted();
      await step.call(this);
    }
  }

  /**
   * Takes exposures one after another; an abort ends all of them, and a lamp burns until they have ended.
   *
   * @param work Takes them.
   */
  async series(work: () => Promise<void>): Promise<void> {
    this.#stop = new AbortController();
    this.#inSeries = true;
    try {
      await work();
    } finally {
      this.#inSeries = false;
      await this.#lamps.putOut();
    }
  }

  /** Waits between the exposures of a series. @throws The abort's reason. */
  async pauseBetween(seconds: number): Promise<void> {
    await this.#clock.wait(seconds, this.#stop.signal);
  }

  /** @throws The reason of an abort of the exposure, or the series, that is under way. */
  throwIfAborted(): void {
    this.#stop.signal.throwIfAborted();
  }

  /**
   * Does what goes before an exposure. An abort that comes meanwhile ends the exposure before it begins.
   *
   * @param work What is to be done; it is done to its end, unless it looks at the signal.
   */
  async prepare<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!this.#inSeries) this.#stop = new AbortController();
    this.#preparing = true;
    try {
      return await work(this.#stop.signal);
    } finally {
      this.#preparing = false;
      this.throwIfAborted();
    }
  }

  /** Clears the detector. @param cycles How often. @throws {HeliographError} When an exposure has begun. */
  async flush(cycles: number): Promise<void> {
    this.#go("flush", () => void (this.#stop = new AbortController()));
    await this.#step("flushed", (signal) => this.#detector.flush(cycles, signal));
  }

  /**
   * Shifts the charge on the detector: before an exposure, or between the exposure times of one.
   *
   * @param rows How far; positive is towards the readout.
   * @throws {HeliographError} Where the detector cannot do that, or not now.
   */
  async shift(rows: number): Promise<void> {
    const { title } = this.#detector;
    if (this.#detector.shift === undefined) {
      throw new HeliographError(
        "command_failed",
        `Cannot shift the charge: the detector ${title} has no such function`,
      );
    }
    const shift = (signal: AbortSignal) => this.#detector.shift!(rows, signal);
    if (this.state === "idle") return await this.prepare(shift);
    if (transitions[this.state].shifted === undefined) throw refused(this.state, "shifted");
    await this.#step("shifted", shift);
  }

  /** The first step: makes sure that the image can be written, lights the lamp, and clears the detector. */
  async begin(plan: ExposurePlan): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#inSeries) this.throwIfAborted();
    this.#go("begin", () => {
      if (!this.#inSeries) this.#stop = new AbortController();
      this.plan = plan;
      this.completed = false;
      this.secondsRemaining = plan.seconds;
      this.pixelsRemaining = pixelCount(plan.readout.readouts);
      this.#integration.reset();
    });
    await this.#step("flushed", async (signal) => {
      const { file, overwrite, createFolder, numbered } = plan;
      if (plan.save) await this.#store.check({ file, overwrite, createFolder, numbered });
      signal.throwIfAborted();
      await this.#lamps.light(plan.lamp);
      signal.throwIfAborted();
      if (plan.flush) await this.#detector.flush(1, signal);
    });
  }

  /** The second step: opens the shutter for the exposure time. Done again, what it lets in adds to what is there. */
  async integrate(): Promise<void> {
    this.#go("integrate");
    await this.#step("integrated", async (signal) => {
      const look = () => {
        this.secondsRemaining = this.secondsLeft();
        this.#changed();
      };
      await this.#integration.run(this.plan!, this.#surroundings(), look, signal);
      this.secondsRemaining = 0;
      if (!this.#inSeries) await this.#lamps.putOut();
    });
  }

  /** The third step: reads the detector out. */
  async readOut(): Promise<void> {
    this.#go("read out");
    await this.#step("received", async (signal) => {
      this.#images = await this.#detector.readOut(this.plan!.readout, (remaining) => {
        this.pixelsRemaining = remaining;
        this.#changed();
      }, signal);
      this.pixelsRemaining = 0;
    });
  }

  /** The last step: writes the image. */
  async end(): Promise<void> {
    this.#go("write");
    await this.#step("written", async (signal) => {
      const images = [...this.#images];
      this.#images = [];
      const { file, overwrite, save, parts } = this.plan!;
      const filled = parts(this.#integration.times()).map((part) =>
        part.hasPixels ? { ...part, pixels: images.shift()! } : part
      );
      try {
        // An abort that comes when the file has its name comes too late: the exposure is taken.
        if (save) await this.#store.write({ file, overwrite, parts: filled }, signal);
      } catch (error) {
        throw error instanceof ImageNotWritten ? this.#keep(error, this.plan!) : error;
      }
      this.completed = true;
    });
  }

  /** Ends what is under way when the server stops: an image that is being written is written to its end. */
  async stop(): Promise<void> {
    this.#closed = new HeliographError("command_failed", "Exposure aborted: the server is stopping");
    if (this.state === "writing") await this.#stepEnded;
    await this.abort(this.#closed);
    await this.#stepEnded;
  }

  /** Ends the exposure, and the series, that is under way; there is no image. Where none is, nothing happens. */
  async abort(reason: HeliographError): Promise<void> {
    if (!this.busy) return;
    this.#stop.abort(reason);
    // A step gives up by itself; between two steps nobody else does.
    if (!this.#stepping && transitions[this.state].abort !== undefined) await this.#giveUp(reason);
  }

  /**
   * Closes the shutter until it is resumed. Where nothing is under way, nothing happens, as in azcam.
   *
   * @throws {HeliographError} When the camera does something else than to expose.
   */
  async pause(): Promise<void> {
    if (!this.busy) return;
    if (this.#integration.over && this.state === "exposing") {
      throw new NotNow("Cannot pause: the exposure time is over");
    }
    if (this.state !== "paused") this.#go("pause");
    await this.#integration.pause();
  }

  /**
   * Opens it again. Where nothing is under way, nothing happens, as in azcam.
   *
   * @throws {HeliographError} When there is no exposure that could be resumed.
   */
  async resume(): Promise<void> {
    if (!this.busy) return;
    if (this.#integration.over && this.state === "paused") {
      throw new NotNow("Cannot resume: the exposure time is over");
    }
    if (this.state !== "exposing") this.#go("resume");
    else if (this.#integration.over) return;
    await this.#integration.resume();
  }

  /**
   * Ends the exposure time now: what was collected is read out. Where nothing is under way, nothing happens.
   *
   * @throws {HeliographError} When the camera does something else than to expose.
   */
  readEarly(): void {
    if (!this.busy) return;
    if (transitions[this.state].integrated === undefined) throw refused(this.state, "integrated");
    this.#integration.readEarly();
  }

  /**
   * Writes the image that could not be written, which there must be.
   *
   * @param file Its absolute path now.
   * @param overwrite Whether it may take the place of another file.
   * @throws {HeliographError} When it cannot be written still; it is kept.
   */
  async writeKept(file: string, overwrite: boolean): Promise<void> {
    const { image, plan } = this.kept!;
    this.kept = undefined;
    try {
      await this.#store.write({ ...image, file, overwrite }, new AbortController().signal);
    } catch (error) {
      throw error instanceof ImageNotWritten ? this.#keep(error, plan) : error;
    }
  }

  #keep({ message, image }: ImageNotWritten, plan: ExposurePlan): HeliographError {
    this.kept = { image, plan };
    return new HeliographError(
      "command_failed",
      `${message}. Its pixels are kept in memory: make room, or set another imagefolder, and call write_image; the next ` +
        "exposure does that first. discard_image gives them up",
    );
  }

  /**
   * One step of an exposure: whatever goes wrong in it ends the exposure.
   *
   * @param done What has happened when it is done. An image that is written counts although it was called off meanwhile.
   */
  async #step(done: ExposureEvent, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    const ended = Promise.withResolvers<void>();
    this.#stepEnded = ended.promise;
    this.#stepping = true;
    try {
      await work(signal);
      if (done !== "written") signal.throwIfAborted();
      // Nobody comes in between: an abort would find a step that is over, in a state that is not.
      this.#stepping = false;
      this.#go(done);
    } catch (error) {
      await this.#giveUp(error);
      throw error;
    } finally {
      this.#stepping = false;
      ended.resolve();
    }
  }

  /** Ends the exposure without an image. */
  async #giveUp(error: unknown): Promise<void> {
    this.#go(this.#stop.signal.aborted && error === this.#stop.signal.reason ? "abort" : "fail");
    await this.#integration.giveUp();
    // Why it came to this is told; a detector that cannot be aborted either says so at the next exposure.
    await this.#detector.abort().catch(() => {});
    if (!this.#inSeries) await this.#lamps.putOut();
    this.#images = [];
    this.secondsRemaining = this.pixelsRemaining = 0;
    this.completed = true;
    this.#go("clear");
  }

  #go(event: ExposureEvent, before: () => void = () => {}): void {
    const next = transitions[this.state][event];
    if (next === undefined) throw refused(this.state, event);
    before();
    this.state = next;
    this.#changed();
  }
}
