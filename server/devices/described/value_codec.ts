/**
 * Converts values between an instrument's texts and people's: numbers, choices, switches and texts.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { isNumber, parseValue, shown, type Value, type ValueSpec } from "../../bench/values.ts";
import { Calibration } from "./calibration.ts";
import { inPart } from "./description_error.ts";
import { type Pattern, wholePattern } from "./pattern.ts";
import type { DescribedField } from "./schema.ts";
import { withBytes } from "../transports/line_codec.ts";
import { defaultTextPattern, type Filling } from "./template.ts";

/** The words of a description about a value. */
export type DescribedValue = Pick<
  DescribedField,
  | "type"
  | "unit"
  | "minimum"
  | "maximum"
  | "decimals"
  | "format"
  | "decimal"
  | "choices"
  | "on"
  | "off"
  | "allow"
  | "summary"
  | "scale"
  | "offset"
  | "calibration"
>;

/** The keys of each type; the others would have no effect, which is a mistake. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  unit: ["float", "int"],
  minimum: ["float", "int"],
  maximum: ["float", "int"],
  decimals: ["float"],
  format: ["float", "int"],
  decimal: ["float"],
  scale: ["float", "int"],
  offset: ["float", "int"],
  calibration: ["float", "int"],
  choices: ["choice"],
  on: ["switch"],
  off: ["switch"],
  allow: ["text"],
};

/** Turns what an instrument says into a value, and back. */
export class ValueCodec {
  /** What the value may be. */
  readonly spec: ValueSpec;
  readonly #codes: ReadonlyMap<string, string>;
  /** Each choice with what the instrument says for it. */
  readonly #heard: readonly (readonly [choice: string, said: string])[];
  readonly #allowed: Pattern;
  readonly #comma: boolean;
  readonly #scale: number;
  readonly #offset: number;
  readonly #calibration: Calibration | undefined;

