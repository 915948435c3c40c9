/**
 * Describes an instrument, as data and as a line of help; all of it derived from its declaration.
 *
 * @module
 */

import { defined } from "../../protocol/defined.ts";
import type { Command } from "./command.ts";
import type { FieldDescription, Readback } from "../../protocol/description.ts";
import type { AlarmLimit } from "../../protocol/vocabulary.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { AlarmLimits, BenchField, ReadbackSpec } from "./field.ts";
import type { Instrument } from "./instrument.ts";
import { didYouMean, identifierOf } from "./names.ts";
import { shown, type ValueSpec } from "./values.ts";

/**
 * @param field A field.
 * @returns What it holds now: value, text, quality, time (ISO 8601, UTC), and whether and why it is special.
 */
export function fieldState(field: BenchField) {
  return {
    value: field.value ?? null,
    text: field.text,
    quality: field.quality,
    time: field.time === 0 ? null : new Date(field.time).toISOString(),
    ...(field.staged ? { staged: true, applied: field.appliedText ?? "" } : {}),
    ...(field.reason === "" ? {} : { reason: field.reason }),
    ...beyond(field),
  };
}

/**
 * @param field A field.
 * @returns What it holds now, with its unit.
 */
export function fieldReading(field: BenchField) {
  const { unit } = field.spec;
  return { ...fieldState(field), ...(unit === undefined ? {} : { unit }) };
}

/** The worst of its alarm limits that its value is beyond. */
function beyond({ spec: { alarm }, value, quality }: BenchField): { beyond?: AlarmLimit } {
  if (alarm === undefined || quality !== "good" || typeof value !== "number") return {};
  const { lowLow = -Infinity, low = -Infinity, high = Infinity, highHigh = Infinity } = alarm;
  if (value > highHigh) return { beyond: "highHigh" };
  if (value < lowLow) return { beyond: "lowLow" };
  return value > high ? { beyond: "high" } : value < low ? { beyond: "low" } : {};
}

function describeLimits(limits: AlarmLimits | undefined): Pick<FieldDescription, "alarm"> {
  if (limits === undefined) return {};
  const { lowLow, low, high, highHigh } = limits;
  return { alarm: defined({ lowLow, low, high, highHigh }) };
}

/** The part of a declaration that says what a value may be. */
function describeValue(spec: ValueSpec): ValueSpec {
  const { type, unit, minimum, maximum, choices, decimals, format, summary } = spec;
  return defined({ type, unit, minimum, maximum, choices, decimals, format, summary }) as ValueSpec;
}

/** How long a device may take where nobody says it, in seconds. */
const usualWithin = 10;

function describeReadback(readback: ReadbackSpec | undefined): { readback?: Readback } {
  if (readback === undefined) return {};
  const { field, tolerance = 0, within = usualWithin } = readback;
  return { readback: { field: identifierOf(field), tolerance, within } };
}

/**
 * @param field A field.
 * @returns What it is and what it holds now, as plain data.
 */
export function describeField(field: BenchField) {
  return {
    name: field.name,
    title: field.title,
    access: field.access,
    needsConfirm: field.spec.needsConfirm ?? false,
    log: field.spec.log ?? true,
    ...(field.spec.compute === undefined ? {} : { compute: field.spec.compute }),
    ...describeReadback(field.spec.readback),
    ...describeLimits(field.spec.alarm),
    ...describeValue(field.spec),
    ...fieldState(field),
  };
}

function describeCommand(name: string, command: Command) {
  return {
    name,
    summary: command.summary,
    arguments: [...command.arguments].map(([argument, spec]) => ({
      name: argument,
      ...describeValue(spec),
      ...(spec.default === undefined ? {} : { default: spec.default }),
    })),
    takesMore: command.takesMore,
    role: command.role,
    immediate: command.immediate,
    stop: command.stop,
    deadline: command.deadline,
    ...(command.confirm === undefined ? {} : { confirm: command.confirm }),
  };
}

/**
 * @param instrument An instrument.
 * @returns Its names, fields with their values, and commands, as plain data.
 */
