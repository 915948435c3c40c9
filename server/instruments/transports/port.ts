/**
 * A port: the one line to one or several instruments, on which one exchange takes place at a time.
 *
 * A late answer is never taken for the answer to the next question. After a question without an answer, a network line
 * is opened anew, so that what is late comes to a line that nobody reads. A serial line is given time for the late
 * answer; if none comes, the next exchange listens on after its answer, and is unclear when another one comes.
 *
 * @module
 */

import { InstrumentError } from "../errors.ts";
import { type Address, portName } from "./address.ts";
import { AnswerSplitter } from "./answer_splitter.ts";
import type { Line } from "./line.ts";
import { openLine } from "./open_line.ts";
import { Turns, type Urgency } from "./turns.ts";

/** How an instrument's line is spoken on. */
export interface LineFormat {
  /** What ends each command. */
  readonly sendEnd: string;
  /** What ends each answer. */
  readonly receiveEnd: string;
  /** The least time between two commands, in seconds. */
  readonly gap: number;
  /** The time between opening the port and the first command, in seconds: an Arduino starts anew when opened. */
  readonly settle: number;
}

/** How a question is asked. */
export interface Question {
  /** What is sent, without its end. */
  readonly text: string;
  /** How long to wait for the answer, in seconds. */
  readonly timeout: number;
  /** Whether a line is an answer to it. */
  readonly accepts: (answer: string) => boolean;
  /** What its answer looks like, for the error: what follows `should have`. */
  readonly expected: string;
  /** Whether the instrument may also say nothing; then the answer is empty. @default false */
  readonly optional?: boolean;
}

/** What somebody may do during a turn on the port. */
export interface Turn {
  /** Sends a command that has no answer. */
  send(text: string): Promise<void>;
  /**
   * Asks a question.
   *
   * @returns The answer, without its end.
   * @throws {InstrumentError} `not_connected` when none came in time, `command_failed` when it is not what was expected.
   */
  ask(question: Question): Promise<string>;
}

/** Takes a line that nobody asked for. @returns Whether it was meant for this listener. */
export type Listener = (line: string) => boolean;

/** Nothing answered in time. */
export class NoAnswer extends InstrumentError {
  /** Makes it. @param text What was asked. @param seconds How long an answer was waited for. */
  constructor(text: string, seconds: number) {
    super(`no answer to ${quoted(text)} within ${seconds} s`, "not_connected");
  }
}

/** Several answers came, and one of them may be late: asking again is safe now. */
export class AnswerUnclear extends InstrumentError {
  /** Makes it. @param text What was asked. @param answers What came. */
  constructor(text: string, answers: readonly string[]) {
    super(`several answers came to ${quoted(text)}, one of them late: ${answers.map(quoted).join(" and ")}`);
  }
}

/** Text as it is written in errors: with its control characters visible. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short);
}

const encoder = new TextEncoder();

function delay(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The one line to one or several instruments. */
export class Port {
  /** Where it is. */
  readonly address: Address;
  /** How it is spoken on. */
  readonly format: LineFormat;
  readonly #turns = new Turns();
  readonly #listeners = new Set<Listener>();
  readonly #broken = new Set<(reason: InstrumentError) => void>();
  #line: Line | undefined;
  #opening: Promise<void> | undefined;
  #receive: ((answer: string) => void) | undefined;
  #splitter: AnswerSplitter;
  #users = 0;
  /** How many answers are due to questions that nobody waits for any more. */
  #owed = 0;
  #lateSince = 0;
  #lateTimeout = 0;
  #quietSince = -Infinity;

  /** Makes a port that is not open. @param address Where it is. @param format How it is spoken on. */
  constructor(address: Address, format: LineFormat) {
    this.address = address;
    this.format = format;
    this.#splitter = new AnswerSplitter(format.receiveEnd);
  }

  /** What it is called: the path of a serial port, the address of a network one. */
  get name(): string {
    return portName(this.address);
  }

  /** Hears every line that is not an answer, until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells when the line breaks by itself, until the returned function is called. */
  onBroken(told: (reason: InstrumentError) => void): () => void {
    this.#broken.add(told);
    return () => void this.#broken.delete(told);
  }

  /**
   * Opens it for one more instrument, unless it is open.
   *
   * @throws {InstrumentError} `not_connected`, with the reason.
   */
  async join(): Promise<void> {
    await this.#open();
    this.#users++;
  }

  /** An instrument needs it no more; the last one closes it. */
  leave(): void {
    this.#users = Math.max(0, this.#users - 1);
    if (this.#users === 0) this.#close();
  }

  /**
   * Waits for a turn and uses it: nobody else's commands come in between.
   *
   * @param urgency How much it can wait.
   * @param signal Gives up waiting.
   * @param work What to do with the turn.
   * @returns What the work returned.
   */
  async use<T>(urgency: Urgency, signal: AbortSignal | undefined, work: (turn: Turn) => Promise<T>): Promise<T> {
    const end = await this.#turns.take(urgency, signal);
    try {
      return await work({
        send: (text) => this.#send(text, signal),
        ask: (question) => this.#ask(question, signal),
      });
    } finally {
      end();
    }
  }

  #open(): Promise<void> {
    if (this.#line !== undefined) return Promise.resolve();
    this.#opening ??= this.#openLine().finally(() => this.#opening = undefined);
    return this.#opening;
  }

  async #openLine(): Promise<void> {
    let line: Line;
    try {
      line = await openLine(this.address);
    } catch (error) {
      if (error instanceof InstrumentError) throw error;
      throw new InstrumentError((error as Error).message, "not_connected", { cause: error });
    }
    this.#line = line;
    this.#splitter = new AnswerSplitter(this.format.receiveEnd);
    this.#owed = 0;
    void this.#readOn(line);
    if (this.format.settle > 0) await delay(this.format.settle);
  }

