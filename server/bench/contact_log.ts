/**
 * Tells in the log that instruments are there or lost: each of it once, and of one that comes and goes once a minute
 * how often.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { Contact } from "./contact.ts";

const log = getLogger(["heliograph", "bench"]);

/** How often one that comes and goes is told of, in milliseconds. */
const every = 60_000;

/** What was told of an instrument. */
interface Told {
  /** Whether it was said to be lost. */
  lost: boolean;
  /** Why. */
  reason: string;
  /** When that was said. */
  at: number;
  /** Whether it was there since it was lost last. */
  since: boolean;
  /** How often it was lost since, which was not said. */
  hushed: number;
}

/** What is told of one bench's instruments. */
export class ContactLog {
  readonly #told = new WeakMap<object, Told>();
  readonly #now: () => number;

  /** Makes one. @param now The clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What was told of an instrument is of no interest any more: it was switched off, or is gone. */
  forget(instrument: { readonly title: string }): void {
    this.#told.delete(instrument);
  }

  /** The state of an instrument's contact has changed, or was found the same at another try. */
  changed(instrument: { readonly title: string }, { state, reason, address }: Contact): void {
    const said = { instrument: instrument.title, address, reason };
    const told = this.#told.get(instrument);
    if (state === "connected") {
      if (told !== undefined) told.since = true;
      if (told?.lost === false) return log.debug("{instrument} is connected again", said);
      if (told !== undefined) told.lost = false;
      return log.info("{instrument} is connected on {address}", said);
    }
    if (state !== "lost") return;
    if (told === undefined) {
      this.#told.set(instrument, { lost: true, reason, at: this.#now(), since: false, hushed: 0 });
      return log.warning("{instrument} is not connected on {address}: {reason}; it is tried again and again", said);
    }
    const { since } = told;
    told.since = false;
    if (since) told.hushed++;
    // What everybody knows already is not said at every try: that would drown the rest of the log.
    if (told.lost && !since && told.reason === reason) return log.debug("{instrument} is still not connected", said);
    if ((since || !told.lost) && this.#now() - told.at < every) {
      return log.debug("{instrument} was lost: {reason}", said);
    }
    const times = told.hushed;
    Object.assign(told, { lost: true, reason, at: this.#now(), hushed: 0 });
    if (times < 2) {
      return log.warning("{instrument} is not connected on {address}: {reason}; it is tried again and again", said);
    }
    log.warning("{instrument} comes and goes on {address}: it was lost {times} times; the last time: {reason}", {
      ...said,
      times,
    });
  }
}
