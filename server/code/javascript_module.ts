/**
 * Turns a piece of JavaScript into a module that stands alone, for a Worker to run.
 *
 * An executable loads modules from the disk without asking for the permission to read, so that code must not import; and
 * Deno looks for source maps wherever code says. What is run therefore does not hold the words for it at all, whatever
 * it is taken for: a parser that read code differently from V8 could be led astray.
 *
 * @module
 */

import { type Comment, parse, type Token } from "npm:acorn@8.19.0";
import { lineCount, Stop, withLine } from "./failure.ts";
import type { Code } from "./messages.ts";

/** The words that reach beyond the module. */
const reachingOut = /\b(?:import|export|source(?:Mapping)?URL)\b/g;

const before = "export default await (";

/** The kinds of tokens that are only text. */
const textual = new Set(["string", "template", "regexp"]);

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * @param code JavaScript: an expression or statements, either of which may await.
 * @returns The text of a module, whose default export is the value; every line stays on its own.
 * @throws {Stop} For what cannot be read, and for code that imports or exports something.
 */
export function javascriptModule({ mode, source }: Pick<Code, "mode" | "source">): string {
  const start = mode === "eval" ? before.length : 0;
  const text = mode === "eval" ? `${before}${source}\n);` : source;
  const spans = textSpans(text, mode, source);
  let safe = text.slice(0, start);
  let from = start;
  let next = 0;
  for (const { index, 0: word } of text.slice(start).matchAll(reachingOut)) {
    const at = start + index;
    while (next < spans.length && spans[next]!.end <= at) next++;
    const span = spans[next];
    const isText = span !== undefined && span.start <= at && at + word.length <= span.end;
    if (!isText || isEscaped(text, at)) {
      throw failure(
        `SyntaxError: Cannot use "${word}": code that is sent stands alone (a property of that name is o["${word}"])`,
        lineCount(text.slice(0, at)),
        source,
      );
    }
    // An escape means the same in a string, a template and a regular expression, and nothing in a comment; where V8 saw
    // a keyword, it would refuse the escape.
    safe += `${text.slice(from, at)}\\u00${word.charCodeAt(0).toString(16)}${word.slice(1)}`;
    from = at + word.length;
  }
  return safe + text.slice(from);
}

/** The spans in which text is only text, in order: comments, strings, templates and regular expressions. */
function textSpans(text: string, mode: Code["mode"], source: string): Span[] {
  const comments: Comment[] = [];
  const tokens: Token[] = [];
  let statements: number;
  try {
    const options = { ecmaVersion: "latest", sourceType: "module", locations: true } as const;
    statements = parse(text, { ...options, onComment: comments, onToken: tokens }).body.length;
  } catch (error) {
    const { message, loc } = error as Error & { readonly loc?: { readonly line: number } };
    const tooDeep = !(error instanceof SyntaxError) || message.includes("stack space");
    const statement = mode === "eval" ? " (an expression is wanted; exec takes statements)" : "";
    const what = tooDeep ? "it is too long or nested too deep" : message.replace(/ \(\d+:\d+\)$/, "") + statement;
    throw failure(`SyntaxError: ${what}`, loc?.line, source);
  }
  if (mode === "eval" && statements !== 1) {
    throw failure("SyntaxError: this is more than one expression (exec takes statements)", undefined, source);
  }
  const textTokens = tokens.filter(({ type }) => textual.has(type.label));
  return [...comments, ...textTokens].sort((one, other) => one.start - other.start);
}

/** Whether a backslash stands before it: an escape there would mean something else. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function failure(message: string, line: number | undefined, source: string): Stop {
  return new Stop({ code: "code_failed", message: withLine(message, line, source) });
}
