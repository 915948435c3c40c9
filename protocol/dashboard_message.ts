/**
 * PyOpticon's JSON messages and heliograph's framed dialect of them, as pure functions.
 *
 * A message with an `id` is answered by one line of JSON, any other by raw text as PyOpticon's dashboard does.
 *
 * @module
 */

import type { FieldReading } from "./description.ts";
import { type JournalLevel, journalLevels } from "./vocabulary.ts";
import { usualControl } from "./duration.ts";
import { HeliographError } from "./errors.ts";
import type { MessageId, OutputEvent } from "./framed_message.ts";
import type { MessageFault } from "./json_splitter.ts";
import { idIn, usableId } from "./message_id.ts";
import { pythonFloat } from "./python_text.ts";
import { type HistoryWords, isMoment } from "./readings.ts";
import type { JournalHead, JournalQuery } from "./records.ts";

/** A request, whichever of the two dialects it came in. */
export type DashboardRequest =
  | { readonly cmd: "Get"; readonly instrument: string; readonly field: string }
  | { readonly cmd: "Set"; readonly instrument: string; readonly field: string; readonly value: unknown }
  | { readonly cmd: "Confirm" | "Revert"; readonly instrument: string }
  | {
    readonly cmd: "Eval" | "Exec";
    readonly code: string;
    /** `undefined` from a PyOpticon client, which sends Python, and as `code` of Exec the source of a function. */
    readonly language: string | undefined;
    /** Whether the client wants to be told what the code prints, as events. */
    readonly output: boolean;
  }
  | { readonly cmd: "Close" }
  | { readonly cmd: "Status" }
  /** Whether the server still answers: nothing more. */
  | { readonly cmd: "Ping" }
  /** `token` says who it is, where it is given. */
  | { readonly cmd: "Hello"; readonly name: string; readonly token: string | undefined }
  | { readonly cmd: "Describe"; readonly instrument: string | undefined }
  | {
    readonly cmd: "Call";
    readonly instrument: string;
    readonly command: string;
    readonly args: readonly unknown[];
    readonly keywords: ReadonlyMap<string, unknown>;
  }
  /** `seconds` says how far back; `undefined` means all that is kept. */
  | {
    readonly cmd: "History";
    readonly instrument: string;
    readonly field: string;
    readonly seconds: number | undefined;
  }
  /** The last exchanges on an instrument's line; `after` is the number of the last entry that is known already. */
  | { readonly cmd: "Trace"; readonly instrument: string; readonly after: number }
  | { readonly cmd: "Watch"; readonly instrument: string | undefined; readonly field: string | undefined }
  /** Tells of what happens, from a level on; ended by `Unwatch`. */
  | { readonly cmd: "Follow"; readonly level: JournalLevel }
  | { readonly cmd: "Unwatch"; readonly watch: MessageId }
  | { readonly cmd: "Take"; readonly instrument: string; readonly seconds: number; readonly force: boolean }
  | { readonly cmd: "Release"; readonly instrument: string; readonly force: boolean }
  /** Gives an instrument that one holds to another client. */
  | { readonly cmd: "HandOver"; readonly instrument: string; readonly session: number; readonly force: boolean }
  /** Ends somebody else's connection; `session` is its number, as `Status` tells it. */
  | { readonly cmd: "Disconnect"; readonly session: number }
  /** Finds records of the journal. */
  | { readonly cmd: "SearchJournal"; readonly query: JournalQuery }
  /** Tells what is kept; with `verify` every record is looked at, and `known` is a head to be found again. */
  | { readonly cmd: "Records"; readonly verify: boolean; readonly known: JournalHead | undefined }
  /** Finds the readings of some fields. */
  | { readonly cmd: "Readings"; readonly query: HistoryWords }
  /** Tells what all fields were at a moment, in milliseconds since 1970. */
  | { readonly cmd: "Moment"; readonly at: number }
  /** Tells which fields have readings that are kept. */
  | { readonly cmd: "RecordedFields" }
  /** Writes something down, in the journal. */
  | { readonly cmd: "Note"; readonly text: string; readonly instrument: string | undefined }
  /** Arranges the page, for everybody; `arrangement` is still to be checked. */
  | { readonly cmd: "Arrange"; readonly arrangement: unknown }
  /** Keeps a plot by name, for everybody, or with `null` forgets it; `over` puts it in the place of another one. */
  | { readonly cmd: "KeepPlot"; readonly name: string; readonly plot: string | null; readonly over: boolean }
  /** The bench file, and what may be changed in it. */
  | { readonly cmd: "BenchFile" }
  /** The ports that are plugged in. */
  | { readonly cmd: "Ports" }
  /** Checks a change of the bench, and makes it where `save`; `change` is still to be checked. */
  | { readonly cmd: "EditBench"; readonly change: unknown; readonly digest: string; readonly save: boolean }
  /** Asks each field of an instrument once as a change would have it; `change` is still to be checked. */
  | { readonly cmd: "TryInstrument"; readonly change: unknown; readonly digest: string }
  /** Frees the port of an instrument for another program, or takes it again. */
  | { readonly cmd: "Switch"; readonly instrument: string; readonly on: boolean }
  /** Asks another PC of the fleet; `message` is one of these, and checked there. */
  | { readonly cmd: "Ask"; readonly pc: string; readonly message: Readonly<Record<string, unknown>> };

