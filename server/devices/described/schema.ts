/**
 * The schema of a described instrument, which needs no code.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { periodInDays, periodWords } from "../../../protocol/duration.ts";
import { numberFormats, roles, valueTypes } from "../../../protocol/vocabulary.ts";
import { alarmLimits } from "./alarm_words.ts";
import { bases, kinds, orders } from "./number_code.ts";
import { registerWords } from "./register_words.ts";
import { aroundWords, end, shapeWords } from "./shape_schema.ts";

const pattern = z.string().meta({
  description: "A regular expression as in JavaScript, without looking ahead or behind and without back-references",
});
const seconds = z.number().min(0).max(86_400);
const interval = z.number().min(0.01).max(86_400);
const argumentName = z.string().regex(/^[a-z][a-z0-9_]*$/i, "letters, digits and _ only, beginning with a letter");

const bit = z.int().min(0).max(63);
const word = z.union([z.string(), z.number()]);

/** What an instrument says for a choice: the same in both directions, or not. */
const said = z.union([
  word,
  z.strictObject({
    send: word.optional().meta({ description: "What it is told; without it this cannot be set" }),
    answer: z.union([word, z.array(word).min(1)]).optional().meta({
      description: "What it answers, or a list of all that it may answer; without it this is never read",
    }),
  }),
]);

const column = z.int().min(1).max(100);

const calibration = z.union([
  z.array(z.tuple([z.number(), z.number()])).min(2),
  z.string().min(1),
  z.strictObject({
    file: z.string().min(1).meta({ description: "The file with the table: numbers in columns, # before a comment" }),
    columns: z.tuple([column, column]).optional().meta({
      description: "Which columns are what the instrument says, and what is true; default [1, 2]",
    }),
  }),
]);

/** The words for a value: of fields, of arguments and of what commands return. */
const value = {
  type: z.enum(valueTypes).default("float")
    .meta({ description: "What kind of value it is" }),
  unit: z.string().optional().meta({ description: "The unit people read, for example °C or sccm" }),
  minimum: z.number().optional().meta({ description: "The smallest value that may be set, in its unit" }),
  maximum: z.number().optional().meta({ description: "The largest value that may be set, in its unit" }),
  decimals: z.int().min(0).max(15).optional().meta({ description: "How many decimals people see" }),
  format: z.enum(numberFormats).optional().meta({
    description:
      "How people see the number: fixed, significant (decimals counts all digits then), scientific, engineering (an exponent that 3 divides); an int also hexadecimal or binary",
  }),
  decimal: z.enum([".", ","]).optional().meta({
    description: "What stands before the decimals for the instrument, in both directions; default .",
  }),
  base: z.enum(bases).optional().meta({
    description:
      "The base of the digits that the instrument writes, and is told; sexagesimal are degrees or hours, minutes and seconds; default decimal",
  }),
  kind: z.enum(kinds).optional().meta({
    description:
      "What its bytes, or its registers, mean: uint8 to uint64, int8 to int64, float16 to float64, bcd8 to bcd64; with a base its digits are those of the bytes",
  }),
  order: z.enum(orders).optional().meta({
    description:
      "In which order the bytes of a kind come: big (abcd, the most significant first), little (dcba), cdab or badc; default big",
  }),
  bits: z.union([bit, z.tuple([bit, bit])]).optional().meta({
    description: "Which bits of the number are the value: one, or the first and the last; 0 is the least significant",
  }),
  signed: z.boolean().optional().meta({
    description: "Whether the first of several bits is a sign, as in two's complement; default false",
  }),
  units: z.union([z.literal("SI"), z.record(z.string(), z.number())]).optional().meta({
    description:
      'What may stand behind the number, and by what it is multiplied then: { "mV": 0.001, "V": 1 }, or "SI" for all prefixes of the unit; default nothing',
  }),
  choices: z.union([
    z.array(z.string().min(1)).min(1),
    z.record(z.string().min(1), said),
  ]).optional().meta({
    description:
      'What a choice can be: a list, or what people read with what the instrument says for it, or { "send": …, "answer": … } where it answers something else',
  }),
  on: said.optional().meta({ description: "What the instrument says for a switch that is on; default 1" }),
  off: said.optional().meta({ description: "What the instrument says for a switch that is off; default 0" }),
  allow: pattern.optional().meta({
    description: "What a text may be, as a regular expression; by default letters, digits, spaces and . _ + / -",
  }),
  summary: z.string().optional().meta({ description: "What it is, in a line" }),
  scale: z.number().optional().meta({ description: "Value = what the instrument says × scale + offset; default 1" }),
  offset: z.number().optional().meta({ description: "Value = what the instrument says × scale + offset; default 0" }),
  calibration: calibration.optional().meta({
    description:
      "Pairs [what the instrument says or is told, what is true], after scale and offset; interpolated. Or the file beside this one that has them in two columns",
  }),
};

