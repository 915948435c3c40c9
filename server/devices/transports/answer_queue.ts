/**
 * Queues answers from a line until the question that they belong to takes them.
 *
 * @module
 */

/** A timer that is later than this says that this program was busy, in milliseconds. */
export const latestTimer = 20;

/** The most that is waited then, in milliseconds. */
const mostLate = 200;

/** Answers as they come, for whoever waits for the next one. */
export class AnswerQueue {
  readonly #answers: string[] = [];
  #failure: Error | undefined;
  #wake = () => {};

  /** One has come. */
  push(answer: string): void {
    this.#answers.push(answer);
    this.#wake();
  }

  /** None will come any more. @param reason Why. */
  fail(reason: Error): void {
    this.#failure = reason;
    this.#wake();
  }

  /** Takes all that have come. */
  takeAll(): string[] {
    return this.#answers.splice(0);
  }

  /** The next one, or `undefined` when none comes in time. */
  async next(milliseconds: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    signal?.throwIfAborted();
    if (this.#answers.length === 0 && this.#failure === undefined && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const until = performance.now() + milliseconds;
        let timer = setTimeout(() => {
          const late = performance.now() - until;
          if (late < latestTimer) return done();
          // This program was busy: an answer that came in time may not have been read yet.
          timer = setTimeout(done, Math.min(late, mostLate));
        }, milliseconds);
        signal?.addEventListener("abort", done, { once: true });
        this.#wake = done;
      });
      signal?.throwIfAborted();
    }
    if (this.#answers.length > 0) return this.#answers.shift();
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }
}
