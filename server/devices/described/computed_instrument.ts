/**
 * Makes fields that are computed from others, and instruments that have no others: they need no port.
 *
 * @module
 */

import { mainNames } from "../../bench/declaration.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import type { AlarmLimits, FieldSpec } from "../../bench/field.ts";
import { checkKeyword as check } from "../../bench/header_card.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { ValueType } from "../../bench/values.ts";
import { checkLimits } from "./alarm_words.ts";
import { inPart } from "./description_error.ts";
import type { DescribedField, Description } from "./schema.ts";
import { ValueCodec } from "./value_codec.ts";

/** The words for a computed field; the others are for what is read or set. */
const fieldWords: readonly string[] = ["compute", "type", "unit", "decimals", "format", "choices", "summary"]
  .concat("log", "keep", "keyword", "alarm");
/** The words for an instrument of computed fields. */
const instrumentWords: readonly string[] = ["fields", "summary", "main"];

/**
 * A field that is computed from others.
 *
 * @param compute The expression, which is checked when all of the bench is known.
 * @throws {DescriptionError} For words that belong to what is read or set.
 */
export function computedField(field: DescribedField, compute: string): FieldSpec<ValueType> {
  for (const [word, value] of Object.entries(field)) {
    if (value === undefined || fieldWords.includes(word)) continue;
    inPart(word, () => wrong('has no meaning beside "compute"'));
  }
  const { log, keep, keyword, alarm } = field;
  if (alarm !== undefined) inPart("alarm", () => checkLimits(alarm, field.type));
  if (keyword !== undefined) inPart("keyword", () => checkKeyword(keyword));
  return {
    ...new ValueCodec(field).spec,
    access: "readout",
    compute,
    ...(log === undefined ? {} : { log }),
    ...(keep === undefined ? {} : { keep }),
    ...(keyword === undefined ? {} : { keyword }),
    ...(alarm === undefined ? {} : { alarm: alarm as AlarmLimits }),
  };
}

/** Whether a description has computed fields and nothing else that would need a port. */
export function isComputed({ fields = {}, commands = {} }: Description): boolean {
  return Object.keys(commands).length === 0 && Object.values(fields).every(({ compute }) => compute !== undefined);
}

/**
 * An instrument of computed fields.
 *
 * @throws {DescriptionError} For words that need a port.
 */
export function computedInstrument(title: string, description: Description): Instrument {
  for (const [word, value] of Object.entries(description)) {
    if (value === undefined || instrumentWords.includes(word)) continue;
    inPart(word, () => wrong("has a meaning only beside a port, and what is computed needs none"));
  }
  const { fields = {}, summary } = description;
  return defineInstrument({
    title,
    ...(summary === undefined ? {} : { summary }),
    ...mainOf(description),
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        inPart(["fields", name], () => computedField(field, field.compute!)),
      ]),
    ),
  });
}

/** The fields that matter most, by their names, where a description says it. @throws {DescriptionError} For others. */
export function mainOf({ main, fields = {} }: Description): { main?: string[] } {
  if (main === undefined) return {};
  const names = mainNames(main, Object.keys(fields), (index, why) => inPart(["main", index], () => wrong(why)));
  return { main: names };
}

/** Checks a FITS keyword; a mistake in it is one in the description. */
export function checkKeyword(keyword: string): void {
  try {
    check(keyword);
  } catch (error) {
    wrong((error as Error).message);
  }
}

function wrong(message: string): never {
  throw new TypeError(message);
}
