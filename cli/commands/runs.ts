/**
 * The subcommands for runs: `run` begins one and shows how it goes, `runs` lists and controls them.
 *
 * @module
 */

import { basename } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import type { RunDescription, RunDetails, RunProblem, RunsDescription } from "../../protocol/runs.ts";
import { BenchFileError } from "../../server/files/source.ts";
import { isProgram } from "../../server/automation/program_run.ts";
import { loadDeadline } from "../../server/automation/automation_instrument.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags, patience, sameServer } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../exit_codes.ts";
import { Interrupts } from "../interrupts.ts";
import { clock, duration, type Paint, painter, writeJson } from "../output.ts";
import { buildCommand, notOneOf } from "../usage.ts";

/** How often the state of a run is asked for, in milliseconds. */
const askEvery = 500;
/** The longest file that is sent to the server, in bytes: a message of its wire has 64 KiB. */
const longestFile = 48_000;

interface RunFlags extends ConnectionFlags {
  readonly attached: boolean;
  readonly at?: number;
  readonly when?: string;
}

type Client = ReturnType<typeof dashboardClient>;

/** Asks for runs; a server without any is told why it has none. */
async function ask(client: Client, command: string, args: readonly unknown[], timeout?: number): Promise<unknown> {
  try {
    return await client.call("automation", command, args, {}, timeout === undefined ? {} : { timeout });
  } catch (error) {
    if (!(error instanceof HeliographError) || error.code !== "unknown_instrument") throw error;
    throw new HeliographError(
      "unavailable",
      "This server has no runs: they are kept beside a bench file, and it has none; start it with --bench FILE",
    );
  }
}

/** The number of a step, from 1. */
export function parseStep(text: string): number {
  const step = Number(text);
  if (Number.isInteger(step) && step >= 1) return step;
  throw new Error(`${text} is no step: give a number from 1`);
}

/** What stands behind `name=value`; the server makes a value of the text. */
export function givenIn(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new UsageError(`Cannot take ${word} for a parameter: give NAME=VALUE, for example flow=30`);
  }));
}

async function textOf(file: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no file ${file}`);
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`);
  }
  if (new TextEncoder().encode(JSON.stringify(text)).length <= longestFile) return text;
  throw new UsageError(
    `Cannot send ${file}: it is longer than ${longestFile} bytes. Put it beside the bench file on the server's PC, and ` +
      `say: heliograph call automation load ${basename(file)}`,
  );
}

/** `heliograph run FILE [NAME=VALUE…]` */
export const runCommand = buildCommand({
  docs: {
    brief: "Begin a run, a file of steps that is done through the night, and show how it goes",
    fullDescription:
      "Begin a run: `run night.run.json flow=30`, or a PyOpticon script: `run script.py`. Ctrl-C leaves it going, with --attached it stops it. " +
      "Docs: docs/runs.md.",
  },
  parameters: {
    flags: {
      ...dashboardFlags,
      attached: { kind: "boolean", default: false, brief: "Ctrl-C stops the run; its finally is done" },
      at: { kind: "parsed", parse: parseStep, optional: true, brief: "Begin at this step", placeholder: "STEP" },
      when: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "Begin at a time, and do not wait here: 22:30, 90m or 2026-05-01T22:30",
        placeholder: "TIME",
      },
    },
    positional: { kind: "array", parameter: { placeholder: "FILE [NAME=VALUE…]", brief: "The file", parse: String } },
  },
  async func(this: CliContext, flags: RunFlags, ...[file, ...words]: string[]): Promise<void> {
    if (file === undefined) throw new UsageError(`Say which run: ${this.program} run night.run.json`);
    if (/\.(?:ts|js)$/.test(file) && !isProgram(file)) {
      throw new UsageError(
        `Cannot run ${file}: a run in TypeScript or JavaScript is called NAME.run.ts or NAME.run.js`,
      );
    }
    const text = await textOf(file);
    const parameters = JSON.stringify(givenIn(words));
    await using client = dashboardClient(this, flags);
    await client.hello();
    const name = basename(file);
    // A script is run to be checked, which may take its time.
    const { timeout } = patience(flags, loadDeadline);
    const { problems } = await ask(client, "check", [name, text, parameters], timeout) as {
      readonly problems: readonly RunProblem[];
    };
    if (problems.length > 0) throw new BenchFileError(problems.map((each) => ({ ...each, file })));
    const id = await ask(client, "load", [name, text, parameters, flags.at ?? 1], timeout) as number;
    await ask(client, "start", [id, flags.when ?? ""]);
    if (flags.when === undefined) return await follow(this, flags, client, id);
    if (flags.json) return writeJson(this, { id });
    this.process.stdout.write(`Run ${id} begins at its time; ${sameServer(this, flags, "runs")} lists it\n`);
  },
});

