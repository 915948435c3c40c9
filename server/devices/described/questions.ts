/**
 * The questions of an instrument whose answers hold several fields.
 *
 * @module
 */

import { didYouMean, listed } from "../../bench/names.ts";
import { inPart } from "./description_error.ts";
import type { DescribedField, DescribedQuestion } from "./schema.ts";
import { checkGroup } from "./value_place.ts";
import type { FilledSteps, Reading, Wording } from "./wording.ts";

/** How a field takes its value of a question's answer. */
export type OfQuestion = Extract<DescribedField["read"], { readonly question: string }>;

/** The questions of one instrument by their names. */
export class Questions {
  readonly #wording: Wording;
  readonly #readings = new Map<string, Reading>();

  /**
   * Takes them.
   *
   * @param questions As described.
   * @param wording Reads them.
   * @throws {DescriptionError} Where one is wrong.
   */
  constructor(
    questions: Readonly<Record<string, DescribedQuestion>> | undefined,
    wording: Wording,
  ) {
    this.#wording = wording;
    for (const [name, question] of Object.entries(questions ?? {})) {
      this.#readings.set(name, inPart(["questions", name], () => wording.reading(question)));
    }
  }

  /**
   * How a field takes its value.
   *
   * @param select What is sent before where something else was selected before.
   * @throws {DescriptionError} Where there is no such question, or no such group in its pattern.
   */
  reading({ question, group, at, pointer, bad = {} }: OfQuestion, select: readonly FilledSteps[]): Reading {
    const reading = inPart("question", () => {
      const found = this.#readings.get(question);
      if (found !== undefined) return found;
      const names = [...this.#readings.keys()];
      throw new TypeError(
        names.length === 0
          ? `there is no ${question}: describe it in "questions" of the instrument`
          : `there is no ${question}${didYouMean(question, names)}: "questions" has ${listed(names)}`,
      );
    });
    inPart("group", () => checkGroup(reading.pattern, group));
    const none = new Map([...reading.bad, ...Object.entries(bad)]);
    return {
      ...reading,
      ...this.#wording.textWithin(pointer, none),
      group,
      at,
      bad: none,
      ...(select.length === 0 ? {} : { among: { select, before: undefined, after: undefined } }),
    };
  }
}
