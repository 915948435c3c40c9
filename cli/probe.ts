/**
 * Finds out which instrument is on a port, by asking what does no harm.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import { builtInDrivers } from "../server/devices/drivers/drivers.ts";
import type { Driver } from "../server/devices/drivers/driver.ts";
import { type Pattern, pattern } from "../server/devices/described/pattern.ts";
import { type Address, parseAddress, settledFormat } from "../server/devices/transports/address.ts";
import { lineCodec, withBytes } from "../server/devices/transports/line_codec.ts";
import { openLine } from "../server/devices/transports/open_line.ts";
import { defaultSerialOptions, type SerialOptions } from "../server/devices/transports/serial.ts";
import { escapedBytes } from "../protocol/escapes.ts";
import { TalkLine } from "./talk_line.ts";

/** The rates at which *IDN? is asked on a serial port, the usual ones first. */
const usualRates = [9600, 115_200, 19_200, 57_600, 38_400];

/** How long what came before, a banner for example, is waited for, in seconds. */
const quietSeconds = 0.15;

/** How long is listened for what an instrument says by itself, in seconds. */
const listenSeconds = 2.5;

const identify = "*IDN?";

/** A question that a driver's instrument answers. */
interface Question {
  readonly driver: string;
  readonly ask: string;
  readonly pattern: Pattern;
  readonly sendEnd: string;
  readonly receiveEnd: string;
  readonly serial: SerialOptions;
  readonly settle: number;
}

/** How a serial line is set; `undefined` for a line that is none. */
type Setting = SerialOptions | undefined;

/** An answer that came. */
export interface Found {
  /** What was asked, with escapes; empty where it was not asked. */
  readonly asked: string;
  /** What came, with escapes. */
  readonly answered: string;
  /** The driver that knows it; `undefined` where none does. */
  readonly driver: string | undefined;
  /** How the serial line was set. */
  readonly serial: SerialOptions | undefined;
  /** What it said, without ends. */
  readonly said: string;
  /** What ends its answer; empty where nothing does. */
  readonly end: string;
}

/** The options of asking. */
export interface ProbeOptions {
  /** The port, which for a serial one is opened with several settings. */
  readonly address: Address;
  /** Whether only the settings of the address are tried. */
  readonly onlyThese: boolean;
  /** How long each answer may take, in seconds. */
  readonly timeout: number;
  /** Told of what is asked next. */
  readonly asking: (text: string) => void;
}

/**
 * Asks until something answers.
 *
 * @returns What did; `undefined` where nothing does.
 * @throws {HeliographError} `bad_argument` where questions are no text.
 */
export async function probe(options: ProbeOptions): Promise<Found | undefined> {
  const { address, onlyThese } = options;
  if (settledFormat(address) !== undefined) {
    throw new HeliographError(
      "bad_argument",
      `Cannot ask who is there: what ${address.kind}:// takes is no text that names an instrument; describe it, and ` +
        "see by `heliograph try` what it answers",
    );
  }
  const questions = allKnown();
  if (address.kind !== "serial") return await ask(options, address, undefined, questions);
  const { serial } = address;
  if (onlyThese) return await ask(options, address, serial, questions);
  const settings = new Map<string, SerialOptions>();
  const add = (setting: SerialOptions) => settings.set(keyOf(setting), setting);
  for (const baud of usualRates) add({ ...defaultSerialOptions, baud, path: serial.path });
  for (const question of questions) add({ ...question.serial, path: serial.path });
  for (const [key, setting] of settings) {
    const known = questions.filter((question) => keyOf(question.serial) === key);
    const found = await ask(options, { kind: "serial", serial: setting }, setting, known);
    if (found !== undefined) return found;
  }
  return undefined;
}

function keyOf({ path: _, ...setting }: SerialOptions): string {
  return JSON.stringify(Object.entries(setting).sort());
}

/** The question by which a driver's instrument is known. */
function questionOf(driver: string, { address, description, probe }: Driver): Question | undefined {
  if (settledFormat(parseAddress(address)) !== undefined) return undefined;
  const { parameters = {}, line = {}, handshake } = description;
  const [check] = probe === undefined ? [handshake ?? []].flat() : [probe];
  if (check === undefined) return undefined;
  const filled = (text: string) =>
    text.replace(/\{(\w+)\}/g, (place, name) => {
      const given = parameters[name];
      return (typeof given === "string" ? given : given?.default) ?? place;
    });
  const { byte } = lineCodec();
  const serial = Object.fromEntries(Object.entries(line.serial ?? {}).filter(([, value]) => value !== undefined));
  return {
    driver,
    ask: withBytes(filled(check.ask), byte),
    pattern: pattern(filled(check.pattern)),
    sendEnd: withBytes(line.sendEnd ?? "\n", byte),
    receiveEnd: withBytes(line.receiveEnd ?? "\n", byte),
    serial: { ...defaultSerialOptions, path: "", ...serial },
    settle: line.settle ?? 0,
  };
}

