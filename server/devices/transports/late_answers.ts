/**
 * Remembers questions that nobody waits for any more, whose answers may still come.
 *
 * @module
 */

/** A question, as far as its answer can be known by it. */
export interface Asked {
  /** What was sent. */
  readonly text: string;
  /** Whether a line is an answer to it. */
  readonly accepts: (answer: string) => boolean;
  /** How its answer ends, where that is not as usual: what is late there cannot be told from an answer that ends otherwise. */
  readonly shape?: string | undefined;
}

/** An answer that may still come although nobody waits for it any more. */
interface Debt {
  readonly accepts: (answer: string) => boolean;
  readonly shape: string | undefined;
  /** What it may look like; `undefined` where that is not known. */
  readonly sample: string | undefined;
  /** When it is not expected any more, on the clock of `performance.now()`. */
  readonly until: number;
}

/** The least time for which a late answer is expected, in seconds. */
const latest = 5;

const mostSamples = 1000;

/** Remembers which answers are late on a line that is not opened anew. */
export class LateAnswers {
  #debts: Debt[] = [];
  /** The last answer to each question: what a late one will look like. */
  readonly #samples = new Map<string, string>();

  /** Whether something late, as far as it is known what it looks like, would be taken for an answer. */
  mayAnswer({ accepts, shape }: Omit<Asked, "text">): boolean {
    return this.#due().some((debt) => debt.shape !== shape || (debt.sample !== undefined && accepts(debt.sample)));
  }

  /** Whether something late might be taken for an answer, also where it is not known what it looks like. */
  couldAnswer({ accepts, shape }: Omit<Asked, "text">): boolean {
    return this.#due().some((debt) => debt.shape !== shape || debt.sample === undefined || accepts(debt.sample));
  }

  /** The number of late answers that this may be. */
  rivals(answer: string, shape?: string): number {
    return this.#due().filter((debt) => debt.shape !== shape || debt.accepts(answer)).length;
  }

  /** Takes an answer for the late one that it may be. @returns Whether it may be one. */
  take(answer: string): boolean {
    const taken = this.#due().find(({ accepts }) => accepts(answer));
    this.#debts = this.#debts.filter((debt) => debt !== taken);
    return taken !== undefined;
  }

  /** Whether nothing is late. */
  get none(): boolean {
    return this.#due().length === 0;
  }

  /**
   * A question was left without an answer that is certainly its own.
   *
   * @param asked The question.
   * @param unclear What came and may be its answer, or another one.
   * @param seconds How long it may still come.
   */
  expect({ text, accepts, shape }: Asked, unclear: string | undefined, seconds: number): void {
    const sample = unclear ?? this.#samples.get(text);
    this.#debts.push({ accepts, shape, sample, until: performance.now() + Math.max(latest, seconds) * 1000 });
  }

  /** Notes what an answer looks like. */
  remember(text: string, answer: string): void {
    // Commands with values in them are many.
    if (this.#samples.size >= mostSamples) this.#samples.clear();
    this.#samples.set(text, answer);
  }

  /** Nothing is late any more. */
  clear(): void {
    this.#debts = [];
  }

  #due(): readonly Debt[] {
    if (this.#debts.length === 0) return this.#debts;
    const now = performance.now();
    return this.#debts = this.#debts.filter(({ until }) => until > now);
  }
}
