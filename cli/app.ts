/**
 * The program as a table of subcommands. It knows no process: tests run it with streams of their own.
 *
 * @module
 */

import {
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  ExitCode,
  proposeCompletions,
  run,
  text_en,
} from "npm:@stricli/core@1.3.0";
import { didYouMean } from "../server/bench/names.ts";
import { printable } from "../protocol/printable.ts";
import { version } from "../protocol/version.ts";
import { completeWord, completionsCommand, isShell, type ShellName, versionCommand } from "./commands/about.ts";
import { accessCommand } from "./commands/access.ts";
import { describeCommand, listCommand, statusCommand, watchCommand } from "./commands/bench.ts";
import { checkCommand, initCommand, schemaCommand } from "./commands/bench_file.ts";
import { callCommand, commandCommand } from "./commands/calls.ts";
import { evalCommand, execCommand } from "./commands/code.ts";
import { dataLogCommand } from "./commands/data_log.ts";
import { exportCommand } from "./commands/export.ts";
import { exposeCommand } from "./commands/expose.ts";
import { confirmCommand, getCommand, revertCommand, setCommand } from "./commands/fields.ts";
import { offCommand, onCommand, releaseCommand, takeCommand } from "./commands/control.ts";
import { alarmsCommand } from "./commands/alarms.ts";
import { fleetCommand } from "./commands/fleet.ts";
import { guardsCommand, safeCommand, watchdogCommand } from "./commands/guards.ts";
import { historyCommand } from "./commands/history.ts";
import { journalCommand, noteCommand, recordsCommand } from "./commands/records.ts";
import { imageCommand } from "./commands/image.ts";
import { messagesCommand } from "./commands/messages.ts";
import { notebookCommand } from "./commands/notebook.ts";
import { connectCommand, forwardCommand, pairCommand } from "./commands/pairing.ts";
import { portsCommand } from "./commands/ports.ts";
import { rehearseCommand } from "./commands/rehearse.ts";
import { runCommand, runsCommand } from "./commands/runs.ts";
import { serverCommand } from "./commands/server.ts";
import { shellCommand } from "./commands/shell.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { talkCommand } from "./commands/talk.ts";
import { traceCommand } from "./commands/trace.ts";
import { tryCommand } from "./commands/try.ts";
import { typesCommand } from "./commands/types.ts";
import { typedWord } from "./connection.ts";
import type { CliContext, TypedCommand } from "./context.ts";
import { exitCodeOf, exitCodes, failureText } from "./exit_codes.ts";
import { overview } from "./help.ts";
import { type TypedLine, typedLine, written } from "./typed_line.ts";
import { argumentsError, propertyOf, usageOf, type UsedParameters } from "./usage.ts";

const clientRoutes = {
  list: listCommand,
  describe: describeCommand,
  get: getCommand,
  set: setCommand,
  confirm: confirmCommand,
  revert: revertCommand,
  take: takeCommand,
  release: releaseCommand,
  off: offCommand,
  on: onCommand,
  call: callCommand,
  command: commandCommand,
  expose: exposeCommand,
  eval: evalCommand,
  exec: execCommand,
  shell: shellCommand,
  watch: watchCommand,
  trace: traceCommand,
  alarms: alarmsCommand,
  fleet: fleetCommand,
  guards: guardsCommand,
  messages: messagesCommand,
  safe: safeCommand,
  watchdog: watchdogCommand,
  run: runCommand,
  runs: runsCommand,
  journal: journalCommand,
  history: historyCommand,
  note: noteCommand,
  datalog: dataLogCommand,
  export: exportCommand,
  notebook: notebookCommand,
  records: recordsCommand,
  status: statusCommand,
};

const clientMap = buildRouteMap({
  routes: clientRoutes,
  defaultCommand: "shell",
  docs: { brief: "The client subcommands as a group; alone it opens the shell" },
});

