/**
 * Checks what comes from other PCs; words that a newer version adds are left aside.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { alarmStates, severities } from "../../protocol/alarms.ts";
import type { FieldState, InstrumentDescription } from "../../protocol/description.ts";
import {
  type AskMessage,
  type FleetAlarms,
  type FleetControl,
  fleetName,
  type FleetRun,
  type PresenceMessage,
  type ReadingsMessage,
} from "../../protocol/fleet.ts";
import { pageAddress } from "./fleet_schema.ts";
import { runStates } from "../../protocol/runs.ts";
import { accesses, numberFormats, qualities, rights, roles, valueTypes } from "../../protocol/vocabulary.ts";

const text = z.string().max(10_000);
const time = z.string().refine((given) => Number.isFinite(Date.parse(given)));

const count = z.int().min(0);

const alarms: z.ZodType<FleetAlarms> = z.object({
  standing: count,
  unacknowledged: count,
  worst: z.array(z.object({
    name: text,
    title: text,
    severity: z.enum(severities),
    state: z.enum(alarmStates),
    since: time,
  })).max(100),
});

const run: z.ZodType<FleetRun> = z.object({
  id: z.int(),
  title: text,
  state: z.enum(runStates),
  step: text,
  done: count,
  of: count,
  left: z.object({ seconds: z.number(), atLeast: z.boolean() }),
  asks: text.nullable(),
});

const control: z.ZodType<FleetControl> = z.object({
  instrument: text,
  name: z.string().max(200),
  of: z.string().regex(fleetName),
  until: time,
});

/** What a PC says of itself. */
export const presenceSchema: z.ZodType<PresenceMessage> = z.object({
  name: z.string().regex(fleetName),
  instance: text,
  title: text,
  version: text,
  started: time,
  now: time,
  bench: z.int(),
  readings: z.int().optional().catch(undefined),
  instruments: z.array(text).max(10_000),
  trouble: text,
  page: pageAddress.optional().catch(undefined),
  // Of a version that tells them in other words, they are not known: its PC is there all the same.
  alarms: alarms.optional().catch(undefined),
  runs: z.array(run).max(100).optional().catch(undefined),
  control: z.array(control).max(10_000).optional().catch(undefined),
  leaves: z.boolean(),
  every: z.number().positive().max(3600).optional().catch(undefined),
  protocol: z.int().optional(),
});

/** What one PC asks of another; rights that this version does not know are none. */
export const askSchema: z.ZodType<AskMessage> = z.object({
  for: z.object({
    name: z.string().max(64),
    rights: z.array(text).max(100).transform((given) => rights.filter((right) => given.includes(right))),
  }),
  seconds: z.number().positive().max(7 * 86_400 + 10),
  message: z.record(z.string(), z.unknown()),
}) as z.ZodType<AskMessage>;

/** What comes of it: a framed reply. */
export const answerSchema = z.discriminatedUnion("ok", [
  z.looseObject({ ok: z.literal(true), value: z.unknown(), typed: z.unknown().optional() }),
  z.object({ ok: z.literal(false), error: z.object({ code: text, message: text }) }),
]);

const state: z.ZodType<FieldState> = z.object({
  value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  text: z.string(),
  quality: z.enum(qualities),
  time: z.string().nullable(),
  staged: z.boolean().optional(),
  applied: z.string().optional(),
  reason: z.string().optional(),
}) as z.ZodType<FieldState>;

const value = z.union([z.number(), z.string().max(1_000_000), z.boolean()]);
const name = z.string().regex(/^[a-z0-9_]+$/).max(200);

/** What a value may be; words that a newer version adds go with it. */
const valueWords = {
  type: z.enum(valueTypes),
  unit: text.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  choices: z.array(text).max(10_000).optional(),
  decimals: z.int().min(0).max(100).optional(),
  format: z.enum(numberFormats).optional().catch(undefined),
  summary: text.optional(),
};

const field = z.looseObject({
  ...valueWords,
  name,
  title: text.min(1),
  access: z.enum(accesses),
  needsConfirm: z.boolean(),
  readback: z.looseObject({ field: name, tolerance: z.number(), within: z.number().positive() }).optional(),
  staleAfter: z.number().positive().optional(),
  value: value.nullable(),
  text,
  quality: z.enum(qualities),
  time: time.nullable(),
  staged: z.boolean().optional(),
  reason: text.optional(),
});

const described = z.looseObject({
  name,
  summary: text,
  arguments: z.array(z.looseObject({ ...valueWords, name: text, default: value.optional() })).max(100),
  takesMore: z.boolean(),
  role: z.enum(roles),
  immediate: z.boolean(),
  stop: z.boolean(),
  deadline: z.number().positive(),
  confirm: text.optional(),
});

/** Those of a list that this version understands: what a newer one adds keeps nobody from the others. */
function understood<T>(schema: z.ZodType<T>) {
  return z.array(z.unknown()).max(10_000).transform((all) =>
    all.flatMap((each) => {
      const found = schema.safeParse(each);
      return found.success ? [found.data] : [];
    })
  );
}

/** How a PC describes one of its instruments; fields and commands that this version does not understand are left out. */
export const descriptionSchema: z.ZodType<InstrumentDescription> = z.looseObject({
  name,
  title: text.min(1),
  caption: text,
  summary: text,
  fields: understood(field),
  commands: understood(described),
}) as unknown as z.ZodType<InstrumentDescription>;

/** What the fields of an instrument hold. */
export const readingsSchema: z.ZodType<ReadingsMessage> = z.object({
  number: z.int(),
  changed: z.record(z.string(), state),
  same: z.array(z.string()),
});

/** A message as its schema has it; `undefined` for what is none: it is of a newer version, or of somebody's program. */
export function readMessage<T>(schema: { safeParse(value: unknown): { data?: T } }, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