/** A message: how to answer it, and the request or what is wrong with it. */
export interface DashboardMessage {
  /** The message's `id`; `undefined` asks for a raw reply, `null` stands for one that no reply can carry. */
  readonly id: MessageId | null | undefined;
  /** Whether the client wants the server's log to tell of it. @default true */
  readonly printout: boolean;
  /** The request, or the error to answer. */
  readonly request: DashboardRequest | HeliographError;
}

type Json = Record<string, unknown>;

const originalCommands = ["Get", "Set", "Confirm", "Eval", "Exec", "Close"];
const framedCommands = [
  "Hello",
  "Describe",
  "Call",
  "Revert",
  "History",
  "Trace",
  "Watch",
  "Follow",
  "Unwatch",
  "Status",
  "Ping",
  "Take",
  "Release",
  "HandOver",
  "Disconnect",
  "SearchJournal",
  "Records",
  "Readings",
  "Moment",
  "RecordedFields",
  "Note",
  "Arrange",
  "KeepPlot",
  "BenchFile",
  "Ports",
  "EditBench",
  "TryInstrument",
  "Switch",
  "Ask",
];

function bad(message: string): HeliographError {
  return new HeliographError("bad_message", message);
}

/** The spellings of a message's keys: PyOpticon's own first, the field's words beside them. */
const spellings = {
  instrument: ["widget_nickname", "instrument"],
  field: ["field_name", "field"],
} as const;