/** The words for reading an answer. */
const answer = {
  pattern: pattern.optional().meta({
    description: "What the answer looks like; by default the whole answer is the value",
  }),
  group: z.union([z.int().min(0), z.string()]).optional().meta({
    description:
      "Which group of the pattern is the value, by number or name (mantissa and exponent are one number); by default the first, or all without one",
  }),
  at: z.union([z.int().min(0), z.tuple([z.int().min(0), z.int().min(0)])]).optional().meta({
    description:
      "Which characters of that are the value, counted from 0: the first and the last, or the first where a kind says how many",
  }),
  pointer: z.string().optional().meta({
    description: "Where the value stands in an answer that is JSON, as a JSON pointer: /data/0/temperature",
  }),
  bad: z.record(z.string(), z.string()).optional().meta({
    description: 'Values that mean that there is none, with the reason: { "9.9E37": "overload" }',
  }),
};

const body = z.json().optional().meta({
  description: "What is sent with it to a web API: JSON with places in its texts, or a text",
});

/** An object in the place of a text or a list may have the word `length`, which is not theirs. */
const notObject: { message?: string; when: (payload: { value: unknown }) => boolean } = {
  when: ({ value }) => typeof value === "string" || Array.isArray(value),
};

const command = z.string().min(1, notObject);

const ask = z.union([
  command,
  z.strictObject({
    ask: z.string().min(1).meta({ description: "What is sent; {name} is a parameter or an argument" }),
    body,
    ...answer,
    ...shapeWords,
    timeout: seconds.optional().meta({ description: "How long its answer may take, in seconds" }),
  }),
]);

/** A question that several fields take their values from. */
const question = z.strictObject({
  ask: z.string().min(1).meta({ description: "What is sent; {name} is a parameter" }),
  body,
  pattern: answer.pattern,
  bad: answer.bad,
  timeout: seconds.optional().meta({ description: "How long its answer may take, in seconds" }),
  ...shapeWords,
});

/** The words for taking a value of the answer to a question. */
const { pattern: _, ...part } = answer;
const ofQuestion = z.strictObject({
  question: z.string().min(1).meta({ description: "Which of the instrument’s questions has it in its answer" }),
  ...part,
});

const deaf = z.number().min(0).max(60, "more than 60 s is hardly meant: it is in seconds");

/** The words for sending a command. */
const sent = {
  body,
  answer: pattern.optional().meta({ description: "What the instrument answers; by default it does not" }),
  answerIsOptional: z.boolean().optional().meta({ description: "It may also say nothing" }),
  deaf: deaf.optional().meta({
    description: "How long it hears nothing afterwards, in seconds: nothing is sent meanwhile; default the line’s",
  }),
};

const step = z.strictObject({
  send: z.string().min(1).optional().meta({ description: "What is sent" }),
  ask: z.string().min(1).optional().meta({ description: "What is asked; of a read, the last answer is the value" }),
  wait: z.number().min(0).max(600, "more than 600 s is hardly meant: it is in seconds").optional().meta({
    description: "How long is waited, in seconds; nobody else is on the line meanwhile, but for what is immediate",
  }),
  ...answer,
  ...shapeWords,
  timeout: seconds.optional().meta({ description: "How long its answer may take, in seconds" }),
  until: pattern.optional().meta({
    description: "What it must answer before the next step: it is asked again and again; default once",
  }),
  every: interval.optional().meta({ description: "How often it is asked then, in seconds; default 0.1" }),
  within: interval.optional().meta({ description: "How long it is asked then, in seconds; default 10" }),
  ...sent,
});

const steps = z.array(z.union([command, step])).min(1, notObject);

const send = z.union([
  command,
  z.strictObject({
    send: z.string().min(1).meta({ description: "What is sent; {value} is the value, {value:.2f} with a format" }),
    ...sent,
    ...shapeWords,
  }),
  steps,
]);

