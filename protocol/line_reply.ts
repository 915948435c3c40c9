/**
 * The replies of azcam's command server: one line that begins with `OK`, `ERROR` or `WARNING`.
 *
 * @module
 */

import type { HeliographError } from "./errors.ts";
import { pythonRepr, pythonText } from "./python_text.ts";

/** Keeps a reply on its one line: a line break inside a value is written as `\n` or `\r`. */
function onOneLine(text: string): string {
  if (!text.includes("\n") && !text.includes("\r")) return text;
  return text.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** Text in a list within a list, as Python prints it; shlex chokes on a single quote that is escaped in single ones. */
function literalText(text: string): string {
  return text.includes("'") ? `"${text.replaceAll(/[\\"]/g, "\\$&")}"` : pythonRepr(text);
}

/** What stands in a list within a list, as Python prints it: `['A1', 5, '']`. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return typeof value === "string" ? literalText(value) : pythonText(value);
}

/** Text that is to stand in a list as it is; recognised by what `valueOf` gives. */
function bareText(item: unknown): string | undefined {
  const inner: unknown = typeof item === "object" && item !== null ? item.valueOf() : undefined;
  return typeof inner === "string" ? inner : undefined;
}

/**
 * One item of a list, so that the official client's shlex gives back the same item. A list within the list is as Python
 * prints it, without quotes around it, as in azcam.
 */
function listItem(item: unknown): string {
  if (Array.isArray(item)) return literal(item);
  const bare = bareText(item);
  if (bare !== undefined) return bare;
  const text = pythonText(item);
  if (text === "") return "''";
  if (text.includes("'")) return `"${text.replaceAll('"', "”")}"`;
  return /\s/.test(text) ? `'${text}'` : text;
}

const statusWord = /^(?:OK|ERROR|WARNING)(?![^\s])/;

/**
 * The reply line to a command that succeeded, without its line end.
 *
 * Nothing gives `OK`, text is taken as it is, a list becomes its items joined by spaces (an item with a space in
 * quotes), a list within it stays one in brackets, a mapping becomes JSON. `OK ` goes in front unless the first word is a status already, as in azcam.
 *
 * @param value What the command returned.
 * @returns One line of text.
 */
export function lineReply(value: unknown): string {
  if (value === undefined || value === null) return "OK";
  const list = Array.isArray(value);
  // Numbers, booleans and JSON are on one line and begin with no status.
  if (typeof value !== "string" && !list) return `OK ${pythonText(value)}`;
  const text = onOneLine(list ? value.map(listItem).join(" ") : value.trim());
  if (text === "") return "OK";
  return statusWord.test(text) ? text : `OK ${text}`;
}

/**
 * Text that the official client can split: it runs Python's shlex over every reply, which throws on a quote
 * without its partner and on a backslash at the end.
 */
function splittable(text: string): string {
  let quote = "";
  for (const character of text) {
    if (quote === "") {
      if (character === "'" || character === '"') quote = character;
    } else if (character === quote) quote = "";
  }
  return quote === "" && !text.includes("\\")
    ? text
    : text.replaceAll("'", "’").replaceAll('"', "”").replaceAll("\\", "/");
}

/**
 * The reply line to a command that failed, without its line end.
 *
 * An instrument's own error and a refused instrument keep azcam's wording, `AzcamError('…')`, because its clients
 * match on it; everything else is plain text.
 *
 * @param error What went wrong.
 * @returns One line that begins with `ERROR `.
 */
export function lineError(error: HeliographError): string {
  const azcamWords = error.code === "unknown_instrument"
    ? `remote call not allowed: ${error.subject}`
    : error.code === "command_failed"
    ? error.message
    : undefined;
  const text = azcamWords === undefined ? onOneLine(error.message) : `AzcamError(${pythonRepr(azcamWords)})`;
  return `ERROR ${splittable(text)}`;
}