  async #readOn(line: Line): Promise<void> {
    let reason = `${this.name} was closed by the other end`;
    try {
      for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
        if (this.#line !== line) return;
        for (const answer of this.#splitter.push(bytes)) this.#received(answer);
        // A datagram is whole by itself, whether it has its end or not.
        const rest = this.address.kind === "udp" ? this.#splitter.flush() : "";
        if (rest !== "") this.#received(rest);
      }
    } catch (error) {
      reason = `${this.name} broke: ${(error as Error).message}`;
    }
    if (this.#line === line) this.#break(new InstrumentError(reason, "not_connected"));
  }

  #received(answer: string): void {
    for (const listener of this.#listeners) {
      if (listener(answer)) return;
    }
    this.#quietSince = performance.now();
    if (this.#owed > 0) this.#owed--;
    this.#receive?.(answer);
  }

  #close(): void {
    const line = this.#line;
    this.#line = undefined;
    line?.close();
  }

  #break(reason: InstrumentError): void {
    this.#close();
    for (const told of [...this.#broken]) told(reason);
  }

  async #send(text: string, signal: AbortSignal | undefined): Promise<void> {
    await this.#catchUp(signal);
    await this.#write(text, signal);
  }

  async #write(text: string, signal: AbortSignal | undefined): Promise<void> {
    const wait = this.format.gap - (performance.now() - this.#quietSince) / 1000;
    if (wait > 0) await delay(wait, signal);
    signal?.throwIfAborted();
    const line = this.#line;
    if (line === undefined) throw new InstrumentError(`${this.name} is not open`, "not_connected");
    this.#quietSince = performance.now();
    try {
      await line.write(encoder.encode(text + this.format.sendEnd));
    } catch (error) {
      const reason = new InstrumentError(`${this.name} broke: ${(error as Error).message}`, "not_connected");
      if (this.#line === line) this.#break(reason);
      throw reason;
    }
  }

  async #ask(
    { text, timeout, accepts, expected, optional }: Question,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    await this.#catchUp(signal);
    const suspicious = this.#owed > 0;
    const answers = new AnswerQueue();
    await this.#write(text, signal);
    this.#owed++;
    this.#receive = (answer) => answers.push(answer);
    const unbreak = this.onBroken((reason) => answers.fail(reason));
    let unexpected: string | undefined;
    const accepted = new Set<string>();
    try {
      for (let until = performance.now() + timeout * 1000;;) {
        const answer = await answers.next(until - performance.now(), signal);
        if (answer === undefined) break;
        if (!accepts(answer)) unexpected = answer;
        else if (!suspicious) return answer;
        else {
          accepted.add(answer);
          until = performance.now() + timeout * 1000;
        }
      }
    } finally {
      this.#receive = undefined;
      unbreak();
      if (this.#owed > 0) {
        this.#lateSince = performance.now();
        this.#lateTimeout = timeout;
      }
    }
    if (accepted.size > 0) {
      // Whatever was late has come by now or is lost.
      this.#owed = 0;
      if (accepted.size > 1) throw new AnswerUnclear(text, [...accepted]);
      return [...accepted][0]!;
    }
    if (unexpected !== undefined) {
      throw new InstrumentError(`answered ${quoted(unexpected)} to ${quoted(text)}, and should have ${expected}`);
    }
    if (!optional) throw new NoAnswer(text, timeout);
    this.#owed = 0;
    return "";
  }

  /** Makes sure that no late answer is taken for the next one; see the module's text. */
  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    if (this.#owed === 0 || this.#line === undefined) return;
    if (this.address.kind !== "serial") {
      this.#close();
      try {
        await this.#open();
      } catch (error) {
        this.#break(error as InstrumentError);
        throw error;
      }
      return;
    }
    const quiet = Math.max(1, 2 * this.#lateTimeout) * 1000;
    while (this.#owed > 0 && performance.now() < this.#lateSince + quiet) await delay(0.01, signal);
    // Half an answer that stopped is nobody's.
    this.#splitter.flush();
  }
}

/** Answers as they come, for whoever waits for the next one. */
class AnswerQueue {
  readonly #answers: string[] = [];
  #failure: Error | undefined;
  #wake = () => {};

  push(answer: string): void {
    this.#answers.push(answer);
    this.#wake();
  }

  fail(reason: Error): void {
    this.#failure = reason;
    this.#wake();
  }

  /** The next one, or `undefined` when none comes in time. */
  async next(milliseconds: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    signal?.throwIfAborted();
    if (this.#answers.length === 0 && this.#failure === undefined && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        signal?.addEventListener("abort", done, { once: true });
        this.#wake = done;
      });
      signal?.throwIfAborted();
    }
    if (this.#answers.length > 0) return this.#answers.shift();
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }
}
