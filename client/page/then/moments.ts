/**
 * The moments that are looked back at: their addresses, as an input has them, and what everything was then.
 *
 * @module
 */

import { shortNumber } from "../../../protocol/number_format.ts";
import type { FieldAtMoment, MomentAnswer } from "../../../protocol/readings.ts";
import { fieldCaption } from "../bench/fields.ts";
import type { LiveField, LiveInstrument } from "../live/live_instrument.ts";
import { addressOf } from "../shell/address.ts";
import type { TimeZoneChoice } from "../shell/preferences.ts";

/** A moment in an address: `2026-11-27T03:12:40Z`, with milliseconds where it has some. */
function momentText(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** The address of the view of a moment. @param at In milliseconds since 1970. */
export function thenAddress(at: number): string {
  return addressOf("then", [], { at: momentText(at) });
}

/** A moment as an input for date and time has it: `2026-11-27T03:12:40`, by the chosen clock. */
export function inputText(at: number, zone: TimeZoneChoice): string {
  return new Date(at).toLocaleString("sv-SE", zone === "utc" ? { timeZone: "UTC" } : {}).replace(" ", "T");
}

/** The moment that an input has. @returns `undefined` where it is none. */
export function inputMoment(text: string, zone: TimeZoneChoice): number | undefined {
  const at = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

/** A field as it was. */
export interface FieldThen {
  readonly name: string;
  readonly caption: string;
  /** Its value as cards write it; empty where it had none that was good. */
  readonly text: string;
  readonly unit: string;
  /** `unread` where nothing is known of it. */
  readonly quality: FieldAtMoment["quality"] | "unread";
  /** How old it was, in milliseconds. */
  readonly age: number | undefined;
}

/** An instrument as it was. */
export interface InstrumentThen {
  readonly name: string;
  readonly caption: string;
  /** Whether it is on the bench now. */
  readonly here: boolean;
  readonly fields: readonly FieldThen[];
}

/** A value as text. @param field The field as it is now, which tells its decimals. */
function textOf({ value, type }: FieldAtMoment, field: LiveField | undefined): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "On" : "Off";
  if (typeof value === "string") return value;
  return shortNumber(field?.spec.type === type ? field.spec : { type }, value);
}

function fieldThen(told: FieldAtMoment, field: LiveField | undefined, at: number): FieldThen {
  const { title, field: name, unit, quality, time } = told;
  const caption = fieldCaption({ ...(field?.spec ?? { title, name }), unit });
  return { name, caption, text: textOf(told, field), unit, quality, age: Math.max(0, at - time) };
}

/**
 * What each instrument was: those of the bench in its order, then those that are there no more.
 *
 * @param instruments What is on the bench now.
 */
export function instrumentsThen(
  instruments: readonly LiveInstrument[],
  { at, fields }: MomentAnswer,
): readonly InstrumentThen[] {
  const told = Map.groupBy(newest(fields), ({ instrument }) => instrument);
  const present = instruments.map(({ name, caption, fields: live }): InstrumentThen => {
    const then = new Map((told.get(name) ?? []).map((each) => [each.field, each]));
    const known = [...live.values()].map((field): FieldThen => {
      const { spec } = field;
      const found = then.get(spec.name);
      then.delete(spec.name);
      if (found !== undefined) return fieldThen(found, field, at);
      const { unit = "" } = spec;
      return { name: spec.name, caption: fieldCaption(spec), text: "", unit, quality: "unread", age: undefined };
    });
    const gone = [...then.values()].map((each) => fieldThen(each, undefined, at));
    return { name, caption, here: true, fields: [...known, ...gone] };
  });
  const names = new Set(instruments.map(({ name }) => name));
  const absent = [...told].filter(([name]) => !names.has(name)).map(([name, gone]): InstrumentThen => ({
    name,
    caption: gone[0]!.instrumentTitle,
    here: false,
    fields: gone.map((each) => fieldThen(each, undefined, at)),
  }));
  // What has no fields, as `api`, was nothing then either.
  return [...present.filter(({ fields }) => fields.length > 0), ...absent];
}

/** A field that had another unit or type before is told twice: the newer is what it was. */
function newest(fields: readonly FieldAtMoment[]): Iterable<FieldAtMoment> {
  const found = new Map<string, FieldAtMoment>();
  for (const each of fields) {
    const key = `${each.instrument}.${each.field}`;
    if ((found.get(key)?.time ?? -Infinity) <= each.time) found.set(key, each);
  }
  return found.values();
}
