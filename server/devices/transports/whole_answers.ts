/** Whole answers that wait to be read: the reading half of a line on which a message is one answer. */
export class WholeAnswers {
  readonly #waiting: Uint8Array[] = [];
  #failure: Error | undefined;
  #closed = false;
  #wake = () => {};

  /** One has come. */
  push(answer: Uint8Array): void {
    if (this.#closed) return;
    this.#waiting.push(answer);
    this.#wake();
  }

  /** None will come any more: the line has broken. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#wake();
  }

  /** None will come any more: the line was closed here, or at its other end. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /**
   * Waits for the next one.
   *
   * @returns The answer; `null` once closed.
   * @throws What the line has broken of.
   */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#closed) return null;
      const answer = this.#waiting.shift();
      if (answer !== undefined) return answer;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
