/**
 * Checks a run's file against the bench that it is for, without a server.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { printable } from "../../protocol/printable.ts";
import { Principal } from "../../server/access/principal.ts";
import { describeSteps } from "../../server/automation/step_times.ts";
import { timeText } from "../../server/automation/step_text.ts";
import { loadRun } from "../../server/automation/load_run.ts";
import { drivable, type LoadedRun, type RunSurroundings } from "../../server/automation/loaded_run.ts";
import { filesOf, readRun } from "../../server/automation/run_file.ts";
import { isProgram, onItsSteps, yieldedBy } from "../../server/automation/program_run.ts";
import { Scripts } from "../../server/automation/script_process.ts";
import { counted, isScript, scriptRun } from "../../server/automation/script_run.ts";
import { timeOfAll } from "../../server/automation/steps.ts";
import { Bench } from "../../server/bench/bench.ts";
import { NobodyElsewhere } from "../../server/bench/elsewhere.ts";
import type { Instrument } from "../../server/bench/instrument.ts";
import type { Answer, Ask } from "../../server/code/messages.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import { notABench } from "../../server/config/beside.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { UsageError } from "../exit_codes.ts";
import { withSandbox } from "../own_sandbox.ts";
import { painter, writeJson } from "../output.ts";
import { uncheckedWarnings } from "./bench_warnings.ts";

/** Whether a file's name is that of a run. */
export function isRun(file: string): boolean {
  return /\.run\.jsonc?$/.test(file) || isScript(file) || isProgram(file);
}

/**
 * Says what is wrong with a run's file, or what it does. A PyOpticon script is run once for that, in a sandbox, and sees
 * no readings.
 *
 * @param bench The bench file. @default the only one beside the run's file
 */
export async function checkRun(context: CliContext, json: boolean, file: string, bench?: string): Promise<void> {
  const text = await textOf(file);
  const against = bench ?? await benchBeside(file);
  const { instruments: all, site, fleet, close } = await loadBenchWith(driverProcesses(), against);
  const elsewhere = fleet && new NobodyElsewhere("other PCs are not asked when a run is checked");
  await close();
  const instruments = drivable(all);
  const run = isScript(file)
    ? scriptRun(
      file,
      await inSandbox(instruments, (scripts, principal) => scripts.stepsOf({ file, source: text, principal })),
      instruments,
    )
    : isProgram(file)
    ? await loadProgram(file, text, against, { instruments, site, elsewhere })
    : await loadNative(file, text, against, { instruments, site, elsewhere });
  const warnings = uncheckedWarnings(elsewhere?.named);
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
      warnings,
    });
  }
  const paint = painter(context.colour);
  const steps = (of: typeof run.steps) =>
    describeSteps(of, 0, false, run).map(({ text, number }) =>
      `${number === null ? "     " : `${String(number).padStart(4)}.`} ${printable(text)}\n`
    );
  context.process.stdout.write(
    `${paint.green("well formed")}: ${printable(run.title)}, ${counted(run)} steps, ${atLeast ? "at least " : ""}${
      timeText(Math.round(seconds))
    }; it drives ${printable(run.instruments.join(", ") || "nothing")} of ${printable(against)}\n` +
      steps(run.steps).join("") + (run.finally.length === 0 ? "" : `finally\n${steps(run.finally).join("")}`) +
      warnings.map((each) => `${paint.yellow("warning")}: ${printable(each)}\n`).join(""),
  );
}

async function loadNative(
  file: string,
  text: string,
  bench: string,
  surroundings: Pick<RunSurroundings, "instruments" | "site" | "elsewhere">,
): Promise<LoadedRun> {
  const read = readRun(file, text);
  const files = new Map<string, string | undefined>();
  for (const name of filesOf(read.words)) {
    files.set(name, await Deno.readTextFile(join(dirname(bench), name)).catch(() => undefined));
  }
  return loadRun(read, { ...surroundings, given: {}, onlyChecked: true, files });
}

async function loadProgram(
  file: string,
  source: string,
  bench: string,
  surroundings: Pick<RunSurroundings, "instruments" | "site" | "elsewhere">,
): Promise<LoadedRun> {
  const text = await inSandbox(surroundings.instruments, (scripts, principal) => {
    const evaluate = (expression: string) => scripts.evaluate(expression, { file, principal });
    return yieldedBy(file, source, {}, evaluate, true);
  });
  return await onItsSteps(() => loadNative(file, text, bench, surroundings));
}

/** Runs code that makes a run, on a bench whose readings nobody knows. */
async function inSandbox<T>(
  instruments: readonly Instrument[],
  work: (scripts: Scripts, principal: Principal) => Promise<T>,
): Promise<T> {
  return await withSandbox((runner) => {
    const bench = new Bench(instruments);
    const scripts = new Scripts({
      bench,
      ...runner,
      answer: (ask) => Promise.resolve(answerWithout(ask, instruments)),
    });
    return work(scripts, new Principal({ by: "program" }, "observer"));
  });
}

/** What a script's dashboard answers where no server is. */
function answerWithout(ask: Ask, instruments: readonly Instrument[]): Answer {
  switch (ask.ask) {
    case "instruments": {
      const named = instruments.filter(({ title }) => ask.instrument === null || ask.instrument === title);
      if (named.length > 0) return { value: named.map(({ title, caption }) => ({ title, name: caption })) };
      return { error: { code: "unknown_instrument", message: `there is no instrument ${ask.instrument}` } };
    }
    case "dashboard":
      return { value: { name: "heliograph", connected: false } };
  }
  return {
    error: { code: "unavailable", message: "readings are not known where a script is checked without its server" },
  };
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
