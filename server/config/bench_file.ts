/**
 * Loads a bench file.
 *
 * @module
 */

import { DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import type { Simulator } from "../devices/simulators/simulator.ts";
import type { Port } from "../devices/transports/port.ts";
import { BenchFileError, type Problem, type Source } from "../files/source.ts";
import { notABench } from "./beside.ts";
import type { LoadedBench } from "./loaded_bench.ts";
import type { Describing } from "./loading/instrument_maker.ts";
import { loadSource, type Standing } from "./loading/load_source.ts";
import type { Redirect } from "./loading/ports.ts";
import { readBench } from "./read_bench.ts";

/**
 * Loads a bench file.
 *
 * @example
 * ```ts
 * import { HeliographServer, loadBench } from "@heliograph/heliograph";
 *
 * const file = await Deno.makeTempFile({ suffix: ".json" });
 * await Deno.writeTextFile(file, `{ "instruments": [{ "title": "Telescope", "driver": "simulated-telescope" }] }`);
 * const { instruments } = await loadBench(file);
 * await using server = new HeliographServer({ instruments, commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * console.log(await server.commandServer.command("list")); // OK telescope
 * await Deno.remove(file);
 * ```
 *
 * @param file JSON with comments; or `.ts` or `.js`, which exports the same as a value, or a function that is given
 * heliograph and returns it. There `instruments` may also hold instruments that were made by `defineInstrument`.
 * @param redirect Changes an instrument's address before its port is made, to a simulator's for example. It is given
 * the address as the bench file has it, what makes the instrument's simulator where its driver has one, what people
 * call it, and what makes a simulator of its description; `missing` says what of that is not simulated. @default as they
 * are
 * @param imageFolders Absolute paths of the folders that images may be written to. @default what the file says, or
 * `images` beside it
 * @returns The bench. No port has been opened; drivers that are code have been loaded, each in its process.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export function loadBench(
  file: string,
  redirect?: (
    address: string,
    simulator: (() => Simulator) | undefined,
    title: string,
    described: (() => Simulator & { readonly missing: readonly string[] }) | undefined,
  ) => string,
  imageFolders?: readonly string[],
): Promise<LoadedBench> {
  return loadBenchWith(new DriverProcesses(), file, redirect, imageFolders);
}

/**
 * Loads a bench file whose drivers that are code are run by what is given.
 *
 * @param drivers What runs them; it is closed where the file cannot be loaded.
 * @param describing Changes descriptions. @default as they are
 */
export async function loadBenchWith(
  drivers: DriverProcesses,
  file: string,
  redirect?: Redirect,
  imageFolders?: readonly string[],
  describing?: Describing,
): Promise<LoadedBench> {
  const message = notABench(file);
  if (message !== undefined) throw new BenchFileError([{ file, where: "", message }]);
  const problems: Problem[] = [];
  const source = await readBench(file, problems);
  try {
    return await loadSource(source, { drivers, problems, redirect, imageFolders, describing });
  } catch (error) {
    await drivers.close();
    throw error;
  }
}

/**
 * Loads a bench whose file is changed while it runs: only what does not stand there yet is made, without reading a file.
 *
 * @param source The file as it is to be.
 * @param standing What stands there, by the place in the file.
 * @param options `redirect` as of {@linkcode loadBench}; where images may be written; the overview drawing.
 * @throws {BenchFileError} With all that is wrong, where, and what would be right.
 */
export async function loadChanged(
  source: Source,
  standing: ReadonlyMap<number, Standing>,
  { redirect, imageFolders, drawing, beside }: {
    readonly redirect?: Redirect | undefined;
    readonly imageFolders: readonly string[];
    /** The overview drawing, as SVG, that is to fit what it becomes. @default it is not looked at */
    readonly drawing?: string | undefined;
    /** Ports that are used where they are named, besides those of what stands there. @default none */
    readonly beside?: readonly Port[];
  },
): Promise<LoadedBench> {
  const drivers = new DriverProcesses();
  try {
    const ports = beside ?? [];
    return await loadSource(source, { drivers, redirect, imageFolders, standing, ports, drawing: { svg: drawing } });
  } finally {
    await drivers.close();
  }
}
