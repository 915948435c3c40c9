/**
 * The words of a bench file about alarms: its own, and the limits of a field.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { severities, type Severity } from "../../protocol/alarms.ts";
import { someTime, time, title } from "./guard_words.ts";

/** An alarm of a bench file; times in seconds. */
export interface AlarmWords {
  readonly summary?: string | undefined;
  readonly must?: string | undefined;
  readonly when?: string | undefined;
  readonly until?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly text?: string | undefined;
  readonly delay?: number | undefined;
  readonly count?: { readonly times: number; readonly within: number } | undefined;
  readonly enabled?: string | undefined;
  readonly latched?: boolean | undefined;
  readonly grace?: number | undefined;
}

const severity = z.enum(severities);

const alarm = z.strictObject({
  summary: z.string().min(1).optional().meta({ description: "What it is about, in a line" }),
  when: z.string().min(1).optional().meta({
    description: "What raises it, in CEL: oven.temperature > 250; what is not known does too",
  }),
  must: z.string().min(1).optional().meta({ description: "Or what must be so: cooling.flow > 2" }),
  until: z.string().min(1).optional().meta({
    description: "What must be so too before it returns (hysteresis): oven.temperature < 240",
  }),
  severity: severity.optional().meta({ description: "How soon a person has to do something; default high" }),
  text: z.string().min(1).optional().meta({ description: "What that person should do" }),
  delay: someTime().optional().meta({ description: "For how long it must be so before it is raised; default 0s" }),
  count: z.strictObject({
    times: z.int().min(2).max(1000).meta({ description: "How often it must become so" }),
    within: time(1, "must be a time of at least 1s, such as 10m").meta({ description: "Within what time: 10m" }),
  }).optional().meta({ description: "That it is raised only where it becomes so again and again; default once" }),
  enabled: z.string().min(1).optional().meta({
    description: 'When it counts at all, in CEL: pump.state == "On"; default always',
  }),
  latched: z.boolean().optional().meta({
    description: "Whether it stays until somebody resets it; default false",
  }),
  grace: someTime().optional().meta({
    description: "For how long after a start what is not known does not raise it; default 30s",
  }),
});

/** The bench file's word `alarms`. */
export const alarmsSchema: z.ZodType<Readonly<Record<string, AlarmWords>>> = z.record(title, alarm);
