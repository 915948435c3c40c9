/**
 * Runs code that clients send, in processes of its own: at most one piece of code at a time in each.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { HostListener } from "./host_listener.ts";
import { type CodeSender, HostProcess } from "./host_process.ts";
import type { Code, Evaluated } from "./messages.ts";
// What a sandbox's process needs is fetched with the rest.
import "./javascript_module.ts";
import { answerMargin, type CodePermissions, type SandboxOptions, sandboxOptions } from "./options.ts";

/** How many evaluations may wait. */
const longestQueue = 1000;
/** For how many seconds a process that the last minute did not need is kept. */
const keptSeconds = 60;
/** For how many seconds no process is started after one could not be. */
const retrySeconds = 5;

interface Waiting {
  readonly code: Code;
  readonly sender: CodeSender;
  /** Whose it is: nobody takes every process from the others. */
  readonly client: object;
  /** When it must be done, by `performance.now()`. */
  readonly until: number;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (done: Evaluated) => void;
  readonly reject: (reason: unknown) => void;
}

/** How long an evaluation may take. */
export interface EvaluationOptions {
  /** Within how many seconds its sender must have the answer. @default the sandbox's deadline */
  readonly patience?: number;
}

/** The sandbox of one server. */
export class Sandbox {
  /** What code may use. */
  readonly options: SandboxOptions;
  readonly #command: readonly [string, ...string[]] | undefined;
  readonly #log = getLogger(["heliograph", "sandbox"]);
  readonly #hosts = new Set<HostProcess>();
  readonly #running = new Map<object, number>();
  readonly #lastUsed = new Map<HostProcess, number>();
  #waiting: Waiting[] = [];
  #starting = 0;
  #listener: HostListener | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  #failure: { readonly error: HeliographError; readonly until: number } | undefined;

  /**
   * Makes a sandbox; `start` makes it ready.
   *
   * @param options What code may use; the defaults for what is left out.
   * @throws {HeliographError} `bad_argument` for a number out of its range.
   */
  constructor(options: Partial<SandboxOptions> = {}) {
    this.options = sandboxOptions(options);
    this.#command = this.options.hostCommand ?? sourceCommand(this.options.permissions);
  }

  /** Starts the first process, so that the first evaluation is as fast as the others. */
  start(): void {
    if (this.#listener !== undefined || this.options.languages.length === 0) return;
    this.#listener = new HostListener();
    this.#sweep = setInterval(() => this.#endUnneeded(), keptSeconds * 1000 / 4);
    void this.#startHost();
  }

  /** Ends every process; evaluations that run or wait fail. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    this.#listener?.close();
    this.#listener = undefined;
    const stopping = new HeliographError("stopping", "The server is stopping and evaluates no more code");
    for (const waiting of this.#waiting.splice(0)) this.#refuse(waiting, stopping);
    const hosts = [...this.#hosts];
    for (const host of hosts) host.kill(stopping);
    await Promise.all(hosts.map((host) => host.ended));
  }

  /**
   * Runs code when its turn comes.
   *
   * @param code It.
   * @param sender What does what it asks for.
   * @param client Whose it is; one client's evaluations never take all processes while others wait.
   * @param options How long it may take, its waiting included.
   * @throws {HeliographError} What went wrong with the code, or why it was not run.
   */
  evaluate(code: Code, sender: CodeSender, client: object, options: EvaluationOptions = {}): Promise<Evaluated> {
    this.#check(code);
    if (this.#hosts.size === 0 && this.#failure !== undefined && performance.now() < this.#failure.until) {
      throw this.#failure.error;
    }
    const seconds = Math.min(options.patience ?? Infinity, this.options.deadline) - answerMargin;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        code,
        sender,
        client,
        resolve,
        reject,
        until: performance.now() + seconds * 1000,
        timer: setTimeout(() => {
          const busy = `Cannot run the code: all ${this.options.atOnce} sandboxes were busy for ${seconds} s`;
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(this.#failure?.error ?? new HeliographError("deadline_exceeded", busy));
        }, seconds * 1000),
      };
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #check({ language }: Code): void {
    const { languages } = this.options;
    if (languages.length === 0) {
      throw new HeliographError("unavailable", "Cannot run code: this server evaluates none (--eval none)");
    }
    if (!languages.includes(language)) {
      const offered = languages.join(" and ");
      throw new HeliographError(
        "unavailable",
        `Cannot run ${language}: this server evaluates ${offered} only (--eval ${languages})`,
      );
    }
    if (this.#listener === undefined) {
      throw new HeliographError("stopping", "Cannot run code: the sandbox has not been started, or was stopped");
    }
    if (this.#waiting.length >= longestQueue) {
      throw new HeliographError("too_many_requests", `Cannot run the code: ${longestQueue} evaluations wait already`);
    }
  }

  /** Hands what waits to processes that are idle, and starts further processes where that is allowed. */
  #next(): void {
    while (this.#waiting.length > 0) {
      const host = [...this.#hosts].find(({ idle }) => idle);
      if (host === undefined) break;
      const index = this.#fairest();
      if (index < 0) break;
      const [waiting] = this.#waiting.splice(index, 1);
      void this.#run(host, waiting!);
    }
    const wanted = Math.min(this.#waiting.length, this.options.atOnce - this.#hosts.size) - this.#starting;
    for (let count = 0; count < wanted; count++) void this.#startHost();
  }

  /** The first evaluation of a client with the fewest running; none where one client would have every process. */
  #fairest(): number {
    const share = Math.max(1, this.options.atOnce - 1);
    let fairest = -1;
    let fewest = share;
    for (const [index, { client }] of this.#waiting.entries()) {
      const running = this.#running.get(client) ?? 0;
      if (running >= fewest) continue;
      fewest = running;
      fairest = index;
      if (running === 0) break;
    }
    return fairest;
  }

  async #run(host: HostProcess, waiting: Waiting): Promise<void> {
    const { code, sender, client, until, timer, resolve, reject } = waiting;
    clearTimeout(timer);
    this.#running.set(client, (this.#running.get(client) ?? 0) + 1);
    this.#lastUsed.set(host, performance.now());
    try {
      resolve(await host.run(code, sender, (until - performance.now()) / 1000));
    } catch (error) {
      reject(error);
    } finally {
      const left = this.#running.get(client)! - 1;
      if (left === 0) this.#running.delete(client);
      else this.#running.set(client, left);
    }
  }

