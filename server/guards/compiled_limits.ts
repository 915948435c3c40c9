/**
 * Checks the limits of a bench file against the instruments of the bench, and makes them ready.
 *
 * @module
 */

import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { identifierOf, listed } from "../bench/names.ts";
import type { Value } from "../bench/values.ts";
import { isAlwaysAllowed } from "./forbidding.ts";
import type { LimitWords } from "./limits_schema.ts";
import { commandOf, placeOf, settingOf } from "../bench/places.ts";
import { type GuardsPath, type Step, stepsOf, type Wrong } from "./steps.ts";

/** The parts of a limit that speak of instruments. */
export interface CompiledLimit {
  /** `power of Oven`, for people. */
  readonly title: string;
  readonly instrument: Instrument;
  /** The setting; `undefined` where it is a command. */
  readonly field: BenchField | undefined;
  readonly command: string | undefined;
  /** Whether it is on. */
  readonly isOn: (value: Value) => boolean;
  /** What is done when it was on for long enough. */
  readonly then: readonly Step[];
  /** What must follow the setting, by how much, and within how many seconds. */
  readonly follow: { readonly field: BenchField; readonly within: number; readonly time: number } | undefined;
}

const usualTime = 10;

/** Checks limits. @param words As the bench file has them. @returns Those that can be, by the name in the bench file. */
export function compileLimits(
  words: Readonly<Record<string, LimitWords>>,
  instruments: readonly Instrument[],
  safeState: readonly Step[] | undefined,
  wrong: Wrong,
): Map<string, CompiledLimit> {
  const made = new Map<string, CompiledLimit>();
  const seen = new Map<string, string>();
  for (const [place, limit] of Object.entries(words)) {
    const at = ["limits", place];
    try {
      const found = one(place, limit, at, instruments, safeState, wrong);
      const name = `${found.instrument.name}.${found.field?.name ?? found.command}`;
      const other = seen.get(name);
      if (other !== undefined) wrong(at, `${place} and ${other} are the same`);
      seen.set(name, place);
      made.set(place, found);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      wrong(at, error.message);
    }
  }
  return made;
}

function one(
  place: string,
  { slew, duty, often, follow }: LimitWords,
  at: GuardsPath,
  instruments: readonly Instrument[],
  safeState: readonly Step[] | undefined,
  wrong: Wrong,
): CompiledLimit {
  const [instrument, name] = placeOf(place, instruments);
  const there = Object.entries({ slew, duty, often, follow }).filter(([, each]) => each !== undefined);
  if (there.length === 0) {
    throw new TypeError('limits nothing: say "slew", "duty" or "follow" of a setting, "often" of a command');
  }
  if (often !== undefined) {
    const beside = there.map(([word]) => word).find((word) => word !== "often");
    if (beside !== undefined) throw new TypeError(`"often" is about a command, and "${beside}" about a setting`);
    const command = commandOf(instrument, name);
    if (isAlwaysAllowed(command)) {
      throw new TypeError(`${name} of ${instrument.title} is never forbidden: it stops something, or only reads`);
    }
    const common = { field: undefined, isOn: () => false, then: [], follow: undefined };
    return { ...common, title: `${name} of ${instrument.title}`, instrument, command: name };
  }
  const field = settingOf(instrument, name);
  const { type, readback } = field.spec;
  const isNumber = type === "float" || type === "int";
  if (slew !== undefined && !isNumber) wrong([...at, "slew"], `is about numbers, and ${field.title} is a ${type}`);
  if (slew !== undefined && slew.up === undefined && slew.down === undefined) {
    wrong([...at, "slew"], 'limits nothing: say "up", "down" or both');
  }
  let isOn = (value: Value): boolean => value === true;
  let then: readonly Step[] = [];
  if (duty !== undefined) {
    const { value, above } = duty;
    if (duty.on >= duty.in) wrong([...at, "duty", "on"], "must be less than in, or it limits nothing");
    if (type === "switch") {
      const word = value === undefined ? above === undefined ? undefined : "above" : "value";
      if (word !== undefined) wrong([...at, "duty", word], "has no meaning for a switch: it is on when it is on");
    } else if (isNumber) {
      if (value !== undefined) wrong([...at, "duty", "value"], 'is for a choice; say "above" for a number');
      if (above === undefined) wrong([...at, "duty"], `says not when ${field.title} is on: give "above"`);
      isOn = (given) => typeof given === "number" && given > above!;
    } else {
      if (above !== undefined) wrong([...at, "duty", "above"], 'is for a number; say "value"');
      const choices = field.spec.choices ?? [];
      if (value === undefined || (type === "choice" && !choices.includes(value))) {
        wrong(
          [...at, "duty"],
          `says not when ${field.title} is on: give "value", one of ${listed(choices) || "its values"}`,
        );
      }
      isOn = (given) => given === value;
    }
    if (duty.then !== undefined) then = stepsOf(duty.then, [...at, "duty", "then"], instruments, safeState, wrong);
    else if (type === "switch") {
      const off = [{ set: `${instrument.name}.${field.name}`, to: false }];
      then = stepsOf(off, [...at, "duty"], instruments, safeState, wrong);
    } else wrong([...at, "duty"], `says not what is done when its time is over: give "then"`);
  }
  let following: CompiledLimit["follow"];
  if (follow !== undefined) {
    const other = readback && instrument.allFields.find((each) => each.name === identifierOf(readback.field));
    if (other === undefined || readback === undefined) {
      wrong([...at, "follow"], `needs a readback, and ${field.title} of ${instrument.title} has none`);
    } else {
      const { within = readback.tolerance ?? 0, time = readback.within ?? usualTime } = follow;
      following = { field: other, within, time };
    }
  }
  const title = `${field.title} of ${instrument.title}`;
  return { title, instrument, field, command: undefined, isOn, then, follow: following };
}