  /**
   * Takes a declaration.
   *
   * @param value What the description says.
   * @throws {DescriptionError} Where it says what cannot be.
   */
  constructor(value: DescribedValue) {
    const { type } = value;
    for (const [key, types] of Object.entries(keysOf)) {
      if (value[key as keyof DescribedValue] === undefined || types.includes(type)) continue;
      inPart(key, () => {
        throw new TypeError(`has no meaning for the type ${type}, only for ${types.join(" and ")}`);
      });
    }
    this.#comma = value.decimal === ",";
    this.#scale = value.scale ?? 1;
    this.#offset = value.offset ?? 0;
    if (this.#scale === 0) inPart("scale", () => wrong("0 would make every value the same"));
    const { calibration } = value;
    this.#calibration = calibration && inPart("calibration", () => new Calibration(calibration));
    this.#allowed = inPart("allow", () => wholePattern(value.allow ?? defaultTextPattern));
    this.#codes = codesOf(value);
    this.#heard = [...this.#codes].map(([choice, code]) => [choice, withBytes(code, String.fromCharCode)]);
    if (type === "choice" && this.#codes.size === 0) throw new TypeError('is a choice and needs "choices"');
    const { unit, decimals, format, summary } = value;
    if (type === "float" && (format === "hexadecimal" || format === "binary")) {
      inPart("format", () => wrong(`${format} has a meaning only for whole numbers: the type int`));
    }
    // What was not measured is not set.
    const [least, most] = this.#calibration?.range ?? [-Infinity, Infinity];
    const minimum = Math.max(value.minimum ?? -Infinity, least);
    const maximum = Math.min(value.maximum ?? Infinity, most);
    if (minimum > maximum) inPart("minimum", () => wrong(`${minimum} is more than the maximum of ${maximum}`));
    this.spec = {
      type,
      ...(unit === undefined ? {} : { unit }),
      ...(decimals === undefined ? {} : { decimals }),
      ...(format === undefined ? {} : { format }),
      ...(summary === undefined ? {} : { summary }),
      ...(Number.isFinite(minimum) ? { minimum } : {}),
      ...(Number.isFinite(maximum) ? { maximum } : {}),
      ...(type === "choice" ? { choices: [...this.#codes.keys()] } : {}),
    };
  }

  /** Whether a text can be what the instrument says for some value. */
  understands(said: string): boolean {
    if (this.spec.type === "float" || this.spec.type === "int") return numberIn(said, this.#comma) !== undefined;
    return this.spec.type === "text" || this.#choice(said) !== undefined;
  }

  /** The answer that {@linkcode understands} takes, for errors. */
  get expected(): string {
    if (this.spec.type === "float" || this.spec.type === "int") return "been a number";
    return this.spec.type === "text" ? "been text" : `been one of ${[...this.#codes.values()].map(quoted).join(", ")}`;
  }

  /**
   * The value that the instrument means.
   *
   * @param said What it says.
   * @throws {HeliographError} `command_failed` where that is no value.
   */
  decode(said: string): Value {
    const { type } = this.spec;
    if (type === "text") return unquoted(bare(said));
    if (type === "choice" || type === "switch") {
      const choice = this.#choice(said);
      if (choice === undefined) {
        throw new HeliographError("command_failed", `${quoted(said)} should have ${this.expected}`);
      }
      return type === "switch" ? choice === "On" : choice;
    }
    const read = numberIn(said, this.#comma);
    if (read === undefined) {
      throw new HeliographError("command_failed", `${quoted(said)} should have ${this.expected}`);
    }
    const scaled = read * this.#scale + this.#offset;
    const number = this.#calibration?.toTrue(scaled) ?? scaled;
    if (!Number.isFinite(number)) throw new HeliographError("command_failed", `${quoted(said)} is too large a number`);
    if (type === "float") return number;
    // A scale of 0.7 makes 62.99999999999999 of 90.
    const whole = Math.round(number);
    if (Math.abs(number - whole) < 1e-9 * Math.max(1, Math.abs(number)) && Number.isSafeInteger(whole)) return whole;
    throw new HeliographError("command_failed", `${quoted(said)} should have been a whole number`);
  }

  /**
   * Converts a value to the instrument's text.
   *
   * @param value A value of the declared type, within its limits.
   * @throws {HeliographError} `bad_argument` for a text that is not allowed.
   */
  encode(value: Value): Filling {
    switch (this.spec.type) {
      case "float":
      case "int": {
        const commanded = this.#calibration?.toCommanded(value as number) ?? value as number;
        const said = (commanded - this.#offset) / this.#scale;
        return this.#comma ? { number: trimmed(said), decimal: "," } : trimmed(said);
      }
      case "switch":
        return { own: this.#codes.get(value === true ? "On" : "Off")! };
      case "choice":
        return { own: this.#codes.get(value as string)! };
      case "text":
        if (this.#allowed.test(value as string)) return value as string;
        throw new HeliographError(
          "bad_argument",
          `Cannot send ${quoted(value as string)}: a text may hold what matches ${this.#allowed.source} here`,
        );
    }
  }

  /**
   * A value of the declared type.
   *
   * @throws {TypeError} Where a description's own value is not.
   */
  own(given: unknown): Value {
    try {
      return parseValue(this.spec, given);
    } catch (error) {
      throw new TypeError(`${shown(given)} is ${(error as Error).message}`);
    }
  }

  #choice(said: string): string | undefined {
    const text = unquoted(bare(said));
    const codes = this.#heard;
    const [choice] = codes.find(([, code]) => code === text) ?? codes.find(([, code]) => meansTheSame(code, text)) ??
      [];
    return choice;
  }
}

function wrong(message: string): never {
  throw new TypeError(message);
}

function codesOf({ type, choices, on, off }: DescribedValue): Map<string, string> {
  if (type === "switch") {
    if (meansTheSame(on ?? "1", off ?? "0")) inPart("off", () => wrong("on and off are the same for the instrument"));
    return new Map([["On", on ?? "1"], ["Off", off ?? "0"]]);
  }
  if (choices === undefined) return new Map();
  const codes = Array.isArray(choices)
    ? choices.map((choice) => [choice, choice] as const)
    : Object.entries(choices).map(([choice, code]) => [choice, String(code)] as const);
  const seen = new Set<string>();
  for (const [choice, code] of codes) {
    if (seen.has(code)) inPart(["choices", choice], () => wrong(`two choices are ${quoted(code)} for the instrument`));
    seen.add(code);
  }
  return new Map(codes);
}

/** IEEE 488.2 puts strings in quotes, with a quote inside doubled. */
function unquoted(text: string): string {
  return /^"(?:[^"]|"")*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** A text without the blanks around it, and the NULs with which firmware in C fills its buffers. */
function bare(said: string): string {
  return said.replace(/^[\s\0]+|[\s\0]+$/g, "");
}

/**
 * The number that an instrument says; besides what everybody writes, `1.0D+03` as Fortran does, `+ 12.5` and `1.5 E+03`
 * as in columns, and `0x1F`.
 *
 * @param said What it says.
 * @param comma Whether a comma stands before the decimals, as in `1.234,5`.
 */
function numberIn(said: string, comma: boolean): number | undefined {
  let text = bare(said);
  if (!comma && isNumber(text)) return finite(Number(text));
  if (/^0x[0-9a-f]{1,13}$/i.test(text)) return parseInt(text, 16);
  text = text.replace(/^([+-])\s+/, "$1").replace(/\s*[deDE]\s*(?=[+-]?\d+$)/, "e");
  if (comma) {
    // A point groups thousands there; a number without a comma may have one as elsewhere.
    if (text.includes(",")) text = text.replace(/(?<=\d)\.(?=\d{3}(?:\D|$))/g, "").replace(",", ".");
  }
  return isNumber(text) ? finite(Number(text)) : undefined;
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

/** Instruments answer `+1` for 1 and `volt` for VOLT. */
function meansTheSame(code: string, text: string): boolean {
  if (code.toLowerCase() === text.toLowerCase()) return true;
  return isNumber(code) && isNumber(text) && Number(code) === Number(text);
}

/** Rounds off the last digits that only the division made. */
function trimmed(number: number): number {
  return Number(number.toPrecision(12));
}

/**
 * Finds the value in an answer.
 *
 * @param answer An answer.
 * @param pattern What it looks like; `undefined` where all of it is the value.
 * @param group Which of the pattern's groups is the value; `undefined` takes the first, or all of it without groups.
 * @returns The value as the instrument says it, or `undefined` where the answer does not look like that.
 */
export function valueIn(answer: string, pattern: Pattern | undefined, group?: string | number): string | undefined {
  return pattern === undefined ? answer : pattern.value(answer, group);
}

/**
 * Checks that a pattern has the group that is asked for.
 *
 * @throws {TypeError} With the groups that there are.
 */
export function checkGroup(pattern: Pattern | undefined, group: string | number | undefined): void {
  if (pattern !== undefined) pattern.checkGroup(group);
  else if (group !== undefined) throw new TypeError("needs a pattern beside it");
}
