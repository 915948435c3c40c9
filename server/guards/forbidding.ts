/**
 * What interlocks forbid: instruments, commands and settings, also only above or below a value.
 *
 * @module
 */

import type { ForbiddenDescription } from "../../protocol/guards.ts";
import type { BoundArguments, Command } from "../bench/command.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed } from "../bench/names.ts";
import type { ForbiddenWords } from "./guards_schema.ts";
import { commandOf, instrumentCalled, placeOf, settingOf } from "../bench/places.ts";
import type { GuardsPath, Wrong } from "./steps.ts";

/** Something that an interlock forbids. */
export interface Forbidden {
  readonly instrument: Instrument;
  /** What, for people: `Power of Heater above 50`. */
  readonly text: string;
  /** The setting; `undefined` where it is no setting. */
  readonly field?: BenchField;
  /** The command; where neither stands here, it is all that drives the instrument. */
  readonly command?: string;
  /** The argument whose value counts. */
  readonly argument?: string;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** Something that an interlock forbids, for clients. */
export function describeForbidden({ instrument, field, ...rest }: Forbidden): ForbiddenDescription {
  const { text, command, argument, above, below } = rest;
  return {
    instrument: instrument.name,
    text,
    ...(field === undefined ? {} : { field: field.name }),
    ...(command === undefined ? {} : { command }),
    ...(argument === undefined ? {} : { argument }),
    ...(above === undefined ? {} : { above }),
    ...(below === undefined ? {} : { below }),
  };
}

/**
 * Whether a command is always allowed: it makes the bench safer or drives nothing. Here alone is decided which those are.
 */
export function isAlwaysAllowed(command: Command): boolean {
  return command.stop || command.role === "observer";
}

/**
 * Checks what an interlock forbids.
 *
 * @param words As the bench file has it.
 * @param at Where it stands.
 * @param wrong Told what is wrong.
 */
export function forbiddenOf(
  words: readonly ForbiddenWords[],
  at: GuardsPath,
  instruments: readonly Instrument[],
  wrong: Wrong,
): Forbidden[] {
  return words.flatMap((each, index) => {
    const path = [...at, index];
    try {
      if (typeof each === "string") return plain(each, instruments);
      const { above, below, set, call } = each;
      if ((set === undefined) === (call === undefined)) throw new TypeError('needs either "set" or "call"');
      const limits = { above, below };
      if (set !== undefined) {
        const [instrument, name] = placeOf(set, instruments);
        const field = settingOf(instrument, name);
        if ((above ?? below) !== undefined && !isNumber(field.spec.type)) {
          throw new TypeError(`${field.title} is no number, and is neither above nor below one`);
        }
        return [{ instrument, field, ...limits, text: `${field.title} of ${instrument.title}${limitText(limits)}` }];
      }
      const [instrument, name] = placeOf(call!, instruments);
      const command = commandOf(instrument, name);
      checkStop(instrument, name, command);
      const text = `${name} of ${instrument.title}`;
      if ((above ?? below) === undefined) return [{ instrument, command: name, text }];
      const names = [...command.arguments.keys()];
      const argument = each.argument ?? names[0];
      const spec = command.arguments.get(argument ?? "");
      if (argument === undefined || spec === undefined) {
        throw new TypeError(
          `${name} has no argument ${argument ?? ""}${didYouMean(argument ?? "", names)}; it has ${
            listed(names) || "none"
          }`,
        );
      }
      if (!isNumber(spec.type)) throw new TypeError(`${argument} of ${name} is no number`);
      return [{ instrument, command: name, argument, ...limits, text: `${text} with ${argument}${limitText(limits)}` }];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const word = typeof each === "string" ? [] : ["set", "call"].filter((word) => Object.hasOwn(each, word));
      wrong(word.length === 1 ? [...path, word[0]!] : path, error.message);
      return [];
    }
  });
}

/** `heater`, or `heater.power`: a setting, a command, or both. */
function plain(text: string, instruments: readonly Instrument[]): Forbidden[] {
  if (!text.includes(".")) {
    const instrument = instrumentCalled(text, instruments);
    return [{ instrument, text: `whatever drives ${instrument.title}` }];
  }
  const [instrument, name] = placeOf(text, instruments);
  const field = instrument.allFields.find((each) => each.name === identifierOf(name) && each.access === "setting");
  const command = instrument.commands.get(name);
  if (command !== undefined) checkStop(instrument, name, command);
  if (field === undefined && command === undefined) {
    const names = [...instrument.commands.keys()].concat(
      instrument.allFields.filter(({ access }) => access === "setting").map((each) => each.name),
    );
    throw new TypeError(
      `${instrument.title} has no setting and no command ${name}${didYouMean(name, names)}; it has ${listed(names)}`,
    );
  }
  return [
    ...(field === undefined ? [] : [{ instrument, field, text: `${field.title} of ${instrument.title}` }]),
    ...(command === undefined ? [] : [{ instrument, command: name, text: `${name} of ${instrument.title}` }]),
  ];
}

function checkStop(instrument: Instrument, name: string, command: Command): void {
  if (!isAlwaysAllowed(command)) return;
  throw new TypeError(`${name} of ${instrument.title} is never forbidden: it stops something, or only reads`);
}

function isNumber(type: string): boolean {
  return type === "float" || type === "int";
}

function limitText({ above, below }: Pick<Forbidden, "above" | "below">): string {
  if (above !== undefined && below !== undefined) return ` above ${above} or below ${below}`;
  return above === undefined ? below === undefined ? "" : ` below ${below}` : ` above ${above}`;
}

function isWithin(value: unknown, { above, below }: Pick<Forbidden, "above" | "below">): boolean {
  if (above === undefined && below === undefined) return true;
  // What is no number is refused anyway.
  if (typeof value !== "number") return false;
  return (above !== undefined && value > above) || (below !== undefined && value < below);
}

/** The value that is set, as declared; what cannot be set is refused elsewhere. */
function parsed(field: BenchField, given: unknown, instrument: Instrument): unknown {
  try {
    return field.parse(given, instrument.title);
  } catch {
    return undefined;
  }
}

/** What a command would set: fields with their values. */
export function settingsOf(
  instrument: Instrument,
  name: string,
  { values }: BoundArguments,
): (readonly [BenchField, unknown])[] {
  // It sends everything, also what was set before.
  if (name === "confirm") return instrument.toConfirm.map((field) => [field, field.value]);
  if (name !== "set") return [];
  const wanted = identifierOf(String(values.field));
  const field = instrument.allFields.find((each) => each.name === wanted || each.title === values.field);
  return field === undefined ? [] : [[field, parsed(field, values.value, instrument)]];
}

/**
 * The first of these that a command falls under.
 *
 * @param forbidden What is forbidden on this instrument.
 */
export function forbiddenBy<F extends Forbidden>(
  forbidden: readonly F[],
  instrument: Instrument,
  name: string,
  command: Command,
  bound: BoundArguments,
): F | undefined {
  // What is put back to what it was has not been sent.
  const own = instrument.commands.has(name);
  if (isAlwaysAllowed(command) || (!own && name === "revert")) return undefined;
  const settings = own ? [] : settingsOf(instrument, name, bound);
  return forbidden.find((each) => {
    if (each.field !== undefined) {
      return settings.some(([field, value]) => field === each.field && isWithin(value, each));
    }
    if (each.command === undefined) return true;
    return own && each.command === name && (each.argument === undefined || isWithin(bound.values[each.argument], each));
  });
}
