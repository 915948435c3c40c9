/**
 * The words of a bench file about PyOpticon's data log: into which folder, and what is logged from the start.
 *
 * @module
 */

import { resolve } from "node:path";
import * as z from "npm:zod@4.6.7";
import { parseInterval, usualInterval } from "../../protocol/data_log.ts";

/** What a data log is to be. */
export interface DataLogWords {
  /** Its name, a file of the folder. @default PyOpticon's, of the time when it begins */
  readonly name?: string | undefined;
  /** How often a row is written: `0:00:10`. @default "0:00:10" */
  readonly every?: string | undefined;
  /** What is logged: `tempcon`, `tempcon.camtemp`. @default all that belongs into a log */
  readonly fields?: readonly string[] | undefined;
}

/** Where data logs are written, and whether one begins with the server. */
export interface DataLogOptions {
  /** The absolute path of the folder; it is made when the first log begins. */
  readonly folder: string;
  /** The one that begins with the server. @default none does */
  readonly start?: DataLogWords | undefined;
}

function isInterval(text: string): boolean {
  try {
    parseInterval(text);
    return true;
  } catch {
    return false;
  }
}

/** The bench file's word `datalog`. */
export const dataLogSchema = z.strictObject({
  folder: z.string().min(1, "should not be empty").optional().meta({
    description: "Where logs are written, as seen from this file; default logs",
  }),
  name: z.string().regex(/^[\w(+][\w.+() -]*$/, "must be a file's name, without a folder").optional().meta({
    description: "The file that is begun, or continued, when the server starts; default PyOpticon's name, of that time",
  }),
  every: z.string().refine(isInterval, `must be hours, minutes and seconds, as in ${usualInterval}`).optional().meta({
    description: `How often a row is written; default ${usualInterval}`,
  }),
  fields: z.array(z.string().min(1)).min(1, "should name at least one").optional().meta({
    description: "What is logged: instruments, and fields as INSTRUMENT.FIELD; default all that belongs into a log",
  }),
});

/** What a bench file says of its data log. */
export type DataLogSettings = z.infer<typeof dataLogSchema>;

/**
 * The data log of a bench.
 *
 * @param words What its file says; `undefined` where it says nothing: then none begins with the server.
 * @param beside The absolute path of the file's folder.
 */
export function dataLogOptions(words: DataLogSettings | undefined, beside: string): DataLogOptions {
  const { folder = "logs", ...start } = words ?? {};
  return { folder: resolve(beside, folder), ...words === undefined ? {} : { start } };
}
