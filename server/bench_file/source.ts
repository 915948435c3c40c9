/**
 * A file of JSON with comments, and where in it things are.
 *
 * @module
 */

import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "npm:jsonc-parser@3.3.1";
import { getNodeValue } from "npm:jsonc-parser@3.3.1";

/** A place in a value: keys and indexes from its top. */
export type Path = readonly (string | number)[];

/** Something that is wrong. */
export interface Problem {
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
}

/** A bench file, or a file that it names, is wrong. */
export class BenchFileError extends Error {
  /** All that is wrong, in the order of the file. */
  readonly problems: readonly Problem[];

  /** Makes it. @param problems What is wrong. */
  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join("\n"));
    this.name = "BenchFileError";
    this.problems = problems;
  }
}

function problemText({ file, line, column, where, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
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
   * @throws {BenchFileError} Where it is no JSON.
   */
  static parse(file: string, text: string): Source {
    const errors: ParseError[] = [];
    const tree = parseTree(text.replace(/^\uFEFF/, " "), errors, { allowTrailingComma: true });
    const source = new Source(file, tree && getNodeValue(tree), text, tree);
    if (errors.length > 0) {
      throw new BenchFileError(
        errors.slice(0, 5).map(({ error, offset }) => ({
          file,
          ...source.#position(offset),
          where: "",
          message: syntaxMessages[printParseErrorCode(error)] ?? `is no JSON: ${printParseErrorCode(error)}`,
        })),
      );
    }
    if (tree === undefined) throw new BenchFileError([{ file, line: 1, column: 1, where: "", message: "is empty" }]);
    const twice = repeatedKey(tree);
    if (twice !== undefined) {
      const key = String(twice.value);
      throw new BenchFileError([source.problemAt(twice.offset, "", `${key} stands here twice; only one would count`)]);
    }
    return source;
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
    const before = this.#text.slice(0, offset).split("\n");
    return { line: before.length, column: before.at(-1)!.length + 1 };
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

function repeatedKey(node: Node): Node | undefined {
  if (node.type === "object") {
    const seen = new Set<string>();
    for (const property of node.children ?? []) {
      const key = property.children![0]!;
      if (seen.has(key.value)) return key;
      seen.add(key.value);
    }
  }
  for (const child of node.children ?? []) {
    const found = repeatedKey(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
