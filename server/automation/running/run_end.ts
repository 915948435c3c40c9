/**
 * Whether a run goes on, and why it does not.
 *
 * @module
 */

import type { KeptRun } from "../run_store.ts";

/** Why a run goes no further. */
export type RunOutcome = NonNullable<KeptRun["outcome"]>;

/** The steps are left: the run was stopped or aborted, or has failed. */
export class Ended extends Error {
  /** Makes it. @param outcome Why. */
  constructor(readonly outcome: RunOutcome) {
    super(outcome.reason);
  }
}

/** The server stops: the run stays where it is. */
export class Frozen extends Error {}

/** Somebody skips the step, or what it is within is left. */
export class Skipped extends Error {}

/** The end of a run. */
export class RunEnd {
  readonly #wake: () => void;
  #why: Ended | Frozen | undefined;
  #isFinishing = false;
  #ends = ending();

  /** It goes on. @param wake Wakes what sleeps. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Why what is under way is left; `undefined` where it is not. */
  get why(): Ended | Frozen | undefined {
    return this.#why;
  }

  /** Whether the server stops. */
  get isFrozen(): boolean {
    return this.#why instanceof Frozen;
  }

  /** Whether the run is at its `finally`. */
  get isFinishing(): boolean {
    return this.#isFinishing;
  }

  /** The run ends, unless it does already; its `finally` is only aborted. */
  end(outcome: RunOutcome): void {
    if (this.#why !== undefined || (this.#isFinishing && outcome.state !== "aborted")) return;
    this.#leave(new Ended(outcome));
  }

  /** The server stops. */
  freeze(): void {
    this.#leave(new Frozen("the server is stopping"));
  }

  #leave(why: Ended | Frozen): void {
    this.#why = why;
    this.#ends.reject(why);
    this.#wake();
  }

  /** The `finally` begins, which is done whatever has ended the steps. */
  finish(): void {
    this.#isFinishing = true;
    this.#why = undefined;
    this.#ends = ending();
  }

  /** Goes on, or not. @throws Why not. */
  check(): void {
    if (this.#why !== undefined) throw this.#why;
  }

  /** Waits for something, but not longer than the run goes on; it goes on to its end then. @throws Also why the run ends. */
  orLeave<T>(doing: Promise<T>): Promise<T> {
    doing.catch(() => {});
    return Promise.race([doing, this.#ends.promise]);
  }
}

/** Is rejected when the run ends, which nobody may wait for. */
function ending(): PromiseWithResolvers<never> {
  const ends = Promise.withResolvers<never>();
  ends.promise.catch(() => {});
  return ends;
}
