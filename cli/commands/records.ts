/**
 * The subcommands that look back: `journal`, `note`, `records`.
 *
 * @module
 */

import { resolve } from "node:path";
import { buildCommand, notOneOf } from "../usage.ts";
import { momentWords, nightOf, parseMoment } from "../../protocol/moments.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { localTime } from "../../protocol/local_time.ts";
import { printable } from "../../protocol/printable.ts";
import {
  daysUntilFull,
  type JournalHead,
  type JournalQuery,
  type JournalRecord,
  type RecordsDescription,
} from "../../protocol/records.ts";
import { type JournalLevel, journalLevels } from "../../protocol/vocabulary.ts";
import { RecordsFolder } from "../../server/records/records_folder.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type Paint, painter, writeJson } from "../output.ts";

/** How often it is asked whether there is more, in milliseconds. */
const followMilliseconds = 500;

interface ReadFlags extends ConnectionFlags {
  readonly read?: string;
}

interface JournalFlags extends ReadFlags {
  readonly since?: string;
  readonly until?: string;
  readonly night?: string;
  readonly instrument?: string;
  readonly who?: string;
  readonly find?: string;
  readonly level?: JournalLevel;
  readonly limit?: number;
  readonly utc: boolean;
  readonly follow: boolean;
}

const readFlag = {
  read: {
    kind: "parsed",
    parse: String,
    optional: true,
    brief: "Read this folder of records, and ask no server: another PC's, or after a disaster",
    placeholder: "FOLDER",
  },
} as const;

function text(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, optional: true, brief, placeholder } as const;
}

function parseLimit(given: string): number {
  if (/^[1-9]\d{0,3}$|^10000$/.test(given)) return Number(given);
  throw new Error(`${given} is no number of records: give 1 to 10000`);
}

/** `heliograph journal` */
export const journalCommand = buildCommand({
  docs: {
    brief: "Show what happened, over restarts of the server: commands and their answers, settings, notes, the log",
    fullDescription:
      "Show what happened, over restarts of the server. `journal head` prints the last record's number " +
      "and digest: kept elsewhere, `journal verify NUMBER:DIGEST` finds whether anything before was changed since.\n" +
      `Moments: ${momentWords}.`,
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      since: text("From when on", "MOMENT"),
      until: text("Until when", "MOMENT"),
      night: text("The night that begins on a day, from noon to noon: 2026-11-27, yesterday, last", "DAY"),
      instrument: text("Only what concerns this instrument", "INSTRUMENT"),
      who: text("Only what somebody did, by a part of their name or address", "WHO"),
      find: text("Only what has this in its text or answer", "TEXT"),
      level: { kind: "enum", values: journalLevels, optional: true, brief: "The least level" },
      limit: {
        kind: "parsed",
        parse: parseLimit,
        optional: true,
        brief: "The most records, of which the newest are shown; default 1000",
        placeholder: "NUMBER",
      },
      utc: { kind: "boolean", default: false, brief: "Tell times in UTC" },
      follow: { kind: "boolean", default: false, brief: "Go on, and show more as it comes, until Ctrl-C" },
      ...readFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief: "verify: look whether any record was changed; head: print the last one's number and digest",
        parse: String,
        optional: true,
        proposeCompletions: () => ["verify", "head"],
      }, {
        placeholder: "HEAD",
        brief: "For verify: a head that was printed before, NUMBER:DIGEST",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, flags: JournalFlags, action?: string, head?: string): Promise<void> {
    if (action === undefined) return await showJournal(this, flags);
    if (action === "head") return await showHead(this, flags);
    if (action === "verify") return await verify(this, flags, head);
    throw notOneOf(action, "the journal", ["verify", "head"]);
  },
});

/** `heliograph note TEXT` */
export const noteCommand = buildCommand({
  docs: { brief: "Write something down in the journal, with your name and the time" },
  parameters: {
    flags: { ...dashboardFlags, instrument: text("The instrument that it is about", "INSTRUMENT") },
    positional: {
      kind: "array",
      parameter: { placeholder: "TEXT", brief: "One line, up to 1000 characters", parse: String },
      minimum: 1,
    },
  },
  async func(this: CliContext, flags: ConnectionFlags & { readonly instrument?: string }, ...words: string[]) {
    await using client = dashboardClient(this, flags);
    // Who writes it is told with it.
    await client.hello();
    await client.note(words.join(" "), flags.instrument);
    if (flags.json) writeJson(this, null);
  },
});

