/**
 * Runs code that clients send, in processes of its own: at most one piece of code at a time in each.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";
import { Processes } from "../processes/processes.ts";
import { grantsFor } from "../processes/rendezvous.ts";
import type { Command } from "../processes/starter.ts";
import { checkGrantedLinks } from "./granted_links.ts";
import { codeSourceCommand } from "./host_command.ts";
import { type CodeSender, HostProcess, NotBegun } from "./host_process.ts";
import type { Code, Evaluated } from "./messages.ts";
import { Script, type ScriptDeadlines, scriptDeadlines, type ScriptOwner } from "./script.ts";
// What a sandbox's process needs is fetched with the rest.
import "./javascript_module.ts";
import { answerMargin, type Language, type SandboxOptions, sandboxOptions } from "./options.ts";

/** The most evaluations that wait, in all and of one asker. */
const longestQueue = 1000;
const mostOfOne = 100;
/** For how many seconds a process that the last minute did not need is kept. */
const keptSeconds = 60;
/** For how many seconds no process is started after one could not be. */
const retrySeconds = 5;
/** The number of failed starts in a row after which those who wait are told. */
const failuresTold = 2;
/** Evaluations that still wait after this many milliseconds are worth another process. */
const growAfter = 25;

interface Waiting {
  readonly code: Code;
  readonly sender: CodeSender;
  /** Whose it is: nobody takes every process from the others. */
  readonly asker: string;
  /** When it came, by `performance.now()`. */
  readonly since: number;
  /** When it must be done, by `performance.now()`. */
  readonly until: number;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (done: Evaluated) => void;
  readonly reject: (reason: unknown) => void;
}

/** The evaluations of one asker, running and waiting. */
interface Share {
  running: number;
  waiting: number;
  /** When it had a process last, as a number that grows. */
  turn: number;
}

/** The options of an evaluation. */
export interface EvaluationOptions {
  /** Within how many seconds its sender must have the answer. @default the sandbox's deadline */
  readonly patience?: number;
}

/** The sandbox of one server. */
export class Sandbox {
  /** What code may use. */
  readonly options: SandboxOptions;
  readonly #processes: Processes;
  #command: Command | undefined;
  readonly #log = getLogger(["heliograph", "sandbox"]);
  readonly #hosts = new Set<HostProcess>();
  /** The processes of scripts. */
  readonly #scripts = new Set<HostProcess>();
  readonly #shares = new Map<string, Share>();
  #turn = 0;
  readonly #lastUsed = new Map<HostProcess, number>();
  readonly #waiting: Waiting[] = [];
  readonly #starting = new Set<Promise<void>>();
  #growing: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Another one after each start; `undefined` where it has not been started, or was stopped. */
  #started: symbol | undefined;
  #ready: Promise<void> = Promise.resolve();
  #unavailable: HeliographError | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  #failure: { readonly error: HeliographError; readonly until: number } | undefined;

  /**
   * Makes a sandbox; `start` makes it ready.
   *
   * @param options What code may use; the defaults for what is left out.
   * @param processes What starts its processes.
   * @throws {HeliographError} `bad_argument` for a number out of its range, or a granted folder that has a symbolic link
   * out of it.
   */
  constructor(options: Partial<SandboxOptions> = {}, processes: Processes = new Processes()) {
    this.options = sandboxOptions(options);
    checkGrantedLinks(this.options.permissions);
    this.#processes = processes;
  }

