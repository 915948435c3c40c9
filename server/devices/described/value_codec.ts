/**
 * Converts values between an instrument's texts and people's: numbers, choices, switches and texts.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import { parseValue, shown, type Value, type ValueSpec } from "../../bench/values.ts";
import { Calibration } from "./calibration.ts";
import { Choices } from "./choices.ts";
import { inPart } from "./description_error.ts";
import { type Kind, NumberCode, sizeOf } from "./number_code.ts";
import { bare, meansTheSame, numberIn, unquoted } from "./number_text.ts";
import { type Pattern, wholePattern } from "./pattern.ts";
import type { DescribedField } from "./schema.ts";
import { withBytes } from "../transports/line_codec.ts";
import { defaultTextPattern, type Filling } from "./template.ts";
import { UnitText } from "./unit_text.ts";

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
  | "base"
  | "kind"
  | "order"
  | "bits"
  | "signed"
  | "units"
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
  base: ["float", "int", "choice", "switch"],
  kind: ["float", "int", "choice", "switch"],
  order: ["float", "int", "choice", "switch"],
  bits: ["float", "int", "choice", "switch"],
  signed: ["float", "int", "choice"],
  units: ["float", "int"],
  choices: ["choice"],
  on: ["switch"],
  off: ["switch"],
  allow: ["text"],
};

/** Turns what an instrument says into a value, and back. */
export class ValueCodec {
  /** What the value may be. */
  readonly spec: ValueSpec;
  readonly #choices: Choices;
  /** How it codes a number; `undefined` where it writes decimal digits. */
  readonly #code: NumberCode | undefined;
  readonly #kind: Kind | undefined;
  readonly #bits: Bits | undefined;
  readonly #units: UnitText | undefined;
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
        throw new TypeError(
          `has no meaning for the type ${type}, only for ${types.join(", ").replace(/, (\w+)$/, " and $1")}`,
        );
      });
    }
    this.#comma = value.decimal === ",";
    this.#code = codeOf(value);
    this.#kind = value.kind;
    this.#bits = bitsOf(value);
    this.#units = unitsOf(value);
    this.#scale = value.scale ?? 1;
    this.#offset = value.offset ?? 0;
    if (this.#scale === 0) inPart("scale", () => wrong("0 would make every value the same"));
    const { calibration } = value;
    this.#calibration = calibration === undefined ? undefined : inPart("calibration", () => {
      // Whoever loads a bench file has put its tables in the places of their files.
      if (!Array.isArray(calibration)) wrong("stands in a file, which only a bench file has beside it: give the pairs");
      return new Calibration(calibration);
    });
    this.#allowed = inPart("allow", () => wholePattern(value.allow ?? defaultTextPattern));
    const isCoded = this.#code !== undefined || this.#bits !== undefined;
    this.#choices = new Choices(value, isCoded ? (written) => this.#written(written) : undefined);
    if (type === "choice" && this.#choices.names.length === 0) throw new TypeError('is a choice and needs "choices"');
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
      ...(type === "choice" ? { choices: this.#choices.names } : {}),
    };
  }

  /** How many bits of a number are the value, with a sign or without; `undefined` where all of it is. */
  get bits(): { readonly count: number; readonly signed: boolean } | undefined {
    return this.#bits;
  }

  /** The unit that stands behind a number, and by what the number is multiplied then; `undefined` where none does. */
  get unitWritten(): readonly [unit: string, factor: number] | undefined {
    return this.#units?.written;
  }

  /** Whether the instrument says it in bytes of which each may be any. */
  get isRaw(): boolean {
    return this.#code?.isRaw === true;
  }

  /** What its bytes mean; `undefined` where it says so in text. */
  get kind(): Kind | undefined {
    return this.#kind;
  }

  /**
   * Whether what ends an answer may be in its bytes: not where a digit of a BCD number would have to be none, nor where
   * only some values are known and none of them has it.
   */
  mayHold(end: string): boolean {
    if (!this.isRaw) return false;
    if (this.#kind!.startsWith("bcd")) return [...end].every((byte) => /^\d\d$/.test(hex(byte)));
    const { type, choices = ["On", "Off"] } = this.spec;
    if (this.#bits !== undefined || (type !== "choice" && type !== "switch")) return true;
    const values = type === "switch" ? [true, false] : choices;
    return values.some((value) => this.answered(value)?.includes(end));
  }

  /** How many characters of an answer it always is; `undefined` where that differs. */
  get width(): number | undefined {
    return this.#code?.width;
  }

  /** Whether a text can be what the instrument says for some value. */
  understands(said: string): boolean {
    if (this.spec.type === "float" || this.spec.type === "int") return this.#number(said) !== undefined;
    return this.spec.type === "text" || this.#choice(said) !== undefined;
  }

  /** The answer that {@linkcode understands} takes, for errors. */
  get expected(): string {
    const { type } = this.spec;
    if (type === "text") return "been text";
    const isNumeric = type === "float" || type === "int";
    if (this.#units !== undefined) return this.#units.expected;
    if (isNumeric && this.#code !== undefined) return this.#code.expected;
    if (this.#bits === undefined) return isNumeric ? "been a number" : this.#choices.expected;
    const { first, count } = this.#bits;
    const which = count === 1 ? `in bit ${first}` : `in bits ${first} to ${first + count - 1}`;
    return isNumeric ? `been a whole number with a value ${which}` : `${this.#choices.expected} ${which}`;
  }

  /**
   * Why what the instrument says is no value.
   *
   * @param said What it says.
   * @param bad What it says where there is none, with the reasons: texts, or the numbers that they mean.
   */
  badReason(said: string, bad: ReadonlyMap<string, string>): string | undefined {
    if (bad.size === 0) return undefined;
    const text = unquoted(bare(said));
    const number = this.#code?.read(said);
    for (const [written, reason] of bad) {
      if ((number === undefined || !this.isRaw) && (written === text || this.#isPlainly(written, text))) return reason;
      if (number !== undefined && String(number) === String(this.#asNumber(written) ?? written)) return reason;
    }
    return undefined;
  }

  /** Whether two texts that are no digits in a base mean the same. */
  #isPlainly(written: string, text: string): boolean {
    if (this.#code !== undefined) return false;
    const isNumeric = this.spec.type === "float" || this.spec.type === "int";
    const number = isNumeric ? this.#decimal(text) : undefined;
    // A number is read the same way here as where it is taken for a value: `9.9D+37` is 9.9E37.
    return number === undefined
      ? meansTheSame(written, text)
      : number === (this.#decimal(written) ?? numberIn(written, this.#comma));
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
    const read = this.#number(said);
    if (read === undefined) {
      throw new HeliographError("command_failed", `${quoted(said)} should have ${this.expected}`);
    }
    if (this.#isPlain && type === "int" && typeof read === "bigint") {
      const whole = Number(read);
      if (Number.isSafeInteger(whole)) return whole;
      throw new HeliographError(
        "command_failed",
        `${quoted(said)} is too large for a whole number: ${read}; give the type float`,
      );
    }
    const scaled = Number(read) * this.#scale + this.#offset;
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
    const { type } = this.spec;
    switch (type) {
      case "float":
      case "int": {
        const commanded = this.#calibration?.toCommanded(value as number) ?? value as number;
        const exactly = this.#isPlain ? commanded : (commanded - this.#offset) / this.#scale;
        if (this.#code !== undefined && this.#bits === undefined) return this.#coded(exactly);
        const said = this.#isPlain && type === "int" ? exactly : trimmed(exactly);
        return this.#comma ? { number: said, decimal: "," } : said;
      }
      case "switch":
      case "choice": {
        const sent = this.#choices.sent(type === "choice" ? value as string : value === true ? "On" : "Off");
        if (this.#code !== undefined && this.#bits === undefined) {
          // Digits are written as they stand, and bytes as numbers.
          const number = this.isRaw ? this.#asNumber(sent) : sent;
          if (typeof number === "number") return this.#coded(number);
        }
        return { own: String(sent) };
      }
      case "text":
        if (this.#allowed.test(value as string)) return value as string;
        throw new HeliographError(
          "bad_argument",
          `Cannot send ${quoted(value as string)}: a text may hold what matches ${this.#allowed.source} here`,
        );
    }
  }

  /**
   * What the instrument says for a value, where it does not write it as a number in decimal digits: what it is told may
   * be something else.
   *
   * @returns A character for each byte; `undefined` where it writes it so, or the value is but some bits of a number.
   */
  answered(value: Value): string | undefined {
    if (this.#bits !== undefined) return undefined;
    const { type } = this.spec;
    if (type === "choice" || type === "switch") {
      const said = this.#choices.answered(type === "choice" ? value as string : value === true ? "On" : "Off");
      return typeof said === "number" && this.#code !== undefined
        ? this.#code.write(said)
        : said === undefined
        ? undefined
        : withBytes(String(said), String.fromCharCode);
    }
    const filling = type === "text" ? "" : this.encode(value);
    return typeof filling === "object" && "written" in filling ? filling.written : undefined;
  }

  /**
   * The word in which a value is some bits, with zeros around them: what an instrument may answer for it.
   *
   * @returns `undefined` where it is no bits, or the instrument never answers it.
   */
  wordOf(value: Value): bigint | undefined {
    if (this.#bits === undefined) return undefined;
    const { type } = this.spec;
    let number: bigint | number;
    if (type === "choice" || type === "switch") {
      const said = this.#choices.answered(type === "choice" ? value as string : value === true ? "On" : "Off");
      if (said === undefined) return undefined;
      number = this.#written(said);
    } else number = Math.round(((value as number) - this.#offset) / this.#scale);
    return BigInt.asUintN(this.#bits.count, BigInt(number)) << BigInt(this.#bits.first);
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

  /** Whether what the instrument says is the value, without scale, offset and calibration. */
  get #isPlain(): boolean {
    return this.#scale === 1 && this.#offset === 0 && this.#calibration === undefined;
  }

  #choice(said: string): string | undefined {
    if (this.#code === undefined && this.#bits === undefined) return this.#choices.ofText(said);
    const number = this.#number(said);
    return number === undefined ? undefined : this.#choices.ofNumber(number);
  }

  /** The number that the instrument says, or that the bits of its number are. */
  #number(said: string): bigint | number | undefined {
    const number = this.#code === undefined ? this.#decimal(said) : this.#code.read(said);
    if (number === undefined || !Number.isFinite(Number(number))) return undefined;
    if (this.#bits === undefined) return number;
    if (typeof number === "number" && !Number.isInteger(number)) return undefined;
    // A decimal number of more than 53 bits.
    const word = this.#code === undefined && /^[+-]?\d+$/.test(bare(said)) ? BigInt(bare(said)) : BigInt(number);
    const { count, first, signed } = this.#bits;
    return signed ? BigInt.asIntN(count, word >> BigInt(first)) : BigInt.asUintN(count, word >> BigInt(first));
  }

  /** The number that decimal digits are, with its unit where one stands behind it. */
  #decimal(said: string): number | undefined {
    return this.#units === undefined ? numberIn(said, this.#comma) : this.#units.read(said, this.#comma);
  }

  /** A number that a description writes for what the instrument says: its digits, or the number itself. */
  #asNumber(written: string | number): bigint | number | undefined {
    if (typeof written === "number") return written;
    if (this.#code === undefined || this.isRaw || this.#bits !== undefined) return numberIn(written);
    return this.#code.read(written);
  }

  #written(written: string | number): bigint | number {
    const number = this.#asNumber(written);
    if (number !== undefined) return number;
    return wrong(
      `${quoted(String(written))} is no number, and ${this.#bits === undefined ? "the kind" : "bits"} is one`,
    );
  }

  #coded(number: number): Filling {
    return { number, written: this.#code!.write(number) };
  }
}

/** Bits of a word, counted from the least significant, which is 0. */
interface Bits {
  readonly first: number;
  readonly count: number;
  /** Whether the first of them is a sign. */
  readonly signed: boolean;
}

function codeOf({ base, kind, order, type, decimal }: DescribedValue): NumberCode | undefined {
  if (order !== undefined && kind === undefined) inPart("order", () => wrong('has a meaning only beside "kind"'));
  if (base === undefined && kind === undefined) return undefined;
  if (decimal !== undefined) {
    inPart("decimal", () => wrong(`has no meaning beside ${base === undefined ? "kind" : "base"}`));
  }
  if (kind?.startsWith("float") === true && (type === "choice" || type === "switch")) {
    inPart("kind", () => wrong(`${kind} is no whole number, as a ${type} needs`));
  }
  if (base === "sexagesimal" && type !== "float") inPart("base", () => wrong("sexagesimal needs the type float"));
  return inPart(base === "sexagesimal" ? "base" : "order", () => new NumberCode(base, kind, order));
}

function unitsOf({ units, unit, base, kind, bits }: DescribedValue): UnitText | undefined {
  if (units === undefined) return undefined;
  return inPart("units", () => {
    const other = Object.entries({ base, kind, bits }).find(([, value]) => value !== undefined)?.[0];
    if (other !== undefined) wrong(`has no meaning beside ${other}: what stands behind digits is text`);
    return new UnitText(units, unit);
  });
}

function bitsOf({ bits, base, kind, signed = false }: DescribedValue): Bits | undefined {
  if (signed && (bits === undefined || typeof bits === "number")) {
    inPart("signed", () => wrong('has a meaning only beside several "bits"; a whole number with a sign is a "kind"'));
  }
  if (bits === undefined) return undefined;
  return inPart("bits", () => {
    if (base === "sexagesimal") wrong("has no meaning for sexagesimal");
    if (kind?.startsWith("float") === true || kind?.startsWith("bcd") === true) wrong(`has no meaning for ${kind}`);
    const [first, last] = typeof bits === "number" ? [bits, bits] : [Math.min(...bits), Math.max(...bits)];
    const most = kind === undefined ? 64 : 8 * sizeOf(kind);
    if (last >= most) wrong(`${kind} has ${most} bits, counted from 0, and ${last} is none of them`);
    return { first, count: last - first + 1, signed };
  });
}

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).padStart(2, "0");
}

function wrong(message: string): never {
  throw new TypeError(message);
}

/** Rounds off the last digits that only the division made. */
function trimmed(number: number): number {
  return Number(number.toPrecision(12));
}