/** `heliograph records` */
export const recordsCommand = buildCommand({
  docs: { brief: "Tell what is kept of what happened and was read: where, since when, how much; check it, copy it" },
  parameters: {
    flags: { ...dashboardFlags, ...readFlag },
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "ACTION",
        brief:
          "check: look whether all can be read and nothing was changed; backup: copy all of it while it is in use; " +
          "compact: give room in which something was forgotten back to the disk",
        parse: String,
        optional: true,
        proposeCompletions: () => ["check", "backup", "compact"],
      }, {
        placeholder: "FOLDER",
        brief: "For backup: the folder to make, where none is yet; --read FOLDER reads it",
        parse: String,
        optional: true,
      }],
    },
  },
  async func(this: CliContext, flags: ReadFlags, action?: string, copy?: string): Promise<void> {
    if (action === undefined) return await showRecords(this, flags);
    using folder = await openFolder(this, flags);
    if (action === "check") return check(this, folder, flags.json);
    if (action === "compact") {
      const bytes = folder.compact();
      if (flags.json) return writeJson(this, { bytes });
      return void this.process.stdout.write(`Gave ${size(bytes)} back to the disk\n`);
    }
    if (action !== "backup") {
      throw notOneOf(action, "the records", ["check", "backup", "compact"]);
    }
    if (copy === undefined) {
      throw new UsageError("Cannot copy the records: give the folder to make, as in: records backup FOLDER");
    }
    backUp(folder, resolve(copy));
    if (flags.json) return writeJson(this, { folder: resolve(copy) });
    this.process.stdout.write(`Copied the journal and the readings to ${printable(resolve(copy))}\n`);
  },
});

/** The records of the folder that is named, or that the server keeps its records in. */
async function openFolder(context: CliContext, flags: ReadFlags): Promise<RecordsFolder> {
  if (flags.read !== undefined) return new RecordsFolder(resolve(flags.read));
  await using client = dashboardClient(context, flags);
  const { folder, hint } = await client.records();
  if (folder !== "") return new RecordsFolder(folder);
  throw new HeliographError("unavailable", hint === "" ? "The server keeps no records" : hint);
}

function momentOf(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const moment = parseMoment(given, Date.now());
  if (moment === undefined) throw new UsageError(`Cannot tell when --${name} ${given} is: ${momentWords}`);
  return moment;
}

function queryOf(flags: JournalFlags): JournalQuery {
  const { night, instrument, who, find, level, limit } = flags;
  const range = night === undefined ? undefined : nightOf(night, Date.now());
  if (night !== undefined && range === undefined) {
    throw new UsageError(
      `Cannot tell which night --night ${night} is: give the day that it begins on, as in 2026-11-27, or last`,
    );
  }
  return {
    since: momentOf("since", flags.since) ?? range?.since,
    until: momentOf("until", flags.until) ?? range?.until,
    instrument,
    who,
    find,
    level,
    limit,
  };
}

async function showJournal(context: CliContext, flags: JournalFlags): Promise<void> {
  const query = queryOf(flags);
  if (flags.read !== undefined) {
    if (flags.follow) throw new UsageError("--follow needs a server: a folder that is read with --read does not grow");
    using folder = new RecordsFolder(resolve(flags.read));
    return write(context, folder.find(query), flags, false);
  }
  await using client = dashboardClient(context, flags);
  let records = await client.journal(query);
  write(context, records, flags, flags.follow);
  let after = records.at(-1)?.number ?? 0;
  while (flags.follow) {
    await new Promise((resolve) => setTimeout(resolve, followMilliseconds));
    records = await client.journal({ ...query, after });
    write(context, records, flags, true);
    after = records.at(-1)?.number ?? after;
  }
}

function write(context: CliContext, records: readonly JournalRecord[], flags: JournalFlags, oneByOne: boolean): void {
  if (flags.json && !oneByOne) return writeJson(context, records);
  if (flags.json) return records.forEach((record) => writeJson(context, record));
  const paint = painter(context.colour);
  for (const record of records) context.process.stdout.write(`${journalLine(record, flags.utc, paint)}\n`);
  if (records.length === 0 && !oneByOne) context.process.stderr.write("Nothing of that is in the journal\n");
}

/** A record in a line: when, who, what, and what came of it. */
function journalLine(
  { time, level, kind, client, text, answer, seconds, count }: JournalRecord,
  utc: boolean,
  paint: Paint,
) {
  const when = utc ? time.replace("T", " ").replace(/\.\d+Z$/, "Z") : localTime(new Date(time));
  const loud = level === "error" ? paint.red : level === "warning" ? paint.yellow : String;
  const what = kind === "note" ? `note: ${text}` : text;
  const unanswered = kind === "command" && answer === undefined ? "  (no end of it is kept)" : "";
  const parts = [
    client,
    what,
    ...answer === undefined ? [] : [`→ ${answer}`],
    ...seconds === undefined || seconds < 0.1 ? [] : [`${seconds.toFixed(1)} s`],
    ...count === undefined ? [] : [`${count} times within a second`],
  ].filter((part) => part !== "");
  return `${paint.dim(when)}  ${loud(printable(parts.join("  ")))}${unanswered}`;
}

async function verified(
  context: CliContext,
  flags: ReadFlags,
  known: JournalHead | undefined,
): Promise<NonNullable<RecordsDescription["verification"]>> {
  if (flags.read !== undefined) {
    using folder = new RecordsFolder(resolve(flags.read));
    return folder.verify(known);
  }
  await using client = dashboardClient(context, flags);
  return (await client.records(known ?? true)).verification!;
}

