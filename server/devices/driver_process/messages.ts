/**
 * The messages between the server and a driver's process: lines of JSON, each of which is an ask, its answer, or a
 * tell.
 *
 * A driver's process is hostile input: what comes from it is checked against these schemas before anything is done.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { severities } from "../../../protocol/alarms.ts";
import { errorCode, wireValue } from "../../../protocol/schemas.ts";
import {
  accesses,
  contactStates,
  journalLevels,
  numberFormats,
  qualities,
  type Role,
  roles,
  valueTypes,
} from "../../../protocol/vocabulary.ts";
import type { ImageAnswers, ImageQuestion } from "../../bench/images.ts";
import type { DriverEntry, DriverHostSettings } from "./settings.ts";

/** The longest message of a driver, in characters: the largest piece of an image, and what is around it. */
export const longestFromDriver = 8 * 1_048_576;

const name = z.string().max(1000);
const text = z.string().max(65_536);
const index = z.int().min(0).max(100_000);
const id = z.int().min(1);

const valueShape = {
  type: z.enum(valueTypes),
  unit: name.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  choices: z.array(name).max(10_000).optional(),
  decimals: z.int().min(0).max(100).optional(),
  format: z.enum(numberFormats).optional(),
  summary: text.optional(),
};

/** An instrument as a driver declares it, without its functions. */
export const declarationSchema = z.strictObject({
  title: name,
  caption: name,
  summary: text,
  pollInterval: z.number(),
  staleAfter: z.number().optional(),
  errorAfter: z.number().optional(),
  main: z.array(name).max(10_000).optional(),
  answersFor: z.array(name).max(1000),
  settingsBeside: z.boolean(),
  /** Where its contact is; `null` where it has none. */
  contact: name.nullable(),
  images: z.boolean(),
  steps: z.boolean(),
  fields: z.array(z.strictObject({
    ...valueShape,
    title: name,
    access: z.enum(accesses),
    needsConfirm: z.boolean(),
    initial: wireValue.optional(),
    listens: z.boolean(),
    pollInterval: z.number().optional(),
    log: z.boolean(),
    keep: z.union([z.literal(false), text]).optional(),
    keyword: name.optional(),
    compute: text.optional(),
    readback: z.strictObject({ field: name, tolerance: z.number().optional(), within: z.number().optional() })
      .optional(),
    alarm: z.strictObject({
      lowLow: z.number().optional(),
      low: z.number().optional(),
      high: z.number().optional(),
      highHigh: z.number().optional(),
      deadband: z.number().optional(),
      delay: z.number().optional(),
      severity: z.enum(severities).optional(),
      text: text.optional(),
    }).optional(),
    reads: z.boolean(),
    writes: z.boolean(),
  })).max(10_000),
  commands: z.array(z.strictObject({
    name,
    summary: text,
    arguments: z.array(z.strictObject({ ...valueShape, name, default: wireValue.optional() })).max(1000),
    takesMore: z.boolean(),
    role: z.enum(roles),
    immediate: z.boolean(),
    stop: z.boolean(),
    beside: z.boolean(),
    dropsWaiting: z.boolean(),
    deadline: z.number(),
    confirm: text.optional(),
  })).max(10_000),
});

/** An instrument as a driver declares it, without its functions. */
export type Declaration = z.output<typeof declarationSchema>;

/** An error on its way between the two. */
const errorSchema = z.strictObject({
  message: text,
  /** One of the wire's codes, where it is an instrument's own error. */
  code: errorCode.optional(),
  /** The unknown name, where it is about one. */
  subject: name.optional(),
  /** The kind of exception, where it is a fault in the driver's code. */
  name: name.optional(),
  /** Where it was thrown, as in a stack: `file:///lab/stage.ts:12:5`. */
  place: name.optional(),
  kind: z.enum(["unclear", "NoImage", "ImageReplaced"]).optional(),
});

/** An error on its way between the two. */
export type WireError = z.output<typeof errorSchema>;

/** The state of a field. */
const stateSchema = z.strictObject({
  value: wireValue.nullable(),
  quality: z.enum(qualities),
  reason: text,
  staged: z.boolean(),
});

