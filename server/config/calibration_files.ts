/**
 * Reads tables of calibration that stand in files of their own: two columns of numbers, as calibration laboratories and
 * spreadsheets write them, and the curves of Lake Shore's sensors.
 *
 * @module
 */

import { isAbsolute, join, relative, sep } from "node:path";
import { Calibration, CalibrationError, type CalibrationTable } from "../devices/described/calibration.ts";
import { numberIn } from "../devices/described/number_text.ts";
import type { DescribedCalibration, DescribedField, Description } from "../devices/described/schema.ts";
import { BenchFileError, type Path, type Problem } from "../files/source.ts";
import { EncodingError, textOf } from "../files/text_encoding.ts";

/** The most points: what is more is no table of calibration. */
const mostPoints = 100_000;

type InFile = Extract<DescribedCalibration, { readonly file: string }>;

/** The files with tables of calibration that one bench names. */
export class CalibrationFiles {
  readonly #read = new Map<string, Promise<CalibrationTable | readonly Problem[]>>();

  /**
   * A description with its tables in the places of their files.
   *
   * @param description As it is written.
   * @param folderOf The folder in which a word's file is sought: that of the file that has the word.
   * @param wrong Is told what is wrong with a word.
   * @param inFile Is told what is wrong in a table.
   * @returns It; without a table that is wrong.
   */
  async fill(
    description: Description,
    folderOf: (path: Path) => string,
    wrong: (path: Path, message: string) => void,
    inFile: (problems: readonly Problem[]) => void,
  ): Promise<Description> {
    const filled = async <T extends Pick<DescribedField, "calibration">>(value: T, path: Path): Promise<T> => {
      const { calibration, ...others } = value;
      if (calibration === undefined || Array.isArray(calibration)) return value;
      const at = [...path, "calibration"];
      const { file, columns }: InFile = typeof calibration === "string" ? { file: calibration } : calibration;
      const folder = folderOf(at);
      const full = join(folder, file);
      const inside = relative(folder, full);
      if (isAbsolute(file) || inside === ".." || inside.startsWith(`..${sep}`)) {
        wrong(at, `${file} is not in the folder of the file that names it: put the table there`);
        return others as T;
      }
      const key = JSON.stringify([full, columns]);
      const known = this.#read.has(key);
      if (!known) this.#read.set(key, read(full, columns));
      const table = await this.#read.get(key)!;
      if (isTable(table)) return { ...value, calibration: table };
      // What is wrong in a table that several fields have is told once.
      if (!known) inFile(table.filter(({ line }) => line !== undefined));
      for (const { line, message } of table) if (line === undefined) wrong(at, message);
      return others as T;
    };
    const { fields, commands } = description;
    return {
      ...description,
      ...(fields === undefined ? {} : { fields: await each(fields, (field, name) => filled(field, ["fields", name])) }),
      ...(commands === undefined ? {} : {
        commands: await each(commands, async (command, name) => ({
          ...command,
          ...(command.arguments === undefined ? {} : {
            arguments: await each(
              command.arguments,
              (spec, argument) => filled(spec, ["commands", name, "arguments", argument]),
            ),
          }),
          ...(command.returns === undefined
            ? {}
            : { returns: await filled(command.returns, ["commands", name, "returns"]) }),
        })),
      }),
    };
  }
}

function isTable(read: CalibrationTable | readonly Problem[]): read is CalibrationTable {
  return Array.isArray(read[0]);
}

async function each<T>(
  table: Readonly<Record<string, T>>,
  change: (entry: T, name: string) => Promise<T>,
): Promise<Record<string, T>> {
  const changed: [string, T][] = [];
  for (const [name, entry] of Object.entries(table)) changed.push([name, await change(entry, name)]);
  return Object.fromEntries(changed);
}

async function read(file: string, columns?: InFile["columns"]): Promise<CalibrationTable | readonly Problem[]> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    const message = error instanceof Deno.errors.NotFound
      ? `there is no file ${file}`
      : `${file} cannot be read: ${(error as Error).message}`;
    return [{ file, where: "", message }];
  }
  try {
    return calibrationTable(file, bytes, columns);
  } catch (error) {
    if (error instanceof BenchFileError) return error.problems;
    if (!(error instanceof EncodingError)) throw error;
    const { line, column, message } = error;
    return [{ file, line, column, where: "", message }];
  }
}

