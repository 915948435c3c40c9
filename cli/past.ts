/**
 * Looks back, at a server or in a folder of records: the flags that these subcommands share, and where they look.
 *
 * @module
 */

import { resolve } from "node:path";
import { momentWords, nightOf, parseMoment } from "../protocol/moments.ts";
import { type JournalQuery, type JournalRecord, mostRecords } from "../protocol/records.ts";
import type { HistoryAnswer, HistoryQuery, RecordedField } from "../protocol/readings.ts";
import { lookIntoReadings } from "../server/records/readings/lookup.ts";
import { RecordsFolder } from "../server/records/records_folder.ts";
import type { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import { type ConnectionFlags, dashboardClient } from "./connection.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./exit_codes.ts";

/** The flags of a look back at a range. */
export interface LookFlags extends Omit<ConnectionFlags, "json"> {
  readonly since?: string;
  readonly until?: string;
  readonly night?: string;
  readonly fields?: string;
  readonly utc: boolean;
  readonly read?: string;
}

function text(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, optional: true, brief, placeholder } as const;
}

/** The flags of a look back at a range, without those of a connection. */
export const lookFlags = {
  since: text("From when on", "MOMENT"),
  until: text("Until when", "MOMENT"),
  night: text("The night that begins on a day, from noon to noon: 2026-11-27, yesterday, last", "DAY"),
  fields: text("INSTRUMENT or INSTRUMENT.FIELD, several with commas; default all that are kept", "FIELDS"),
  utc: { kind: "boolean", default: false, brief: "Tell times in UTC" },
  read: text("Read this folder of records, and ask no server: another PC's, or after a disaster", "FOLDER"),
} as const;

/** A range of time, in milliseconds since 1970. */
export interface Range {
  readonly since: number;
  readonly until: number;
}

/**
 * The night that a flag names.
 *
 * @throws {UsageError} Where it names none.
 */
export function nightOfFlag(night: string, now: number): Range {
  const range = nightOf(night, now);
  if (range !== undefined) return range;
  throw new UsageError(
    `Cannot tell which night --night ${night} is: give the day that it begins on, as in 2026-11-27, or last`,
  );
}

function momentOf(name: string, given: string | undefined, now: number): number | undefined {
  if (given === undefined) return undefined;
  const moment = parseMoment(given, now);
  if (moment === undefined) throw new UsageError(`Cannot tell when --${name} ${given} is: ${momentWords}`);
  return moment;
}

/**
 * The range that the flags name.
 *
 * @param now What is now, in milliseconds since 1970.
 * @param usual How far is looked back where they name none, in milliseconds.
 * @throws {UsageError} Where that is no range.
 */
export function rangeOf(flags: LookFlags, now: number, usual: number): Range {
  const night = flags.night === undefined ? undefined : nightOfFlag(flags.night, now);
  const until = momentOf("until", flags.until, now) ?? night?.until ?? now;
  const since = momentOf("since", flags.since, now) ?? night?.since ?? until - usual;
  if (since >= until) throw new UsageError("Cannot look back: --since must be before --until");
  return { since, until };
}

/** The entries of `--fields`. */
export function splitFields(fields: string | undefined): string[] {
  return (fields ?? "").split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
}

/** What happened, and what fields were. */
export interface Past extends AsyncDisposable {
  /** Which fields have readings that are kept. */
  fields(): Promise<RecordedField[]>;
  /** What some fields were. */
  history(query: HistoryQuery): Promise<HistoryAnswer>;
  /** Every record of the journal that is asked for, oldest first. */
  journal(query: Omit<JournalQuery, "limit" | "before">): Promise<JournalRecord[]>;
}

/** The past as a server knows it. */
class ServerPast implements Past {
  readonly #client: PyOpticonSocketClient;

  constructor(client: PyOpticonSocketClient) {
    this.#client = client;
  }

  async fields(): Promise<RecordedField[]> {
    return await this.#client.request({ cmd: "RecordedFields" }, patient) as RecordedField[];
  }

  async history({ fields, ...query }: HistoryQuery): Promise<HistoryAnswer> {
    const words = fields.map(({ instrument, field }) => `${instrument}.${field}`);
    const message = { cmd: "Readings", ...query, fields: words };
    return await this.#client.request(message, patient) as HistoryAnswer;
  }

  journal(query: JournalQuery): Promise<JournalRecord[]> {
    return allRecords((part) => this.#client.journal({ ...query, ...part }, patient));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

/** The past as a folder of records has it. */
class FolderPast implements Past {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  fields(): Promise<RecordedField[]> {
    return Promise.resolve().then(() => lookIntoReadings({ kind: "fields", folder: this.#folder }) as RecordedField[]);
  }

  history(query: HistoryQuery): Promise<HistoryAnswer> {
    return Promise.resolve().then(() =>
      lookIntoReadings({ kind: "history", folder: this.#folder, query }) as HistoryAnswer
    );
  }

  journal(query: JournalQuery): Promise<JournalRecord[]> {
    using folder = new RecordsFolder(this.#folder);
    return Promise.resolve(folder.find({ ...query, limit: Infinity }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A look back over months takes a while. */
const patient = { timeout: 60 } as const;

/** All that is found, asked for in parts: the newest first, as the journal tells them. */
async function allRecords(
  find: (part: { readonly limit: number; readonly before?: number }) => Promise<JournalRecord[]>,
): Promise<JournalRecord[]> {
  const parts: JournalRecord[][] = [];
  do {
    const first = parts[0]?.[0];
    parts.unshift(await find({ limit: mostRecords, ...first === undefined ? {} : { before: first.number } }));
  } while (parts[0]!.length === mostRecords);
  return parts.flat();
}

/** Looks back where the flags say: into a folder, or at a server. */
export function openPast(context: CliContext, flags: LookFlags): Past {
  if (flags.read !== undefined) return new FolderPast(resolve(flags.read));
  return new ServerPast(dashboardClient(context, { ...flags, json: false }));
}