/** The state of a field; no value is `null`. */
export type FieldState = z.output<typeof stateSchema>;

/** The results of making the drivers' instruments. */
export const madeSchema = z.array(z.union([
  z.strictObject({ declaration: declarationSchema }),
  z.strictObject({
    problem: z.strictObject({
      file: name,
      line: z.int().optional(),
      column: z.int().optional(),
      message: text,
    }),
  }),
])).max(100_000);

/** The results of making the drivers' instruments, in their order. */
export type Made = z.output<typeof madeSchema>;

const keywordsSchema = z.array(z.tuple([
  name,
  z.tuple([z.union([z.string().max(1000), z.number(), z.strictObject({ float: z.number() })]), name, name]),
])).max(1000);

/** The header keywords that clients have set. */
export type StoredKeywords = z.output<typeof keywordsSchema>;

/** The last image, as an instrument tells of it. */
export const lastImageSchema = z.strictObject({
  identity: name,
  file: text,
  width: z.int().min(0),
  height: z.int().min(0),
  header: z.array(z.strictObject({ keyword: name, value: wireValue, unit: name.optional() })).max(1000),
  levels: z.strictObject({
    automatic: z.tuple([z.number(), z.number()]),
    wide: z.tuple([z.number(), z.number()]),
    full: z.tuple([z.number(), z.number()]),
  }),
});

/** A rectangle of an image: 32-bit floats in base64. */
export const tileSchema = z.strictObject({
  columns: z.int().min(0).max(1_048_576),
  rows: z.int().min(0).max(1_048_576),
  pixels: z.string(),
});

/** The last images. */
export const recentImagesSchema = z.array(z.strictObject({ identity: name, file: text, time: z.number() })).max(1000);

const level = z.number().nullable();

/** The answers to questions about images. */
export const imageAnswerSchemas = {
  header: z.array(z.strictObject({
    number: z.int().min(1),
    kind: name,
    name,
    cards: z.array(z.string().max(80)).max(40_000),
  })).max(1000),
  statistics: z.strictObject({
    count: z.int().min(0),
    mean: level,
    median: level,
    deviation: level,
    minimum: level,
    maximum: level,
  }),
  histogram: z.strictObject({
    from: z.number(),
    to: z.number(),
    below: z.int().min(0),
    above: z.int().min(0),
    counts: z.array(z.int().min(0)).max(4096),
  }),
  /** In base64. */
  piece: z.string(),
} satisfies { readonly [About in keyof ImageAnswers]: z.ZodType };

/** The asks of a driver's process to the server. */
const askSchema = z.discriminatedUnion("ask", [
  /** Another instrument's command, as whoever called the command that is running may. */
  z.strictObject({
    ask: z.literal("call"),
    id,
    run: id,
    instrument: name,
    command: name,
    args: z.array(z.unknown()).max(1000),
    /** Which function of a command's context called. */
    way: z.enum(["call", "callInBackground", "putBack"]),
  }),
  z.strictObject({ ask: z.literal("openLine"), id, port: index }),
  z.strictObject({ ask: z.literal("readLine"), id, port: index }),
  z.strictObject({
    ask: z.literal("writeLine"),
    id,
    port: index,
    bytes: z.string(),
    answerWithin: z.number().optional(),
  }),
]);

/** The tells of a driver's process to the server. */
const tellSchema = z.discriminatedUnion("tell", [
  z.strictObject({ tell: z.literal("up") }),
  /** It begins to load a driver. */
  z.strictObject({ tell: z.literal("making"), driver: index }),
  z.strictObject({
    tell: z.literal("contact"),
    instrument: index,
    state: z.enum(contactStates),
    reason: text,
  }),
  z.strictObject({ tell: z.literal("field"), instrument: index, field: index, number: id, state: stateSchema }),
  z.strictObject({ tell: z.literal("keywords"), instrument: index, stored: keywordsSchema }),
  z.strictObject({ tell: z.literal("fault"), instrument: index, what: name, error: errorSchema }),
  z.strictObject({ tell: z.literal("log"), level: z.enum(journalLevels), text }),
  z.strictObject({ tell: z.literal("closeLine"), port: index }),
  z.strictObject({ tell: z.literal("watchBench") }),
  z.strictObject({ tell: z.literal("abort"), id, error: errorSchema }),
]);