/** Shows what a run tells until it has ended. */
async function follow(context: CliContext, flags: RunFlags, client: Client, id: number): Promise<void> {
  using interrupts = new Interrupts();
  const paint = painter(context.colour);
  const stdout = context.process.stdout;
  let [after, waits, stopped, reason] = [0, false, false, ""];
  for (;;) {
    const run = await ask(client, "show", [id, after, false]) as RunDetails;
    for (const { number, time, text } of run.lines) {
      if (!flags.json) stdout.write(`${paint.dim(clock(time))} ${printable(text)}\n`);
      after = number;
    }
    if (run.ended !== null) return ended(context, flags, run, paint);
    if (run.state === "waiting" && !waits && !flags.json) stdout.write(`Run ${id} waits for its turn\n`);
    waits ||= run.state === "waiting";
    if (run.state === "paused" && run.reason !== reason && !flags.json) {
      const [resume, skip, stop] = ["resume", "skip", "stop"].map((each) => sameServer(context, flags, "runs", each));
      stdout.write(`${paint.yellow("paused")}: ${resume}, ${skip} or ${stop}\n`);
    }
    reason = run.state === "paused" ? run.reason : "";
    if (interrupts.told && !stopped) {
      if (!flags.attached) {
        if (!flags.json) {
          stdout.write(`The run goes on; to end it: ${sameServer(context, flags, "runs", "stop", String(id))}\n`);
        }
        return;
      }
      stopped = true;
      await ask(client, run.began === null ? "remove" : "stop", [id]);
      if (run.began === null) return;
    }
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, askEvery);
    await Promise.race([pause.promise, stopped ? interrupts.second : interrupts.first]);
    clearTimeout(timer);
    if (stopped && interrupts.told) {
      const second = await Promise.race([interrupts.second.then(() => true), Promise.resolve(false)]);
      if (second) return;
    }
  }
}

function ended(context: CliContext, { json }: RunFlags, run: RunDetails, paint: Paint): void {
  if (json) writeJson(context, run);
  else if (run.state === "done") context.process.stdout.write(`${paint.green("done")}: ${printable(run.title)}\n`);
  if (run.state === "done") return;
  throw new HeliographError(
    "command_failed",
    `Run ${run.id} ${run.title} is not done, but ${run.state}: ${run.reason}`,
  );
}

const actions = [
  "show",
  "start",
  "pause",
  "resume",
  "skip",
  "stop",
  "abort",
  "answer",
  "move",
  "remove",
  "repeat",
  "after-failed",
  "history",
] as const;