export function describeInstrument(instrument: Instrument) {
  return {
    name: instrument.name,
    title: instrument.title,
    caption: instrument.caption,
    summary: instrument.summary,
    fields: instrument.allFields.map((field) => {
      const staleAfter = instrument.staleAfterOf(field);
      return { ...describeField(field), ...(staleAfter === undefined ? {} : { staleAfter }) };
    }),
    ...(instrument.main === undefined ? {} : { main: instrument.main }),
    ...(instrument.spec.aside === true ? { aside: true } : {}),
    commands: [...instrument.commands].map(([name, command]) => describeCommand(name, command)),
    contact: describeContact(instrument),
    hasImages: instrument.images !== undefined,
    ...(instrument.faults.last === "" ? {} : { fault: instrument.faults.last }),
  };
}

/**
 * @param instrument An instrument.
 * @returns Whether it answers, and why not; `null` for one that needs no contact.
 */
export function describeContact({ contact, away }: Instrument) {
  if (contact === undefined) return null;
  const { address, state, reason, since, nextTry } = contact;
  return {
    address,
    state,
    reason: away === "" ? reason : away,
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(nextTry === undefined || state !== "lost" ? {} : { nextTry: new Date(nextTry).toISOString() }),
  };
}

/** The values that are allowed, in a few words: `float, °C, -200 to 50`. */
function allowed(spec: ValueSpec): string {
  const words: string[] = [spec.choices === undefined ? spec.type : spec.choices.join("|")];
  if (spec.unit !== undefined) words.push(spec.unit);
  if (spec.minimum !== undefined && spec.maximum !== undefined) words.push(`${spec.minimum} to ${spec.maximum}`);
  else if (spec.minimum !== undefined) words.push(`at least ${spec.minimum}`);
  else if (spec.maximum !== undefined) words.push(`at most ${spec.maximum}`);
  return words.join(", ");
}

/** One line of help, without apostrophes: azcam's client splits replies with shlex, which chokes on a single one. */
function helpText(parts: readonly string[]): string {
  return parts.join("; ").replaceAll("'", "’");
}

/**
 * @param instrument An instrument.
 * @returns One line: what it is, its fields, its commands.
 */
export function helpInstrument(instrument: Instrument): string {
  const what = instrument.summary === "" ? instrument.title : `${instrument.title}: ${instrument.summary}`;
  const fields = instrument.allFields.map((field) =>
    `${field.title} (${field.access}, ${allowed(field.spec)}${field.spec.needsConfirm ? ", needs confirm" : ""})`
  );
  const commands = [...instrument.commands].map(([name, command]) => command.usage(name).replace("usage: ", ""));
  const own = commands.length === 0 ? "" : `${commands.join(", ")}, `;
  return helpText([
    what,
    fields.length === 0 ? "no fields" : `fields: ${fields.join(", ")}`,
    `commands: ${own}get FIELD, set FIELD VALUE, confirm, revert, describe, help [COMMAND]`,
  ]);
}

/**
 * @param instrument An instrument.
 * @param name One of its commands.
 * @returns One line: how it is called, what it does, what its arguments may be.
 * @throws {HeliographError} `unknown_command`.
 */
export function helpCommand(instrument: Instrument, name: string): string {
  const command = instrument.findCommand(name);
  if (command === undefined) throw unknownCommand(instrument, name);
  const details = [...command.arguments].map(([argument, spec]) => {
    const fallback = spec.default === undefined ? "" : `, default ${spec.default === "" ? "empty" : spec.default}`;
    return `${argument}: ${spec.summary === undefined ? "" : `${spec.summary}, `}${allowed(spec)}${fallback}`;
  });
  const usage = command.usage(`${instrument.name}.${name}`).replace("usage: ", "");
  return helpText([`${usage}: ${command.summary}`, ...details, `needs the role ${command.role}`]);
}

/**
 * @param instrument An instrument.
 * @param name What is not one of its commands.
 * @param others Commands of the instruments for which it answers.
 * @returns The error, with what was probably meant.
 */
export function unknownCommand(instrument: Instrument, name: string, others: readonly string[] = []): HeliographError {
  const known = [...instrument.commandNames(), ...others];
  return new HeliographError(
    "unknown_command",
    `${instrument.title} has no command "${shown(name)}"${didYouMean(name, known)}; ` +
      `"help ${instrument.name}" tells what it has`,
  );
}
