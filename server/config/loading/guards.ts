/**
 * Checks what a bench file says of guards.
 *
 * @module
 */

import { automationFields } from "../../bench/automation_fields.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import type { NobodyElsewhere } from "../../bench/elsewhere.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { compileGuards } from "../../guards/compiled.ts";
import type { GuardsWords } from "../../guards/guards_schema.ts";
import type { Problems } from "./problems.ts";

/**
 * Checks the guards, once all of the bench is known; what is wrong itself is told first.
 *
 * @returns `undefined` where the bench has none.
 */
export function checkGuards(
  { interlocks, safeState, watchdogs, alarms, limits }: GuardsWords,
  instruments: readonly Instrument[],
  elsewhere: NobodyElsewhere | undefined,
  problems: Problems,
): GuardsWords | undefined {
  const alarmed = instruments.some((each) => each.allFields.some(({ spec }) => spec.alarm !== undefined));
  if (!alarmed && (interlocks ?? safeState ?? watchdogs ?? alarms ?? limits) === undefined) return undefined;
  if (problems.count > 0) return undefined;
  const words = { interlocks, safeState, watchdogs, alarms, limits };
  // What is served by a file has runs, whose fields conditions may speak of.
  const automation = defineInstrument({ title: "automation", fields: automationFields });
  const wrong = compileGuards(words, [...instruments, automation], undefined, elsewhere).problems;
  for (const { path, message } of wrong) problems.add(path, message);
  return words;
}
