/**
 * The error codes that cross the wire, and the error that carries one.
 *
 * A code is stable: scripts may branch on it. The message is for people and may change.
 *
 * @module
 */

import { withoutSecrets } from "./secrets.ts";

/**
 * Every error code, with what it means. The table in docs/errors.md and the clients are held to this one.
 *
 * @example
 * ```ts
 * import { errorCodes } from "@heliograph/heliograph";
 *
 * console.log(errorCodes.unknown_field); // The instrument has no such field.
 * ```
 */
export const errorCodes = {
  bad_message: "The message or line cannot be understood; the text says where it goes wrong.",
  message_too_long: "A line or message is over the server's limit (64 KiB by default); only it was lost.",
  unknown_instrument: "No instrument of that name or title is on the bench.",
  unknown_field: "The instrument has no such field.",
  unknown_command: "The instrument has no such command.",
  unknown_client: "No client with that number is connected.",
  bad_argument: "An argument is missing, unknown, or not of the declared type.",
  out_of_limits: "A value is outside the limits of its field or argument.",
  not_a_setting: "The field is a readout: it can be read but not set.",
  command_failed: "The instrument refused or failed; the text is the instrument's own.",
  not_connected: "The instrument does not answer, or its port cannot be opened; nothing was done, or it is not known.",
  code_failed: "The code that was sent failed; the text is its own error's type, message and line.",
  limit_exceeded: "The code that was sent used more memory or output than it may, or its result is too long.",
  deadline_exceeded: "The command or the code did not finish, or could not start, by its deadline.",
  too_many_requests: "The client has more requests in flight than the server allows.",
  not_allowed: "The client's role does not allow this.",
  no_credential: "The client has not said who it is: the token is missing, wrong, or not valid any more.",
  held: "Somebody else has control of the instrument; the text says who, and until when.",
  forbidden: "An interlock forbids this now; the text says which one, why, and what would help.",
  unavailable: "The server does not offer this, for example evaluating a language that it was not told to.",
  stopping: "The server is stopping and takes no new commands.",
  cannot_listen: "The server cannot listen on its address; it never comes over a wire.",
  connection_failed: "The client cannot reach the server. It never comes from a server.",
  connection_lost: "The connection ended before the reply came: the command may or may not have run.",
  no_reply:
    "The client's own deadline passed: the command may or may not have run, unless the text says it was not sent.",
  aborted: "The caller's AbortSignal ended the wait: the command may or may not have run.",
} as const;

/**
 * One of the stable codes of {@linkcode errorCodes}.
 *
 * @example
 * ```ts
 * import type { ErrorCode } from "@heliograph/heliograph";
 *
 * // After these it is not known whether the command has run.
 * const doubtful: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["connection_lost", "no_reply", "aborted"]);
 * console.log(doubtful.has("held")); // false
 * ```
 */
export type ErrorCode = keyof typeof errorCodes;

/**
 * An error with a stable {@linkcode ErrorCode}; what every public function of heliograph throws.
 *
 * @example
 * ```ts
 * import { command, CommandServer, defineInstrument, HeliographError } from "@heliograph/heliograph";
 *
 * const open = command({
 *   summary: "Open the dome",
 *   run: () => {
 *     throw new HeliographError("command_failed", "Cannot open the dome: it rains");
 *   },
 * });
 * await using server = new CommandServer({ port: 0, instruments: [defineInstrument({ title: "Dome", commands: { open } })] });
 * console.log(await server.command("dome.open")); // ERROR AzcamError('Cannot open the dome: it rains')
 * ```
 */
export class HeliographError extends Error {
  /** The stable code, for scripts to branch on. */
  readonly code: ErrorCode;
  /** The unknown name, where the error is about one: azcam's wire has words of its own for it. */
  readonly subject: string;

  /**
   * Makes an error to be thrown.
   *
   * @param code The stable code.
   * @param message What went wrong, on what, why, and what would be right.
   * @param options `cause`: the error behind this one, if any; `subject`: the unknown name.
   */
  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly subject?: string } = {}) {
    // It may quote what somebody gave, also where they gave a token in the wrong place.
    super(withoutSecrets(message), options);
    this.name = "HeliographError";
    this.code = code;
    this.subject = options.subject ?? "";
  }
}
