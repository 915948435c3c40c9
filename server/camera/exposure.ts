/**
 * Runs one exposure after another on a detector: begun, integrated, read out, written; paused and aborted at any
 * moment.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { Surroundings } from "../bench/instrument.ts";
import type { Clock } from "./clock.ts";
import type { AmplifierPixels, Detector, DetectorReadout, Light } from "./detector.ts";
import { type ExposureEvent, type ExposureState, transitions } from "./exposure_states.ts";
import { pixelCount } from "./geometry.ts";
import type { WantedFile } from "../files/part_file.ts";
import type { ImageFile, ImagePart } from "./pixel_messages.ts";
import { ImageNotWritten, type PixelStore } from "./pixel_store.ts";

/** The plan of an exposure, as it was set when the exposure began: what is set later is for the next one. */
export interface ExposurePlan extends WantedFile {
  /** The exposure time, in seconds. */
  readonly seconds: number;
  /** What the shutter lets in. */
  readonly light: Light;
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

/** The interval at which the progress is published, in seconds. */
const tick = 0.2;

/** The activity of the camera in each state, for errors. */
const doing: Readonly<Record<ExposureState, string>> = {
  "idle": "no exposure has begun",
  "flushing": "the detector is being cleared",
  "setup": "the exposure is being set up",
  "ready": "the exposure has begun and waits for integrate",
  "exposing": "the camera is exposing",
  "paused": "the exposure is paused",
  "exposed": "the exposure waits for readout",
  "reading out": "the detector is being read out",
  "read": "the image waits for end",
  "writing": "the image is being written",
  "aborted": "the exposure is being aborted",
  "failed": "the exposure has failed",
};

/** The action behind each event, for errors. */
const wanted: Readonly<Partial<Record<ExposureEvent, string>>> = {
  "flush": "clear the detector",
  "begin": "begin an exposure",
  "integrate": "integrate",
  "pause": "pause",
  "resume": "resume",
  "integrated": "read out before the exposure time is over",
  "read out": "read out",
  "write": "end the exposure",
};

/** The options of an {@linkcode Exposure}. */
export interface ExposureOptions {
  /** What is exposed. */
  readonly detector: Detector;
  /** The time it goes by. */
  readonly clock: Clock;
  /** Where images are written. */
  readonly pixels: PixelStore;
  /** Told of every change of the state and of the progress. */
  readonly changed: () => void;
  /** The bench's other instruments. */
  readonly surroundings: () => Surroundings | undefined;
}

/** The error of a request that is not possible in this state; whatever is under way is none the worse for it. */
export class NotNow extends HeliographError {
  /** Makes it. @param message What cannot be done, and why. */
  constructor(message: string) {
    super("command_failed", message);
  }
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
  readonly #changed: () => void;
  readonly #surroundings: () => Surroundings | undefined;
  /** Ends the exposure, or the sequence, that is under way. */
  #stop = new AbortController();
  #inSequence = false;
  /** Whether what goes before an exposure is being done. */
  #preparing = false;
  /** Why no exposure begins any more: the server is stopping. */
  #closed: HeliographError | undefined;
  /** Whether a step is under way: in between, an abort has nobody to tell. */
  #stepping = false;
  #stepEnded: Promise<void> = Promise.resolve();
  /** Ends the wait for the end of the exposure time, to look at what has changed. */
  #wake = new AbortController();
  #readEarly = false;
  /** Whether the exposure time is over, and the shutter is about to be closed for good. */
  #over = false;
  /** The shutter does one thing after another. */
  #shutter: Promise<void> = Promise.resolve();
  #begun = { date: new Date(0), at: 0 };
  #ended = 0;
  /** The exposure time before the last pause, and when the shutter was last opened. */
  #lit = 0;
  #opened: number | undefined;
  #images: readonly AmplifierPixels[] = [];

  /** Does nothing yet. @param options What it is made of. */
  constructor({ detector, clock, pixels, changed, surroundings }: ExposureOptions) {
    this.#detector = detector;
    this.#clock = clock;
    this.#store = pixels;
    this.#changed = changed;
    this.#surroundings = surroundings;
  }

  /** Whether a sequence is under way. */
  get inSequence(): boolean {
    return this.#inSequence;
  }

