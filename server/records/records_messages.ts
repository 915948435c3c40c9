/**
 * The tasks of the Worker that keeps the records, and its answers.
 *
 * @module
 */

import type { HistoryQuery } from "../../protocol/readings.ts";
import type { CopyCursor } from "./copying.ts";
import type {
  JournalHead,
  JournalQuery,
  JournalRecord,
  JournalSummary,
  ReadingsSummary,
  Verification,
} from "../../protocol/records.ts";

/** Something that is looked for in the readings. */
export type ReadingsLook =
  | { readonly kind: "history"; readonly folder: string; readonly query: HistoryQuery }
  | { readonly kind: "moment"; readonly folder: string; readonly at: number }
  | { readonly kind: "fields"; readonly folder: string };

/** Something that is looked for: by a Worker of its own, since it may take seconds and what is kept does not wait for it. */
export type RecordsLook =
  | ReadingsLook
  | { readonly kind: "find"; readonly folder: string; readonly query: JournalQuery }
  | { readonly kind: "verify"; readonly folder: string; readonly known: JournalHead | undefined }
  | { readonly kind: "copy"; readonly folder: string; readonly after: CopyCursor; readonly bytes: number }
  | { readonly kind: "summary"; readonly folder: string };

/** Something that the Worker is to do. */
export type RecordsTask =
  | RecordsLook
  /** Takes the folder for itself, opens the database, and moves what a server that ended has left on the spool. */
  | { readonly kind: "open"; readonly folder: string }
  /** Moves a file of the spool into the database, and empties it. */
  | { readonly kind: "move"; readonly spool: number }
  /** Which records are older than a time, or the oldest tenth where the database is larger than so many bytes. */
  | { readonly kind: "oldest"; readonly before: number; readonly bytes: number }
  | { readonly kind: "forget"; readonly last: number }
  /** Leaves the folder as whoever copies it wants it: all in one file. */
  | { readonly kind: "close" };

/** What came of it. */
export type RecordsAnswer =
  | {
    readonly kind: "opened";
    readonly head: JournalHead;
    readonly newest: JournalRecord[];
    readonly damaged: number;
    /** What was wrong with the database that was there, and what it is called now. */
    readonly damage?: { readonly reason: string; readonly aside: string };
  }
  | { readonly kind: "moved"; readonly damaged: number }
  /** Records, and what was found in the readings, as JSON: nobody makes it of that on the server's own thread. */
  | { readonly kind: "found"; readonly json: string }
  | { readonly kind: "verified"; readonly verification: Verification }
  | { readonly kind: "summary"; readonly summary: JournalSummary; readonly readings: ReadingsSummary | null }
  | { readonly kind: "readings"; readonly json: string }
  | { readonly kind: "oldest"; readonly found: { readonly head: JournalHead; readonly count: number } | undefined }
  | { readonly kind: "forgotten" }
  | { readonly kind: "closed" }
  /** It could not be done, for a reason in words for people; and whether the files of the records are there no more. */
  | { readonly kind: "failed"; readonly reason: string; readonly gone?: boolean };

const looks: readonly string[] = ["copy", "find", "verify", "summary", "history", "moment", "fields"];

/** Whether something is only looked for. */
export function isLook(task: RecordsTask): task is RecordsLook {
  return looks.includes(task.kind);
}