function optionalText(message: Json, key: string): string | undefined {
  const names: readonly string[] = key === "instrument" || key === "field" ? spellings[key] : [key];
  for (const name of names) {
    const value = message[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string") throw bad(`Cannot run ${message.cmd}: "${name}" must be text`);
    return value;
  }
  return undefined;
}

function text(message: Json, key: string): string {
  const value = optionalText(message, key);
  if (value !== undefined) return value;
  const name = key === "instrument" || key === "field" ? spellings[key][0] : key;
  throw bad(`Cannot run ${message.cmd}: "${name}" is missing`);
}

function flag(message: Json, key: string): boolean {
  const value = message[key] ?? false;
  if (typeof value === "boolean") return value;
  throw bad(`Cannot run ${message.cmd}: "${key}" must be true or false`);
}

function optionalNumber(message: Json, key: string): number | undefined {
  const value = message[key] ?? undefined;
  if (value === undefined || (typeof value === "number" && value >= 0)) return value as number | undefined;
  throw bad(`Cannot run ${message.cmd}: "${key}" must be a number that is not below 0`);
}

function optionalLevel(message: Json): JournalLevel | undefined {
  const wanted = optionalText(message, "level");
  const level = journalLevels.find((known) => known === wanted);
  if (wanted === level) return level;
  throw bad(`Cannot run ${message.cmd}: "level" must be one of ${journalLevels.join(", ")}`);
}

/** The longest text that is looked for in the journal, in characters: none that is kept is longer. */
const longestSearch = 1001;

function journalQuery(message: Json): JournalQuery {
  const number = (key: string) => optionalNumber(message, key);
  const text = (key: string) => {
    const given = optionalText(message, key);
    if ((given?.length ?? 0) <= longestSearch) return given;
    throw bad(`Cannot run ${message.cmd}: "${key}" is longer than ${longestSearch} characters`);
  };
  return {
    since: number("since"),
    until: number("until"),
    level: optionalLevel(message),
    instrument: text("instrument"),
    who: text("who"),
    find: text("find"),
    before: number("before"),
    after: number("after"),
    limit: number("limit"),
  };
}

function historyWords(message: Json): HistoryWords {
  const { fields } = message;
  if (!Array.isArray(fields) || !fields.every((field) => typeof field === "string")) {
    throw bad('Cannot run Readings: "fields" must be a list of fields, as in ["tempcon.camtemp"]');
  }
  const number = (key: string) => optionalNumber(message, key);
  return { fields, since: number("since"), until: number("until"), points: number("points"), limit: number("limit") };
}

function sessionNumber({ cmd, session }: Json): number {
  if (typeof session === "number") return session;
  throw bad(`Cannot run ${cmd}: "session" must be the number of a client`);
}

function parseRequest(message: Json, framed: boolean): DashboardRequest {
  const known: readonly string[] = framed ? [...originalCommands, ...framedCommands] : originalCommands;
  const given = message.cmd;
  if (given === undefined) throw bad(`Cannot tell what to do: "cmd" is missing; it is one of ${known.join(", ")}`);
  if (!framed && framedCommands.includes(given as string)) {
    throw bad(`Cannot run ${given} without an "id": its reply is a line of JSON that carries the same id`);
  }
  if (typeof given !== "string") throw bad(`Cannot tell what to do: "cmd" must be text, one of ${known.join(", ")}`);
  const cmd = given as DashboardRequest["cmd"];
  switch (cmd) {
    case "Get":
      return { cmd, instrument: text(message, "instrument"), field: text(message, "field") };
    case "Set":
      if (message.new_value === undefined) throw bad('Cannot run Set: "new_value" is missing');
      if (!["string", "number", "boolean"].includes(typeof message.new_value)) {
        throw bad('Cannot run Set: "new_value" must be text, a number or a boolean');
      }
      return { cmd, instrument: text(message, "instrument"), field: text(message, "field"), value: message.new_value };
    case "Confirm":
    case "Revert":
      return { cmd, instrument: text(message, "instrument") };
    case "Eval":
    case "Exec":
      return {
        cmd,
        code: text(message, "code"),
        language: optionalText(message, "language"),
        output: framed && message.output === true,
      };
    case "Close":
      return { cmd };
    case "Status":
    case "Ping":
      return { cmd };
    case "Hello":
      return { cmd, name: optionalText(message, "name") ?? "", token: optionalText(message, "token") };
    case "Describe":
      return { cmd, instrument: optionalText(message, "instrument") };
    case "Call": {
      const { args = [], kwargs = {} } = message;
      if (!Array.isArray(args)) throw bad('Cannot run Call: "args" must be a list');
      if (typeof kwargs !== "object" || kwargs === null || Array.isArray(kwargs)) {
        throw bad('Cannot run Call: "kwargs" must be an object');
      }
      const keywords = new Map<string, unknown>(Object.entries(kwargs));
      return { cmd, instrument: text(message, "instrument"), command: text(message, "command"), args, keywords };
    }
    case "History": {
      const { seconds } = message;
      if (seconds !== undefined && !(typeof seconds === "number" && seconds > 0)) {
        throw bad('Cannot run History: "seconds" must be a number above 0');
      }
      return { cmd, instrument: text(message, "instrument"), field: text(message, "field"), seconds };
    }
    case "Trace": {
      const { after = 0 } = message;
      if (typeof after !== "number" || !(after >= 0)) {
        throw bad('Cannot run Trace: "after" must be the number of an entry');
      }
      return { cmd, instrument: text(message, "instrument"), after };
    }
    case "SearchJournal":
      return { cmd, query: journalQuery(message) };
    case "Records": {
      const { number, digest } = message;
      if (number === undefined && digest === undefined) {
        return { cmd, verify: flag(message, "verify"), known: undefined };
      }
      if (typeof number !== "number" || typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest)) {
        throw bad('Cannot run Records: a head has the "number" of a record and its "digest" of 64 hexadecimal digits');
      }
      return { cmd, verify: true, known: { number, digest } };
    }
    case "Readings":
      return { cmd, query: historyWords(message) };
    case "Moment": {
      const { at } = message;
      if (!isMoment(at)) throw bad('Cannot run Moment: "at" must be a time in milliseconds since 1970');
      return { cmd, at };
    }
    case "RecordedFields":
      return { cmd };
    case "Note":
      return { cmd, text: text(message, "text"), instrument: optionalText(message, "instrument") };
    case "Ask": {
      const { message: asked } = message;
      if (typeof asked !== "object" || asked === null || Array.isArray(asked)) {
        throw bad('Cannot run Ask: "message" must be an object, such as {"cmd": "Status"}');
      }
      return { cmd, pc: text(message, "pc"), message: asked as Json };
    }
    case "Watch":
      return { cmd, instrument: optionalText(message, "instrument"), field: optionalText(message, "field") };
    case "Follow":
      return { cmd, level: optionalLevel(message) ?? "info" };
    case "Unwatch": {
      const watch = message.watch;
      if (typeof watch !== "number" && typeof watch !== "string") {
        throw bad('Cannot run Unwatch: "watch" must be the id of the Watch message');
      }
      return { cmd, watch };
    }
    case "Take": {
      const { seconds = usualControl } = message;
      if (typeof seconds !== "number") throw bad('Cannot run Take: "seconds" must be a number');
      return { cmd, instrument: text(message, "instrument"), seconds, force: flag(message, "force") };
    }
    case "Release":
      return { cmd, instrument: text(message, "instrument"), force: flag(message, "force") };
    case "HandOver": {
      const instrument = text(message, "instrument");
      return { cmd, instrument, session: sessionNumber(message), force: flag(message, "force") };
    }
    case "Disconnect":
      return { cmd, session: sessionNumber(message) };
    case "Arrange":
      if (message.arrangement === undefined) throw bad('Cannot run Arrange: "arrangement" is missing');
      return { cmd, arrangement: message.arrangement };
    case "KeepPlot": {
      const { plot } = message;
      if (plot !== null && typeof plot !== "string") {
        throw bad('Cannot run KeepPlot: "plot" must be the query of an address as text, or null to forget it');
      }
      return { cmd, name: text(message, "name"), plot, over: flag(message, "over") };
    }
    case "BenchFile":
    case "Ports":
      return { cmd };
    case "EditBench":
      if (message.change === undefined) throw bad('Cannot run EditBench: "change" is missing');
      return { cmd, change: message.change, digest: text(message, "digest"), save: flag(message, "save") };
    case "TryInstrument":
      if (message.change === undefined) throw bad('Cannot run TryInstrument: "change" is missing');
      return { cmd, change: message.change, digest: text(message, "digest") };
    case "Switch":
      if (typeof message.on !== "boolean") throw bad('Cannot run Switch: "on" must be true or false');
      return { cmd, instrument: text(message, "instrument"), on: message.on };
    default:
      throw bad(`Cannot run ${JSON.stringify(given)}: "cmd" must be one of ${known.join(", ")}`);
  }
}

