/**
 * A sandbox's process as the server sees it: started, given code, killed.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import { Channel } from "./channel.ts";
import { evaluated, HostileMessages } from "./hostile_messages.ts";
import type { HostListener } from "./host_listener.ts";
import {
  type Answer,
  type Ask,
  type Code,
  type Evaluated,
  type FromHost,
  type HostSettings,
  longestMessage,
  type ToHost,
} from "./messages.ts";

/** Whoever sent code: what it asks for, and where its output goes. */
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

/** How long a process may take to be ready, in seconds; it takes a tenth of one on an idle PC. */
const startSeconds = 30;
/** How much of what a process says on its standard error is kept, in characters. */
const keptComplaint = 2000;

/** One process, which runs one piece of code at a time. */
export class HostProcess {
  readonly #child: Deno.ChildProcess;
  readonly #complaint: Promise<string>;
  readonly #channel: Channel;
  readonly #messages: HostileMessages;
  readonly #outputLimit: number;
  readonly #ended: Promise<void>;
  readonly #becameIdle: (host: HostProcess) => void;
  readonly #ready = Promise.withResolvers<void>();
  #evaluation: Evaluation | undefined;
  #idle = false;
  #alive = true;
  #killed: HeliographError | undefined;

  private constructor(
    child: Deno.ChildProcess,
    complaint: Promise<string>,
    channel: Channel,
    limits: Pick<HostSettings, "outputBytes" | "resultBytes">,
    becameIdle: (host: HostProcess) => void,
  ) {
    this.#child = child;
    this.#complaint = complaint;
    this.#channel = channel;
    this.#messages = new HostileMessages(limits);
    this.#outputLimit = limits.outputBytes;
    this.#becameIdle = becameIdle;
    this.#ended = this.#receive();
  }

  /**
   * Starts a process, and waits until it can take code.
   *
   * @param command Program and arguments.
   * @param listener Where it connects to.
   * @param settings What it is told.
   * @param becameIdle Called whenever it can take code.
   * @throws {HeliographError} `unavailable`, with what the process said, when it does not start.
   */
  static async start(
    [program, ...args]: readonly [string, ...string[]],
    listener: HostListener,
    settings: Omit<HostSettings, "port" | "token">,
    becameIdle: (host: HostProcess) => void,
  ): Promise<HostProcess> {
    const { token, connected } = listener.expect(startSeconds);
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, { args, stdin: "piped", stdout: "null", stderr: "piped" }).spawn();
    } catch (error) {
      listener.forget(token);
      throw new HeliographError("unavailable", `Cannot start a sandbox: ${(error as Error).message}`, { cause: error });
    }
    // In bytes, where messages are bounded in characters.
    const longestLine = 3 * longestMessage(settings);
    const complaint = keepComplaint(child.stderr);
    const died = child.status.then(async ({ code }) => {
      listener.forget(token);
      throw new HeliographError("unavailable", `Cannot start a sandbox: it ended with ${code}: ${await complaint}`);
    });
    died.catch(() => {});
    try {
      await tell(child, { ...settings, port: listener.port, token });
      const channel = new Channel(await Promise.race([connected, died]), longestLine);
      const host = new HostProcess(child, complaint, channel, settings, becameIdle);
      await Promise.race([host.#ready.promise, died]);
      return host;
    } catch (error) {
      kill(child);
      await Promise.all([child.status, complaint]);
      throw error instanceof HeliographError ? error : await died;
    }
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
   * @param code It.
   * @param sender Whose it is.
   * @param until When it must be done, by `performance.now()`; then the process is killed.
   * @param tooLate What its sender is told then.
   * @throws {HeliographError} What went wrong with it.
   * @throws {NotBegun} When the process ended before.
   */
  async run(code: Code, sender: CodeSender, until: number, tooLate: HeliographError): Promise<Evaluated> {
    this.#idle = false;
    const { promise, resolve, reject } = Promise.withResolvers<Evaluated>();
    const evaluation: Evaluation = { sender, resolve, reject, began: false, asking: false, printed: 0 };
    this.#evaluation = evaluation;
    const timer = setTimeout(() => this.kill(tooLate), until - performance.now());
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
    kill(this.#child);
    this.#finish(reason);
  }

  async #receive(): Promise<void> {
    try {
      for await (const message of this.#channel.messages()) {
        // What was still on its way when it was killed is nobody's.
        if (this.#alive) this.#take(this.#messages.fromHost(message));
      }
    } catch (error) {
      this.#killed ??= new HeliographError("code_failed", `The code ended its sandbox: ${(error as Error).message}`);
    }
    this.#alive = false;
    this.#channel.close();
    kill(this.#child);
    const lost = this.#evaluation?.began
      ? new HeliographError("code_failed", "The sandbox ended while it ran the code")
      : new NotBegun();
    // Nobody waits for the process itself: something else may hold what it wrote to.
    this.#finish(this.#killed ?? lost);
    await Promise.all([this.#child.status, this.#complaint]);
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
      if (evaluation.printed > this.#outputLimit) throw new Error("it printed more than it may");
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
    this.#channel.send(message);
  }
}

async function tell(child: Deno.ChildProcess, settings: HostSettings): Promise<void> {
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(JSON.stringify(settings)));
  await input.close();
}

/** What a process says went wrong, on its standard error; all of it is read, so that nothing blocks. */
async function keepComplaint(stream: ReadableStream<Uint8Array>): Promise<string> {
  let kept = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) kept = (kept + text).slice(-keptComplaint);
  const lines = kept.trim().split("\n");
  return lines.find((line) => line.startsWith("error: ")) ?? lines.at(-1)!;
}

function kill(child: Deno.ChildProcess): void {
  try {
    // Nothing that code can do keeps it from this; on Windows it is TerminateProcess.
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
