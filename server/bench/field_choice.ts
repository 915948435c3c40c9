/**
 * Finds the fields that somebody names in a list: `tempcon` for all of an instrument, `tempcon.camtemp` for one.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { BenchField } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import { didYouMean, identifierOf } from "./names.ts";

/** Something with a name and a title. */
interface Named {
  readonly name: string;
  readonly title: string;
}

/** Something that has fields. */
export interface FieldOwner<F extends Named> extends Named {
  readonly fields: readonly F[];
}

/** A field with the instrument that it belongs to. */
export interface ChosenField {
  readonly instrument: Instrument;
  readonly field: BenchField;
}

function called<T extends Named>(things: readonly T[], given: string): T | undefined {
  return things.find(({ name, title }) => name === given || title === given) ??
    things.find(({ name }) => name === identifierOf(given));
}

/**
 * Finds what one entry of a list names.
 *
 * @param owners What there is.
 * @param entry `INSTRUMENT` or `INSTRUMENT.FIELD`, each by name or title.
 * @returns All the fields of an instrument, or the one that is named.
 * @throws {HeliographError} `bad_argument`; the message says what is wrong with the entry alone.
 */
export function fieldsOf<O extends FieldOwner<Named>>(
  owners: readonly O[],
  entry: string,
): { readonly owner: O; readonly field: O["fields"][number] | undefined } {
  const given = entry.trim();
  const all = called(owners, given);
  if (all !== undefined) return { owner: all, field: undefined };
  let nearest: O | undefined;
  let rest = "";
  // A title may have full stops, too.
  for (let dot = given.indexOf("."); dot >= 0; dot = given.indexOf(".", dot + 1)) {
    const owner = called(owners, given.slice(0, dot));
    if (owner === undefined) continue;
    nearest = owner;
    rest = given.slice(dot + 1);
    const field: O["fields"][number] | undefined = called(owner.fields, rest);
    if (field !== undefined) return { owner, field };
  }
  if (nearest === undefined) {
    const meant = didYouMean(given.split(".")[0]!, owners.map(({ name }) => name));
    throw new HeliographError("bad_argument", `no instrument is called ${given.slice(0, 100)}${meant}`);
  }
  const meant = didYouMean(rest, nearest.fields.map(({ name }) => name));
  throw new HeliographError("bad_argument", `${nearest.name} has no field ${rest.slice(0, 100)}${meant}`);
}

/**
 * Finds what one entry of a list names on a bench.
 *
 * @param instruments What there is.
 * @param entry `INSTRUMENT` or `INSTRUMENT.FIELD`, each by name or title.
 * @param whole Whether a field is among those that an instrument alone stands for. @default every one is
 * @throws {HeliographError} `bad_argument`; the message says what is wrong with the entry alone.
 */
export function chosenBy(
  instruments: readonly Instrument[],
  entry: string,
  whole: (field: BenchField) => boolean = () => true,
): ChosenField[] {
  const owners = instruments.map((instrument) => {
    const { name, title, allFields } = instrument;
    return { name, title, fields: allFields, instrument };
  });
  const { owner: { instrument, fields }, field } = fieldsOf(owners, entry);
  return (field === undefined ? fields.filter(whole) : [field]).map((field) => ({ instrument, field }));
}
