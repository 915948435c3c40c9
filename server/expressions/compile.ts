/**
 * Compiles an expression over fields: its type is known before anything is read, and so are the fields it depends on.
 *
 * @module
 */

import type { Quality, ValueType } from "../../protocol/vocabulary.ts";
import type { WireValue } from "../../protocol/description.ts";
import { didYouMean, listed } from "../bench/names.ts";
import { balanced } from "./balanced.ts";
import { explained, ExpressionError, typeWord } from "./expression_error.ts";
import { functionNames, newLanguage, noNumber } from "./functions.ts";
import type { Outcome } from "./outcome.ts";
import { ofFields, type OverTime } from "./over_time.ts";
import { findReferences, type Found, type Part, type Reference } from "./references.ts";
import { checkUnits } from "./units.ts";

/** A field, as expressions see it. */
export interface Operand {
  /** How errors call it: `Voltage of Lamp Supply`. */
  readonly label: string;
  /** What it holds; `unknown` where that is another PC's, and is not known yet: then it is not good either. */
  readonly type: ValueType | "unknown";
  /** What it can be, where it is a choice. */
  readonly choices?: readonly string[];
  /** Its unit, where it has one. */
  readonly unit?: string;
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
  /**
   * What an expression on which safety depends finds: functions of time. Its units are checked too, and a comparison of
   * what is no number is an error. @default it is no such expression
   */
  readonly over?: OverTime<O>;
}

/** An expression that can be evaluated. */
export interface Expression<O extends Operand> {
  /** What its value is; `unknown` where that is known only when it is there. */
  readonly type: ExpressionType;
  /** The fields that it speaks of, each once. */
  readonly dependencies: readonly O[];
  /** Those of them that must be good. */
  readonly needed: readonly O[];
  /** Its value now. A field that is not good makes it not good, wherever in the expression it stands. */
  evaluate(): Outcome;
}

/** The types of expressions. */
export type ExpressionType = "number" | "text" | "switch" | "unknown";

