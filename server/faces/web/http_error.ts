/**
 * Errors over HTTP: the status of each code, and the one form of their bodies.
 *
 * @module
 */

import { type ErrorCode, HeliographError } from "../../../protocol/errors.ts";

/** The HTTP status of every error code. */
export const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  bad_message: 400,
  message_too_long: 413,
  unknown_instrument: 404,
  unknown_field: 404,
  unknown_command: 404,
  unknown_client: 404,
  bad_argument: 400,
  out_of_limits: 400,
  not_a_setting: 400,
  // The server is a gateway to the instrument, which gave the bad answer.
  command_failed: 502,
  not_connected: 503,
  code_failed: 422,
  limit_exceeded: 422,
  deadline_exceeded: 504,
  too_many_requests: 429,
  not_allowed: 403,
  no_credential: 401,
  held: 409,
  forbidden: 409,
  unavailable: 501,
  stopping: 503,
  // What follows never comes from a server's wire.
  cannot_listen: 500,
  connection_failed: 500,
  connection_lost: 500,
  no_reply: 500,
  aborted: 500,
};

/** An error with a status of its own, where its code alone does not tell it. */
export class HttpError extends HeliographError {
  /** The HTTP status. */
  readonly status: number;
  /** Header fields that belong to it. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Makes an error to be thrown.
   *
   * @param status The HTTP status.
   * @param code The stable code.
   * @param message What went wrong, and what would be right.
   * @param headers Header fields that belong to it.
   */
  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * The HTTP status of an error.
 *
 * @param error Any error that can be answered.
 */
export function statusOf(error: HeliographError): number {
  return error instanceof HttpError ? error.status : statusOfCode[error.code];
}

/**
 * The response that tells an error: `{"error": {"code", "message"}}`, as in the framed dialect.
 *
 * @param error What went wrong.
 */
export function errorResponse(error: HeliographError): Response {
  const { code, message } = error;
  const headers = error instanceof HttpError
    ? error.headers
    : code === "no_credential"
    ? { "WWW-Authenticate": 'Bearer realm="heliograph"' }
    : undefined;
  return Response.json({ error: { code, message } }, {
    status: statusOf(error),
    ...headers === undefined ? {} : { headers },
  });
}
