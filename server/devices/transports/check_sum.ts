/**
 * Check sums, and how they stand behind what they are of.
 *
 * @module
 */

/** Makes the number of bytes that a check sum is. */
type Sum = (bytes: Uint8Array) => number;

function folded(bytes: Uint8Array, fold: (sum: number, byte: number) => number): number {
  let sum = 0;
  for (const byte of bytes) sum = fold(sum, byte);
  return sum;
}

/** CRC-16 with the bits of each byte from the last one, as Modbus has it. */
function reflected(bytes: Uint8Array, start: number, polynomial: number): number {
  let sum = start;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ polynomial : sum >> 1;
  }
  return sum;
}

function straight(bytes: Uint8Array, start: number, polynomial: number): number {
  let sum = start;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 0x8000 ? (sum << 1) ^ polynomial : sum << 1) & 0xffff;
  }
  return sum;
}

/** The check sums that are known, by name. */
export const checkSums = {
  /** All bytes, by exclusive or. */
  xor: (bytes) => folded(bytes, (sum, byte) => sum ^ byte),
  /** The sum of all bytes, modulo 256. */
  sum: (bytes) => folded(bytes, (sum, byte) => (sum + byte) & 0xff),
  /** The sum's two's complement, modulo 256: with it, all comes to 0. */
  lrc: (bytes) => -folded(bytes, (sum, byte) => sum + byte) & 0xff,
  /** The sum modulo 256 with each bit inverted, its one's complement: what NESLAB's baths have. */
  sumInverted: (bytes) => ~folded(bytes, (sum, byte) => sum + byte) & 0xff,
  /** The sum of all bytes, modulo 65,536. */
  sum16: (bytes) => folded(bytes, (sum, byte) => (sum + byte) & 0xffff),
  /** CRC-16 as Modbus has it: the low byte is sent first. */
  crc16modbus: (bytes) => reflected(bytes, 0xffff, 0xa001),
  /** CRC-CCITT that starts with FFFF. */
  crcCcitt: (bytes) => straight(bytes, 0xffff, 0x1021),
  /** CRC-CCITT that starts with 0, as XMODEM has it. */
  crcXmodem: (bytes) => straight(bytes, 0, 0x1021),
} satisfies Record<string, Sum>;

/** The name of a check sum. */
export type CheckSumKind = keyof typeof checkSums;

/** The names of all check sums. */
export const checkSumKinds = Object.keys(checkSums) as [CheckSumKind, ...CheckSumKind[]];

/** A check sum behind a text, in which each character is a byte. */
export interface CheckSum {
  /** Which. */
  readonly kind: CheckSumKind;
  /** How it is written: hexadecimal digits, decimal ones, or bytes as they are. @default hex */
  readonly as?: "hex" | "lowercase hex" | "decimal" | "bytes" | undefined;
  /** Which of two bytes comes first. @default little for crc16modbus as bytes, otherwise big */
  readonly order?: "big" | "little" | undefined;
  /** How many bytes at the begin it does not count. @default 0 */
  readonly skip?: number | undefined;
  /** What stands between the text and its sum, and is not counted. @default nothing */
  readonly after?: string | undefined;
  /** Whether only what is sent, or only what is received, has one. @default both */
  readonly only?: "sent" | "received" | undefined;
}

const wide: readonly CheckSumKind[] = ["sum16", "crc16modbus", "crcCcitt", "crcXmodem"];

/** How a sum is written behind a text. */
export function sumOf(text: string, { kind, as = "hex", order, skip = 0 }: CheckSum): string {
  const counted = Uint8Array.from(text.slice(skip), (character) => character.charCodeAt(0));
  const sum = checkSums[kind](counted);
  const two = wide.includes(kind);
  const littleFirst = (order ?? (kind === "crc16modbus" && as === "bytes" ? "little" : "big")) === "little";
  const ordered = two && littleFirst ? ((sum & 0xff) << 8) | (sum >> 8) : sum;
  switch (as) {
    case "bytes":
      return two ? String.fromCharCode(ordered >> 8, ordered & 0xff) : String.fromCharCode(ordered);
    case "decimal":
      return String(ordered).padStart(two ? 5 : 3, "0");
    default: {
      const digits = ordered.toString(16).padStart(two ? 4 : 2, "0");
      return as === "hex" ? digits.toUpperCase() : digits;
    }
  }
}

/**
 * The check sum that a text ends with, where it is another one than its description says.
 *
 * @param text All of it.
 * @returns Its kind, and what it does not count; `undefined` where it is none that is known.
 */
export function otherSum(
  text: string,
  said: CheckSum,
): { readonly kind: CheckSumKind; readonly skip: number } | undefined {
  for (const skip of new Set([said.skip ?? 0, 0, 1])) {
    // Two bytes are less likely the right ones by chance than one.
    for (const kind of checkSumKinds.toReversed()) {
      if ("text" in withoutSum(text, { ...said, kind, skip })) return { kind, skip };
    }
  }
}

/** A text with its check sum behind it. */
export function withSum(text: string, checkSum: CheckSum): string {
  return text + (checkSum.after ?? "") + sumOf(text, checkSum);
}

/**
 * A text without its check sum.
 *
 * @param text All of it.
 * @returns The text where the sum is right; otherwise what the sum is, and what it should be.
 */
export function withoutSum(
  text: string,
  checkSum: CheckSum,
): { readonly text: string } | { readonly came: string; readonly right: string } {
  const { as = "hex", after = "" } = checkSum;
  const length = sumOf("", checkSum).length;
  const content = text.slice(0, Math.max(0, text.length - length - after.length));
  const right = sumOf(content, checkSum);
  const came = text.slice(text.length - Math.min(length, text.length));
  const same = as === "bytes" ? came === right : came.toUpperCase() === right.toUpperCase();
  return same && text.startsWith(after, content.length) ? { text: content } : { came, right };
}
