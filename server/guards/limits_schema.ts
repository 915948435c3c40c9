/**
 * The words of a bench file about limits on what is done.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { time } from "./guard_words.ts";
import type { Rate } from "./limits_state.ts";
import { place, steps, type StepWords } from "./steps_schema.ts";

/** Limits of a setting or a command; times in seconds. */
export interface LimitWords {
  readonly slew?: { readonly up?: Rate | undefined; readonly down?: Rate | undefined } | undefined;
  readonly duty?: {
    readonly on: number;
    readonly in: number;
    readonly value?: string | undefined;
    readonly above?: number | undefined;
    readonly then?: readonly StepWords[] | undefined;
  } | undefined;
  readonly often?: { readonly times: number; readonly in: number } | undefined;
  readonly follow?: { readonly within?: number | undefined; readonly time?: number | undefined } | undefined;
}

const per: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3600 };
const written = /^(\d+(?:\.\d+)?)\s*\/\s*(\d+)?\s*(s|min|m|h)$/;
const rate = z.string().regex(written, "must be a change in a time, such as 5/min, 0.1/s or 20/10min").transform(
  (text): Rate => {
    const [, by, count = "1", unit] = written.exec(text)!;
    return { by: Number(by), per: Number(count) * per[unit!]! };
  },
).refine(({ by, per }) => by > 0 && per > 0 && per <= 86_400, "must be more than 0, in at most 24h");
const someTime = () => time(1, "must be a time of at least 1s, such as 10m");

/** The bench file's word `limits`. */
export const limitsSchema: z.ZodType<Readonly<Record<string, LimitWords>>> = z.record(
  place,
  z.strictObject({
    slew: z.union([
      rate.transform((both) => ({ up: both, down: both })),
      z.strictObject({
        up: rate.optional().meta({ description: "How fast it may become more: 5/min" }),
        down: rate.optional().meta({ description: "How fast it may become less" }),
      }),
    ], "should be a change in a time, such as 5/min, or an object with up and down").optional().meta({
      description: "How fast a number may be changed: at most by 5 in any minute is 5/min",
    }),
    duty: z.strictObject({
      on: someTime().meta({ description: "For how long it may be on: 10m" }),
      in: someTime().meta({ description: "In any time so long: 1h" }),
      value: z.string().min(1).optional().meta({ description: "Of a choice: which one is on" }),
      above: z.number().optional().meta({ description: "Of a number: above what it is on" }),
      then: steps.optional().meta({ description: "What is done when its time is over; default a switch is set off" }),
    }).optional().meta({ description: "For how long a setting may be on" }),
    often: z.strictObject({
      times: z.int().min(1).max(1000).meta({ description: "How often" }),
      in: someTime().meta({ description: "In any time so long: 1h" }),
    }).optional().meta({ description: "How often a command may be called" }),
    follow: z.strictObject({
      within: z.number().min(0).optional().meta({
        description: "By how much its readback may differ; default the tolerance of the readback",
      }),
      time: someTime().optional().meta({ description: "How long it may take: 30s; default that of the readback" }),
    }).optional().meta({ description: "That its readback must follow a setting; an alarm where it does not" }),
  }),
);