  /** Resolves when it has what it needs of this PC, so that permissions can be given up. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Starts the first process, so that the first evaluation is as fast as the others. */
  start(): void {
    if (this.#started !== undefined || this.options.languages.length === 0) return;
    this.#started = Symbol();
    this.#sweep = setInterval(() => this.#endUnneeded(), keptSeconds * 1000 / 4);
    this.#ready = this.#prepare();
    this.#startHost();
  }

  async #prepare(): Promise<void> {
    try {
      const grants = await grantsFor(await this.#processes.open());
      this.#command = this.options.hostCommand ?? codeSourceCommand(this.options.permissions, grants);
      if (this.#command !== undefined) this.#processes.allow(this.#command);
    } catch (error) {
      // Not allowed to listen where it likes: the server goes on without.
      const { message } = error as Error;
      this.#unavailable = new HeliographError("unavailable", `Cannot start a sandbox: ${message}`, { cause: error });
      this.#log.error("{error}", { error: this.#unavailable.message });
    }
  }

  /** Ends every process; evaluations that run or wait fail. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep);
    clearTimeout(this.#growing);
    this.#started = undefined;
    const stopping = new HeliographError("stopping", "The server is stopping and evaluates no more code");
    for (const waiting of this.#takeAll()) this.#refuse(waiting, stopping);
    const hosts = [...this.#hosts, ...this.#scripts];
    for (const host of hosts) host.kill(stopping);
    await Promise.all([...hosts.map((host) => host.ended), ...this.#starting]);
    clearTimeout(this.#growing);
  }

  /**
   * Runs code when its turn comes.
   *
   * @param code The code, with its language and mode.
   * @param sender What does what it asks for.
   * @param asker Whose it is, whichever connection it came over: one asker's evaluations never take all processes, and
   * askers take turns.
   * @param options How long it may take, its waiting included.
   * @throws {HeliographError} What went wrong with the code, or why it was not run.
   */
  evaluate(code: Code, sender: CodeSender, asker: string, options: EvaluationOptions = {}): Promise<Evaluated> {
    this.#check(code, asker);
    if (this.#hosts.size === 0 && this.#failure !== undefined && performance.now() < this.#failure.until) {
      throw this.#failure.error;
    }
    const seconds = Math.min(options.patience ?? Infinity, this.options.deadline) - answerMargin;
    const since = performance.now();
    return new Promise((resolve, reject) => {
      this.#wait({ code, sender, asker, resolve, reject, since, until: since + seconds * 1000 });
    });
  }

  /** Keeps code until it is its turn. */
  #wait(request: Omit<Waiting, "timer">): void {
    const timer = setTimeout(() => {
      this.#take(this.#waiting.indexOf(waiting));
      const busy = `Cannot run the code: all ${this.options.atOnce} sandboxes were busy until its deadline`;
      request.reject(this.#failure?.error ?? new HeliographError("deadline_exceeded", busy));
    }, request.until - performance.now());
    const waiting = { ...request, timer };
    this.#waiting.push(waiting);
    this.#shareOf(request.asker).waiting++;
    this.#next();
  }

  /**
   * Loads a PyOpticon script in a process of its own, which is none of those that evaluate.
   *
   * @param source Python.
   * @param owner Answers what it asks for.
   * @param deadlines How long it may take. @default `scriptDeadlines`
   * @throws {HeliographError} What is wrong with it, with its line, or why it cannot be run.
   */
  async loadScript(source: string, owner: ScriptOwner, deadlines: ScriptDeadlines = scriptDeadlines): Promise<Script> {
    this.#checkLanguage("python");
    const started = this.#started;
    const process = await this.#makeHost(["python"], () => {});
    if (this.#started !== started) {
      process.kill(new HeliographError("stopping", "The server is stopping"));
      await process.ended;
      this.#checkLanguage("python");
    }
    this.#scripts.add(process);
    void process.ended.then(() => this.#scripts.delete(process));
    return await Script.load(process, source, owner, deadlines);
  }

  #checkLanguage(language: Language): void {
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
    if (this.#unavailable !== undefined) throw this.#unavailable;
    if (this.#started === undefined) {
      throw new HeliographError("stopping", "Cannot run code: the sandbox has not been started, or was stopped");
    }
  }

  #check({ language }: Code, asker: string): void {
    this.#checkLanguage(language);
    if (this.#waiting.length >= longestQueue) {
      throw new HeliographError("too_many_requests", `Cannot run the code: ${longestQueue} evaluations wait already`);
    }
    if ((this.#shares.get(asker)?.waiting ?? 0) >= mostOfOne) {
      const message = `Cannot run the code: ${mostOfOne} evaluations of yours (by name and address) wait already`;
      throw new HeliographError("too_many_requests", message);
    }
  }

  /** Hands what waits to processes that are idle, and starts further processes where that is allowed. */
  #next(): void {
    while (this.#waiting.length > 0) {
      const host = [...this.#hosts].find(({ idle }) => idle);
      if (host === undefined) break;
      const index = this.#fairest();
      if (index < 0) break;
      void this.#run(host, this.#take(index));
    }
    const hosts = this.#hosts.size + this.#starting.size;
    if (this.#waiting.length === 0 || hosts >= this.options.atOnce) return;
    if (hosts === 0) this.#startHost();
    else this.#growing ??= setTimeout(() => this.#grow(), growAfter);
  }

  /** Starts further processes for what still waits. */
  #grow(): void {
    this.#growing = undefined;
    const wanted = Math.min(this.#waiting.length, this.options.atOnce - this.#hosts.size) - this.#starting.size;
    for (let count = 0; count < wanted; count++) this.#startHost();
    this.#next();
  }

  /**
   * The first evaluation of an asker with the fewest running, and among those of the one whose last turn is longest ago;
   * none where one asker would have every process.
   */
  #fairest(): number {
    const most = Math.max(1, this.options.atOnce - 1);
    let fairest = -1;
    let best: Share | undefined;
    for (const [index, { asker }] of this.#waiting.entries()) {
      const share = this.#shareOf(asker);
      if (share.running >= most || share === best) continue;
      const isFairer = best === undefined || share.running < best.running ||
        share.running === best.running && share.turn < best.turn;
      if (isFairer) [fairest, best] = [index, share];
    }
    return fairest;
  }

  #shareOf(asker: string): Share {
    const share = this.#shares.get(asker) ?? { running: 0, waiting: 0, turn: 0 };
    this.#shares.set(asker, share);
    return share;
  }

  #forgetIdle(asker: string): void {
    const { running, waiting } = this.#shareOf(asker);
    if (running + waiting === 0) this.#shares.delete(asker);
  }

  /** Takes one out of those that wait. */
  #take(index: number): Waiting {
    const [waiting] = this.#waiting.splice(index, 1);
    this.#shareOf(waiting!.asker).waiting--;
    this.#forgetIdle(waiting!.asker);
    return waiting!;
  }

