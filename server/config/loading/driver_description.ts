/**
 * The description that an entry's driver stands for, and where what is wrong with the whole stands: there, or in the entry.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { didYouMean, nearestFirst } from "../../bench/names.ts";
import { DescriptionError } from "../../devices/described/description_error.ts";
import type { Driver } from "../../devices/drivers/driver.ts";
import { builtInDrivers } from "../../devices/drivers/drivers.ts";
import { BenchFileError, type Path, type Problem, Source } from "../../files/source.ts";
import { readBytes } from "../read_bench.ts";
import { readyMade } from "../ready_made.ts";
import { driverSchema } from "../schema.ts";
import { formProblems } from "../validate.ts";
import type { Problems } from "./problems.ts";

/** The names of drivers that need no file. */
export const driverNames: readonly string[] = [...Object.keys(builtInDrivers), ...Object.keys(readyMade)];

/** The description of a driver. */
export class DriverDescription {
  /** What the driver says; nothing where the entry names none. */
  readonly words: Readonly<Record<string, unknown>> = {};
  /** The driver, where it is a built-in one. */
  readonly builtIn: Driver | undefined;
  /** The driver's own file, where it has one. */
  readonly source: Source | undefined;
  readonly #bench: Source;
  /** Where the entry stands. */
  readonly #at: Path;

  private constructor(bench: Source, at: Path, found: Driver | Source | undefined) {
    this.#bench = bench;
    this.#at = at;
    if (found instanceof Source) {
      const { $schema: _schema, ...words } = found.value as Record<string, unknown>;
      this.words = words;
      this.source = found;
    } else if (found !== undefined) {
      this.words = found.description;
      this.builtIn = found;
    }
  }

  /**
   * Finds it.
   *
   * @param name What the entry names, if anything: a built-in driver, or a file beside the bench file.
   * @throws {BenchFileError} Where there is none, or its file is wrong.
   */
  static async find(name: string | undefined, at: Path, problems: Problems): Promise<DriverDescription> {
    const { source } = problems;
    if (name === undefined) return new DriverDescription(source, at, undefined);
    if (Object.hasOwn(builtInDrivers, name)) return new DriverDescription(source, at, builtInDrivers[name]);
    if (!name.endsWith(".json") && !name.endsWith(".jsonc")) {
      const known = nearestFirst(name, driverNames).join(", ");
      const message = `there is no driver ${name}${didYouMean(name, driverNames)}: it is ${known}, or a file ` +
        "(.json, .ts, .js)";
      throw problems.error([...at, "driver"], message);
    }
    const file = join(dirname(source.file), name);
    await mustBeThere(file, at, problems);
    const own = Source.read(file, await readBytes(file));
    const wrong = formProblems(driverSchema, own.value, own);
    if (wrong.length > 0) throw new BenchFileError(wrong);
    return new DriverDescription(source, at, own);
  }

  /** Whether a part of the whole is what the driver's own file says. */
  #says(path: Path): boolean {
    return !this.#bench.has([...this.#at, ...path]) && this.source !== undefined && this.source.has(path);
  }

  /** The file that says a part of the whole. */
  fileOf(path: Path): string {
    return (this.#says(path) ? this.source! : this.#bench).file;
  }

  /** That a part of the whole is wrong, where it stands. */
  problem(path: Path, message: string): Problem {
    return this.#says(path)
      ? this.source!.problem(path, message)
      : this.#bench.problem([...this.#at, ...path], message);
  }

  /** What was thrown of the whole, as what is wrong where it stands. @returns It as it is, where it is nothing of that. */
  placed(error: unknown): unknown {
    if (error instanceof DescriptionError) return new BenchFileError([this.problem(error.path, error.message)]);
    if (error instanceof TypeError) return new BenchFileError([this.#bench.problem(this.#at, error.message)]);
    return error;
  }
}

/** A driver's file must be there. @throws {BenchFileError} */
export async function mustBeThere(file: string, at: Path, problems: Problems): Promise<void> {
  try {
    await Deno.stat(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw problems.error([...at, "driver"], `there is no file ${file}`);
  }
}
