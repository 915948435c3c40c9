/**
 * What the words of guards have in common: times and names.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { HeliographError } from "../../protocol/errors.ts";
import { didYouMean, listed } from "../bench/names.ts";
import { readSeconds } from "../expressions/over_time.ts";

const longestTime = 86_400;

/** A time of a bench file, which is used in seconds. @param least In seconds. @param words What else is told. */
export function time(least: number, words: string): z.ZodType<number, string> {
  return z.string().refine((text) => {
    const seconds = readSeconds(text);
    return seconds !== undefined && seconds >= least && seconds <= longestTime;
  }, words).transform((text) => readSeconds(text)!);
}

/** A time of a bench file, of any length up to a day. */
export const someTime = (): z.ZodType<number, string> =>
  time(0, "must be a time such as 0.5s, 10s, 5m or 1h, at most 24h");

/** What a guard is called. */
export const title: z.ZodString = z.string().regex(/[a-z0-9]/i, "a name needs a letter or a digit");

/** The error for a name that no guard has. @param kind What was looked for. @param there What there is of that. */
export function unknownGuard(
  name: string,
  kind: string,
  there: readonly { readonly title: string }[],
): HeliographError {
  const titles = there.map(({ title }) => title);
  return new HeliographError(
    "bad_argument",
    `There is no ${kind} ${name}${didYouMean(name, titles)}; ${
      titles.length === 0 ? "the bench has none" : `there is ${listed(titles)}`
    }`,
  );
}
