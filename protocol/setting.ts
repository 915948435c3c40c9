/**
 * Settings: each is written once, and gives the bench file's word, the flag, the check and the documents' tables.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";

/** The kinds of a flag's text, by how it is read. */
export type FlagKind = "text" | "texts" | "port" | "count" | "seconds" | "languages" | "switch" | "choice";

/** The flag of a setting. */
export interface Flag {
  /** Its name in camel case: `evalMemory` is `--eval-memory`. */
  readonly name: string;
  /** How what follows it is read; a `switch` is followed by nothing. */
  readonly kind: FlagKind;
  /** What stands for its value in the help: `PORT`. */
  readonly placeholder?: string;
}

/** A setting. */
export interface Setting<T> {
  /** What it may be. */
  readonly schema: z.ZodType<T>;
  /** What it is where nobody says anything; left out where that depends on something else. */
  readonly default?: T;
  /** How the default is called in words. @default its value */
  readonly defaultWord?: string;
  /** What it is in a line: for the help, for editors, and for the tables where they have nothing more. */
  readonly summary: string;
  /** What else holds for its value, wherever it is given: `0 takes any free one`. */
  readonly note?: string;
  /** What holds for its value in the bench file only. */
  readonly inFile?: string;
  /** What holds for its value on the command line only. */
  readonly inHelp?: string;
  /** Its flag, where it has one. */
  readonly flag?: Flag;
  /** The unit of its value in the tables. */
  readonly unit?: string;
  /** What the tables say it is, in Markdown. @default the summary */
  readonly table?: string;
}

/** A setting for each property of a type: one that is missing, or of another type, does not compile. */
export type Settings<T> = { readonly [Name in keyof T]-?: Setting<Exclude<T[Name], undefined>> };

/** Values given for settings; the others are left open. */
export type Given<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/**
 * A number's limits, with the words that the check, the flag and the server say.
 *
 * @param from The least.
 * @param to The most.
 * @param unit What it counts: `MiB`.
 * @param whole Whether it has no decimals. @default true
 */
export function numberIn(from: number, to: number, unit: string, whole = true): z.ZodType<number> {
  const words = `it is a number of ${unit} from ${from} to ${to}`;
  const number: z.ZodNumber = whole ? z.int(words) : z.number(words);
  return number.min(from, words).max(to, words);
}

/**
 * The values that count: for each setting the first that says something, else its default. This is where a flag goes
 * before the bench file, and the bench file before the default.
 *
 * @param settings The settings.
 * @param sayings Who says something, the one that goes before first.
 */
export function settled<T>(settings: Settings<T>, ...sayings: readonly Given<T>[]): T {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(settings) as (keyof T & string)[]) {
    const value = sayings.map((said) => said[name]).find((said) => said !== undefined) ?? settings[name].default;
    if (value !== undefined) values[name] = value;
  }
  return values as T;
}

/** A default in words, as the help and the bench file's description have it; `undefined` where there is none. */
export function defaultWord<T>({ default: value, defaultWord }: Setting<T>): string | undefined {
  if (defaultWord !== undefined || value === undefined) return defaultWord;
  return String(value);
}

/** The help text of a setting. */
export function helpText<T>(setting: Setting<T>): string {
  const { summary, note, inHelp, flag } = setting;
  const text = summary + (inHelp ?? "") + (note === undefined ? "" : `; ${note}`);
  const word = defaultWord(setting);
  // A switch's and a choice's default are told by the parser of the command line.
  return word === undefined || flag?.kind === "switch" || flag?.kind === "choice" ? text : `${text} [default: ${word}]`;
}

/** The description of a setting in the bench file's schema, which editors show. */
export function fileText<T>(setting: Setting<T>): string {
  const { summary, note, inFile } = setting;
  const word = defaultWord(setting);
  const parts = [summary + (inFile ?? ""), ...note === undefined ? [] : [note]];
  return [...parts, ...word === undefined ? [] : [`default ${word}`]].join("; ");
}

/** A part of a bench file that holds settings, each of which may be left out. */
export function settingsSchema<T>(
  settings: Settings<T>,
): z.ZodObject<{ [Name in keyof T]-?: z.ZodOptional<z.ZodType<Exclude<T[Name], undefined>>> }, z.core.$strict> {
  const entries = Object.entries(settings) as [string, Setting<unknown>][];
  return z.strictObject(Object.fromEntries(
    entries.map(([name, setting]) => [name, setting.schema.optional().meta({ description: fileText(setting) })]),
  )) as never;
}
