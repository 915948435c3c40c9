/**
 * What clients are told of guards: interlocks, watchdogs, and the safe state.
 *
 * @module
 */

import type { AlarmDescription } from "./alarms.ts";
import type { ServerStatus } from "./description.ts";

/**
 * The states of an interlock: `clear`, all is well; `pending`, it forbids, and has not tripped yet; `tripped`; `latched`,
 * all is well again, and it waits for a reset; `bypassed`, it neither forbids nor acts.
 */
export const interlockStates = ["clear", "pending", "tripped", "latched", "bypassed"] as const;

/** One of the states of an interlock. */
export type InterlockStateName = typeof interlockStates[number];

/** A part of a condition, now. */
export interface ConditionPart {
  /** As it is written. */
  readonly text: string;
  /** Whether it is so; `null` where that is not known. */
  readonly so: boolean | null;
  /** What it compares, or why that is not known. */
  readonly value: string;
  /** How far it is from the other side, where it compares numbers. */
  readonly distance?: number;
}

/** A step of what a guard does. */
export interface StepDescription {
  /** What: `set Setpoint of Hydrogen MFC to 0`. */
  readonly text: string;
  /** What has become of it the last time. */
  readonly state: "not done" | "under way" | "done" | "failed";
  /** Why it failed; empty where it did not. */
  readonly reason: string;
}

/** Something that an interlock forbids: all that drives an instrument, or one of its settings or commands. */
export interface ForbiddenDescription {
  /** The name of the instrument. */
  readonly instrument: string;
  /** What, for people: `Power of Heater above 50`. */
  readonly text: string;
  /** The name of a setting. */
  readonly field?: string;
  /** The name of a command. */
  readonly command?: string;
  /** The argument of the command whose value counts. */
  readonly argument?: string;
  /** Only values above this, or below that, are forbidden. */
  readonly above?: number;
  readonly below?: number;
}

/** An interlock that is left out of force for a while. */
export interface BypassDescription {
  readonly by: string;
  readonly reason: string;
  /** When it began, ISO 8601 in UTC. */
  readonly since: string;
  /** When it ends, ISO 8601 in UTC. */
  readonly until: string;
}

/** An interlock. */
export interface InterlockDescription {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly state: InterlockStateName;
  /** Its condition as it is written: what must be so, or when it trips. */
  readonly must: string | null;
  readonly when: string | null;
  /** What must be so before it returns. */
  readonly until: string | null;
  /** Whether it is as it should be now; `null` where that is not known. */
  readonly safe: boolean | null;
  /** Why it is not clear; empty where it is. */
  readonly reason: string;
  /** Since when it is in its state, ISO 8601 in UTC. */
  readonly since: string;
  readonly latched: boolean;
  readonly parts: readonly ConditionPart[];
  /** What it forbids, in words. */
  readonly forbids: readonly string[];
  /** The same, for programs. */
  readonly forbidden: readonly ForbiddenDescription[];
  /** What whoever asks for that is told: why, and what would help; empty while it forbids nothing. */
  readonly refusal: string;
  readonly trips: readonly StepDescription[];
  readonly bypass: BypassDescription | null;
}

/** A watchdog: what is done unless it is renewed. */
export interface WatchdogDescription {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly state: "waiting" | "expired";
  /** Within how many seconds it must be renewed. */
  readonly within: number;
  /** The seconds that are left. */
  readonly left: number;
  /** Who has renewed it last, and when, ISO 8601 in UTC. */
  readonly renewedBy: string;
  readonly renewed: string;
  readonly trips: readonly StepDescription[];
}

/** An alarm with what it looks for. */
export interface AlarmDetails extends AlarmDescription {
  /** What it is about, in a line; empty where nobody says it. */
  readonly summary: string;
  /** Whether it stays until somebody resets it. */
  readonly latched: boolean;
  /** What it looks for, in words; empty where it is no condition. */
  readonly condition: string;
  /** What is seen of that now; empty where nothing of it is so. */
  readonly now: string;
  readonly parts: readonly ConditionPart[];
}

/** An interlock that has tripped, once. */
export interface TripDescription {
  /** A number, as text, that grows with each. */
  readonly name: string;
  /** Of the interlock. */
  readonly interlock: string;
  readonly title: string;
  /** When, ISO 8601 in UTC. */
  readonly time: string;
  readonly reason: string;
  /** The parts of the condition that changed first (first-out); none where it was so from the start on. */
  readonly first: readonly string[];
  /** The parts as they were then. */
  readonly parts: readonly ConditionPart[];
  /** The fields of which the condition speaks, as `instrument.field`. */
  readonly fields: readonly string[];
}

/** How many alarms stand, by severity: whether or not somebody knows, and until they are reset. */
export type AlarmSummary = NonNullable<ServerStatus["guards"]>["alarms"];

/** The limits of a setting or a command. */
export interface LimitDescription {
  /** The name of its instrument. */
  readonly instrument: string;
  /** The setting; left out for a command. */
  readonly field?: string;
  /** The command; left out for a setting. */
  readonly command?: string;
  /** `Power of Oven` */
  readonly title: string;
  /** What is limited, in words. */
  readonly text: string;
  /** What has been used of that. */
  readonly now: string;
  /** What is said of it where it is set or called: `not faster than 5 °C in 1 min: now at most 23.4 °C`; may be empty. */
  readonly said: string;
  /** Why `confirm` would be refused for it now, for the value that waits; empty where it would not. */
  readonly confirm: string;
  /** Why its readback is known not to follow: `Taken is 20 after 60 s`; empty where it does. */
  readonly lost: string;
  /** From when on it may be on or be called again, ISO 8601 in UTC; `null` where it may now. */
  readonly free: string | null;
  /** Between which values it may be set now; `null` for any. */
  readonly least: number | null;
  readonly most: number | null;
  /** What is done when it was on for long enough. */
  readonly then: readonly StepDescription[];
}

/** The guards of a bench. */
export interface GuardsDescription {
  readonly interlocks: readonly InterlockDescription[];
  readonly watchdogs: readonly WatchdogDescription[];
  /** What may be done only so fast, so long or so often. */
  readonly limits: readonly LimitDescription[];
  /** The interlocks that have tripped, the newest last. */
  readonly trips: readonly TripDescription[];
  /** Alarms that are not normal; the others are counted. */
  readonly alarms: readonly AlarmDetails[];
  readonly normalAlarms: number;
  /** The steps of the safe state; empty where there is none. */
  readonly safeState: readonly StepDescription[];
  /** What a person should know: that latches are not kept, and why; empty for nothing. */
  readonly hint: string;
}

/** What a watcher is told of: one guard, or what belongs to none of them. */
export const guardKinds = ["bench", "interlock", "watchdog", "limit", "alarm", "trip"] as const;

/** What a watcher is told of. */
export type GuardKind = typeof guardKinds[number];

/** What belongs to no single guard. */
export type GuardedBench = Pick<GuardsDescription, "safeState" | "normalAlarms" | "hint">;
