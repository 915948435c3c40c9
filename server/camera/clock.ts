/**
 * The clock of exposures: the PC's clock in life, one that is advanced by hand in tests.
 *
 * @module
 */

import { delay } from "../devices/transports/delay.ts";

/**
 * A clock that can be waited for.
 *
 * @example
 * ```ts
 * import { type Clock, simulatedCamera } from "@heliograph/heliograph/camera";
 *
 * // Ten times as fast as the PC's, for trying out a night's sequence.
 * const fast: Clock = {
 *   now: () => performance.now() / 100,
 *   date: () => new Date(),
 *   wait: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 100)),
 * };
 * console.log(simulatedCamera({ clock: fast }).name); // exposure
 * ```
 */
export interface Clock {
  /** Seconds since some moment; never set back, whatever happens to the date. */
  now(): number;
  /** The date and time. */
  date(): Date;
  /**
   * Waits.
   *
   * @param seconds How long; nothing and less is over at once.
   * @param signal Ends the wait.
   * @throws The signal's reason.
   */
  wait(seconds: number, signal?: AbortSignal): Promise<void>;
}

/** The PC's clock. */
export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  date: () => new Date(),
  wait: (seconds, signal) => delay(Math.max(0, seconds), signal),
};

interface Waiting {
  readonly until: number;
  readonly resolve: () => void;
}

/**
 * A clock that stands still until it is advanced: minutes of exposure pass in an instant.
 *
 * @example
 * ```ts
 * import { SimulatedClock } from "@heliograph/heliograph/testing";
 *
 * const clock = new SimulatedClock();
 * let over = false;
 * const hour = clock.wait(3600).then(() => over = true);
 * await clock.advance(3600);
 * await hour;
 * console.log(over, clock.now()); // true 3600
 * ```
 */
export class SimulatedClock implements Clock {
  readonly #start: number;
  #now = 0;
  #waiting: Waiting[] = [];

  /** Makes one that stands at its beginning. @param start The date and time at which it begins. */
  constructor(start: Date = new Date("2026-01-01T00:00:00Z")) {
    this.#start = start.getTime();
  }

  /** Seconds since it began. */
  now(): number {
    return this.#now;
  }

  /** How many wait for it to be advanced. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The simulated date and time. */
  date(): Date {
    return new Date(this.#start + this.#now * 1000);
  }

  /** Waits until it has been advanced so far. */
  wait(seconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (seconds <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting = { until: this.#now + seconds, resolve };
      this.#waiting.push(waiting);
      signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /**
   * Lets time pass: whoever waits goes on in the order of time, and is given the chance to wait again.
   *
   * @param seconds How much.
   */
  async advance(seconds: number): Promise<void> {
    const end = this.#now + seconds;
    for (;;) {
      // What was woken runs, and may wait anew, before the next one is.
      await new Promise((resolve) => setTimeout(resolve));
      const next = this.#waiting.toSorted((one, other) => one.until - other.until)[0];
      if (next === undefined || next.until > end) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#now = next.until;
      next.resolve();
    }
    this.#now = end;
  }
}
