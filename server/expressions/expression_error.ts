/**
 * The errors of expressions, in the words of people who write them.
 *
 * @module
 */

import { EvaluationError, ParseError, TypeError as CelTypeError } from "npm:@marcbachmann/cel-js@8.0.0";
import { didYouMean } from "../bench/names.ts";

/** An expression that cannot be, or that has no value now. */
export class ExpressionError extends Error {
  /** Makes it. @param message Which part, what is wrong with it, and what would be right. */
  constructor(message: string) {
    super(message);
    this.name = "ExpressionError";
  }
}

/** CEL's types as people call them. */
const typeWords: Readonly<Record<string, string>> = {
  double: "a number",
  int: "a number",
  uint: "a number",
  string: "text",
  bool: "true or false",
};

/** How people call a type of CEL. */
export function typeWord(type: string): string {
  return Object.hasOwn(typeWords, type) ? typeWords[type]! : /^list|^map/.test(type) ? `a ${type.slice(0, 4)}` : type;
}

/** What people write who know other languages, and what it is called here. */
const otherLanguages: readonly (readonly [RegExp, string])[] = [
  [/\*\*|\^/, "a power is written pow(x, 2)"],
  [/(?<![=!<>])=(?!=)/, "two values are compared by =="],
  [/\b(?:and|AND)\b/, "and is written &&"],
  [/\b(?:or|OR)\b/, "or is written ||"],
  [/\b(?:not|NOT)\b/, "not is written !"],
  [/\b(?:True|False|On|Off)\b/, "a switch is true or false"],
];

/**
 * Makes an error of one of the library's.
 *
 * @param error What it threw, or said.
 * @param part Finds the text of a part of the expression as it was written.
 * @param functions The functions that there are.
 */
export function explained(
  error: unknown,
  part: (start: number, end: number) => string,
  functions: readonly string[],
): ExpressionError {
  if (
    !(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)
  ) return new ExpressionError(error instanceof Error ? error.message : String(error));
  const { summary, code, range } = error;
  const whole = part(0, Infinity);
  const where = range === undefined ? whole : part(range.start, range.end);
  if (error instanceof ParseError) return new ExpressionError(`${parseFault(summary, range, part)}${hint(whole)}`);
  return new ExpressionError(`${where === "" ? whole : where}: ${meaning(code, summary, functions)}`);
}

function parseFault(
  summary: string,
  range: { readonly start: number } | undefined,
  part: (start: number, end: number) => string,
): string {
  if (/EOF/.test(summary)) return "it ends where something should follow";
  const rest = range === undefined ? "" : part(range.start, Infinity);
  return rest === "" ? summary : `it cannot be understood from "${rest}" on`;
}

function hint(text: string): string {
  // What stands in quotes is no expression.
  const bare = text.replace(/"[^"]*"|'[^']*'/g, '""');
  const found = otherLanguages.find(([pattern]) => pattern.test(bare));
  return found === undefined ? "" : `: ${found[1]}`;
}

function meaning(code: string, summary: string, functions: readonly string[]): string {
  const [, one, operator, other] = /^no such overload: (\S+) (\S+) (.+)$/.exec(summary) ?? [];
  if (operator !== undefined) {
    const [first, second] = [typeWord(one!), typeWord(other!)];
    const advice = [first, second].includes("true or false") && first !== second ? "; a switch is true or false" : "";
    return `${operator} cannot take ${first} and ${second}${advice}`;
  }
  const [, sign, type] = /^no such overload: (.)(.+)$/.exec(summary) ?? [];
  if (sign !== undefined) return `${sign} cannot take ${typeWord(type!)}`;
  const [, called, given] = /^found no matching overload for '(.+)\((.*)\)'$/.exec(summary) ?? [];
  if (called !== undefined) {
    const types = given === "" ? "nothing" : given!.split(", ").map(typeWord).join(", ");
    if (functions.includes(called) || called.includes(".")) return `${called} does not take ${types}`;
    return `there is no function ${called}${didYouMean(called, functions)}; there is ${functions.join(", ")}`;
  }
  const [, type_] = /, got '([^']+)'$/.exec(summary) ?? [];
  if (type_ !== undefined && code !== "incompatible_ternary_branches") {
    return `true or false should stand here, and it is ${typeWord(type_)}`;
  }
  const [, before, behind] = /got '([^']+)' and '([^']+)'$/.exec(summary) ?? [];
  if (before !== undefined) {
    return `both values of a ? : should be of one type, and these are ${typeWord(before)} and ${typeWord(behind!)}`;
  }
  return summary;
}
