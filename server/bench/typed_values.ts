/**
 * Encodes what commands return for another process or PC: JSON, and nothing that JSON would lose.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { Tuple } from "../../protocol/python_text.ts";
import { Float, OneWord } from "./values.ts";

/** Nothing that instruments say is nested deeper. */
const deepest = 64;

/**
 * A value on its way: objects, floats, tuples and numbers that are none are marked.
 *
 * @throws {HeliographError} For what cannot be sent: a function, or what is nested too deep.
 */
export function encodeValue(value: unknown, depth = 0): unknown {
  if (depth > deepest) {
    throw new HeliographError("command_failed", "Cannot send a value that is nested so deep, or that holds itself");
  }
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : { number: String(value) };
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object") {
    throw new HeliographError("command_failed", `Cannot send a value of type ${typeof value}`);
  }
  if (value instanceof Float) return { float: encodeValue(value.valueOf()) };
  if (value instanceof OneWord) return { word: value.valueOf() };
  if (Array.isArray(value)) {
    const items = Array.from(value, (each) => encodeValue(each, depth + 1));
    return value instanceof Tuple ? { tuple: items } : items;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return encodeValue(toJSON.call(value, ""), depth + 1);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined && typeof each !== "function");
  return { object: Object.fromEntries(entries.map(([key, each]) => [key, encodeValue(each, depth + 1)])) };
}

/** The value that was sent. @throws {TypeError} For what nobody sends. */
export function decodeValue(sent: unknown, depth = 0): unknown {
  if (depth > 2 * deepest) throw new TypeError("it is nested too deep");
  if (sent === null || typeof sent !== "object") return sent;
  if (Array.isArray(sent)) return sent.map((each) => decodeValue(each, depth + 1));
  const [entry, ...more] = Object.entries(sent);
  if (entry === undefined || more.length > 0) throw new TypeError("it is no value");
  const [kind, held] = entry;
  if (kind === "float") return new Float(Number(decodeValue(held, depth + 1)));
  if (kind === "tuple" && Array.isArray(held)) return Tuple.from(held, (each) => decodeValue(each, depth + 1));
  if (kind === "word" && typeof held === "string") return new OneWord(held);
  if (kind === "number" && typeof held === "string") return Number(held);
  if (kind !== "object" || typeof held !== "object" || held === null) throw new TypeError("it is no value");
  return Object.fromEntries(Object.entries(held).map(([key, each]) => [key, decodeValue(each, depth + 1)]));
}
