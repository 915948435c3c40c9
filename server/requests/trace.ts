/**
 * Tells the last exchanges on an instrument's line.
 *
 * @module
 */

import type { LineTraceDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import type { Instrument } from "../bench/instrument.ts";

/**
 * The last exchanges on the line of an instrument.
 *
 * @param instrument Whose.
 * @param after Only what came after the entry of this number; 0 for all.
 * @throws {HeliographError} `unavailable` where it has no line.
 */
export function traceOf({ name, title, contact }: Instrument, after: number): LineTraceDescription {
  const trace = contact?.trace;
  if (contact === undefined || trace === undefined) {
    throw new HeliographError("unavailable", `Cannot trace ${name}: it does not speak on a line of this server`);
  }
  return { address: contact.address, entries: trace.entries(after, title) };
}
