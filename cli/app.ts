/**
 * The program as a table of subcommands. It knows no process: tests run it with streams of their own.
 *
 * @module
 */

import {
  ArgumentScannerError,
  buildApplication,
  buildRouteMap,
  type Command,
  ExitCode,
  proposeCompletions,
  run,
  text_en,
} from "npm:@stricli/core@1.3.0";
import { didYouMean } from "../server/bench/names.ts";
import { printable } from "../protocol/printable.ts";
import { version } from "../protocol/version.ts";
import { completeWord, completionsCommand, isShell, type ShellName, versionCommand } from "./commands/about.ts";
import { typedWord } from "./connection.ts";
import type { CliContext, TypedCommand } from "./context.ts";
import { exitCodeOf, exitCodes, failureText } from "./exit_codes.ts";
import { overview } from "./help.ts";
import { type TypedLine, typedLine, written } from "./typed_line.ts";
import { argumentsError, propertyOf, usageOf, type UsedParameters } from "./usage.ts";

/** The client subcommands, each loaded when it is typed: what the server needs takes a second. */
const clientRoutes = {
  list: async () => (await import("./commands/bench.ts")).listCommand,
  describe: async () => (await import("./commands/bench.ts")).describeCommand,
  get: async () => (await import("./commands/fields.ts")).getCommand,
  set: async () => (await import("./commands/fields.ts")).setCommand,
  confirm: async () => (await import("./commands/fields.ts")).confirmCommand,
  revert: async () => (await import("./commands/fields.ts")).revertCommand,
  take: async () => (await import("./commands/control.ts")).takeCommand,
  release: async () => (await import("./commands/control.ts")).releaseCommand,
  off: async () => (await import("./commands/control.ts")).offCommand,
  on: async () => (await import("./commands/control.ts")).onCommand,
  call: async () => (await import("./commands/calls.ts")).callCommand,
  command: async () => (await import("./commands/calls.ts")).commandCommand,
  expose: async () => (await import("./commands/expose.ts")).exposeCommand,
  eval: async () => (await import("./commands/code.ts")).evalCommand,
  exec: async () => (await import("./commands/code.ts")).execCommand,
  shell: async () => (await import("./commands/shell.ts")).shellCommand,
  watch: async () => (await import("./commands/bench.ts")).watchCommand,
  trace: async () => (await import("./commands/trace.ts")).traceCommand,
  alarms: async () => (await import("./commands/alarms.ts")).alarmsCommand,
  fleet: async () => (await import("./commands/fleet.ts")).fleetCommand,
  guards: async () => (await import("./commands/guards.ts")).guardsCommand,
  messages: async () => (await import("./commands/messages.ts")).messagesCommand,
  safe: async () => (await import("./commands/guards.ts")).safeCommand,
  watchdog: async () => (await import("./commands/guards.ts")).watchdogCommand,
  run: async () => (await import("./commands/runs.ts")).runCommand,
  runs: async () => (await import("./commands/runs.ts")).runsCommand,
  journal: async () => (await import("./commands/records.ts")).journalCommand,
  history: async () => (await import("./commands/history.ts")).historyCommand,
  note: async () => (await import("./commands/records.ts")).noteCommand,
  datalog: async () => (await import("./commands/data_log.ts")).dataLogCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  notebook: async () => (await import("./commands/notebook.ts")).notebookCommand,
  records: async () => (await import("./commands/records.ts")).recordsCommand,
  status: async () => (await import("./commands/bench.ts")).statusCommand,
};

/** All subcommands. */
const commands = {
  server: async () => (await import("./commands/server.ts")).serverCommand,
  init: async () => (await import("./commands/bench_file.ts")).initCommand,
  check: async () => (await import("./commands/bench_file.ts")).checkCommand,
  rehearse: async () => (await import("./commands/rehearse.ts")).rehearseCommand,
  schema: async () => (await import("./commands/bench_file.ts")).schemaCommand,
  types: async () => (await import("./commands/types.ts")).typesCommand,
  access: async () => (await import("./commands/access.ts")).accessCommand,
  pair: async () => (await import("./commands/pairing.ts")).pairCommand,
  connect: async () => (await import("./commands/pairing.ts")).connectCommand,
  forward: async () => (await import("./commands/pairing.ts")).forwardCommand,
  simulate: async () => (await import("./commands/simulate.ts")).simulateCommand,
  ports: async () => (await import("./commands/ports.ts")).portsCommand,
  talk: async () => (await import("./commands/talk.ts")).talkCommand,
  try: async () => (await import("./commands/try.ts")).tryCommand,
  image: async () => (await import("./commands/image.ts")).imageCommand,
  ...clientRoutes,
  completions: () => completionsCommand,
  version: () => versionCommand,
};

type Commands = Readonly<Record<string, Command<CliContext>>>;

/** Loads subcommands. @param names Which. @default all of them */
async function load(names: readonly string[] = Object.keys(commands)): Promise<Commands> {
  const loaded = names.map(async (name) => [name, await commands[name as keyof typeof commands]()] as const);
  return Object.fromEntries(await Promise.all(loaded)) as Commands;
}

