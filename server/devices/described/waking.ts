/**
 * Wakes an instrument that sleeps: what comes first only wakes it, and is dropped.
 *
 * @module
 */

import type { Port, Turn } from "../transports/port.ts";

/** How an instrument is woken. */
export interface WakeUp {
  /** What is sent; empty where the end of a command suffices. */
  readonly text: string;
  /** How long it takes, in seconds. */
  readonly wait: number;
  /** After how many seconds without a word it sleeps; `undefined` where it sleeps only before the first one. */
  readonly after: number | undefined;
}

/** Wakes one instrument. */
export class Waking {
  readonly #port: Port;
  readonly #how: WakeUp;
  /** When it was last spoken with, on the clock of `performance.now()`. */
  #spoken = -Infinity;
  /** Until when it wakes. */
  #awakeAt = -Infinity;

  /** Makes it. @param port Its line. @param how What is sent, and how long it takes. */
  constructor(port: Port, how: WakeUp) {
    this.#port = port;
    this.#how = how;
  }

  /** Wakes it before something is said, unless it is awake. */
  async wake(turn: Turn): Promise<void> {
    const { text, wait, after = Infinity } = this.#how;
    const now = performance.now();
    if (now < this.#awakeAt) return await turn.wait((this.#awakeAt - now) / 1000);
    if (now - this.#spoken < Math.min(after * 1000, Number.MAX_VALUE)) return;
    // What it says while it wakes answers nothing.
    const unlisten = this.#port.listen(() => true);
    try {
      await turn.send(text);
      this.spoken();
      this.#awakeAt = this.#spoken + wait * 1000;
      await turn.wait(wait);
    } finally {
      unlisten();
    }
  }

  /** It has been spoken with just now. */
  spoken(): void {
    this.#spoken = performance.now();
  }

  /** It may sleep: it was lost. */
  forget(): void {
    this.#spoken = -Infinity;
  }
}
