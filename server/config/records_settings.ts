/**
 * The words of a bench file about its records: where they are, for how long they are kept, and how much room they take.
 *
 * @module
 */

import { resolve } from "node:path";
import * as z from "npm:zod@4.6.7";
import { periodInDays, periodWords } from "../../protocol/duration.ts";

/** What is kept, where, and for how long. */
export interface RecordsOptions {
  /** The absolute path of the folder; it is made where it is not there. */
  readonly folder: string;
  /** For how long the journal is kept, in days. @default 3650: ten years */
  readonly journalDays?: number;
  /** The room that the journal may take, in bytes; of more, the oldest are forgotten. @default 2 GB */
  readonly journalBytes?: number;
  /** For how long single readings are kept, in days. @default 90 */
  readonly rawDays?: number;
  /** For how long what is left of them by minutes is kept, in days. @default 3650: ten years */
  readonly minutesDays?: number;
  /** The room that the journal and the readings may take together, in bytes. @default 10 GB */
  readonly bytes?: number;
}

/** For how long the journal is kept where nobody says so, in days. */
export const usualJournalDays = 3650;
/** The room that it may take where nobody says so, in bytes. */
export const usualJournalBytes = 2_000_000_000;
/** For how long single readings are kept where nobody says so, in days. */
export const usualRawDays = 90;
/** For how long minutes of them are kept, in days. */
export const usualMinutesDays = 3650;
/** The room that all of it may take, in bytes. */
export const usualBytes = 10_000_000_000;
/** How much of the room that all may take is the journal's at most. */
const journalPart = 0.75;

const bytes = { MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/**
 * Reads a size such as `500 MB`, `20GB`.
 *
 * @returns Bytes; `undefined` where it is none.
 */
export function sizeInBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(MB|GB|TB)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * bytes[unit as keyof typeof bytes];
}

const period = z.string().refine((text) => periodInDays(text) !== undefined, `must be ${periodWords}`);
const size = z.string().refine(
  (text) => (sizeInBytes(text) ?? 0) >= 1e6,
  "must be a size of at least 1 MB, such as 500 MB or 20 GB",
);

/** The bench file's word `records`. */
export const recordsSchema = z.union([
  z.literal(false),
  z.strictObject({
    folder: z.string().min(1, "should not be empty").optional().meta({
      description: "Where they are kept, as seen from this file; default lab.records beside lab.json",
    }),
    keep: z.strictObject({
      journal: period.optional().meta({
        description: "For how long what happened is kept: 90d, 12w, 10y; default 10y",
      }),
      raw: period.optional().meta({
        description: "For how long each reading is kept; minutes of them stay; default 90d",
      }),
      minutes: period.optional().meta({
        description: "For how long the lowest, highest, first and last reading of each minute are kept; default 10y",
      }),
    }).optional().meta({ description: "For how long each kind of record is kept" }),
    size: size.optional().meta({
      description:
        "The room that they may take, of more the oldest readings are forgotten first: 500 MB, 20 GB; default 10 GB",
    }),
  }),
], "must be false, or an object with folder, keep and size");

/** What a bench file says of its records. */
export type RecordsWords = z.infer<typeof recordsSchema>;

/**
 * What is kept of a bench.
 *
 * @param words What its file says; `undefined` where it says nothing.
 * @param beside The absolute path of the file's folder.
 * @param usual The absolute path of the folder that they are kept in where the file names none.
 * @returns `undefined` for nothing.
 */
export function recordsOptions(
  words: RecordsWords | undefined,
  beside: string,
  usual: string,
): RecordsOptions | undefined {
  if (words === false) return undefined;
  const { folder, keep = {}, size } = words ?? {};
  return {
    folder: folder === undefined ? usual : resolve(beside, folder),
    journalDays: keep.journal === undefined ? usualJournalDays : periodInDays(keep.journal)!,
    journalBytes: size === undefined ? usualJournalBytes : journalPart * sizeInBytes(size)!,
    rawDays: keep.raw === undefined ? usualRawDays : periodInDays(keep.raw)!,
    minutesDays: keep.minutes === undefined ? usualMinutesDays : periodInDays(keep.minutes)!,
    bytes: size === undefined ? usualBytes : sizeInBytes(size)!,
  };
}
