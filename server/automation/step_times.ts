/**
 * When the steps of a run began and ended, and what is told of them.
 *
 * @module
 */

import type { RunStepDescription } from "../../protocol/runs.ts";
import type { KeptRun } from "./run_store.ts";

/** Of so many of the last steps it is kept over a restart. */
const mostKept = 300;

type Kept = NonNullable<KeptRun["times"]>;

/** When steps began and ended, in milliseconds since 1970. */
export class StepTimes {
  readonly #times: Map<number, { readonly began: number; ended: number | null }>;

  /** Takes those that were kept. */
  constructor(kept: Kept = []) {
    this.#times = new Map(kept.map(([step, began, ended]) => [step, { began, ended }]));
  }

  /** A step begins, unless it has and a restart has cut it off. @param step Its number, from 0. */
  begin(step: number, time: number): void {
    if (this.of(step)?.ended !== null) this.#times.set(step, { began: time, ended: null });
  }

  /** A step ends. */
  end(step: number, time: number): void {
    const times = this.of(step);
    if (times !== undefined) this.#times.get(step)!.ended = time;
  }

  /** Those of a step; `undefined` where they are not known. */
  of(step: number): { readonly began: number; readonly ended: number | null } | undefined {
    return this.#times.get(step);
  }

  /** Those of the last steps. */
  get last(): Kept {
    return [...this.#times].slice(-mostKept).map(([step, { began, ended }]) => [step, began, ended]);
  }
}

/**
 * Tells steps.
 *
 * @param at The number of the one that is done next, from 0.
 * @param under Whether that is under way.
 * @param options Whether they are a script's, whose delays are not counted; and when they began, where that is known.
 */
export function describeSteps(
  steps: readonly { readonly kind: string; readonly text: string }[],
  at: number,
  under: boolean,
  { isScript = false, times }: { readonly isScript?: boolean | undefined; readonly times?: StepTimes } = {},
): RunStepDescription[] {
  let number = 0;
  const moment = (time: number | null | undefined) => time == null ? null : new Date(time).toISOString();
  return steps.map(({ kind, text }, step) => ({
    text,
    number: isScript && kind === "wait" ? null : ++number,
    state: step < at ? "done" : step === at && under ? "now" : "to come",
    began: moment(times?.of(step)?.began),
    ended: moment(times?.of(step)?.ended),
  }));
}
