/**
 * The subcommand that looks back at readings: `history`.
 *
 * @module
 */

import { resolve } from "node:path";
import { buildCommand } from "../usage.ts";
import { momentWords, nightOf, parseMoment } from "../../protocol/moments.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { localIso, localTime } from "../../protocol/local_time.ts";
import { printable } from "../../protocol/printable.ts";
import {
  type Held,
  type HistoryAnswer,
  type HistorySeries,
  type HistoryWords,
  isNumber,
  type RecordedField,
} from "../../protocol/readings.ts";
import { HistoryFolder } from "../../server/records/readings/history_folder.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { painter, writeJson } from "../output.ts";
import { plotLines, pointsAcross } from "../plot.ts";
import { terminalColumns } from "../terminal.ts";

/** The height of a plot in lines. */
const rows = 8;
/** The most lines of changes of what is no number. */
const mostChanges = 20;

interface HistoryFlags extends ConnectionFlags {
  readonly since?: string;
  readonly until?: string;
  readonly night?: string;
  readonly csv: boolean;
  readonly utc: boolean;
  readonly read?: string;
}

/** Looks back, in a folder or at a server. */
interface History extends AsyncDisposable {
  readings(query: HistoryWords): Promise<HistoryAnswer>;
  recordedFields(): Promise<readonly RecordedField[]>;
}

function text(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, optional: true, brief, placeholder } as const;
}

/** `heliograph history INSTRUMENT FIELD…` */
export const historyCommand = buildCommand({
  docs: {
    brief: "Show what fields were, as far back as there are records: a plot, or each reading as JSON or CSV",
    fullDescription:
      "Show what fields were, as far back as there are records. Numbers are plotted, with the lowest and " +
      "the highest of what a dot covers; of texts, choices and switches the changes are told. The axis is dotted where " +
      `nothing good is known.\nMoments: ${momentWords}.`,
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      since: text("From when on; default: a day before the end", "MOMENT"),
      until: text("Until when; default: now", "MOMENT"),
      night: text("The night that begins on a day, from noon to noon: 2026-11-27, yesterday, last", "DAY"),
      csv: {
        kind: "boolean",
        default: false,
        brief: "Write each reading as a line of CSV: time, field, value, quality",
      },
      utc: { kind: "boolean", default: false, brief: "Tell times in UTC" },
      read: text("Read this folder of records, and ask no server: another PC's, or after a disaster", "FOLDER"),
    },
    positional: {
      kind: "array",
      parameter: {
        placeholder: "INSTRUMENT FIELD",
        brief: "An instrument, and one or more of its fields",
        parse: String,
      },
      minimum: 2,
    },
  },
  async func(this: CliContext, flags: HistoryFlags, instrument: string, ...names: string[]): Promise<void> {
    const range = rangeOf(flags);
    const fields = names.map((name) => `${instrument}.${name}`);
    await using history: History = flags.read === undefined
      ? dashboardClient(this, flags)
      : new HistoryFolder(resolve(flags.read));
    if (flags.csv && flags.json) throw new UsageError("Cannot write both JSON and CSV: give --json or --csv");
    if (flags.json) return writeJson(this, await everything(history, { ...range, fields }));
    if (flags.csv) return await writeCsv(this, history, { ...range, fields }, flags.utc);
    const columns = Math.max(40, Math.min(terminalColumns(), 120));
    const { series } = await history.readings({ ...range, fields, points: pointsAcross(columns) });
    await checkKept(history, series, instrument, names);
    for (const each of series) show(this, each, range, columns, flags.utc);
  },
});

function momentOf(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const moment = parseMoment(given, Date.now());
  if (moment === undefined) throw new UsageError(`Cannot tell when --${name} ${given} is: ${momentWords}`);
  return moment;
}

function rangeOf({ since, until, night }: HistoryFlags): { readonly since: number; readonly until: number } {
  const range = night === undefined ? undefined : nightOf(night, Date.now());
  if (night !== undefined && range === undefined) {
    throw new UsageError(
      `Cannot tell which night --night ${night} is: give the day that it begins on, as in 2026-11-27, or last`,
    );
  }
  const end = momentOf("until", until) ?? range?.until ?? Date.now();
  return { since: momentOf("since", since) ?? range?.since ?? end - 86_400_000, until: end };
}

/** @throws {HeliographError} Where nothing was ever kept of one of the fields. */
async function checkKept(
  history: History,
  series: readonly HistorySeries[],
  instrument: string,
  names: readonly string[],
): Promise<void> {
  if (series.length >= names.length) return;
  const known = (await history.recordedFields())
    .filter((each) => [each.instrument, each.instrumentTitle.toLowerCase()].includes(instrument.toLowerCase()));
  const proposal = known.length === 0
    ? "no instrument of that name is in the records"
    : `kept of ${instrument} are ${known.map(({ field }) => field).join(", ")}`;
  const found = new Set(series.flatMap(({ field, title }) => [field, title]));
  const missing = names.filter((name) => !found.has(name) && !found.has(name.toLowerCase()));
  throw new HeliographError("unknown_field", `No readings of ${missing.join(", ")} are kept: ${proposal}`);
}

