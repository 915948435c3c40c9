/**
 * Reads the numbers that people type, in their own format where that is safe.
 *
 * @module
 */

import type { ValueDescription } from "../../../protocol/description.ts";

/** Whether a number is shown, and may be entered, in digits of another base: `0x1F`. */
export function isInOtherBase({ format }: ValueDescription): boolean {
  return format === "hexadecimal" || format === "binary";
}

/** Whether people enter it as a decimal number. */
export function isDecimal(spec: ValueDescription): boolean {
  return (spec.type === "float" || spec.type === "int") && spec.choices === undefined && !isInOtherBase(spec);
}

/** A number that was typed: as it is meant, or why it is none. */
export type Entry = { readonly value: number; readonly reformatted: boolean } | { readonly problem: string };

/** Whether the browser's reader writes a comma before the decimals. */
export const readerWritesComma: boolean = new Intl.NumberFormat().formatToParts(1.5)
  .some(({ type, value }) => type === "decimal" && value === ",");

/**
 * Reads a number.
 *
 * @param spec What it may be.
 * @param typed What was typed.
 * @param comma Whether the reader writes a comma before the decimals.
 */
export function readNumber(spec: ValueDescription, typed: string, comma: boolean = readerWritesComma): Entry {
  // A minus from a text, and the spaces between thousands.
  const text = typed.trim().replace("−", "-").replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/gu, "");
  const withComma = /^([+-]?\d*),(\d+)$/.exec(text);
  if (withComma !== null) {
    const [, whole, decimals] = withComma;
    if (!comma) return { problem: `write ${whole}.${decimals}` };
    // Whether that is one thousand or one is for the reader to say.
    if (decimals!.length === 3 && /[1-9]/.test(whole!)) {
      return { problem: `write ${whole}.${decimals} or ${whole}${decimals}` };
    }
  }
  const plain = withComma === null ? text : text.replace(",", ".");
  const value = Number(plain);
  if (plain === "" || !/^[+-]?(\d|\.\d)/.test(plain) || !Number.isFinite(value)) return { problem: "not a number" };
  if (spec.type === "int" && !Number.isInteger(value)) return { problem: "whole numbers only" };
  const problem = beyond(spec, value);
  return problem === "" ? { value, reformatted: plain !== typed.trim() } : { problem };
}

/** Which limit a number is beyond, with its unit: `above 100 sccm`; empty where it is within them. */
function beyond({ minimum, maximum, unit }: ValueDescription, value: number): string {
  const end = unit === undefined ? "" : ` ${unit}`;
  if (maximum !== undefined && value > maximum) return `above ${maximum}${end}`;
  return minimum !== undefined && value < minimum ? `below ${minimum}${end}` : "";
}

/** The smallest change of a number that shows; 1 where nobody says it. */
export function stepOf({ type, decimals, format = "fixed" }: ValueDescription): number {
  return type === "int" || decimals === undefined || format !== "fixed" ? 1 : 10 ** -decimals;
}

/** A number that was typed, a step up or down, within the limits; the same where it is none. */
export function stepped(spec: ValueDescription, typed: string, by: number): string {
  const value = Number(typed.replace(",", "."));
  if (typed.trim() === "" || !Number.isFinite(value)) return typed;
  const { minimum = -Infinity, maximum = Infinity, decimals, format = "fixed" } = spec;
  const next = Math.min(maximum, Math.max(minimum, value + by * stepOf(spec)));
  return decimals === undefined || format !== "fixed"
    ? String(Number(next.toPrecision(12)))
    : next.toFixed(spec.type === "int" ? 0 : decimals);
}

/** How many characters a box needs for every number within the limits, and for the one that is in it. */
export function digitsOf(spec: ValueDescription, value: string): number {
  const { type, minimum, maximum, decimals = 0, format = "fixed" } = spec;
  const ends = [minimum, maximum].flatMap((each) =>
    each === undefined ? [] : [type === "float" && format === "fixed" ? each.toFixed(decimals) : String(each)]
  );
  const usual = ends.length === 2 ? 4 : 7;
  return Math.min(24, Math.max(usual, value.length, ...ends.map(({ length }) => length)));
}
