/**
 * The words of a bench file about guards: its interlocks, its safe state, and its watchdogs.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { readSeconds } from "../expressions/over_time.ts";

const longestTime = 86_400;

/** A time of a bench file, in seconds. */
function time(least: number, words: string) {
  return z.string().refine((text) => {
    const seconds = readSeconds(text);
    return seconds !== undefined && seconds >= least && seconds <= longestTime;
  }, words).transform((text) => readSeconds(text)!);
}

const someTime = () => time(0, "must be a time such as 0.5s, 10s, 5m or 1h, at most 24h");
const name = z.string().regex(/[a-z0-9]/i, "a name needs a letter or a digit");
const place = z.string().regex(/^[^.]*[a-z0-9][^.]*\.[^.]*[a-z0-9][^.]*$/i, "write INSTRUMENT.NAME: heater.power");
const value = z.union([z.number(), z.string(), z.boolean()], "should be a number, text, or true or false");

const howTried = {
  within: time(0.1, "must be a time of at least 0.1s, such as 5s").optional().meta({
    description: "How long the next step waits for this one at most; default 5s. This one goes on meanwhile",
  }),
};

/** A step, as a bench file has it. */
export type StepWords =
  | "safe state"
  | (
    & {
      readonly within?: number | undefined;
      readonly otherwise?: readonly StepWords[] | undefined;
    }
    & ({ readonly set: string; readonly to: number | string | boolean } | {
      readonly call: string;
      readonly arguments?: readonly (number | string | boolean)[] | undefined;
    })
  );

const stepSchema: z.ZodType<StepWords> = z.lazy(() =>
  z.union([
    z.literal("safe state"),
    z.strictObject({
      set: place.meta({
        description: "A setting, as heater.power; it is set at once, whether or not it needs a confirm",
      }),
      to: value.meta({ description: "To what" }),
      ...howTried,
      otherwise: steps.optional().meta({ description: "What is done where that has failed three times" }),
    }),
    z.strictObject({
      call: place.meta({ description: "A command, as valve.close" }),
      arguments: z.array(value).optional().meta({ description: "Its arguments" }),
      ...howTried,
      otherwise: steps.optional().meta({ description: "What is done where that has failed three times" }),
    }),
  ], 'should be "safe state", or an object with set and to, or with call')
);

const steps: z.ZodType<readonly StepWords[]> = z.array(stepSchema).min(1);

const limits = {
  above: z.number().optional().meta({ description: "Only above this" }),
  below: z.number().optional().meta({ description: "Only below this" }),
};

const forbidden = z.union([
  z.string().min(1),
  z.strictObject({ set: place.meta({ description: "A setting" }), ...limits }),
  z.strictObject({
    call: place.meta({ description: "A command" }),
    argument: z.string().min(1).optional().meta({
      description: "Which of its arguments is looked at; default the first",
    }),
    ...limits,
  }),
], "should be the name of an instrument, INSTRUMENT.NAME, or an object with set or call");

/** An interlock of a bench file. */
export const interlockSchema = z.strictObject({
  summary: z.string().min(1).optional().meta({ description: "What it is for, in a line" }),
  must: z.string().min(1).optional().meta({
    description: "What must be so, in CEL: cooling.flow > 2. What is not known is not so",
  }),
  when: z.string().min(1).optional().meta({
    description: "Or when it trips: oven.temperature > 300. What is not known is so",
  }),
  until: z.string().min(1).optional().meta({
    description: "Once it has tripped: what must be so too before it returns (hysteresis): oven.temperature < 290",
  }),
  delay: someTime().optional().meta({
    description: "For how long the condition is broken before it trips; it forbids at once; default 0s",
  }),
  latched: z.boolean().optional().meta({
    description: "Whether it stays tripped until somebody resets it; default false",
  }),
  grace: someTime().optional().meta({
    description: "After a start: how long what is not known only forbids, and does not trip; default 30s",
  }),
  forbids: z.array(forbidden).min(1).optional().meta({
    description:
      "What may not be done while it is tripped: instruments, commands, settings, also only above or below a value",
  }),
  trips: steps.optional().meta({ description: "What is done when it trips, in this order" }),
});

/** The bench file's word `interlocks`. */
export const interlocksSchema = z.record(name, interlockSchema);
/** The bench file's word `safeState`. */
export const safeStateSchema = steps;
/** The bench file's word `watchdogs`. */
export const watchdogsSchema = z.record(
  name,
  z.strictObject({
    within: time(1, "must be a time of at least 1s, such as 10m").meta({
      description: "Within what time it must be renewed, again and again: 10m",
    }),
    summary: z.string().min(1).optional().meta({ description: "What it is for, in a line" }),
    then: steps.optional().meta({ description: "What is done when it is not; default the safe state" }),
  }),
);

/** An interlock as it is used; times in seconds. */
export type InterlockWords = z.output<typeof interlockSchema>;
/** What an interlock forbids, as it is used. */
export type ForbiddenWords = NonNullable<InterlockWords["forbids"]>[number];
/** A watchdog as it is used; times in seconds. */
export type WatchdogWords = z.output<typeof watchdogsSchema>[string];

/** What a bench file says of guards. */
export interface GuardsWords {
  /** Interlocks by name. */
  readonly interlocks?: Readonly<Record<string, InterlockWords>> | undefined;
  /** What is done to make the bench safe. */
  readonly safeState?: readonly StepWords[] | undefined;
  /** Watchdogs by name. */
  readonly watchdogs?: Readonly<Record<string, WatchdogWords>> | undefined;
}
