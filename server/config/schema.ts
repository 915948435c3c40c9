/**
 * The schema of a bench file.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { descriptionSchema, descriptionShape } from "../devices/described/schema.ts";
import { defaultDriverMemory } from "../devices/driver_process/driver_processes.ts";
import { settingsSchema } from "../../protocol/setting.ts";
import { codeSettings } from "../code/options.ts";
import { fleetSchema } from "../fleet/fleet_schema.ts";
import { mqttSchema } from "../mqtt/mqtt_schema.ts";
import { limitsSchema } from "../guards/limits_schema.ts";
import { alarmsSchema } from "../guards/alarms_schema.ts";
import { interlocksSchema, safeStateSchema, watchdogsSchema } from "../guards/guards_schema.ts";
import { messagesSchema } from "../messages/messages_schema.ts";
import { dataLogSchema } from "./data_log_settings.ts";
import { recordsSchema } from "./records_settings.ts";
import { siteSchema } from "./site.ts";
import { accessWords } from "./access_words.ts";
import { serverSettings } from "./server_settings.ts";

const texts = z.array(z.string().min(1));
const netAddress = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/** An instrument of a bench file. */
export const instrumentSchema = z.strictObject({
  title: z.string().regex(/[a-z0-9]/i, "a title needs a letter or a digit").meta({
    description: "What people call it, and PyOpticon's nickname: UV Light, which clients also reach as uv_light",
  }),
  caption: z.string().regex(/\S/, "a caption needs something to read").optional().meta({
    description: "What stands over it on the page, and PyOpticon's scripts call a widget's name; default the title",
  }),
  driver: z.string().min(1).optional().meta({
    description:
      "A built-in driver, a ready-made instrument such as simulated-camera, or a file beside this one: .json with a description, .ts or .js with code",
  }),
  port: z.string().min(1).optional().meta({
    description:
      "Its address, or a name from ports: tcp://HOST:PORT, udp://HOST:PORT, serial:///dev/ttyUSB0?baud=9600, serial://COM9, " +
      "gpib://HOST/14, hislip://HOST, vxi11://HOST, telnet://HOST:PORT, usbtmc:///dev/usbtmc0",
  }),
  options: z.record(z.string(), z.unknown()).optional().meta({
    description: "What a driver of one's own, or a ready-made instrument, is given",
  }),
  polling: z.boolean().optional().meta({
    description:
      "Whether it is spoken with; false leaves its port to other programs until it is switched on; default true",
  }),
  permissions: z.strictObject({
    net: z.array(z.string().regex(netAddress, "write HOST or HOST:PORT, for example 192.168.1.5:80")).optional().meta({
      description: "HOST:PORT pairs that it may connect to, besides its port",
    }),
    read: texts.optional().meta({ description: "Files and folders that it may read, besides its own folder" }),
    write: texts.optional().meta({ description: "Files and folders that it may write" }),
  }).optional().meta({
    description: "What a driver of one's own may do, as seen from this file; default: speak on its port",
  }),
  memory: z.int().min(128).max(65_536).optional().meta({
    description: `The memory of the process of a driver of one's own, in MiB; default ${defaultDriverMemory}`,
  }),
  ...descriptionShape,
});

/** A bench file. */
export const benchSchema = z.strictObject({
  $schema: z.string().optional().meta({ description: "Where an editor finds this description" }),
  name: z.string().min(1).optional().meta({ description: "What the bench is called; default heliograph" }),
  server: settingsSchema(serverSettings).optional().meta({
    description: "Where the server listens; its flags go before this",
  }),
  code: settingsSchema(codeSettings).optional().meta({
    description: "What the code that clients send may do; the server's flags go before this",
  }),
  ...accessWords,
  records: recordsSchema.optional().meta({
    description: "What is kept over restarts, and for how long; false: nothing",
  }),
  interlocks: interlocksSchema.optional().meta({
    description: "What must be so, what is forbidden while it is not, and what is done then: by name",
  }),
  safeState: safeStateSchema.optional().meta({
    description: "What makes the bench safe, in this order: for heliograph safe, and watchdogs",
  }),
  alarms: alarmsSchema.optional().meta({
    description: "What a person is called for, how soon, and what they should do then: by name",
  }),
  limits: limitsSchema.optional().meta({
    description: "What is done only so fast, so long or so often: by setting or command, as heater.power",
  }),
  watchdogs: watchdogsSchema.optional().meta({
    description: "What is done unless somebody renews it in time, again and again: by name",
  }),
  messages: messagesSchema.optional().meta({
    description: "Who is told of alarms, when, and how: by mail, webhooks, programs of the PC",
  }),
  site: siteSchema.optional().meta({
    description: "Where on Earth the bench stands, for runs that wait for the sun",
  }),
  datalog: dataLogSchema.optional().meta({
    description: "PyOpticon's data log, which begins with the server: a row of a CSV file again and again",
  }),
  fleet: fleetSchema.optional().meta({
    description: "The PCs that are driven as one bench: by which NATS server they find one another",
  }),
  mqtt: mqttSchema.optional().meta({
    description: "Publishes values, alarms and who is there to an MQTT broker, also for Home Assistant",
  }),
  overview: z.string().min(1).optional().meta({
    description: "A drawing of the bench, beside this file: SVG, whose elements name fields and instruments",
  }),
  ports: z.record(z.string().min(1), z.string().min(1)).optional().meta({
    description: "Addresses by name, for ports that several instruments share",
  }),
  instruments: z.array(instrumentSchema).min(1).meta({ description: "What stands on the bench" }),
});

/** A bench file as it is used. */
export type BenchDescription = z.output<typeof benchSchema>;
/** An instrument of a bench file as it is used. */
export type InstrumentEntry = z.output<typeof instrumentSchema>;

/** A driver in a file of its own. */
export const driverSchema = z.strictObject({ $schema: z.string().optional(), ...descriptionSchema.shape });

/**
 * The bench file's JSON Schema, from which editors complete and check it.
 *
 * @returns A schema of draft 7, which the common editors understand.
 */
export function benchJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(benchSchema, { io: "input", target: "draft-7" }),
    title: "heliograph bench file",
    allowTrailingCommas: true,
  };
}
