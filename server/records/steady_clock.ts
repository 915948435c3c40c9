/**
 * Tells whether this PC's clock can be relied on where something is to be thrown away for its age: one that was set
 * forth, by hand or by a dead battery, would have everything forgotten at once.
 *
 * @module
 */

/** A clock that goes by more than this beside the time that passes was set, in milliseconds. */
const set = 3_600_000;
/** A server that was off for longer may have a wrong clock, in milliseconds. */
const longestBreak = 30 * 86_400_000;
/** It is relied on again after it has gone on for so long, in milliseconds. */
const probation = 86_400_000;

/** Where the times are from: this PC's clock, and one that nobody sets. */
export interface Clocks {
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** In milliseconds since anything. */
  readonly passed: () => number;
}

/** A look at this PC's clock beside the time that passes. */
export class SteadyClock {
  readonly #clocks: Clocks;
  /** What the clock is ahead of the time that passes. */
  #ahead: number;
  #steadyFrom = -Infinity;

  /** Begins to look. */
  constructor(clocks: Clocks = { now: () => Date.now(), passed: () => performance.now() }) {
    this.#clocks = clocks;
    this.#ahead = clocks.now() - clocks.passed();
  }

  /** Takes what was kept last, by which the clock may be far ahead. @param times In milliseconds since 1970. */
  follows(times: readonly number[]): void {
    const newest = times.at(-1);
    if (newest !== undefined && this.#clocks.now() - newest > longestBreak) this.#doubt();
  }

  /** @returns Whether it can be relied on. */
  look(): boolean {
    const ahead = this.#clocks.now() - this.#clocks.passed();
    if (Math.abs(ahead - this.#ahead) > set) this.#doubt();
    this.#ahead = ahead;
    return this.#clocks.passed() >= this.#steadyFrom;
  }

  #doubt(): void {
    this.#steadyFrom = this.#clocks.passed() + probation;
  }
}
