/**
 * A sandbox's process as the server sees it: started, given code, killed.
 *
 * @module
 */

import { type ErrorCode, errorCodes, HeliographError } from "../../protocol/errors.ts";
import { Channel } from "./channel.ts";
import type { HostListener } from "./host_listener.ts";
import type { Answer, Ask, Code, Evaluated, FromHost, HostSettings, ToHost } from "./messages.ts";

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
    becameIdle: (host: HostProcess) => void,
  ) {
    this.#child = child;
    this.#complaint = complaint;
    this.#channel = channel;
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
    // A result at its limit, escaped, and what it is wrapped in.
    const longestLine = 16 * settings.resultBytes + 1_048_576;
    const complaint = keepComplaint(child.stderr);
    const died = child.status.then(async ({ code }) => {
      listener.forget(token);
      throw new HeliographError("unavailable", `Cannot start a sandbox: it ended with ${code}: ${await complaint}`);
    });
    died.catch(() => {});
    try {
      await tell(child, { ...settings, port: listener.port, token });
      const channel = new Channel(await Promise.race([connected, died]), longestLine);
      const host = new HostProcess(child, complaint, channel, becameIdle);
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
    this.#evaluation = { sender, resolve, reject, began: false };
    this.#send({ run: code });
    const timer = setTimeout(() => this.kill(tooLate), until - performance.now());
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
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
    // Not every system ends the connections of a process that was killed (Wine leaves some open).
    this.#channel.close();
    this.#finish(reason);
  }

  async #receive(): Promise<void> {
    try {
      for await (const message of this.#channel.messages()) this.#take(message as FromHost);
    } catch (error) {
      this.#killed ??= new HeliographError("code_failed", `The code ended its sandbox: ${(error as Error).message}`);
    }
    this.#alive = false;
    this.#channel.close();
    kill(this.#child);
    await Promise.all([this.#child.status, this.#complaint]);
    const lost = this.#evaluation?.began
      ? new HeliographError("code_failed", "The sandbox ended while it ran the code")
      : new NotBegun();
    this.#finish(this.#killed ?? lost);
  }

  #take(message: FromHost): void {
    const evaluation = this.#evaluation;
    if ("idle" in message) {
      this.#idle = true;
      this.#ready.resolve();
      return this.#becameIdle(this);
    }
    if (evaluation === undefined) return;
    if ("began" in message) {
      evaluation.began = true;
      return;
    }
    if ("output" in message) return evaluation.sender.output(message.output);
    if ("ask" in message) {
      return void evaluation.sender.answer(message.ask).then((answer) => {
        // What was asked by code that has ended meanwhile is not for the next one.
        if (this.#evaluation === evaluation) this.#send({ answer });
      }, (error) => this.kill(new HeliographError("code_failed", `Cannot answer the code: ${error}`)));
    }
    this.#evaluation = undefined;
    if ("done" in message) return evaluation.resolve(message.done);
    const { code, message: text } = message.failed;
    const known: ErrorCode = Object.hasOwn(errorCodes, code) ? code : "code_failed";
    evaluation.reject(new HeliographError(known, text));
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
