/**
 * The words of a run's file: its steps, what is given at its start, and what is done in any case at its end.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";

/** A value that stands in a file. */
export type Scalar = number | string | boolean;

/** What can be given at the start of a run. */
export interface ParameterWords {
  readonly type?: "float" | "int" | "text" | "switch" | "choice" | undefined;
  readonly unit?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly default?: Scalar | undefined;
  readonly summary?: string | undefined;
}

/** A step. Which of its words go together is told by {@linkcode stepKinds}. */
export interface StepWords {
  readonly title?: string | undefined;
  readonly set?: string | undefined;
  readonly to?: Scalar | undefined;
  readonly confirm?: boolean | undefined;
  readonly within?: number | string | undefined;
  readonly readback?: string | undefined;
  readonly call?: string | undefined;
  readonly arguments?: readonly Scalar[] | undefined;
  readonly expose?: number | string | undefined;
  readonly type?: string | undefined;
  readonly count?: number | string | undefined;
  readonly camera?: string | undefined;
  readonly wait?: string | undefined;
  readonly waitUntil?: string | undefined;
  readonly held?: string | undefined;
  readonly timeout?: string | undefined;
  readonly then?: "fail" | "go on" | "stop" | undefined;
  readonly ramp?: string | undefined;
  readonly from?: number | string | undefined;
  readonly over?: string | undefined;
  readonly every?: string | undefined;
  readonly repeat?: number | string | undefined;
  readonly forEach?: string | readonly (Scalar | Readonly<Record<string, Scalar>>)[] | undefined;
  readonly steps?: readonly StepWords[] | undefined;
  readonly parallel?: readonly (readonly StepWords[])[] | undefined;
  readonly note?: string | undefined;
  readonly datalog?: "start" | "stop" | undefined;
  readonly name?: string | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly askPerson?: string | undefined;
  readonly otherwise?: readonly StepWords[] | undefined;
}

/** A run's file. */
export interface RunWords {
  readonly $schema?: string | undefined;
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  readonly parameters?: Readonly<Record<string, ParameterWords>> | undefined;
  readonly steps: readonly StepWords[];
  readonly finally?: readonly StepWords[] | undefined;
  readonly ifFails?: "pause" | "stop" | undefined;
  readonly afterRestart?: "ask" | "finally" | "continue" | undefined;
}

/** The words that begin a step, each with those that may stand beside it; `title` and `otherwise` may stand beside any. */
export const stepKinds = {
  set: ["to", "confirm", "within", "readback", "timeout"],
  call: ["arguments"],
  expose: ["type", "count", "camera"],
  wait: [],
  waitUntil: ["held", "timeout", "then"],
  ramp: ["from", "to", "over", "every"],
  repeat: ["steps", "every"],
  forEach: ["steps", "every"],
  parallel: [],
  note: [],
  datalog: ["name", "every", "fields"],
  askPerson: [],
} as const satisfies Readonly<Record<string, readonly (keyof StepWords)[]>>;

/** The kinds of steps. */
export type StepKind = keyof typeof stepKinds;

const words = z.string().min(1);
const scalar = z.union([z.number(), z.string(), z.boolean()], "should be a number, text, or true or false");
const number = z.union([z.number(), z.string()], 'should be a number, or a text such as "${flow}"');
const place = words.meta({ examples: ["mfc.flow"] });

