/**
 * The checksum of FITS files (appendix J of the FITS standard 4.0): a sum of 32-bit words that is all ones over a whole HDU,
 * and its form in 16 characters that makes it so from within the header.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

const two32 = 2 ** 32;

/** The number of words added up before the lanes of 16 bits overflow: 257 × 255 = 65535. */
const wordsAtOnce = 257;

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The weights of the host's four bytes of a word in a big-endian one, from the one it takes for the least on. */
const worth = littleEndian ? [2 ** 24, 2 ** 16, 2 ** 8, 1] as const : [1, 2 ** 8, 2 ** 16, 2 ** 24] as const;

/** Adds the carries back in, which is what makes it a ones' complement sum. */
function folded(sum: number): number {
  while (sum >= two32) sum = sum % two32 + Math.floor(sum / two32);
  return sum;
}

/** The sum of big-endian words, whatever the host takes them for: their bytes are added up apart, two lanes at a time. */
function sumOf(words: Uint32Array): number {
  let sum = 0;
  for (let start = 0; start < words.length; start += wordsAtOnce) {
    const end = Math.min(start + wordsAtOnce, words.length);
    let even = 0;
    let odd = 0;
    for (let index = start; index < end; index++) {
      const word = words[index]!;
      even = (even + (word & 0x00ff00ff)) | 0;
      odd = (odd + ((word >>> 8) & 0x00ff00ff)) | 0;
    }
    sum = folded(
      sum + (even & 0xffff) * worth[0] + (odd & 0xffff) * worth[1] + (even >>> 16) * worth[2] + (odd >>> 16) * worth[3],
    );
  }
  return sum;
}

/** The 32-bit ones' complement sum of big-endian words: FITS's DATASUM. */
export class DataSum {
  #sum: number;

  /**
   * Starts a sum.
   *
   * @param sum What has been added up before, for example the sum of the data when the header's is added to it.
   */
  constructor(sum = 0) {
    this.#sum = sum;
  }

  /**
   * Adds bytes. Zeros do not change the sum, so the fill at the end of the data need not be added.
   *
   * @param bytes Whole words: a multiple of 4 bytes.
   * @throws {HeliographError} `bad_argument` for another length.
   */
  add(bytes: Uint8Array): void {
    if (bytes.length % 4 !== 0) {
      throw new HeliographError(
        "bad_argument",
        `a FITS checksum is over words of 4 bytes, and ${bytes.length} bytes are no multiple; fill up with zeros`,
      );
    }
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.#sum = folded(this.#sum + sumOf(new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)));
  }

  /** The sum so far, from 0 to 2^32 - 1. */
  get value(): number {
    return this.#sum;
  }
}

const isPunctuation = (code: number) => (code >= 0x3a && code <= 0x40) || (code >= 0x5b && code <= 0x60);

/** Four characters that add up to a byte and four times `0`: a quarter each, moved in pairs to letters and digits. */
function quarters(byte: number): number[] {
  const quarter = (byte >>> 2) + 0x30;
  const codes = [quarter + byte % 4, quarter, quarter, quarter];
  for (const first of [0, 2]) {
    while (isPunctuation(codes[first]!) || isPunctuation(codes[first + 1]!)) {
      codes[first]!++;
      codes[first + 1]!--;
    }
  }
  return codes;
}

/**
 * A sum as 16 letters and digits, for the value of CHECKSUM in columns 12 to 27.
 *
 * @param sum The sum of an HDU whose CHECKSUM is sixteen times `0`.
 * @param complement Whether its complement is written, which makes the HDU's sum all ones, as CHECKSUM has it.
 * @returns The characters.
 */
export function encodeChecksum(sum: number, complement: boolean): string {
  const value = complement ? ~sum >>> 0 : sum;
  const codes = new Array<number>(16).fill(0);
  for (let byte = 0; byte < 4; byte++) {
    quarters((value >>> (24 - 8 * byte)) & 0xff).forEach((code, quarter) => {
      // One place to the right, because the value begins at the last byte of a word.
      codes[(4 * quarter + byte + 1) % 16] = code;
    });
  }
  return String.fromCharCode(...codes);
}
