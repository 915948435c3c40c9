/**
 * The subcommands for bench files: `init`, `check`, `schema`.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { basename, dirname, join } from "node:path";
import { printable } from "../../protocol/printable.ts";
import { BenchFileError } from "../../server/files/source.ts";
import { notABench } from "../../server/config/beside.ts";
import type { Instrument } from "../../server/bench/instrument.ts";
import { didYouMean } from "../../server/bench/names.ts";
import { loadBenchWith } from "../../server/config/bench_file.ts";
import { loadDescription } from "../../server/config/description_file.ts";
import type { LoadedBench } from "../../server/config/loaded_bench.ts";
import { runJsonSchema } from "../../server/automation/run_schema.ts";
import { benchJsonSchema } from "../../server/config/schema.ts";
import { PortContact } from "../../server/devices/transports/contact.ts";
import { schemaFile, starterBench } from "../../server/config/starter.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { UsageError } from "../exit_codes.ts";
import { painter, table, writeJson } from "../output.ts";
import { uncheckedWarnings } from "./bench_warnings.ts";
import { checkRun, isRun } from "./check_run.ts";

const schemaText = () => `${JSON.stringify(benchJsonSchema(), null, 2)}\n`;

const json = { kind: "boolean", default: false, brief: "Print JSON" } as const;

/** `heliograph init [FILE]` */
export const initCommand = buildCommand({
  docs: { brief: "Write a bench file to begin with, and the schema from which editors complete it" },
  parameters: {
    flags: {},
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "FILE", brief: "The file", parse: String, default: "bench.json" }],
    },
  },
  async func(this: CliContext, _flags: Record<never, never>, file: string): Promise<void> {
    if (!/\.jsonc?$/.test(file)) throw new UsageError(`Cannot write ${file}: a bench file's name ends in .json`);
    const wrong = notABench(file);
    if (wrong !== undefined) throw new UsageError(`Cannot write ${file}: it ${wrong}`);
    try {
      await Deno.writeTextFile(file, starterBench, { createNew: true });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        throw new UsageError(
          `${file} is there already, and is left as it is; give another name: ${this.program} init FILE`,
        );
      }
      if (error instanceof Deno.errors.NotFound) throw new UsageError(`Cannot write ${file}: there is no such folder`);
      throw error;
    }
    const schema = join(dirname(file), schemaFile);
    await Deno.writeTextFile(schema, schemaText());
    this.process.stdout.write(
      `Wrote ${file}, and ${schema} for editors. Next:\n` +
        `  ${this.program} check ${file}\n` +
        `  ${this.program} server --bench ${file} --simulate    without the hardware\n` +
        `  ${this.program} server --bench ${file}\n`,
    );
  },
});

/**
 * An instrument of a bench file.
 *
 * @param named Its name or title.
 * @throws {UsageError} With those there are.
 */
export function benchInstrument({ instruments }: LoadedBench, file: string, named: string): Instrument {
  const found = instruments.find(({ name, title }) => name === named || title === named) ??
    instruments.find(({ title }) => title.toLowerCase() === named.toLowerCase());
  if (found !== undefined) return found;
  const titles = instruments.map(({ title }) => title);
  throw new UsageError(
    `There is no ${named} in ${file}${didYouMean(named, titles)}: it has ${titles.join(", ")}`,
    "unknown_instrument",
  );
}

/** The error where it is not said which instrument of a bench file. */
export function whichInstrument({ instruments }: LoadedBench, file: string): UsageError {
  const there = instruments.map(({ name, title }) => `${name} (${title})`).join(", ");
  return new UsageError(`Say which instrument of ${file}: it has ${there}`);
}

/** `heliograph check FILE` */
export const checkCommand = buildCommand({
  docs: {
    brief: "Say what is wrong with a bench file, a description or a run, or what stands on the bench; opens no port",
  },
  parameters: {
    flags: {
      json,
      bench: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "For a run: the bench file that it is for; default the one beside it",
        placeholder: "FILE",
      },
    },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "FILE", brief: "The bench file", parse: String, default: "bench.json" }],
    },
  },
  async func(this: CliContext, flags: { json: boolean; bench?: string }, file: string): Promise<void> {
    if (isRun(file)) return await checkRun(this, flags.json, file, flags.bench);
    const description = await loadDescription(driverProcesses(), file);
    if (description !== undefined) return describeAlone(this, flags.json, file, description);
    const { name = "heliograph", instruments, missing, unchecked, close } = await loadBenchWith(
      driverProcesses(),
      file,
    );
    await close();
    if (missing.length > 0) throw new BenchFileError(missing);
    const onBus = countOnBuses(instruments);
    const rows = instruments.map(({ name, title, summary, allFields, commands, contact }) => ({
      name,
      title,
      summary,
      port: contact?.address ?? "",
      fields: allFields.map(({ title }) => title),
      commands: [...commands.keys()],
      immediate: [...commands].filter(([, { immediate }]) => immediate).map(([command]) => command),
      ...(contact instanceof PortContact ? immediateTimes(contact, onBus) : {}),
    }));
    const warnings = [...instruments.flatMap(stopWarnings), ...uncheckedWarnings(unchecked)];
    if (flags.json) return writeJson(this, { name, instruments: rows, warnings });
    const paint = painter(this.colour);
    this.process.stdout.write(
      `${paint.green("well formed")}: ${printable(name)}, ${rows.length} instrument${rows.length === 1 ? "" : "s"}\n`,
    );
    const cells = rows.map((row) => [
      row.name,
      row.title,
      row.port,
      row.fields.join(", "),
      row.commands.join(", "),
    ]);
    this.process.stdout.write(table(["name", "title", "port", "fields", "commands"], cells, paint));
    for (const { name, immediate, immediateWithin, immediateAnew = 0, immediateWaitsFor } of rows) {
      if (immediate.length === 0 || immediateWithin === undefined) continue;
      const commands = immediate.map((command) => `${name}.${command}`).join(", ");
      const anew = immediateAnew === 0
        ? ""
        : `, or ${
          shortTime(immediateAnew)
        } where its last question had no answer, or a late one could be taken for its own: ` +
          "the line is opened anew first";
      const waits = immediateWaitsFor === undefined ? "" : `; ${immediateWaitsFor}`;
      this.process.stdout.write(
        `at once: ${commands}: on the wire within ${
          shortTime(immediateWithin)
        } while the port is open${anew}${waits}\n`,
      );
    }
    writeWarnings(this, warnings);
  },
});

