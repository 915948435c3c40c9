/**
 * The program as a table of subcommands. It knows no process: tests run it with streams of their own.
 *
 * @module
 */

import { buildApplication, buildRouteMap, ExitCode, proposeCompletions, run, text_en } from "npm:@stricli/core@1.3.0";
import { printable } from "../protocol/printable.ts";
import { version } from "../protocol/version.ts";
import { completeWord, completionsCommand, versionCommand } from "./commands/about.ts";
import { describeCommand, listCommand, statusCommand, watchCommand } from "./commands/bench.ts";
import { checkCommand, initCommand, schemaCommand } from "./commands/bench_file.ts";
import { callCommand, commandCommand } from "./commands/calls.ts";
import { evalCommand, execCommand } from "./commands/code.ts";
import { exposeCommand } from "./commands/expose.ts";
import { confirmCommand, getCommand, revertCommand, setCommand } from "./commands/fields.ts";
import { releaseCommand, takeCommand } from "./commands/control.ts";
import { imageCommand } from "./commands/image.ts";
import { portsCommand } from "./commands/ports.ts";
import { serverCommand } from "./commands/server.ts";
import { shellCommand } from "./commands/shell.ts";
import { simulateCommand } from "./commands/simulate.ts";
import type { CliContext } from "./context.ts";
import { exitCodeOf, exitCodes, failureText } from "./exit_codes.ts";

const clientRoutes = {
  list: listCommand,
  describe: describeCommand,
  get: getCommand,
  set: setCommand,
  confirm: confirmCommand,
  revert: revertCommand,
  take: takeCommand,
  release: releaseCommand,
  call: callCommand,
  command: commandCommand,
  expose: exposeCommand,
  eval: evalCommand,
  exec: execCommand,
  shell: shellCommand,
  watch: watchCommand,
  status: statusCommand,
};

const clientMap = buildRouteMap({
  routes: clientRoutes,
  defaultCommand: "shell",
  docs: { brief: "The client subcommands as a group; alone it opens the shell" },
});

const root = buildRouteMap({
  routes: {
    server: serverCommand,
    init: initCommand,
    check: checkCommand,
    schema: schemaCommand,
    simulate: simulateCommand,
    ports: portsCommand,
    image: imageCommand,
    ...clientRoutes,
    client: clientMap,
    completions: completionsCommand,
    version: versionCommand,
  },
  docs: {
    brief:
      "Drives a lab's or an observatory's instruments from anywhere, for azcam's and PyOpticon's clients and its own",
    hideRoute: { client: false },
  },
});

function application(json: boolean) {
  return buildApplication(root, {
    name: "heliograph",
    versionInfo: { currentVersion: version },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { useAliasInUsageLine: false, disableAnsiColor: true },
    determineExitCode: exitCodeOf,
    localization: {
      loadText: () => ({
        ...text_en,
        // Both tell words of the command line, which may have been pasted.
        exceptionWhileParsingArguments(error, colour) {
          return printable(text_en.exceptionWhileParsingArguments.call(this, error, colour));
        },
        noCommandRegisteredForInput: (args) => printable(text_en.noCommandRegisteredForInput(args)),
        exceptionWhileRunningCommand: (error: unknown) => failureText(error, json),
      }),
    },
  });
}

/**
 * Runs the program.
 *
 * @param words The command line, without the program's name.
 * @param context Streams and terminal.
 * @returns The exit code, one of the table in docs/errors.md.
 */
export async function runCli(words: readonly string[], context: CliContext): Promise<number> {
  if (words[0] === completeWord) {
    await propose(words.slice(1), context);
    return exitCodes.success.code;
  }
  await run(application(words.includes("--json")), words, context);
  const code = Number(context.process.exitCode ?? 0);
  return code === ExitCode.InvalidArgument || code === ExitCode.UnknownCommand ? exitCodes.usage.code : code;
}

async function propose(words: readonly string[], context: CliContext): Promise<void> {
  const partial = words.at(-1) ?? "";
  const proposals = await proposeCompletions(application(false), words, { ...context, words: words.slice(0, -1) });
  for (const { completion } of proposals) {
    // What could steer the terminal is not proposed: the user's shell types it as it is.
    if (completion.startsWith(partial) && printable(completion) === completion) {
      context.process.stdout.write(`${completion}\n`);
    }
  }
}
