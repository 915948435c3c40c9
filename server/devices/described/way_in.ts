/**
 * What a way in says about conversations on it: how requests are written, which answers are refusals.
 *
 * @module
 */

import { type Address, misplacedWords } from "../transports/address.ts";
import { parseHttpRequest } from "../transports/http.ts";
import { modbusExceptions, parseModbusRequest } from "../transports/modbus_messages.ts";
import { Template } from "./template.ts";
import { WebTemplate } from "./web_template.ts";

/** The conversation that a way in makes possible. */
export interface WayIn {
  /** How it says no, as patterns with what they mean. */
  readonly refused: Readonly<Record<string, string>>;
  /** What it answers to a command that was done, as a pattern; `undefined` where it does not answer. */
  readonly done: string | undefined;
  /** A request as it is sent. @throws {TypeError} Where it is none. */
  request(text: string): string;
  /** The text in an answer; `undefined` where it is nobody's, or a refusal. */
  said(answer: string): string | undefined;
  /** The words for a line or an answer that mean nothing there, each with the reason. */
  misplaced(said: object): readonly (readonly [word: string, reason: string])[];
  /** The template of a request. @throws {TypeError} With what is wrong with it. */
  template(source: string, names: readonly string[], body: unknown): Template;
}

/** Where the instrument alone says how it is spoken with. */
export const plainWay: WayIn = {
  refused: {},
  done: undefined,
  request: (text) => text,
  said: (answer) => answer,
  misplaced: () => [],
  template(source, names, body) {
    if (body !== undefined) throw new TypeError('has a meaning only where "port" is http:// or https://');
    return new Template(source, names);
  },
};

const statuses: Readonly<Record<string, string>> = {
  "^30[12378]\\b": "it has moved: give the new address",
  "^401\\b": "it wants a name and a password: http://NAME:PASSWORD@HOST",
  "^403\\b": "it does not allow that",
  "^404\\b": "it has no such path",
  "^405\\b": "this path does not take this method",
  "^429\\b": "it is asked too often",
  "^4\\d\\d\\b": "it does not take that",
  "^5\\d\\d\\b": "it failed while it did that",
  "^[13]\\d\\d\\b": "that is no answer to a request",
};

const web: WayIn = {
  ...plainWay,
  refused: statuses,
  done: "^2\\d\\d\\b",
  request(text) {
    parseHttpRequest(text);
    return text;
  },
  said: (answer) => /^2\d\d (.*)$/s.exec(answer)?.[1],
  template: (source, names, body) => new WebTemplate(source, names, body),
};

const file: WayIn = {
  ...plainWay,
  request() {
    throw new TypeError('is for nobody: a file is only read, use "listen"');
  },
};

/** Modbus, where an instrument is one unit of a line. */
function modbus(unit: number): WayIn {
  const own = `unit ${unit} `;
  return {
    ...plainWay,
    refused: Object.fromEntries(
      Object.entries(modbusExceptions).map(([code, [_, meaning]]) => [`^${own}exception ${code}\\b`, meaning])
        .concat([[`^${own}exception\\b`, "an exception of its maker's own"]]),
    ),
    done: `^${own}(?:coil|holding) \\d+ written$`,
    request(text) {
      const { unit: asked } = parseModbusRequest(text, unit);
      if (asked !== unit) throw new TypeError(`is for unit ${asked}, and this instrument is unit ${unit}`);
      return text.startsWith("unit ") ? text : own + text;
    },
    said: (answer) => answer.startsWith(own) ? answer.slice(own.length).replace(/^\w+ /, "") : undefined,
  };
}

/**
 * The conversation at an address.
 *
 * @param address Where the instrument is.
 * @param unit Its number on a Modbus line. @default 1
 */
export function wayIn(address: Address, unit = 1): WayIn {
  return { ...wayOf(address, unit), misplaced: (said) => misplacedWords(address, said) };
}

function wayOf({ kind }: Address, unit: number): WayIn {
  switch (kind) {
    case "modbus+tcp":
    case "modbus+rtu":
    case "modbus+serial":
      return modbus(unit);
    case "http":
    case "https":
      return web;
    case "file":
      return file;
    default:
      return plainWay;
  }
}
