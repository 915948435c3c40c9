/**
 * The contact of an instrument whose driver runs in another process: the driver's own, or the process itself.
 *
 * @module
 */

import type { Contact, ContactState, TraceSource } from "../../bench/contact.ts";

/** The contact that the driver tells, or the state of its process. */
export class DriverContact implements Contact {
  /** Where the instrument is; the driver's file for one that needs no contact of its own. */
  address: string;
  /** Whether it answers. */
  state: ContactState = "off";
  /** Why it does not. */
  reason = "";
  /** Why the driver's goodbye was not heard, where it was not. */
  farewell = "";
  #changed = () => {};
  #leftOut = "";

  readonly trace?: TraceSource;

  /** Makes it. @param address Where it is. @param trace The trace of its line, where it has one. */
  constructor(address: string, trace?: TraceSource) {
    this.address = address;
    if (trace !== undefined) this.trace = trace;
  }

  start(changed: () => void): void {
    this.#changed = changed;
    this.farewell = "";
    if (this.#leftOut === "") this.become("connecting", "");
  }

  /** Why its driver is not run; empty where it is. */
  get leftOut(): string {
    return this.#leftOut;
  }

  /**
   * Its driver is not run.
   *
   * @param reason Why.
   * @param address Where the instrument would be.
   */
  leaveOut(reason: string, address: string): void {
    this.#leftOut = reason;
    this.address = address;
    this.reason = reason;
  }

  stop(): Promise<void> {
    this.#changed = () => {};
    this.state = "off";
    this.reason = this.#leftOut || this.farewell;
    return Promise.resolve();
  }

  /** It is so from now on. */
  become(state: ContactState, reason: string): void {
    if (this.#leftOut !== "") return;
    if (this.state === state && this.reason === reason) return;
    this.state = state;
    this.reason = reason;
    this.#changed();
  }
}
