/**
 * Formats tables, colours and values for people.
 *
 * @module
 */

import { stripVTControlCharacters, styleText } from "node:util";
import Table from "npm:cli-table3@0.6.5";
import type { Quality } from "../protocol/description.ts";
import { localTime } from "../protocol/local_time.ts";
import { printable } from "../protocol/printable.ts";
import { pythonText } from "../protocol/python_text.ts";
import type { CliContext } from "./context.ts";

/** Colours, or none. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
}

/**
 * @param colour Whether to use colours.
 * @returns A function for each style, which returns its text unchanged where there are no colours.
 */
export function painter(colour: boolean): Paint {
  const style = (name: Parameters<typeof styleText>[0]) => (text: string) =>
    colour ? styleText(name, text, { validateStream: false }) : text;
  return { bold: style("bold"), dim: style("dim"), red: style("red"), yellow: style("yellow"), green: style("green") };
}

const borderless = {
  "top": "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  "bottom": "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  "left": "",
  "left-mid": "",
  "mid": "",
  "mid-mid": "",
  "right": "",
  "right-mid": "",
  "middle": "  ",
};

/** The number of rows that are laid out together: what the library takes grows with their square. */
const rowsAtOnce = 100;

/** Text in a table, or text with the style that it is shown in. */
export type Cell = string | { readonly text: string; readonly style: (text: string) => string };

function shownCell(cell: Cell): string {
  return typeof cell === "string" ? printable(cell) : cell.style(printable(cell.text));
}

/**
 * An aligned table without lines. Whatever its texts hold, each is made printable here.
 *
 * @param head The columns' names.
 * @param rows Their texts.
 * @param paint How the head is emphasised.
 * @returns Lines with their ends; nothing where there are no rows.
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string {
  if (rows.length === 0) return "";
  const heading = head.map((name) => paint.bold(name));
  const shown = rows.map((row) => row.map(shownCell));
  if (rows.length <= rowsAtOnce) return lines([heading, ...shown]);
  // A row of the widest cells keeps the columns of all parts the same, and is left out.
  const all = [heading, ...shown];
  const widest = head.map((_, column) => all.reduce((most, row) => wider(most, row[column] ?? ""), ""));
  let drawn = "";
  for (let at = 0; at < all.length; at += rowsAtOnce) {
    const part = lines([widest, ...all.slice(at, at + rowsAtOnce)]);
    drawn += part.slice(part.indexOf("\n") + 1);
  }
  return drawn;
}

function wider(one: string, other: string): string {
  return stripVTControlCharacters(other).length > stripVTControlCharacters(one).length ? other : one;
}

function lines(rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    chars: borderless,
    style: { "head": [], "border": [], "padding-left": 0, "padding-right": 0 },
  });
  drawn.push(...rows.map((row) => [...row]));
  return `${drawn.toString().split("\n").map((line) => line.trimEnd()).join("\n")}\n`;
}

/** The style of a value by its quality: nothing special when good. */
export function qualityStyle(quality: Quality, paint: Paint): (text: string) => string {
  return quality === "good" ? String : quality === "stale" ? paint.dim : paint.red;
}

/**
 * A command's result for people: text as it is, a list a line each, a mapping as a table.
 *
 * @returns Lines with their ends; nothing for nothing.
 */
export function result(value: unknown, paint: Paint): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((item) => `${printable(pythonText(item))}\n`).join("");
  if (typeof value !== "object") return `${typeof value === "number" ? value : printable(pythonText(value))}\n`;
  const rows = Object.entries(value).map(([name, item]) => [name, pythonText(item)]);
  return table(["name", "value"], rows, paint);
}

/** Writes a value as one line of JSON. */
export function writeJson(context: CliContext, value: unknown): void {
  context.process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
}

/** The time of day, local: `23:21:14`. */
export function clock(time: string | null): string {
  return time === null ? "" : localTime(new Date(time)).split(" ")[1]!;
}

/** The time of day to the millisecond, local: `23:21:14.056`. */
export function preciseClock(time: string): string {
  return `${clock(time)}.${time.slice(20, 23)}`;
}

/** A length of time: `45 s`, `3 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
