/**
 * Which of an instrument's fields its card shows large, in which rows the others stand, and whether what the device says
 * is what was set.
 *
 * @module
 */

import type { CommandDescription, FieldDescription, FieldReading, Readback } from "../../../protocol/description.ts";
import { isNumeric, type LiveField, type LiveInstrument } from "../live/live_instrument.ts";

/** One row of a card. */
export interface Row {
  readonly field: LiveField;
  /** What the device says of a setting, where it says it. */
  readonly device: LiveField | undefined;
}

/** What a field is called where people read it: without the unit, which stands beside the value. */
export function fieldCaption({ title, name, unit }: Pick<FieldDescription, "title" | "name" | "unit">): string {
  if (title === name) return title[0]!.toUpperCase() + title.slice(1).replaceAll("_", " ");
  const end = ` (${unit})`;
  return unit !== undefined && title.endsWith(end) ? title.slice(0, -end.length) : title;
}

/** Why a setting has no value that nobody has sent since the server began. */
export const notSent = "not sent yet";

/** What a command is called for people: `Set control temperature`. */
export function commandTitle({ name }: Pick<CommandDescription, "name">): string {
  const words = name.replaceAll("_", " ");
  return words[0]!.toUpperCase() + words.slice(1);
}

/**
 * The fields that a card shows large.
 *
 * @param instrument Whose card it is.
 * @param chosen The names of those that people chose on the page, if they did.
 * @returns One or two; more only where so many were named.
 */
export function mainFields(instrument: LiveInstrument, chosen: readonly string[] | undefined): LiveField[] {
  const all = [...instrument.fields.values()];
  const named = (chosen ?? instrument.main)?.flatMap((name) => all.find(({ spec }) => spec.name === name) ?? []);
  if (named !== undefined && (chosen !== undefined || named.length > 0)) return named;
  const answers = new Set(all.flatMap(({ spec }) => spec.readback?.field ?? []));
  const readouts = all.filter(({ spec }) => spec.access === "readout");
  const own = readouts.filter(({ spec }) => !answers.has(spec.name));
  const numbers = own.filter(({ spec }) => isNumeric(spec));
  if (numbers.length > 0) return numbers.slice(0, 2);
  // What is neither a number nor asked for says little in large letters; a lamp's "On" says all.
  const first = own.find(({ spec }) => spec.type !== "text") ?? readouts.find(({ spec }) => spec.type !== "text") ??
    own[0];
  return first === undefined ? [] : [first];
}

/** The rows of a card, in the file's order: what stands elsewhere on it has no row of its own. */
export function rowsOf(instrument: LiveInstrument, mains: readonly LiveField[]): Row[] {
  const all = [...instrument.fields.values()];
  const byName = new Map(all.map((field) => [field.spec.name, field]));
  const deviceOf = ({ spec }: LiveField) => spec.readback && byName.get(spec.readback.field);
  const answers = new Set(all.map(deviceOf));
  return all
    .filter((field) => field.spec.access === "setting" || (!answers.has(field) && !mains.includes(field)))
    .map((field) => ({ field, device: deviceOf(field) }));
}

/** Whether a device says what was set: it `agrees`, may still be about to (`waits`), or `differs`. */
export type Agreement = "agrees" | "waits" | "differs";

/**
 * Compares what was set with what the device says.
 *
 * @param readback How they belong together.
 * @param setting What was set.
 * @param device What the device says.
 * @param now The time, in milliseconds since 1970.
 * @returns `undefined` where one of them is not known, or is not applied yet.
 */
export function agreement(
  { tolerance, within }: Readback,
  setting: FieldReading,
  device: FieldReading,
  now: number,
): Agreement | undefined {
  if (setting.staged || setting.quality !== "good" || device.quality !== "good") return undefined;
  const [one, other] = [setting.value, device.value];
  if (one === null || other === null) return undefined;
  // Two decimal numbers that differ by just the tolerance differ by a little more in binary.
  const same = typeof one === "number" && typeof other === "number"
    ? Math.abs(one - other) <= tolerance + 1e-9 * Math.max(Math.abs(one), Math.abs(other))
    : one === other;
  if (same) return "agrees";
  return setting.time !== null && now < Date.parse(setting.time) + within * 1000 ? "waits" : "differs";
}
