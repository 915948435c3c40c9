/**
 * A condition of guards and runs: whether it holds, and its parts for people, each with its value and how far it is from the
 * other side.
 *
 * @module
 */

import type { ConditionPart } from "../../protocol/guards.ts";
import type { BenchField } from "../bench/field.ts";
import { formatValue } from "../bench/values.ts";
import type { FieldOperand } from "./bench_environment.ts";
import { compile, type Expression, type ExpressionEnvironment, maySwitch } from "./compile.ts";
import { ExpressionError } from "./expression_error.ts";
import { comparisonsIn } from "./comparisons.ts";

/** The value of a condition now, or why it is not known. */
export type Held = { readonly known: true; readonly so: boolean } | { readonly known: false; readonly reason: string };

interface Part {
  readonly text: string;
  readonly whole: Expression<FieldOperand>;
  readonly sides: readonly Expression<FieldOperand>[];
}

/** A condition on the fields of a bench. */
export class Condition {
  /** As it is written. */
  readonly text: string;
  readonly #expression: Expression<FieldOperand>;
  readonly #parts: readonly Part[];

  /**
   * Compiles it.
   *
   * @throws {ExpressionError} With what is wrong with it.
   */
  constructor(text: string, environment: ExpressionEnvironment<FieldOperand>) {
    this.text = text;
    this.#expression = compile(text, environment);
    if (!maySwitch(this.#expression)) {
      throw new ExpressionError(`its value is ${words[this.#expression.type]}, and should be true or false`);
    }
    this.#parts = comparisonsIn(text).map(({ text, left, right }) => ({
      text,
      whole: compile(text, environment),
      sides: left === undefined || right === undefined ? [] : [left, right].map((side) => compile(side, environment)),
    }));
  }

  /** The fields of which it speaks. */
  get fields(): readonly BenchField[] {
    return this.#expression.dependencies.map(({ field }) => field);
  }

  /** The same, with their instruments. */
  get operands(): readonly FieldOperand[] {
    return this.#expression.dependencies;
  }

  /** How its parts are now, one after the other; `null` is not known. */
  partStates(): (boolean | null)[] {
    return this.#parts.map(({ whole }) => {
      const outcome = whole.evaluate();
      return outcome.quality === "good" ? outcome.value === true : null;
    });
  }

  /** The fields for which it is not known now. */
  get doubtful(): readonly FieldOperand[] {
    return this.#expression.needed.filter(({ held }) => held.quality !== "good" || held.value === undefined);
  }

  /** Whether it is so now. */
  look(): Held {
    const outcome = this.#expression.evaluate();
    if (outcome.quality !== "good") return { known: false, reason: outcome.reason };
    return { known: true, so: outcome.value === true };
  }

  /** Its parts now. */
  parts(): ConditionPart[] {
    return this.#parts.map(({ text, whole, sides }) => {
      const outcome = whole.evaluate();
      if (outcome.quality !== "good") return { text, so: null, value: outcome.reason };
      const so = outcome.value === true;
      const values = sides.map((side) => side.evaluate());
      const [left, right] = values.map((each) => each.quality === "good" ? each.value : undefined);
      if (left === undefined || right === undefined) return { text, so, value: fieldsText(whole) };
      const shown = sides[0]!.dependencies.length === 1 && text.startsWith(sides[0]!.dependencies[0]!.instrument.name)
        ? valueText(sides[0]!.dependencies[0]!, left)
        : String(rounded(left));
      const value = sides[1]!.dependencies.length === 0 ? shown : `${shown}, and ${rounded(right)}`;
      return typeof left === "number" && typeof right === "number"
        ? { text, so, value, distance: rounded(Math.abs(left - right)) as number }
        : { text, so, value };
    });
  }

  /** What its fields hold now, for the journal: `Flow of Cooling is 1.2 L/min`. */
  values(): string {
    return fieldsText(this.#expression);
  }
}

const words = { number: "a number", text: "text", switch: "true or false", unknown: "not known before" } as const;

function rounded(value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

function valueText({ field: { spec } }: FieldOperand, value: unknown): string {
  const text = formatValue(spec, value as never, undefined);
  return spec.unit === undefined ? text : `${text} ${spec.unit}`;
}

function fieldsText({ dependencies }: Expression<FieldOperand>): string {
  return dependencies.map((operand) => {
    const { value, quality, reason } = operand.held;
    if (quality !== "good" || value === undefined) return `${operand.label} is not known: ${reason}`;
    return `${operand.label} is ${valueText(operand, value)}`;
  }).join(", ");
}
