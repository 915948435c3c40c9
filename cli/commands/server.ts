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
import { HeliographServer } from "../../server/server.ts";
import { parsePort } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit_codes.ts";
import { painter, printable } from "../output.ts";

interface ServerFlags {
  readonly host: string;
  readonly commandPort: number;
  readonly dashboardPort: number;
  readonly logLevel: LogLevel;
  readonly jsonLogs: boolean;
  readonly insecureOpen: boolean;
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
    await dropPermissions();
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

function makeServer({ host, commandPort, dashboardPort, insecureOpen }: ServerFlags): HeliographServer {
  return new HeliographServer({ instruments: demoInstruments(), host, commandPort, dashboardPort, insecureOpen });
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

/** From here on the server needs the network and nothing else of this PC. */
async function dropPermissions(): Promise<void> {
  for (const name of ["read", "write", "env", "run", "ffi", "sys"] as const) await Deno.permissions.revoke({ name });
}

function announce(context: CliContext, { jsonLogs }: ServerFlags, server: HeliographServer): void {
  const { commandServer, dashboardServer, bench } = server;
  const command = `${commandServer.host}:${commandServer.port}`;
  const dashboard = `${dashboardServer.host}:${dashboardServer.port}`;
  if (jsonLogs) {
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
