/**
 * What is wrong with a run, in the words that people are told.
 *
 * @module
 */

import { BenchFileError } from "../files/source.ts";

/** What is wrong, on one line. */
export function wordsOf(error: unknown): string {
  if (error instanceof BenchFileError) return error.message.split("\n").join("; ");
  return error instanceof Error ? error.message : String(error);
}
