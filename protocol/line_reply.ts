/**
 * The replies of azcam's command server: one line that begins with `OK`, `ERROR` or `WARNING`.
 *
 * @module
 */

import type { HeliographError } from "./errors.ts";
import { pythonRepr, pythonText, Tuple } from "./python_text.ts";

/** Keeps a reply on its one line: a line break inside a value is written as `\n` or `\r`. */
function onOneLine(text: string): string {
  if (!text.includes("\n") && !text.includes("\r")) return text;
  return text.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** One item of a list, so that the official client's shlex gives back the same item. */
function listItem(item: unknown): string {
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
 * quotes), a tuple what Python prints of it, a mapping JSON. `OK ` goes in front unless the first word is a status already, as in azcam.
 *
 * @param value What the command returned.
 * @returns One line of text.
 */
export function lineReply(value: unknown): string {
  if (value === undefined || value === null) return "OK";
  // Numbers, tuples, booleans and JSON are on one line and begin with no status.
  if (value instanceof Tuple || (typeof value !== "string" && !Array.isArray(value))) return `OK ${pythonText(value)}`;
  const text = onOneLine(typeof value === "string" ? value.trim() : value.map(listItem).join(" "));
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
