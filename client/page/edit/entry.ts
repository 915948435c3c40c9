/**
 * The entry of an instrument as somebody changes it: pure functions on plain data.
 *
 * @module
 */

import type { BenchEntry, EditProblem, EntryPath } from "../../../protocol/bench_edit.ts";

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a place of an entry; `undefined` where nothing does. */
export function valueAt(entry: unknown, path: EntryPath): unknown {
  return path.reduce<unknown>((value, key) => isTable(value) ? value[key] : undefined, entry);
}

/**
 * An entry with another value at a place.
 *
 * @param value What is to stand there; `undefined` leaves it out, and objects that are empty then.
 */
export function withValue(entry: BenchEntry, [key, ...rest]: EntryPath, value: unknown): BenchEntry {
  if (key === undefined) return entry;
  const inner = isTable(entry[key]) ? entry[key] : {};
  const next = rest.length === 0 ? value : withValue(inner, rest, value);
  const empty = next === undefined ||
    rest.length > 0 && value === undefined && Object.keys(next as object).length === 0;
  if (!empty) return { ...entry, [key]: next };
  const { [key]: _, ...others } = entry;
  return others;
}

/** An entry whose table has another name for one of its parts, which keeps its place. */
export function renamed(entry: BenchEntry, table: string, old: string, name: string): BenchEntry {
  const parts = entry[table];
  if (!isTable(parts) || Object.hasOwn(parts, name)) return entry;
  return {
    ...entry,
    [table]: Object.fromEntries(Object.entries(parts).map(([key, part]) => [key === old ? name : key, part])),
  };
}

/** The words of an instrument in the order in which people write them. */
const order = ["title", "caption", "summary", "driver", "port", "parameters", "options", "line", "fields"];

/** An entry in the order in which people write one, in whichever order it was filled in. */
export function inOrder(entry: BenchEntry): BenchEntry {
  const place = (key: string) => order.includes(key) ? order.indexOf(key) : order.length;
  return Object.fromEntries(Object.entries(entry).sort(([one], [other]) => place(one) - place(other)));
}

/** What somebody typed as a number is one; anything else stays as it is, and is told by the check. */
export function numberOr(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed) ? Number(trimmed) : trimmed;
}

/** The text of a value for an input. */
export function textFor(value: unknown): string {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

/** Line ends and the like, as they are written in the file: `\r\n`. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The text that escapes stand for; as it is where they are not right. */
export function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text.replace(/(?<!\\)"/g, '\\"')}"`);
  } catch {
    return text;
  }
}

/** Whether a problem is about a part, or something in it. */
export function isAt({ path }: EditProblem, part: EntryPath): boolean {
  return part.every((key, at) => path[at] === key);
}

/** How a place is called: `fields: Current: unit`. */
export function placeText(path: EntryPath): string {
  return path.join(": ");
}
