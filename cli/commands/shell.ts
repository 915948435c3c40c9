/**
 * `heliograph shell`: an interactive line with completion and history.
 *
 * @module
 */

import { dirname } from "node:path";
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { buildCommand } from "../usage.ts";
import { parseCommandLine } from "../../protocol/command_line.ts";
import { type InstrumentDescription, standardCommandNames } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodeOf, failureText } from "../exit_codes.ts";
import { type Paint, painter, result, table, writeJson } from "../output.ts";
import { splitArguments } from "./calls.ts";
import { describeText, watch } from "./bench.ts";
import { shower } from "./code.ts";
import { showReading } from "./fields.ts";

type Client = ReturnType<typeof dashboardClient>;

/** The words of the shell, each with what follows it; everything else is an azcam-style line. */
const shellWords: Readonly<Record<string, string>> = {
  list: "list                          the instruments",
  describe: "describe INSTRUMENT           its fields, values and commands",
  get: "get INSTRUMENT FIELD          read a field",
  set: "set INSTRUMENT FIELD VALUE    set a field; one that needs it waits for confirm",
  confirm: "confirm INSTRUMENT            apply the settings that wait",
  revert: "revert INSTRUMENT             put the settings that wait back to what they were",
  take: "take INSTRUMENT [DURATION]    others read it but do not drive it; 90s, 10m, 2h",
  release: "release INSTRUMENT            everybody may drive it again",
  call: "call INSTRUMENT COMMAND ARG…  call a command",
  eval: "eval [--python] EXPRESSION    evaluate JavaScript, or Python, on the server",
  watch: "watch [INSTRUMENT [FIELD]]    show fields as they change, until Ctrl-C",
  help: "help [INSTRUMENT[.COMMAND]]   this, or what an instrument or command does",
  exit: "exit                          leave the shell (Ctrl-D does it too); the server goes on",
};

const helpText = `${Object.values(shellWords).join("\n")}
Any other line is a command as azcam's clients write it: tempcon.get_temperatures
Tab completes; the arrow keys bring back earlier lines.
`;

/** The age at which the list of completions is fetched again, in milliseconds. */
const staleAfter = 10_000;

/** Proposes how a line goes on. */
export class ShellCompleter {
  readonly #describe: () => Promise<InstrumentDescription[]>;
  #known: InstrumentDescription[] = [];
  #time = -Infinity;

  /** @param describe Asks for what is on the bench. */
  constructor(describe: () => Promise<InstrumentDescription[]>) {
    this.#describe = describe;
  }

  /**
   * @param line What has been typed so far.
   * @returns What the last word could be, and that word.
   */
  async complete(line: string): Promise<[string[], string]> {
    if (performance.now() - this.#time > staleAfter) {
      try {
        this.#known = await this.#describe();
        this.#time = performance.now();
      } catch {
        // Without a server there is nothing new to propose.
      }
    }
    const words = line.split(/\s+/).filter((word, at) => word !== "" || at > 0);
    const last = words.at(-1) ?? "";
    // What could steer the terminal is not proposed: the proposals are shown, and typed, as they are.
    const fits = (word: string) => word.startsWith(last) && printable(word) === word;
    return [this.#proposals(words.slice(0, -1), last).filter(fits), last];
  }

  #proposals([first, second, third, fourth]: string[], last: string): string[] {
    const names = this.#known.map(({ name }) => name);
    if (first === undefined) {
      const instrument = this.#find(last.split(".")[0]!);
      if (last.includes(".") && instrument !== undefined) {
        return [...instrument.commands.map(({ name }) => name), ...standardCommandNames]
          .map((command) => `${instrument.name}.${command}`);
      }
      return [...Object.keys(shellWords), ...names.map((name) => `${name}.`)];
    }
    if (fourth !== undefined) return [];
    // `tempcon.get FIELD` completes like `get tempcon FIELD`.
    const dotted = /^(.+)\.(get|set)$/.exec(first);
    if (dotted !== null) return this.#fieldOrValue(dotted[2]!, dotted[1]!, second, third);
    if (!(first in shellWords)) return [];
    if (second === undefined) return ["list", "eval", "exit"].includes(first) ? [] : names;
    if (first === "call") return third === undefined ? this.#find(second)?.commands.map(({ name }) => name) ?? [] : [];
    return ["get", "set", "watch"].includes(first) ? this.#fieldOrValue(first, second, third, fourth) : [];
  }

  #fieldOrValue(verb: string, instrument: string, field: string | undefined, value: string | undefined): string[] {
    const fields = this.#find(instrument)?.fields ?? [];
    if (field === undefined) {
      return fields.filter(({ access }) => verb !== "set" || access === "setting").map(({ name }) => name);
    }
    if (verb !== "set" || value !== undefined) return [];
    const found = fields.find(({ name, title }) => name === field || title === field);
    return [...(found?.choices ?? (found?.type === "switch" ? ["on", "off"] : []))];
  }

  #find(instrument: string): InstrumentDescription | undefined {
    return this.#known.find(({ name, title }) => name === instrument || title === instrument);
  }
}

