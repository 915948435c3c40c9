/**
 * The launcher: a small process that keeps the right to start programs, so that the server can give it up.
 *
 * It starts what the server has named before it sealed itself, and nothing else. It ends when the server does, however
 * that happened, and takes with it whatever it has started. It runs no code of anybody's, so that its standard input
 * and output belong to it alone.
 *
 * @module
 */

import { getTextFormatter, jsonLinesFormatter, type LogRecord } from "npm:@logtape/logtape@2.4.2";
import type { FromLauncher, ToLauncher } from "./launcher_messages.ts";
import { lines } from "./lines.ts";
import { endWithServer } from "./own_process.ts";
import {
  type Command,
  type CommandValues,
  DirectStarter,
  type ProcessStarter,
  type StartedProcess,
} from "./starter.ts";

/** The interval at which it is checked that the server's main thread has turned, in milliseconds. */
const lookInterval = 1000;
/** For how many seconds a server's main thread may hang where nothing else is said. */
const mostSeconds = 30;
/** The flag that sets another number of seconds. */
const secondsFlag = "--hang-seconds=";

/** Starts what it may, and tells what became of it. */
export class LauncherTasks {
  readonly #starter: ProcessStarter;
  readonly #tell: (message: FromLauncher) => void;
  readonly #allowed = new Set<string>();
  /** What was asked for and has not ended; `"killed"` where that was wanted before it had started. */
  readonly #running = new Map<number, StartedProcess | "starting" | "killed">();
  /** What is removed at the end. */
  readonly folders: string[] = [];
  /** Whether only what was allowed is started. */
  sealed = false;
  /** Whether the server's main thread has turned since this was last set to `false`. */
  turned = true;

  /** @param starter What starts processes. @param tell Takes what the server is told. */
  constructor(starter: ProcessStarter, tell: (message: FromLauncher) => void) {
    this.#starter = starter;
    this.#tell = tell;
  }

  /** Does what the server says. */
  take(message: ToLauncher): void {
    this.turned = true;
    if ("start" in message) void this.#start(message.start, message.command, message.input, message.values);
    else if ("kill" in message) this.#kill(message.kill);
    else if ("seal" in message) this.sealed = true;
    // What a server that has sealed itself says is no longer its operator's word.
    else if (this.sealed) return;
    else if ("allow" in message) this.#allowed.add(JSON.stringify(message.allow));
    else if ("remove" in message) this.folders.push(message.remove);
  }

  /** Kills whatever it has started. */
  killAll(): void {
    for (const id of this.#running.keys()) this.#kill(id);
  }

  async #start(id: number, command: Command, input: string, values: CommandValues = {}): Promise<void> {
    this.#running.set(id, "starting");
    try {
      if (this.sealed && !this.#allowed.has(JSON.stringify(command))) {
        throw new Error(`${command[0]} is not one of the programs that this server said it would start`);
      }
      const started = await this.#starter.start(command, input, values);
      if (this.#running.get(id) === "killed") started.kill();
      this.#running.set(id, started);
      this.#tell({ started: id, pid: started.pid });
      this.#tell({ ended: id, ...await started.ended });
    } catch (error) {
      this.#tell({ failed: id, reason: (error as Error).message });
    } finally {
      this.#running.delete(id);
    }
  }

  #kill(id: number): void {
    const started = this.#running.get(id);
    if (started === "starting") this.#running.set(id, "killed");
    else if (typeof started === "object") started.kill();
  }
}

/** Ends a server whose main thread hangs, so that whatever runs it as a service starts it again. */
function watchServer(tasks: LauncherTasks, seconds: number, json: boolean): void {
  const server = Deno.ppid;
  // Looks are counted, rather than time: on a PC that slept nobody has turned.
  const mostLooks = seconds * 1000 / lookInterval;
  let looks = 0;
  setInterval(() => {
    looks = tasks.turned || !tasks.sealed ? 0 : looks + 1;
    tasks.turned = false;
    if (looks < mostLooks) return;
    say(
      `The server's main thread has not turned for ${seconds} s: the server is ended, so that it can be started again`,
      json,
    );
    Deno.kill(server, "SIGKILL");
    looks = 0;
  }, lookInterval);
}

/** Adds a line to the server's log. */
function say(text: string, json: boolean): void {
  const record: LogRecord = {
    category: ["heliograph", "server"],
    level: "error",
    message: [text],
    rawMessage: text,
    timestamp: Date.now(),
    properties: {},
  };
  const format = json ? jsonLinesFormatter : getTextFormatter({ timestamp: "rfc3339" });
  Deno.stderr.writeSync(new TextEncoder().encode(format(record)));
}

/**
 * Runs this process to its end, which is when the server has closed its standard input.
 *
 * @param args `--json-logs` where its words for the log are JSON; `--hang-seconds=30`.
 */
export async function runLauncher(args: readonly string[]): Promise<never> {
  endWithServer();
  const encoder = new TextEncoder();
  const output = Deno.stdout.writable.getWriter();
  const tasks = new LauncherTasks(new DirectStarter(), (message) => {
    output.write(encoder.encode(`${JSON.stringify(message)}\n`)).catch(() => {
      // The server has ended, and so does this.
    });
  });
  const seconds = args.find((arg) => arg.startsWith(secondsFlag))?.slice(secondsFlag.length);
  watchServer(tasks, Number(seconds ?? mostSeconds), args.includes("--json-logs"));
  for await (const line of lines(Deno.stdin.readable)) tasks.take(JSON.parse(line) as ToLauncher);
  tasks.killAll();
  for (const folder of tasks.folders) await Deno.remove(folder, { recursive: true }).catch(() => {});
  Deno.exit(0);
}

if (import.meta.main) await runLauncher(Deno.args);
