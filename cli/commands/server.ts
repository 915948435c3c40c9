/**
 * `heliograph server`: serves the bench until it is stopped.
 *
 * @module
 */

import {
  configure,
  getLogger,
  getTextFormatter,
  jsonLinesFormatter,
  type LogLevel,
  type LogRecord,
} from "npm:@logtape/logtape@2.4.2";
import { buildCommand } from "npm:@stricli/core@1.3.0";
import { HeliographError } from "../../protocol/errors.ts";
import { version } from "../../protocol/version.ts";
import { demoInstruments } from "../../server/demo_bench.ts";
import { isLoopback } from "../../server/roles.ts";
import { defaultSandboxOptions, type Language, languages, type SandboxOptions } from "../../server/sandbox/options.ts";
import { HeliographServer } from "../../server/server.ts";
import { parsePort, parseSeconds } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodes, UsageError } from "../exit_codes.ts";
import { painter, printable } from "../output.ts";

interface ServerFlags {
  readonly host: string;
  readonly commandPort: number;
  readonly dashboardPort: number;
  readonly logLevel: LogLevel;
  readonly jsonLogs: boolean;
  readonly insecureOpen: boolean;
  readonly eval: readonly Language[];
  readonly evalRead?: readonly string[];
  readonly evalWrite?: readonly string[];
  readonly evalNet?: readonly string[];
  readonly evalDeadline: number;
  readonly evalMemory: number;
  readonly evalOutput: number;
  readonly evalResult: number;
  readonly evalAtOnce: number;
}

/** The hidden subcommand that runs a sandbox's process. */
export const sandboxHostWord = "sandbox-host";

