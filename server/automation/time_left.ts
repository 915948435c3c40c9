/**
 * How long the steps of a run still take, as far as that is known.
 *
 * @module
 */

import type { Place } from "./run_store.ts";
import { roundOf, type RunStep, type Time, timeOf, timeOfAll } from "./steps.ts";

/** What is known of the steps that are under way. */
export interface UnderWay {
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
  /** For how long a wait has lasted, in seconds; `undefined` where it is none that does. */
  readonly gone: (place: Place) => number | undefined;
  /** What the camera of an exposure does, and how much of its time is left, in seconds; `undefined` where it has not begun. */
  readonly exposure: (
    place: Place,
    camera: string,
  ) => { readonly state: string; readonly left: number } | undefined;
  /** How long a camera takes for an image besides the exposure time, in seconds; `undefined` where it took none yet. */
  readonly readout: (camera: string) => number | undefined;
}

/** How long steps still take from where they stand. */
export function leftOf(steps: readonly RunStep[], place: Place, underWay: UnderWay): Time {
  const rest = timeOfAll(steps.slice(place.at + 1), underWay.readout);
  const step = steps[place.at];
  if (step === undefined) return rest;
  const now = leftOfStep(step, place, underWay);
  return { seconds: rest.seconds + now.seconds, atLeast: rest.atLeast || now.atLeast };
}

/** How long a step still takes from where it stands. */
export function leftOfStep(step: RunStep, place: Place, underWay: UnderWay): Time {
  const { readout, now } = underWay;
  const whole = timeOf(step, readout);
  if (place.instead !== undefined) return leftOf(step.otherwise, place.instead, underWay);
  if (step.kind === "rounds" && step.times !== Infinity && place.inner !== undefined) {
    const round = place.round ?? 0;
    const inner = leftOf(roundOf(step, round), place.inner, underWay);
    const others = Math.max(0, step.times - round - 1);
    const each = step.rounds.length === 1 ? whole.seconds / step.times * others : step.rounds.slice(round + 1).reduce(
      (sum, next) => sum + Math.max(timeOfAll(next, readout).seconds, step.every),
      0,
    );
    return { seconds: inner.seconds + each, atLeast: whole.atLeast };
  }
  if (step.kind === "parallel" && place.branches !== undefined) {
    const times = step.branches.map((branch, index) => leftOf(branch, place.branches![index]!, underWay));
    return { seconds: Math.max(...times.map(({ seconds }) => seconds)), atLeast: whole.atLeast };
  }
  const exposure = step.kind === "expose" ? underWay.exposure(place, step.camera) : undefined;
  if (step.kind === "expose" && exposure !== undefined) {
    const { state, left } = exposure;
    const more = readout(step.camera) ?? 0;
    const seconds = state === "exposing" || state === "paused" ? left + more : state === "reading out" ? more : 0;
    return { seconds: ["idle", "setup", "ready"].includes(state) ? whole.seconds : seconds, atLeast: true };
  }
  if (place.due !== undefined) {
    return { seconds: Math.max(0, (place.due - now()) / 1000), atLeast: step.kind === "sun" };
  }
  if (place.began === undefined) return whole;
  const gone = underWay.gone(place) ?? (now() - place.began) / 1000;
  return { seconds: Math.max(0, whole.seconds - gone), atLeast: whole.atLeast };
}
