/**
 * Changes the steps of a run that are still to come.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { readRun } from "./run_file.ts";

/**
 * The text of a run's file with others in the place of its last steps.
 *
 * @param text What the file holds.
 * @param first The number of the first step that is replaced, from 0.
 * @param steps The new ones, as a JSON list.
 * @throws {HeliographError} Where that is no list.
 */
export function editedText(file: string, text: string, first: number, steps: string): string {
  let given: unknown;
  try {
    given = JSON.parse(steps);
  } catch (error) {
    throw new HeliographError("bad_argument", `Cannot read the steps: ${(error as Error).message}`);
  }
  if (!Array.isArray(given)) {
    throw new HeliographError("bad_argument", 'Cannot take these steps: give a JSON list such as [{"wait": "10m"}]');
  }
  const { words } = readRun(file, text);
  return `${JSON.stringify({ ...words, steps: [...words.steps.slice(0, first), ...given] }, null, 2)}\n`;
}
