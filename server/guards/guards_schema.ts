/**
 * The words of a bench file about guards: its interlocks, its safe state, and its watchdogs.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { severities, type Severity } from "../../protocol/alarms.ts";
import type { AlarmWords } from "./alarms_schema.ts";
import { someTime, time, title } from "./guard_words.ts";
import type { LimitWords } from "./limits_schema.ts";
import { place, steps, type StepWords } from "./steps_schema.ts";

/** What an interlock of a bench file forbids. */
export type ForbiddenWords = string | {
  readonly set?: string | undefined;
  readonly call?: string | undefined;
  readonly argument?: string | undefined;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
};

/** An interlock of a bench file; times in seconds. */
export interface InterlockWords {
  readonly summary?: string | undefined;
  readonly must?: string | undefined;
  readonly when?: string | undefined;
  readonly until?: string | undefined;
  readonly delay?: number | undefined;
  readonly latched?: boolean | undefined;
  readonly grace?: number | undefined;
  readonly severity?: Severity | undefined;
  readonly forbids?: readonly ForbiddenWords[] | undefined;
  readonly trips?: readonly StepWords[] | undefined;
}

/** A watchdog of a bench file; times in seconds. */
export interface WatchdogWords {
  readonly within: number;
  readonly summary?: string | undefined;
  readonly then?: readonly StepWords[] | undefined;
}

/** What a bench file says of guards. */
export interface GuardsWords {
  /** Interlocks by name. */
  readonly interlocks?: Readonly<Record<string, InterlockWords>> | undefined;
  /** What is done to make the bench safe. */
  readonly safeState?: readonly StepWords[] | undefined;
  /** Alarms by name. */
  readonly alarms?: Readonly<Record<string, AlarmWords>> | undefined;
  /** Limits by what they are about: `oven.power`. */
  readonly limits?: Readonly<Record<string, LimitWords>> | undefined;
  /** Watchdogs by name. */
  readonly watchdogs?: Readonly<Record<string, WatchdogWords>> | undefined;
}

const forbidden = z.union([
  z.string().min(1),
  z.strictObject({
    set: place.optional().meta({ description: "A setting" }),
    call: place.optional().meta({ description: "Or a command" }),
    argument: z.string().min(1).optional().meta({
      description: "Which argument of the command is above or below; default the first",
    }),
    above: z.number().optional().meta({ description: "Only above this" }),
    below: z.number().optional().meta({ description: "Only below this" }),
  }),
], "should be the name of an instrument, INSTRUMENT.NAME, or an object with set or call");

const interlock = z.strictObject({
  summary: z.string().min(1).optional().meta({ description: "What it is for, in a line" }),
  must: z.string().min(1).optional().meta({
    description: "What must be so, in CEL: cooling.flow > 2; what is not known is not so",
  }),
  when: z.string().min(1).optional().meta({
    description: "Or when it trips: oven.temperature > 300; it trips too where that is not known",
  }),
  until: z.string().min(1).optional().meta({
    description: "What must be so too before it returns once it has tripped (hysteresis): oven.temperature < 290",
  }),
  delay: someTime().optional().meta({
    description: "For how long the condition is broken before it trips, while it forbids already; default 0s",
  }),
  latched: z.boolean().optional().meta({
    description: "Whether it stays tripped until somebody resets it; default false",
  }),
  grace: someTime().optional().meta({
    description: "For how long after a start what is not known only forbids, and does not trip; default 30s",
  }),
  severity: z.enum(severities).optional().meta({
    description: "How severe the alarm is that it is tripped; default high",
  }),
  forbids: z.array(forbidden).min(1).optional().meta({
    description: "What may not be done: instruments, commands, settings, also only above or below a value",
  }),
  trips: steps.optional().meta({ description: "What is done when it trips, in this order" }),
});

/** The bench file's word `interlocks`. */
export const interlocksSchema: z.ZodType<Readonly<Record<string, InterlockWords>>> = z.record(title, interlock);
/** The bench file's word `safeState`. */
export const safeStateSchema: z.ZodType<readonly StepWords[]> = steps;
/** The bench file's word `watchdogs`. */
export const watchdogsSchema: z.ZodType<Readonly<Record<string, WatchdogWords>>> = z.record(
  title,
  z.strictObject({
    within: time(1, "must be a time of at least 1s, such as 10m").meta({
      description: "Within what time it must be renewed, again and again: 10m",
    }),
    summary: z.string().min(1).optional().meta({ description: "What it is for, in a line" }),
    then: steps.optional().meta({ description: "What is done when it is not; default the safe state" }),
  }),
);
