/**
 * The words of a bench file about MQTT.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";

/** What a bench file says of MQTT; times in seconds. */
export interface MqttWords {
  readonly broker: string;
  readonly name?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly authorityFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly topic?: string | undefined;
  readonly discovery?: string | false | undefined;
  readonly every?: number | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly commands?: readonly string[] | undefined;
  readonly role?: string | undefined;
}

/** What names files. */
export const mqttFiles = ["passwordFile", "authorityFile", "certificateFile", "keyFile"] as const;

/** How often a field is published at most, where nobody says it, in seconds. */
export const usualEvery = 1;

const units: Readonly<Record<string, number>> = { s: 1, m: 60 };

function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([sm])$/.exec(text) ?? [];
  return number === undefined ? NaN : Number(number) * units[unit!]!;
}

const file = z.string().min(1);
const level = /^[a-zA-Z0-9_-]+(?:\/[a-zA-Z0-9_-]+)*$/;
const topicWords = "must be letters, digits, - and _, with / between levels";

/** What a bench file may say of MQTT. */
export const mqttSchema: z.ZodType<MqttWords> = z.strictObject({
  broker: z.string().regex(
    /^mqtts?:\/\/(?:\[[0-9a-f:.]+\]|[^/:@\s]+)(?::\d{1,5})?$/i,
    "must be mqtts://HOST:PORT, or mqtt://HOST:PORT where nobody can listen on the way",
  ).meta({ description: "Where the broker is: mqtts://broker.lab, whose port is 8883; mqtt:// has 1883, and no TLS" }),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, - and _").optional().meta({
    description: "What this bench is called in topics, as no other; default the bench's name",
  }),
  user: z.string().min(1).optional().meta({ description: "Who logs in; default nobody" }),
  passwordFile: file.optional().meta({ description: "A file, as seen from this one, with their password" }),
  authorityFile: file.optional().meta({
    description: "The certificate of the broker's own authority, a PEM file as seen from this one",
  }),
  certificateFile: file.optional().meta({
    description: "The certificate by which this PC proves itself, a PEM file as seen from this one; default none",
  }),
  keyFile: file.optional().meta({ description: "The key of that certificate, a PEM file as seen from this one" }),
  topic: z.string().regex(level, topicWords).optional().meta({
    description: "What all topics begin with; default heliograph",
  }),
  discovery: z.union([z.string().regex(level, topicWords), z.literal(false)]).optional().meta({
    description: "Where Home Assistant looks for what there is; false: it is told nothing; default homeassistant",
  }),
  every: z.string().refine(
    (text) => secondsOf(text) >= 0.1 && secondsOf(text) <= 3600,
    "must be a time of 0.1s to 60m, such as 10s",
  ).transform(secondsOf).optional().meta({
    description: `A field is published at most once in this time: 10s; default ${usualEvery}s`,
  }),
  fields: z.array(z.string().min(1)).min(1).optional().meta({
    description: "What is published: tempcon, or tempcon.camtemp; default all fields of all instruments",
  }),
  commands: z.array(z.string().min(1)).min(1).optional().meta({
    description:
      "What may be driven by MQTT: tempcon.setpoint, lamp.flash, or lamp for all of its settings; default nothing",
  }),
  role: z.string().min(1).optional().meta({ description: "The role that counts for those commands; default operator" }),
});
