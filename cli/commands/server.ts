/**
 * `heliograph server`: serves the bench until it is stopped.
 *
 * @module
 */

import { getLogger, type LogLevel } from "npm:@logtape/logtape@2.4.2";
import { buildCommand } from "npm:@stricli/core@1.3.0";
import { resolve } from "node:path";
import { HeliographError } from "../../protocol/errors.ts";
import { printable } from "../../protocol/printable.ts";
import { version } from "../../protocol/version.ts";
import { arrangementFile } from "../../server/records/arrangement.ts";
import { loadBench, type LoadedBench } from "../../server/config/bench_file.ts";
import { Simulators } from "../../server/config/simulators.ts";
import { hostName } from "../../server/config/host_name.ts";
import { Journal } from "../../server/records/journal.ts";
import { demoInstruments } from "../../server/config/demo_bench.ts";
import type { Instrument } from "../../server/bench/instrument.ts";
import { outliveFaults } from "../../server/processes/process_faults.ts";
import { loadSerialLibrary } from "../../server/devices/transports/serial.ts";
import { giveUpPermissions } from "../../server/processes/permissions.ts";
import { ignoreInspectorSignal } from "../../server/processes/inspector_signal.ts";
import { Processes } from "../../server/processes/processes.ts";
import { isLoopback } from "../../server/network/loopback.ts";
import { defaultSandboxOptions, type Language, languages, type SandboxOptions } from "../../server/code/options.ts";
import { HeliographServer, usualWebPort } from "../../server/server.ts";
import { urlOf } from "../../server/faces/web/request_guard.ts";
import { noWebName, webName } from "../../server/config/web_name.ts";
import { parsePort, parseSeconds } from "../connection.ts";
import type { CliContext } from "../context.ts";
import { driverProcesses } from "../driver_processes.ts";
import { exitCodes, UsageError } from "../exit_codes.ts";
import { painter } from "../output.ts";
import { startServerLog } from "../server_log.ts";
import { stopSignals } from "../signals.ts";

interface ServerFlags {
  readonly bench?: string;
  readonly simulate: boolean;
  readonly host?: string;
  readonly commandPort?: number;
  readonly dashboardPort?: number;
  readonly webPort?: number;
  readonly webName?: readonly string[];
  readonly imageFolder?: readonly string[];
  readonly imagePort?: number;
  readonly logLevel: LogLevel;
  readonly jsonLogs: boolean;
  readonly insecureOpen: boolean;
  readonly eval?: readonly Language[];
  readonly evalRead?: readonly string[];
  readonly evalWrite?: readonly string[];
  readonly evalNet?: readonly string[];
  readonly evalDeadline?: number;
  readonly evalMemory?: number;
  readonly evalOutput?: number;
  readonly evalResult?: number;
  readonly evalAtOnce?: number;
}

/** The hidden subcommand that runs the launcher. */
export const launcherWord = "launcher";

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

