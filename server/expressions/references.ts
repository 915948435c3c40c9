/**
 * Finds what an expression speaks of: fields, and whole numbers that are to be floats.
 *
 * @module
 */

import type { ASTNode } from "npm:@marcbachmann/cel-js@8.0.0";
import { ExpressionError } from "./expression_error.ts";
import { type FunctionOfField, isFunctionOfField, ofFields, secondsIn } from "./over_time.ts";

/** A part of an expression's text. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** A field, as an expression calls it. */
export interface Reference extends Part {
  readonly kind: "field";
  /** The instrument; `undefined` where the field stands alone. */
  readonly instrument: string | undefined;
  readonly field: string;
  /** Whether these are identifiers; in `field("…", "…")` they may be titles. */
  readonly identifiers: boolean;
}

/** A whole number that counts as a float. */
export interface WholeNumber extends Part {
  readonly kind: "number";
  readonly value: bigint;
}

/** A function of a field itself rather than of its value: `mean(oven.temperature, "5m")`, `age(oven.temperature)`. */
export interface OfField extends Part {
  readonly kind: "of field";
  readonly name: FunctionOfField;
  readonly field: Reference;
  /** Over what time; 0 for those that have none. */
  readonly seconds: number;
}

/** Whether a condition has been so for some time: `held(flow < 2, "10s")`. */
export interface Held extends Part {
  readonly kind: "held";
  readonly condition: Part;
  readonly seconds: number;
}

/** A text that a field is compared with. */
export interface Comparison {
  readonly field: Part;
  readonly text: string;
}

/** What an expression speaks of. */
export interface Found {
  /** In the order of the text. */
  readonly parts: readonly (Reference | WholeNumber | OfField | Held)[];
  readonly comparisons: readonly Comparison[];
  /** What is compared by its value: where one of these is no number, no comparison of it says anything. */
  readonly compared: readonly Part[];
}

/** Methods whose first argument is a name for the rest: `list.exists(x, x > 3)`. */
const binding: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);

/**
 * Walks through an expression.
 *
 * @param ast The expression as CEL has parsed it.
 * @throws {ExpressionError} Where it names a field in a way that is none.
 */
export function findReferences(ast: ASTNode): Found {
  const walk = new Walk();
  walk.visit(ast, new Set());
  const { comparisons, compared } = walk;
  return { parts: walk.parts.sort((one, other) => one.start - other.start), comparisons, compared };
}

type Bound = ReadonlySet<string>;

class Walk {
  readonly parts: (Reference | WholeNumber | OfField | Held)[] = [];
  readonly comparisons: Comparison[] = [];
  readonly compared: Part[] = [];

  visit(node: ASTNode, bound: Bound): void {
    switch (node.op) {
      case "value":
        if (typeof node.args === "bigint") this.parts.push({ kind: "number", value: node.args, ...partOf(node) });
        return;
      case "id":
        if (!bound.has(node.args)) this.#field(node, undefined, node.args);
        return;
      case ".": {
        const [left, name] = node.args;
        if (left.op === "id" && !bound.has(left.args)) return this.#field(node, left.args, name);
        return this.visit(left, bound);
      }
      case "[]": {
        const [left, index] = node.args;
        this.visit(left, bound);
        // A place in a list is a whole number.
        return this.#unlessWhole(index, bound);
      }
      case "call":
        return this.call(node, node.args, bound);
      case "rcall":
        return this.#method(node.args, bound);
      case "map":
        for (const [key, value] of node.args) {
          this.#unlessWhole(key, bound);
          this.visit(value, bound);
        }
        return;
      case "==":
      case "!=":
        this.#compare(node.args);
        this.#take(node.args);
        break;
      case "<":
      case "<=":
      case ">":
      case ">=":
        this.#take(node.args);
        break;
      case "in":
        this.#compare(node.args);
        break;
    }
    for (const inner of Array.isArray(node.args) ? node.args : [node.args]) {
      if (typeof inner === "object" && inner !== null && "op" in inner) this.visit(inner as ASTNode, bound);
    }
  }

