/**
 * The subcommand `rehearse`: does a run in fast time on the simulated bench, and shows what comes of it.
 *
 * @module
 */

import { basename } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import type { Rehearsal, RehearsedEvent, RehearsedSeries } from "../../protocol/rehearsal.ts";
import { isProgram } from "../../server/automation/program_run.ts";
import { timeText } from "../../server/automation/step_text.ts";
import { isScript } from "../../server/automation/script_run.ts";
import { readSeconds } from "../../server/expressions/over_time.ts";
import { rehearsed } from "../../server/rehearsal/start.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { driverHostWord } from "../hidden_words.ts";
import { withSandbox } from "../own_sandbox.ts";
import { type Paint, painter, writeJson } from "../output.ts";
import { plotLines, pointsAcross } from "../plot.ts";
import { terminalColumns } from "../terminal.ts";
import { buildCommand } from "../usage.ts";
import { benchBeside, textOf } from "./check_run.ts";
import { givenIn, parseStep } from "./runs.ts";

/** The longest time that is rehearsed, in seconds, where nobody says it. */
const usualMost = 48 * 3600;
/** The height of a plot in lines. */
const rows = 6;
/** The most plots. */
const mostPlots = 12;
/** Of more lines than this, those in the middle that only tell steps are left out. */
const mostLines = 400;

interface RehearseFlags {
  readonly bench?: string;
  readonly at?: number;
  readonly for?: number;
  readonly json: boolean;
}

function parseTime(text: string): number {
  const seconds = readSeconds(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new Error(`${text} is no time: give 8h or 90m`);
}

/** `heliograph rehearse FILE [NAME=VALUE…]` */
export const rehearseCommand = buildCommand({
  docs: {
    brief: "Do a run in fast time on the simulated bench, without a server: what is set when, and what it meets",
    fullDescription:
      "Rehearse a run: `rehearse night.run.json flow=30`, or `rehearse script.py`. Its bench is simulated, and its time passes at once. What is " +
      "shown is when each step begins and how long it takes, what limits, guards and time-outs it meets, what the " +
      "readings would be, and with which values it ends. It fails where the run would fail or pause. Docs: docs/runs.md.",
  },
  parameters: {
    flags: {
      bench: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The bench file; default: the only one beside the run's file",
        placeholder: "FILE",
      },
      at: { kind: "parsed", parse: parseStep, optional: true, brief: "Begin at this step", placeholder: "STEP" },
      for: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        brief: "Rehearse no more than this of it; default: 48h",
        placeholder: "TIME",
      },
      json: { kind: "boolean", default: false, brief: "Write the timeline, readings and values as JSON" },
    },
    positional: { kind: "array", parameter: { placeholder: "FILE [NAME=VALUE…]", brief: "The file", parse: String } },
  },
  async func(this: CliContext, flags: RehearseFlags, ...[file, ...words]: string[]): Promise<void> {
    if (file === undefined) throw new UsageError(`Say which run: ${this.program} rehearse night.run.json`);
    const text = await textOf(file);
    const bench = flags.bench ?? await benchBeside(file);
    // Simulated cameras write as real ones do, and nobody wants their images.
    const imageFolder = await Deno.makeTempDir({ prefix: "heliograph-rehearsal-" });
    const most = flags.for ?? usualMost;
    let rehearsal: Rehearsal;
    try {
      const order = {
        file,
        text,
        bench,
        given: givenIn(words),
        at: flags.at ?? 1,
        most,
        imageFolder,
        hostCommand: Deno.build.standalone ? [Deno.execPath(), driverHostWord] as const : undefined,
      };
      rehearsal = isScript(file) || isProgram(file)
        ? await withSandbox((runner) => rehearsed(order, runner))
        : await rehearsed(order);
    } finally {
      await Deno.remove(imageFolder, { recursive: true });
    }
    if (flags.json) writeJson(this, rehearsal);
    else show(this, rehearsal, most);
    const { state, step, reason, title } = rehearsal;
    if (state === "done" || state === "under way") return;
    const word = state === "paused" ? "would pause" : state === "failed" ? "would fail" : `would be ${state}`;
    throw new HeliographError("command_failed", `${title || basename(file)} ${word} at step ${step}: ${reason}`);
  },
});

