/**
 * The replies of azcam's command server: one line that begins with `OK`, `ERROR` or `WARNING`.
 *
 * @module
 */

import type { HeliographError } from "./errors.ts";
import { boxedText, pythonRepr, pythonText, Tuple } from "./python_text.ts";

/** Keeps a reply on its one line: a line break inside a value is written as `\n` or `\r`. */
function onOneLine(text: string): string {
  if (!text.includes("\n") && !text.includes("\r")) return text;
  return text.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** Text that is more than one word to shlex, or another one: it has blanks, quotes or backslashes. */
const needsQuotes = /[\s'"\\]/;

/**
 * A text as one word of a reply: the official client runs Python's shlex over it and gets the text back, but for line
 * breaks, which are written as `\n` and `\r`.
 *
 * @param text Any text.
 */
export function replyWord(text: string): string {
  const line = onOneLine(text);
  if (line !== "" && !needsQuotes.test(line)) return line;
  if (!line.includes("'")) return `'${line}'`;
  return `"${line.replace(/["\\]/g, "\\$&")}"`;
}

/** Text in a list within a list, as Python prints it; shlex chokes on a single quote that is escaped in single ones. */
function literalText(text: string): string {
  return text.includes("'") ? `"${text.replaceAll(/[\\"]/g, "\\$&")}"` : pythonRepr(text);
}

/** What stands in a list within a list, as Python prints it: `['A1', 5, '']`. */
function literal(value: unknown): string {
  if (Array.isArray(value) && !(value instanceof Tuple)) return `[${value.map(literal).join(", ")}]`;
  return typeof value === "string" ? literalText(value) : pythonText(value);
}

/** One item of a list. A list within the list is as Python prints it, without quotes around it, as in azcam. */
function listItem(item: unknown): string {
  if (Array.isArray(item) && !(item instanceof Tuple)) return literal(item);
  return boxedText(item) === "" ? "" : replyWord(pythonText(item));
}

/** What a client that joins the words with blanks would not get back: then the text is one word. */
const broken = /['"\\\t\n\r]| {2}/;

/** A text as it stands, as azcam sends it, unless the official client could not make the same of it again. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "OK";
  const status = statusWord.exec(trimmed)?.[0];
  const rest = status === undefined ? trimmed : trimmed.slice(status.length).trim();
  if (!broken.test(rest)) return status === undefined ? `OK ${rest}` : trimmed;
  return `${status ?? "OK"} ${replyWord(rest)}`;
}

const statusWord = /^(?:OK|ERROR|WARNING)(?![^\s])/;

/**
 * The reply line to a command that succeeded, without its line end.
 *
 * Nothing gives `OK`, text is taken as it is, a list becomes its items joined by spaces, a tuple what Python prints of
 * it, a mapping JSON. What Python's shlex, which the official client runs over every reply, would change or fail at is in
 * quotes: an item of a list, a text that is to stay one word, and any text with quotes or backslashes. `OK ` goes in
 * front unless the first word is a status already, as in azcam. A list within a list stays in its brackets.
 *
 * @param value What the command returned.
 * @returns One line of text.
 */
export function lineReply(value: unknown): string {
  if (value === undefined || value === null) return "OK";
  if (typeof value === "string") return sentence(value);
  // Numbers, tuples, booleans and JSON are on one line and begin with no status.
  if (value instanceof Tuple) return `OK ${pythonText(value)}`;
  if (Array.isArray(value)) {
    const items = value.map(listItem).join(" ");
    return items === "" ? "OK" : statusWord.test(items) ? items : `OK ${items}`;
  }
  const text = boxedText(value);
  if (text === undefined) return `OK ${pythonText(value)}`;
  return text === "" ? "OK" : `OK ${replyWord(text)}`;
}

/**
 * Whether the official client can split a text: it runs Python's shlex over every reply, which throws on a quote without
 * its partner and on a backslash at the end.
 *
 * @param text Any text on one line; one with a backslash counts as one that it cannot.
 */
export function splits(text: string): boolean {
  let quote = "";
  for (const character of text) {
    if (quote === "") {
      if (character === "'" || character === '"') quote = character;
    } else if (character === quote) quote = "";
  }
  return quote === "" && !text.includes("\\");
}

function splittable(text: string): string {
  return splits(text) ? text : text.replaceAll("'", "’").replaceAll('"', "”").replaceAll(/\\\\?/g, "/");
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
  // azcam knows no other PCs: of one of theirs, only the text says what is wrong.
  const azcamWords = error.code === "unknown_instrument" && error.subject !== ""
    ? `remote call not allowed: ${error.subject}`
    : error.code === "command_failed"
    ? error.message
    : undefined;
  const text = azcamWords === undefined ? onOneLine(error.message) : `AzcamError(${pythonRepr(azcamWords)})`;
  return `ERROR ${splittable(text)}`;
}