function parseWebName(text: string): string {
  if (webName.test(text)) return text;
  throw new Error(`${JSON.stringify(text)} ${noWebName}`);
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${text} is not a whole number`);
}

/** A flag that goes before what the bench file says. */
function overFlag<T>(parse: (text: string) => T, brief: string, fallback: number | string, placeholder: string) {
  return { kind: "parsed", parse, optional: true, brief: `${brief} [default: ${fallback}]`, placeholder } as const;
}

/** A flag for one of the sandbox's numbers. */
function limitFlag(name: "memory" | "outputBytes" | "resultBytes" | "atOnce", brief: string) {
  return overFlag(parseCount, brief, defaultSandboxOptions[name], "NUMBER");
}

/** A flag for what code may touch. */
function grantFlag(brief: string, placeholder: string) {
  return { kind: "parsed", parse: String, variadic: ",", optional: true, brief, placeholder } as const;
}

/** `heliograph server` */
export const serverCommand = buildCommand({
  docs: { brief: "Serve a bench to azcam's and PyOpticon's clients, until Ctrl-C" },
  parameters: {
    flags: {
      bench: {
        kind: "parsed",
        parse: String,
        optional: true,
        brief: "The bench file [default: the built-in demo bench]",
        placeholder: "FILE",
      },
      simulate: {
        kind: "boolean",
        default: false,
        brief: "Put the simulators of the built-in drivers in the place of the bench file's instruments",
      },
      host: overFlag(String, "The address to listen on", "127.0.0.1", "ADDRESS"),
      commandPort: overFlag(parsePort, "azcam's port; 0 takes any free one", 2402, "PORT"),
      dashboardPort: overFlag(parsePort, "PyOpticon's port; 0 takes any free one", 12345, "PORT"),
      webPort: overFlag(
        parsePort,
        "The port of HTTP and WebSockets; 0 takes any free one",
        "the command port + 1",
        "PORT",
      ),
      webName: {
        kind: "parsed",
        parse: parseWebName,
        variadic: ",",
        optional: true,
        brief: "Names by which people reach the page, beside localhost, the address and this PC's name",
        placeholder: "NAME",
      },
      imageFolder: {
        kind: "parsed",
        parse: String,
        variadic: ",",
        optional: true,
        brief: "Folders that images may be written to; they go to the first unless a client says otherwise " +
          "[default: images]",
        placeholder: "FOLDER",
      },
      imagePort: {
        kind: "parsed",
        parse: parsePort,
        optional: true,
        brief: "Receive images in azcam's format into the first image folder (azcam: 6543) [default: not]",
        placeholder: "PORT",
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
      eval: overFlag(
        parseLanguages,
        "What code clients may send: none, javascript, python",
        languages.join(","),
        "LANGUAGES",
      ),
      evalRead: grantFlag("Files and folders that JavaScript code may read", "PATH"),
      evalWrite: grantFlag("Files and folders that JavaScript code may write", "PATH"),
      evalNet: grantFlag("What JavaScript code may connect to", "HOST:PORT"),
      evalDeadline: overFlag(
        parseSeconds,
        "Within how many seconds the sender of code has the answer",
        defaultSandboxOptions.deadline,
        "SECONDS",
      ),
      evalMemory: limitFlag("memory", "Memory of a sandbox in MiB"),
      evalOutput: limitFlag("outputBytes", "How many bytes an evaluation may print"),
      evalResult: limitFlag("resultBytes", "The longest result in bytes"),
      evalAtOnce: limitFlag("atOnce", "How many evaluations run at once"),
    },
  },
  async func(this: CliContext, flags: ServerFlags): Promise<void> {
    const journal = new Journal();
    await startServerLog(this, flags, journal);
    const log = getLogger(["heliograph", "server"]);
    await using simulators = new Simulators();
    await using processes = await openProcesses(flags);
    const setup = await setUp(flags, simulators, processes);
    if (simulators.missing.length > 0) {
      log.warning("Without a simulator, and so without contact: {titles}", { titles: simulators.missing.join(", ") });
    }
    const server = makeServer(setup, journal, processes);
    // A fault in one instrument's code does not end a server that others observe with.
    using _faults = outliveFaults();
    try {
      server.bind();
    } catch (error) {
      const { cause } = error as Error;
      throw cause instanceof Deno.errors.NotCapable ? notPermitted(setup.host, cause) : error;
    }
    // Nobody is served before that is given up which is needed no more.
    await server.prepare();
    await ignoreInspectorSignal();
    processes.seal();
    await giveUpPermissions();
    server.start();
    announce(this, setup, server);
    if (!isLoopback(setup.host)) {
      log.warning("Insecure: everybody who reaches {host} may drive the instruments (--insecure-open)", {
        host: setup.host,
      });
    }
    const stop = stopOnSignals(() => log.info("Stopping: finishing what runs, then closing every connection"), server);
    await server.finished;
    stop();
    log.info("Stopped");
  },
});

/** What the flags and the bench file say together. */
interface Setup {
  readonly flags: ServerFlags;
  /** Where received images go. */
  readonly receivedFolder: string | undefined;
  readonly host: string;
  readonly commandPort: number;
  readonly dashboardPort: number;
  readonly webPort: number;
  readonly webNames: readonly string[];
  readonly name: string;
  readonly instruments: Instrument[];
  readonly sandbox: Partial<SandboxOptions> & Pick<SandboxOptions, "languages">;
}

async function setUp(flags: ServerFlags, simulators: Simulators, processes: Processes): Promise<Setup> {
  if (flags.bench === undefined && flags.simulate) {
    throw new UsageError("--simulate needs --bench FILE: the demo bench is simulated as it is");
  }
  const imageFolders = flags.imageFolder?.map((folder) => resolve(folder));
  const demoFolders = imageFolders ?? [resolve("images")];
  const bench: Omit<LoadedBench, "close"> = flags.bench === undefined
    ? {
      name: "demo bench",
      instruments: demoBench(demoFolders),
      server: {},
      code: {},
      serialPorts: [],
      imageFolders: demoFolders,
    }
    : await loadBench(
      flags.bench,
      flags.simulate ? simulators.redirect : undefined,
      imageFolders,
      driverProcesses(processes),
    );
  // From here on the ports that the bench names can be opened although the permission for it is given up.
  if (bench.serialPorts.length > 0) loadSerialLibrary();
  const commandPort = flags.commandPort ?? bench.server.commandPort ?? 2402;
  const host = flags.host ?? bench.server.host ?? "127.0.0.1";
  return {
    flags,
    receivedFolder: bench.imageFolders[0],
    host,
    commandPort,
    dashboardPort: flags.dashboardPort ?? bench.server.dashboardPort ?? 12345,
    webPort: flags.webPort ?? bench.server.webPort ?? usualWebPort(commandPort),
    webNames: [...flags.webName ?? bench.server.webNames ?? [], ...isLoopback(host) ? [] : ownNames()],
    name: bench.name ?? "heliograph",
    instruments: bench.instruments,
    sandbox: sandboxOf(flags, bench.code),
  };
}

/** What this PC calls itself, as far as it is known: nobody else's DNS can make that another name. */
function ownNames(): string[] {
  const name = hostName();
  return name === undefined ? [] : [name, `${name}.local`];
}

/** The demo bench, whose camera writes where images may be written. */
function demoBench(imageFolders: readonly string[]): Instrument[] {
  return demoInstruments({ camera: { imageFolders }, hostName: hostName() });
}

/** What starts the processes beside the server. */
async function openProcesses({ jsonLogs }: ServerFlags): Promise<Processes> {
  return await Processes.launched(jsonLogs, Deno.build.standalone ? [Deno.execPath(), launcherWord] : undefined);
}

function makeServer(setup: Setup, journal: Journal, processes: Processes): HeliographServer {
  const {
    flags: { bench, insecureOpen, imagePort },
    receivedFolder,
    host,
    commandPort,
    dashboardPort,
    webPort,
    webNames,
  } = setup;
  const { name, instruments, sandbox } = setup;
  if (imagePort !== undefined && receivedFolder === undefined) {
    throw new UsageError("--image-port needs a folder for the images: give --image-folder FOLDER");
  }
  const images = imagePort === undefined || receivedFolder === undefined
    ? {}
    : { images: { port: imagePort, folder: receivedFolder } };
  try {
    return new HeliographServer({
      instruments,
      host,
      commandPort,
      dashboardPort,
      webPort,
      webNames,
      insecureOpen,
      name,
      sandbox,
      journal,
      processes,
      ...images,
      ...(bench === undefined ? {} : { arrangementFile: arrangementFile(resolve(bench)) }),
    });
  } catch (error) {
    throw error instanceof HeliographError && error.code === "bad_argument" ? new UsageError(error.message) : error;
  }
}

function sandboxOf(flags: ServerFlags, code: LoadedBench["code"]): Setup["sandbox"] {
  const numbers = {
    deadline: flags.evalDeadline ?? code.deadline,
    memory: flags.evalMemory ?? code.memory,
    outputBytes: flags.evalOutput ?? code.outputBytes,
    resultBytes: flags.evalResult ?? code.resultBytes,
    atOnce: flags.evalAtOnce ?? code.atOnce,
  };
  return {
    languages: flags.eval ?? code.languages ?? languages,
    permissions: {
      read: flags.evalRead ?? code.read ?? [],
      write: flags.evalWrite ?? code.write ?? [],
      net: flags.evalNet ?? code.net ?? [],
    },
    ...Object.fromEntries(Object.entries(numbers).filter(([, number]) => number !== undefined)),
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

function announce(context: CliContext, { flags, name, sandbox, webNames }: Setup, server: HeliographServer): void {
  const { commandServer, dashboardServer, webServer, bench } = server;
  const command = `${commandServer.host}:${commandServer.port}`;
  const dashboard = `${dashboardServer.host}:${dashboardServer.port}`;
  // Nobody's browser can go to 0.0.0.0.
  const anywhere = webServer.host === "0.0.0.0" || webServer.host === "::";
  const web = urlOf(anywhere ? webNames[0] ?? "127.0.0.1" : webServer.host, webServer.port);
  if (flags.jsonLogs) {
    const ready = { version, command, dashboard, web };
    getLogger(["heliograph", "server"]).info(
      "heliograph {version} is ready: azcam on {command}, PyOpticon on {dashboard}, HTTP on {web}",
      ready,
    );
    return;
  }
  const paint = painter(context.colour);
  const titles = bench.instruments.map(({ title }) => title).filter((title) => title !== "api");
  const at = dashboardServer.port === 12345 ? "" : ` --port ${dashboardServer.port}`;
  const { write } = context.process.stdout;
  const what = flags.bench === undefined
    ? `the demo bench: ${titles.length} simulated instruments`
    : `${printable(`${name} (${flags.bench})`)}: ${titles.length} instrument${titles.length === 1 ? "" : "s"}`;
  write(`${paint.bold(`heliograph ${version}`)} serves ${what}${flags.simulate ? ", simulated" : ""}\n`);
  write(`  azcam clients, nc and telnet   ${paint.green(command)}\n`);
  write(`  PyOpticon clients              ${paint.green(dashboard)}\n`);
  write(`  the page, in a browser         ${paint.green(web)}\n`);
  const code = sandbox.languages.length === 0
    ? `is not run (${flags.eval === undefined ? "the bench file says so" : "--eval none"})`
    : `${sandbox.languages.join(" and ")}, in a sandbox`;
  if (server.imageServer !== undefined) {
    const { host, port } = server.imageServer;
    write(`  images in azcam's format       ${paint.green(`${host}:${port}`)}\n`);
  }
  write(`  code that clients send         ${code}\n`);
  write(`On the bench: ${printable(titles.join(", "))}\n`);
  write("Try in another terminal:\n");
  write(`  ${context.program} list${at}\n`);
  const example = flags.bench === undefined ? "tempcon" : bench.instruments[0]!.name;
  write(`  ${context.program} watch ${example}${at}\n`);
  const line = flags.bench === undefined ? "tempcon.get_temperatures" : `${example}.help`;
  write(`  nc ${commandServer.host} ${commandServer.port}      then type: ${line}, or help\n`);
  write("Stop with Ctrl-C.\n");
}

/** A signal stops the server; a second one ends the program at once. */
function stopOnSignals(tell: () => void, server: HeliographServer): () => void {
  let stopping = false;
  const stop = () => {
    if (stopping) Deno.exit(exitCodes.refused.code);
    stopping = true;
    tell();
    void server.stop();
  };
  for (const signal of stopSignals) Deno.addSignalListener(signal, stop);
  return () => stopSignals.forEach((signal) => Deno.removeSignalListener(signal, stop));
}
