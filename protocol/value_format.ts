/**
 * Writes numbers in the format that their field declares: one way for the wires, the command line and the page.
 *
 * @module
 */

import type { ValueDescription } from "./description.ts";

/** The part of a declaration that says how a number is written. */
export type FormatDescription = Pick<ValueDescription, "decimals" | "format">;

/**
 * A number in the format that is declared for it.
 *
 * @param spec Its format, and how many decimals it has; of a `significant` one, how many digits.
 * @param value Any number.
 * @returns `2.24e-6`, `0x1F`; `undefined` where no format is declared, or it is none for this number.
 */
export function inFormat({ format, decimals }: FormatDescription, value: number): string | undefined {
  if (format === undefined || !Number.isFinite(value)) return undefined;
  switch (format) {
    case "fixed":
      return plain(value, decimals);
    case "scientific":
      return value.toExponential(decimals).replace("e+", "e");
    case "engineering":
      return engineering(value, decimals);
    case "significant":
      return significant(value, decimals);
    case "hexadecimal":
      return Number.isInteger(value) ? digits(value, 16, 2, "0x") : undefined;
    case "binary":
      return Number.isInteger(value) ? digits(value, 2, 8, "0b") : undefined;
  }
}

/** Without an exponent, whatever its size. @param decimals How many. @default as many as it has */
function plain(value: number, decimals = decimalsOf(value)): string {
  const text = value.toFixed(Math.min(100, decimals));
  return text.includes("e") ? BigInt(value).toString() + (decimals > 0 ? `.${"0".repeat(decimals)}` : "") : text;
}

function decimalsOf(value: number): number {
  const [mantissa = "", exponent] = value.toExponential().split("e");
  return Math.max(0, (mantissa.split(".")[1] ?? "").length - Number(exponent));
}

/** An exponent that three divides, as the prefixes of units have. */
function engineering(value: number, decimals: number | undefined): string {
  const [mantissa = "", exponent] = value.toExponential().split("e");
  let power = 3 * Math.floor(Number(exponent) / 3);
  let text = shifted(mantissa, Number(exponent) - power, decimals);
  // 999.96 rounds to a thousand.
  if (Math.abs(Number(text)) >= 1000) {
    power += 3;
    text = shifted(mantissa, Number(exponent) - power, decimals);
  }
  return `${text}e${power}`;
}

function shifted(mantissa: string, places: number, decimals: number | undefined): string {
  if (decimals !== undefined) return Number(`${mantissa}e${places}`).toFixed(decimals);
  // Moved as text: computed, the last digit could be another one.
  const [whole = "", fraction = ""] = mantissa.split(".");
  const [before, after] = [whole + fraction.slice(0, places).padEnd(places, "0"), fraction.slice(places)];
  return after === "" ? before : `${before}.${after}`;
}

/** As many digits as are declared, with an exponent where there would be zeros that mean nothing. */
function significant(value: number, count: number | undefined): string {
  if (count === undefined) return plain(value);
  const behind = Math.max(0, count - 1);
  const text = value.toExponential(behind);
  const power = Number(text.split("e")[1]);
  return power < -4 || power >= 15 ? text.replace("e+", "e") : plain(Number(text), Math.max(0, behind - power));
}

function digits(value: number, base: number, width: number, prefix: string): string {
  const text = BigInt(Math.abs(value)).toString(base).toUpperCase();
  const whole = Math.ceil(text.length / width) * width;
  return `${value < 0 ? "-" : ""}${prefix}${text.padStart(whole, "0")}`;
}
