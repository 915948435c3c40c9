/**
 * The language of expressions: CEL, with numbers as a laboratory means them, and its mathematical functions.
 *
 * CEL tells whole numbers from others, and refuses to add the two. Here every number is a float: fields of the type
 * `int`, and the whole numbers of an expression, which are made floats before CEL sees them. So `30 / 4` is 7.5. What
 * CEL's own functions return may be whole (`size(x)`, `int(x)`): it goes together with floats too.
 *
 * @module
 */

import { Environment } from "npm:@marcbachmann/cel-js@8.0.0";

/** The functions of one number. */
const ofOne: Readonly<Record<string, (x: number) => number>> = {
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  floor: Math.floor,
  ceil: Math.ceil,
  // Halves away from zero, as people round.
  round: (x) => Math.sign(x) * Math.round(Math.abs(x)),
};

/** The functions of several numbers, by how many they may be. */
const ofSeveral: readonly (readonly [string, (...numbers: number[]) => number, readonly number[]])[] = [
  ["pow", Math.pow, [2]],
  ["atan2", Math.atan2, [2]],
  ["min", Math.min, [2, 3, 4, 5, 6, 7, 8]],
  ["max", Math.max, [2, 3, 4, 5, 6, 7, 8]],
];

/** The functions that can be called, for errors; CEL has more as `"text".startsWith("t")`. */
export const functionNames: readonly string[] = [
  "field",
  ...Object.keys(ofOne),
  ...ofSeveral.map(([name]) => name),
  "size",
  "int",
  "double",
  "string",
];

/** The last comparison of what is no number; CEL may swallow the error of one side of an `||`. */
export const noNumber: { found: Error | undefined } = { found: undefined };

/** What is compared, as it is: where that is no number, a comparison would say something all the same. */
function known(value: number): number {
  if (Number.isFinite(value)) return value;
  throw noNumber.found ??= new Error(`what is compared is ${Number.isNaN(value) ? "no number" : value}`);
}

/** An expression may be this long, in CEL's parts. */
const limits = { maxAstNodes: 2000, maxDepth: 50, maxListElements: 200, maxMapEntries: 200 };

/** Makes CEL as expressions speak it. */
export function newLanguage(): Environment {
  const language = new Environment({ limits });
  for (const [name, call] of Object.entries(ofOne)) {
    language.registerFunction(`${name}(double): double`, call);
    language.registerFunction(`${name}(int): double`, (x: bigint) => call(Number(x)));
  }
  for (const [name, call, counts] of ofSeveral) {
    for (const count of counts) {
      language.registerFunction(`${name}(${Array(count).fill("double").join(", ")}): double`, call);
    }
  }
  const mixed: Readonly<Record<string, (a: number, b: number) => number>> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => a / b,
    "%": (a, b) => a % b,
  };
  for (const [operator, call] of Object.entries(mixed)) {
    for (const [left, right] of [["int", "double"], ["double", "int"]] as const) {
      const handler = (a: number | bigint, b: number | bigint) => call(Number(a), Number(b));
      language.registerOperator(`${left} ${operator} ${right}: double`, handler);
    }
  }
  language.registerFunction("known(double): double", known);
  for (const type of ["int", "string", "bool"]) language.registerFunction(`known(${type}): ${type}`, (x: unknown) => x);
  language.registerOperator("double % double: double", (a: number, b: number) => a % b);
  // The other way round comes with it.
  language.registerOperator("int == double", (a: number | bigint, b: number | bigint) => Number(a) === Number(b));
  return language;
}