/** Asks on one line, set in one way. */
async function ask(
  { timeout, asking }: ProbeOptions,
  address: Address,
  serial: Setting,
  questions: readonly Question[],
): Promise<Found | undefined> {
  // What comes is taken up to a pause: the end is not known yet.
  using line = new TalkLine(await openLine(address), { sendEnd: "", receiveEnd: "", encoding: "latin1" });
  const listening = questions.filter((question) => question.ask === "");
  const settle = Math.max(quietSeconds, ...questions.map((question) => question.settle));
  const answer = async (question: string, sendEnd: string) => {
    // What was not understood before ends here, and what is said to it is left.
    await line.send(line.encode(sendEnd));
    while (await line.next(quietSeconds) !== undefined);
    asking(`${escapedBytes(line.encode(question + sendEnd))}${serial === undefined ? "" : ` at ${serial.baud} baud`}`);
    await line.send(line.encode(question + sendEnd));
    return await line.next(timeout);
  };
  const found = (asked: string, bytes: Uint8Array, text: string, known: Question | undefined): Found => {
    const end = known?.receiveEnd ?? /[\r\n]+$/.exec(text)?.[0] ?? "";
    const said = linesOf(text, known?.receiveEnd ?? "\n").find((line) => line !== "" && line !== asked.trim()) ?? "";
    return {
      asked: asked === "" ? "" : escapedBytes(line.encode(asked)),
      answered: escapedBytes(bytes),
      driver: known?.driver,
      serial,
      said,
      end,
    };
  };
  const banner = await line.next(listening.length === 0 ? settle : Math.max(settle, listenSeconds));
  if (banner !== undefined) {
    const known = listening.find((question) => understands(question, banner.text));
    if (known !== undefined) return found("", banner.bytes, banner.text, known);
  }
  for (const sendEnd of ["\n", "\r"]) {
    const came = await answer(identify, sendEnd);
    if (came === undefined || !isText(came.text, identify)) continue;
    const known = questions.find((question) => question.ask === identify && understands(question, came.text)) ??
      allKnown().find((question) => question.ask === identify && understands(question, came.text));
    return found(identify + sendEnd, came.bytes, came.text, known);
  }
  for (const question of questions) {
    // The two that were asked above are answered by others, too.
    if (question.ask === "" || question.ask === identify && "\r\n".includes(question.sendEnd)) continue;
    const came = await answer(question.ask, question.sendEnd);
    if (came === undefined || !understands(question, came.text)) continue;
    return found(question.ask + question.sendEnd, came.bytes, came.text, question);
  }
  return undefined;
}

function allKnown(): Question[] {
  return Object.entries(builtInDrivers).flatMap(([name, driver]) => questionOf(name, driver) ?? []);
}

function linesOf(text: string, end: string): string[] {
  return text.split(end).map((line) => line.replace(/^[\r\n]+|[\r\n]+$/g, ""));
}

function understands({ ask, pattern, receiveEnd }: Question, text: string): boolean {
  return linesOf(text, receiveEnd).some((line) => line !== ask && pattern.test(line));
}

/** Whether it is an answer in words: at a wrong rate come bytes, and some echo what they are asked. */
function isText(text: string, asked: string): boolean {
  const words = text.replaceAll(asked, "").trim();
  return words.length >= 4 && /^[\x20-\x7e\r\n\t]+$/.test(words);
}

/**
 * The instrument as it stands in a bench file.
 *
 * @param port Its address, as it was given.
 */
export function benchEntry({ driver, serial, said, end, asked }: Found, port: string): Record<string, unknown> {
  const known = driver === undefined ? undefined : builtInDrivers[driver];
  const usual = { ...defaultSerialOptions, ...known?.description.line?.serial };
  const settings = serial === undefined
    ? []
    : Object.entries(serial).flatMap(([name, value]) =>
      name === "path" || usual[name as keyof typeof usual] === value ? [] : [`${name}=${value}`]
    );
  const address = serial === undefined
    ? port
    : `${serialAddress(serial.path)}${settings.length === 0 ? "" : `?${settings.join("&")}`}`;
  if (known !== undefined) {
    return {
      title: known.description.summary?.replace(/ (?:channel|behind .*)$/, "") ?? driver,
      driver,
      port: address,
    };
  }
  const [make = "", model = ""] = said.split(",").map((part) => part.trim());
  const sendEnd = asked.endsWith("\\r") ? "\r" : "\n";
  const line = {
    ...(sendEnd === "\n" ? {} : { sendEnd }),
    ...(end === "\n" || end === "\r\n" || end === "" ? {} : { receiveEnd: end }),
  };
  const shown = [make, model].filter((part) => part !== "");
  return {
    title: /[a-z0-9]/i.test(model) ? model : "Instrument",
    port: address,
    ...(Object.keys(line).length === 0 ? {} : { line }),
    handshake: { ask: identify, pattern: `^${shown.map(literal).join("\\s*,\\s*")}` },
    commands: { identify: { summary: "Tell who it is", ask: identify, role: "observer" } },
  };
}

function serialAddress(path: string): string {
  return `serial://${path}`;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
