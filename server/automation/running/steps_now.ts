/**
 * What a run does now.
 *
 * @module
 */

import type { ConditionPart } from "../../../protocol/guards.ts";
import type { Place } from "../run_store.ts";
import type { RunStep } from "../steps.ts";

/** A step that is under way. */
export interface StepNow {
  readonly step: RunStep;
  /** What it waits for. */
  readonly condition?: { readonly parts: () => ConditionPart[] };
  /** How far it is. */
  readonly progress?: () => string;
}

/** The steps that are under way, by where they stand. */
export class StepsNow {
  readonly #steps = new Map<Place, StepNow>();

  /** How many there are. */
  get count(): number {
    return this.#steps.size;
  }

  /** Their texts. */
  get texts(): string[] {
    return [...this.#steps.values()].map(({ step }) => step.text);
  }

  /** Their texts, with how far they are. */
  get progress(): string[] {
    return [...this.#steps.values()].map(({ step, progress }) =>
      progress === undefined ? step.text : `${step.text}: ${progress()}`
    );
  }

  /** The parts of the conditions that they wait for. */
  get waitingFor(): ConditionPart[] {
    return [...this.#steps.values()].flatMap(({ condition }) => condition?.parts() ?? []);
  }

  /** The step that is under way at a place; `undefined` for none. */
  at(place: Place): RunStep | undefined {
    return this.#steps.get(place)?.step;
  }

  /** A step is under way, or more is known of it. */
  set(place: Place, step: StepNow): void {
    this.#steps.set(place, step);
  }

  /** A step is not under way any more. */
  delete(place: Place): void {
    this.#steps.delete(place);
  }
}