/** Tells that a description by itself is right, and how a bench file names it. */
function describeAlone(context: CliContext, json: boolean, file: string, instrument: Instrument): void {
  const { allFields, commands } = instrument;
  const warnings = stopWarnings(instrument);
  const [fields, names] = [allFields.map(({ title }) => title), [...commands.keys()]];
  if (json) return writeJson(context, { description: file, fields, commands: names, warnings });
  const paint = painter(context.colour);
  context.process.stdout.write(
    `${paint.green("well formed")}: a description of one instrument\n` +
      table(["fields", "commands"], [[fields.join(", "), names.join(", ")]], paint) +
      `In a bench file: { "title": "…", "driver": "${printable(basename(file))}", "port": "…" }\n`,
  );
  writeWarnings(context, warnings);
}

/** What a command that stops something is called, in one of the words of its name. */
const stopping = new Set(
  "abort cancel close emergency estop halt kill off shut shutdown stop".split(" "),
);

/** Commands that are called as if they stopped something, and are only immediate: that is less than people think. */
function stopWarnings({ name, title, commands }: Instrument): string[] {
  return [...commands].flatMap(([command, { immediate, stop, role }]) => {
    const called = command.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().split("_");
    if (!immediate || stop || role === "observer" || !called.some((word) => stopping.has(word))) return [];
    return [
      `${name}.${command} is "immediate": true, which waits for nothing, but whoever has control of ${title} keeps ` +
      'others from it, and interlocks may forbid it. If it stops something, write "stop": true instead: then nothing ' +
      "keeps an operator from it",
    ];
  });
}

function writeWarnings(context: CliContext, warnings: readonly string[]): void {
  const paint = painter(context.colour);
  for (const each of warnings) context.process.stdout.write(`${paint.yellow("warning")}: ${printable(each)}\n`);
}

/** How many instruments share each bus. */
function countOnBuses(instruments: readonly Instrument[]): Map<string, number> {
  const onBus = new Map<string, number>();
  for (const { contact } of instruments) {
    const bus = contact instanceof PortContact ? contact.bus : undefined;
    if (bus !== undefined) onBus.set(bus, (onBus.get(bus) ?? 0) + 1);
  }
  return onBus;
}

/** How soon something immediate is on the wire, in seconds: usually, and where the line is opened anew before. */
function immediateTimes(contact: PortContact, onBus: ReadonlyMap<string, number>) {
  const { bus, anewWithin, immediateWaitsFor } = contact;
  const immediateWithin = contact.immediateWithin(bus === undefined ? 0 : onBus.get(bus)! - 1);
  return {
    immediateWithin,
    ...(anewWithin === 0 ? {} : { immediateAnew: immediateWithin + anewWithin }),
    ...(immediateWaitsFor === undefined ? {} : { immediateWaitsFor }),
  };
}

function shortTime(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${Math.round(seconds * 10) / 10} s`;
}

/** `heliograph schema [run]` */
export const schemaCommand = buildCommand({
  docs: { brief: "Print the JSON Schema of bench files, or of runs, for editors" },
  parameters: {
    flags: {},
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "OF",
        brief: "bench or run",
        parse: schemaOf,
        default: "bench",
        proposeCompletions: () => ["bench", "run"],
      }],
    },
  },
  func(this: CliContext, _flags: Record<never, never>, of: "bench" | "run"): void {
    this.process.stdout.write(of === "bench" ? schemaText() : `${JSON.stringify(runJsonSchema(), null, 2)}\n`);
  },
});

function schemaOf(text: string): "bench" | "run" {
  if (text === "bench" || text === "run") return text;
  throw new Error(`${text} has no schema: give bench or run`);
}