  #takeAll(): Waiting[] {
    return Array.from({ length: this.#waiting.length }, () => this.#take(0));
  }

  async #run(host: HostProcess, waiting: Waiting): Promise<void> {
    const { code, sender, asker, since, until, timer, resolve, reject } = waiting;
    clearTimeout(timer);
    if (sender.gone) return reject(new HeliographError("aborted", "The code was not run: whoever sent it has gone"));
    const share = this.#shareOf(asker);
    share.running++;
    share.turn = ++this.#turn;
    this.#lastUsed.set(host, performance.now());
    try {
      resolve(await host.run(code, sender, until, tooLate(until - since, performance.now() - since)));
    } catch (error) {
      if (error instanceof NotBegun) this.#wait(waiting);
      else reject(error);
    } finally {
      share.running--;
      this.#forgetIdle(asker);
    }
  }

  #refuse({ timer, reject }: Waiting, reason: HeliographError): void {
    clearTimeout(timer);
    reject(reason);
  }

  /** Starts a process; what goes wrong is told to those who wait, unless others can serve them. */
  #startHost(): void {
    const started = this.#started;
    if (started === undefined || this.#failure !== undefined && performance.now() < this.#failure.until) return;
    const starting = this.#start(started).then(() => {
      this.#failures = 0;
      this.#failure = undefined;
    }, (error) => {
      if (this.#started === started) this.#failed(error as HeliographError);
    }).finally(() => {
      this.#starting.delete(starting);
      this.#next();
    });
    this.#starting.add(starting);
  }

  /** Starts a process. @param becameIdle Called whenever it can take code. */
  async #makeHost(languages: readonly Language[], becameIdle: () => void): Promise<HostProcess> {
    await this.#ready;
    if (this.#unavailable !== undefined) throw this.#unavailable;
    if (this.#command === undefined) {
      throw new HeliographError(
        "unavailable",
        "Cannot start a sandbox: a program that was compiled, or loaded from a URL, must say how (hostCommand)",
      );
    }
    const { permissions, memory, outputBytes, resultBytes } = this.options;
    const settings = { languages, permissions, memory, outputBytes, resultBytes };
    return await HostProcess.start(this.#processes, this.#command, settings, becameIdle);
  }

  async #start(started: symbol): Promise<void> {
    const host = await this.#makeHost(this.options.languages, () => this.#next());
    if (this.#started !== started) {
      host.kill(new HeliographError("stopping", "The server is stopping"));
      return await host.ended;
    }
    this.#hosts.add(host);
    this.#lastUsed.set(host, performance.now());
    this.#log.debug("Sandbox {pid} started", { pid: host.pid });
    void host.ended.then(() => this.#ended(host));
  }

  #failed(error: HeliographError): void {
    this.#failures++;
    this.#log.error("{error}", { error: error.message });
    if (this.#hosts.size > 0 || this.#failures < failuresTold) return;
    this.#failure = { error, until: performance.now() + retrySeconds * 1000 };
    for (const waiting of this.#takeAll()) this.#refuse(waiting, error);
  }

  /** One is always kept ready. */
  #ended(host: HostProcess): void {
    this.#hosts.delete(host);
    this.#lastUsed.delete(host);
    this.#log.debug("Sandbox {pid} ended", { pid: host.pid });
    if (this.#hosts.size + this.#starting.size === 0) this.#startHost();
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

/** What a sender is told whose code was stopped, both in milliseconds: on a busy PC it may have waited more than it ran. */
function tooLate(allowed: number, waited: number): HeliographError {
  const inVain = waited < allowed / 4 ? "" : `, of which it waited ${(waited / 1000).toFixed(1)} s for a sandbox`;
  const message = `The code was stopped: it did not finish within ${Number((allowed / 1000).toFixed(3))} s${inVain}`;
  return new HeliographError("deadline_exceeded", message);
}
