/**
 * What a bench file may say.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { descriptionSchema, descriptionShape } from "../devices/described/schema.ts";
import { languages } from "../code/options.ts";
import { noWebName, webName } from "./web_name.ts";

const port = z.int().min(0).max(65_535);
const count = z.int().min(1);
const texts = z.array(z.string().min(1));
const netAddress = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;

/** An instrument of a bench file. */
export const instrumentSchema = z.strictObject({
  title: z.string().regex(/[a-z0-9]/i, "a title needs a letter or a digit").meta({
    description: "What people call it, and PyOpticon's nickname: UV Light, which clients also reach as uv_light",
  }),
  driver: z.string().min(1).optional().meta({
    description:
      "A built-in driver, a ready-made instrument such as simulated-camera, or a file beside this one: .json with a description, .ts or .js with code",
  }),
  port: z.string().min(1).optional().meta({
    description:
      "Its address, or a name from ports: tcp://HOST:PORT, udp://HOST:PORT, serial:///dev/ttyUSB0?baud=9600, serial://COM9",
  }),
  options: z.record(z.string(), z.unknown()).optional().meta({
    description: "What a driver of one's own, or a ready-made instrument, is given",
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
    description: "The memory of the process of a driver of one's own, in MiB; default 512",
  }),
  ...descriptionShape,
});

/** A bench file. */
export const benchSchema = z.strictObject({
  $schema: z.string().optional().meta({ description: "Where an editor finds this description" }),
  name: z.string().min(1).optional().meta({ description: "What the bench is called; default heliograph" }),
  server: z.strictObject({
    host: z.string().min(1).optional().meta({ description: "The address to listen on; default 127.0.0.1" }),
    commandPort: port.optional().meta({ description: "azcam's port; default 2402, 0 takes any free one" }),
    dashboardPort: port.optional().meta({ description: "PyOpticon's port; default 12345, 0 takes any free one" }),
    webPort: port.optional().meta({
      description: "The port of HTTP and WebSockets; default the command port + 1, 0 takes any free one",
    }),
    webNames: z.array(z.string().regex(webName, noWebName))
      .optional().meta({
        description: "Names by which people reach the page, beside localhost, the address and this PC's name",
      }),
    imageFolders: texts.optional().meta({
      description: "Folders that images may be written to, as seen from this file; default images",
    }),
  }).optional().meta({ description: "Where the server listens; its flags go before this" }),
  code: z.strictObject({
    languages: z.array(z.enum(languages)).optional().meta({
      description: "The languages in which clients may send code; [] for none, default all",
    }),
    read: texts.optional().meta({ description: "Files and folders that JavaScript code may read; default none" }),
    write: texts.optional().meta({ description: "Files and folders that JavaScript code may write; default none" }),
    net: texts.optional().meta({ description: "HOST:PORT pairs that JavaScript code may connect to; default none" }),
    deadline: z.number().positive().optional().meta({
      description: "When the sender has an answer, in seconds; default 5",
    }),
    memory: count.optional().meta({ description: "A sandbox's memory in MiB; default 256" }),
    outputBytes: count.optional().meta({ description: "How many bytes an evaluation may print; default 65536" }),
    resultBytes: count.optional().meta({ description: "The longest result in bytes; default 1048576" }),
    atOnce: count.optional().meta({ description: "How many evaluations run at once; default 4" }),
  }).optional().meta({ description: "What the code that clients send may do; the server's flags go before this" }),
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
