/**
 * A step as a run's file has it, and how its words are read.
 *
 * @module
 */

import { readSeconds } from "../../expressions/over_time.ts";
import type { Path } from "../../files/source.ts";
import type { Values } from "../parameters.ts";
import type { StepWords } from "../run_schema.ts";
import type { RunProblems } from "./run_problems.ts";

/** The longest time of a step, in seconds: a month. */
const longest = 31 * 86_400;

/** A step of a file. */
export class StepEntry {
  /** What it says. */
  readonly words: StepWords;
  /** Where it stands. */
  readonly at: Path;
  /** What its words use. */
  readonly values: Values;
  readonly #problems: RunProblems;

  /** Takes it. */
  constructor(words: StepWords, at: Path, values: Values, problems: RunProblems) {
    this.words = words;
    this.at = at;
    this.values = values;
    this.#problems = problems;
  }

  /** Whether it stands in the run's `finally`. */
  get isInFinally(): boolean {
    return this.at[0] === "finally";
  }

  /** Something is wrong with it. @param word The word that is. @default all of it */
  wrong(word: keyof StepWords | undefined, message: string): void {
    this.#problems.add(this.#path(word), message);
  }

  /** Words have no meaning here. */
  without(words: readonly (keyof StepWords)[], message: string): void {
    for (const word of words) if (this.words[word] !== undefined) this.wrong(word, message);
  }

  /** Does something with one of its words, and takes what is wrong. @returns `undefined` where something is. */
  try<T>(word: keyof StepWords | undefined, work: () => T): T | undefined {
    return this.#problems.try(this.#path(word), work);
  }

  /** What a word says that it has. @throws Where what that uses is wrong. */
  text(
    word: "set" | "ramp" | "readback" | "call" | "waitUntil" | "note" | "askPerson" | "name" | "every" | "title",
  ): string {
    return this.values.text(this.words[word]!);
  }

  /** A time that it has, in seconds. @returns `undefined` where it is wrong. */
  time(word: "wait" | "held" | "timeout" | "over" | "every"): number | undefined {
    return this.try(word, () => {
      const text = this.values.text(this.words[word]!);
      const seconds = readSeconds(text);
      if (seconds === undefined || seconds > longest) {
        throw new TypeError(`is ${text}, and should be a time such as 90s, 10m or 8h, at most 744h`);
      }
      return seconds;
    });
  }

  /** A number that it has. @returns `undefined` where it is wrong. */
  number(word: "within" | "from" | "to" | "repeat" | "count"): number | undefined {
    return this.try(word, () => {
      const value = this.values.of(this.words[word]!);
      if (typeof value === "number") return value;
      throw new TypeError(`should be a number, and is ${JSON.stringify(value)}`);
    });
  }

  #path(word: keyof StepWords | undefined): Path {
    return word === undefined ? this.at : [...this.at, word];
  }
}