/** The number that a PyOpticon client sets, as Python prints it: its entry keeps that text, and 30 is not 30.0. */
function numberAsSet(json: string): string {
  let written = "";
  JSON.parse(json, (key: string, value: unknown, context?: { readonly source?: string }) => {
    // The outermost object's come last.
    if (key === "new_value" && typeof value === "number") written = context?.source ?? String(value);
    return value;
  });
  return /[.e]/i.test(written) ? pythonFloat(Number(written)) : written.replace(/^-0$/, "0");
}

/**
 * Reads one message.
 *
 * @param json The text of one JSON object.
 * @returns How to answer, and the request or the error; it never throws.
 */
export function parseDashboardMessage(json: string): DashboardMessage {
  let message: Json;
  try {
    message = JSON.parse(json) as Json;
  } catch (error) {
    return {
      id: idIn(json),
      printout: true,
      request: bad(`Cannot read the message as JSON: ${(error as Error).message}`),
    };
  }
  const id = usableId(message.id);
  const printout = message.printout !== false;
  if (id === null) {
    const what = "it must be text, or an integer that JSON keeps (up to 2^53)";
    return { id, printout, request: bad(`Cannot use "id": ${what}`) };
  }
  try {
    const request = parseRequest(message, id !== undefined);
    if (id === undefined && request.cmd === "Set" && typeof request.value === "number") {
      return { id, printout, request: { ...request, value: numberAsSet(json) } };
    }
    return { id, printout, request };
  } catch (error) {
    const request = error instanceof HeliographError
      ? error
      : bad(`Cannot read the message: ${(error as Error).message}`);
    return { id, printout, request };
  }
}

