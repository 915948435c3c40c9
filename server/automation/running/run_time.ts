/**
 * The time of one run: it stands still while the run is paused, and whatever sleeps is woken when something changes.
 *
 * @module
 */

import type { Clock } from "../../camera/clock.ts";

/** A sleep is over: one reason for all of them, which costs nothing. */
const over = new Error("over");

/** The time of a run. */
export class RunTime {
  readonly #clock: Clock;
  /** Since when it stands still, by the steady clock in seconds. */
  #since: number | undefined;
  /** How long it has stood still before, in seconds. */
  #stood = 0;
  readonly #waiters = new Set<() => void>();

  /** It goes. @param clock The clock that it goes by. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The PC's time. */
  date(): Date {
    return this.#clock.date();
  }

  /** The PC's time, in milliseconds since 1970. */
  wall(): number {
    return this.#clock.date().getTime();
  }

  /** The time of the steady clock, in seconds: it goes on while the run stands still. */
  steady(): number {
    return this.#clock.now();
  }

  /** The run's own time, in seconds. */
  now(): number {
    const now = this.#clock.now();
    return now - this.#stood - (this.#since === undefined ? 0 : now - this.#since);
  }

  /** Whether it stands still. */
  get isStopped(): boolean {
    return this.#since !== undefined;
  }

  /** Stands still from now on. */
  stop(): void {
    this.#since ??= this.#clock.now();
  }

  /** Goes on. */
  go(): void {
    if (this.#since !== undefined) this.#stood += this.#clock.now() - this.#since;
    this.#since = undefined;
  }

  /** Sleeps until something changes. @param seconds At most. @default without end */
  async sleep(seconds?: number): Promise<void> {
    const woken = Promise.withResolvers<void>();
    const ends = new AbortController();
    this.#waiters.add(woken.resolve);
    try {
      if (seconds === undefined) await woken.promise;
      else await Promise.race([woken.promise, this.#clock.wait(seconds, ends.signal).catch(() => {})]);
    } finally {
      this.#waiters.delete(woken.resolve);
      ends.abort(over);
    }
  }

  /** Ends all sleeps: something has changed. */
  wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
