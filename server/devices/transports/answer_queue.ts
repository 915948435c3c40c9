/**
 * Queues answers from a line until the question that they belong to takes them.
 *
 * @module
 */

/** A timer that is later than this says that this program was busy, in milliseconds. */
export const latestTimer = 20;

/** The most that is waited then, in milliseconds. */
const mostLate = 200;

/**
 * The wait of one question at a time. Thousands of questions a second need no timers and no listeners of their own: the
 * timer is left as it is where it goes off before the wait is over, and the listener where the signal is the same.
 */
export class Patience {
  #resolve: (() => void) | undefined;
  /** When the wait is over, on the clock of `performance.now()`. */
  #until = 0;
  /** Whether more was waited already, since the timer was late. */
  #extended = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDue = 0;
  #signal: AbortSignal | undefined;
  readonly #wake = () => this.wake();

  /**
   * Waits until it is woken, or the time is over, or the signal is aborted.
   *
   * @param until When the time is over, on the clock of `performance.now()`.
   * @returns When the wait is over; `undefined` where the time is over already.
   */
  wait(until: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    this.wake();
    if (this.#timer === undefined || this.#timerDue > until) {
      const now = performance.now();
      if (until <= now) return undefined;
      this.#arm(now, until);
    }
    if (signal !== this.#signal) {
      this.#signal?.removeEventListener("abort", this.#wake);
      this.#signal = signal;
      signal?.addEventListener("abort", this.#wake);
    }
    this.#until = until;
    this.#extended = false;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  /** Ends the wait. */
  wake(): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.();
  }

  /** Ends the wait, and leaves no timer behind. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener("abort", this.#wake);
    this.#signal = undefined;
    this.wake();
  }

  #arm(now: number, due: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#resolve !== undefined) this.#look();
    }, due - now);
  }

  #look(): void {
    const now = performance.now();
    const late = now - this.#until;
    // A timer may go off a fraction of a millisecond early.
    if (late < -1) return this.#arm(now, this.#until);
    if (late < latestTimer || this.#extended) return this.wake();
    // This program was busy: an answer that came in time may not have been read yet.
    this.#extended = true;
    this.#until = now + Math.min(late, mostLate);
    this.#arm(now, this.#until);
  }
}

/** Answers as they come, for whoever waits for the next one. */
export class AnswerQueue {
  readonly #patience: Patience;
  readonly #answers: string[] = [];
  #failure: Error | undefined;

  /** Makes an empty one. @param patience How it waits. */
  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** One has come. */
  push(answer: string): void {
    this.#answers.push(answer);
    this.#patience.wake();
  }

  /** None will come any more. @param reason Why. */
  fail(reason: Error): void {
    this.#failure = reason;
    this.#patience.wake();
  }

  /** Takes all that have come. */
  takeAll(): string[] {
    return this.#answers.splice(0);
  }

  /**
   * The next one, or `undefined` when none comes in time.
   *
   * @param until How long it is waited for, on the clock of `performance.now()`.
   * @throws What it has failed with, or the signal's reason.
   */
  next(until: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    const take = () => this.#take(signal);
    const waiting = this.#answers.length === 0 && this.#failure === undefined && !signal?.aborted
      ? this.#patience.wait(until, signal)
      : undefined;
    return (waiting ?? Promise.resolve()).then(take);
  }

  #take(signal: AbortSignal | undefined): string | undefined {
    signal?.throwIfAborted();
    if (this.#answers.length > 0) return this.#answers.shift();
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }
}
