/**
 * Which parts of a condition changed first since it was last as it should be: of several that are broken, the first tells
 * the cause.
 *
 * @module
 */

import type { Condition } from "../expressions/condition.ts";

/** The parts of a condition, as they were and as they have changed since. */
export class FirstOut {
  /** How they were when all was well. */
  #well: readonly (boolean | null)[] | undefined;
  /** The places of those that changed first. */
  #first: readonly number[] = [];

  /** Looks at them. @param safe Whether the condition is as it should be now. */
  look(condition: Condition | undefined, safe: boolean): void {
    // What has changed first stays so until all is well again.
    if (condition === undefined || !safe && (this.#well === undefined || this.#first.length > 0)) return;
    const now = condition.partStates();
    if (safe) {
      this.#well = now;
      this.#first = [];
    } else this.#first = now.flatMap((so, at) => so === this.#well![at] ? [] : [at]);
  }

  /** The places of those that changed first; none where it was never as it should be. */
  get first(): readonly number[] {
    return this.#first;
  }
}
