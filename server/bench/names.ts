/**
 * Names and titles: everything has one of each, and every lookup accepts either.
 *
 * @module
 */

import damerauLevenshtein from "npm:damerau-levenshtein@1.0.8";

/** The number of letters to insert, leave out, replace, or swap with their neighbour. The package has no types. */
const editDistance: (one: string, other: string) => { readonly steps: number } = damerauLevenshtein;

/**
 * The identifier that a title gives: `UV Light` is `uv_light`, `CH4 (ppm)` is `ch4_ppm`.
 *
 * @param title Any text with a letter or digit in it.
 * @returns Lower-case letters, digits and underscores.
 */
export function identifierOf(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
}

/** The names of heliograph's own instruments: nobody's widgets, and neither guards nor runs drive them. */
export const ownInstruments: ReadonlySet<string> = new Set(["api", "guards", "messages", "automation", "fleet"]);

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

/** A name as it is compared: letters of either case, and words however they are joined, are the same. */
function compared(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, "_");
}

/**
 * The name that was probably meant: the one from which the fewest letters are missing, too many, others, or swapped with
 * their neighbour; and where none is that close, the shortest that begins with what was given, or has it among its words.
 *
 * @param given What somebody wrote.
 * @param names What there is; of very many, the first thousand are compared.
 * @returns The name, or nothing where nothing comes close.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  // Nobody means a name by a text that is longer than any.
  if (given === "" || given.length > 100) return undefined;
  const wanted = compared(given);
  const begun = wanted.length < 3 ? [] : names.filter((name) => compared(name).startsWith(wanted));
  if (begun.length === 1) return begun[0];
  let best: string | undefined;
  let least = Infinity;
  let longer: string | undefined;
  let shorter: string | undefined;
  // Of three letters, two others make another word.
  const most = wanted.length <= 3 ? Math.min(1, wanted.length - 1) : 3;
  const words = new RegExp(`(?:^|_)${RegExp.escape(wanted)}(?:_|$)`);
  for (const name of names.slice(0, mostCompared)) {
    const known = compared(name);
    const limit = Math.min(most, Math.ceil(Math.max(wanted.length, known.length) / 3), least - 1);
    // Two texts differ by at least as much as their lengths do.
    if (Math.abs(wanted.length - known.length) <= limit) {
      const { steps } = editDistance(wanted, known);
      if (steps <= limit) [best, least] = [name, steps];
    }
    const extends_ = wanted.length >= 3 && (known.startsWith(wanted) || words.test(known));
    if (extends_ && (longer === undefined || name.length < longer.length)) longer = name;
    if (wanted.startsWith(known) && 2 * known.length >= wanted.length) shorter ??= name;
  }
  return best ?? longer ?? shorter;
}

/**
 * The end of an error about an unknown name.
 *
 * @param given What somebody wrote.
 * @param names What there is.
 * @returns ` (did you mean …?)`, or nothing where nothing comes close.
 */
export function didYouMean(given: string, names: readonly string[]): string {
  const meant = nearest(given, names);
  return meant === undefined ? "" : ` (did you mean ${meant}?)`;
}

/**
 * Names in the order in which they may have been meant.
 *
 * @param given What somebody wrote.
 * @param names What there is: as many as people read.
 * @returns The nearest first; of those that are as near, in their order.
 */
export function nearestFirst(given: string, names: readonly string[]): string[] {
  const meant = nearest(given, names);
  const wanted = compared(given.slice(0, 100));
  const steps = new Map(names.map((name) => [name, name === meant ? -1 : editDistance(wanted, compared(name)).steps]));
  return [...names].sort((one, other) => steps.get(one)! - steps.get(other)!);
}
