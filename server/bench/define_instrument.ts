/**
 * Declaring an instrument: from a table of fields and commands to something that can be put on a bench.
 *
 * @module
 */

import type { Field } from "./field.ts";
import { Instrument, type InstrumentSpec } from "./instrument.ts";
import { standardCommands } from "./standard_commands.ts";
import type { ValueOf, ValueType } from "./values.ts";

/**
 * Declares an instrument.
 *
 * @example
 * ```ts
 * import { command, defineInstrument } from "@heliograph/heliograph";
 *
 * let position = 0;
 * const stage = defineInstrument({
 *   title: "Sample Stage",
 *   fields: {
 *     Position: { type: "float", unit: "mm", decimals: 2, read: () => position },
 *     Speed: { type: "float", unit: "mm/s", minimum: 0.1, maximum: 5, initial: 1, write: () => {} },
 *   },
 *   commands: ({ Speed }) => ({
 *     home: command({
 *       summary: "Go to the end switch",
 *       run: () => `back from ${position} mm at ${Speed.value} mm/s, now at ${position = 0} mm`,
 *     }),
 *   }),
 * });
 * console.log(stage.fields.Speed.value); // 1
 * ```
 *
 * @param spec The declaration.
 * @returns The instrument, to be put on a bench; its `fields` are typed by the declaration.
 * @throws {TypeError} When a name cannot be used or occurs twice, or a word of the declaration is not what it should be:
 * with where, what is wrong, and what would be right.
 */
export function defineInstrument<F extends Record<string, ValueType>>(
  spec: InstrumentSpec<F>,
): Instrument & { readonly fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> } } {
  const instrument = new Instrument(spec as unknown as InstrumentSpec<Record<string, ValueType>>);
  instrument.adopt(standardCommands(instrument));
  return Object.assign(instrument, { fields: instrument.byTitle }) as never;
}
