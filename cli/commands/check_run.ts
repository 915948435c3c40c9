/**
 * Checks a run's file against the bench that it is for, without a server.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { printable } from "../../protocol/printable.ts";
import { timeText } from "../../server/automation/run_file.ts";
import { drivable, filesOf, loadRun, readRun } from "../../server/automation/run_file.ts";
import { timeOfAll } from "../../server/automation/steps.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import { notABench } from "../../server/config/beside.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { UsageError } from "../exit_codes.ts";
import { painter, writeJson } from "../output.ts";

/** Whether a file's name is that of a run. */
export function isRun(file: string): boolean {
  return /\.run\.jsonc?$/.test(file);
}

/**
 * Says what is wrong with a run's file, or what it does.
 *
 * @param bench The bench file. @default the only one beside the run's file
 */
export async function checkRun(context: CliContext, json: boolean, file: string, bench?: string): Promise<void> {
  const text = await textOf(file);
  const read = readRun(file, text);
  const against = bench ?? await benchBeside(file);
  const { instruments, close } = await loadBenchWith(driverProcesses(), against);
  await close();
  const files = new Map<string, string | undefined>();
  for (const name of filesOf(read.words)) {
    files.set(name, await Deno.readTextFile(join(dirname(against), name)).catch(() => undefined));
  }
  const run = loadRun(read, { instruments: drivable(instruments), given: {}, onlyChecked: true, files });
  const { seconds, atLeast } = timeOfAll(run.steps);
  if (json) {
    return writeJson(context, {
      run: run.title,
      bench: against,
      instruments: run.instruments,
      steps: run.steps.map(({ text }) => text),
      finally: run.finally.map(({ text }) => text),
      seconds,
      atLeast,
    });
  }
  const paint = painter(context.colour);
  const steps = (of: typeof run.steps) =>
    of.map(({ text }, at) => `${String(at + 1).padStart(4)}. ${printable(text)}\n`);
  context.process.stdout.write(
    `${paint.green("well formed")}: ${printable(run.title)}, ${run.steps.length} steps, ${atLeast ? "at least " : ""}${
      timeText(Math.round(seconds))
    }; it drives ${printable(run.instruments.join(", ") || "nothing")} of ${printable(against)}\n` +
      steps(run.steps).join("") + (run.finally.length === 0 ? "" : `finally\n${steps(run.finally).join("")}`),
  );
}

/** The text of a run's file. */
export async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no file ${file}`);
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

/** The only bench file beside a run's file. */
export async function benchBeside(file: string): Promise<string> {
  const folder = dirname(file);
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !/\.jsonc?$/.test(name) || isRun(name) || notABench(name) || name.endsWith(".previous.json")) {
      continue;
    }
    const text = await Deno.readTextFile(join(folder, name)).catch(() => "");
    // A schema has the word too, and is no bench.
    if (/"instruments"\s*:\s*\[/.test(text)) found.push(join(folder, name));
  }
  if (found.length === 1) return found[0]!;
  const there = found.length === 0
    ? "there is none beside it"
    : `beside it are ${found.map((each) => basename(each)).join(", ")}`;
  throw new UsageError(`Say for which bench ${file} is: ${there}; give --bench lab.json`);
}