  #refuse({ timer, reject }: Waiting, reason: HeliographError): void {
    clearTimeout(timer);
    reject(reason);
  }

  async #startHost(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined || this.#failure !== undefined && performance.now() < this.#failure.until) return;
    this.#starting++;
    try {
      if (this.#command === undefined) {
        throw new HeliographError(
          "unavailable",
          "Cannot start a sandbox: a program that was compiled, or loaded from a URL, must say how (hostCommand)",
        );
      }
      const [command] = this.#command;
      // Asked before it is tried: a program that is not run with --no-prompt would ask whoever sits there.
      if ((await Deno.permissions.query({ name: "run", command })).state !== "granted") {
        throw new HeliographError(
          "unavailable",
          "Cannot start a sandbox: this program may not start any (--allow-run)",
        );
      }
      const { languages, permissions, memory, outputBytes, resultBytes } = this.options;
      const settings = { languages, permissions, memory, outputBytes, resultBytes };
      const host = await HostProcess.start(this.#command, listener, settings, () => this.#next());
      this.#failure = undefined;
      if (this.#listener !== listener) return host.kill(new HeliographError("stopping", "The server is stopping"));
      this.#hosts.add(host);
      this.#lastUsed.set(host, performance.now());
      this.#log.debug("Sandbox {pid} started", { pid: host.pid });
      void host.ended.then(() => this.#ended(host));
    } catch (error) {
      if (this.#listener !== listener) return;
      this.#failure = { error: error as HeliographError, until: performance.now() + retrySeconds * 1000 };
      this.#log.error("{error}", { error: (error as Error).message });
      for (const waiting of this.#waiting.splice(0)) this.#refuse(waiting, error as HeliographError);
    } finally {
      this.#starting--;
    }
    this.#next();
  }

  /** One is always kept ready. */
  #ended(host: HostProcess): void {
    this.#hosts.delete(host);
    this.#lastUsed.delete(host);
    this.#log.debug("Sandbox {pid} ended", { pid: host.pid });
    if (this.#hosts.size + this.#starting === 0) void this.#startHost();
    else this.#next();
  }

  #endUnneeded(): void {
    for (const host of this.#hosts) {
      if (this.#hosts.size === 1) return;
      if (!host.idle || performance.now() - this.#lastUsed.get(host)! < keptSeconds * 1000) continue;
      host.kill(new HeliographError("stopping", "The sandbox was not needed"));
    }
  }
}

/** How a sandbox's process is run from source, with no more permissions than it needs. */
function sourceCommand(permissions: CodePermissions): readonly [string, ...string[]] | undefined {
  const own = new URL("host.ts", import.meta.url);
  if (Deno.build.standalone || own.protocol !== "file:") return undefined;
  const { read = [], write = [], net = [] } = permissions;
  // A comma in a path is written twice.
  const allow = (name: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`--allow-${name}=${values.map((value) => value.replaceAll(",", ",,")).join(",")}`];
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--unstable-worker-options",
    "--allow-sys=setPriority",
    ...allow("read", [fileURLToPath(new URL(".", own)), ...read]),
    ...allow("write", write),
    ...allow("net", ["127.0.0.1", ...net]),
    own.href,
  ];
}
