/**
 * Changes a text of JSON with comments as a person would: only what is asked for, and everything else stays as it is.
 *
 * @module
 */

import { applyEdits, createScanner, type Edit, findNodeAtLocation, type Node, parseTree } from "npm:jsonc-parser@3.3.1";
import type { Path } from "../../files/source.ts";
import { isSame } from "./same.ts";

/** The widest line that something new is written on, in characters. */
const widest = 100;

/** Kinds of tokens, by the parser's numbers. */
const tokens = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, trivia: 15, end: 17 } as const;

/** The way a text is written. */
interface Style {
  readonly end: string;
  readonly indent: string;
}

function styleOf(text: string): Style {
  const end = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const indents = [...text.matchAll(/(?:^|[\r\n])([ \t]+)(?=[^\s/*])/g)].map(([, indent]) => indent!);
  const shortest = indents.sort((a, b) => a.length - b.length)[0];
  return { end, indent: shortest?.startsWith("\t") ? "\t" : shortest ?? "  " };
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A value as people write it: on one line where it has room there. */
function written(value: unknown, before: string, taken: number, style: Style): string {
  const short = oneLine(value);
  if (typeof value !== "object" || value === null || taken + short.length <= widest) return short;
  const inner = before + style.indent;
  const parts = Array.isArray(value)
    ? value.map((each) => written(each, inner, inner.length, style))
    : Object.entries(value).map(([key, each]) => {
      const name = `${JSON.stringify(key)}: `;
      return name + written(each, inner, inner.length + name.length, style);
    });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}${style.end}${parts.map((part) => inner + part).join(`,${style.end}`)}${style.end}${before}${close}`;
}

/** The blanks before what stands first on its line; `undefined` where something else does. */
function indentBefore(text: string, offset: number): string | undefined {
  return /(?:^|[\r\n])([ \t]*)$/.exec(text.slice(0, offset))?.[1];
}

/** The blanks that the line of a place begins with. */
function lineIndent(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0];
}

/** What follows an item: its comma, where it has one, and where the comments end that stand on the same line. */
function after(text: string, offset: number): { comma: number | undefined; end: number } {
  const skipped: readonly number[] = [tokens.trivia, tokens.lineBreak, tokens.lineComment, tokens.blockComment];
  const scanner = createScanner(text, false);
  scanner.setPosition(offset);
  let token: number;
  do token = scanner.scan(); while (skipped.includes(token));
  const comma = token === tokens.comma ? scanner.getTokenOffset() : undefined;
  let end = comma === undefined ? offset : comma + 1;
  scanner.setPosition(end);
  for (token = scanner.scan(); token !== tokens.lineBreak && skipped.includes(token); token = scanner.scan()) {
    if (token !== tokens.trivia) end = scanner.getTokenOffset() + scanner.getTokenLength();
  }
  return { comma, end };
}

/** Puts an item behind the last one of an object or a list. */
function appended(text: string, container: Node, item: (indent: string) => string, style: Style): Edit[] {
  const last = container.children?.at(-1);
  if (last === undefined) {
    const outer = lineIndent(text, container.offset);
    const inner = outer + style.indent;
    const content = `${style.end}${inner}${item(inner)}`;
    // Comments may stand in it; they stay.
    const empty = text.slice(container.offset + 1, container.offset + container.length - 1).trim() === "";
    return empty
      ? [{ offset: container.offset + 1, length: container.length - 2, content: `${content}${style.end}${outer}` }]
      : [{ offset: container.offset + 1, length: 0, content }];
  }
  const lastEnd = last.offset + last.length;
  const indent = indentBefore(text, last.offset);
  const { comma, end } = after(text, lastEnd);
  const separated = comma === undefined ? [{ offset: lastEnd, length: 0, content: "," }] : [];
  const content = `${indent === undefined ? " " : style.end + indent}${item(indent ?? lineIndent(text, last.offset))}`;
  // On one line with the others it stands before a comment, which would swallow it.
  const at = indent === undefined ? comma === undefined ? lastEnd : comma + 1 : end;
  return [...separated, { offset: at, length: 0, content: comma === undefined ? content : `${content},` }];
}

/** Takes an item away, and its comma; comments stay. */
function removed(text: string, node: Node): Edit[] {
  const container = node.parent!;
  const siblings = container.children!;
  const at = siblings.indexOf(node);
  const { comma } = after(text, node.offset + node.length);
  const edits: Edit[] = [];
  let [start, end] = [node.offset, node.offset + node.length];
  if (comma !== undefined) {
    if (text.slice(end, comma).trim() === "") end = comma + 1;
    else edits.push({ offset: comma, length: 1, content: "" });
  } else if (at > 0) {
    const before = siblings[at - 1]!;
    const its = after(text, before.offset + before.length).comma;
    if (its !== undefined) edits.push({ offset: its, length: 1, content: "" });
  }
  const indent = indentBefore(text, start);
  const rest = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(end))?.[0];
  if (indent !== undefined && rest !== undefined) {
    start -= indent.length;
    end += rest.length;
  } else if (indent === undefined) start -= /[ \t]*$/.exec(text.slice(0, start))![0].length;
  return [...edits, { offset: start, length: end - start, content: "" }];
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text that is changed step by step. */
export class EditedText {
  readonly #mark: string;
  readonly #style: Style;
  #text: string;

  /** Begins. @param text JSON with comments, with its byte-order mark where it has one. */
  constructor(text: string) {
    this.#mark = text.startsWith("\ufeff") ? "\ufeff" : "";
    this.#text = text.slice(this.#mark.length);
    this.#style = styleOf(this.#text);
  }

  /** What it is now. */
  get text(): string {
    return this.#mark + this.#text;
  }

  #node(path: Path): Node {
    const tree = parseTree(this.#text, [], { allowTrailingComma: true });
    const node = tree && findNodeAtLocation(tree, [...path]);
    if (node === undefined) throw new TypeError(`there is no ${path.join(".")}`);
    return node;
  }

  #apply(edits: Edit[]): void {
    this.#text = applyEdits(this.#text, edits);
  }

  /** Adds an item to a list. */
  append(path: Path, value: unknown): void {
    const style = this.#style;
    this.#apply(
      appended(this.#text, this.#node(path), (indent) => written(value, indent, indent.length, style), style),
    );
  }

  /** Takes an item of a list, or a key of an object, away. */
  remove(path: Path): void {
    const node = this.#node(path);
    this.#apply(removed(this.#text, node.parent?.type === "property" ? node.parent : node));
  }

  /**
   * Makes one value of another, key by key.
   *
   * @param path Where it stands.
   * @param old What it is.
   * @param value What it is to be.
   */
  change(path: Path, old: unknown, value: unknown): void {
    if (isSame(old, value)) return;
    if (Array.isArray(old) && Array.isArray(value) && old.length === value.length) {
      for (const [index, each] of value.entries()) this.change([...path, index], old[index], each);
      return;
    }
    if (!isTable(old) || !isTable(value)) {
      const { offset, length } = this.#node(path);
      const taken = offset - Math.max(this.#text.lastIndexOf("\n", offset), this.#text.lastIndexOf("\r", offset));
      const content = written(value, lineIndent(this.#text, offset), taken, this.#style);
      return this.#apply([{ offset, length, content }]);
    }
    for (const key of Object.keys(old)) if (!Object.hasOwn(value, key)) this.remove([...path, key]);
    for (const [key, each] of Object.entries(value)) {
      if (Object.hasOwn(old, key)) this.change([...path, key], old[key], each);
      else this.#add(path, key, each);
    }
  }

  #add(path: Path, key: string, value: unknown): void {
    const style = this.#style;
    const name = `${JSON.stringify(key)}: `;
    const item = (indent: string) => name + written(value, indent, indent.length + name.length, style);
    this.#apply(appended(this.#text, this.#node(path), item, style));
  }
}
