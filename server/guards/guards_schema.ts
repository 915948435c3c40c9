/**
 * The words of a bench file about guards: its interlocks, its safe state, and its watchdogs.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { readSeconds } from "../expressions/over_time.ts";

/** A step of a bench file: a setting, a command, all of the safe state, or what is done with the run under way. */
export type StepWords = "safe state" | "pause runs" | "stop runs" | {
  readonly set?: string | undefined;
  readonly to?: number | string | boolean | undefined;
  readonly call?: string | undefined;
  readonly arguments?: readonly (number | string | boolean)[] | undefined;
  /** In seconds. */
  readonly within?: number | undefined;
  readonly otherwise?: readonly StepWords[] | undefined;
};

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
  /** Watchdogs by name. */
  readonly watchdogs?: Readonly<Record<string, WatchdogWords>> | undefined;
}

const longestTime = 86_400;

/** A time of a bench file, which is used in seconds. */
function time(least: number, words: string) {
  return z.string().refine((text) => {
    const seconds = readSeconds(text);
    return seconds !== undefined && seconds >= least && seconds <= longestTime;
  }, words).transform((text) => readSeconds(text)!);
}

const someTime = () => time(0, "must be a time such as 0.5s, 10s, 5m or 1h, at most 24h");
const title = z.string().regex(/[a-z0-9]/i, "a name needs a letter or a digit");
const place = z.string().regex(/^[^.]*[a-z0-9][^.]*\.[^.]*[a-z0-9][^.]*$/i, "write INSTRUMENT.NAME: heater.power");
const value = z.union([z.number(), z.string(), z.boolean()], "should be a number, text, or true or false");

const step = {
  set: place.optional().meta({
    description: "A setting, as heater.power; it is set at once, also one that needs a confirm",
  }),
  to: value.optional().meta({ description: "To what it is set" }),
  call: place.optional().meta({ description: "Or a command, as valve.close" }),
  arguments: z.array(value).optional().meta({ description: "Its arguments" }),
  within: time(0.1, "must be a time of at least 0.1s, such as 5s").optional().meta({
    description: "How long the next step waits for this one, which goes on meanwhile; default 5s",
  }),
};

const safeStateWord = z.enum(["safe state", "pause runs", "stop runs"]);
const stepWords = 'should be "safe state", "pause runs", "stop runs", or an object with set and to, or with call';
const instead = z.array(z.union([z.strictObject(step), safeStateWord], stepWords)).min(1);
const steps = z.array(
  z.union([
    z.strictObject({
      ...step,
      otherwise: instead.optional().meta({ description: "What is done where it has failed three times" }),
    }),
    safeStateWord,
  ], stepWords),
).min(1);

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
