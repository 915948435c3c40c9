/**
 * Tells whether this PC's clock can be relied on where something is to be thrown away for its age: one that was set
 * forth, by hand or by a dead battery, would have everything forgotten at once.
 *
 * @module
 */

const day = 86_400_000;
/** A clock that goes by more than this beside the time that passes was set, in milliseconds. */
const set = 3_600_000;
/** A server that was off for longer may have a wrong clock, in milliseconds. */
const longestBreak = 30 * day;
/** It is relied on again after it has gone on for so long, in milliseconds. */
const probation = day;

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
  #doubt = "";

  /** Begins to look. */
  constructor(clocks: Clocks = { now: () => Date.now(), passed: () => performance.now() }) {
    this.#clocks = clocks;
    this.#ahead = clocks.now() - clocks.passed();
  }

  /** Takes what was kept last, by which the clock may be far ahead. @param times In milliseconds since 1970. */
  follows(times: readonly number[]): void {
    const newest = times.at(-1);
    if (newest !== undefined && this.#clocks.now() - newest > longestBreak) {
      this.#doubts(`is ${Math.round((this.#clocks.now() - newest) / day)} days after what was kept last`);
    }
  }

  /** @returns Whether it can be relied on. */
  look(): boolean {
    const ahead = this.#clocks.now() - this.#clocks.passed();
    const by = ahead - this.#ahead;
    if (Math.abs(by) > set) {
      this.#doubts(`was set ${by > 0 ? "forward" : "back"} by ${Math.round(Math.abs(by) / 60_000)} min`);
    }
    this.#ahead = ahead;
    return this.#clocks.passed() >= this.#steadyFrom;
  }

  /** Why it cannot be relied on now; empty where it can. */
  get doubt(): string {
    return this.look() ? "" : `the clock of this PC ${this.#doubt}`;
  }

  #doubts(why: string): void {
    this.#doubt = why;
    this.#steadyFrom = this.#clocks.passed() + probation;
  }
}
