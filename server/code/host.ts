/**
 * A sandbox's process: it keeps Workers ready, runs one piece of code at a time in one of them, and ends itself when
 * code uses too much memory or does not stop.
 *
 * The server starts it, tells it its settings on standard input, and kills it when code passes its deadline.
 *
 * @module
 */

import process from "node:process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Channel } from "../processes/channel.ts";
import { ignoreInspectorSignal } from "../processes/inspector_signal.ts";
import { connectToServer, endWithServer } from "../processes/own_process.ts";
import { describeFailure } from "./failure.ts";
import { sourceFiles } from "./host_command.ts";
import { HostWorker, nothing } from "./host_worker.ts";
import { javascriptModule } from "./javascript_module.ts";
import { LinuxWall } from "./linux_wall.ts";
import { type Code, type Failure, type FromHost, type HostSettings, memoryMessage, type ToHost } from "./messages.ts";
import { loadMicroPython, type PythonSource } from "./micropython.ts";
import type { MemoryWatch } from "./memory_watch.ts";
import { ProcessMemory } from "./process_memory.ts";
// Compiled now, for the Workers: see there.
import "./worker_main.ts";
import type { Language } from "./options.ts";

/** How often memory is looked at while code runs, in milliseconds. */
const watchInterval = 20;
/** The time a Worker has to say that nothing of its code runs any more, in milliseconds. */
const endPatience = 100;
/** For how long a process must be quiet before it takes code again, in milliseconds. */
const quietFor = 4;
/** How often that is tried: what the last code left takes a moment to be cleared away. */
const quietTries = 5;
/** More than this share of a core, with nothing to do, is something that did not stop. */
const quietShare = 0.6;
/** How often an idle process is looked at, in milliseconds. */
const idleInterval = 1000;
/** More than this share of a core then is something that did not stop. */
const idleShare = 0.2;
/** A process that has grown by more than this many MiB is replaced: the next code is to have its memory. */
const mostGrowth = 40;
/** JavaScript Workers that are kept ready: a second evaluation does not wait for a new one to start. */
const readyWorkers: Readonly<Record<Language, number>> = { javascript: 2, python: 1 };
const mebibyte = 1_048_576;

class SandboxHost {
  readonly #settings: HostSettings;
  readonly #channel: Channel;
  readonly #python: PythonSource | undefined;
  readonly #wall: LinuxWall | undefined;
  readonly #ignoreInspector: () => void;
  readonly #memory = new ProcessMemory();
  /** 1 while code runs, for the Worker that watches the memory. */
  readonly #codeRuns = new SharedArrayBuffer(4);
  readonly #ready: Record<Language, HostWorker[]> = { javascript: [], python: [] };
  #running: HostWorker | undefined;
  #exiting = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  #firstMemory = 0;
  #idleSince: [used: NodeJS.CpuUsage, time: number] | undefined;

  constructor(
    settings: HostSettings,
    channel: Channel,
    python: PythonSource | undefined,
    wall: LinuxWall | undefined,
    ignoreInspector: () => void,
  ) {
    this.#wall = wall;
    this.#ignoreInspector = ignoreInspector;
    this.#settings = settings;
    this.#channel = channel;
    this.#python = python;
  }