const step = z.strictObject({
  title: words.optional().meta({ description: "What people read while it is under way; default what it does" }),
  set: place.optional().meta({ description: "Sets a setting: mfc.flow" }),
  to: scalar.optional().meta({ description: "To what it is set, or where a ramp ends" }),
  confirm: z.boolean().optional().meta({
    description: "Whether a setting that waits for confirm is confirmed at once; default true",
  }),
  within: number.optional().meta({
    description: "Goes on only when the readback has come as close as this: 0.5",
  }),
  readback: place.optional().meta({
    description: "The field that is to come close: mfc.actual_flow; default the readback that the bench file names",
  }),
  call: place.optional().meta({ description: "Calls a command: valve.close" }),
  arguments: z.array(scalar).optional().meta({ description: "The command's arguments" }),
  expose: number.optional().meta({
    description: "Takes an image: the exposure time in seconds, 30, or 5m; its title is the image's",
  }),
  type: words.optional().meta({
    description: "The image's type: zero, object, flat, dark, or a comparison lamp; default what is set",
    examples: ["object"],
  }),
  count: number.optional().meta({ description: "How many images are taken one after the other; default 1" }),
  camera: words.optional().meta({ description: "The camera, where the bench has several" }),
  wait: words.optional().meta({ description: "Waits for a time: 90s, 10m, 8h" }),
  waitUntil: words.optional().meta({
    description:
      "Waits until a time of day, 06:30, until a condition is so, reactor_tc.temperature > 33.0, or until the sun is so high: sun below -12",
  }),
  held: words.optional().meta({ description: "For how long the condition must have been so; default 0s" }),
  timeout: words.optional().meta({
    description: "For how long it waits at most; default without end, and 5m for a readback",
  }),
  then: z.enum(["fail", "go on", "stop"]).optional().meta({
    description: "What is done after that time: the step fails, the run goes on, or it stops; default fail",
  }),
  ramp: place.optional().meta({ description: "Moves a setting evenly from one value to another" }),
  from: number.optional().meta({ description: "Where it begins; default what the setting is" }),
  over: words.optional().meta({ description: "How long it takes: 30m" }),
  every: words.optional().meta({
    description: "How often a ramp sets, default 1s; how often rounds of repeat and forEach begin; a data log's rows",
  }),
  repeat: number.optional().meta({ description: "How often its steps are done: 12; or forever" }),
  forEach: z.union([words, z.array(z.union([scalar, z.record(z.string(), scalar)])).min(1)]).optional().meta({
    description: "Does its steps for each row of a CSV file in the bench's folder, or of a list: ${row.oxygen}",
  }),
  get steps(): z.ZodOptional<z.ZodType<readonly StepWords[]>> {
    return steps.optional().meta({ description: "What is done in each round" }) as never;
  },
  get parallel(): z.ZodOptional<z.ZodType<readonly (readonly StepWords[])[]>> {
    return z.array(steps).min(2).optional().meta({ description: "Lists of steps that are done side by side" }) as never;
  },
  note: words.optional().meta({ description: "Writes a line into the journal" }),
  datalog: z.enum(["start", "stop"]).optional().meta({ description: "Begins or ends PyOpticon's data log" }),
  name: words.optional().meta({ description: "The data log's file" }),
  fields: z.array(words).min(1).optional().meta({ description: "What the data log is of" }),
  askPerson: words.optional().meta({ description: "Asks whoever is there, and goes on when somebody has answered" }),
  get otherwise(): z.ZodOptional<z.ZodType<readonly StepWords[]>> {
    return steps.optional().meta({
      description:
        "What is done where the step fails, or one of those that it holds; then the run goes on with the next",
    }) as never;
  },
});

const steps: z.ZodType<readonly StepWords[]> = z.array(step).min(1) as never;

const parameter = z.strictObject({
  type: z.enum(["float", "int", "text", "switch", "choice"]).optional().meta({ description: "Default float" }),
  unit: words.optional().meta({ description: "For people" }),
  minimum: z.number().optional().meta({ description: "The least that it may be" }),
  maximum: z.number().optional().meta({ description: "The most that it may be" }),
  choices: z.array(words).min(1).optional().meta({ description: "What a choice may be" }),
  default: scalar.optional().meta({ description: "What it is where nobody gives it" }),
  summary: words.optional().meta({ description: "What it is for" }),
});

/** A run's file, whose form is checked by it. */
export const runSchema: z.ZodType<RunWords> = z.strictObject({
  $schema: z.string().optional().meta({ description: "For editors" }),
  title: words.optional().meta({ description: "What people call it; default the file's name" }),
  summary: words.optional().meta({ description: "What it is for, in a line" }),
  parameters: z.record(z.string().regex(/^[a-z]\w*$/i, "letters, digits and _ only"), parameter).optional().meta({
    description: "What can be given at its start: flow=30; steps use it as ${flow}",
  }),
  steps: steps.meta({ description: "What is done, one after the other" }),
  finally: steps.optional().meta({
    description: "What is done at the end in any case, except after abort: close the gas",
  }),
  ifFails: z.enum(["pause", "stop"]).optional().meta({
    description: "What a step that fails does to the run: it pauses and a person decides, or it stops; default pause",
  }),
  afterRestart: z.enum(["ask", "finally", "continue"]).optional().meta({
    description:
      "What is done after the server was restarted: a person is asked, only finally, or it goes on; default ask",
  }),
}) as never;

/** The JSON Schema of run files, for editors. */
export function runJsonSchema(): object {
  return { title: "A run of heliograph", ...z.toJSONSchema(runSchema, { io: "input" }) };
}
