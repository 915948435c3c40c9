/**
 * The words for the alarm limits of a field.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { severities } from "../../../protocol/alarms.ts";
import { defined } from "../../../protocol/defined.ts";
import { limitsFault } from "../../bench/alarm_limits.ts";
import { readSeconds } from "../../expressions/over_time.ts";
import { inPart } from "./description_error.ts";

/** The alarm limits of a field. */
export const alarmLimits = z.strictObject({
  lowLow: z.number().optional().meta({ description: "It must not be below this, and that is one more severe" }),
  low: z.number().optional().meta({ description: "It must not be below this" }),
  high: z.number().optional().meta({ description: "It must not be above this" }),
  highHigh: z.number().optional().meta({ description: "It must not be above this, and that is one more severe" }),
  deadband: z.number().min(0).optional().meta({
    description: "By how much it must be back within a limit before the alarm returns; default 0",
  }),
  delay: z.string().refine((text) => (readSeconds(text) ?? 86_401) <= 86_400, {
    error: "must be a time such as 0.5s, 10s, 5m or 1h, at most 24h",
  }).transform((text) => readSeconds(text)!).optional().meta({
    description: "For how long it must be beyond a limit: 10s; default 0s",
  }),
  severity: z.enum(severities).optional().meta({
    description: "How soon a person has to do something beyond low or high; default medium",
  }),
  text: z.string().min(1).optional().meta({ description: "What that person should do" }),
});

/** Checks limits as a description has them. */
export function checkLimits(limits: z.output<typeof alarmLimits>, type: string): void {
  const [word, why] = limitsFault(defined(limits), type) ?? [];
  if (why === undefined) return;
  inPart(word === undefined ? [] : [word], () => {
    throw new TypeError(why);
  });
}