/**
 * The error for bytes that are no message.
 *
 * @param fault What the splitter found.
 * @param limit The longest message in bytes, for the text.
 * @param patience How long the rest of an unfinished one was waited for, in seconds, for the text.
 * @returns The error to answer.
 */
export function messageFaultError(fault: MessageFault["fault"], limit: number, patience = 0): HeliographError {
  switch (fault) {
    case "too_long":
      return new HeliographError("message_too_long", `Cannot take the message: it is over ${limit} bytes`);
    case "invalid_utf8":
      return bad("Cannot read the message: it is not valid UTF-8");
    case "not_an_object":
      return bad('Cannot read the message: it must be a JSON object, {"cmd": …}');
    case "unbalanced":
      return bad("Cannot read the message: its brackets or quotes do not match");
    case "too_deep":
      return bad("Cannot read the message: it is nested more than 200 deep");
    case "unfinished":
      return bad(`Cannot read the message: it was left unfinished for ${patience} s`);
  }
}

/** The most bytes that PyOpticon's client takes as one reply: it calls `recv(1024)` once. */
export const longestRawReply = 1024;

const encoder = new TextEncoder();

/**
 * The raw reply to a request without an `id`, as PyOpticon's client reads it.
 *
 * It is never empty, since the client would wait for ever: an empty value is sent as one space. One that the client
 * could not take in a piece is an error instead, since its rest would be taken for the next reply.
 *
 * @param reply The text.
 * @returns The bytes' text, without any line end.
 */
export function rawReply(reply: string): string {
  if (reply === "") return " ";
  if (reply.length * 3 <= longestRawReply || encoder.encode(reply).length <= longestRawReply) return reply;
  return `Error: the reply is over ${longestRawReply} bytes, more than a PyOpticon client takes; send an "id" to get it framed`;
}

/**
 * The raw reply to a request that failed: PyOpticon's client takes whatever begins with `Error` for a failure.
 *
 * @param error What went wrong.
 * @returns `Error: …`.
 */
export function rawError(error: HeliographError): string {
  const text = `Error: ${error.message}`;
  // Three bytes for each character at most, and some for the mark that it goes on.
  return text.length * 3 <= longestRawReply || encoder.encode(text).length <= longestRawReply
    ? text
    : `${text.slice(0, 330)}…`;
}

/**
 * The framed reply to a request that succeeded.
 *
 * @param id The request's id.
 * @param value The value; nothing is sent as `null`.
 * @param beside Where the value is a field's: its unit, quality, time and so on.
 * @returns JSON on one line, without a line end.
 */
export function framedReply(id: MessageId, value: unknown, beside: Partial<Omit<FieldReading, "value">> = {}): string {
  return JSON.stringify({ id, ok: true, value: value ?? null, ...beside });
}

/**
 * The framed reply whose value is JSON already.
 *
 * @param id The request's id.
 * @param json On one line.
 */
export function framedJson(id: MessageId, json: string): string {
  return `{"id":${JSON.stringify(id)},"ok":true,"value":${json}}`;
}

/**
 * The framed reply to a request that failed.
 *
 * @param id The request's id, or `null` where it could not be read.
 * @param error What went wrong.
 * @returns JSON on one line, without a line end.
 */
export function framedError(id: MessageId | null, error: HeliographError): string {
  return JSON.stringify({ id, ok: false, error: { code: error.code, message: error.message } });
}

/**
 * The framed message that tells what code has printed.
 *
 * @param id The id of the Eval or Exec message.
 * @param text What was printed.
 * @returns JSON on one line, without a line end.
 */
export function framedOutput(id: MessageId, text: string): string {
  return JSON.stringify({ id, event: "output", text } satisfies OutputEvent);
}
