/**
 * The faults that a simulator can be told to have.
 *
 * @module
 */

/**
 * The faults of a simulator, and how often they happen.
 *
 * @example
 * ```ts
 * import { type Faults, simulateTcp } from "@heliograph/heliograph/testing";
 *
 * const badDay: Faults = { kinds: ["silent", "garbage"], share: 0.1, delay: 0 };
 * const echo = { commandEnd: "\n", answerEnd: "\n", answer: (command: string) => command };
 * const simulator = simulateTcp(echo, 0, badDay);
 * await simulator.close();
 * ```
 */
export interface Faults {
  /**
   * What goes wrong; more than one take turns. `silent`: it says nothing. `garbage`: it answers with random bytes. `slow`:
   * it answers late. `drop`: it drops the line in the middle of an answer. `length`: it answers with a byte too few or too
   * many. @default nothing
   */
  readonly kinds: readonly ("silent" | "garbage" | "slow" | "drop" | "length")[];
  /** The share of answers that go wrong, from 0 to 1. */
  readonly share: number;
  /** How late a slow answer is, in seconds. */
  readonly delay: number;
}

/** A kind of fault. */
export type FaultKind = Faults["kinds"][number];

/** The kinds of faults, with what they mean. */
export const faultKinds: Readonly<Record<FaultKind, string>> = {
  silent: "says nothing",
  garbage: "answers with random bytes",
  slow: "answers late",
  drop: "drops the line in the middle of an answer",
  length: "answers with a byte too few or too many",
};

/** No faults. */
export const noFaults: Faults = { kinds: [], share: 0, delay: 0 };

/** Decides for each answer whether something goes wrong. */
export class FaultPlan {
  readonly #faults: Faults;
  #answers = 0;
  #faulty = 0;

  /** Makes it. @param faults What goes wrong, and how often. */
  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** How late a slow answer is, in seconds. */
  get delay(): number {
    return this.#faults.delay;
  }

  /** The fault of the next answer; `undefined` where it has none. */
  next(): FaultKind | undefined {
    const { kinds, share } = this.#faults;
    this.#answers++;
    // Evenly spread rather than random, so that a bad day can be had again.
    if (kinds.length === 0 || Math.floor(this.#answers * share) === Math.floor((this.#answers - 1) * share)) {
      return undefined;
    }
    return kinds[this.#faulty++ % kinds.length];
  }
}

/** Bytes that mean nothing, sometimes with the end of an answer among them. */
export function garbage(end: Uint8Array): Uint8Array {
  const bytes = crypto.getRandomValues(new Uint8Array(1 + Math.floor(Math.random() * 40)));
  return Math.random() < 0.5 ? bytes : new Uint8Array([...bytes, ...end]);
}

/** An answer with a byte too few or too many, before its end. */
export function wrongLength(answer: string): string {
  return Math.random() < 0.5 ? answer.slice(0, -1) : `${answer}${answer.at(-1) ?? "0"}`;
}
