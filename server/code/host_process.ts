/**
 * A sandbox's process, seen from the server: starts it, gives it code, kills it.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { ConnectedProcess, Processes, ProcessSettings } from "../processes/processes.ts";
import type { Command, EndedProcess } from "../processes/starter.ts";
import { evaluated, HostileMessages } from "./hostile_messages.ts";
import {
  type Answer,
  type Ask,
  type Code,
  type Evaluated,
  type FromHost,
  type HostSettings,
  longestMessage,
  memoryMessage,
  type ResultLimits,
  type ToHost,
  tooMuchMemory,
} from "./messages.ts";

/** The sender of code: what it asks for, and where its output goes. */
export interface CodeSender {
  /** Does what code asks for, as its sender could by hand. */
  readonly answer: (ask: Ask) => Promise<Answer>;
  /** Whether they have gone: code of theirs that waits is then not run. */
  readonly gone?: boolean;
  /** Takes what code prints. */
  readonly output: (text: string) => void;
}

/** The process ended before it began with the code, which can be run in another. */
export class NotBegun extends Error {}

interface Evaluation {
  readonly sender: CodeSender;
  readonly resolve: (done: Evaluated) => void;
  readonly reject: (reason: Error) => void;
  began: boolean;
  /** Whether it waits for an answer. */
  asking: boolean;
  /** How much it has printed, in characters. */
  printed: number;
}

/** How long a process that has connected may take to be ready, in seconds. */
const startSeconds = 30;

/** A sandbox's process, which runs one piece of code at a time. */
export class HostProcess {
  readonly #child: ConnectedProcess;
  readonly #messages: HostileMessages;
  readonly #settings: ResultLimits & Pick<HostSettings, "memory">;
  readonly #ended: Promise<void>;
  readonly #becameIdle: (host: HostProcess) => void;
  readonly #ready = Promise.withResolvers<void>();
  #evaluation: Evaluation | undefined;
  #idle = false;
  #alive = true;
  #killed: HeliographError | undefined;

  private constructor(
    child: ConnectedProcess,
    settings: ResultLimits & Pick<HostSettings, "memory">,
    becameIdle: (host: HostProcess) => void,
  ) {
    this.#child = child;
    this.#messages = new HostileMessages(settings);
    this.#settings = settings;
    this.#becameIdle = becameIdle;
    this.#ended = this.#receive();
  }