/** The program, with the subcommands that a command line is about. */
function application(routes: Commands, { program }: CliContext, json = false) {
  const root = buildRouteMap({
    routes,
    docs: {
      brief:
        "Drives a lab's or an observatory's instruments from anywhere, for azcam's and PyOpticon's clients and its own",
    },
  });
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
  const { stdout, stderr } = context.process;
  if (first === completeWord) {
    await propose(rest, context);
    return exitCodes.success.code;
  }
  // `heliograph help get` is `heliograph get --help`.
  if (first === "help" && rest.length > 0) {
    const [name] = rest;
    if (isCommand(name!) || name === "client") return await runCli([...rest, "--help"], context);
    const described = printable(`${context.program} describe ${typedWord(name!)}`);
    stderr.write(`${noSubcommand(name!, context.program)}; "${described}" tells of an instrument\n`);
    return exitCodes.usage.code;
  }
  if (first === undefined || ["help", "--help", "-h"].includes(first)) {
    stdout.write(overview(context.program, await load()));
    return exitCodes.success.code;
  }
  if (first === "client") return await runClient(rest, context);
  if (first !== "--version" && first !== "-v" && !isCommand(first)) {
    stderr.write(`${noSubcommand(first, context.program)}\n`);
    return exitCodes.usage.code;
  }
  const loaded = await load([isCommand(first) ? first : "version"]);
  await run(application(loaded, context, words.includes("--json")), words, { ...context, subcommand: first });
  const code = Number(context.process.exitCode ?? 0);
  if (code === ExitCode.InvalidArgument) stderr.write(usageLine(first, loaded[first], context));
  return code === ExitCode.InvalidArgument || code === ExitCode.UnknownCommand ? exitCodes.usage.code : code;
}

/** The client subcommands as a group, of which the word alone is the shell. */
async function runClient(words: readonly string[], context: CliContext): Promise<number> {
  const [name = "shell", ...rest] = words;
  if (name === "--help" || name === "-h") return await runCli(["--help"], context);
  if (name.startsWith("-")) return await runCli(["shell", ...words], context);
  if (Object.hasOwn(clientRoutes, name)) return await runCli([name, ...rest], context);
  context.process.stderr.write(`${noSubcommand(name, context.program, Object.keys(clientRoutes))}\n`);
  return exitCodes.usage.code;
}

/** Whether a word is a subcommand. */
function isCommand(word: string): boolean {
  return Object.hasOwn(commands, word);
}

/** The error for a first word that is no subcommand. */
function noSubcommand(word: string, program: string, known: readonly string[] = Object.keys(commands)): string {
  if (word.startsWith("-")) return `Flags come after a subcommand, as in "${program} list --port 12345"`;
  const subject = printable(`There is no subcommand ${word}${didYouMean(word, known)}`);
  return `${subject}; "${program} --help" lists them`;
}

/** How a subcommand is used, as two lines for an error about its arguments. */
function usageLine(name: string, command: Command<CliContext> | undefined, { program }: CliContext): string {
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
  const command = words.length > 0 && isCommand(words[0]!) ? (await load([words[0]!]))[words[0]!] : undefined;
  const { parameters } = command as unknown as { readonly parameters: UsedParameters } ?? { parameters: {} };
  const about = typedCommand(words, parameters);
  const proposals = words.length === 0
    ? (before[0] === "client" ? Object.keys(clientRoutes) : [...Object.keys(commands), "client"]).map((completion) => ({
      completion,
    }))
    : command === undefined
    ? []
    : await proposeCompletions(application({ [words[0]!]: command }, context), [...words, typed.text], {
      ...context,
      typed: about,
    });
  // Flags are for whoever begins one, and where there is nothing else: a shell completes files by itself.
  const begun = typed.text !== "" || !proposals.every(({ completion }) => completion.startsWith("-"));
  for (const { completion } of takesFile(parameters, about) && typed.text === "" ? [] : proposals) {
    if (typed.text === "" && (completion === "--" || (begun && completion.startsWith("-")))) continue;
    // What could steer the terminal is not proposed: the user's shell types it as it is.
    if (!completion.startsWith(typed.text) || printable(completion) !== completion) continue;
    const text = completion.slice(typed.text.length - piece.length);
    const line = known === undefined ? text : written(known, text, typed.quote);
    if (line !== undefined) context.process.stdout.write(`${line}\n`);
  }
}

/** Whether the next word of a line is a file. */
function takesFile({ positional }: UsedParameters, { words }: TypedCommand): boolean {
  return positional?.kind === "tuple" && positional.parameters[words.length]?.placeholder === "FILE";
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
function typedCommand([, ...rest]: readonly string[], parameters: UsedParameters): TypedCommand {
  const flags = (parameters.flags ?? {}) as Readonly<Record<string, { readonly kind: string } | undefined>>;
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
