/**
 * The parameters of a described instrument's commands.
 *
 * @module
 */

import { didYouMean } from "../../bench/names.ts";
import { type Pattern, wholePattern } from "../../devices/described/pattern.ts";
import type { InstrumentEntry } from "../schema.ts";
import type { Declared } from "../stand_in.ts";

/**
 * The parameters of an instrument's commands: what the bench file gives, or the driver's defaults.
 *
 * @param declared What its driver declares; `undefined` for none: then the bench file declares them itself.
 * @param wrong Told what is wrong with one.
 */
export function parameterValues(
  declared: Declared | undefined,
  given: InstrumentEntry["parameters"],
  wrong: (name: string, message: string) => void,
): Record<string, string> {
  const values: Record<string, string> = {};
  const table: Declared = declared ?? given ?? {};
  for (const [name, value] of Object.entries(declared === undefined ? {} : given ?? {})) {
    if (table[name] === undefined) {
      wrong(name, `is no parameter of this driver${didYouMean(name, Object.keys(table))}`);
    } else if (typeof value === "string") values[name] = value;
  }
  for (const [name, spec] of Object.entries(table)) {
    const { default: fallback = "", pattern = "[A-Za-z0-9_]+" } = typeof spec === "string" ? { default: spec } : spec;
    const value = values[name] ??= fallback;
    let allowed: Pattern;
    try {
      allowed = wholePattern(pattern);
    } catch (error) {
      wrong(name, `its pattern ${(error as Error).message}`);
      continue;
    }
    if (value === "") wrong(name, `is missing: it should match ${pattern}`);
    else if (!allowed.test(value)) wrong(name, `is ${JSON.stringify(value)}, and should match ${pattern}`);
  }
  return values;
}
