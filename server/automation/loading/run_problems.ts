/**
 * What is wrong with a run's file, collected so that all of it is told at once.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { ExpressionError } from "../../expressions/expression_error.ts";
import type { Path, Problem, Source } from "../../files/source.ts";

/** The most problems that are told at once. */
const mostProblems = 200;

/** What is wrong with a run's file. */
export class RunProblems {
  /** What was found. */
  readonly found: Problem[] = [];
  readonly #source: Source;
  readonly #told = new Set<string>();
  /** In which row what is wrong was found: ` (in row 2 of rows.csv)`. */
  #inRow = "";

  /** Nothing is wrong yet. @param source The file. */
  constructor(source: Source) {
    this.#source = source;
  }

  /** A part of the file is wrong. */
  add(path: Path, message: string): void {
    const problem = this.#source.problem(path, message);
    const key = `${problem.line}:${problem.column}:${problem.where}:${message}`;
    // Each row may say the same.
    if (this.#told.has(key) || this.found.length >= mostProblems) return;
    this.#told.add(key);
    this.found.push({ ...problem, message: `${message}${this.#inRow}` });
  }

  /** Does something, and takes what is wrong with a part. @returns `undefined` where something is. */
  try<T>(path: Path, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof ExpressionError || error instanceof HeliographError)) {
        throw error;
      }
      this.add(path, error.message);
      return undefined;
    }
  }

  /** Does something for a row, which is told with what is wrong. @param row Its number and file: `2 of rows.csv`. */
  inRow<T>(row: string, work: () => T): T {
    const outer = this.#inRow;
    this.#inRow = ` (in row ${row})`;
    try {
      return work();
    } finally {
      this.#inRow = outer;
    }
  }
}