  /** What is compared may be no number, unless it stands there as what it is. */
  #take(operands: readonly ASTNode[]): void {
    for (const each of operands) {
      if (!["value", "list", "map"].includes(each.op)) this.compared.push(partOf(each));
    }
  }

  call(node: ASTNode, [name, given]: readonly [string, ASTNode[]], bound: Bound): void {
    if (isFunctionOfField(name)) {
      const [field, time] = given;
      const takesTime = ofFields[name].takesTime;
      if (field === undefined || given.length !== (takesTime ? 2 : 1)) {
        throw new ExpressionError(`${name} takes a field${takesTime ? ` and a time: ${name}(FIELD, "5m")` : ""}`);
      }
      const seconds = takesTime ? secondsIn(name, time!) : 0;
      return void this.parts.push({
        kind: "of field",
        name,
        field: this.#ofField(name, field, bound),
        seconds,
        ...partOf(node),
      });
    }
    if (name === "held") {
      const [condition, time] = given;
      if (condition === undefined || time === undefined || given.length > 2) {
        throw new ExpressionError('held takes a condition and a time: held(FIELD < 2, "10s")');
      }
      if (bound.size > 0) throw new ExpressionError("held cannot stand within a list's condition");
      this.parts.push({ kind: "held", condition: partOf(condition), seconds: secondsIn(name, time), ...partOf(node) });
      return;
    }
    if (name !== "field") {
      for (const each of given) this.visit(each, bound);
      return;
    }
    const texts = given.map((each) => each.op === "value" && typeof each.args === "string" ? each.args : undefined);
    const [instrument, field] = texts;
    if (texts.length !== 2 || instrument === undefined || field === undefined) {
      throw new ExpressionError('field takes two texts: field("Argon MFC", "Actual Flow")');
    }
    this.parts.push({ kind: "field", instrument, field, identifiers: false, ...partOf(node) });
  }

  /** The field that a function is of. */
  #ofField(name: string, node: ASTNode, bound: Bound): Reference {
    const inner = new Walk();
    inner.visit(node, bound);
    const [only, ...others] = inner.parts;
    if (only?.kind !== "field" || others.length > 0 || !["id", ".", "call"].includes(node.op)) {
      throw new ExpressionError(`${name} takes a field, such as ${name}(oven.temperature), and no other expression`);
    }
    return only;
  }

  #method([name, receiver, given]: readonly [string, ASTNode, ASTNode[]], bound: Bound): void {
    // JavaScript's regular expressions may take for ever, and all of the server waits.
    if (name === "matches") {
      throw new ExpressionError("matches is not known here: there is contains, startsWith and endsWith");
    }
    const [first, ...others] = given;
    if (receiver.op === "id" && receiver.args === "cel" && name === "bind" && first?.op === "id") {
      const [value, expression] = others;
      if (value !== undefined) this.visit(value, bound);
      if (expression !== undefined) this.visit(expression, new Set([...bound, first.args]));
      return;
    }
    this.visit(receiver, bound);
    if (binding.has(name) && first?.op === "id") {
      for (const each of others) this.visit(each, new Set([...bound, first.args]));
    } else for (const each of given) this.#unlessWhole(each, bound);
  }

  /** Methods and lists count by whole numbers: `name.substring(0, 3)`. */
  #unlessWhole(node: ASTNode, bound: Bound): void {
    if (node.op !== "value") this.visit(node, bound);
  }

  #compare([left, right]: readonly [ASTNode, ASTNode]): void {
    for (const [one, other] of [[left, right], [right, left]] as const) {
      if (one.op !== "id" && one.op !== "." && one.op !== "call") continue;
      for (const each of other.op === "list" ? other.args : [other]) {
        if (each.op !== "value" || typeof each.args !== "string") continue;
        this.comparisons.push({ field: partOf(one), text: each.args });
      }
    }
  }

  #field(node: ASTNode, instrument: string | undefined, field: string): void {
    this.parts.push({ kind: "field", instrument, field, identifiers: true, ...partOf(node) });
  }
}

function partOf({ start, end }: ASTNode): Part {
  return { start, end };
}