const answerSchema = z.union([
  z.strictObject({ answer: id, value: z.unknown() }),
  z.strictObject({ answer: id, error: errorSchema }),
]);

/** Whatever a driver's process says. */
export const fromDriverSchema = z.union([answerSchema, tellSchema, askSchema]);

/** Whatever a driver's process says. */
export type FromDriver = z.output<typeof fromDriverSchema>;
/** An ask of a driver's process. */
export type DriverAsk = Without<z.output<typeof askSchema>, "id">;
/** A tell of a driver's process. */
export type DriverTell = z.output<typeof tellSchema>;

/** An ask of the server to a driver's process. */
export type ServerAsk =
  | { readonly ask: "make" | "ping" }
  | { readonly ask: "start" | "stop" | "recent images"; readonly instrument: number }
  | { readonly ask: "image"; readonly instrument: number; readonly identity: string | null }
  | {
    readonly ask: "of an image";
    readonly instrument: number;
    readonly question: ImageQuestion;
    readonly identity: string | null;
  }
  | { readonly ask: "read"; readonly instrument: number; readonly field: number; readonly pass: number }
  | {
    readonly ask: "write";
    readonly instrument: number;
    readonly field: number;
    readonly value: string | number | boolean;
  }
  | {
    readonly ask: "run";
    readonly instrument: number;
    readonly command: string;
    readonly values: unknown;
    readonly more: unknown;
    readonly moreKeywords: unknown;
    readonly role: Role;
    readonly callerRole: Role;
  }
  | {
    readonly ask: "tile";
    readonly instrument: number;
    readonly request: {
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly scale: number;
    };
    readonly identity: string | null;
  };

/** Another instrument of the bench, for a driver that looks around. */
export interface Neighbour {
  /** What it is. */
  readonly declaration: Declaration;
  /** What its fields hold, in their order. */
  readonly states: readonly FieldState[];
  /** What clients have set for the headers of images. */
  readonly stored: StoredKeywords;
}

/** A tell of the server to a driver's process. */
export type ServerTell =
  | { readonly tell: "abort"; readonly id: number; readonly error: WireError }
  | { readonly tell: "gone"; readonly run: number }
  | { readonly tell: "step"; readonly instrument: number; readonly seconds: number }
  | {
    readonly tell: "field";
    readonly instrument: number;
    readonly field: number;
    /** The last of the driver's own updates that the server knew of. */
    readonly number: number;
    readonly state: FieldState;
  }
  | { readonly tell: "bench"; readonly neighbours: readonly Neighbour[] }
  | { readonly tell: "neighbour"; readonly name: string; readonly field: number; readonly state: FieldState }
  | { readonly tell: "neighbourKeywords"; readonly name: string; readonly stored: StoredKeywords };

/** Whatever the server says. */
export type FromServer =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: WireError }
  | ServerTell
  | (ServerAsk & { readonly id: number });

/** A message from a driver's process to the server, after its first line, which is the token. */
export const fromHostSchema = z.union([
  /** What its drivers say, as JSON. */
  z.strictObject({ driver: z.string() }),
  /** Why it ends itself. */
  z.strictObject({ ending: text }),
]);

/** A driver as its Worker is told of it. */
export interface PreparedDriver extends DriverEntry {
  /** The address to import it from, or what is wrong with it. */
  readonly module: { readonly url: string } | { readonly problem: { readonly file: string; readonly message: string } };
}

/** The first message of the process to its Worker; then comes what the server says. */
export interface WorkerSettings {
  /** Whether this is an executable. */
  readonly standalone: boolean;
  readonly drivers: readonly PreparedDriver[];
  readonly ports: DriverHostSettings["ports"];
  /** Where the modules are, and where people have them: errors name the latter. */
  readonly copies: readonly (readonly [copy: string, original: string])[];
}

/** Without a property, each kind of a union by itself. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
