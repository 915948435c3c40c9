/**
 * Remembers answers that were not understood, and after which nothing came.
 *
 * @module
 */

/**
 * How long a line that is not understood may be followed by the answer, in seconds: there is noise before answers, and
 * instruments that tell an error by itself.
 */
const followSeconds = 0.1;

const mostKnown = 1000;

/** The answers that were not understood: one that stood alone before is the whole answer at once. */
export class StrangeAnswers {
  readonly #alone = new Set<string>();

  /** How long the answer may still follow, in seconds. @param text What was asked. @param said What came. */
  wait(text: string, said: string): number {
    return this.isKnown(text, said) ? 0 : followSeconds;
  }

  /** Whether it stood alone before. @param text What was asked. @param said What came. */
  isKnown(text: string, said: string): boolean {
    return this.#alone.has(`${text}\0${said}`);
  }

  /** Nothing came after it. @param text What was asked. @param said What came. */
  stoodAlone(text: string, said: string): void {
    if (this.#alone.size >= mostKnown) this.#alone.clear();
    this.#alone.add(`${text}\0${said}`);
  }
}
