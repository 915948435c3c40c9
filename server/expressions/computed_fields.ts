/**
 * Computes the fields that are computed from others, whenever one of those changes.
 *
 * @module
 */

import type { Bench } from "../bench/bench.ts";
import { DeclarationError } from "../bench/declaration.ts";
import type { BenchField } from "../bench/field.ts";
import type { Instrument } from "../bench/instrument.ts";
import { BenchEnvironment, type FieldOperand, UnknownName } from "./bench_environment.ts";
import { compile, type Expression, typesOfFields } from "./compile.ts";
import { ExpressionError } from "./expression_error.ts";

/** A field that is computed. */
export interface ComputedField {
  readonly instrument: Instrument;
  readonly field: BenchField;
  readonly expression: Expression<FieldOperand>;
}

/** Something that is wrong with the expression of a field. */
export interface ComputedProblem {
  readonly instrument: Instrument;
  readonly field: BenchField;
  readonly message: string;
  /** The name that is not there, where that is what is wrong. */
  readonly unknown?: UnknownName;
}

/** The computed fields of a bench, and what is wrong with them. */
export interface CompiledFields {
  /** Each after those on which it depends. */
  readonly fields: readonly ComputedField[];
  readonly problems: readonly ComputedProblem[];
}

/**
 * Compiles the expressions of all computed fields.
 *
 * @param instruments All of a bench.
 */
export function compileFields(instruments: readonly Instrument[]): CompiledFields {
  const environment = new BenchEnvironment(instruments);
  const problems: ComputedProblem[] = [];
  const compiled = new Map<BenchField, ComputedField>();
  for (const instrument of instruments) {
    for (const field of instrument.allFields) {
      const { compute, type } = field.spec;
      if (compute === undefined) continue;
      try {
        const expression = compile(compute, environment.of(instrument));
        if (expression.type !== "unknown" && expression.type !== typesOfFields[type]) {
          throw new ExpressionError(
            `its value is ${words[expression.type]}, and ${field.title} is of the type ${type}` +
              (typeFor[expression.type] === undefined ? "" : `: "type": "${typeFor[expression.type]}" would be right`),
          );
        }
        compiled.set(field, { instrument, field, expression });
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        const { message } = error;
        problems.push({ instrument, field, message, ...(error instanceof UnknownName ? { unknown: error } : {}) });
      }
    }
  }
  return { fields: inOrder(compiled, problems), problems };
}

const words = { number: "a number", text: "text", switch: "true or false", unknown: "" } as const;
const typeFor = { number: "float", text: "text", switch: "switch", unknown: undefined } as const;

/** Puts each field after those on which it depends; what depends on itself is a problem. */
function inOrder(compiled: ReadonlyMap<BenchField, ComputedField>, problems: ComputedProblem[]): ComputedField[] {
  const ordered: ComputedField[] = [];
  const done = new Set<BenchField>();
  const visit = (computed: ComputedField, way: readonly ComputedField[]) => {
    const { instrument, field, expression } = computed;
    const from = way.indexOf(computed);
    if (from >= 0) {
      const round = [...way.slice(from), computed].map(({ instrument, field }) => `${instrument.name}.${field.name}`);
      return void problems.push({ instrument, field, message: `is computed from itself: ${round.join(" ← ")}` });
    }
    if (done.has(field)) return;
    for (const { field: other } of expression.dependencies) {
      const inner = compiled.get(other);
      if (inner !== undefined) visit(inner, [...way, computed]);
    }
    if (done.has(field)) return;
    done.add(field);
    ordered.push(computed);
  };
  for (const computed of compiled.values()) visit(computed, []);
  return ordered;
}

/** Keeps the computed fields of a bench up to date. */
export class ComputedFields {
  /** What depends on a field, also by way of others, each after what it depends on itself. */
  #dependents = new Map<BenchField, ComputedField[]>();

  /**
   * Computes them once, and from then on whenever something changes, also which instruments there are.
   *
   * @param bench All of its instruments are on it.
   * @throws {DeclarationError} For an expression that cannot be.
   */
  constructor(bench: Bench) {
    const { problems: [problem] } = this.#compile(bench);
    if (problem !== undefined) {
      const { instrument, field, message } = problem;
      throw new DeclarationError(`Cannot declare ${field.title} of ${instrument.title}: compute: ${message}`);
    }
    bench.hub.subscribe("change", ({ field }) => this.#changed(field), { name: "the computed fields" });
    bench.hub.subscribe("bench", () => {
      for (const { field, message } of this.#compile(bench).problems) field.fail(message);
    }, { name: "the computed fields" });
  }

  #compile(bench: Bench): ReturnType<typeof compileFields> {
    const compiled = compileFields(bench.instruments);
    const all = new Set(compiled.fields.map(({ field }) => field));
    const sources = new Map<BenchField, Set<BenchField>>();
    this.#dependents = new Map();
    for (const computed of compiled.fields) {
      const above = new Set(
        computed.expression.dependencies.flatMap(({ field }) => [field, ...sources.get(field) ?? []]),
      );
      sources.set(computed.field, above);
      for (const source of above) {
        if (all.has(source)) continue;
        const dependents = this.#dependents.get(source);
        if (dependents === undefined) this.#dependents.set(source, [computed]);
        else dependents.push(computed);
      }
      compute(computed);
    }
    return compiled;
  }

  /** One pass in their order: a field that depends on another one twice is computed once, from what is so now. */
  #changed(field: BenchField): void {
    for (const computed of this.#dependents.get(field) ?? []) compute(computed);
  }
}

/** Computes a field from what is so now. */
export function compute({ field, expression }: ComputedField): void {
  const outcome = expression.evaluate();
  if (outcome.quality !== "good") return field.mirror(field.value, outcome.quality, outcome.reason, false);
  field.takeComputed(wholeWhere(field, outcome.value), () => oldest(expression.dependencies));
}

/** What is a whole number but for the last digits is one, where one is wanted. */
function wholeWhere({ spec: { type } }: BenchField, value: string | number | boolean): string | number | boolean {
  if (type !== "int" || typeof value !== "number") return value;
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-9 * Math.max(1, Math.abs(value)) ? whole : value;
}

/** The time of the oldest reading among these. What was set holds until it is set again, and has no age. */
function oldest(operands: readonly FieldOperand[]): number {
  let [read, set] = [Infinity, 0];
  for (const { field, held: { time } } of operands) {
    const { access, spec } = field;
    if (access === "readout" || spec.read !== undefined || spec.listens) read = Math.min(read, time);
    else set = Math.max(set, time);
  }
  return read === Infinity ? set || Date.now() : read;
}
