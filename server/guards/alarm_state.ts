/**
 * The states of an alarm (ISA-18.2), as time passes and what it looks for is so or is not. It knows neither fields nor
 * clocks: both are handed to it.
 *
 * @module
 */

import type { AlarmState as AlarmStateName } from "../../protocol/alarms.ts";

/** How an alarm behaves; times in milliseconds. */
export interface AlarmRules {
  /** For how long it must be so before it is raised. */
  readonly delay: number;
  /** After a start: how long what is not known does not raise it. */
  readonly grace: number;
  /** How often it must become so, within what time. Where it is so for all of that time, it is raised too. */
  readonly count?: { readonly times: number; readonly within: number } | undefined;
  /** Whether it stays until it is reset. */
  readonly latched: boolean;
}

/** What is known of it now. */
export interface AlarmObservation {
  /** Whether what it looks for is so; what is not known is. */
  readonly broken: boolean;
  readonly known: boolean;
  /** Whether it is also far enough on the good side to return (hysteresis). */
  readonly returned: boolean;
  /** Whether its enabling condition says that it does not count. */
  readonly disabled: boolean;
  /** Whether another alarm tells why it is not known: then it is not raised too. */
  readonly told: boolean;
}

/** What of it is kept over a restart. */
export interface AlarmMemory {
  readonly on: boolean;
  readonly unacknowledged: boolean;
  readonly latched: boolean;
}

/** What an alarm has come to. */
export class AlarmState {
  readonly #rules: AlarmRules;
  readonly #started: number;
  #on: boolean;
  #unacknowledged: boolean;
  #latched: boolean;
  #setAside: { readonly how: "shelved" | "out of service"; readonly until: number } | undefined;
  #disabled = false;
  #told = false;
  #brokenSince: number | undefined;
  /** When it became so, as far back as counts; and whether this time is among them. */
  #onsets: number[] = [];
  #counted = false;

  /** Begins. @param memory What was kept. */
  constructor(
    rules: AlarmRules,
    now: number,
    { on, unacknowledged, latched }: AlarmMemory = { on: false, unacknowledged: false, latched: false },
  ) {
    this.#rules = rules;
    this.#started = now;
    this.#on = on;
    this.#unacknowledged = unacknowledged;
    this.#latched = latched && rules.latched;
  }

  /** Its state. */
  get name(): AlarmStateName {
    if (this.#setAside !== undefined) return this.#setAside.how;
    if (this.#disabled) return "suppressed";
    if (this.#on) return this.#unacknowledged ? "unacknowledged" : "acknowledged";
    if (this.#unacknowledged) return "returned";
    if (this.#latched) return "latched";
    return this.#told ? "suppressed" : "normal";
  }

  /** Whether it is raised, also where that is not shown. */
  get on(): boolean {
    return this.#on;
  }

  /** Whether another alarm tells why it is not known, in its place. */
  get told(): boolean {
    return this.#told && this.#setAside === undefined;
  }

  /** What is to be kept. */
  get memory(): AlarmMemory {
    return { on: this.#on, unacknowledged: this.#unacknowledged, latched: this.#latched };
  }

  /**
   * Looks at it.
   *
   * @returns Whether it is raised just now.
   */
  look(observation: AlarmObservation, now: number): boolean {
    const over = this.#setAside !== undefined && now >= this.#setAside.until;
    if (over) this.#setAside = undefined;
    const raised = this.#look(observation, now);
    // Who set it aside knew of what was then, and not of what is after that.
    if (!this.#on || !(raised || over)) return false;
    this.#unacknowledged = this.#setAside === undefined;
    return this.#unacknowledged;
  }

  #look({ broken, known, returned, disabled, told }: AlarmObservation, now: number): boolean {
    const { delay, grace, count, latched } = this.#rules;
    this.#disabled = disabled;
    this.#told = false;
    if (disabled) {
      this.#on = false;
      this.#onsets = [];
      this.#rests();
      return false;
    }
    if (!broken && (!this.#on || returned)) {
      this.#on = false;
      this.#rests();
      return false;
    }
    if (this.#on) return false;
    // What is not known yet neither begins nor ends anything.
    if (!known && now - this.#started < grace) return false;
    if (!known && told) {
      this.#told = true;
      this.#rests();
      return false;
    }
    this.#brokenSince ??= now;
    if (now - this.#brokenSince < delay) return false;
    if (count !== undefined) {
      if (!this.#counted) this.#onsets.push(now);
      this.#counted = true;
      this.#onsets = this.#onsets.filter((at) => now - at <= count.within);
      if (this.#onsets.length < count.times && now - this.#brokenSince < count.within) return false;
      this.#onsets = [];
    }
    this.#on = true;
    this.#latched ||= latched;
    return true;
  }

  /** It is not so: what is so next is so anew. */
  #rests(): void {
    this.#brokenSince = undefined;
    this.#counted = false;
  }

  /** Somebody knows of it. @returns Whether nobody did before. */
  acknowledge(): boolean {
    const before = this.#unacknowledged;
    this.#unacknowledged = false;
    return before;
  }

  /** Lets it go that is latched. @returns Whether that was possible: what it looks for must not be so. */
  reset(): boolean {
    if (this.#on) return false;
    this.#latched = false;
    this.#unacknowledged = false;
    return true;
  }

  /** Sets it aside. @param until By the clock; for ever where it is out of service. */
  setAside(how: "shelved" | "out of service", until = Infinity): void {
    this.#setAside = { how, until };
    this.#unacknowledged = false;
  }

  /** Takes it back. @returns Whether it is raised by that. */
  takeBack(): boolean {
    if (this.#setAside === undefined) return false;
    this.#setAside = undefined;
    if (this.#on) this.#unacknowledged = true;
    return this.#on;
  }
}
