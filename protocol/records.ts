/**
 * The words of the records: what is kept of what happened, how it is looked for, and what was found.
 *
 * @module
 */

import type { JournalLevel } from "./description.ts";

/** The last record of a journal: whoever keeps it elsewhere can find out later whether anything before was changed. */
export interface JournalHead {
  /** Its number. */
  readonly number: number;
  /** Its digest, 64 hexadecimal digits. */
  readonly digest: string;
}

/**
 * A record of the journal: something that happened, as it is kept over restarts.
 *
 * @example
 * ```ts
 * import { type JournalRecord, PyOpticonSocketClient } from "@heliograph/heliograph/client";
 *
 * // What was done to the cooler since yesterday.
 * async function done(dashboard: PyOpticonSocketClient): Promise<string[]> {
 *   const records: JournalRecord[] = await dashboard.journal({ since: Date.now() - 86_400_000, instrument: "tempcon" });
 *   return records.map(({ time, client, text, answer = "" }) => `${time} ${client}: ${text} ${answer}`);
 * }
 * console.log(done.length); // 1
 * ```
 */
export interface JournalRecord {
  /** Its number in the folder of the records, counted over all runs of the server. */
  readonly number: number;
  /**
   * `command`: somebody asked an instrument for something. `code`: somebody sent code. `image`: somebody sent an image.
   * `log`: the server's log. `setting`: a setting has another value. `client`: somebody came or went. `note`: somebody
   * wrote something down. `alarm`: an alarm was raised, acknowledged or set aside, or is no more.
   */
  readonly kind: "command" | "code" | "image" | "log" | "setting" | "client" | "note" | "alarm";
  /** When it began, ISO 8601 in UTC. */
  readonly time: string;
  /** How important it is. */
  readonly level: "debug" | "info" | "warning" | "error";
  /** Who asked, or of whom the log tells, as the log calls them; empty for nobody. */
  readonly client: string;
  /** How they came: a wire, `http`, or `program` for the server's own; left out where nobody asked. */
  readonly wire?: string;
  /** Where they came from, `address:port`; left out where that is nowhere. */
  readonly address?: string;
  /** The name of the instrument that was asked, or what the log calls it; empty for none. */
  readonly instrument: string;
  /** A command as an azcam line, code as it is, a note, or what the log told; cut where it is very long. */
  readonly text: string;
  /** The answer as azcam's reply line; only where there is one. */
  readonly answer?: string;
  /** How long the answer took, in seconds. */
  readonly seconds?: number;
  /** How often the same was asked within a second, where it stands for all of them. @default 1 */
  readonly count?: number;
  /** The number of the record that told that it had begun, where one did. */
  readonly begun?: number;
  /** The last of the records that were forgotten, which the journal began with before. */
  readonly forgotten?: { readonly number: number; readonly digest: string };
}

/** What is looked for in a journal; what is left out is not looked at. */
export interface JournalQuery {
  /** From when on, in milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Until before when, in milliseconds since 1970. */
  readonly until?: number | undefined;
  /** The least level. */
  readonly level?: JournalLevel | undefined;
  /** The name of the instrument. */
  readonly instrument?: string | undefined;
  /** A part of who asked, or of their address, in any case. */
  readonly who?: string | undefined;
  /** A part of the text or of the answer, in any case. */
  readonly find?: string | undefined;
  /** Only records with a smaller number: what came before a page. */
  readonly before?: number | undefined;
  /** Only records with a greater number: what came since. */
  readonly after?: number | undefined;
  /** The most records, of which the newest are told. @default 1000 */
  readonly limit?: number | undefined;
}

/** The most records that are told at once. */
export const mostRecords = 10_000;

/** The result of looking at every record. */
export interface Verification {
  /** How many records there are. */
  readonly records: number;
  /** The number of the first; 0 where there is none. */
  readonly first: number;
  /** How many never came into the database, since a full disk or a power failure took them: no sign of a change. */
  readonly lost: number;
  /** The last one. */
  readonly head: JournalHead;
  /** What is wrong, in words for people, at most ten; nothing where all is as it was written. */
  readonly problems: readonly string[];
}

/** What is kept, in numbers. */
export interface JournalSummary {
  /** How many records there are. */
  readonly records: number;
  /** When the first was, ISO 8601 in UTC; `null` where there is none. */
  readonly since: string | null;
  /** The room they take in the database, in bytes. */
  readonly bytes: number;
  /** The last one. */
  readonly head: JournalHead;
}

/** What is kept of readings, in numbers. */
export interface ReadingsSummary {
  /** How many fields have readings. */
  readonly fields: number;
  /** Since when something is known, if only by minutes, ISO 8601 in UTC; `null` where there is nothing. */
  readonly since: string | null;
  /** Since when single readings are known, ISO 8601 in UTC; `null` where there are none. */
  readonly rawSince: string | null;
  /** The room they take in the database, in bytes. */
  readonly bytes: number;
  /** By how many bytes they grow in a day, as in the last whole hour; `null` where there is none. */
  readonly bytesPerDay: number | null;
}

/** The records of a server: whether what happens is kept, where, and how much there is. */
export interface RecordsDescription {
  /** Whether what happens now is kept. */
  readonly kept: boolean;
  /** Where, an absolute path on the server's PC; empty where nowhere. */
  readonly folder: string;
  /** What a person should know: why they are not kept, or what is wrong; empty where nothing is. */
  readonly hint: string;
  /** For how many days the journal is kept. */
  readonly journalDays: number;
  /** The room that the journal may take, in bytes. */
  readonly journalBytes: number;
  /** For how many days single readings are kept. */
  readonly rawDays: number;
  /** For how many days minutes of them are kept. */
  readonly minutesDays: number;
  /** The room that journal and readings may take together, in bytes. */
  readonly bytes: number;
  /** What is kept; `null` where nothing is. */
  readonly journal: JournalSummary | null;
  /** What is kept of readings; `null` where nothing is. */
  readonly readings: ReadingsSummary | null;
  /** What was found where every record was looked at. */
  readonly verification?: Verification;
}

/**
 * In how many days the records will have taken all the room that they may, at the pace of now.
 *
 * @param now In milliseconds since 1970.
 * @returns `null` where what is old is forgotten before, or where the pace is not known yet.
 */
export function daysUntilFull(
  { journal, readings, rawDays, bytes }: RecordsDescription,
  now: number,
): number | null {
  const perDay = readings?.bytesPerDay ?? null;
  if (perDay === null || perDay === 0 || readings === null) return null;
  const days = (since: string | null) => since === null ? 0 : (now - Date.parse(since)) / 86_400_000;
  const room = bytes - readings.bytes - (journal?.bytes ?? 0);
  // From then on as much is forgotten as comes.
  const growing = Math.max(0, rawDays - days(readings.rawSince));
  return room / perDay > growing ? null : Math.max(0, room / perDay);
}