  /**
   * Starts a process, and waits until it can take code.
   *
   * @param processes What starts it.
   * @param command Program and arguments.
   * @param settings What it is told.
   * @param becameIdle Called whenever it can take code.
   * @throws {HeliographError} `unavailable`, with what the process said, when it does not start.
   */
  static async start(
    processes: Processes,
    command: Command,
    settings: Omit<HostSettings, keyof ProcessSettings>,
    becameIdle: (host: HostProcess) => void,
  ): Promise<HostProcess> {
    const child = await processes.start({
      what: "a sandbox",
      command,
      settings,
      // In bytes, where messages are bounded in characters.
      longestMessage: 3 * longestMessage(settings),
    });
    const host = new HostProcess(child, settings, becameIdle);
    const late = setTimeout(() => child.kill(), startSeconds * 1000);
    const died = child.ended.then(({ code, complaint }) => {
      throw new HeliographError("unavailable", `Cannot start a sandbox: it ended with ${code}: ${complaint}`);
    });
    died.catch(() => {});
    await Promise.race([host.#ready.promise, died]).finally(() => clearTimeout(late));
    return host;
  }

  /** Whether it can take code. */
  get idle(): boolean {
    return this.#alive && this.#idle;
  }

  /** The process's number, for the log. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the process has ended, whoever ended it. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /**
   * Runs code.
   *
   * @param code The code, with its language and mode.
   * @param sender Whose it is.
   * @param until When it must be done, by `performance.now()`; then the process is killed. A script has no such time.
   * @param tooLate What its sender is told then.
   * @throws {HeliographError} What went wrong with it.
   * @throws {NotBegun} When the process ended before.
   */
  async run(code: Code, sender: CodeSender, until: number | undefined, tooLate: HeliographError): Promise<Evaluated> {
    this.#idle = false;
    const { promise, resolve, reject } = Promise.withResolvers<Evaluated>();
    const evaluation: Evaluation = { sender, resolve, reject, began: false, asking: false, printed: 0 };
    this.#evaluation = evaluation;
    const timer = until === undefined ? undefined : setTimeout(() => this.kill(tooLate), until - performance.now());
    try {
      this.#send({ run: code });
      return await promise;
    } finally {
      clearTimeout(timer);
      if (this.#evaluation === evaluation) this.#evaluation = undefined;
    }
  }

  /**
   * Ends the process at once.
   *
   * @param reason What the sender of the code in it is told.
   */
  kill(reason: HeliographError): void {
    this.#killed ??= reason;
    this.#alive = false;
    this.#child.kill();
    this.#finish(reason);
  }

  async #receive(): Promise<void> {
    try {
      for await (const message of this.#child.channel.messages()) {
        // What was still on its way when it was killed is nobody's.
        if (this.#alive) this.#take(this.#messages.fromHost(message));
      }
    } catch (error) {
      this.#killed ??= new HeliographError("code_failed", `The code ended its sandbox: ${(error as Error).message}`);
    }
    this.#alive = false;
    const endedItself = this.#killed === undefined;
    this.#child.channel.close();
    this.#child.kill();
    if (endedItself) this.#killed = this.#reason(await soonEnded(this.#child.ended));
    const lost = this.#evaluation?.began
      ? new HeliographError("code_failed", "The sandbox ended while it ran the code")
      : new NotBegun();
    this.#finish(this.#killed ?? lost);
    await this.#child.ended;
  }

  /** The error for a process that nobody killed, where its exit code says why it has ended. */
  #reason(end: EndedProcess | undefined): HeliographError | undefined {
    if (end?.code !== tooMuchMemory) return undefined;
    return new HeliographError("limit_exceeded", memoryMessage(this.#settings.memory));
  }

  /** @throws {Error} For what is said out of turn. */
  #take(message: FromHost): void {
    const evaluation = this.#evaluation;
    if ("idle" in message) {
      if (this.#idle || evaluation !== undefined) throw new Error("it said that it is idle, and is not");
      this.#idle = true;
      this.#ready.resolve();
      return this.#becameIdle(this);
    }
    if (evaluation === undefined) throw new Error("it spoke without being asked");
    if ("began" in message) {
      evaluation.began = true;
    } else if ("output" in message) {
      evaluation.printed += message.output.length;
      if (evaluation.printed > this.#settings.outputBytes) throw new Error("it printed more than it may");
      evaluation.sender.output(message.output);
    } else if ("ask" in message) {
      if (evaluation.asking) throw new Error("it asked again before it was answered");
      evaluation.asking = true;
      void this.#answer(evaluation, message.ask);
    } else {
      // Read first: while it is being evaluated, whatever goes wrong is its sender's to know.
      const settle = "done" in message
        ? evaluation.resolve.bind(undefined, evaluated(message.done))
        : evaluation.reject.bind(undefined, new HeliographError(message.failed.code, message.failed.message));
      this.#evaluation = undefined;
      settle();
    }
  }

  async #answer(evaluation: Evaluation, ask: Ask): Promise<void> {
    try {
      const answer = await evaluation.sender.answer(ask);
      evaluation.asking = false;
      // A script that waited for its turn may print as much again.
      if (ask.ask === "turn") evaluation.printed = 0;
      // What was asked by code that has ended meanwhile is not for the next one.
      if (this.#evaluation === evaluation) this.#send({ answer });
    } catch (error) {
      const failed = new HeliographError("code_failed", `Cannot answer the code: ${error}`, { cause: error });
      if (this.#evaluation === evaluation) this.kill(failed);
    }
  }

  #finish(reason: Error): void {
    this.#evaluation?.reject(reason);
    this.#evaluation = undefined;
  }

  #send(message: ToHost): void {
    this.#child.channel.send(message);
  }
}

/**
 * Waits for how a process has ended; `undefined` where that is not known within a second: its sender does not wait for
 * it.
 */
async function soonEnded(ended: Promise<EndedProcess>): Promise<EndedProcess | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), 1000);
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}
