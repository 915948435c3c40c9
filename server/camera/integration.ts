/**
 * Keeps the shutter open for an exposure time, whatever pauses there are.
 *
 * @module
 */

import type { Surroundings } from "../bench/instrument.ts";
import type { Clock } from "./clock.ts";
import type { Detector } from "./detector.ts";
import type { ExposurePlan, ExposureTimes } from "./exposure_plan.ts";

/** The interval at which the progress is published, in seconds. */
const tick = 0.2;

/** One exposure time after another, on one detector. */
export class Integration {
  readonly #detector: Detector;
  readonly #clock: Clock;
  /** What is wanted of the shutter: `over` when it is closed for good. */
  #wanted: "open" | "closed" | "over" = "over";
  /** The shutter does one thing after another. */
  #shutter: Promise<void> = Promise.resolve();
  /** Ends the wait for the end of the exposure time, to look at what has changed. */
  #wake = new AbortController();
  #readEarly = false;
  /** When the first exposure time of an image began. */
  #begun: { readonly date: Date; readonly at: number } | undefined;
  #ended = 0;
  /** The exposure time before the last pause, and when the shutter was last opened. */
  #lit = 0;
  #opened: number | undefined;

  /** Does nothing yet. @param detector What is exposed. @param clock The time it goes by. */
  constructor(detector: Detector, clock: Clock) {
    this.#detector = detector;
    this.#clock = clock;
  }

  /** How long light has fallen since the exposure time began, in seconds. */
  get lit(): number {
    return this.#lit + (this.#opened === undefined ? 0 : this.#clock.now() - this.#opened);
  }

  /** Whether the exposure time is over, and the shutter closed for good or about to be. */
  get over(): boolean {
    return this.#wanted === "over";
  }

  /** The times for an image that is written now: of several exposure times, when the first began, and the last one. */
  times(): ExposureTimes {
    const begun = this.#begun ?? { date: new Date(0), at: 0 };
    return { begun: begun.date, exposed: this.#lit, dark: this.#ended - begun.at, written: this.#clock.date() };
  }

  /** The next exposure time is the first of an image. */
  reset(): void {
    this.#begun = undefined;
    this.#lit = 0;
  }

  /**
   * Opens the shutter for the exposure time, and closes it.
   *
   * @param plan What the shutter lets in, and for how long.
   * @param surroundings The bench's other instruments.
   * @param look Called at each look at the time.
   * @param signal Ends it; it throws the signal's reason, and the shutter is left to the detector's `abort`.
   */
  async run(
    { light, seconds }: Pick<ExposurePlan, "light" | "seconds">,
    surroundings: Surroundings | undefined,
    look: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#lit = 0;
    this.#readEarly = false;
    this.#wanted = "open";
    await this.#next(async () => {
      await this.#detector.begin(light, surroundings);
      this.#opened = this.#clock.now();
      this.#begun ??= { date: this.#clock.date(), at: this.#opened };
    });
    await this.#wait(seconds, look, signal);
    this.#wanted = "over";
    await this.#next(async () => {
      await this.#detector.end();
      this.#close();
      this.#ended = this.#clock.now();
    });
  }

  /** Closes the shutter until it is resumed. */
  async pause(): Promise<void> {
    this.#wanted = "closed";
    this.wakeUp();
    await this.#next(async () => {
      if (this.#wanted !== "closed") return;
      await this.#detector.pause();
      this.#close();
    });
  }

  /** Opens it again. */
  async resume(): Promise<void> {
    this.#wanted = "open";
    await this.#next(async () => {
      if (this.#wanted !== "open") return;
      if (this.#opened === undefined) {
        await this.#detector.resume();
        this.#opened = this.#clock.now();
      }
      this.wakeUp();
    });
  }

  /** Ends the exposure time now. */
  readEarly(): void {
    this.#readEarly = true;
    this.wakeUp();
  }

  /** Waits for what the shutter was told, and forgets the exposure time. */
  async giveUp(): Promise<void> {
    this.#wanted = "over";
    await this.#shutter;
    this.#opened = undefined;
  }

  /** Looks at the time before it is over. */
  wakeUp(): void {
    this.#wake.abort();
  }

  /** Waits until the shutter has been open for the exposure time. */
  async #wait(seconds: number, look: () => void, signal: AbortSignal): Promise<void> {
    const isOver = () => {
      look();
      return this.#readEarly || (this.#isOpen && this.lit >= seconds);
    };
    // One signal ends the wait, whatever the reason: a signal made of several can be lost while it is waited for.
    const wakeUp = () => this.wakeUp();
    signal.addEventListener("abort", wakeUp);
    try {
      while (!isOver()) {
        this.#wake = new AbortController();
        signal.throwIfAborted();
        await this.#change(seconds, this.#wake.signal);
        signal.throwIfAborted();
      }
    } finally {
      signal.removeEventListener("abort", wakeUp);
    }
  }

  /** Waits for the next look at the time; while the shutter is closed there is nothing to count: somebody wakes it. */
  async #change(seconds: number, woken: AbortSignal): Promise<void> {
    const waiting = this.#isOpen
      ? this.#clock.wait(Math.min(tick, seconds - this.lit), woken)
      : new Promise<void>((resolve) => woken.addEventListener("abort", () => resolve(), { once: true }));
    await waiting.catch(() => {});
  }

  get #isOpen(): boolean {
    return this.#wanted === "open" && this.#opened !== undefined;
  }

  #close(): void {
    this.#lit = this.lit;
    this.#opened = undefined;
  }

  /** Does something with the shutter when what was begun before is done. */
  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#shutter.then(work);
    this.#shutter = done.catch(() => {});
    return done;
  }
}
