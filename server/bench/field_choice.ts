/**
 * Finds the fields that somebody names in a list: `tempcon` for all of an instrument, `tempcon.camtemp` for one.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import { didYouMean, identifierOf } from "./names.ts";

/** A field with the instrument that it belongs to. */
export interface ChosenField {
  readonly instrument: Instrument;
  readonly field: BenchField;
}

function called<T extends { readonly name: string; readonly title: string }>(
  things: readonly T[],
  given: string,
): T | undefined {
  return things.find(({ name, title }) => name === given || title === given) ??
    things.find(({ name }) => name === identifierOf(given));
}

/**
 * Finds what one entry of a list names.
 *
 * @param instruments What there is.
 * @param entry `INSTRUMENT` or `INSTRUMENT.FIELD`, each by name or title.
 * @param whole Whether a field is among those that an instrument alone stands for. @default every one is
 * @throws {HeliographError} `unknown_instrument` or `unknown_field`; the message says what is wrong with the entry alone.
 */
export function chosenBy(
  instruments: readonly Instrument[],
  entry: string,
  whole: (field: BenchField) => boolean = () => true,
): ChosenField[] {
  const given = entry.trim();
  const all = called(instruments, given);
  if (all !== undefined) return all.allFields.filter(whole).map((field) => ({ instrument: all, field }));
  let owner: Instrument | undefined;
  let rest = "";
  // A title may have full stops, too.
  for (let dot = given.indexOf("."); dot >= 0; dot = given.indexOf(".", dot + 1)) {
    const instrument = called(instruments, given.slice(0, dot));
    if (instrument === undefined) continue;
    owner = instrument;
    rest = given.slice(dot + 1);
    const field = called(instrument.allFields, rest);
    if (field !== undefined) return [{ instrument, field }];
  }
  if (owner === undefined) {
    const meant = didYouMean(given.split(".")[0]!, instruments.map(({ name }) => name));
    throw new HeliographError("unknown_instrument", `no instrument is called ${given.slice(0, 100)}${meant}`);
  }
  const meant = didYouMean(rest, owner.allFields.map(({ name }) => name));
  throw new HeliographError("unknown_field", `${owner.name} has no field ${rest.slice(0, 100)}${meant}`);
}
