/**
 * Catches faults that reach nobody: a promise that nobody waited for rejects, or a timer's function throws.
 *
 * @module
 */

import { Faults } from "../bench/faults.ts";

/**
 * Keeps faults that reach nobody from ending the program, which others observe with; the log tells file and line of
 * each, once.
 *
 * A program that serves instruments of its own calls it where it wants the same: it is about the whole program.
 *
 * @example
 * ```ts
 * import { outliveFaults } from "@heliograph/heliograph";
 *
 * using _ = outliveFaults();
 * Promise.reject(new Error("nobody waits for this"));
 * await new Promise((resolve) => setTimeout(resolve));
 * console.log("still here");
 * ```
 *
 * @returns What ends it when it is disposed of.
 */
export function outliveFaults(): Disposable {
  const faults = new Faults("heliograph");
  const unhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    faults.tell("a promise that nobody waited for", event.reason);
  };
  const uncaught = (event: ErrorEvent) => {
    event.preventDefault();
    faults.tell("code that nobody waited for", event.error);
  };
  globalThis.addEventListener("unhandledrejection", unhandled);
  globalThis.addEventListener("error", uncaught);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", unhandled);
      globalThis.removeEventListener("error", uncaught);
    },
  };
}