const select = z.union([command, steps]);

const scalar = z.union([z.number(), z.string(), z.boolean()]);

const condition = z.record(z.string().min(1), z.union([scalar, z.array(scalar).min(1)]));

const check = z.strictObject({
  ask: z.string().min(1).meta({ description: "What is asked" }),
  ...shapeWords,
  pattern: pattern.meta({ description: "What the answer must look like" }),
});

/** A field. */
export const fieldSchema = z.strictObject({
  ...value,
  read: z.union([...ask.options, ofQuestion, z.array(step).min(1, notObject)]).optional().meta({
    description:
      "How it is read: a question, one with how to understand its answer, a part of the answer to one of questions, or steps",
  }),
  select: select.optional().meta({
    description: "What is sent before it is read or set where something else was selected before: a channel, a unit",
  }),
  when: condition.optional().meta({
    description: 'Is only read while other fields are so: { "Output": "On", "Mode": ["Auto", "Manual"] }',
  }),
  listen: z.strictObject({
    ...answer,
    column: z.union([z.int().min(1).max(1000), z.string().min(1)]).optional().meta({
      description:
        "In which column of a file's lines it stands: its number from 1, or its name in the file's first line",
    }),
  }).optional().meta({
    description: "How it is read from what the instrument sends without being asked",
  }),
  write: send.optional().meta({
    description: "How it is set: what is sent, or steps; {other_field} is what another field holds",
  }),
  ...registerWords,
  bad: answer.bad,
  compute: z.string().min(1).optional().meta({
    description: "How it is computed from other fields, in CEL: voltage * current; it is neither read nor set",
  }),
  needsConfirm: z.boolean().optional().meta({ description: "Whether a changed setting waits for confirm" }),
  readback: z.strictObject({
    field: z.string().min(1).meta({ description: "The field of this instrument that says it" }),
    tolerance: z.number().min(0).optional().meta({
      description: "By how much two numbers may differ and still be the same, in the setting’s unit; default 0",
    }),
    within: interval.optional().meta({ description: "How long the device may take, in seconds; default 10" }),
  }).optional().meta({ description: "For a setting: the field by which the device says what it made of it" }),
  alarm: alarmLimits.optional().meta({ description: "For a number: beyond which values a person is called" }),
  initial: z.union([z.number(), z.string(), z.boolean()]).optional().meta({
    description: "What a setting is before anybody sets it; it is not sent by itself",
  }),
  poll: z.union([
    interval,
    z.strictObject({
      every: interval.meta({ description: "How often it is read, in seconds" }),
      while: condition.meta({ description: 'While other fields are so: { "Moving": "On" }' }),
      otherwise: interval.optional().meta({ description: "How often otherwise, in seconds; default the instrument’s" }),
    }),
  ]).optional().meta({ description: "How often it is read, in seconds; default the instrument’s" }),
  log: z.boolean().optional().meta({ description: "Whether it belongs into the data log; default true" }),
  keep: z.union([
    z.literal(false),
    z.string().refine((text) => periodInDays(text) !== undefined, `must be false, or ${periodWords}`),
  ]).optional().meta({
    description: "For how long each of its readings is kept: 30d, 2y; false: not at all; default as the records say",
  }),
  keyword: z.string().optional().meta({
    description: "The FITS keyword by which the headers of images say it, for example CAMTEMP; default none",
  }),
});

