/**
 * Turns of the event loop: however much HTTP there is to do, everybody else is served in between.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** How long and how often work may follow work without a turn of the event loop, in milliseconds and pieces. */
const longest = 2;
const most = 8;

/** Lets pieces of work begin one after another. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #begun = -Infinity;
  #count = 0;

  /** Resolves when the next piece of work may begin: at once, or after those that wait have had their turns. */
  async next(): Promise<void> {
    if (this.#waiting.length === 0 && this.#count < most && performance.now() - this.#begun < longest) {
      this.#count++;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    this.#begun = performance.now();
    this.#count = 1;
    const begin = this.#waiting.shift()!;
    if (this.#waiting.length > 0) setImmediate(() => this.#turn());
    begin();
  }
}
