/**
 * Turns whatever was thrown into an error that a client can be told.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";

/**
 * Any exception as an error with a stable code.
 *
 * @param error What was thrown.
 * @returns The error for the wire; an exception that is none of ours counts as the instrument's own failure.
 */
export function wireError(error: unknown): HeliographError {
  if (error instanceof HeliographError) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new HeliographError("command_failed", message, { cause: error });
}

/**
 * Any exception as the error to answer; one that is neither an instrument's nor a client's fault is logged.
 *
 * @param error What was thrown.
 * @param log Where it is told.
 */
export function answerableError(error: unknown, log: Logger): HeliographError {
  if (!(error instanceof HeliographError)) {
    log.error("A command failed unexpectedly: {error}", { error });
  }
  return wireError(error);
}
