/**
 * Numbers as instruments code them: in another base, or as bytes in one order or another.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { fromSexagesimal, toSexagesimal, usualPicture } from "./sexagesimal.ts";

/** The bases in which a number's digits may be written; sexagesimal are degrees or hours, minutes and seconds. */
export const bases = ["hexadecimal", "octal", "binary", "sexagesimal"] as const;
/** A base in which a number's digits are written. */
export type Base = (typeof bases)[number];

const sizes = [1, 2, 3, 4, 5, 6, 7, 8] as const;
/** What bytes may mean: whole numbers with and without a sign, IEEE 754, and two decimal digits in each byte. */
export const kinds = [
  ...sizes.map((size) => `uint${8 * size}` as const),
  ...sizes.map((size) => `int${8 * size}` as const),
  "float16",
  "float32",
  "float64",
  ...sizes.map((size) => `bcd${8 * size}` as const),
] as const;
/** What bytes mean. */
export type Kind = (typeof kinds)[number];

/** In which order the bytes of a number come, the most significant called a. */
export const orders = ["big", "little", "abcd", "dcba", "cdab", "badc"] as const;
/** The order of a number's bytes. */
export type Order = (typeof orders)[number];

/** How many bytes a kind has. */
export function sizeOf(kind: Kind): number {
  return Number(/\d+$/.exec(kind)![0]) / 8;
}

/**
 * Brings bytes into the order in which the most significant comes first, or back: each order undoes itself.
 *
 * @param bytes The bytes of one number; of an even count for `cdab` and `badc`, which have words of two.
 * @param order Their order.
 */
export function ordered(bytes: Uint8Array, order: Order): Uint8Array {
  const last = bytes.length - 1;
  switch (order) {
    case "big":
    case "abcd":
      return bytes;
    case "little":
    case "dcba":
      return bytes.toReversed();
    case "cdab":
      // The words the other way round, each as it is.
      return bytes.map((_, at) => bytes[last - (at ^ 1)]!);
    case "badc":
      return bytes.map((_, at) => bytes[at ^ 1]!);
  }
}

/**
 * The number that bytes mean.
 *
 * @param bytes As many as the kind has, the most significant first.
 * @param kind What they mean.
 * @returns A whole number exactly, a float as a number; `undefined` where a digit of a BCD number is none.
 */
export function fromBytes(bytes: Uint8Array, kind: Kind): bigint | number | undefined {
  if (kind === "float16") return fewestDigits(view(bytes).getFloat16(0), Math.f16round);
  if (kind === "float32") return fewestDigits(view(bytes).getFloat32(0), Math.fround);
  if (kind === "float64") return view(bytes).getFloat64(0);
  const whole = wholeOf(bytes);
  // The decimal digits of BCD are those of the number in base 16.
  const digits = whole.toString(16);
  if (kind.startsWith("bcd")) return /^\d+$/.test(digits) ? BigInt(digits) : undefined;
  return kind.startsWith("int") ? BigInt.asIntN(8 * bytes.length, whole) : whole;
}

/**
 * The bytes of a number, the most significant first.
 *
 * @param number Within the kind's range; rounded where the kind is a whole number.
 * @param kind What they mean.
 */
