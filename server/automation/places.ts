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
    place.ahead =
    place.acting =
    place.reaching =
    place.round =
    place.inner =
    place.branches =
      undefined;
}

/** Whether it is a step that asks the bench for something, which is not done again by itself. */
function acts(step: RunStep): boolean {
  return ["set", "call", "expose", "ramp"].includes(step.kind) || (step.kind === "script" && !step.waits);
}

/**
 * Goes on from each wait for which it is written that what comes may have been done, to that.
 *
 * @param place Where the steps stand: it is changed. @returns What may have been done.
 */
export function takeAhead(steps: readonly RunStep[], place: Place): RunStep[] {
  const found = ahead(steps, place);
  return found === "over" ? [] : found;
}

function ahead(steps: readonly RunStep[], place: Place): RunStep[] | "over" {
  const step = steps[place.at];
  if (step === undefined) return [];
  let found: RunStep[] | "over" = [];
  if (place.ahead) found = step.kind === "rounds" ? enterRound(step, place, place.round ?? 0) : "over";
  else if (place.instead !== undefined) found = ahead(step.otherwise, place.instead);
  else if (step.kind === "rounds" && place.inner !== undefined) {
    const round = place.round ?? 0;
    found = ahead(roundOf(step, round), place.inner);
    if (found === "over" && round + 1 < step.times) {
      // Between rounds that begin at times is a wait of its own.
      found = step.every > 0 ? [] : enterRound(step, place, round + 1);
    }
  } else if (step.kind === "parallel") {
    found = (place.branches ?? []).flatMap((branch, index) => takeAhead(step.branches[index]!, branch));
  }
  place.ahead = undefined;
  if (found !== "over") return found;
  next(place);
  return place.at < steps.length ? enter(steps, place) : "over";
}

function enterRound(step: Extract<RunStep, { kind: "rounds" }>, place: Place, round: number): RunStep[] {
  place.round = round;
  place.inner = { at: 0 };
  return enter(roundOf(step, round), place.inner);
}

function enter(steps: readonly RunStep[], place: Place): RunStep[] {
  const step = steps[place.at];
  if (step?.kind === "rounds" && step.times > 0) return enterRound(step, place, 0);
  if (step === undefined || !acts(step)) return [];
  place.acting = true;
  return [step];
}

/** The places, of one and all within it, of what may have been done. */
export function unsurePlaces(place: Place): Place[] {
  const within = [place.inner, place.instead, ...place.branches ?? []].filter((each) => each !== undefined);
  return [...place.acting ? [place] : [], ...within.flatMap(unsurePlaces)];
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