/** Runs one line of the shell. @returns Whether to go on. */
async function runLine(
  context: CliContext,
  client: Client,
  json: boolean,
  line: string,
  signal: AbortSignal,
): Promise<boolean> {
  const paint: Paint = painter(context.colour);
  const print = (value: unknown) =>
    json ? writeJson(context, value) : context.process.stdout.write(result(value, paint));
  // Code keeps its quotes.
  const [, python, expression] = /^\s*eval\s+(--python\s+)?(.*)$/.exec(line) ?? [];
  if (expression !== undefined) {
    const language = python === undefined ? "javascript" : "python";
    print(await client.doEval(expression, { signal, language, ...shower(true, context.process.stdout.write) }));
    return true;
  }
  const parsed = parseCommandLine(line);
  const { instrument, command, args } = parsed;
  if (command === "") return true;
  if (instrument !== undefined) {
    print(await client.call(instrument, command, args, Object.fromEntries(parsed.keywords), { signal }));
    return true;
  }
  const need = (count: number) => {
    if (args.length >= count) return;
    throw new HeliographError(
      "bad_argument",
      `Cannot run ${command}: usage: ${shellWords[command]!.split(/ {2,}/)[0]}`,
    );
  };
  switch (command) {
    case "exit":
    case "quit":
      return false;
    case "help":
      if (args.length === 0) context.process.stdout.write(helpText);
      else print(await client.call("api", "help", args, {}, { signal }));
      break;
    case "list": {
      const rows = (await client.describe(undefined, { signal })).map((
        { name, title, summary },
      ) => [name, title, summary]);
      if (json) print(rows.map(([name]) => name));
      else context.process.stdout.write(table(["name", "title", "what it is"], rows, paint));
      break;
    }
    case "describe": {
      need(1);
      const described = await client.describe(args[0]!, { signal });
      if (json) print(described);
      else context.process.stdout.write(describeText(described, paint));
      break;
    }
    case "get":
      need(2);
      showReading(context, await client.getReading(args[0]!, args[1]!, { signal }), json);
      break;
    case "set":
      need(3);
      await client.setField(args[0]!, args[1]!, args[2]!, { signal });
      break;
    case "confirm":
      need(1);
      await client.doConfirm(args[0]!, { signal });
      break;
    case "revert":
      need(1);
      await client.revert(args[0]!, { signal });
      break;
    case "call": {
      need(2);
      const { args: positional, keywords } = splitArguments(args.slice(2));
      print(
        await client.call(args[0]!, args[1]!, positional, { ...Object.fromEntries(parsed.keywords), ...keywords }, {
          signal,
        }),
      );
      break;
    }
    case "watch":
      await watch(context, client, json, args[0], args[1], signal);
      break;
    default:
      print(await client.call("api", command, args, Object.fromEntries(parsed.keywords), { signal }));
  }
  return true;
}

/** The lines of earlier shells, newest first, as readline wants them. */
async function readHistory(file: string | undefined): Promise<string[]> {
  if (file === undefined) return [];
  try {
    return (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "").slice(-1000).reverse();
  } catch {
    return [];
  }
}

/** Keeps a line for later shells; a history that cannot be written is no reason to stop working. */
async function keepHistory(file: string | undefined, lines: readonly string[]): Promise<void> {
  if (file === undefined) return;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, `${[...lines].reverse().join("\n")}\n`);
  } catch {
    // Not allowed, or a full disk.
  }
}

/** `heliograph shell` */
export const shellCommand = buildCommand({
  docs: { brief: "An interactive line with completion and history; also `heliograph client`" },
  parameters: { flags: dashboardFlags },
  async func(this: CliContext, flags: ConnectionFlags): Promise<void> {
    await using client = dashboardClient(this, flags);
    const { server, version } = await client.hello();
    const interactive = this.terminal && Deno.stdin.isTerminal();
    const completer = new ShellCompleter(() => client.describe());
    const lines = createInterface({
      input: process.stdin,
      ...(interactive
        ? {
          output: process.stdout,
          terminal: true,
          history: await readHistory(this.historyFile),
          historySize: 1000,
          removeHistoryDuplicates: true,
          completer: (line: string, done: (error: null, proposals: [string[], string]) => void) =>
            void completer.complete(line).then((proposals) => done(null, proposals)),
        }
        : {}),
      prompt: "heliograph> ",
    });
    if (interactive) {
      const where = `${flags.host}:${flags.port}`;
      this.process.stdout.write(
        `${printable(`${server} ${version} on ${where}`)}; "help" tells what you can type, Ctrl-D leaves\n`,
      );
      await completer.complete("");
    }
    let history: string[] = [];
    lines.on("history", (kept: string[]) => history = kept);
    await runLines(this, client, flags.json, lines, interactive);
    if (interactive && history.length > 0) await keepHistory(this.historyFile, history);
  },
});

/** Runs line after line, each to its end; Ctrl-C ends the wait for the running one, or clears what was typed. */
async function runLines(
  context: CliContext,
  client: Client,
  json: boolean,
  lines: Interface,
  interactive: boolean,
): Promise<void> {
  const { stderr, stdout } = context.process;
  const paint = painter(context.colour);
  let running: AbortController | undefined;
  lines.on("SIGINT", () => {
    if (running !== undefined) return running.abort();
    stdout.write("\n");
    lines.write(null, { ctrl: true, name: "u" });
    lines.prompt();
  });
  const waiting: string[] = [];
  let ended = false;
  let wake = () => {};
  lines.on("line", (line) => {
    waiting.push(line);
    wake();
  });
  lines.on("close", () => {
    ended = true;
    if (interactive) running?.abort();
    wake();
  });
  if (interactive) lines.prompt();
  for (;;) {
    const line = waiting.shift();
    if (ended && (interactive || line === undefined)) break;
    if (line === undefined) {
      await new Promise<void>((resolve) => wake = resolve);
      continue;
    }
    running = new AbortController();
    try {
      if (!await runLine(context, client, json, line, running.signal)) break;
    } catch (error) {
      stderr.write(`${paint.red(failureText(error, json))}\n`);
      if (!interactive) context.process.exitCode = exitCodeOf(error);
    }
    running = undefined;
    if (interactive && !ended) lines.prompt();
  }
  if (interactive && ended) stdout.write("\n");
  lines.close();
}
