/**
 * Reads the texts in which instruments write numbers and words.
 *
 * @module
 */

import { isNumber } from "../../bench/values.ts";

/** IEEE 488.2 puts strings in quotes, with a quote inside doubled. */
export function unquoted(text: string): string {
  return /^"(?:[^"]|"")*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** A text without the blanks around it, and the NULs with which firmware in C fills its buffers. */
export function bare(said: string): string {
  return said.replace(/^[\s\0]+|[\s\0]+$/g, "");
}

/**
 * The number that an instrument says; besides what everybody writes, `1.0D+03` as Fortran does, `+ 12.5` and `1.5 E+03`
 * as in columns, and `0x1F`.
 *
 * @param said What it says.
 * @param comma Whether a comma stands before the decimals, as in `1.234,5`.
 */
export function numberIn(said: string, comma = false): number | undefined {
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

/** Digits that may as well be hexadecimal as have an exponent: a status word `0E00` is not `0000`. */
const mayBeHexadecimal = /^\d+E\d+$/i;

/** Instruments answer `+1` for 1 and `volt` for VOLT. */
export function meansTheSame(code: string, text: string): boolean {
  if (code.toLowerCase() === text.toLowerCase()) return true;
  if (mayBeHexadecimal.test(code) || mayBeHexadecimal.test(text)) return false;
  return isNumber(code) && isNumber(text) && Number(code) === Number(text);
}