  async serve(): Promise<void> {
    // The parser is quick once it has been used.
    for (let time = 0; time < 100; time++) javascriptModule({ mode: "eval", source: "[get_dashboard().name, 1]" });
    // The time zone is read from a file once.
    new Date(0).toLocaleString();
    // Before the first Worker is there: this holds for threads that are started later.
    this.#wall?.confineFiles();
    await Promise.all([this.#refill(), this.#startMemoryWatch()]);
    this.#firstMemory = this.#memory.resident;
    const { data } = this.#memory;
    if (data !== undefined) this.#wall?.boundMemory(data, this.#settings.memory);
    this.#ignoreInspector();
    this.#wall?.close();
    await dropPermissions(this.#settings.permissions);
    this.#send({ idle: true });
    for await (const message of this.#channel.messages() as AsyncGenerator<ToHost>) {
      // Code that comes meanwhile has not begun, and is run in another process.
      if (this.#exiting) continue;
      if ("run" in message) this.#run(message.run);
      else this.#running?.answer(message.answer);
    }
  }

  #run(code: Code): void {
    clearInterval(this.#watch);
    this.#idleSince = undefined;
    this.#ignoreInspector();
    this.#send({ began: true });
    let runnable = code;
    try {
      if (code.language === "javascript") runnable = { ...code, source: javascriptModule(code) };
    } catch (error) {
      this.#send({ failed: describeFailure(error, code.source) });
      return this.#send({ idle: true });
    }
    const worker = this.#ready[code.language].shift() ?? this.#worker(code.language);
    this.#running = worker;
    this.#watch = setInterval(() => this.#watchMemory(), watchInterval);
    this.#tellMemoryWatch(1);
    worker.run(runnable, (event) => {
      if (this.#running !== worker) return;
      this.#send(event);
      if ("done" in event || "failed" in event) void this.#end(worker);
    });
  }

  /** Makes sure that nothing of the code is left before the next one is taken. */
  async #end(worker: HostWorker): Promise<void> {
    this.#running = undefined;
    clearInterval(this.#watch);
    if (!await worker.end(endPatience) || !await this.#isQuiet() || this.#hasGrown()) return await this.#exit();
    this.#tellMemoryWatch(0);
    this.#send({ idle: true });
    void this.#refill();
    this.#watch = setInterval(() => this.#watchIdle(), idleInterval);
  }

  /** Threads of the runtime's own, such as those that do cryptography, end with no Worker. */
  async #isQuiet(): Promise<boolean> {
    for (let tries = 0; tries < quietTries; tries++) {
      const [before, start] = [process.cpuUsage(), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, quietFor * (tries + 1)));
      if (shareOfCore(before, start) < quietShare) return true;
    }
    return false;
  }

  #hasGrown(): boolean {
    return this.#memory.resident - this.#firstMemory > mostGrowth * mebibyte;
  }

  /** Code that found a way to leave something behind burns time or keeps memory: then another process takes over. */
  #watchIdle(): void {
    const [before, start] = this.#idleSince ?? [process.cpuUsage(), performance.now()];
    this.#idleSince = [process.cpuUsage(), performance.now()];
    if (shareOfCore(before, start) > idleShare || this.#hasGrown()) void this.#exit();
  }

  #watchMemory(): void {
    const { memory } = this.#settings;
    if (this.#memory.resident <= memory * mebibyte) return;
    this.#running = undefined;
    this.#send({ failed: { code: "limit_exceeded", message: memoryMessage(memory) } });
    void this.#exit();
  }

  /** The thread here may be kept busy: another one looks as well. */
  async #startMemoryWatch(): Promise<void> {
    const watch = new Worker(new URL("./memory_watch.ts", import.meta.url), {
      type: "module",
      name: "memory",
      deno: { permissions: { ...nothing, ffi: true } },
    } as WorkerOptions);
    const { promise, resolve } = Promise.withResolvers<void>();
    watch.onmessage = () => resolve();
    watch.onerror = (event) => {
      // Not allowed to call the system's library, as where somebody else's command started this.
      event.preventDefault();
      resolve();
    };
    const most = this.#settings.memory * mebibyte;
    watch.postMessage({ most, running: this.#codeRuns } satisfies MemoryWatch);
    await promise;
  }

  #tellMemoryWatch(runs: 0 | 1): void {
    const cell = new Int32Array(this.#codeRuns);
    Atomics.store(cell, 0, runs);
    Atomics.notify(cell, 0);
  }

  async #refill(): Promise<void> {
    const starting: Promise<void>[] = [];
    for (const language of this.#settings.languages) {
      const ready = this.#ready[language];
      while (ready.length < readyWorkers[language]) {
        const worker = this.#worker(language);
        ready.push(worker);
        // One is enough to go on with; the others become ready meanwhile.
        if (ready.length === 1) starting.push(worker.ready);
      }
    }
    await Promise.all(starting);
  }

  #worker(language: Language): HostWorker {
    return new HostWorker(this.#settings, language === "python" ? this.#python : undefined);
  }

  #send(message: FromHost): void {
    this.#channel.send("failed" in message ? { failed: shortened(message.failed, this.#settings) } : message);
  }

  /** Ends this process, whatever its Workers do, once what it said has been sent. */
  async #exit(): Promise<never> {
    this.#exiting = true;
    await this.#channel.flush().catch(() => {});
    Deno.exit(0);
  }
}

/** Shortens the message of a failure to the longest result. */
function shortened({ code, message }: Failure, { resultBytes }: HostSettings): Failure {
  return { code, message: message.slice(0, resultBytes) };
}

/** The share of a core that this process has used since a measurement. */
function shareOfCore(before: NodeJS.CpuUsage, start: number): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / Math.max(1, performance.now() - start);
}

/**
 * Gives up what Workers do not need, before any code is taken. From source this process was given little more than that
 * in the first place; an executable has everything that it was compiled with.
 *
 * @param granted What the operator granted.
 */
async function dropPermissions(granted: HostSettings["permissions"]): Promise<void> {
  await Deno.permissions.revoke({ name: "ffi" });
  if (!Deno.build.standalone) return;
  for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const) {
    const needed = (granted[name as keyof HostSettings["permissions"]] ?? []).length > 0;
    if (!needed) await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
  }
}

/** The second wall on Linux, for code that has got past the runtime's permissions. */
function makeWall({ permissions }: HostSettings): LinuxWall | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const sources = Deno.build.standalone ? undefined : sourceFiles().map((file) => fileURLToPath(file));
    return new LinuxWall({ permissions, sources });
  } catch {
    // It was started without the permission to call the system's library.
    return undefined;
  }
}

/** Runs this process to its end, which is when the server closes the connection. */
export async function runSandboxHost(): Promise<never> {
  endWithServer();
  const { settings, channel } = await connectToServer<HostSettings>();
  try {
    // The server's own work goes first. On Windows this is the priority class "below normal".
    setPriority(10);
  } catch {
    // Then evaluations compete with it as equals.
  }
  const python = settings.languages.includes("python") ? await loadMicroPython(settings.memory) : undefined;
  await new SandboxHost(settings, channel, python, makeWall(settings), await ignoreInspectorSignal()).serve();
  Deno.exit(0);
}

if (import.meta.main) await runSandboxHost();
