/**
 * Numbers and texts in 16-bit registers, in any order of their bytes.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

/** What registers hold. */
export const registerKinds = [
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
  "text",
] as const;
export type RegisterKind = (typeof registerKinds)[number];

/**
 * The orders of bytes, as four bytes A (highest) to D are sent: `cdab` has the low register first, `badc` the low byte
 * of each register. Eight bytes are ordered alike.
 */
export const registerOrders = ["abcd", "cdab", "badc", "dcba"] as const;
export type RegisterOrder = (typeof registerOrders)[number];

/** How many registers a number takes; a text has as many as are said. */
export function registersOf(kind: Exclude<RegisterKind, "text">): number {
  return Number(/\d+/.exec(kind)![0]) / 16;
}

/** Puts registers and their bytes into the order A, B, C, D, or back: both are the same. */
function ordered(words: readonly number[], kind: RegisterKind, order: RegisterOrder): number[] {
  const swapped = order === "badc" || order === "dcba"
    ? words.map((word) => (word & 0xff) << 8 | word >> 8)
    : [...words];
  return kind !== "text" && (order === "cdab" || order === "dcba") ? swapped.reverse() : swapped;
}

/**
 * The text of what registers hold: a number in decimal, or the characters.
 *
 * @param words The registers as they were sent.
 */
export function decodeRegisters(words: readonly number[], kind: RegisterKind, order: RegisterOrder = "abcd"): string {
  const view = new DataView(new ArrayBuffer(words.length * 2));
  ordered(words, kind, order).forEach((word, index) => view.setUint16(2 * index, word));
  switch (kind) {
    case "int16":
      return String(view.getInt16(0));
    case "uint16":
      return String(view.getUint16(0));
    case "int32":
      return String(view.getInt32(0));
    case "uint32":
      return String(view.getUint32(0));
    case "int64":
      return String(view.getBigInt64(0));
    case "uint64":
      return String(view.getBigUint64(0));
    case "float32":
      return shortest(view.getFloat32(0));
    case "float64":
      return String(view.getFloat64(0));
    case "text":
      return String.fromCharCode(...new Uint8Array(view.buffer)).replace(/\0.*$/s, "");
  }
}

/** The fewest digits that mean the same 32-bit number: 21.3, and not 21.299999237060547. */
function shortest(number: number): string {
  for (let digits = 6; digits < 9 && Number.isFinite(number); digits++) {
    const rounded = Number(number.toPrecision(digits));
    if (Math.fround(rounded) === number) return String(rounded);
  }
  return String(number);
}

/**
 * The registers that hold a value.
 *
 * @param said A number in decimal, or characters.
 * @param count How many registers a text has.
 * @throws {HeliographError} `bad_argument` where it does not fit.
 */
export function encodeRegisters(
  said: string,
  kind: RegisterKind,
  order: RegisterOrder = "abcd",
  count = 1,
): number[] {
  const size = kind === "text" ? 2 * count : 2 * registersOf(kind);
  const view = new DataView(new ArrayBuffer(size));
  if (kind === "text") {
    const bytes = [...said].map((character) => character.charCodeAt(0));
    if (bytes.length > size) throw unfit(`"${said}" has more than ${size} characters`);
    if (bytes.some((byte) => byte > 255)) throw unfit(`"${said}" has characters that are not Latin-1`);
    bytes.forEach((byte, index) => view.setUint8(index, byte));
  } else setNumber(view, Number(said), kind);
  return ordered(Array.from({ length: size / 2 }, (_, index) => view.getUint16(2 * index)), kind, order);
}

function setNumber(view: DataView, number: number, kind: Exclude<RegisterKind, "text">): void {
  const bits = 8 * view.byteLength;
  if (kind === "float64") view.setFloat64(0, number);
  else if (kind === "float32") {
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) {
      throw unfit(`${number} is too large for ${kind}`);
    }
    view.setFloat32(0, number);
  } else {
    const whole = BigInt(Math.round(number));
    const signed = kind.startsWith("int");
    const fits = signed ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole);
    if (fits !== whole) throw unfit(`${whole} does not fit ${kind}`);
    for (let at = 0; at < view.byteLength; at++) {
      view.setUint8(at, Number(whole >> BigInt(bits - 8 - 8 * at) & 0xffn));
    }
  }
}

function unfit(message: string): HeliographError {
  return new HeliographError("bad_argument", message);
}