const commands = {
  server: serverCommand,
  init: initCommand,
  check: checkCommand,
  rehearse: rehearseCommand,
  schema: schemaCommand,
  types: typesCommand,
  access: accessCommand,
  pair: pairCommand,
  connect: connectCommand,
  forward: forwardCommand,
  simulate: simulateCommand,
  ports: portsCommand,
  talk: talkCommand,
  try: tryCommand,
  image: imageCommand,
  ...clientRoutes,
  completions: completionsCommand,
  version: versionCommand,
};

const root = buildRouteMap({
  routes: { ...commands, client: clientMap },
  docs: {
    brief:
      "Drives a lab's or an observatory's instruments from anywhere, for azcam's and PyOpticon's clients and its own",
    hideRoute: { client: false },
  },
});

function application({ program }: CliContext, json: boolean) {
  return buildApplication(root, {
    name: program,
    versionInfo: { currentVersion: version },
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
      // Every flag and subcommand is handed to the error's text, where the one function for suggestions chooses.
      distanceOptions: {
        threshold: Infinity,
        weights: { insertion: 1, deletion: 1, substitution: 1, transposition: 1 },
      },
    },
    documentation: { useAliasInUsageLine: false, disableAnsiColor: true },
    determineExitCode: exitCodeOf,
    localization: {
      loadText: () => ({
        ...text_en,
        // Both tell words of the command line, which may have been pasted.
        exceptionWhileParsingArguments(error, colour) {
          return printable(
            error instanceof ArgumentScannerError
              ? argumentsError(error)
              : text_en.exceptionWhileParsingArguments.call(this, error, colour),
          );
        },
        noCommandRegisteredForInput: ({ input }) => noSubcommand(input, program),
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
  const [first, ...rest] = words;
  if (first === completeWord) {
    await propose(rest, context);
    return exitCodes.success.code;
  }
  // `heliograph help get` is `heliograph get --help`.
  if (first === "help" && rest.length > 0) {
    const [name] = rest;
    if (Object.hasOwn(commands, name!) || name === "client") return await runCli([...rest, "--help"], context);
    const described = printable(`${context.program} describe ${typedWord(name!)}`);
    context.process.stderr.write(`${noSubcommand(name!, context.program)}; "${described}" tells of an instrument\n`);
    return exitCodes.usage.code;
  }
  if (first === undefined || ["help", "--help", "-h"].includes(first)) {
    context.process.stdout.write(overview(context.program, commands));
    return exitCodes.success.code;
  }
  const [second] = rest;
  if (first === "client" && second !== undefined && !second.startsWith("-") && !Object.hasOwn(clientRoutes, second)) {
    context.process.stderr.write(`${noSubcommand(second, context.program, Object.keys(clientRoutes))}\n`);
    return exitCodes.usage.code;
  }
  // The word client alone is the shell.
  const subcommand = first !== "client" ? first : second === undefined || second.startsWith("-") ? "shell" : second;
  await run(application(context, words.includes("--json")), words, { ...context, subcommand });
  const code = Number(context.process.exitCode ?? 0);
  if (code === ExitCode.InvalidArgument) {
    context.process.stderr.write(usageLine(first === "client" ? rest[0] : first, context));
  }
  return code === ExitCode.InvalidArgument || code === ExitCode.UnknownCommand ? exitCodes.usage.code : code;
}

/** The error for a first word that is no subcommand. */
function noSubcommand(word: string, program: string, known: readonly string[] = Object.keys(commands)): string {
  if (word.startsWith("-")) return `Flags come after a subcommand, as in "${program} list --port 12345"`;
  const subject = printable(`There is no subcommand ${word}${didYouMean(word, known)}`);
  return `${subject}; "${program} --help" lists them`;
}

/** How a subcommand is used, as two lines for an error about its arguments. */
function usageLine(name: string | undefined, { program }: CliContext): string {
  const command = Object.entries(commands).find(([known]) => known === name)?.[1];
  if (command === undefined) return "";
  return `usage: ${program} ${name} ${usageOf(command.parameters)}\n"${program} ${name} --help" tells more\n`;
}

/**
 * Proposes how a command line goes on.
 *
 * @param given The shell's name and what its script hands over: for bash the line and the word at the cursor as bash
 * counts words, for others the words, the last of which is being typed.
 */
async function propose(given: readonly string[], context: CliContext): Promise<void> {
  const [shell = "", ...rest] = given;
  // Whoever names no shell gets plain words.
  const known = isShell(shell) ? shell : undefined;
  const { words: before, last: typed } = lineBefore(known, known === undefined ? given : rest);
  const words = before[0] === "help" || before[0] === "client" ? before.slice(1) : before;
  // What bash puts a proposal in the place of: less than the word where that holds = or :.
  const piece = known === "bash" ? pieceText(rest[1] ?? "") : typed.text;
  const proposals = before[0] === "client" && words.length === 0
    ? Object.keys(clientRoutes).map((completion) => ({ completion }))
    : await proposeCompletions(application(context, false), [...words, typed.text], {
      ...context,
      typed: typedCommand(words),
    });
  // Flags are for whoever begins one, and where there is nothing else: a shell completes files by itself.
  const begun = typed.text !== "" || !proposals.every(({ completion }) => completion.startsWith("-"));
  for (const { completion } of takesFile(words) && typed.text === "" ? [] : proposals) {
    if (typed.text === "" && (completion === "--" || (begun && completion.startsWith("-")))) continue;
    // What could steer the terminal is not proposed: the user's shell types it as it is.
    if (!completion.startsWith(typed.text) || printable(completion) !== completion) continue;
    const text = completion.slice(typed.text.length - piece.length);
    const line = known === undefined ? text : written(known, text, typed.quote);
    if (line !== undefined) context.process.stdout.write(`${line}\n`);
  }
}

/** Whether the next word of a line is a file. */
function takesFile(words: readonly string[]): boolean {
  const [name] = words;
  const positional: UsedParameters["positional"] = Object.entries(commands).find(([known]) => known === name)?.[1]
    .parameters.positional;
  return positional?.kind === "tuple" &&
    positional.parameters[typedCommand(words).words.length]?.placeholder === "FILE";
}

/** The line before the cursor, from what a shell's script hands over. */
function lineBefore(shell: ShellName | undefined, given: readonly string[]): TypedLine {
  if (shell === "bash") {
    const { words: [, ...words], last } = typedLine(given[0] ?? "", true);
    return { words, last };
  }
  const words = given.slice(0, -1);
  const partial = given.at(-1) ?? "";
  // fish and PowerShell hand over the last word as it stands in the line, zsh hands over what it says.
  if (shell === "fish" || shell === "powershell") return { words, last: typedLine(partial, shell === "fish").last };
  return { words, last: { text: partial, raw: partial, quote: "" } };
}

/** The text of what bash calls a word: it ends words at = and :, which are words by themselves. */
function pieceText(raw: string): string {
  return /^[=:]+$/.test(raw) ? "" : typedLine(raw, true).last.text;
}

/** The arguments of a command line, and which server it is about. */
function typedCommand(words: readonly string[]): TypedCommand {
  const [name, ...rest] = words;
  const flags: Readonly<Record<string, { readonly kind: string } | undefined>> =
    Object.entries(commands).find(([known]) => known === name)?.[1].parameters.flags ?? {};
  const [plain, values]: [string[], Record<string, string>] = [[], {}];
  for (let at = 0; at < rest.length; at++) {
    const [, flag, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(rest[at]!) ?? [];
    if (flag === undefined) plain.push(rest[at]!);
    else if (value !== undefined) values[flag] = value;
    else if (flags[propertyOf(flag)]?.kind !== "boolean") values[flag] = rest[++at] ?? "";
  }
  const { host, port, server } = values;
  return {
    words: plain,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(server === undefined ? {} : { server }),
  };
}
