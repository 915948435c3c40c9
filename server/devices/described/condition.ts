/**
 * Conditions on the fields of the same instrument: `{ "Output": "On" }`.
 *
 * @module
 */

import type { BenchField } from "../../bench/field.ts";
import { didYouMean, identifierOf, listed } from "../../bench/names.ts";
import { formatValue, type Value } from "../../bench/values.ts";
import { inPart } from "./description_error.ts";
import type { DescribedCondition, DescribedField } from "./schema.ts";
import { ValueCodec } from "./value_codec.ts";

/** What one field has to be. */
interface Part {
  readonly title: string;
  readonly values: readonly Value[];
}

/** Which values other fields of an instrument must have. */
export class Condition {
  readonly #parts: readonly Part[];
  readonly #field: (title: string) => BenchField;

  /**
   * Takes a condition.
   *
   * @param described Values by the titles of fields; of several values, one.
   * @param fields The fields that there are.
   * @param own The field that has the condition.
   * @param field Gives one of the instrument's fields.
   * @throws {DescriptionError} Where there is no such field, or it cannot have such a value.
   */
  constructor(
    described: DescribedCondition,
    fields: Readonly<Record<string, DescribedField>>,
    own: string,
    field: (title: string) => BenchField,
  ) {
    const others = Object.keys(fields).filter((title) => title !== own);
    this.#field = field;
    this.#parts = Object.entries(described).map(([name, wanted]) =>
      inPart(name, () => {
        const title = others.find((each) => each === name || identifierOf(each) === identifierOf(name));
        if (title === undefined) {
          throw new TypeError(
            `is no other field of it${didYouMean(name, others)}; there is ${listed(others) || "none"}`,
          );
        }
        const codec = new ValueCodec(fields[title]!);
        return { title, values: [wanted].flat().map((value) => codec.own(value)) };
      })
    );
  }

  /** Why it does not hold; empty where it does. */
  whyNot(): string {
    for (const { title, values } of this.#parts) {
      const field = this.#field(title);
      const { value, quality } = field.inEffect;
      if (value === undefined || quality !== "good") return `while it is not known what ${title} is`;
      if (!values.includes(value as Value)) return `while ${title} is ${formatValue(field.spec, value as Value)}`;
    }
    return "";
  }

  /** Whether it holds. */
  readonly holds = (): boolean => this.whyNot() === "";
}
