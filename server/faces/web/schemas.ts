/**
 * What the JSON of the HTTP API looks like, as OpenAPI's components.
 *
 * @module
 */

import { journalLevels } from "../../../protocol/description.ts";
import { errorCodes } from "../../../protocol/errors.ts";
import type { JsonSchema } from "./routes.ts";

const text: JsonSchema = { type: "string" };
const flag: JsonSchema = { type: "boolean" };
const number: JsonSchema = { type: "number" };
const count: JsonSchema = { type: "integer", minimum: 0 };
const time: JsonSchema = { type: "string", format: "date-time" };
const role: JsonSchema = { enum: ["observer", "operator", "admin"] };
const protocol: JsonSchema = { enum: ["line", "dashboard", "web", "image"] };
const wireValue: JsonSchema = { type: ["number", "string", "boolean"] };

function about(description: string, schema: JsonSchema): JsonSchema {
  return { ...schema, description };
}

function orNull(schema: JsonSchema): JsonSchema {
  return { oneOf: [schema, { type: "null" }] };
}

/** An object whose properties are all there, but for those whose name ends in a question mark. */
function object(description: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const names = Object.keys(properties);
  return {
    type: "object",
    description,
    properties: Object.fromEntries(names.map((name) => [name.replace("?", ""), properties[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    additionalProperties: false,
  };
}

/**
 * A reference to a component.
 *
 * @param name One of the names of {@linkcode schemas}.
 */
export function reference(name: keyof typeof schemas): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A list of something. @param items What. */
export function listOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

const component = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const valueProperties: Readonly<Record<string, JsonSchema>> = {
  "type": { enum: ["float", "int", "text", "choice", "switch"] },
  "unit?": about("the unit people read", text),
  "minimum?": number,
  "maximum?": number,
  "choices?": listOf(text),
  "decimals?": about("how many decimals a float is shown with", count),
  "summary?": text,
};

/** The components by name. */
export const schemas = {
  Error: object("What went wrong", {
    error: object("", {
      code: about("stable: scripts may branch on it", { enum: Object.keys(errorCodes) }),
      message: about("for people; it may change", text),
    }),
  }),
  Field: object("A field, and what it holds", {
    name: text,
    title: text,
    access: { enum: ["readout", "setting"] },
    needsConfirm: about("whether a changed setting waits for confirm", flag),
    log: about("whether it belongs into the data log", flag),
    ...valueProperties,
    value: { type: ["number", "string", "boolean", "null"], description: "null when it has not been read yet" },
    text: about("the value as people read it", text),
    quality: { enum: ["good", "stale", "error"] },
    time: about("when it was read or set", orNull(time)),
    "staged?": about("changed, and waiting for confirm", flag),
    "applied?": about("while it waits: the text of what it was before", text),
    "reason?": about("why the quality is not good", text),
  }),
  JournalEntry: object("Something that happened", {
    number: about("counts up", count),
    kind: about("what somebody asked for, code or an image that somebody sent, or a line of the server's log", {
      enum: ["command", "code", "image", "log"],
    }),
    time: about("when it began", time),
    level: about("what only reads is debug; else what failed is warning", { enum: journalLevels }),
    client: about("who asked, as the log calls them; empty for nobody", text),
    session: about("the number of the connection that asked; 0 for none", count),
    instrument: about("what was asked; empty for none", text),
    text: about("a command as an azcam line, or what the log told", text),
    "answer?": about("the answer as azcam's reply line", text),
    "seconds?": about("how long the answer took", number),
  }),
  History: object("What a number has been; each value held until the next", {
    times: about("when each was read or set, in seconds since 1970, oldest first", listOf(number)),
    values: about("null where from then on there was none to be trusted", listOf({ type: ["number", "null"] })),
  }),
  Argument: object("An argument of a command", {
    name: text,
    ...valueProperties,
    "default?": about("what it is when left out; one without must be given", wireValue),
  }),
  Command: object("A command of an instrument", {
    name: text,
    summary: text,
    arguments: listOf(component("Argument")),
    takesMore: about("whether it takes any further arguments", flag),
    role: about("the least role that may call it", role),
    immediate: about("whether it overtakes commands that wait", flag),
    deadline: about("the time it may take in seconds, waiting included", number),
  }),
  Contact: object("Whether a real instrument answers", {
    address: text,
    state: { enum: ["off", "connecting", "connected", "lost"] },
    reason: text,
  }),
  Holder: object("Who has control of an instrument", {
    name: text,
    session: about("the number of their connection; 0 for an HTTP request and the server's own program", count),
    address: text,
    until: about("when it ends if they ask for nothing more", time),
  }),
  Lease: object("Whose an instrument is now", { instrument: text, holder: component("Holder"), until: time }),
  Instrument: object("An instrument, its fields with their values, and its commands", {
    name: text,
    title: text,
    summary: text,
    fields: listOf(component("Field")),
    commands: listOf(component("Command")),
    contact: about("null for one that needs none, as simulated ones", orNull(component("Contact"))),
    hasImages: about("whether it takes images, the last of which can be looked at", flag),
    holder: about("null when nobody has control", orNull(component("Holder"))),
  }),
  Image: object("The last image of a camera", {
    identity: about("what no other image has; its pixels are asked for with it", text),
    file: about("the absolute path of its file on the server's PC", text),
    width: about("how many columns, all amplifiers together and without overscan", count),
    height: about("how many rows", count),
    header: about(
      "what its header says that people ask for first",
      listOf(object("A card of the header", { "keyword": text, "value": wireValue, "unit?": text })),
    ),
    levels: object("Black and white between which it is worth looking at", {
      automatic: about("1 % of the pixels are darker than black, 0.5 % brighter than white", listOf(number)),
      wide: about("0.1 % are darker, 0.05 % brighter", listOf(number)),
      full: about("the smallest and the largest value", listOf(number)),
    }),
  }),
  Client: object("A connection", {
    session: about("its number", count),
    name: text,
    address: text,
    protocol,
    role,
    connected: time,
    lastRequest: text,
    lastRequestTime: orNull(time),
  }),
  Status: object("What the server is doing", {
    server: text,
    version: text,
    uptime: about("in seconds", number),
    listeners: listOf(object("Something that listens", { protocol, host: text, port: count })),
    sessions: listOf(component("Client")),
    instruments: listOf(object("What an instrument is doing", {
      name: text,
      running: about("the command that runs now, or empty", text),
      runningFor: about("in seconds", number),
      waiting: about("how many commands wait", count),
      contact: orNull(component("Contact")),
      holder: orNull(component("Holder")),
    })),
  }),
  Arrangement: object("How the page arranges the instruments; one that is named nowhere comes last", {
    groups: about(
      "in order",
      listOf(object("Instruments that stand together", {
        title: about("one line of at most 80 characters, and no other group's", text),
        instruments: about("their names in order; each has one place in all", listOf(text)),
      })),
    ),
    "others?": about("the names of those of no group, in order", listOf(text)),
    "hidden?": about("the names of those that are hidden; each keeps its place", listOf(text)),
  }),
  ArrangementState: object("The arrangement, and how it is kept", {
    arrangement: component("Arrangement"),
    kept: about("whether it is still there after the server was started again", flag),
    hint: about("what people should know of how it is kept; empty where all is well", text),
    revision: about("it grows with every change, until the server is started again", count),
  }),
  Health: object("Whether the server takes requests", {
    status: { enum: ["ok", "stopping"] },
    version: text,
    uptime: about("in seconds", number),
    instruments: count,
    notConnected: about("how many of them do not answer", count),
  }),
} as const;