export function toBytes(number: number, kind: Kind): Uint8Array {
  const size = sizeOf(kind);
  const bytes = new Uint8Array(size);
  if (kind === "float16") view(bytes).setFloat16(0, number);
  else if (kind === "float32") view(bytes).setFloat32(0, number);
  else if (kind === "float64") view(bytes).setFloat64(0, number);
  else {
    const whole = BigInt(Math.round(number));
    return bytesOf(kind.startsWith("bcd") ? BigInt(`0x${whole}`) : BigInt.asUintN(8 * size, whole), size);
  }
  return bytes;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The number of fewest digits that means the same in as many bits: 21.3, and not 21.299999237060547.
 *
 * @param narrowed The number that a number becomes in so many bits.
 */
function fewestDigits(given: number, narrowed: (number: number) => number): number {
  for (let digits = 3; digits < 9; digits++) {
    const rounded = Number(given.toPrecision(digits));
    if (narrowed(rounded) === given) return rounded;
  }
  return given;
}

/** The smallest and the largest number of a kind. */
export function rangeOf(kind: Kind): readonly [number, number] {
  const bits = 8 * sizeOf(kind);
  if (kind === "float64") return [-Number.MAX_VALUE, Number.MAX_VALUE];
  if (kind === "float16") return [-65_504, 65_504];
  if (kind === "float32") return [-(2 - 2 ** -23) * 2 ** 127, (2 - 2 ** -23) * 2 ** 127];
  if (kind.startsWith("bcd")) return [0, 10 ** (bits / 4) - 1];
  return kind.startsWith("int") ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

/** A base that is a power of two. */
type BinaryBase = Exclude<Base, "sexagesimal">;

/** Of each base: how many digits a byte takes, what may stand around the digits, and what one of them is. */
const digitsOf = {
  hexadecimal: { radix: 16, perByte: 2, around: /^(?:0x|#h|&h|\$)?([0-9a-f]+)h?$/i },
  octal: { radix: 8, perByte: 8 / 3, around: /^(?:0o|#q|&o)?([0-7]+)o?$/i },
  binary: { radix: 2, perByte: 8, around: /^(?:0b|#b|%)?([01]+)b?$/i },
} as const;

const prefixes = { hexadecimal: "0x", octal: "0o", binary: "0b" } as const;

/** How an instrument codes a number: digits in a base, bytes, or digits that are those of bytes. */
export class NumberCode {
  /** Whether it is bytes as they are, of which each may be any. */
  readonly isRaw: boolean;
  /** How many characters it always has; `undefined` where that differs. */
  readonly width: number | undefined;
  readonly #base: Base | undefined;
  readonly #kind: Kind | undefined;
  readonly #order: Order;

  /**
   * Takes a declaration.
   *
   * @param base The base of its digits; without one it is bytes.
   * @param kind What its bytes mean; without one it is a whole number of as many digits as it has.
   * @param order In which order its bytes come.
   * @throws {TypeError} Where the order is none for the kind, or the kind none for the base.
   */
  constructor(base: Base | undefined, kind: Kind | undefined, order: Order = "big") {
    if (base === "sexagesimal" && kind !== undefined) throw new TypeError("sexagesimal digits are not those of bytes");
    this.#base = base;
    this.#kind = kind;
    this.#order = order;
    this.isRaw = base === undefined;
    const size = kind === undefined ? undefined : sizeOf(kind);
    if (size !== undefined && (order === "cdab" || order === "badc") && size % 2 !== 0) {
      throw new TypeError(`${order} is an order of words of two bytes, and ${kind} has ${size}: give big or little`);
    }
    this.width = size === undefined ? undefined : base === undefined ? size : this.#digits(base as BinaryBase, size);
  }

  /** What it should be, for errors. */
  get expected(): string {
    if (this.#base === undefined) return `been ${counted(this.width!, "byte")} (${this.#kind})`;
    if (this.#base === "sexagesimal") return "been degrees or hours, minutes and seconds";
    if (this.#kind === undefined) return `been ${this.#base} digits`;
    return `been ${this.#order === "big" ? "at most " : ""}${this.width} ${this.#base} digits (${this.#kind})`;
  }

  /**
   * The number that an instrument means.
   *
   * @param said What it says: a character for each byte, or digits.
   * @returns A whole number exactly; `undefined` where it is none. A float may be infinite or NaN.
   */
  read(said: string): bigint | number | undefined {
    if (this.#base === "sexagesimal") return fromSexagesimal(said);
    const bytes = this.#base === undefined ? rawBytes(said, this.width!) : this.#digitBytes(this.#base, said);
    if (bytes === undefined || typeof bytes === "bigint") return bytes;
    return fromBytes(ordered(bytes, this.#order), this.#kind!);
  }

  /**
   * What the instrument is told for a number.
   *
   * @param number Any; what its kind does not hold is refused.
   * @returns A character for each byte, or digits.
   * @throws {HeliographError} `out_of_limits` where it cannot be coded so.
   */
  write(number: number): string {
    if (this.#base === "sexagesimal") return toSexagesimal(number, usualPicture);
    const whole = Math.round(number);
    if (this.#kind === undefined) {
      if (whole < 0) {
        throw new HeliographError("out_of_limits", `Cannot send ${number}: ${this.#base} is without a sign`);
      }
      return BigInt(whole).toString(digitsOf[this.#base!].radix).toUpperCase();
    }
    const [least, most] = rangeOf(this.#kind);
    const rounded = this.#kind.startsWith("float") ? number : whole;
    if (rounded < least || rounded > most) {
      throw new HeliographError("out_of_limits", `Cannot send ${number}: ${this.#kind} holds ${least} to ${most}`);
    }
    const bytes = ordered(toBytes(rounded, this.#kind), this.#order);
    if (this.#base === undefined) return String.fromCharCode(...bytes);
    const { radix } = digitsOf[this.#base];
    return wholeOf(bytes).toString(radix).toUpperCase().padStart(this.width!, "0");
  }

  #digits(base: BinaryBase, size: number): number {
    return Math.ceil(size * digitsOf[base].perByte);
  }

  /** The bytes that digits are; the number itself where they have no kind. */
  #digitBytes(base: BinaryBase, said: string): Uint8Array | bigint | undefined {
    // Some put blanks between bytes.
    const text = said.replace(/[\s\0]+/g, "");
    const sign = this.#kind === undefined ? /^[+-]?/.exec(text)![0] : "";
    const digits = digitsOf[base].around.exec(text.slice(sign.length))?.[1];
    if (digits === undefined) return undefined;
    const whole = BigInt(prefixes[base] + digits);
    if (this.#kind === undefined) return sign === "-" ? -whole : whole;
    // Zeros in front may be left out only where what is in front is the most significant.
    const complete = this.#order === "big" ? digits.length <= this.width! : digits.length === this.width;
    const size = sizeOf(this.#kind);
    return complete && whole < 1n << BigInt(8 * size) ? bytesOf(whole, size) : undefined;
  }
}

function rawBytes(said: string, size: number): Uint8Array | undefined {
  // deno-lint-ignore no-control-regex -- a character for each byte
  return said.length === size && !/[^\x00-\xff]/.test(said)
    ? Uint8Array.from(said, (character) => character.charCodeAt(0))
    : undefined;
}

function bytesOf(whole: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => Number((whole >> BigInt(8 * (size - 1 - at))) & 255n));
}

function wholeOf(bytes: Uint8Array): bigint {
  return bytes.reduce((whole, byte) => (whole << 8n) | BigInt(byte), 0n);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