/** A command. */
export const commandSchema = z.strictObject({
  summary: z.string().min(1).meta({ description: "What it does, in a line" }),
  arguments: z.record(
    argumentName,
    z.strictObject({
      ...value,
      default: z.union([z.number(), z.string(), z.boolean()]).optional().meta({
        description: "What it is when it is left out; without one it must be given",
      }),
    }),
  ).optional().meta({ description: "What it is called with, in order" }),
  select: select.optional().meta({ description: "What is sent before it where something else was selected before" }),
  send: send.optional().meta({
    description: "What is sent, one or several commands or steps; {name} is an argument or a parameter",
  }),
  doneWhen: z.strictObject({
    ask: z.string().min(1).meta({ description: "What is asked again and again" }),
    pattern: pattern.meta({ description: "What it answers once the command is done" }),
    every: interval.optional().meta({ description: "How often, in seconds; default 0.2" }),
    within: interval.optional().meta({ description: "How long it may take until it is done, in seconds; default 60" }),
  }).optional().meta({ description: "What is asked until the command is done: it ends then" }),
  stop: z.union([z.boolean(), select]).optional().meta({
    description:
      "true: it stops something, is sent at once, and passes whoever has control. Beside doneWhen: what is " +
      "sent where it ends before it is done, by its deadline or by an immediate command that sends",
  }),
  ask: ask.optional().meta({ description: "What is asked then; its answer is what the command returns" }),
  returns: z.strictObject(value).optional().meta({ description: "What the answer is; default text" }),
  role: z.enum(roles).optional().meta({ description: "The least role; default operator" }),
  immediate: z.boolean().optional().meta({
    description: "Is sent at once, over a question under way; what stops something says stop: true instead",
  }),
  deadline: interval.optional().meta({ description: "The time it may take in seconds, waiting included; default 30" }),
  confirm: z.string().min(1).optional().meta({
    description: "What people are asked on the page before they run it, for what cannot be undone; default nothing",
  }),
});

const line = z.strictObject({
  sendEnd: end.optional().meta({ description: "What ends a command; default \\n" }),
  ...shapeWords,
  ...aroundWords,
  encoding: z.enum(["latin1", "utf8"]).optional().meta({
    description: "What its text is in; \\xHH in an end or a command is a byte in either; default latin1",
  }),
  gap: z.number().min(0).max(10, "a gap of more than 10 s is hardly meant: it is in seconds").optional().meta({
    description: "The least time between two commands in seconds; default 0",
  }),
  settle: z.number().min(0).max(60, "more than 60 s is hardly meant: it is in seconds").optional().meta({
    description: "The time between opening and the first command in seconds; default 0",
  }),
  deaf: deaf.optional().meta({
    description: "How long it hears nothing after each command without an answer, in seconds; default 0",
  }),
  wake: z.strictObject({
    send: z.string().optional().meta({ description: "What wakes it; default only the end of a command" }),
    wait: z.number().min(0).max(60, "more than 60 s is hardly meant: it is in seconds").optional().meta({
      description: "How long it takes to wake, in seconds; what it says meanwhile is no answer; default 0.1",
    }),
    after: interval.optional().meta({
      description: "After how many seconds without a word it sleeps; default only before the first question",
    }),
  }).optional().meta({ description: "How it is woken: one that sleeps drops the first characters" }),
  connection: z.union([
    z.literal("each question"),
    z.strictObject({
      releaseAfter: interval.meta({
        description: "After how many seconds without a word others may have it, until there is something to ask",
      }),
    }),
  ]).optional().meta({
    description:
      "Whether it is connected to anew for each question, or given back while nothing is asked; default kept",
  }),
  gateway: z.boolean().optional().meta({
    description: "Whether the network address is that of a serial server with the instrument behind it; default false",
  }),
  timeout: z.number().min(0.01).max(120, "more than 120 s is hardly meant: it is in seconds").optional().meta({
    description: "How long an answer may take, in seconds; default 1",
  }),
  serial: z.strictObject({
    baud: z.int().min(50).max(4_000_000).optional().meta({ description: "Bits per second; default 9600" }),
    dataBits: z.union([z.literal(7), z.literal(8)]).optional().meta({ description: "Bits in a character; default 8" }),
    parity: z.enum(["none", "even", "odd"]).optional().meta({ description: "The parity bit; default none" }),
    stopBits: z.union([z.literal(1), z.literal(2)]).optional().meta({
      description: "Bits after a character; default 1",
    }),
    flowControl: z.enum(["none", "hardware", "software"]).optional().meta({
      description: "How the other end says wait: RTS and CTS, XON and XOFF; default none",
    }),
    dtr: z.enum(["on", "off", "keep"]).optional().meta({
      description: "DTR: on powers some adapters; keep leaves it on when closed, so that a board need not start anew " +
        "each time; default on, and off when closed",
    }),
    rts: z.enum(["on", "off"]).optional().meta({
      description: "RTS, where it is no part of the flow control; default on",
    }),
  }).optional().meta({ description: "How a serial port is set where the address does not say" }),
  refused: z.record(z.string().min(1), z.string().min(1)).optional().meta({
    description: 'How it says no to anything, as patterns with what they mean: { "^\\?NA": "not available" }',
  }),
  ignore: z.array(pattern).optional().meta({
    description: "Which lines that it sends are no answers, as patterns: banners, prompts, errors told by themselves",
  }),
  unit: z.int().min(1).max(255).optional().meta({
    description: "Its number on a Modbus line, where the address does not say; default 1",
  }),
  mostRegisters: z.int().min(1).max(125).optional().meta({
    description: "How many neighbouring Modbus registers are read in one request at the most; default 125",
  }),
  headers: z.record(z.string().regex(/^[\w-]+$/), z.string()).optional().meta({
    description: "What is sent with every request to a web API; for what is secret too",
  }),
  separator: z.string().min(1).optional().meta({
    description: "What stands between the columns of a file; a space is any white space; default ,",
  }),
  retries: z.int().min(0).max(10).optional().meta({ description: "How often a reading is asked for again; default 1" }),
});

