/**
 * The functions of conditions that are about a field over time, rather than about its value now.
 *
 * @module
 */

import type { ASTNode } from "npm:@marcbachmann/cel-js@8.0.0";
import { ExpressionError } from "./expression_error.ts";
import type { Outcome } from "./outcome.ts";

/** The functions of a field: whether they take a time, what they return, and whether the field must be good. */
export const ofFields = {
  /** The mean of its good readings, each weighted by how long it held. */
  mean: { takesTime: true, returns: "double", needsGood: true, unit: "the field's" },
  /** By how much it has changed in that time: the slope of a straight line through its readings. */
  rate: { takesTime: true, returns: "double", needsGood: true, unit: "the field's" },
  /** For how many seconds it was not read or set. */
  age: { takesTime: false, returns: "double", needsGood: false, unit: "s" },
  /** For how many seconds it has had the same value. */
  changed: { takesTime: false, returns: "double", needsGood: false, unit: "s" },
  /** `good`, `stale` or `error`. */
  quality: { takesTime: false, returns: "string", needsGood: false, unit: "" },
} as const;

/** One of these functions. */
export type FunctionOfField = keyof typeof ofFields;

/** Whether a name is one of theirs. */
export function isFunctionOfField(name: string): name is FunctionOfField {
  return Object.hasOwn(ofFields, name);
}

/** Where an expression finds what is about time. */
export interface OverTime<O> {
  /** The value of a function of a field, whenever it is asked for. @param seconds Over what time, where it takes one. */
  of(name: FunctionOfField, operand: O, seconds: number): () => number | string;
  /** Whether a condition has been so for some time, whenever that is asked. @param text The condition. */
  held(text: string, condition: { evaluate(): Outcome }, seconds: number): () => Outcome;
}

/** The longest time that is looked back, in seconds. */
const longest = 86_400;

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/**
 * Reads a time: `10s`, `5m`, `1h`.
 *
 * @returns Seconds; `undefined` where it is none.
 */
export function readSeconds(text: string): number | undefined {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?) ?([smh])?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * units[unit]!;
}

/** The time that a function is given. @throws {ExpressionError} Where it is none. */
export function secondsIn(name: string, node: ASTNode): number {
  const given = node.op === "value" && typeof node.args === "string" ? node.args : undefined;
  const seconds = given === undefined ? undefined : readSeconds(given);
  if (seconds !== undefined && seconds > 0 && seconds <= longest) return seconds;
  throw new ExpressionError(
    `${name} takes a time such as "10s", "5m" or "1h", more than 0 and at most 24h` +
      (given === undefined ? "" : `, and not "${given}"`),
  );
}
