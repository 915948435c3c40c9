/**
 * Turns the error of a subcommand into an exit code, and a message or JSON.
 *
 * @module
 */

import { printable } from "../protocol/printable.ts";
import { BenchFileError } from "../server/files/source.ts";
import { type ErrorCode, HeliographError } from "../protocol/errors.ts";

/** The exit codes, with what each means; the table in docs/errors.md is held to this one. */
export const exitCodes = {
  success: { code: 0, meaning: "Done." },
  refused: { code: 1, meaning: "The server or the instrument answered with an error." },
  usage: { code: 2, meaning: "The command line is wrong; the message says what would be right." },
  unreachable: { code: 3, meaning: "The server cannot be reached, or the connection ended." },
  noReply: { code: 4, meaning: "No reply came in time (--timeout)." },
  notStarted: {
    code: 5,
    meaning: "The server cannot start: a port is in use, the address is not allowed, or the bench file is wrong.",
  },
} as const;

const byError: Partial<Record<ErrorCode, { readonly code: number }>> = {
  connection_failed: exitCodes.unreachable,
  connection_lost: exitCodes.unreachable,
  no_reply: exitCodes.noReply,
  cannot_listen: exitCodes.notStarted,
};

/** The command line is wrong in a way that its parser does not see. */
export class UsageError extends Error {
  /** For scripts. */
  readonly code: ErrorCode;

  /** Makes it. @param code For scripts. @default bad_argument */
  constructor(message: string, code: ErrorCode = "bad_argument") {
    super(message);
    this.code = code;
  }
}

/**
 * The exit code for what a subcommand threw.
 *
 * @param error What was thrown.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof BenchFileError) return exitCodes.notStarted.code;
  if (error instanceof UsageError) return exitCodes.usage.code;
  if (error instanceof HeliographError) return (byError[error.code] ?? exitCodes.refused).code;
  return exitCodes.refused.code;
}

/** The text of an error: a message, or JSON with --json. */
export function failureText(thrown: unknown, json: boolean): string {
  // PyOpticon's client puts "In Set, Error:" in front of what the server said; here the server's words are enough.
  const told = thrown instanceof HeliographError && /^In \w+, Error: /.test(thrown.message);
  const error = told && thrown.cause instanceof HeliographError ? thrown.cause : thrown;
  const said = error instanceof Error ? error.message : String(error);
  // An original dashboard answers a name that it does not know with that name alone, as Python's KeyError has it.
  const message = /^'[^']*'$/.test(said) ? `The dashboard knows nothing called ${said}` : said;
  if (error instanceof BenchFileError) {
    return json ? JSON.stringify({ problems: error.problems }) : problemsText(error);
  }
  if (!json) return printable(message);
  const code = error instanceof HeliographError || error instanceof UsageError ? error.code : "internal";
  return JSON.stringify({ error: { code, message } });
}

/** One line for each problem. */
function problemsText({ problems }: BenchFileError): string {
  return problems.map((problem) => printable(new BenchFileError([problem]).message)).join("\n");
}