/** `heliograph runs [ACTION [WORDS…]]` */
export const runsCommand = buildCommand({
  docs: {
    brief: "Show the queue of runs; or pause, resume, skip, stop, abort, answer, move, remove and repeat them",
    fullDescription:
      "Show the queue of runs. `runs pause`, `resume`, `skip`, `stop` (its finally is done) and `abort` " +
      "(it is not) are about the run under way; `runs answer TEXT` answers what it asks; `runs show [ID]` tells its " +
      "steps; `runs start ID [TIME]`, `move ID PLACE`, `remove ID` and `repeat ID` are about one by its number; `runs " +
      "after-failed stop`, `skip` or `go on` says what becomes of those that wait when one is not done; `runs history` " +
      "tells those that have ended.",
  },
  parameters: {
    flags: dashboardFlags,
    positional: {
      kind: "array",
      parameter: {
        placeholder: "[ACTION [WORDS…]]",
        brief: "What to do, and with which",
        parse: String,
        proposeCompletions: () => actions,
      },
    },
  },
  async func(this: CliContext, flags: ConnectionFlags, ...[action, ...words]: string[]): Promise<void> {
    const known: readonly string[] = actions;
    if (action !== undefined && !known.includes(action)) {
      throw notOneOf(action, "runs", actions);
    }
    await using client = dashboardClient(this, flags);
    // Who does it is told in the journal.
    await client.hello();
    const paint = painter(this.colour);
    const args = action === "after-failed" ? [words.join(" ")] : words;
    const timeout = action === "repeat" ? patience(flags, loadDeadline).timeout : undefined;
    const said = await ask(client, (action ?? "list").replace("-", "_"), args, timeout);
    if (flags.json) return writeJson(this, said ?? null);
    const stdout = this.process.stdout;
    if (action === undefined) stdout.write(queueText(said as RunsDescription, paint));
    else if (action === "history") {
      stdout.write(
        (said as { readonly runs: readonly RunDescription[] }).runs.map((run) => runText(run, paint)).join(""),
      );
    } else if (action === "show") stdout.write(detailsText(said as RunDetails, paint));
    else if (action === "repeat") stdout.write(`Run ${said} was added; ${this.program} runs start ${said}\n`);
  },
});

function queueText({ runs, hint, afterFailed }: RunsDescription, paint: Paint): string {
  if (runs.length === 0) return "There are no runs in the queue\n";
  return runs.map((run) => runText(run, paint)).join("") +
    `When one is not done, those that wait: ${afterFailed}\n` +
    (hint === "" ? "" : `${paint.yellow(printable(hint))}\n`);
}

function runText(run: RunDescription, paint: Paint): string {
  const { id, title, state, reason, done, of, left, who, now, asks, startAt, parameters, ended, began, nextIn } = run;
  const style = state === "done" || state === "running" ? paint.green : state === "failed" ? paint.red : paint.yellow;
  const given = Object.entries(parameters).map(([name, value]) => ` ${name}=${value}`).join("");
  const under = began !== null && ended === null;
  const rest = under ? `, ${left.atLeast ? "≥ " : ""}${duration(left.seconds)} left` : "";
  const time = ended !== null
    ? ` at ${clock(ended)}`
    : startAt !== null && began === null
    ? ` until ${clock(startAt)}`
    : "";
  return [
    `${id}. ${paint.bold(printable(title))}${printable(given)}: ${
      style(state)
    }${time}, ${done}/${of} steps done${rest}; for ${printable(who)}\n`,
    ...(reason === "" ? [] : [`  ${printable(reason)}\n`]),
    ...(asks === null ? [] : [`  ${paint.yellow(`asks: ${printable(asks)}`)}\n`]),
    ...now.map((text) => `  now: ${printable(text)}\n`),
    ...(nextIn === null ? [] : [`  next step in ${duration(nextIn)}\n`]),
    ...run.waitingFor.map(({ text, so, value }) =>
      `    ${printable(`${text}: ${so === null ? "not known" : so ? "so" : "not so"} (${value})`)}\n`
    ),
  ].join("");
}

function detailsText(run: RunDetails, paint: Paint): string {
  const steps = run.steps.map(({ text, state, number }) => {
    const line = `${number === null ? "     " : `${String(number).padStart(4)}.`} ${printable(text)}\n`;
    return state === "done" ? paint.dim(line) : state === "now" ? paint.bold(line) : line;
  });
  return runText(run, paint) + steps.join("");
}
