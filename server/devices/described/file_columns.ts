/**
 * The columns of lines that another program writes into a file.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { didYouMean } from "../../bench/names.ts";
import { headingMark } from "../transports/file.ts";

/** Finds columns by number or by name. */
export class FileColumns {
  readonly #separator: string;
  #heading: string | undefined;
  #names: readonly string[] = [];

  /** Takes nothing yet. @param separator What stands between columns; a space is any white space. */
  constructor(separator = ",") {
    this.#separator = separator;
  }

  /** Takes the first line of a file. @returns Whether it was that. */
  takeHeading(line: string): boolean {
    if (!line.startsWith(headingMark)) return false;
    this.#heading = line.slice(1);
    this.#names = this.#cells(this.#heading.replace(/^\ufeff|^\xef\xbb\xbf/, "").replace(/^#\s*/, ""));
    return true;
  }

  /**
   * The text in a column.
   *
   * @param column Its number, from 1, or its name in the first line.
   * @param understands Whether a text can be a value of this column.
   * @returns `undefined` where the line is none with values: it is empty, a comment, or has the columns' names.
   * @throws {HeliographError} The line, or the file, is without the column.
   */
  cell(line: string, column: number | string, understands: (said: string) => boolean): string | undefined {
    if (/^\s*(?:#|$)/.test(line)) return undefined;
    const isHeading = line === this.#heading;
    if (isHeading && typeof column === "string") return undefined;
    const index = typeof column === "number" ? column - 1 : this.#names.indexOf(column);
    if (index < 0) {
      throw new HeliographError(
        "command_failed",
        `the file's first line has no column ${JSON.stringify(column)}; it has ${
          this.#names.map((name) => JSON.stringify(name)).join(", ")
        }${didYouMean(String(column), this.#names)}`,
      );
    }
    const cells = this.#cells(line);
    // One that ends with a separator has an empty one more.
    if (typeof column === "string" && cells.slice(this.#names.length).some((each) => each !== "")) {
      throw new HeliographError(
        "command_failed",
        `a line has ${cells.length} columns, and the file's first line has ${this.#names.length}, so that it is not ` +
          `known which is ${JSON.stringify(column)}: ${JSON.stringify(line)}; a ${JSON.stringify(this.#separator)} ` +
          "within a value has to stand in quotes",
      );
    }
    const cell = cells[index];
    if (isHeading && (cell === undefined || !understands(cell))) return undefined;
    if (cell === undefined) {
      const number = index + 1;
      throw new HeliographError(
        "command_failed",
        `a line has ${cells.length} columns, and no ${number}: ${JSON.stringify(line)}`,
      );
    }
    return cell;
  }

  /** The cells of a line; one in quotes may hold the separator, and quotes twice. */
  #cells(line: string): string[] {
    if (this.#separator.trim() === "" && this.#separator !== "\t") return line.trim().split(/\s+/);
    const cells: string[] = [];
    let rest = line;
    for (;;) {
      const quoted = /^\s*"((?:[^"]|"")*)"\s*/.exec(rest);
      const end = quoted === null ? rest.indexOf(this.#separator) : quoted[0].length;
      const isQuoted = quoted !== null && (end === rest.length || rest.startsWith(this.#separator, end));
      const stop = isQuoted ? end : rest.indexOf(this.#separator);
      const last = stop < 0 || stop >= rest.length;
      cells.push(isQuoted ? quoted[1]!.replaceAll('""', '"') : (last ? rest : rest.slice(0, stop)).trim());
      if (last) return cells;
      rest = rest.slice(stop + this.#separator.length);
    }
  }
}
