/**
 * Flags made from settings: their help, their parsers, and the values they give.
 *
 * @module
 */

import type { FlagParametersForType } from "npm:@stricli/core@1.3.0";
import type * as z from "npm:zod@4.6.7";
import { type FlagKind, type Given, helpText, type Setting, type Settings } from "../protocol/setting.ts";
import { type Language, languages } from "../server/code/options.ts";
import { parsePort, parseSeconds } from "./connection.ts";

/** The flags of a command line by their names, as they were read. */
export type ReadFlags = Readonly<Record<string, unknown>>;

/** Languages from the command line: `none`, or one or both of them. */
function parseLanguages(text: string): readonly Language[] {
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const found = languages.find((language) => language === word);
    if (found !== undefined) return found;
    throw new Error(`${word} is not a language: give none, javascript, python or javascript,python`);
  });
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${text} is not a whole number`);
}

/** Parsers of a flag's text, by kind; the value is checked later, with the setting's schema. */
const readers = {
  text: String,
  port: parsePort,
  count: parseCount,
  seconds: parseSeconds,
  languages: parseLanguages,
} as const satisfies Partial<Record<FlagKind, (text: string) => unknown>>;

function flagOf(setting: Setting<unknown>): unknown {
  const { flag, schema, default: value } = setting;
  const { kind, placeholder } = flag!;
  const brief = helpText(setting);
  if (kind === "switch") return { kind: "boolean", default: value, brief };
  if (kind === "choice") return { kind: "enum", values: (schema as z.ZodEnum).options, default: value, brief };
  if (kind !== "texts") return { kind: "parsed", parse: readers[kind], optional: true, brief, placeholder };
  const parse = (text: string) => {
    const { error } = schema.safeParse([text]);
    if (error === undefined) return text;
    throw new Error(`${JSON.stringify(text)} ${error.issues[0]!.message}`);
  };
  return { kind: "parsed", parse, variadic: ",", optional: true, brief, placeholder };
}

/**
 * The flags of settings, for a subcommand.
 *
 * @param all The settings, in the order of the help.
 */
export function flagsOf(...all: readonly object[]): FlagParametersForType<ReadFlags> {
  const settings = all.flatMap((some) => Object.values(some) as Setting<unknown>[]);
  const entries = settings.flatMap((each) => each.flag === undefined ? [] : [[each.flag.name, flagOf(each)] as const]);
  return Object.fromEntries(entries) as FlagParametersForType<ReadFlags>;
}

/** The values that flags give to settings. The flags were read as {@linkcode flagsOf} the same settings has it. */
export function saidBy<T>(flags: ReadFlags, settings: Settings<T>): Given<T> {
  const entries = Object.entries(settings) as [string, Setting<unknown>][];
  return Object.fromEntries(entries.map(([name, { flag }]) => [name, flag && flags[flag.name]])) as Given<T>;
}