async function verify(context: CliContext, flags: JournalFlags, head: string | undefined): Promise<void> {
  const [, number, digest] = /^(\d+):([0-9a-f]{64})$/.exec(head ?? "") ?? [];
  if (head !== undefined && number === undefined) {
    throw new UsageError("Cannot take that for a head: give NUMBER:DIGEST, as journal head has printed it");
  }
  const found = await verified(context, flags, digest === undefined ? undefined : { number: Number(number), digest });
  if (flags.json) writeJson(context, found);
  else if (found.problems.length === 0) {
    const { records, first, lost, head: { number, digest } } = found;
    const gap = lost === 0 ? "" : ` (${lost} between them never came into the database: the disk did not take them)`;
    context.process.stdout.write(
      records === 0
        ? "The journal is empty\n"
        : `All ${records} records are as they were written, ${first} to ${number}${gap}; the head is ${number}:${digest}\n`,
    );
  }
  throwProblems("The journal is not as it was written", found.problems);
}

function throwProblems(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new HeliographError("unavailable", `${what}: ${problems.join("; ")}`);
}

async function headOf(context: CliContext, flags: ReadFlags): Promise<JournalHead> {
  if (flags.read !== undefined) {
    using folder = new RecordsFolder(resolve(flags.read));
    return folder.summary().head;
  }
  await using client = dashboardClient(context, flags);
  const { journal, hint } = await client.records();
  if (journal !== null) return journal.head;
  throw new HeliographError("unavailable", hint === "" ? "The server keeps no records" : hint);
}

async function showHead(context: CliContext, flags: JournalFlags): Promise<void> {
  const head = await headOf(context, flags);
  if (flags.json) return writeJson(context, head);
  context.process.stdout.write(`${head.number}:${head.digest}\n`);
}

async function showRecords(context: CliContext, flags: ReadFlags): Promise<void> {
  if (flags.read !== undefined) {
    using folder = new RecordsFolder(resolve(flags.read));
    const [summary, readings] = [folder.summary(), folder.readings()];
    if (flags.json) return writeJson(context, { ...summary, readings });
    return void context.process.stdout.write(`${summaryLine(summary)}\n${readingsLine(readings)}\n`);
  }
  await using client = dashboardClient(context, flags);
  const described = await client.records();
  if (flags.json) return writeJson(context, described);
  const { kept, folder, hint, journal, journalDays, journalBytes } = described;
  const { write } = context.process.stdout;
  write(kept ? `What happens is kept in ${printable(folder)}\n` : "What happens is not kept\n");
  if (hint !== "") write(`${printable(hint)}\n`);
  if (journal === null) return;
  write(`${summaryLine(journal)}\n`);
  const { since, bytes } = journal;
  const days = since === null ? 0 : (Date.now() - Date.parse(since)) / 86_400_000;
  const perDay = days < 1 ? "" : `, ${size(bytes / days)} a day`;
  write(`It is kept for ${period(journalDays)}, and may take ${size(journalBytes)}${perDay}\n`);
  write(`${readingsLine(described.readings)}\n`);
  const { rawDays, minutesDays, bytes: room } = described;
  write(`Each is kept for ${period(rawDays)}, minutes of them for ${period(minutesDays)}\n`);
  const full = daysUntilFull(described, Date.now());
  const when = full === null
    ? ""
    : `, which at this pace is reached in ${full < 2 ? "less than 2" : Math.round(full)} days`;
  write(`All of it may take ${size(room)}${when}\n`);
}

function readingsLine(readings: RecordsDescription["readings"]): string {
  if (readings === null || readings.since === null) return "There are no readings yet";
  const { fields, since, rawSince, bytes, bytesPerDay } = readings;
  const minutes = rawSince === null || Date.parse(rawSince) - Date.parse(since) > 86_400_000
    ? `, each of them since ${rawSince === null ? "never" : localTime(new Date(rawSince))}`
    : "";
  const perDay = bytesPerDay === null ? "" : `, ${size(bytesPerDay)} a day`;
  return `There are readings of ${fields} field${fields === 1 ? "" : "s"} since ${
    localTime(new Date(since))
  }${minutes}, ${size(bytes)}${perDay}`;
}

function summaryLine({ records, since, bytes }: NonNullable<RecordsDescription["journal"]>): string {
  return since === null
    ? "The journal is empty"
    : `The journal has ${records} record${records === 1 ? "" : "s"} since ${localTime(new Date(since))}, ${
      size(bytes)
    }`;
}

/** For people: `10 years`, `90 days`. */
function period(days: number): string {
  const [count, unit] = days % 365 === 0 ? [days / 365, "year"] : [Math.round(days * 10) / 10, "day"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function size(bytes: number): string {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : bytes < 1e9 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function check(context: CliContext, folder: RecordsFolder, json: boolean): void {
  const problems = folder.check();
  if (json) writeJson(context, { problems });
  else if (problems.length === 0) {
    context.process.stdout.write(`All is well: ${summaryLine(folder.summary())}\n`);
  }
  throwProblems("The records are not whole", problems);
}

function backUp(folder: RecordsFolder, copy: string): void {
  try {
    Deno.lstatSync(copy);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return folder.backup(copy);
    throw error;
  }
  throw new UsageError(`Cannot copy the records to ${copy}: it is there already; name a new folder`);
}
