/**
 * What clients are told of runs: the queue, each run's state and steps, and what it waits for.
 *
 * @module
 */

import type { ValueDescription } from "./description.ts";
import type { ConditionPart } from "./guards.ts";

/**
 * The states of a run: added, and not to begin yet; waiting for its turn or its time; under way; halted until somebody
 * decides; at its `finally`; and how it has ended.
 */
export const runStates = [
  "loaded",
  "waiting",
  "running",
  "paused",
  "finishing",
  "done",
  "stopped",
  "failed",
  "aborted",
] as const;

/** The state of a run. */
export type RunState = (typeof runStates)[number];

/** What happens to the runs that wait when one has not got to its end. */
export const afterFailed = ["stop", "skip", "go on"] as const;

/** What happens to the runs that wait when one has not got to its end. */
export type AfterFailed = (typeof afterFailed)[number];

/** A step of a run, as it stands. */
export interface RunStepDescription {
  /** What it does: `set Flow of MFC to 30`. */
  readonly text: string;
  readonly state: "to come" | "now" | "done";
  /** ISO 8601 in UTC; `null` where it has not, or that is not known any more. */
  readonly began: string | null;
  readonly ended: string | null;
  /** How the file says it, where it is still to come and can be changed. */
  readonly words?: object;
  /** Its number, from 1; `null` for what is not counted: a delay of a PyOpticon script. */
  readonly number: number | null;
}

/** Something that a run tells of itself. */
export interface RunLine {
  /** Counts up within a run. */
  readonly number: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly text: string;
}

/** A run. */
export interface RunDescription {
  readonly id: number;
  readonly title: string;
  /** The name of its file. */
  readonly file: string;
  readonly state: RunState;
  /** Why it is in that state; empty where that is plain. */
  readonly reason: string;
  /** For whom it acts. */
  readonly who: string;
  /** What was given at its start. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** The instruments that it needs. */
  readonly instruments: readonly string[];
  /** How many of its own steps are done, those within others not counted, and how many there are. */
  readonly done: number;
  readonly of: number;
  /** What it does now; several where steps run side by side. */
  readonly now: readonly string[];
  /** How many seconds are left, and whether it may take longer. */
  readonly left: { readonly seconds: number; readonly atLeast: boolean };
  /** In how many seconds its next step is due, where it waits for a time; `null` where that is not known. */
  readonly nextIn: number | null;
  /** The condition that it waits for, part by part. */
  readonly waitingFor: readonly ConditionPart[];
  /** What it asks a person; `null` where it asks nothing. */
  readonly asks: string | null;
  /** The number of the last line that it has told; 0 where there is none. */
  readonly told: number;
  /** How often what was still to come has been changed. */
  readonly edits: number;
  /** When it is to begin, ISO 8601 in UTC; `null` for in its turn. */
  readonly startAt: string | null;
  /** ISO 8601 in UTC; `null` where it has not. */
  readonly began: string | null;
  readonly ended: string | null;
}

/** All runs, as `automation.list` tells them. */
export interface RunsDescription {
  /** In the order of the queue; the one under way is the first. */
  readonly runs: readonly RunDescription[];
  readonly afterFailed: AfterFailed;
  /** The number of the run that has ended last; 0 where none has. */
  readonly lastEnded: number;
  /** What is wrong with keeping them; empty where nothing is. */
  readonly hint: string;
  /** Why none can be rehearsed by this server; empty where they can be. */
  readonly noRehearsal: string;
}

/** One run with its steps and what it has told, as `automation.show` tells it. */
export interface RunDetails extends RunDescription {
  readonly steps: readonly RunStepDescription[];
  /** What is done at its end in any case. */
  readonly finally: readonly RunStepDescription[];
  readonly lines: readonly RunLine[];
  /** The full names of the fields that it sets and looks at: `mfc.flow`. */
  readonly fields: readonly string[];
}

/** Something that is wrong with a run's file. */
export interface RunProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly where: string;
  readonly message: string;
}

/** Something that is given at the start of a run. */
export interface RunParameter extends ValueDescription {
  readonly name: string;
  /** What it is where nobody gives it; without one it must be given. */
  readonly default?: number | string | boolean;
}

/** What a run's file says, and what is wrong with it, as `automation.check` tells it. */
export interface RunCheck {
  /** Empty where it could begin with what is given. */
  readonly problems: readonly RunProblem[];
  readonly title: string;
  readonly summary: string;
  readonly parameters: readonly RunParameter[];
  /** What it does; with an example for what must still be given. Empty where that cannot be told. */
  readonly steps: readonly string[];
  readonly finally: readonly string[];
  /** The names of the instruments that it drives. */
  readonly instruments: readonly string[];
  readonly time: { readonly seconds: number; readonly atLeast: boolean };
}
