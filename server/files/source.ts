/**
 * A file of JSON with comments, with the line and column of everything in it.
 *
 * @module
 */

import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "npm:jsonc-parser@3.3.1";
import { EncodingError, textOf } from "./text_encoding.ts";

/** A place in a value: keys and indexes from its top. */
export type Path = readonly (string | number)[];

/**
 * A bench file, or a file that it names, is wrong.
 *
 * @example
 * ```ts
 * import { BenchFileError, loadBench } from "@heliograph/heliograph";
 *
 * try {
 *   await loadBench("nowhere.json");
 * } catch (error) {
 *   if (!(error instanceof BenchFileError)) throw error;
 *   for (const { where, message } of error.problems) console.log(where, message); // there is no such file; …
 * }
 * ```
 */
export class BenchFileError extends Error {
  /** All that is wrong, in the order of the file. */
  readonly problems: readonly {
    /** The file. */
    readonly file: string;
    /** The line, from 1; `undefined` where the file has none, as a module. */
    readonly line?: number;
    /** The column, from 1. */
    readonly column?: number;
    /** The place, for example `instruments[2].fields.Voltage`; empty for the whole file. */
    readonly where: string;
    /** What is wrong, and what would be right. */
    readonly message: string;
  }[];

  /** Makes it. @param problems What is wrong. */
  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join("\n"));
    this.name = "BenchFileError";
    this.problems = problems;
  }
}

/** Something that is wrong. */
export type Problem = BenchFileError["problems"][number];

function problemText({ file, line, column, where, message }: Problem): string {
  const place = [file, ...line === undefined ? [] : [line], ...column === undefined ? [] : [column]].join(":");
  return where === "" ? `${place}: ${message}` : `${place}: ${where}: ${message}`;
}

/** A path as people read it: `instruments[2].fields["Actual Flow"]`. */
export function pathText(path: Path): string {
  return path.map((key, index) => {
    if (typeof key === "number") return `[${key}]`;
    if (!/^[\w$]+$/.test(key)) return `[${JSON.stringify(key)}]`;
    return index === 0 ? key : `.${key}`;
  }).join("");
}

/** A file that was read: its value, and where in the text each part of it is. */
export class Source {
  /** The file's name. */
  readonly file: string;
  /** What it says. */
  readonly value: unknown;
  readonly #text: string;
  readonly #tree: Node | undefined;
  #lineStarts: number[] | undefined;

  private constructor(file: string, value: unknown, text: string, tree: Node | undefined) {
    this.file = file;
    this.value = value;
    this.#text = text;
    this.#tree = tree;
  }

  /**
   * Reads JSON with comments and trailing commas.
   *
   * @param file The file's name, for errors.
   * @param text What it holds.
   * @param twice Is given the keys that stand twice, where the rest of the file is checked too. @default they are thrown
   * @throws {BenchFileError} Where it is no JSON.
   */
  static parse(file: string, text: string, twice?: Problem[]): Source {
    const errors: ParseError[] = [];
    const marked = text.replace(/^\uFEFF/, " ");
    const deep = tooDeep(marked);
    if (deep !== undefined) {
      const message = `is nested deeper than ${deepest} levels here; a bench file needs ten`;
      throw new BenchFileError([new Source(file, undefined, text, undefined).problemAt(deep, "", message)]);
    }
    const tree = parseTree(marked, errors, { allowTrailingComma: true });
    const source = new Source(file, tree && getNodeValue(tree), text, tree);
    if (errors.length > 0) {
      throw new BenchFileError(
        errors.slice(0, 5).map(({ error, offset }) => ({
          file,
          ...source.#position(offset),
          where: "",
          message: lookalike(text.charAt(offset)) ?? syntaxMessages[printParseErrorCode(error)] ??
            `is no JSON: ${printParseErrorCode(error)}`,
        })),
      );
    }
    if (tree === undefined) throw new BenchFileError([{ file, line: 1, column: 1, where: "", message: "is empty" }]);
    const [lost, doubled] = wrongKeys(tree, source);
    twice?.push(...doubled);
    if (lost.length > 0 || (twice === undefined && doubled.length > 0)) {
      throw new BenchFileError([...lost, ...doubled].sort((a, b) => a.line! - b.line!));
    }
    return source;
  }

  /**
   * Reads the bytes of a file.
   *
   * @param file The file's name, for errors.
   * @param bytes What it holds.
   * @param twice As of {@linkcode Source.parse}.
   * @throws {BenchFileError} Where it is not UTF-8, or no JSON.
   */
  static read(file: string, bytes: Uint8Array, twice?: Problem[]): Source {
    try {
      return Source.parse(file, textOf(bytes), twice);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      const { line, column, message } = error;
      throw new BenchFileError([{ file, line, column, where: "", message }]);
    }
  }

  /** A value that comes from code, and has no lines. */
  static ofValue(file: string, value: unknown): Source {
    return new Source(file, value, "", undefined);
  }