/** A time since the begin, as long for each: `3:05:12`. */
function since(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`.padStart(8);
}

function show(context: CliContext, rehearsal: Rehearsal, most: number): void {
  const paint = painter(context.colour);
  const { write } = context.process.stdout;
  const { title, state, seconds, events, more, series, values, notSimulated } = rehearsal;
  for (const each of notSimulated) write(`${paint.yellow("not simulated")}: ${printable(each)}\n`);
  const much = events.length > mostLines;
  let left = more;
  for (const [index, event] of events.entries()) {
    const inMiddle = index >= mostLines / 2 && index < events.length - mostLines / 2;
    if (much && inMiddle && (event.kind === "step" || event.kind === "told")) left++;
    else write(eventLine(event, paint));
  }
  if (left > 0) write(`… ${left} more steps; --json tells them\n`);
  const columns = Math.max(40, Math.min(terminalColumns(), 120));
  for (const each of series.slice(0, mostPlots)) {
    write(`\n${plotOf(each, seconds, columns, paint)}`);
  }
  if (series.length > mostPlots) write(`… ${series.length - mostPlots} more readings; --json tells them\n`);
  if (values.length > 0) write(`\n${paint.bold("at its end")}\n`);
  for (const { instrument, field, text, unit, quality } of values) {
    const doubt = quality === "good" ? "" : ` (${quality})`;
    write(`  ${printable(`${instrument}.${field}: ${text}${unit === "" ? "" : ` ${unit}`}${doubt}`)}\n`);
  }
  const took = timeText(Math.round(seconds));
  if (state === "done") write(`${paint.green("done")}: ${printable(title)}, in ${took}\n`);
  else if (state === "under way") {
    write(`${paint.yellow("still under way")}: ${printable(title)}, after ${timeText(most)}; --for rehearses more\n`);
  } else write(`${paint.red(state)} after ${took}\n`);
}

function eventLine({ at, kind, text, took }: RehearsedEvent, paint: Paint): string {
  const time = paint.dim(since(at));
  if (kind === "step") {
    return `${time} ${printable(text)}${
      took === undefined || took < 0.5 ? "" : paint.dim(` (${timeText(Math.round(took))})`)
    }\n`;
  }
  if (kind === "told") return `${time} ${printable(text)}\n`;
  const words = kind === "timeout" ? "time-out" : kind;
  return `${time} ${paint.yellow(`${words}: ${printable(text)}`)}\n`;
}

function plotOf(series: RehearsedSeries, seconds: number, columns: number, paint: Paint): string {
  const { instrument, field, unit, times, lowest, highest, first, last } = series;
  // Each dot covers what falls into it.
  const across = pointsAcross(columns);
  const until = Math.max(seconds, 1);
  const spans = new Map<number, { low: number; high: number; first: number; last: number }>();
  for (const [index, time] of times.entries()) {
    const column = Math.min(across - 1, Math.floor(time / until * across));
    const there = spans.get(column);
    if (there === undefined) {
      spans.set(column, { low: lowest[index]!, high: highest[index]!, first: first[index]!, last: last[index]! });
    } else {
      there.low = Math.min(there.low, lowest[index]!);
      there.high = Math.max(there.high, highest[index]!);
      there.last = last[index]!;
    }
  }
  const all = [...spans.values()];
  const points = {
    times: [...spans.keys()].map((column) => column * until / across * 1000),
    lowest: all.map(({ low }) => low),
    highest: all.map(({ high }) => high),
    first: all.map((each) => each.first),
    last: all.map((each) => each.last),
    mean: [],
    count: [],
    gaps: [],
  };
  const lines = plotLines(points, null, {
    since: 0,
    until: until * 1000,
    now: until * 1000,
    columns,
    rows,
    textOf: (value) => String(Number(value.toPrecision(7))),
    timeOf: (time) => since(time / 1000).trim(),
  });
  const heading = paint.bold(`${instrument}.${field}${unit === "" ? "" : `, ${unit}`}`);
  return `${heading}\n${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
