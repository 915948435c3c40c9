/**
 * Finds the value in an answer.
 *
 * @module
 */

import type { Shape } from "../transports/framing.ts";
import type { Pattern } from "./pattern.ts";
import type { ValueCodec } from "./value_codec.ts";

/** Where the value stands in an answer. */
export interface Place {
  /** The text in an answer that the others are about; `undefined` of it where it is none. @default all of it */
  readonly text?: ((answer: string) => string | undefined) | undefined;
  /**
   * What the answer looks like; `undefined` where all of it is the value. One with the groups mantissa and exponent has
   * a number in two parts, one with number and unit a number whose unit stands elsewhere.
   */
  readonly pattern: Pattern | undefined;
  /** Which of the pattern's groups is the value; `undefined` takes the first, or all of it without groups. */
  readonly group?: string | number | undefined;
  /** Which characters of that are the value, counted from 0: the first, or the first and the last. @default all */
  readonly at?: number | readonly [number, number] | undefined;
}

/**
 * Finds the value in an answer.
 *
 * @param answer An answer.
 * @param place Where it stands.
 * @param codec What it may be.
 * @returns The value as the instrument says it, or `undefined` where the answer does not look like that.
 */
export function valueIn(answer: string, { text, pattern, group, at }: Place, codec: ValueCodec): string | undefined {
  const whole = text === undefined ? answer : text(answer);
  if (whole === undefined) return undefined;
  const said = pattern === undefined
    ? whole
    : group === undefined && pattern.isInTwoParts
    ? inTwoParts(pattern, whole)
    : group === undefined && pattern.hasUnitApart
    ? withUnit(pattern, whole)
    : pattern.value(whole, group);
  if (said === undefined || at === undefined) return said;
  const [first, last] = typeof at === "number" ? [at, at + codec.width! - 1] : at;
  return said.length > last ? said.slice(first, last + 1) : undefined;
}

function inTwoParts(pattern: Pattern, answer: string): string | undefined {
  const [mantissa, exponent] = [pattern.value(answer, "mantissa"), pattern.value(answer, "exponent")];
  return mantissa === undefined || exponent === undefined ? undefined : `${mantissa.trim()}e${exponent.trim()}`;
}

function withUnit(pattern: Pattern, answer: string): string | undefined {
  const number = pattern.value(answer, "number");
  return number === undefined ? undefined : `${number.trim()} ${pattern.value(answer, "unit")?.trim() ?? ""}`;
}

/**
 * Checks which characters of an answer are the value.
 *
 * @param at As described.
 * @param codec What the value may be.
 * @throws {TypeError} Where it is not known where they end, or another number of them is.
 */
export function checkAt(at: Place["at"], { width }: ValueCodec): void {
  if (at === undefined) return;
  if (typeof at === "number") {
    if (width === undefined) wrong(`says where the value begins, and not where it ends: write [${at}, LAST]`);
    return;
  }
  const [first, last] = at;
  if (last < first) wrong(`ends at ${last}, before it begins at ${first}`);
  const count = last - first + 1;
  if (width !== undefined && count !== width) {
    wrong(`are ${count} characters, and the kind has ${width}: write ${first}`);
  }
}

/**
 * Checks that a value ends before its answer does, where that always has the same length.
 *
 * @param place Where the value stands.
 * @param codec What it may be.
 * @param shape How the answer ends.
 * @throws {TypeError} Where the answer is too short to hold it.
 */
export function checkWithin({ at, text, pattern }: Place, { width }: ValueCodec, shape: Shape | undefined): void {
  const { length, lines } = shape ?? {};
  if (typeof length !== "number" || lines !== undefined || text !== undefined || pattern !== undefined) return;
  const count = typeof at === "object" ? at[1] + 1 : width === undefined ? 0 : (at ?? 0) + width;
  if (count > length) wrong(`the value ends behind ${count} bytes, and the answer has ${length} ("length")`);
}

/**
 * Checks that a pattern has the group that is asked for.
 *
 * @throws {TypeError} With the groups that there are.
 */
export function checkGroup(pattern: Pattern | undefined, group: string | number | undefined): void {
  if (pattern !== undefined) pattern.checkGroup(group);
  else if (group !== undefined) throw new TypeError("needs a pattern beside it");
}

function wrong(message: string): never {
  throw new TypeError(message);
}