/** What values of fields are in CEL. */
const celTypes: Readonly<Record<Operand["type"], string>> = {
  float: "double",
  int: "double",
  text: "string",
  choice: "string",
  switch: "bool",
  unknown: "dyn",
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
export const typesOfFields: Readonly<Record<Operand["type"], ExpressionType>> = {
  float: "number",
  int: "number",
  text: "text",
  choice: "text",
  switch: "switch",
  unknown: "unknown",
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
  const { over } = environment;
  const functions = over === undefined ? functionNames : [...functionNames, ...Object.keys(ofFields), "held"];
  const attempt = <T>(work: () => T, part: (start: number, end: number) => string): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof ExpressionError) throw error;
      throw explained(error, part, functions);
    }
  };
  const written = (start: number, end: number) => text.slice(start, end);
  const { ast } = attempt(() => own.parse(text), written);
  const found = attempt(() => findReferences(ast), written);
  const dependencies = new Set<O>();
  const needed = new Set<O>();
  const operands = new Map<number, O>();
  /** What gives each variable its value, by its name. */
  const variables = new Map<string, () => Outcome>();
  const names = new Map<string, string>();
  const variable = (key: string, type: string, value: () => Outcome): string => {
    let name = names.get(key);
    if (name === undefined) {
      names.set(key, name = `value_${names.size}`);
      variables.set(name, value);
      own.registerVariable(name, type);
    }
    return name;
  };
  const order = new Map<O, number>();
  const keyOf = (operand: O) => {
    if (!order.has(operand)) order.set(operand, order.size);
    return String(order.get(operand));
  };
  const pieces = new Map<number, string>();
  /** What counts for how long a condition has been so. */
  const timed: (() => Outcome)[] = [];
  for (const part of found.parts) {
    if (part.kind === "number") {
      pieces.set(part.start, floatText(part.value));
      continue;
    }
    if (part.kind === "field") {
      const operand = environment.find(part);
      operands.set(part.start, operand);
      dependencies.add(operand);
      needed.add(operand);
      const value = () => ({ quality: "good", value: operand.held.value! }) as const;
      pieces.set(part.start, variable(keyOf(operand), celTypes[operand.type], value));
      continue;
    }
    const name = part.kind === "held" ? "held" : part.name;
    if (over === undefined) {
      throw new ExpressionError(
        `${name} is for the conditions of guards: what is computed is computed from what is so now`,
      );
    }
    if (part.kind === "held") {
      const condition = written(part.condition.start, part.condition.end);
      const inner = compile(condition, environment);
      if (!maySwitch(inner)) throw new ExpressionError(`held takes a condition, and ${condition} is none`);
      for (const operand of inner.dependencies) dependencies.add(operand);
      for (const operand of inner.needed) needed.add(operand);
      const held = over.held(condition, inner, part.seconds);
      timed.push(held);
      pieces.set(part.start, variable(`held ${part.seconds} ${condition}`, "bool", held));
      continue;
    }
    const operand = environment.find(part.field);
    operands.set(part.field.start, operand);
    dependencies.add(operand);
    const { needsGood, takesTime, returns } = ofFields[part.name];
    if (needsGood) needed.add(operand);
    if (takesTime && !["number", "unknown"].includes(typesOfFields[operand.type])) {
      throw new ExpressionError(`${name} takes a number, and ${operand.label} is of the type ${operand.type}`);
    }
    const value = over.of(part.name, operand, part.seconds);
    const outcome = () => ({ quality: "good", value: value() }) as const;
    pieces.set(part.start, variable(`${name} ${part.seconds} ${keyOf(operand)}`, returns, outcome));
  }
  checkChoices(found, operands);
  const compared = over === undefined ? [] : found.compared.map((part) => balanced(text, part));
  if (over !== undefined) {
    checkUnits(ast, (start) => operands.get(start)?.unit, (node) => {
      const { start, end } = balanced(text, node);
      return written(start, end);
    });
  }
  const rewritten = rewrite(text, found, compared, (start) => pieces.get(start)!);
  const program = attempt(() => own.parse(rewritten.text), rewritten.written);
  const { valid, type: celType = "", error } = program.check();
  if (!valid) throw explained(error, rewritten.written, functions);
  const type = Object.hasOwn(expressionTypes, celType) ? expressionTypes[celType]! : undefined;
  if (type === undefined) {
    throw new ExpressionError(`its value is ${typeWord(celType)}, and should be a number, text, or true or false`);
  }
  const must = [...needed];
  return {
    type,
    dependencies: [...dependencies],
    needed: must,
    evaluate() {
      // All of them are looked at, also those that a short circuit would leave out.
      const doubtful = must.find(({ held }) => held.quality === "error") ??
        must.find(({ held }) => held.quality !== "good" || held.value === undefined);
      if (doubtful !== undefined) {
        // What is not known now has not been so all the time.
        for (const each of timed) each();
        const { quality, reason } = doubtful.held;
        return { quality: quality === "error" ? "error" : "stale", reason: `${doubtful.label}: ${reason}` };
      }
      const context: Record<string, unknown> = {};
      for (const [name, valueOf] of variables) {
        const outcome = valueOf();
        if (outcome.quality !== "good") return outcome;
        context[name] = outcome.value;
      }
      try {
        noNumber.found = undefined;
        const value: unknown = program(context);
        // An error that CEL's || or && has swallowed is one all the same.
        if (noNumber.found !== undefined) throw noNumber.found;
        return { quality: "good", value: (typeof value === "bigint" ? Number(value) : value) as WireValue };
      } catch (error) {
        return { quality: "error", reason: explained(error, rewritten.written, functions).message };
      }
    },
  };
}

/** Whether an expression is true or false, or may be: that is seen once what it speaks of is known. */
export function maySwitch({ type, dependencies }: Expression<Operand>): boolean {
  return type === "switch" || type === "unknown" && dependencies.some((each) => each.type === "unknown");
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

/**
 * An expression as CEL gets it: each field is a variable, each whole number a float, and what is compared by its value is
 * looked at whether it is a number.
 */
function rewrite(text: string, { parts }: Found, compared: readonly Part[], piece: (start: number) => string) {
  const pieces: string[] = [];
  const shifts: { readonly from: number; readonly to: number; readonly start: number; readonly end: number }[] = [];
  let [done, length] = [0, 0];
  const changes = [
    ...compared.flatMap(({ start, end }) => [
      { start, end: start, text: "known(", rank: 1 },
      { start: end, end, text: ")", rank: 0 },
    ]),
    ...parts.map(({ start, end }) => ({ start, end, text: piece(start), rank: 2 })),
  ].sort((one, other) => one.start - other.start || one.rank - other.rank);
  for (const { start, end, text: changed } of changes) {
    pieces.push(text.slice(done, start), changed);
    length += start - done + changed.length;
    shifts.push({ from: length - changed.length, to: length, start, end });
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