const parameter = z.strictObject({
  summary: z.string().optional().meta({ description: "What it is" }),
  pattern: pattern.optional().meta({ description: "What it may be; by default letters, digits and _" }),
  default: z.string().optional().meta({ description: "What it is when it is not given" }),
});

/** The words of a description, besides its name and its port. */
export const descriptionShape = {
  summary: z.string().optional().meta({ description: "What it is, in a line" }),
  parameters: z.record(argumentName, z.union([z.string(), parameter])).optional().meta({
    description: "Texts for the places of its commands: the channel, an address. In a driver what they may be",
  }),
  line: line.optional().meta({ description: "How its line is spoken on" }),
  handshake: z.union([check, z.array(check)]).optional().meta({
    description: "What is asked when contact begins, and what shows that the right instrument is there",
  }),
  select: select.optional().meta({
    description: "What is sent before anything else where another unit was selected on the port before",
  }),
  initialize: steps.optional().meta({ description: "What is sent then" }),
  shutdown: steps.optional().meta({ description: "What is sent before the server stops" }),
  afterWrite: check.optional().meta({
    description: "What is asked after everything that is sent, and what it answers when all is well: SYST:ERR?",
  }),
  reconnect: z.strictObject({
    first: interval.optional().meta({ description: "The wait before the first try in seconds; default 0.5" }),
    longest: interval.optional().meta({ description: "The longest wait between two tries in seconds; default 30" }),
  }).optional().meta({ description: "When it is tried again after it was lost; each wait is twice the one before" }),
  pollInterval: interval.optional().meta({ description: "How often its fields are read, in seconds; default 1" }),
  staleAfter: interval.optional().meta({
    description: "After how many seconds without a reading a field is stale; default three polls, at least 5",
  }),
  errorAfter: interval.optional().meta({
    description: "After how many seconds without a reading a field is in error; default three times staleAfter",
  }),
  questions: z.record(z.string().min(1), question).optional().meta({
    description: "Questions by name whose answers hold several fields: each is asked once for all of them",
  }),
  fields: z.record(z.string().min(1), fieldSchema).optional().meta({ description: "Its fields by title" }),
  main: z.array(z.string().min(1)).min(1).max(4).optional().meta({
    description:
      "The fields that matter most, one or two: what the page shows large; default the first numbers that are read",
  }),
  commands: z.record(argumentName, commandSchema).optional().meta({ description: "Its commands by name" }),
};

/** A description of an instrument, checked for its form. */
export const descriptionSchema = z.strictObject(descriptionShape);

/** A description as it is written. */
export type DescriptionInput = z.input<typeof descriptionSchema>;
/** A description as it is used. */
export type Description = z.output<typeof descriptionSchema>;
/** A calibration as it is written. */
export type DescribedCalibration = z.output<typeof calibration>;
/** A described field. */
export type DescribedField = z.output<typeof fieldSchema>;
/** A described command. */
export type DescribedCommand = z.output<typeof commandSchema>;
/** A question, with the words for reading its answer. */
export type DescribedAsk = z.output<typeof ask>;
/** A question that several fields take their values from. */
export type DescribedQuestion = z.output<typeof question>;
/** A text to send. */
export type DescribedSend = z.output<typeof send>;
/** What is sent before others. */
export type DescribedSelect = z.output<typeof select>;
/** Several steps. */
export type DescribedSteps = z.output<typeof steps>;
/** A step of several. */
export type DescribedStep = z.output<typeof step>;
/** Which values other fields must have. */
export type DescribedCondition = z.output<typeof condition>;
