/**
 * Reads lists of numbers as azcam's clients send them: `[1.5, -0.2]`, `1.5,-0.2`, or one number after another.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { isNumber, shown } from "../../bench/values.ts";

/**
 * A list of numbers.
 *
 * @param given A list, or its text with or without brackets; `None` and nothing are no list.
 * @param what What it is, for the error.
 * @param most How many numbers it may hold.
 * @returns The numbers; `undefined` where there is no list.
 * @throws {HeliographError} `bad_argument` for anything else.
 */
export function numberList(given: unknown, what: string, most: number): number[] | undefined {
  if (given === undefined || given === null || given === "None" || given === "") return undefined;
  const text = String(given).trim().replace(/^\[(.*)\]$|^\((.*)\)$/, "$1$2").trim();
  // A bracket without its partner is in no number: a blank has made two arguments of one list.
  const items = Array.isArray(given) ? given : text.split(/\s*,\s*|\s+/);
  const numbers = items.map((item: unknown) => isNumber(String(item)) ? Number(item) : NaN);
  const wrong = numbers.findIndex((number) => !Number.isFinite(number));
  const cannot = `Cannot take ${shown(Array.isArray(given) ? items.join(", ") : given)} for ${what}: `;
  if (wrong >= 0) {
    throw new HeliographError("bad_argument", `${cannot}write a list of numbers without spaces, such as [0.5,-1]`);
  }
  if (numbers.length <= most) return numbers;
  throw new HeliographError("bad_argument", `${cannot}there are ${most} sensors, and ${numbers.length} numbers`);
}
