/**
 * The grammar of azcam's command lines, as one pure function from text to names and arguments.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";

/** A parsed command line. */
export interface CommandLine {
  /** The instrument before the dot; `undefined` means the default instrument. */
  readonly instrument: string | undefined;
  /** The command; empty for a line that holds only a comment. */
  readonly command: string;
  /** Positional arguments, without their quotes. */
  readonly args: readonly string[];
  /** `key=value` arguments, without the value's quotes. */
  readonly keywords: ReadonlyMap<string, string>;
}

interface Token {
  /** The token's text without its quotes. */
  text: string;
  /** Where in `text` the first dot outside quotes is, or -1. */
  dot: number;
  /** Where in `text` the `=` of `key=value` is, or -1. */
  equals: number;
}

const keywordStart = /^[A-Za-z_]\w*$/;
const noKeywords: ReadonlyMap<string, string> = new Map();

/** The tokens of a line: white space separates, quotes group at a token's start and after `key=`, `#` comments. */
function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    if (line.charCodeAt(at) <= 0x20) {
      at++;
      continue;
    }
    if (line[at] === "#") break;
    const token: Token = { text: "", dot: -1, equals: -1 };
    let quotable = true;
    let mayBeKeyword = true;
    while (at < line.length && line.charCodeAt(at) > 0x20) {
      const character = line[at]!;
      if (quotable && (character === '"' || character === "'")) {
        const end = line.indexOf(character, at + 1);
        if (end < 0) {
          throw new HeliographError(
            "bad_message",
            `Cannot read the line: the quote ${character === '"' ? "(double)" : "(single)"} at column ${at + 1} ` +
              "is never closed; end the text with the same quote",
          );
        }
        token.text += line.slice(at + 1, end);
        at = end + 1;
        continue;
      }
      // A run of bare characters, up to the first "=", after which a quote may begin.
      const start = at;
      while (at < line.length && line.charCodeAt(at) > 0x20 && !(line[at] === "=" && mayBeKeyword)) {
        if (line[at] === "." && token.dot < 0) token.dot = token.text.length + at - start;
        at++;
      }
      token.text += line.slice(start, at);
      quotable = line[at] === "=" && keywordStart.test(token.text);
      if (line[at] !== "=") continue;
      if (quotable) token.equals = token.text.length;
      token.text += "=";
      mayBeKeyword = false;
      at++;
    }
    tokens.push(token);
  }
  return tokens;
}

/**
 * Parses `instrument.command args… key=value…`, azcam's command line.
 *
 * `'…'` and `"…"` group words, also after `key=`; there are no escapes, so that Windows paths survive. `#` at a
 * token's start begins a comment.
 *
 * @param line One line without its line end.
 * @returns Names and arguments; an empty `command` for a blank line or a comment.
 * @throws {HeliographError} `bad_message` for an unclosed quote, a missing name or a repeated keyword.
 */
export function parseCommandLine(line: string): CommandLine {
  const [head, ...rest] = tokenize(line);
  if (head === undefined) return { instrument: undefined, command: "", args: [], keywords: noKeywords };
  const instrument = head.dot < 0 ? undefined : head.text.slice(0, head.dot);
  const command = head.dot < 0 ? head.text : head.text.slice(head.dot + 1);
  if (command === "" || instrument === "") {
    throw new HeliographError(
      "bad_message",
      `Cannot read "${head.text}" as a command: it needs a name on both sides of the dot, as in tempcon.get_temperatures`,
    );
  }
  const args: string[] = [];
  let keywords: Map<string, string> | undefined;
  for (const token of rest) {
    if (token.equals < 0) {
      args.push(token.text);
      continue;
    }
    const key = token.text.slice(0, token.equals);
    keywords ??= new Map();
    if (keywords.has(key)) throw new HeliographError("bad_message", `Cannot take ${key}= twice in one command`);
    keywords.set(key, token.text.slice(token.equals + 1));
  }
  return { instrument, command, args, keywords: keywords ?? noKeywords };
}

/** A word as it stands in a line: in quotes where it needs them, and in pieces where it holds both kinds. */
function lineWord(text: string): string {
  if (text !== "" && !/[\s'"#=]/.test(text)) return text;
  if (!text.includes('"')) return `"${text}"`;
  if (!text.includes("'")) return `'${text}'`;
  return text.split(/(?<=')(?=[^'])|(?=')(?<=[^'])/).map((piece) => piece.includes("'") ? `"${piece}"` : `'${piece}'`)
    .join("");
}

/**
 * Writes a command as an azcam line, the way back of {@linkcode parseCommandLine}.
 *
 * @param instrument The instrument's name; `api`, the default one, is left out.
 * @param command The command.
 * @param args Positional arguments, text or typed.
 * @param keywords Keyword arguments.
 * @returns One line; a line break in an argument, which no line can hold, becomes a space.
 */
export function formatCommandLine(
  instrument: string,
  command: string,
  args: readonly unknown[] = [],
  keywords: ReadonlyMap<string, unknown> = noKeywords,
): string {
  const word = (value: unknown) => {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return lineWord(text.replace(/[\r\n]+/g, " "));
  };
  return [
    instrument === "api" ? command : `${instrument}.${command}`,
    ...args.map(word),
    // What is no name is refused anyway; it stays one word.
    ...[...keywords].map(([key, value]) => `${key.replace(/\W+/g, "_")}=${word(value)}`),
  ].join(" ");
}

/**
 * The words that azcam's command server handles itself, before any instrument; the empty line is one of them. `auth`,
 * `eval`, `note`, `quit` and `bye` are heliograph's own: the expression after `eval` keeps its quotes.
 */
export const sessionWords = [
  "",
  "echo",
  "eval",
  "register",
  "auth",
  "note",
  "closeconnection",
  "quit",
  "bye",
  "updatemonitor",
  "exit",
] as const;

/** One of {@linkcode sessionWords}. */
export type SessionWord = (typeof sessionWords)[number];

const sessionWord = new RegExp(`^\\s*(${sessionWords.filter((word) => word !== "").join("|")})(?: (.*))?$`, "is");

/**
 * Recognises a line that the session itself answers: nothing, or a whole word in any case.
 *
 * @param line One line without its line end.
 * @returns The word in lower case and the text after it as it stands, or `undefined`.
 */
export function parseSessionWord(line: string): { word: SessionWord; rest: string } | undefined {
  const trimmed = line.trimEnd();
  if (trimmed === "") return { word: "", rest: "" };
  const match = sessionWord.exec(trimmed);
  if (match === null) return undefined;
  return { word: match[1]!.toLowerCase() as SessionWord, rest: match[2] ?? "" };
}
