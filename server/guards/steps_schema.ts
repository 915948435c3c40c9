/**
 * The words of a bench file about the steps that guards do.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { time } from "./guard_words.ts";

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

/** A setting or a command of an instrument. */
export const place: z.ZodString = z.string().regex(
  /^[^.]*[a-z0-9][^.]*\.[^.]*[a-z0-9][^.]*$/i,
  "write INSTRUMENT.NAME: heater.power",
);
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
/** Steps of a bench file. */
export const steps: z.ZodType<readonly StepWords[]> = z.array(
  z.union([
    z.strictObject({
      ...step,
      otherwise: instead.optional().meta({ description: "What is done where it has failed three times" }),
    }),
    safeStateWord,
  ], stepWords),
).min(1);
