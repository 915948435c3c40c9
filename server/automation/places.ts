/**
 * Where a run stands among its steps, and what of them may have been done.
 *
 * @module
 */

import type { Place } from "./run_store.ts";
import { roundOf, type RunStep } from "./steps.ts";

/** Steps that are left where one of them fails, since what holds them says what is done otherwise. */
export interface Leaving {
  /** Whether one of them has failed. */
  left: boolean;
  /** What holds these, where that is left too. */
  readonly outer: Leaving | undefined;
}

/** Whether steps are left, since one of them or of those around them has failed. */
export function isLeft(leaving: Leaving | undefined): boolean {
  return leaving !== undefined && (leaving.left || isLeft(leaving.outer));
}

/** The next step. */
export function next(place: Place): void {
  place.at++;
  begin(place);
  place.instead = undefined;
}

/** The step from its begin. */
export function begin(place: Place): void {
  place.began =
    place.due =
    place.acting =
    place.reaching =
    place.round =
    place.inner =
    place.branches =
      undefined;
}

/** The first step of a run that may have been done when the server ended. */
export function unsureStep(steps: readonly RunStep[], place: Place): RunStep | undefined {
  const step = steps[place.at];
  if (step === undefined) return undefined;
  if (place.acting) return step;
  if (place.instead !== undefined) return unsureStep(step.otherwise, place.instead);
  if (step.kind === "rounds" && place.inner !== undefined) {
    return unsureStep(roundOf(step, place.round ?? 0), place.inner);
  }
  if (step.kind !== "parallel" || place.branches === undefined) return undefined;
  const branches = place.branches;
  return step.branches.map((branch, index) => unsureStep(branch, branches[index]!)).find((each) => each !== undefined);
}

/** What a person is told who is to decide. */
export function unsure({ text }: RunStep): string {
  return `it is not known whether “${text}” was done before the server ended: look at the readbacks; ` +
    "resume does it again, skip goes on after it, stop ends the run";
}

/** When a time of day is next, in milliseconds since 1970. */
export function nextTime(
  now: Date,
  { hour, minute, second }: { hour: number; minute: number; second: number },
): number {
  const then = new Date(now);
  then.setHours(hour, minute, second, 0);
  if (then <= now) then.setDate(then.getDate() + 1);
  return then.getTime();
}