  /** The exposure time that is left now, in seconds. */
  secondsLeft(): number {
    const counts = this.state === "exposing" || this.state === "paused";
    return counts ? Math.max(0, this.plan!.seconds - this.#litNow()) : this.secondsRemaining;
  }

  /** Whether an exposure or a sequence is under way. */
  get busy(): boolean {
    return this.state !== "idle" || this.#inSequence || this.#preparing;
  }

  /** Takes exposures again, after `stop`. */
  open(): void {
    this.#closed = undefined;
  }

  /** Takes a whole exposure. @throws {HeliographError} When it fails or is aborted; then there is no image. */
  async expose(plan: ExposurePlan): Promise<void> {
    await this.begin(plan);
    for (const step of [this.integrate, this.readOut, this.end]) {
      this.#stop.signal.throwIfAborted();
      await step.call(this);
    }
  }

  /**
   * Takes exposures one after another.
   *
   * @param total How many.
   * @param pause How long to wait between them, in seconds.
   * @param take Takes one of them, given its number from 1.
   */
  async sequence(total: number, pause: number, take: (number: number) => Promise<void>): Promise<void> {
    this.#stop = new AbortController();
    this.#inSequence = true;
    try {
      for (let number = 1; number <= total; number++) {
        if (number > 1) await this.#clock.wait(pause, this.#stop.signal);
        await take(number);
      }
    } finally {
      this.#inSequence = false;
    }
  }

  /**
   * Does what goes before an exposure. An abort that comes meanwhile ends the exposure before it begins.
   *
   * @param work What is to be done; it is done to its end.
   */
  async prepare<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#inSequence) this.#stop = new AbortController();
    this.#preparing = true;
    try {
      return await work();
    } finally {
      this.#preparing = false;
      this.#stop.signal.throwIfAborted();
    }
  }

  /** Clears the detector. @param cycles How often. @throws {HeliographError} When an exposure has begun. */
  async flush(cycles: number): Promise<void> {
    this.#go("flush", () => void (this.#stop = new AbortController()));
    await this.#step("flushed", (signal) => this.#detector.flush(cycles, signal));
  }

