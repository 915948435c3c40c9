/**
 * Bytes and texts in 16-bit registers.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

/** The bytes of registers, the higher one of each first: a character for each. */
export function bytesOf(words: readonly number[]): string {
  return String.fromCharCode(...words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** The registers that hold bytes, of which there is an even number. */
export function wordsOf(bytes: string): number[] {
  return Array.from(
    { length: bytes.length / 2 },
    (_, at) => bytes.charCodeAt(2 * at) << 8 | bytes.charCodeAt(2 * at + 1),
  );
}

/**
 * The characters of a text with NULs behind it, as many as its registers hold.
 *
 * @param count How many registers.
 * @throws {HeliographError} `bad_argument` where it does not fit.
 */
export function paddedText(text: string, count: number): string {
  const size = 2 * count;
  if (text.length > size) throw unfit(`"${text}" has more than ${size} characters`);
  // deno-lint-ignore no-control-regex -- all of Latin-1
  if (/[^\x00-\xff]/.test(text)) throw unfit(`"${text}" has characters that are not Latin-1`);
  return text.padEnd(size, "\0");
}

function unfit(message: string): HeliographError {
  return new HeliographError("bad_argument", message);
}