/**
 * The table of a file.
 *
 * @param file The file's name, for errors and for its form.
 * @param bytes What it holds.
 * @param columns Which columns are what the instrument says and what is true, from 1. @default the two there are
 * @throws {BenchFileError} With the lines that are wrong.
 */
export function calibrationTable(
  file: string,
  bytes: Uint8Array,
  columns?: readonly [said: number, actual: number],
): CalibrationTable {
  // A header may be in any encoding that has the digits: UTF-16 has not.
  const text = bytes.includes(0) ? textOf(bytes) : new TextDecoder("windows-1252").decode(bytes);
  const lines = text.replace(/^ï»¿/, "").split(/\r\n?|\n/);
  const curve = /\.340$/i.test(file) ? lakeShoreCurve(lines) : undefined;
  const points: [said: number, actual: number][] = [];
  const lineOf = new Map<number, number>();
  const problems: Problem[] = [];
  const wrong = (line: number, message: string) => problems.push({ file, line, column: 1, where: "", message });
  for (const [index, whole] of lines.entries()) {
    const line = index + 1;
    const bare = whole.replace(/^\s*;.*|(?:#|%|!|\/\/).*$/, "").trim();
    if (bare === "" || (curve !== undefined && line <= curve.header)) continue;
    const row = cells(bare);
    const [said, actual] = columns ?? curve?.columns ?? [1, 2];
    const [x, y] = [row[said - 1], row[actual - 1]];
    // A header says what the columns are, before the first numbers.
    if (x === undefined && y === undefined && points.length === 0 && problems.length === 0) continue;
    if (columns === undefined && curve === undefined && row.length !== 2) {
      wrong(line, `has ${row.length} columns, and a table has two; say which they are, for example "columns": [1, 2]`);
    } else if (x === undefined || y === undefined) {
      const column = x === undefined ? said : actual;
      wrong(line, column > row.length ? `has no column ${column}` : `has no number in column ${column}`);
    } else if (points.length === mostPoints) {
      wrong(line, `is one more than the ${mostPoints} lines that a table may have`);
      break;
    } else {
      const commanded = curve?.isLogarithmic === true ? 10 ** x : x;
      points.push([commanded, y]);
      lineOf.set(commanded, line);
    }
    // One wrong line is seldom alone, and people read a few.
    if (problems.length === 5) break;
  }
  if (problems.length === 0 && points.length < 2) {
    wrong(lines.length, `has ${points.length === 0 ? "no line" : "one line"} of numbers, and a table has two or more`);
  }
  if (problems.length === 0) {
    try {
      new Calibration(points);
    } catch (error) {
      if (!(error instanceof CalibrationError)) throw error;
      wrong(lineOf.get(error.commanded)!, error.message);
    }
  }
  if (problems.length > 0) throw new BenchFileError(problems);
  return points;
}

/** The cells of a line: between semicolons, tabs, commas or blanks. */
function cells(line: string): (number | undefined)[] {
  const separator = [";", "\t", ","].find((each) => line.includes(each));
  const parts = separator === undefined ? line.split(/\s+/) : line.split(separator);
  // Where something else separates, a comma stands before the decimals.
  const comma = separator !== "," && line.includes(",");
  return parts.map((part) => numberIn(part.replace(/^\s*"(.*)"\s*$/, "$1"), comma));
}

/** What a Lake Shore curve says before its breakpoints. */
interface Curve {
  /** The number of the last line of its header. */
  readonly header: number;
  /** A number, what the sensor gives, and the temperature. */
  readonly columns: readonly [number, number];
  /** Whether the sensor's column is the logarithm of its resistance. */
  readonly isLogarithmic: boolean;
}

function lakeShoreCurve(lines: readonly string[]): Curve | undefined {
  const header = lines.findIndex((line) => /^\s*No\.\s+Units\b/i.test(line)) + 1;
  if (header === 0) return undefined;
  const format = lines.slice(0, header).find((line) => /^\s*Data Format:/i.test(line)) ?? "";
  return { header, columns: [2, 3], isLogarithmic: /Log Ohms/i.test(format) };
}
