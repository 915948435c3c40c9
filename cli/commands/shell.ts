/**
 * `heliograph shell`: an interactive line with completion and history.
 *
 * @module
 */

import { buildCommand } from "../usage.ts";
import { formatCommandLine, parseCommandLine } from "../../protocol/command_line.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import { type ConnectionFlags, dashboardClient, dashboardFlags, patience } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodeOf, failureText } from "../exit_codes.ts";
import { takeLines } from "../line_editor.ts";
import { type Paint, painter, result, table, writeJson } from "../output.ts";
import { ShellCompleter, shellHelp, shellWords } from "../shell_words.ts";
import { callTimeout, splitArguments } from "./calls.ts";
import { describeText, statusText, watch } from "./bench.ts";
import { shower } from "./code.ts";
import { readAndShow, tellStaged } from "./fields.ts";

type Client = ReturnType<typeof dashboardClient>;

/** Runs one line of the shell. @returns Whether to go on. */
async function runLine(
  context: CliContext,
  client: Client,
  flags: ConnectionFlags,
  line: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { json } = flags;
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
  const keywords = Object.fromEntries(parsed.keywords);
  const call = async (instrument: string, command: string, args: readonly unknown[], named = keywords) => {
    const timeout = await callTimeout(flags, client, instrument, command, { signal });
    print(await client.call(instrument, command, args, named, { signal, timeout }));
  };
  const asking = { context, client, json, options: { signal } };
  const patient = { signal, ...patience(flags) };
  if (instrument !== undefined) {
    await call(instrument, command, args);
    return true;
  }
  const need = (count: number) => {
    if (args.length >= count) return;
    throw new HeliographError(
      "bad_argument",
      `Cannot run ${command}: usage: ${command} ${shellWords[command]!.usage}`,
    );
  };
  switch (command) {
    case "exit":
    case "quit":
      return false;
    case "help":
      if (args.length === 0) context.process.stdout.write(shellHelp);
      else await call("api", "help", args);
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
      await readAndShow(asking, args[0]!, args[1]!);
      break;
    case "set":
      need(3);
      await client.setField(args[0]!, args[1]!, args[2]!, patient);
      if (!json) await tellStaged(asking, args[0]!, args[1]!, formatCommandLine("api", "confirm", [args[0]!]));
      break;
    case "confirm":
      need(1);
      await client.doConfirm(args[0]!, patient);
      break;
    case "revert":
      need(1);
      await client.revert(args[0]!, patient);
      break;
    case "call": {
      need(2);
      const { args: positional, keywords: named } = splitArguments(args.slice(2));
      await call(args[0]!, args[1]!, positional, { ...keywords, ...named });
      break;
    }
    case "watch":
      await watch(context, client, json, args[0], args[1], signal);
      break;
    case "status": {
      const status = await client.status({ signal });
      if (json) print(status);
      else context.process.stdout.write(statusText(status, paint));
      break;
    }
    default:
      await call("api", command, args);
  }
  return true;
}

/** `heliograph shell` */
export const shellCommand = buildCommand({
  docs: { brief: "An interactive line with completion and history; also `heliograph client`" },
  parameters: { flags: dashboardFlags },
  async func(this: CliContext, flags: ConnectionFlags): Promise<void> {
    await using client = dashboardClient(this, flags);
    const { server, version } = await client.hello();
    const completer = new ShellCompleter(() => client.describe());
    await takeLines(this, {
      prompt: "heliograph> ",
      historyFile: this.historyFile,
      complete: (line) => completer.complete(line),
      begun: async (_lines, interactive) => {
        if (!interactive) return;
        const where = `${flags.host}:${flags.port}`;
        this.process.stdout.write(
          `${printable(`${server} ${version} on ${where}`)}; "help" tells what you can type, Ctrl-D leaves\n`,
        );
        await completer.complete("");
      },
      run: (line, signal) => runLine(this, client, flags, line, signal),
      failed: (error, interactive) => {
        this.process.stderr.write(`${painter(this.colour).red(failureText(error, flags.json))}\n`);
        if (!interactive) this.process.exitCode = exitCodeOf(error);
      },
    });
  },
});