/** Languages from the command line: `none`, or one or both of them. */
function parseLanguages(text: string): readonly Language[] {
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const found = languages.find((language) => language === word);
    if (found !== undefined) return found;
    throw new Error(`${word} is not a language: give none, javascript, python or javascript,python`);
  });
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${text} is not a whole number`);
}

/** A flag for one of the sandbox's numbers. */
function limitFlag(name: "memory" | "outputBytes" | "resultBytes" | "atOnce", brief: string) {
  return { kind: "parsed", parse: parseCount, default: String(defaultSandboxOptions[name]), brief } as const;
}

/** A flag for what code may touch. */
function grantFlag(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, variadic: ",", optional: true, brief, placeholder } as const;
}

/** `heliograph server` */
export const serverCommand = buildCommand({
  docs: { brief: "Serve the demo bench to azcam's and PyOpticon's clients, until Ctrl-C" },
  parameters: {
    flags: {
      host: { kind: "parsed", parse: String, default: "127.0.0.1", brief: "The address to listen on" },
      commandPort: { kind: "parsed", parse: parsePort, default: "2402", brief: "azcam's port; 0 takes any free one" },
      dashboardPort: {
        kind: "parsed",
        parse: parsePort,
        default: "12345",
        brief: "PyOpticon's port; 0 takes any free one",
      },
      logLevel: {
        kind: "enum",
        values: ["debug", "info", "warning", "error"],
        default: "info",
        brief: "What the log tells",
      },
      jsonLogs: { kind: "boolean", default: false, brief: "Log one JSON object a line, also that the server is ready" },
      insecureOpen: {
        kind: "boolean",
        default: false,
        brief: "Listen beyond this PC although nothing controls who connects",
      },
      eval: {
        kind: "parsed",
        parse: parseLanguages,
        default: languages.join(","),
        brief: "What code clients may send: none, javascript, python",
      },
      evalRead: grantFlag("Files and folders that JavaScript code may read", "PATH"),
      evalWrite: grantFlag("Files and folders that JavaScript code may write", "PATH"),
      evalNet: grantFlag("What JavaScript code may connect to", "HOST:PORT"),
      evalDeadline: {
        kind: "parsed",
        parse: parseSeconds,
        default: String(defaultSandboxOptions.deadline),
        brief: "Within how many seconds the sender of code has the answer",
      },
      evalMemory: limitFlag("memory", "Memory of a sandbox in MiB"),
      evalOutput: limitFlag("outputBytes", "How many bytes an evaluation may print"),
      evalResult: limitFlag("resultBytes", "The longest result in bytes"),
      evalAtOnce: limitFlag("atOnce", "How many evaluations run at once"),
    },
  },
  async func(this: CliContext, flags: ServerFlags): Promise<void> {
    await startLog(this, flags);
    const log = getLogger(["heliograph", "server"]);
    const server = makeServer(flags);
    try {
      server.start();
    } catch (error) {
      const { cause } = error as Error;
      throw cause instanceof Deno.errors.NotCapable ? notPermitted(flags.host, cause) : error;
    }
    await dropPermissions(flags);
    announce(this, flags, server);
    if (!isLoopback(flags.host)) {
      log.warning("Insecure: everybody who reaches {host} may drive the instruments (--insecure-open)", {
        host: flags.host,
      });
    }
    // A fault in one instrument's code does not end a server that others observe with.
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      log.error("Unexpected failure: {error}", { error: event.reason });
    });
    const stop = stopOnSignals(() => log.info("Stopping: finishing what runs, then closing every connection"), server);
    await server.finished;
    stop();
    log.info("Stopped");
  },
});

function makeServer(flags: ServerFlags): HeliographServer {
  const { host, commandPort, dashboardPort, insecureOpen } = flags;
  const options = { host, commandPort, dashboardPort, insecureOpen, name: "demo bench", sandbox: sandboxOf(flags) };
  try {
    return new HeliographServer({ instruments: demoInstruments(), ...options });
  } catch (error) {
    throw error instanceof HeliographError && error.code === "bad_argument" ? new UsageError(error.message) : error;
  }
}

function sandboxOf(flags: ServerFlags): Partial<SandboxOptions> {
  const { evalRead: read = [], evalWrite: write = [], evalNet: net = [] } = flags;
  return {
    languages: flags.eval,
    permissions: { read, write, net },
    deadline: flags.evalDeadline,
    memory: flags.evalMemory,
    outputBytes: flags.evalOutput,
    resultBytes: flags.evalResult,
    atOnce: flags.evalAtOnce,
    ...(Deno.build.standalone ? { hostCommand: [Deno.execPath(), sandboxHostWord] } : {}),
  };
}

function notPermitted(host: string, cause: Error): HeliographError {
  return new HeliographError(
    "cannot_listen",
    `Cannot listen on ${host}: this task may only listen on 127.0.0.1. Use the executable, or "deno task heliograph server"`,
    { cause },
  );
}

/** The log goes to standard error, so that standard output holds only the ready lines. */
async function startLog({ process, colour }: CliContext, { logLevel, jsonLogs }: ServerFlags): Promise<void> {
  const plain = getTextFormatter({
    timestamp: "rfc3339",
    value: (value) => typeof value === "string" ? value : Deno.inspect(value),
  });
  const format = jsonLogs ? jsonLinesFormatter : (record: LogRecord) => {
    const line = oneLine(plain(record));
    const paint = painter(colour);
    return record.level === "error" ? paint.red(line) : record.level === "warning" ? paint.yellow(line) : line;
  };
  await configure({
    reset: true,
    sinks: { stderr: (record: LogRecord) => process.stderr.write(format(record)) },
    loggers: [
      { category: "heliograph", lowestLevel: logLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** What a client sent stays on the line that tells of it: nobody forges a log line. */
function oneLine(text: string): string {
  return `${printable(text.trimEnd())}\n`;
}

/** From here on the server needs the network, and its sandboxes' processes, and nothing else of this PC. */
async function dropPermissions(flags: ServerFlags): Promise<void> {
  for (const name of ["read", "write", "env", "ffi", "sys"] as const) await Deno.permissions.revoke({ name });
  if (flags.eval.length === 0) await Deno.permissions.revoke({ name: "run" });
}

function announce(context: CliContext, flags: ServerFlags, server: HeliographServer): void {
  const { commandServer, dashboardServer, bench } = server;
  const command = `${commandServer.host}:${commandServer.port}`;
  const dashboard = `${dashboardServer.host}:${dashboardServer.port}`;
  if (flags.jsonLogs) {
    const ready = { version, command, dashboard };
    getLogger(["heliograph", "server"]).info(
      "heliograph {version} is ready: azcam on {command}, PyOpticon on {dashboard}",
      ready,
    );
    return;
  }
  const paint = painter(context.colour);
  const titles = bench.instruments.map(({ title }) => title).filter((title) => title !== "api");
  const at = dashboardServer.port === 12345 ? "" : ` --port ${dashboardServer.port}`;
  const { write } = context.process.stdout;
  write(`${paint.bold(`heliograph ${version}`)} serves the demo bench: ${titles.length} simulated instruments\n`);
  write(`  azcam clients, nc and telnet   ${paint.green(command)}\n`);
  write(`  PyOpticon clients              ${paint.green(dashboard)}\n`);
  const code = flags.eval.length === 0 ? "is not run (--eval none)" : `${flags.eval.join(" and ")}, in a sandbox`;
  write(`  code that clients send         ${code}\n`);
  write(`On the bench: ${titles.join(", ")}\n`);
  write("Try in another terminal:\n");
  write(`  ${context.program} list${at}\n`);
  write(`  ${context.program} watch tempcon${at}\n`);
  write(`  nc ${commandServer.host} ${commandServer.port}      then type: tempcon.get_temperatures, or help\n`);
  write("Stop with Ctrl-C.\n");
}

/** Ctrl-C and SIGTERM stop the server; a second one ends the program at once. Windows has no SIGTERM. */
function stopOnSignals(tell: () => void, server: HeliographServer): () => void {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  let stopping = false;
  const stop = () => {
    if (stopping) Deno.exit(exitCodes.refused.code);
    stopping = true;
    tell();
    void server.stop();
  };
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return () => signals.forEach((signal) => Deno.removeSignalListener(signal, stop));
}
