/**
 * Looks up the names of expressions among the instruments of a bench.
 *
 * @module
 */

import type { BenchField } from "../bench/field.ts";
import type { Elsewhere } from "../bench/elsewhere.ts";
import type { Instrument } from "../bench/instrument.ts";
import { didYouMean, identifierOf, listed } from "../bench/names.ts";
import type { ExpressionEnvironment, Operand } from "./compile.ts";
import { ExpressionError } from "./expression_error.ts";
import type { OverTime } from "./over_time.ts";
import type { Reference } from "./references.ts";

/** A field of a bench, as expressions see it. */
export class FieldOperand implements Operand {
  readonly label: string;
  readonly type: Operand["type"];
  readonly choices?: readonly string[];
  readonly unit?: string;

  /** Makes it. @param instrument Whose. @param field Which. @param known Whether it is known what it is. */
  constructor(readonly instrument: Instrument, readonly field: BenchField, known: boolean) {
    this.label = `${field.title} of ${instrument.title}`;
    this.type = known ? field.spec.type : "unknown";
    if (!known) return;
    if (field.spec.type === "choice" && field.spec.choices !== undefined) this.choices = field.spec.choices;
    if (field.spec.unit !== undefined) this.unit = field.spec.unit;
  }

  /** What is in effect: of a setting that waits for confirm, what it was before. */
  get held(): BenchField["inEffect"] {
    return this.field.inEffect;
  }
}

/** The fields of a bench, for the expressions of all of its instruments. */
export class BenchEnvironment {
  readonly #instruments: readonly Instrument[];
  readonly #byName: ReadonlyMap<string, Instrument>;
  readonly #elsewhere: Pick<Elsewhere, "expect" | "whyNot"> | undefined;
  readonly #operands = new Map<BenchField, FieldOperand>();

  /** Makes it. @param instruments All of the bench. @param elsewhere Those of other PCs. @default there are none */
  constructor(instruments: readonly Instrument[], elsewhere?: Pick<Elsewhere, "expect" | "whyNot">) {
    this.#instruments = instruments;
    this.#elsewhere = elsewhere;
    this.#byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  }

  /**
   * The environment of an expression.
   *
   * @param own The instrument whose fields stand there without its name. @default none
   * @param over What is about time. @default nothing is
   */
  of(own?: Instrument, over?: OverTime<FieldOperand>): ExpressionEnvironment<FieldOperand> {
    return { find: (reference) => this.operand(...this.#find(reference, own)), ...(over && { over }) };
  }

  /** A field as expressions see it. @param known Whether it is known what it is. */
  operand(instrument: Instrument, field: BenchField, known = true): FieldOperand {
    let operand = this.#operands.get(field);
    if (operand === undefined) this.#operands.set(field, operand = new FieldOperand(instrument, field, known));
    return operand;
  }

  #find({ instrument, field, identifiers }: Reference, own: Instrument | undefined): [Instrument, BenchField, boolean] {
    const identifier = (text: string) => identifiers ? text : identifierOf(text);
    if (instrument === undefined) {
      if (own === undefined) throw new ExpressionError(`${field} stands alone: write INSTRUMENT.FIELD`);
      const there = this.#byName.get(field);
      if (there !== undefined && !own.allFields.some(({ name }) => name === field)) {
        const example = there.allFields[0]?.name ?? "FIELD";
        throw new ExpressionError(`${field} is an instrument: write one of its fields, such as ${field}.${example}`);
      }
    }
    const here = instrument === undefined ? own! : this.#byName.get(identifier(instrument)) ??
      this.#instruments.find(({ title }) => title === instrument);
    // A slash divides in what stands without quotes; a title of this bench that has one goes first.
    const expected = here === undefined && !identifiers ? this.#elsewhere?.expect(instrument!, field) : undefined;
    if (expected?.known === false) return [expected.instrument, expected.instrument.allFields[0]!, false];
    const of = here ?? expected?.instrument;
    if (of === undefined) {
      const why = identifiers ? undefined : this.#elsewhere?.whyNot(instrument!);
      if (why !== undefined) throw new UnknownName(why.message, instrument!);
      const names = identifiers ? [...this.#byName.keys()] : this.#instruments.map(({ title }) => title);
      throw new UnknownName(
        `there is no instrument ${instrument}${didYouMean(instrument!, names)}; there is ${listed(names)}`,
        instrument!,
      );
    }
    const found = of.allFields.find(({ name, title }) =>
      name === identifier(field) || (!identifiers && title === field)
    );
    if (found !== undefined) return [of, found, true];
    const names = of.allFields.map(({ name, title }) => identifiers ? name : title);
    throw new UnknownName(
      `${of.title} has no field ${field}${didYouMean(field, names)}; it has ${listed(names)}`,
      of.name,
      field,
    );
  }
}

/** A name that is not there. */
export class UnknownName extends ExpressionError {
  /**
   * Makes it.
   *
   * @param message What is not there, and what was probably meant.
   * @param instrument The instrument's name, or what was taken for one.
   * @param field What was taken for one of its fields; `undefined` where the instrument is not there.
   */
  constructor(message: string, readonly instrument: string, readonly field?: string) {
    super(message);
    this.name = "UnknownName";
  }
}