  /** Whether the file itself says something there. */
  has(path: Path): boolean {
    return this.#tree !== undefined && findNodeAtLocation(this.#tree, [...path]) !== undefined;
  }

  /**
   * A problem with a part of the file.
   *
   * @param path The part; where the file does not have it, the next larger one is pointed at.
   * @param message What is wrong, and what would be right.
   * @param shown How the part is called. @default as in the file
   */
  problem(path: Path, message: string, shown: Path = path): Problem {
    const where = pathText(shown);
    if (this.#tree === undefined) return { file: this.file, where, message };
    for (let length = path.length; length > 0; length--) {
      const node = findNodeAtLocation(this.#tree, path.slice(0, length));
      if (node === undefined) continue;
      // A property's key says more than where its value begins.
      const at = node.parent?.type === "property" ? node.parent : node;
      return this.problemAt(at.offset, where, message);
    }
    return this.problemAt(this.#tree.offset, where, message);
  }

  /** A problem at a place in the text. */
  problemAt(offset: number, where: string, message: string): Problem {
    return { file: this.file, ...this.#position(offset), where, message };
  }

  #position(offset: number): { line: number; column: number } {
    const starts = this.#lineStarts ??= lineStarts(this.#text);
    let [line, above] = [0, starts.length];
    while (above - line > 1) {
      const middle = (line + above) >> 1;
      if (starts[middle]! <= offset) line = middle;
      else above = middle;
    }
    return { line: line + 1, column: offset - starts[line]! + 1 };
  }
}

const syntaxMessages: Readonly<Record<string, string>> = {
  InvalidSymbol: "this is neither a text in double quotes nor a number, true, false or null",
  InvalidNumberFormat: "this is no number",
  PropertyNameExpected: "a name in double quotes should stand here",
  ValueExpected: "a value should stand here",
  ColonExpected: "a colon is missing before this",
  CommaExpected: "a comma is missing before this",
  CloseBraceExpected: "a } is missing here",
  CloseBracketExpected: "a ] is missing here",
  EndOfFileExpected: "nothing may follow the last }",
  UnexpectedEndOfComment: "this comment has no end: */ is missing",
  UnexpectedEndOfString: "this text has no end: a double quote is missing on its line",
  UnexpectedEndOfNumber: "this number has no end",
  InvalidUnicode: "this is no Unicode escape: \\u takes four hexadecimal digits",
  InvalidEscapeCharacter: "this escape is not known: write \\\\ for a backslash",
  InvalidCharacter: "this character must be written as an escape, for example \\t",
};

/** The deepest nesting of a file: what reads it goes down as deep. */
const deepest = 64;

/** The kinds of tokens that nest, by the parser's numbers, which it exports as a type only. */
const tokens = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 } as const;

/** The place where a text is nested too deep; `undefined` where it is not. */
function tooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token = scanner.scan(); token !== tokens.end; token = scanner.scan()) {
    if (token === tokens.openBrace || token === tokens.openBracket) depth++;
    else if (token === tokens.closeBrace || token === tokens.closeBracket) depth--;
    if (depth > deepest) return scanner.getTokenOffset();
  }
  return undefined;
}

/** The offset of each line of a text; a CR alone ends a line too, as the parser has it. */
function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), ({ 0: end, index }) => index + end.length)];
}

/** Characters that word processors, messengers and web pages put in the place of others. */
const lookalikes: readonly (readonly [RegExp, string])[] = [
  [/[\u201c-\u201f\u00ab\u00bb\u2033]/, "a typographic quote: write a plain double quote"],
  [/[\u2018-\u201b\u2032]/, "a typographic quote: write a plain double quote, and JSON knows no single ones"],
  [/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/, "a blank of another kind: write a plain one"],
  [/[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/, "a character that is not seen: leave it out"],
];

/** The message about a character that stands where JSON has none; `undefined` where nothing is strange with it. */
function lookalike(character: string): string | undefined {
  const [, message] = lookalikes.find(([kind]) => kind.test(character)) ?? [];
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return message && `here is U+${code}, ${message}`;
}

/** The keys that no object can have, and those that stand twice in theirs. */
function wrongKeys(tree: Node, source: Source): [lost: Problem[], doubled: Problem[]] {
  const [lost, doubled]: [Problem[], Problem[]] = [[], []];
  const nodes = [tree];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    nodes.push(...node.children ?? []);
    const seen = new Set<string>();
    for (const property of node.type === "object" ? node.children ?? [] : []) {
      const { value: key, offset } = property.children![0]!;
      if (seen.has(key)) doubled.push(source.problemAt(offset, "", `${key} stands here twice; only one would count`));
      if (key === "__proto__") {
        const message = "__proto__ cannot be a name: it has a meaning of its own in JavaScript; choose another one";
        lost.push(source.problemAt(offset, "", message));
      }
      seen.add(key);
    }
  }
  return [lost, doubled];
}
