/**
 * Turns of the event loop: however much HTTP there is to do, everybody else is served in between.
 *
 * @module
 */

import { clearImmediate, setImmediate } from "node:timers";

/** How long and how often work may follow work without a turn of the event loop, in milliseconds and pieces. */
const longest = 2;
const most = 8;

/** How many of those who wait begin in one turn. */
const begunTogether = 4;

/** Lets pieces of work begin one after another. */
export class Turns {
  #waiting: (() => void)[] = [];
  #begun = 0;
  #count = 0;
  #stopped = false;
  #afterWork: ReturnType<typeof setImmediate> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Resolves when the next piece of work may begin: at once, or after those that wait have had their turns. */
  async next(): Promise<void> {
    if (this.#stopped) return;
    if (this.#count === 0) this.#begun = performance.now();
    if (this.#waiting.length > 0 || this.#count >= most || performance.now() - this.#begun >= longest) {
      return await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#count++;
    if (this.#count === 1) this.#turn();
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#count = 0;
    for (const begin of this.#waiting.splice(0)) begin();
  }

  /**
   * A turn is over when a timer has fired that was set after the work: Deno 2.9 lets most sockets wait while there is
   * something to do at once, a due timer or a `setImmediate`.
   */
  #turn(): void {
    this.#cancel();
    this.#afterWork = setImmediate(() => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => {
        this.#cancel();
        this.#begun = performance.now();
        const beginning = this.#waiting.splice(0, begunTogether);
        this.#count = beginning.length;
        if (this.#count > 0) this.#turn();
        for (const begin of beginning) begin();
      }, 0);
    });
  }

  #cancel(): void {
    clearImmediate(this.#afterWork);
    clearTimeout(this.#timer);
    this.#afterWork = undefined;
    this.#timer = undefined;
  }
}
