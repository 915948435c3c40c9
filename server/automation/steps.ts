/**
 * The steps of a run as data: what is done, checked against the bench, with nothing that is still to be looked up but the
 * instruments themselves.
 *
 * @module
 */

import type { Scalar } from "./run_schema.ts";
import type { SunWait } from "./sun.ts";

/** A field or a setting, by the names of instrument and field. */
export interface Place {
  readonly instrument: string;
  readonly field: string;
}

/** What a set waits for. */
export interface Reach {
  readonly readback: Place;
  readonly tolerance: number;
  /** In seconds. */
  readonly timeout: number;
}

/** What is done where a wait takes too long. */
export type Late = "fail" | "go on" | "stop";

interface Common {
  /** What it does, for people: `set Flow of MFC to 30`. */
  readonly text: string;
  /** What is done where it fails. */
  readonly otherwise: readonly RunStep[];
  /** What becomes of the run where it fails and nothing else is to be done. @default what the run says */
  readonly ifFails?: "stop" | undefined;
}

/** A step; times are in seconds. */
export type RunStep =
  & Common
  & (
    | {
      readonly kind: "set";
      readonly setting: Place;
      readonly value: Scalar;
      readonly confirm: boolean;
      readonly reach: Reach | undefined;
    }
    | {
      readonly kind: "call";
      readonly instrument: string;
      readonly command: string;
      readonly arguments: readonly Scalar[];
    }
    | {
      readonly kind: "expose";
      readonly camera: string;
      readonly seconds: number;
      /** Of the camera's `expose`. */
      readonly arguments: readonly Scalar[];
    }
    | { readonly kind: "wait"; readonly seconds: number }
    | { readonly kind: "time of day"; readonly hour: number; readonly minute: number; readonly second: number }
    | ({ readonly kind: "sun"; readonly timeout: number | undefined; readonly then: Late } & SunWait)
    | {
      readonly kind: "condition";
      readonly condition: string;
      readonly held: number;
      readonly timeout: number | undefined;
      readonly then: Late;
    }
    | {
      readonly kind: "ramp";
      readonly setting: Place;
      readonly from: number | undefined;
      readonly to: number;
      readonly over: number;
      readonly every: number;
      readonly confirm: boolean;
    }
    | {
      readonly kind: "rounds";
      /** The steps of each round; where all are the same, of the first. */
      readonly rounds: readonly (readonly RunStep[])[];
      /** How many there are; `Infinity` for without end. */
      readonly times: number;
      readonly every: number;
    }
    | { readonly kind: "parallel"; readonly branches: readonly (readonly RunStep[])[] }
    | { readonly kind: "note"; readonly note: string }
    | { readonly kind: "ask"; readonly question: string }
    | {
      /** A function of a script, or a condition that is looked at until it is so. */
      readonly kind: "script";
      /** Which of those that the script has scheduled, from 0. */
      readonly number: number;
      /** Its name; empty where it has none. */
      readonly name: string;
      readonly waits: boolean;
      /** What people are told while it is waited for. */
      readonly message: string;
    }
  );

/** A step without what is done where it fails. */
export type StepBody = RunStep extends infer Step ? Step extends RunStep ? Omit<Step, "otherwise"> : never : never;

/** The steps of one round. */
export function roundOf({ rounds }: Extract<RunStep, { readonly kind: "rounds" }>, round: number): readonly RunStep[] {
  return rounds.length === 1 ? rounds[0]! : rounds[round]!;
}

/** How long something takes. */
export interface Time {
  readonly seconds: number;
  /** Whether it may take longer. */
  readonly atLeast: boolean;
}

/** How long a camera takes for an image besides its exposure time, in seconds; `undefined` where it has taken none. */
export type Readout = (camera: string) => number | undefined;

const notKnown: Readout = () => undefined;

/** How long a step takes, as far as that is known before. @param readout @default it is not known */
export function timeOf(step: RunStep, readout: Readout = notKnown): Time {
  switch (step.kind) {
    case "wait":
      return { seconds: step.seconds, atLeast: false };
    case "ramp":
      return { seconds: step.over, atLeast: false };
    case "rounds": {
      if (step.times === Infinity) return { seconds: 0, atLeast: true };
      const times = step.rounds.map((round) => timeOfAll(round, readout));
      const each = times.map(({ seconds }) => Math.max(seconds, step.every));
      const seconds = each.length === 1 ? each[0]! * step.times : each.reduce((sum, next) => sum + next, 0);
      return { seconds, atLeast: times.some(({ atLeast }) => atLeast) };
    }
    case "parallel": {
      const times = step.branches.map((branch) => timeOfAll(branch, readout));
      return {
        seconds: Math.max(...times.map(({ seconds }) => seconds)),
        atLeast: times.some(({ atLeast }) => atLeast),
      };
    }
    case "expose": {
      const more = readout(step.camera);
      return { seconds: step.seconds + (more ?? 0), atLeast: more === undefined };
    }
    case "set":
      return { seconds: 0, atLeast: step.reach !== undefined };
    case "note":
      return { seconds: 0, atLeast: false };
    case "script":
      return { seconds: 0, atLeast: step.waits };
    default:
      return { seconds: 0, atLeast: true };
  }
}

/** How long steps take one after the other. */
export function timeOfAll(steps: readonly RunStep[], readout: Readout = notKnown): Time {
  // A run of thousands of steps is asked again and again.
  let [seconds, atLeast] = [0, false];
  for (const step of steps) {
    const time = timeOf(step, readout);
    seconds += time.seconds;
    atLeast ||= time.atLeast;
  }
  return { seconds, atLeast };
}
