/**
 * What a rehearsal of a run tells: its timeline, what readings were, and how it ended.
 *
 * @module
 */

import type { RunProblem } from "./runs.ts";

/** Something that happened in a rehearsal. */
export interface RehearsedEvent {
  /** When, in seconds since the run began. */
  readonly at: number;
  /**
   * `step`: one of the run has begun; `told`: something that the run tells besides; `refused`: an interlock or a limit
   * forbade a step; `timeout`: something was waited for that did not come; `interlock`, `limit`, `alarm`, `guard`: what
   * guards did; `problem`: something else went wrong.
   */
  readonly kind:
    | "step"
    | "told"
    | "refused"
    | "timeout"
    | "failed"
    | "interlock"
    | "limit"
    | "alarm"
    | "guard"
    | "problem";
  readonly text: string;
  /** How long a step took, in seconds; `undefined` where it has not ended, or is no step. */
  took?: number;
}

/** What a number was, in spans of time of the same length that hold a reading. */
export interface RehearsedSeries {
  readonly instrument: string;
  readonly field: string;
  /** Empty for none. */
  readonly unit: string;
  /** When each span begins, in seconds since the run began; the other lists have its values. */
  readonly times: readonly number[];
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** A run that was rehearsed. */
export interface Rehearsal {
  readonly title: string;
  /** `under way` where it was not at its end after the longest time that is rehearsed. */
  readonly state: "done" | "paused" | "stopped" | "failed" | "aborted" | "under way";
  /** Why it is not done; empty where it is. */
  readonly reason: string;
  /** The number of the step at which it is then, from 1; `null` where it is done. */
  readonly step: number | null;
  /** The virtual time at which it began, ISO 8601 in UTC. */
  readonly began: string;
  /** How long it took, in seconds of virtual time. */
  readonly seconds: number;
  readonly events: readonly RehearsedEvent[];
  /** How many events there were beyond those that are kept. */
  readonly more: number;
  readonly series: readonly RehearsedSeries[];
  /** What the instruments that it drives hold at its end. */
  readonly values: readonly {
    readonly instrument: string;
    readonly field: string;
    readonly text: string;
    readonly unit: string;
    readonly quality: string;
  }[];
  /** What is not simulated, each with the reason: it stays without values. */
  readonly notSimulated: readonly string[];
}

/** What a rehearsal is to be like. */
export interface RehearsalOrder {
  /** The name of the run's file. */
  readonly file: string;
  /** What it holds. */
  readonly text: string;
  /** CSV files that it goes through, by name, as they are to be. @default as they are in the bench's folder */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** The path of the bench file. */
  readonly bench: string;
  /** What is given for the run's parameters. */
  readonly given: Readonly<Record<string, number | string | boolean>>;
  /** The number of the step to begin at, from 1. */
  readonly at: number;
  /** The longest time that is rehearsed, in seconds. */
  readonly most: number;
  /** A folder into which simulated cameras write, and which somebody removes. */
  readonly imageFolder: string;
  /** What starts drivers that are code, to learn their fields. @default this program, run from its source */
  readonly hostCommand?: readonly [program: string, ...args: string[]] | undefined;
}

/** What the Worker of a rehearsal answers. */
export type RehearsalAnswer =
  | { readonly rehearsal: Rehearsal }
  | { readonly problems: readonly RunProblem[] }
  | { readonly failure: string; readonly code: string | undefined };
