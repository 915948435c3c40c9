/**
 * The words of the command line for people: how a subcommand is used, and what is wrong with what was typed.
 *
 * @module
 */

import {
  type ArgumentScannerError,
  buildCommand as buildStricliCommand,
  type EnumValidationError,
  type FlagNotFoundError,
  formatMessageForArgumentScannerError,
  type UnexpectedPositionalError,
} from "npm:@stricli/core@1.3.0";
import { didYouMean } from "../server/bench/names.ts";
import { UsageError } from "./exit_codes.ts";

/** What of a subcommand's declaration its usage is made from. */
export interface UsedParameters {
  readonly flags?: object;
  readonly positional?:
    | { readonly kind: "array"; readonly parameter: { readonly placeholder?: string } }
    | {
      readonly kind: "tuple";
      readonly parameters: readonly {
        readonly placeholder?: string;
        readonly optional?: boolean;
        readonly default?: unknown;
      }[];
    };
}

/** The words after a subcommand's name: `INSTRUMENT FIELD [FLAGS]`. */
export function usageOf({ flags = {}, positional }: UsedParameters): string {
  const words = positional === undefined
    ? []
    : positional.kind === "array"
    ? [positional.parameter.placeholder ?? "WORD…"]
    : positional.parameters.map(({ placeholder = "WORD", optional = false, default: fallback }) =>
      optional || fallback !== undefined ? `[${placeholder}]` : placeholder
    );
  return [...words, ...(Object.keys(flags).length === 0 ? [] : ["[FLAGS]"])].join(" ");
}

/** Stricli's own, with a usage line that names the arguments and leaves the flags to their table. */
export const buildCommand = ((declared: Parameters<typeof buildStricliCommand>[0]) =>
  buildStricliCommand({
    ...declared,
    docs: { customUsage: [usageOf(declared.parameters as UsedParameters)], ...declared.docs },
  })) as typeof buildStricliCommand;

/** A flag as it is typed: `--command-port`. */
export function typedFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The name of the property that a flag is read into: `commandPort`. */
export function propertyOf(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The texts of errors about arguments that suggest something, or know more than the parser. */
const texts = {
  // The parser hands over every flag there is.
  FlagNotFoundError: ({ input, corrections }: FlagNotFoundError) =>
    `There is no flag ${typedFlag(input)}${didYouMean(typedFlag(input), [...corrections.map(typedFlag), "--help"])}`,
  EnumValidationError: ({ externalFlagName, input, values }: EnumValidationError) =>
    `${input} is nothing for ${typedFlag(externalFlagName)}${didYouMean(input, values)}: give ${values.join(", ")}`,
  UnexpectedPositionalError: ({ input }: UnexpectedPositionalError) =>
    `"${input}" is one word too many: quote a title or a text that holds spaces, as in "UV Light"`,
};

/**
 * What is wrong with the arguments of a subcommand.
 *
 * @param error What the parser threw.
 */
export function argumentsError(error: ArgumentScannerError): string {
  return formatMessageForArgumentScannerError(error, texts);
}

/**
 * What is wrong where a subcommand cannot do what it is told.
 *
 * @param given What was typed. @param what With what: `guards`. @param actions What can be done, with its words: `join FOLDER`.
 */
export function notOneOf(given: string, what: string, actions: readonly string[]): UsageError {
  const meant = didYouMean(given, actions.map((action) => action.split(" ")[0]!));
  return new UsageError(`Cannot do ${given} with ${what}${meant}: give ${actions.join(", ")}, or nothing`);
}
