/**
 * Writes numbers for people: on the wires' `text`, the command line, the page and the axes of its plots.
 *
 * @module
 */

import type { ValueDescription } from "./description.ts";
import { inFormat } from "./value_format.ts";

/** How a number is declared. */
export type NumberDescription = Pick<ValueDescription, "type" | "decimals" | "format">;

/** Below this size, and from this one on, the whole text of a float has an exponent. */
const smallest = 1e-3;
const largest = 1e15;
/** So many digits of a float mean something; what comes after them is made by adding and multiplying. */
const digitsOfFloat = 15;

/**
 * A number as a text that holds all of it: with the declared decimals, or else with every digit that means something.
 *
 * @param digits How many those are at least; what stands before the decimal point always is. @default 15
 * @returns `30.0`, `2.24e-6`, `0.3` for 0.1 + 0.2; digits only for an `int`.
 */
export function wholeNumber(spec: NumberDescription, value: number, digits = digitsOfFloat): string {
  const { type, decimals } = spec;
  const formatted = inFormat(spec, value);
  if (formatted !== undefined) return formatted;
  if (type !== "float") return String(value);
  if (decimals !== undefined) return value.toFixed(decimals);
  const whole = Math.min(digitsOfFloat, String(Math.trunc(Math.abs(value))).length);
  const rounded = Number(value.toPrecision(Math.max(digits, whole)));
  if (withExponent(rounded, largest)) return exponentText(rounded);
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}

/** The same with as many digits as anybody reads: for cards and legends. */
export function shortNumber(spec: NumberDescription, value: number): string {
  const { type, decimals } = spec;
  const formatted = inFormat(spec, value);
  if (formatted !== undefined) return formatted;
  if (type !== "float") return String(value);
  if (decimals !== undefined) return value.toFixed(decimals);
  return withExponent(value, 1e7) ? exponentText(Number(value.toPrecision(5))) : String(Number(value.toPrecision(8)));
}

/**
 * The numbers along an axis, with just the digits that tell neighbours apart.
 *
 * @param values Where its ticks are; `null` has no text.
 * @param step How far apart they are; 0 where that differs, as on a logarithmic axis.
 */
export function axisNumbers(values: readonly (number | null)[], step = 0): string[] {
  // One form for all: `0.001` and `1e-4` are hard to compare.
  if (step === 0) {
    const exponent = values.some((value) => value !== null && withExponent(value, 1e6));
    const write = (value: number) => exponent ? exponentText(value) : shortNumber({ type: "float" }, value);
    return values.map((value) => value === null ? "" : write(value));
  }
  const exponent = withExponent(Math.max(0, ...values.map((value) => Math.abs(value ?? 0))), 1e6);
  return values.map((value) => {
    if (value === null) return "";
    // What should be zero is often next to it.
    if (Math.abs(value) < step / 1e6) return "0";
    if (!exponent) return value.toFixed(Math.max(0, digit(step)));
    return exponentText(value, Math.max(0, decade(value) + digit(step)));
  });
}

/** The power of ten of a number: -6 for 2.24e-6. */
function decade(value: number): number {
  return Number(value.toExponential(12).split("e")[1]);
}

/** The last place, after the decimal point, that a step needs: 1 for 0.5 and for 2.5, 0 for 25. */
function digit(step: number): number {
  const first = Number(step.toExponential(12).split("e")[0]);
  return -decade(step) + (Math.abs(first - Math.round(first)) > 1e-6 ? 1 : 0);
}

function withExponent(value: number, from: number): boolean {
  const size = Math.abs(value);
  return size !== 0 && (size < smallest || size >= from);
}

/** `2.24e-6`, `1e7`. */
function exponentText(value: number, digits?: number): string {
  return value.toExponential(digits).replace("e+", "e");
}
