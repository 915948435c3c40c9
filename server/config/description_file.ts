/**
 * Loads a description in a file of its own: as the driver of an instrument on a bench that is made up for it.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import type { Instrument } from "../bench/instrument.ts";
import { DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import { isModule } from "../devices/driver_process/modules.ts";
import { BenchFileError, Source } from "../files/source.ts";
import { loadBenchWith } from "./bench_file.ts";
import { notABench } from "./beside.ts";
import { loadSource } from "./loading/load_source.ts";
import type { Redirect } from "./loading/ports.ts";
import { readBytes } from "./read_bench.ts";
import { driverSchema } from "./schema.ts";
import { type Declared, nowhere, someParameter, somewhere } from "./stand_in.ts";

/**
 * Loads a bench file, or a description in a file of its own, for what simulates its instruments.
 *
 * @param file JSON with comments, or a module as of `loadBench`.
 * @param parameters What fills the places of a description's commands, where it has no defaults.
 * @param redirect As of `loadBench`; what it returns is not connected to.
 * @param drivers Run the drivers of one's own that stand beside it.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadSimulated(
  file: string,
  parameters: Readonly<Record<string, string>>,
  redirect: Redirect,
  drivers: DriverProcesses = new DriverProcesses(),
): Promise<void> {
  try {
    if (isModule(file) || isBench(Source.read(file, await readBytes(file)).value)) {
      await loadBenchWith(drivers, file, redirect);
    } else {
      await loadSource(benchAround(file, { title: basename(file), port: nowhere, parameters }), { drivers, redirect });
    }
  } finally {
    await drivers.close();
  }
}

/**
 * Loads a description in a file of its own, to check it: somewhere it is given a port of the kind that its words need, and
 * its parameters what they may be.
 *
 * @returns `undefined` where the file is a bench file, or code.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadDescription(drivers: DriverProcesses, file: string): Promise<Instrument | undefined> {
  if (isModule(file) || notABench(file) !== undefined) return undefined;
  let value: unknown;
  try {
    value = Source.read(file, await readBytes(file)).value;
  } catch (error) {
    // What is wrong with its form is told where it is read as a bench file.
    if (error instanceof BenchFileError) return undefined;
    throw error;
  }
  const isDescription = typeof value === "object" && value !== null && !isBench(value) &&
    ["fields", "commands"].some((word) => Object.hasOwn(value, word)) && !Object.hasOwn(value, "port");
  if (!isDescription) return undefined;
  const parsed = driverSchema.safeParse(value);
  const declared = Object.entries((value as { parameters?: Declared }).parameters ?? {});
  const source = benchAround(file, {
    title: "It",
    port: parsed.success ? somewhere(parsed.data) : nowhere,
    parameters: Object.fromEntries(declared.map(([name, spec]) => [name, someParameter(spec)])),
  });
  try {
    return (await loadSource(source, { drivers })).instruments[0];
  } catch (error) {
    if (!(error instanceof BenchFileError)) throw error;
    throw new BenchFileError(
      error.problems.map((problem) =>
        problem.file === source.file
          ? { file, where: problem.where.replace(/^instruments\[0\]\.?/, ""), message: problem.message }
          : { ...problem, file: problem.file === resolve(file) ? file : problem.file }
      ),
    );
  } finally {
    await drivers.close();
  }
}

/** A bench beside a description, with one instrument whose driver that is. */
function benchAround(
  file: string,
  entry: { readonly title: string; readonly port: string; readonly parameters: object },
) {
  const path = resolve(file);
  const instruments = [{ ...entry, driver: basename(path) }];
  return Source.ofValue(join(dirname(path), "bench.json"), { instruments });
}

function isBench(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "instruments");
}
