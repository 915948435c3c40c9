/**
 * Turns what code threw into a failure for its sender: a code, a message and a line.
 *
 * @module
 */

import { type ErrorCode, errorCodes } from "../../protocol/errors.ts";
import type { Failure } from "./messages.ts";

const { hasOwn } = Object;

/** A stable code of the server's, or that of code that failed. @param code Whatever an error has as its code. */
export function knownCode(code: unknown): ErrorCode {
  return typeof code === "string" && hasOwn(errorCodes, code) ? code as ErrorCode : "code_failed";
}

/** Ends the evaluation: what the client is told, as it is. Code may catch one, and change nothing of it. */
export class Stop extends Error {
  readonly #failure: Failure;

  /** @param failure What the client is told. */
  constructor(failure: Failure) {
    super(failure.message);
    this.#failure = failure;
  }

  /** What the client is told, where that is what was thrown. */
  static failureOf(error: unknown): Failure | undefined {
    return typeof error === "object" && error !== null && #failure in error ? error.#failure : undefined;
  }
}

/** The server's error in answer to a request of code; code may catch it and look at its `code`. */
export class AskError extends Error {
  /** The stable code, for code to look at. */
  readonly code: Failure["code"];
  /** The same; code can change the other. */
  readonly #code: Failure["code"];

  /** @param failure What the server answered. */
  constructor({ code, message }: Failure) {
    super(message);
    this.name = "HeliographError";
    this.code = code;
    this.#code = code;
  }

  /** The code that the server gave an error, `code_failed` where that is none of its errors. */
  static codeOf(error: unknown): Failure["code"] {
    return typeof error === "object" && error !== null && #code in error ? error.#code : "code_failed";
  }
}

/** The line of the code in a stack: in a module of its own, whose address is its source. */
const ownLine = /^\s+at .*?data:text\S*?:(\d+):\d+/m;

/** Text that code has a hand in: its getters and conversions may throw. */
function textOf(make: () => unknown): string {
  try {
    return String(make() ?? "");
  } catch {
    return "";
  }
}

/**
 * @param error Whatever JavaScript threw.
 * @param source The code.
 * @returns Type, message and line: `TypeError: Cannot read properties of null (reading 'x') (line 3)`.
 */
export function describeFailure(error: unknown, source: string): Failure {
  const stopped = Stop.failureOf(error);
  if (stopped !== undefined) return stopped;
  const code = AskError.codeOf(error);
  if (typeof error !== "object" || error === null) return { code, message: `Uncaught ${textOf(() => error)}` };
  const name = textOf(() => (error as Error).name) || "Error";
  const message = textOf(() => (error as Error).message);
  const line = ownLine.exec(textOf(() => (error as Error).stack))?.[1];
  const text = name === "NotCapable" ? notGranted(message) : `${name}: ${message}`;
  return { code, message: withLine(text.replace(/ at data:text\S*/g, ""), line, source) };
}

/** Deno tells whoever started it what to do; here that is the server's operator, who has other words for it. */
function notGranted(message: string): string {
  const [, what = message, family = ""] = /^(Requires (\w+) access[^,]*)/.exec(message) ?? [];
  const granted = ["read", "write", "net"].includes(family)
    ? `the server's operator grants it with --eval-${family}`
    : "code that is evaluated never has it";
  return `NotCapable: ${what}: ${granted}`;
}

/**
 * @param message What went wrong.
 * @param line Where; `undefined` where that is not known.
 * @param source The code: what is missing at its end is told of its last line.
 * @returns Both, alike in every language.
 */
export function withLine(message: string, line: string | number | undefined, source: string): string {
  return line === undefined ? message : `${message} (line ${Math.min(Number(line), lineCount(source))})`;
}

/**
 * @param bytes How long a result is.
 * @param allowed How long it may be.
 * @returns What its sender is told.
 */
export function tooLong(bytes: number, allowed: number): Failure {
  const message = `The result is too long: ${bytes} bytes, where ${allowed} are allowed`;
  return { code: "limit_exceeded", message };
}

/** The number of lines of a text, as JavaScript counts them. */
export function lineCount(text: string): number {
  return text.split(/\r\n|[\n\r\u2028\u2029]/).length;
}