/** All pages together. */
async function everything(history: History, query: HistoryWords & { readonly until: number }): Promise<HistoryAnswer> {
  const pages: HistoryAnswer[] = [];
  for await (const page of pagesOf(history, query)) pages.push(page);
  const [first, ...others] = pages;
  const series = first!.series.map((each, at): HistorySeries => {
    const all = [each, ...others.map((page) => page.series[at]!)].map(({ samples }) => samples!);
    let begun = 0;
    const qualities = all.flatMap(({ qualities, times }) => {
      const from = begun;
      begun += times.length;
      return qualities.map(([at, quality]) => [at + from, quality] as const);
    });
    return {
      ...each,
      samples: {
        times: all.flatMap(({ times }) => times),
        values: all.flatMap(({ values }) => values),
        qualities: qualities.filter(([, quality], at) => at === 0 || quality !== qualities[at - 1]![1]),
      },
    };
  });
  return { ...first!, until: query.until, next: null, series };
}

async function* pagesOf(history: History, query: HistoryWords): AsyncGenerator<HistoryAnswer> {
  for (let since: number | null | undefined = query.since; since !== null;) {
    const page: HistoryAnswer = await history.readings({ ...query, since });
    yield page;
    since = page.next;
  }
}

async function writeCsv(context: CliContext, history: History, query: HistoryWords, utc: boolean): Promise<void> {
  context.process.stdout.write("time,field,value,quality\n");
  for await (const { series } of pagesOf(history, query)) {
    const lines = series.flatMap(linesOf).sort((one, other) => one.time - other.time);
    const timeOf = (time: number) => utc ? new Date(time).toISOString() : localIso(new Date(time));
    if (lines.length > 0) {
      context.process.stdout.write(lines.map(({ time, rest }) => `${timeOf(time)},${rest}\n`).join(""));
    }
  }
}

function linesOf({ instrument, field, samples }: HistorySeries): { readonly time: number; readonly rest: string }[] {
  const { times, values, qualities } = samples!;
  let run = -1;
  return times.map((time, at) => {
    if (qualities[run + 1]?.[0] === at) run++;
    const value = values[at];
    const shown = value === null || value === undefined ? "" : csvCell(String(value));
    return { time, rest: `${csvCell(`${instrument}.${field}`)},${shown},${qualities[run]?.[1] ?? "good"}` };
  });
}

function csvCell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function show(
  context: CliContext,
  series: HistorySeries,
  range: { readonly since: number; readonly until: number },
  columns: number,
  utc: boolean,
): void {
  const { write } = context.process.stdout;
  const paint = painter(context.colour);
  const { instrument, field, unit, points, samples, before, type } = series;
  const title = paint.bold(`${instrument}.${field}${unit === "" ? "" : `, ${unit}`}`);
  if (points === undefined || !isNumber(type)) return showChanges(context, title, samples!, before, utc);
  const known = points.count.reduce((sum, count) => sum + count, 0);
  const textOf = (value: number) => String(Number(value.toPrecision(7)));
  const last = points.last.findLast((value) => value !== null) ?? before?.value;
  const words = [
    `${known} reading${known === 1 ? "" : "s"}`,
    ...last === null || last === undefined ? [] : [`last ${textOf(last as number)}`],
    ...series.thinned ? ["in part by minutes only"] : [],
  ];
  write(`${title}: ${words.join(", ")}\n`);
  const timeOf = (time: number) => shortTime(time, range, utc);
  const lines = plotLines(points, before, { ...range, columns, rows, textOf, timeOf });
  write(`${lines.map((line) => line.trimEnd()).join("\n")}\n`);
}

/** A time as short as it may be below an axis. */
function shortTime(
  time: number,
  { since, until }: { readonly since: number; readonly until: number },
  utc: boolean,
): string {
  const whole = utc ? new Date(time).toISOString().replace("T", " ") : localTime(new Date(time));
  const end = utc ? "Z" : "";
  return until - since < 600_000 ? `${whole.slice(11, 19)}${end}` : `${whole.slice(0, 16)}${end}`;
}

function showChanges(
  context: CliContext,
  title: string,
  { times, values, qualities }: NonNullable<HistorySeries["samples"]>,
  before: Held | null,
  utc: boolean,
): void {
  const { write } = context.process.stdout;
  const timeOf = (time: number) =>
    utc ? new Date(time).toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z") : localTime(new Date(time));
  const word = (value: unknown, quality: string) => value === null ? `(${quality})` : printable(String(value));
  const lines = times.map((time, at) => {
    const quality = qualities.findLast(([from]) => from <= at)?.[1] ?? "good";
    return `  ${timeOf(time)}  ${
      word(values[at] ?? null, quality === "none" ? "nothing was kept from then on" : quality)
    }`;
  });
  write(`${title}: ${lines.length} change${lines.length === 1 ? "" : "s"}\n`);
  if (lines.length > mostChanges) write(`  … ${lines.length - mostChanges} more before; --csv writes all\n`);
  else if (before !== null) write(`  before: ${word(before.value, before.quality)}\n`);
  for (const line of lines.slice(-mostChanges)) write(`${line}\n`);
}
