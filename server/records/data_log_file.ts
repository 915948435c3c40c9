/**
 * Appends rows to PyOpticon's data log. A file has the columns of its header: where a row has others, the next file is
 * begun, so that nothing is lost and every file can be read by itself.
 *
 * @module
 */

import { join } from "node:path";
import { inPeoplesWords } from "../files/part_file.ts";

/** A row, as it is to be written. */
export interface DataLogRow {
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** The columns: `NICKNAME: FIELD`. Rows that have the same share one array. */
  readonly labels: readonly string[];
  /** What stands in them. */
  readonly values: readonly string[];
}

/** Something that the Worker is to do. */
export type DataLogTask =
  /** Makes the folder where it is not there. */
  | { readonly kind: "make"; readonly folder: string }
  /** Appends rows to the newest file of a name, or begins another. */
  | { readonly kind: "append"; readonly folder: string; readonly name: string; readonly rows: readonly DataLogRow[] }
  /** Does nothing: whoever gets the answer knows that it runs. */
  | { readonly kind: "answer" };

/** What came of it. */
export type DataLogAnswer =
  /** How many of the rows were written, and into which file the last of them. */
  | { readonly kind: "written"; readonly count: number; readonly file: string }
  /** The first rows were written, and no more, for a reason in words for people. */
  | { readonly kind: "failed"; readonly count: number; readonly file: string; readonly reason: string };

/** The cell of a column that the bench has no more: PyOpticon's word. */
const noReading = "No Reading";
/** The first columns, which every log has. */
const firstLabels = "Date,Timestamp";
/** The longest header that is read, in bytes. */
const longestHeader = 4_000_000;
/** The most files of one name. */
const mostFiles = 10_000;

const encoder = new TextEncoder();

/**
 * A label or a value as PyOpticon writes it: without quotes, and a comma as ` -`. What would break the table there is
 * kept: a line break is written as `\n`, and a text that begins with a quotation mark is quoted.
 */
export function cellOf(text: string): string {
  const line = text.replaceAll(",", " -").replaceAll("\r", "\\r").replaceAll("\n", "\\n");
  return line.startsWith('"') ? `"${line.replaceAll('"', '""')}"` : line;
}

/** A row's time as PyOpticon writes it, by this PC's clock: `MM/DD/YYYY,HH:MM:SS`. */
export function timeCells(time: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const at = new Date(time);
  const date = `${two(at.getMonth() + 1)}/${two(at.getDate())}/${String(at.getFullYear()).padStart(4, "0")}`;
  return `${date},${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The name of a log where nobody gives one: PyOpticon's. @param time In milliseconds since 1970. */
export function usualName(time: number): string {
  const two = (number: number) => String(number % 100).padStart(2, "0");
  const at = new Date(time);
  const date = [at.getMonth() + 1, at.getDate(), at.getFullYear()].map(two).join("-");
  return `${date}_${two(at.getHours())}-${two(at.getMinutes())}_logfile.csv`;
}

/** The file of a number: `reactor.csv`, `reactor-2.csv`. */
function numbered(folder: string, name: string, number: number): string {
  return join(folder, number === 1 ? name : name.replace(/(\.[^.]*)?$/, `-${number}$1`));
}

/** @throws {Error} Where it is no file: a pipe would never take a row, and a link may lead anywhere. */
function isThere(file: string): boolean {
  try {
    if (!Deno.lstatSync(file).isFile) throw new Error(`${file} is no file`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A file of the log, open to be appended to. */
interface OpenLog {
  readonly file: Deno.FsFile;
  readonly path: string;
  /** The cells of its header after the first two; `undefined` where it has none, but may get one. */
  readonly header: readonly string[] | undefined;
  /** What its lines end with: PyOpticon's on Windows with both. */
  readonly end: string;
  /** Whether its last line has no end: a program that was killed left it so. */
  readonly cut: boolean;
}

/** The header's line; `undefined` where the file is empty or holds no line. */
function firstLine(file: Deno.FsFile, size: number): string | undefined {
  let text = "";
  const decoder = new TextDecoder();
  const part = new Uint8Array(65_536);
  for (let at = 0; at < Math.min(size, longestHeader);) {
    const count = file.readSync(part);
    if (count === null) break;
    at += count;
    text += decoder.decode(part.subarray(0, count), { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}

function open(path: string): OpenLog {
  const file = Deno.openSync(path, { read: true, append: true, create: true });
  try {
    const { size } = file.statSync();
    if (size === 0) return { file, path, header: undefined, end: "\n", cut: false };
    const line = firstLine(file, size) ?? "";
    const last = new Uint8Array(1);
    file.seekSync(size - 1, Deno.SeekMode.Start);
    file.readSync(last);
    const text = line.replace(/^\ufeff|\r$/g, "");
    const isLog = text === firstLabels || text.startsWith(`${firstLabels},`);
    const header = isLog ? text.slice(firstLabels.length + 1).split(",").filter((cell) => cell !== "") : [];
    return { file, path, header, end: line.endsWith("\r") ? "\r\n" : "\n", cut: last[0] !== 10 };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The newest file of a name where its header has all the columns, or else the one after it. */
function openFor(folder: string, name: string, cells: readonly string[]): OpenLog {
  let number = 1;
  while (number < mostFiles && isThere(numbered(folder, name, number + 1))) number++;
  for (; number <= mostFiles; number++) {
    const path = numbered(folder, name, number);
    isThere(path);
    const log = open(path);
    const { header } = log;
    if (header === undefined) return log;
    const known = new Set(header);
    if (header.length > 0 && cells.every((cell) => known.has(cell))) return log;
    log.file.close();
  }
  throw new Error(`there are ${mostFiles} files of that name; give another`);
}

/** Writes all of it or nothing. */
function append({ file }: OpenLog, text: string): void {
  const { size } = file.statSync();
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  } catch (error) {
    try {
      file.truncateSync(size);
    } catch {
      // What is cut short gets an end of its own when it goes on.
    }
    throw error;
  }
}

/** Writes rows of the same columns. @returns The file. */
function appendAlike(folder: string, name: string, rows: readonly DataLogRow[]): string {
  const cells = rows[0]!.labels.map(cellOf);
  const log = openFor(folder, name, cells);
  using _file = log.file;
  const header = log.header ?? cells;
  const places = new Map(cells.map((cell, place) => [cell, place]));
  const begin = log.header === undefined ? `${[firstLabels, ...header].join(",")}${log.end}` : log.cut ? log.end : "";
  const lines = rows.map(({ time, values }) => {
    const row = header.map((cell) => cellOf(values[places.get(cell) ?? -1] ?? noReading));
    return `${[timeCells(time), ...row].join(",")}${log.end}`;
  });
  append(log, begin + lines.join(""));
  return log.path;
}

/**
 * Appends rows, those of the same columns at once.
 *
 * @param folder The absolute path of the folder, which is there.
 * @param name The name of the first file.
 */
export function appendRows(folder: string, name: string, rows: readonly DataLogRow[]): DataLogAnswer {
  let count = 0;
  let file = "";
  try {
    while (count < rows.length) {
      const { labels } = rows[count]!;
      const other = rows.findIndex((row, at) => at > count && row.labels !== labels);
      const alike = rows.slice(count, other < 0 ? rows.length : other);
      file = appendAlike(folder, name, alike);
      count += alike.length;
    }
    return { kind: "written", count, file };
  } catch (error) {
    return { kind: "failed", count, file, reason: inPeoplesWords(error).message };
  }
}
