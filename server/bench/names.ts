/**
 * Names and titles: everything has one of each, and every lookup accepts either.
 *
 * @module
 */

import { closest, distance } from "npm:fastest-levenshtein@1.0.16";

/**
 * The identifier that a title gives: `UV Light` is `uv_light`, `CH4 (ppm)` is `ch4_ppm`.
 *
 * @param title Any text with a letter or digit in it.
 * @returns Lower-case letters, digits and underscores.
 */
export function identifierOf(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
}

/** How many names are listed in an error, and how many are compared: whoever asks wrongly again and again costs little. */
const mostListed = 10;
const mostCompared = 1000;

/**
 * Names as an error lists them.
 *
 * @param names What there is.
 * @returns `a, b, c`, or the first ten and how many more there are.
 */
export function listed(names: readonly string[]): string {
  const left = names.length - mostListed;
  if (left <= 0) return names.join(", ");
  return `${names.slice(0, mostListed).join(", ")} and ${left} more`;
}

/**
 * The name that was probably meant.
 *
 * @param given What somebody wrote.
 * @param names What there is; of very many, the first thousand are compared.
 * @returns ` (did you mean …?)`, or nothing where nothing comes close.
 */
export function didYouMean(given: string, names: readonly string[]): string {
  const known = names.slice(0, mostCompared);
  // Nobody means a name by a text that is longer than any.
  if (known.length === 0 || given === "" || given.length > 100) return "";
  const wanted = given.toLowerCase();
  // The beginning of a name means it more than a name that looks alike: min is minimum, not unit.
  const begun = known.filter((name) => name.toLowerCase().startsWith(wanted) || wanted.startsWith(name.toLowerCase()));
  if (begun.length === 1 && wanted.length >= 3 && begun[0]!.length >= 3) return ` (did you mean ${begun[0]}?)`;
  const found = closest(wanted, known.map((name) => name.toLowerCase()));
  const limit = Math.min(3, Math.ceil(Math.max(wanted.length, found.length) / 3));
  if (distance(wanted, found) > limit) return "";
  return ` (did you mean ${known.find((name) => name.toLowerCase() === found)}?)`;
}
