/**
 * Handles Ctrl-C in a program that has to finish something first.
 *
 * @module
 */

import { stopSignals } from "./signals.ts";

/** The exit code of a program that was interrupted, as shells have it. */
export const interruptedCode = 130;

/**
 * The time within which a second signal counts as the same key, in milliseconds: a terminal sends it to every program
 * of the line, and `deno task` and npx pass theirs on.
 */
const sameKey = 300;

/** Listens for Ctrl-C, and for what a service manager sends, as long as it is not disposed of. */
export class Interrupts implements Disposable {
  /** Whether there was one. */
  told = false;
  /** Resolves at the first one: end what is under way. */
  readonly first: Promise<void>;
  /** Resolves at the second one: leave at once. */
  readonly second: Promise<void>;
  readonly #listener: () => void;

  /** Begins to listen. */
  constructor() {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.first = first.promise;
    this.second = second.promise;
    let since: number | undefined;
    this.#listener = () => {
      const now = performance.now();
      this.told = true;
      first.resolve();
      since ??= now;
      if (now - since > sameKey) second.resolve();
    };
    for (const signal of stopSignals) Deno.addSignalListener(signal, this.#listener);
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    for (const signal of stopSignals) Deno.removeSignalListener(signal, this.#listener);
  }
}
