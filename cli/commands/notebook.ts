/**
 * `heliograph notebook`: a night as one page of Markdown or HTML.
 *
 * @module
 */

import { resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { localTime, zone } from "../../protocol/local_time.ts";
import { printable } from "../../protocol/printable.ts";
import {
  type FieldName,
  type HistorySeries,
  isNumber,
  mostFields,
  type RecordedField,
} from "../../protocol/readings.ts";
import { readingRows, recordedFields } from "../../server/records/export/readings_table.ts";
import { dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { type Notebook, notebookHtml, type NotebookImage, notebookMarkdown } from "../notebook.ts";
import { OutFile } from "../out_file.ts";
import {
  type LookFlags,
  lookFlags,
  nightOfFlag,
  openPast,
  type Past,
  type Range,
  rangeOf,
  splitFields,
} from "../past.ts";
import { buildCommand } from "../usage.ts";

interface NotebookFlags extends LookFlags {
  readonly out?: string;
  readonly html: boolean;
}

/** How many points a plot has. */
const points = 720;
/** How many fields are plotted where nobody names them. */
const mostPlots = 24;

const { json: _json, ...connection } = dashboardFlags;

/** `heliograph notebook` */
export const notebookCommand = buildCommand({
  docs: {
    brief: "Write a night as one page: notes, images, plots, trouble, settings and commands",
    fullDescription: "Write a night, or another range, as one page of Markdown, or of HTML with plots.",
  },
  parameters: {
    flags: {
      ...connection,
      ...lookFlags,
      night: { ...lookFlags.night, brief: "The night that begins on a day, from noon to noon; default last" },
      fields: {
        ...lookFlags.fields,
        brief: `What is plotted; default the numbers that have changed, ${mostPlots} at most`,
      },
      out: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The file to write, where none is yet: .html or .md; default: it is printed",
        placeholder: "FILE",
      },
      html: { kind: "boolean", default: false, brief: "HTML also where no name of a file says so" },
    },
    positional: { kind: "tuple", parameters: [] },
  },
  async func(this: CliContext, flags: NotebookFlags): Promise<void> {
    const { out, utc } = flags;
    if (out !== undefined && !/\.(?:html?|md)$/i.test(out)) {
      throw new UsageError(`Cannot tell what ${out} is to be: its name ends in .html or .md`);
    }
    const html = flags.html || /\.html?$/i.test(out ?? "");
    const now = Date.now();
    const isNight = flags.since === undefined && flags.until === undefined;
    const night = flags.night ?? (isNight ? "last" : undefined);
    const range = night === undefined ? rangeOf(flags, now, 86_400_000) : { ...nightOfFlag(night, now) };
    using file = out === undefined ? undefined : new OutFile(resolve(out));
    await using past = openPast(this, flags);
    const notebook = await notebookOf(past, range, flags, isNight || night !== undefined, utc);
    const text = html ? notebookHtml(notebook) : notebookMarkdown(notebook);
    if (file === undefined) return this.process.stdout.write(html ? text : printableLines(text)) as void;
    file.write(new TextEncoder().encode(text));
    file.commit();
    this.process.stderr.write(`Wrote ${printable(resolve(out!))}\n`);
  },
});

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

async function notebookOf(
  past: Past,
  range: Range,
  { fields }: NotebookFlags,
  isNight: boolean,
  utc: boolean,
): Promise<Notebook> {
  const begin = new Date(range.since);
  const clock = (time: number) => {
    const date = new Date(time);
    // With its zone: the hour that clocks go back is there twice.
    return utc ? date.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC") : `${localTime(date)} ${zone(date)}`;
  };
  const remarks: string[] = [];
  const records = await past.journal({ ...range, level: "info" });
  let recorded: RecordedField[] = [];
  try {
    recorded = await past.fields();
  } catch (error) {
    // The journal may be there alone.
    if (!(error instanceof HeliographError) && fields !== undefined) throw error;
    remarks.push(`No readings: ${(error as Error).message}`);
  }
  const day = localTime(begin).split(" ")[0];
  return {
    title: isNight ? `The night of ${day}` : `From ${clock(range.since)}`,
    ...range,
    records,
    images: await imagesOf(past, range, recorded),
    series: await plotsOf(past, range, recorded, fields),
    remarks,
    clock,
  };
}

/** The numbers that are plotted: those that are named, or else those that have changed. */
async function plotsOf(
  past: Past,
  range: Range,
  recorded: readonly RecordedField[],
  given: string | undefined,
): Promise<HistorySeries[]> {
  // What a camera does from image to image is told as images.
  const cameras = new Set(camerasIn(recorded));
  const numbers = recorded.filter(({ type, instrument }) => isNumber(type) && !cameras.has(instrument));
  const fields = recordedFields(given === undefined ? numbers : recorded, splitFields(given));
  const found: HistorySeries[] = [];
  for (let at = 0; at < fields.length; at += mostFields) {
    const { series } = await past.history({ ...range, fields: fields.slice(at, at + mostFields), points });
    for (const each of series) {
      const { lowest = [], highest = [] } = each.points ?? {};
      const [first] = lowest.filter((value) => value !== null);
      if (first === undefined) continue;
      if (given !== undefined || [...lowest, ...highest].some((value) => value !== null && value !== first)) {
        found.push(each);
      }
    }
    if (given === undefined && found.length >= mostPlots) break;
  }
  return given === undefined ? found.slice(0, mostPlots) : found;
}

/** The cameras among the instruments, by their names. */
function camerasIn(recorded: readonly RecordedField[]): string[] {
  return [...new Set(recorded.filter(({ field }) => field === "imageswritten").map(({ instrument }) => instrument))];
}

/** The fields by which a camera tells of the images that it has written. */
const cameraFields = ["lastfile", "imagetitle", "imagetype", "exposuretime", "imageswritten"] as const;

/** The images that cameras have written: each time the number of them grows. */
async function imagesOf(past: Past, range: Range, recorded: readonly RecordedField[]): Promise<NotebookImage[]> {
  const images: NotebookImage[] = [];
  for (const instrument of camerasIn(recorded)) {
    const has = (field: string) => recorded.some((each) => each.instrument === instrument && each.field === field);
    const fields: FieldName[] = cameraFields.filter(has).map((field) => ({ instrument, field }));
    const held = new Map<string, unknown>();
    const text = (field: string) => String(held.get(field) ?? "");
    const { series } = await past.history({ since: range.since, until: range.since + 1, fields });
    for (const { field, before } of series) if (before?.quality === "good") held.set(field, before.value);
    // Of the same moment the number comes last, as it is asked for.
    for await (const rows of readingRows((query) => past.history(query), { ...range, fields }, "jsonl")) {
      for (const [time, , field, value, , quality] of rows) {
        if (quality !== "good" || value === undefined) continue;
        const before = held.get(String(field));
        held.set(String(field), value);
        if (field !== "imageswritten" || typeof before !== "number" || !((value as number) > before)) continue;
        const exposure = text("exposuretime");
        images.push({
          time: time as number,
          file: text("lastfile"),
          title: text("imagetitle"),
          type: text("imagetype"),
          exposure: exposure === "" ? "" : `${exposure} s`,
        });
      }
    }
  }
  return images.sort((one, other) => one.time - other.time);
}
