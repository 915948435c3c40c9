/**
 * Checks messages from places where code runs before they are used: code may have found a way to speak itself.
 *
 * @module
 */

import { errorCodes } from "../../protocol/errors.ts";
import {
  type Evaluated,
  type EvaluatedText,
  type FromHost,
  type FromWorker,
  longestAsk,
  longestMessage,
  type ResultLimits,
} from "./messages.ts";

/** The deepest nesting of a value: far deeper ones cannot be written as JSON any more. */
const deepest = 1000;

type Check = (value: unknown) => boolean;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with these keys and no others; one whose name ends in "?" may be left out. */
function object(keys: Readonly<Record<string, Check>>): Check {
  const checks = new Map(Object.entries(keys).map(([key, check]) => [key.replace("?", ""), check]));
  const needed = Object.keys(keys).filter((key) => !key.endsWith("?"));
  return (value) =>
    isObject(value) && needed.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, part]) => checks.get(key)?.(part) === true);
}

const text = (longest: number): Check => (value) => typeof value === "string" && value.length <= longest;
const said: Check = (value) => value === true;
const isCode: Check = (value) => typeof value === "string" && Object.hasOwn(errorCodes, value);

/**
 * Reads what comes from where code runs. Written by hand: a schema's package would double what a sandbox's process
 * needs to start, and each message is one of a few small ones.
 */
export class HostileMessages {
  readonly #longest: number;
  readonly #fromHost: ReadonlyMap<string, Check>;
  readonly #fromWorker: ReadonlyMap<string, Check>;

  /** @param limits How long it may be. */
  constructor(limits: ResultLimits) {
    const { outputBytes, resultBytes } = limits;
    this.#longest = longestMessage(limits);
    const evaluation: [string, Check][] = [
      // What code asks for is answered also where it is nonsense: here it has to be an object, and small.
      ["ask", isObject],
      ["output", text(outputBytes)],
      ["done", object({ text: text(resultBytes), "json?": text(2 * resultBytes) })],
      ["failed", object({ code: isCode, message: text(resultBytes) })],
    ];
    this.#fromHost = new Map([["idle", said], ["began", said], ...evaluation]);
    this.#fromWorker = new Map([["ready", said], ["ended", said], ...evaluation]);
  }

  /** A message from a sandbox's process, in a line that was bounded already. @throws {Error} When it is none. */
  fromHost(message: unknown): FromHost {
    if (isOne(message, this.#fromHost)) return message;
    throw new Error("it said what no sandbox says");
  }

  /** A message from a Worker, which is text. @throws {Error} When it is none, or too long to be looked at. */
  fromWorker(text: unknown): FromWorker {
    if (typeof text === "string" && text.length <= this.#longest) {
      const message = parsed(text);
      if (isOne(message, this.#fromWorker) && !("ask" in message && text.length > longestAsk)) return message;
    }
    throw new Error("it tampered with what carries its results");
  }
}

/** Whether it is an object with one key, which is known, and what belongs to that. */
function isOne(message: unknown, checks: ReadonlyMap<string, Check>): message is FromHost & FromWorker {
  if (!isObject(message)) return false;
  const [key = "", ...more] = Object.keys(message);
  return more.length === 0 && checks.get(key)?.(message[key]) === true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The value of an expression, from its text.
 *
 * @throws {Error} When it is no JSON, or nested too deep to be written again.
 */
export function evaluated({ text, json }: EvaluatedText): Evaluated {
  if (json === undefined) return { text, value: text };
  if (depth(json) > deepest) throw new Error(`its result is nested more than ${deepest} deep`);
  return { text, value: JSON.parse(json) };
}

/** The depth of nesting in JSON. */
function depth(json: string): number {
  let [depth, most, isText] = [0, 0, false];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (isText && character === "\\") at++;
    else if (character === '"') isText = !isText;
    else if (isText) continue;
    else if (character === "[" || character === "{") most = Math.max(most, ++depth);
    else if (character === "]" || character === "}") depth--;
  }
  return most;
}
