/**
 * Finds out that the PC was asleep, or that its clock was set.
 *
 * @module
 */

import type { Clock } from "../camera/clock.ts";

/** By so much the PC's clock may go on while its steady one does not, in seconds: more, and it was asleep. */
const most = 5;

/** Compares the PC's two clocks whenever it is asked. */
export class Asleep {
  readonly #clock: Clock;
  #ahead: number | undefined;

  /** Has looked at nothing yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For how long the PC was asleep since it was asked last, in whole seconds; `undefined` where it was not. */
  since(): number | undefined {
    const ahead = this.#clock.date().getTime() / 1000 - this.#clock.now();
    const seconds = ahead - (this.#ahead ?? ahead);
    this.#ahead = ahead;
    return seconds > most ? Math.round(seconds) : undefined;
  }
}
