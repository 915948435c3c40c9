/**
 * Compiles an expression over fields: its type is known before anything is read, and so are the fields it depends on.
 *
 * @module
 */

import type { Quality, ValueType } from "../../protocol/vocabulary.ts";
import type { WireValue } from "../../protocol/description.ts";
import { didYouMean, listed } from "../bench/names.ts";
import { explained, ExpressionError, typeWord } from "./expression_error.ts";
import { functionNames, newLanguage } from "./functions.ts";
import { findReferences, type Found, type Reference } from "./references.ts";

/** A field, as expressions see it. */
export interface Operand {
  /** How errors call it: `Voltage of Lamp Supply`. */
  readonly label: string;
  readonly type: ValueType;
  /** What it can be, where it is a choice. */
  readonly choices?: readonly string[];
  /** What it holds now. */
  readonly held: { readonly value: WireValue | undefined; readonly quality: Quality; readonly reason: string };
}

/** Where an expression's names are looked up. */
export interface ExpressionEnvironment<O extends Operand> {
  /**
   * A field; the same object for the same field.
   *
   * @throws {ExpressionError} Where there is none, with what was probably meant.
   */
  find(reference: Reference): O;
}

/** The value of an expression now, or why there is none to be trusted. */
export type Outcome =
  | { readonly quality: "good"; readonly value: WireValue }
  | { readonly quality: "stale" | "error"; readonly reason: string };

/** An expression that can be evaluated. */
export interface Expression<O extends Operand> {
  /** What its value is; `unknown` where that is known only when it is there. */
  readonly type: ExpressionType;
  /** The fields that it speaks of, each once. */
  readonly dependencies: readonly O[];
  /** Its value now. A field that is not good makes it not good, wherever in the expression it stands. */
  evaluate(): Outcome;
}

/** The types of expressions. */
export type ExpressionType = "number" | "text" | "switch" | "unknown";

/** What values of fields are in CEL. */
const celTypes: Readonly<Record<ValueType, string>> = {
  float: "double",
  int: "double",
  text: "string",
  choice: "string",
  switch: "bool",
};

const expressionTypes: Readonly<Record<string, ExpressionType>> = {
  double: "number",
  int: "number",
  uint: "number",
  string: "text",
  bool: "switch",
  dyn: "unknown",
};

/** What a field of a type holds. */
export const typesOfFields: Readonly<Record<ValueType, ExpressionType>> = {
  float: "number",
  int: "number",
  text: "text",
  choice: "text",
  switch: "switch",
};

/** The language, from which each expression's own is made: that is cheaper than to make it anew. */
let language: ReturnType<typeof newLanguage> | undefined;

/**
 * Compiles an expression.
 *
 * @param text In CEL: `voltage * current`, `oven.temperature > 300 && valve == "Open"`.
 * @param environment Where its names are looked up.
 * @throws {ExpressionError} For a name that is not there, and for what does not go together.
 */
export function compile<O extends Operand>(text: string, environment: ExpressionEnvironment<O>): Expression<O> {
  language ??= newLanguage();
  const own = language.clone();
  const attempt = <T>(work: () => T, part: (start: number, end: number) => string): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof ExpressionError) throw error;
      throw explained(error, part, functionNames);
    }
  };
  const written = (start: number, end: number) => text.slice(start, end);
  const found = attempt(() => findReferences(own.parse(text).ast), written);
  const variables = new Map<O, string>();
  const operands = new Map<number, O>();
  for (const part of found.parts) {
    if (part.kind !== "field") continue;
    const operand = environment.find(part);
    operands.set(part.start, operand);
    if (variables.has(operand)) continue;
    const name = `field_${variables.size}`;
    variables.set(operand, name);
    own.registerVariable(name, celTypes[operand.type]);
  }
  checkChoices(found, operands);
  const rewritten = rewrite(text, found, (start) => variables.get(operands.get(start)!)!);
  const program = attempt(() => own.parse(rewritten.text), rewritten.written);
  const { valid, type: celType = "", error } = program.check();
  if (!valid) throw explained(error, rewritten.written, functionNames);
  const type = Object.hasOwn(expressionTypes, celType) ? expressionTypes[celType]! : undefined;
  if (type === undefined) {
    throw new ExpressionError(`its value is ${typeWord(celType)}, and should be a number, text, or true or false`);
  }
  const dependencies = [...variables.keys()];
  return {
    type,
    dependencies,
    evaluate() {
      // All of them are looked at, also those that a short circuit would leave out.
      const doubtful = dependencies.find(({ held }) => held.quality === "error") ??
        dependencies.find(({ held }) => held.quality !== "good" || held.value === undefined);
      if (doubtful !== undefined) {
        const { quality, reason } = doubtful.held;
        return { quality: quality === "error" ? "error" : "stale", reason: `${doubtful.label}: ${reason}` };
      }
      const context: Record<string, unknown> = {};
      for (const [operand, name] of variables) context[name] = operand.held.value;
      try {
        const value: unknown = program(context);
        return { quality: "good", value: (typeof value === "bigint" ? Number(value) : value) as WireValue };
      } catch (error) {
        return { quality: "error", reason: explained(error, rewritten.written, functionNames).message };
      }
    },
  };
}

/** A choice that is compared with what it never is, is a mistake that nobody would notice. */
function checkChoices<O extends Operand>({ comparisons }: Found, operands: ReadonlyMap<number, O>): void {
  for (const { field, text } of comparisons) {
    const { choices, label } = operands.get(field.start) ?? {};
    if (choices === undefined || choices.includes(text)) continue;
    throw new ExpressionError(
      `${label} is never "${text}"${didYouMean(text, choices)}; it is one of ${listed(choices)}`,
    );
  }
}

/** An expression as CEL gets it: each field is a variable, and each whole number a float. */
function rewrite(text: string, { parts }: Found, variable: (start: number) => string) {
  const pieces: string[] = [];
  const shifts: { readonly from: number; readonly to: number; readonly start: number; readonly end: number }[] = [];
  let [done, length] = [0, 0];
  for (const part of parts) {
    const { start, end } = part;
    const piece = part.kind === "field" ? variable(start) : floatText(part.value);
    pieces.push(text.slice(done, start), piece);
    length += start - done + piece.length;
    shifts.push({ from: length - piece.length, to: length, start, end });
    done = end;
  }
  pieces.push(text.slice(done));
  /** The place in the text as it was written. */
  const place = (at: number, isEnd: boolean): number => {
    if (at === Infinity) return text.length;
    let moved = 0;
    for (const { from, to, start, end } of shifts) {
      if (at >= to) moved = end - to;
      else if (at > from) return isEnd ? end : start;
      else break;
    }
    return at + moved;
  };
  return {
    text: pieces.join(""),
    written: (start: number, end: number) => text.slice(place(start, false), place(end, true)),
  };
}

function floatText(value: bigint): string {
  const number = String(Number(value));
  return number.includes("e") ? number : `${number}.0`;
}
