/**
 * The values of fields and arguments: which are allowed, how text is parsed into them, and how they are formatted.
 *
 * @module
 */

import type { ValueDescription, WireValue } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { wholeNumber } from "../../protocol/number_format.ts";
import type { ValueType } from "../../protocol/vocabulary.ts";
import { didYouMean } from "./names.ts";

export type { ValueDescription as ValueSpec, ValueType };

/**
 * The TypeScript type of a {@linkcode ValueType}: numbers, booleans for a switch, text for the others.
 *
 * @example
 * ```ts
 * import type { ValueOf, ValueType } from "@heliograph/heliograph";
 *
 * const empty: { [T in ValueType]: ValueOf<T> } = { float: 0, int: 0, text: "", choice: "", switch: false };
 * console.log(empty.switch); // false
 * ```
 */
export type ValueOf<T extends ValueType> = T extends "float" | "int" ? number : T extends "switch" ? boolean : string;

/** Any value. */
export type Value = WireValue;

/** A float on azcam's wire even when it has no fraction: its clients read `1.0`, not `1`. JSON has the number. */
export class Float {
  readonly #value: number;

  /** Wraps a number. @param value Any number. */
  constructor(value: number) {
    this.#value = value;
  }

  /** The number. */
  valueOf(): number {
    return this.#value;
  }

  /** The number, for JSON. */
  toJSON(): number {
    return this.#value;
  }
}

/** A text that stays one word of azcam's reply, in quotes where it needs them: its clients split replies. JSON has the text. */
export class OneWord {
  readonly #text: string;

  /** Wraps a text. @param text Any text; an empty one is no word, as in azcam. */
  constructor(text: string) {
    this.#text = text;
  }

  /** The text. */
  valueOf(): string {
    return this.#text;
  }

  /** The text, for JSON. */
  toJSON(): string {
    return this.#text;
  }
}

// Without two ways to match the same digits: a line of 64 KiB of them must not take seconds.
const numberText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/**
 * Whether a text is a number as instruments and people write it (NR1, NR2 and NR3 of IEEE 488.2).
 *
 * @param text Any text; spaces around the number do not count.
 */
export function isNumber(text: string): boolean {
  return numberText.test(text.trim());
}

const on = new Set(["on", "true", "1", "yes", "open"]);
const off = new Set(["off", "false", "0", "no", "closed", "close"]);

function withUnit(value: number, spec: ValueDescription): string {
  return spec.unit === undefined ? String(value) : `${value} ${spec.unit}`;
}

/** Whether a text is a number as the field shows it: `0x1F`, `0b101`. */
function isDigits({ format }: ValueDescription, text: string): boolean {
  if (format === "hexadecimal") return /^0x[0-9a-f]+$/i.test(text);
  return format === "binary" && /^0b[01]+$/i.test(text);
}

function parseNumber(spec: ValueDescription, given: unknown): number {
  const text = typeof given === "string" ? given.trim() : given;
  const value = typeof text === "string" && (isNumber(text) || isDigits(spec, text)) ? Number(text) : text;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new HeliographError(
      "bad_argument",
      `not a number${spec.unit === undefined ? "" : `; give it in ${spec.unit}`}`,
    );
  }
  if (spec.type === "int" && !Number.isSafeInteger(value)) {
    throw new HeliographError("bad_argument", "not a whole number");
  }
  if (spec.minimum !== undefined && value < spec.minimum) {
    throw new HeliographError("out_of_limits", `below its minimum of ${withUnit(spec.minimum, spec)}`);
  }
  if (spec.maximum !== undefined && value > spec.maximum) {
    throw new HeliographError("out_of_limits", `above its maximum of ${withUnit(spec.maximum, spec)}`);
  }
  return value;
}

/**
 * Something that was given, for an error message: short, whatever it is.
 *
 * @param given Anything a client can send.
 * @returns At most about a hundred characters.
 */
export function shown(given: unknown): string {
  const scalar = given === null || ["string", "number", "boolean"].includes(typeof given);
  const text = scalar ? String(given) : Array.isArray(given) ? "a list" : `a value of type ${typeof given}`;
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/**
 * The error for a value that is not as declared: what instruments read is checked as what clients set is.
 *
 * @param spec What it should be. Limits are for what is set.
 * @param value What it is.
 * @returns Nothing where all is well; otherwise `the text "abc", and it should be a number`.
 */
export function notAsDeclared(spec: ValueDescription, value: unknown): string {
  switch (spec.type) {
    case "float":
    case "int":
      if (typeof value !== "number" || !Number.isFinite(value)) return `${named(value)}, and it should be a number`;
      return spec.type === "float" || Number.isInteger(value) ? "" : `${value}, and it should be a whole number`;
    case "text":
      return typeof value === "string" ? "" : `${named(value)}, and it should be text`;
    case "choice": {
      if (typeof value === "string" && spec.choices?.includes(value)) return "";
      return `${named(value)}, and it should be one of ${(spec.choices ?? []).join(", ")}`;
    }
    case "switch":
      return typeof value === "boolean" ? "" : `${named(value)}, and it should be true or false`;
  }
}

/** Whether something is a number or a boolean, which have a type of their own beside text. */
export function isScalar(given: unknown): given is number | boolean {
  return typeof given === "number" || typeof given === "boolean";
}

/** Something that should be something else, with its kind where that is not plain. */
export function named(value: unknown): string {
  if (typeof value === "string") return `the text ${JSON.stringify(shown(value))}`;
  if (typeof value === "function") return "a function";
  return value === undefined ? "nothing" : shown(value);
}

/** Whether something has to be waited for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/**
 * A value as declared, from text or from a value that came typed.
 *
 * @param spec What is allowed.
 * @param given Text, a number or a boolean.
 * @returns The value.
 * @throws {HeliographError} `bad_argument` or `out_of_limits`, with only the reason: the caller says what was set.
 */
export function parseValue(spec: ValueDescription, given: unknown): Value {
  switch (spec.type) {
    case "float":
    case "int":
      return parseNumber(spec, given);
    case "text":
      if (typeof given === "string") return given;
      if (isScalar(given)) return String(given);
      throw new HeliographError("bad_argument", "not text");
    case "choice": {
      const choices = spec.choices ?? [];
      const wanted = shown(given);
      const found = choices.find((choice) => choice === wanted) ??
        choices.find((choice) => choice.toLowerCase() === wanted.toLowerCase());
      if (found !== undefined) return found;
      throw new HeliographError("bad_argument", `not one of ${choices.join(", ")}${didYouMean(wanted, choices)}`);
    }
    case "switch": {
      if (typeof given === "boolean") return given;
      const word = shown(given).toLowerCase();
      if (on.has(word)) return true;
      if (off.has(word)) return false;
      throw new HeliographError("bad_argument", "neither on nor off");
    }
  }
}

/**
 * A value as people and PyOpticon's clients read it.
 *
 * @param spec What the value is.
 * @param value The value.
 * @param digits How many digits of a float are told where it declares none. @default all that mean something
 * @returns `30.0` with the declared decimals and format, `2.24e-6`, `On` or `Off`, text as it is.
 */
export function formatValue(spec: ValueDescription, value: Value, digits?: number): string {
  if (spec.type === "switch") return value === true ? "On" : "Off";
  if (typeof value !== "number") return String(value);
  return wholeNumber(spec, value, digits);
}
