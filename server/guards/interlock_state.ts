/**
 * The states of an interlock, as time passes and its condition holds or does not. It knows neither fields nor clocks: both
 * are handed to it.
 *
 * @module
 */

import type { InterlockStateName } from "../../protocol/guards.ts";

/** How an interlock behaves; times in milliseconds. */
export interface InterlockRules {
  /** For how long its condition is broken before it trips. */
  readonly delay: number;
  /** After a start: how long what is not known does not trip it. */
  readonly grace: number;
  /** Whether it stays tripped until it is reset. */
  readonly latched: boolean;
}

/** What is known of a condition now. */
export interface Observation {
  /** Whether the condition is as it should be. */
  readonly safe: boolean;
  /** Whether that is known; what is not known is not safe. */
  readonly known: boolean;
  /** Whether it is also far enough on the safe side to return (hysteresis). */
  readonly returned: boolean;
}

/** What an interlock has come to. */
export class InterlockState {
  readonly #rules: InterlockRules;
  readonly #started: number;
  #brokenSince: number | undefined;
  #tripped = false;
  #latched: boolean;
  #bypassed = false;

  /**
   * Begins.
   *
   * @param now When, in milliseconds of a clock that nobody sets.
   * @param latched Whether it was latched before the server was started anew.
   */
  constructor(rules: InterlockRules, now: number, latched = false) {
    this.#rules = rules;
    this.#started = now;
    this.#latched = latched;
  }

  /** Its state. */
  get name(): InterlockStateName {
    if (this.#bypassed) return "bypassed";
    if (this.#tripped) return "tripped";
    if (this.#latched) return "latched";
    return this.#brokenSince === undefined ? "clear" : "pending";
  }

  /** Whether it forbids now. */
  get forbids(): boolean {
    return !["clear", "bypassed"].includes(this.name);
  }

  /** Whether it has to be reset, or will have to be. */
  get latched(): boolean {
    return this.#latched;
  }

  /**
   * Looks at its condition.
   *
   * @returns Whether it has tripped just now, or returned.
   */
  look({ safe, known, returned }: Observation, now: number): "trips" | "returns" | undefined {
    if (this.#bypassed) return undefined;
    if (safe && (!this.#tripped || returned)) {
      this.#brokenSince = undefined;
      if (!this.#tripped) return undefined;
      this.#tripped = false;
      return "returns";
    }
    this.#brokenSince ??= now;
    if (this.#tripped || now - this.#brokenSince < this.#rules.delay) return undefined;
    if (!known && now - this.#started < this.#rules.grace) return undefined;
    this.#tripped = true;
    this.#latched ||= this.#rules.latched;
    return "trips";
  }

  /** Somebody resets it. @returns Whether that was possible: its condition must be as it should be. */
  reset(): boolean {
    if (this.#tripped || this.#brokenSince !== undefined) return false;
    this.#latched = false;
    return true;
  }

  /** From now on it neither forbids nor acts, or does so again; what is broken then counts from then on. */
  bypass(on: boolean): void {
    this.#bypassed = on;
    this.#brokenSince = undefined;
    this.#tripped = false;
  }
}