  /** The first step: makes sure that the image can be written, and clears the detector. */
  async begin(plan: ExposurePlan): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#inSequence) this.#stop.signal.throwIfAborted();
    this.#go("begin", () => {
      if (!this.#inSequence) this.#stop = new AbortController();
      this.plan = plan;
      this.completed = false;
      this.secondsRemaining = plan.seconds;
      this.pixelsRemaining = pixelCount(plan.readout.readouts);
    });
    await this.#step("flushed", async (signal) => {
      const { file, overwrite, createFolder, numbered } = plan;
      if (plan.save) await this.#store.check({ file, overwrite, createFolder, numbered });
      signal.throwIfAborted();
      if (plan.flush) await this.#detector.flush(1, signal);
    });
  }

  /** The second step: opens the shutter for the exposure time. */
  async integrate(): Promise<void> {
    this.#go("integrate");
    await this.#step("integrated", async (signal) => {
      this.#lit = 0;
      this.#readEarly = this.#over = false;
      await this.#next(async () => {
        await this.#detector.begin(this.plan!.light, this.#surroundings());
        this.#begun = { date: this.#clock.date(), at: this.#clock.now() };
        this.#opened = this.#begun.at;
      });
      await this.#exposureTime(signal);
      this.#over = true;
      await this.#next(async () => {
        await this.#detector.end();
        this.#closeShutter();
        this.#ended = this.#clock.now();
      });
      this.secondsRemaining = 0;
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
      const { file, overwrite, parts } = this.plan!;
      const times = {
        begun: this.#begun.date,
        exposed: this.#lit,
        dark: this.#ended - this.#begun.at,
        written: this.#clock.date(),
      };
      const filled = parts(times).map((part) => part.hasPixels ? { ...part, pixels: images.shift()! } : part);
      try {
        // An abort that comes when the file has its name comes too late: the exposure is taken.
        if (this.plan!.save) await this.#store.write({ file, overwrite, parts: filled }, signal);
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

  /** Ends the exposure, and the sequence, that is under way; there is no image. Where none is, nothing happens. */
  async abort(reason: HeliographError): Promise<void> {
    if (!this.busy) return;
    this.#stop.abort(reason);
    // A step gives up by itself; between two steps nobody else does.
    if (!this.#stepping && transitions[this.state].abort !== undefined) await this.#giveUp(reason);
  }

  /** Closes the shutter until it is resumed. @throws {HeliographError} When the camera is not exposing. */
  async pause(): Promise<void> {
    if (this.#over && this.state === "exposing") throw new NotNow("Cannot pause: the exposure time is over");
    if (this.state !== "paused") this.#go("pause", () => this.#wakeUp());
    await this.#next(async () => {
      if (this.state !== "paused") return;
      await this.#detector.pause();
      this.#closeShutter();
    });
  }

  /** Opens it again. @throws {HeliographError} When there is no exposure that could be resumed. */
  async resume(): Promise<void> {
    if (this.#over && this.state === "paused") throw new NotNow("Cannot resume: the exposure time is over");
    if (this.state !== "exposing") this.#go("resume");
    await this.#next(async () => {
      if (this.state !== "exposing" || this.#over) return;
      if (this.#opened === undefined) {
        await this.#detector.resume();
        this.#opened = this.#clock.now();
      }
      this.#wakeUp();
    });
  }

  /** Ends the exposure time now: what was collected is read out. @throws {HeliographError} When it is not exposing. */
  readEarly(): void {
    if (transitions[this.state].integrated === undefined) throw this.#refused("integrated");
    this.#readEarly = true;
    this.#wakeUp();
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

  /** Waits until the shutter has been open for the exposure time, whatever pauses there are. */
  async #exposureTime(signal: AbortSignal): Promise<void> {
    // One signal ends the wait, whatever the reason: a signal made of several can be lost while it is waited for.
    const wakeUp = () => this.#wakeUp();
    signal.addEventListener("abort", wakeUp);
    try {
      while (!this.#exposureTimeIsOver()) {
        this.#wake = new AbortController();
        signal.throwIfAborted();
        await this.#waitForChange(this.#wake.signal);
        signal.throwIfAborted();
      }
    } finally {
      signal.removeEventListener("abort", wakeUp);
    }
  }

  /** Looks at the time, and tells it. */
  #exposureTimeIsOver(): boolean {
    this.secondsRemaining = this.secondsLeft();
    this.#changed();
    return this.#readEarly || (this.#isOpen && this.secondsRemaining === 0);
  }

  get #isOpen(): boolean {
    return this.state === "exposing" && this.#opened !== undefined;
  }

  /** Waits for the next look at the time; while the shutter is closed there is nothing to count: somebody wakes it. */
  async #waitForChange(woken: AbortSignal): Promise<void> {
    const waiting = this.#isOpen
      ? this.#clock.wait(Math.min(tick, this.secondsRemaining), woken)
      : new Promise<void>((resolve) => woken.addEventListener("abort", () => resolve(), { once: true }));
    await waiting.catch(() => {});
  }

  /** Does something with the shutter when what was begun before is done. */
  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#shutter.then(work);
    this.#shutter = done.catch(() => {});
    return done;
  }

  #litNow(): number {
    return this.#lit + (this.#opened === undefined ? 0 : this.#clock.now() - this.#opened);
  }

  #closeShutter(): void {
    this.#lit = this.#litNow();
    this.#opened = undefined;
  }

  #wakeUp(): void {
    this.#wake.abort();
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
    await this.#shutter;
    // Why it came to this is told; a detector that cannot be aborted either says so at the next exposure.
    await this.#detector.abort().catch(() => {});
    this.#images = [];
    this.#opened = undefined;
    this.secondsRemaining = this.pixelsRemaining = 0;
    this.completed = true;
    this.#go("clear");
  }

  #go(event: ExposureEvent, before: () => void = () => {}): void {
    const next = transitions[this.state][event];
    if (next === undefined) throw this.#refused(event);
    before();
    this.state = next;
    this.#changed();
  }

  #refused(event: ExposureEvent): NotNow {
    const hint = event === "begin" || event === "flush" ? "; abort gives it up" : "";
    return new NotNow(`Cannot ${wanted[event] ?? event}: ${doing[this.state]}${hint}`);
  }
}
