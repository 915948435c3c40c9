/**
 * A process that runs drivers, seen from the server: starts, asks, watches, ends and restarts it.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { wireError } from "../../bench/wire_error.ts";
import type { CommandContext } from "../../bench/command.ts";
import type { TraceSource } from "../../bench/contact.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { JournalLevel } from "../../../protocol/vocabulary.ts";
import type { ConnectedProcess, Processes } from "../../processes/processes.ts";
import type { Command, EndedProcess } from "../../processes/starter.ts";
import {
  type DriverAsk,
  type DriverTell,
  type FromDriver,
  fromDriverSchema,
  fromHostSchema,
  longestFromDriver,
  type Made,
  madeSchema,
  type ServerAsk,
  type ServerTell,
} from "./messages.ts";
import type { DriverSettings } from "./settings.ts";
import { DriverLines } from "./driver_lines.ts";
import { Peer } from "./peer.ts";
import { decodeValue, encodeValue } from "../../bench/typed_values.ts";
import { DriverGone } from "./wire_values.ts";

/** The time that a process has to load its drivers, in seconds; it takes half of one on an idle PC. */
const startSeconds = 60;
/** How often a process is asked whether it is there, in milliseconds. */
const pingInterval = 1000;
/** After so many pings without an answer it is ended. */
const mostMissed = 5;
/** The first wait before it is started again, in seconds; each further one is twice as long. */
const shortestWait = 1;
const longestWait = 60;
/** One that has run for so long, in seconds, is started again as if for the first time. */
const steadySeconds = 60;
/** After so many messages of a process the others have their turn. */
const messagesAtOnce = 64;
/** The most calls of other instruments, and questions on lines, that are under way at once. */
const mostAtOnce = 1000;
/** The most lines of a process's output that are logged in ten seconds. */
const mostLines = 100;
/** The longest message that is no piece of an image, in characters: reading one takes time from everybody. */
const longestMessage = 1_048_576;
/** JSON in JSON: every quote is escaped. */
const longestLine = 2 * longestFromDriver + 1024;

const log = getLogger(["heliograph", "drivers"]);

/** The events of a driver's process. */
export interface DriverEvents {
  /** Its drivers have been made anew. */
  made(made: Made): void;
  /** It ended. @param reason Why. */
  lost(reason: string): void;
  /** It tells something of an instrument. */
  told(tell: DriverTell): void;
}

/** The options of a driver's process. */
export interface DriverProcessOptions {
  /** What starts it. */
  readonly processes: Processes;
  /** Program and arguments. */
  readonly command: Command;
  /** What it is told. */
  readonly settings: DriverSettings;
}

/** A process that runs. */
interface Running {
  readonly process: ConnectedProcess;
  readonly peer: Peer;
  readonly since: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  reason: string;
}

/** A process that runs drivers, and another in its place when it ends. */
export class DriverProcess {
  readonly #options: DriverProcessOptions;
  readonly #events: DriverEvents;
  readonly #titles: string;
  readonly #lines: DriverLines;
  readonly #contexts = new Map<number, CommandContext>();
  #running: Running | undefined;
  #beginning: Promise<Made> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #wait = shortestWait;
  #wanted = false;
  #printed = { since: 0, lines: 0 };
  #reason = "its driver does not run";
  #making: number | undefined;
  /** How many pieces of images have been asked for. */
  #largeAsks = 0;

  constructor(options: DriverProcessOptions, events: DriverEvents) {
    this.#options = options;
    this.#events = events;
    this.#lines = new DriverLines(options.settings.ports);
    this.#titles = options.settings.drivers.map(({ title }) => title).join(", ");
  }

  /** The trace of the line that a driver speaks on; `undefined` where it has none. @param driver Its place. */
  traceOf(driver: number): TraceSource | undefined {
    const port = this.#options.settings.drivers[driver]?.port;
    return port === null || port === undefined ? undefined : this.#lines.traces[port];
  }

  /** Whether it runs, and its drivers have been made. */
  get running(): boolean {
    return this.#running !== undefined && this.#beginning === undefined;
  }

  /** The driver that it is loading, or loaded last, by its place; `undefined` before the first. */
  get making(): number | undefined {
    return this.#making;
  }

  /** The process's number; `undefined` where none runs. */
  get pid(): number | undefined {
    return this.#running?.process.pid;
  }

  /**
   * Starts it, unless it runs.
   *
   * @returns What has become of its drivers.
   * @throws {HeliographError} When it cannot be started, or ended meanwhile.
   */
  start(): Promise<Made> {
    clearTimeout(this.#again);
    this.#again = undefined;
    return this.#beginning ??= this.#start().finally(() => this.#beginning = undefined);
  }

  /** From now on it is started again whenever it ends. */
  keep(): void {
    this.#wanted = true;
    if (this.#running === undefined && this.#beginning === undefined) this.#startAgain();
  }

  /** Ends it for good, unless it is started again. */
  async end(): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#again);
    this.#again = undefined;
    await this.#beginning?.catch(() => {});
    const running = this.#running;
    if (running === undefined) return;
    this.#kill(running, "the server is stopping");
    await running.ended;
  }

  /** Asks it. @throws {HeliographError} `not_connected` when it does not run, or ends meanwhile. */
  async ask(ask: ServerAsk, signal?: AbortSignal): Promise<unknown> {
    const large = ask.ask === "tile" || ask.ask === "of an image" ? 1 : 0;
    this.#largeAsks += large;
    try {
      return await this.#peer().ask(ask, signal);
    } finally {
      this.#largeAsks -= large;
    }
  }

  /** Tells it, where it runs. */
  tell(tell: ServerTell): void {
    this.#running?.peer.tell(tell);
  }

  /** Runs a command there. */
  async run(
    ask: Omit<Extract<ServerAsk, { ask: "run" }>, "ask" | "role" | "callerRole" | "more" | "moreKeywords">,
    context: CommandContext,
  ): Promise<unknown> {
    const peer = this.#peer();
    let number = 0;
    // It is told once: a look every second costs nothing, and nobody tells of it.
    const look = setInterval(() => {
      if (context.caller.gone !== true) return;
      peer.tell({ tell: "gone", run: number });
      clearInterval(look);
    }, 1000);
    try {
      const full: ServerAsk = {
        ...ask,
        ask: "run",
        values: encodeValue(ask.values),
        more: encodeValue(context.more),
        moreKeywords: encodeValue(Object.fromEntries(context.moreKeywords)),
        role: context.role,
        callerRole: context.caller.role,
      };
      const result = await peer.ask(full, context.signal, (id) => {
        number = id;
        this.#contexts.set(id, context);
      });
      return decodeValue(result);
    } finally {
      clearInterval(look);
      this.#contexts.delete(number);
    }
  }

  #peer(): Peer {
    if (this.#running !== undefined) return this.#running.peer;
    throw new DriverGone(this.#reason);
  }

  async #start(): Promise<Made> {
    const running = this.#running ?? await this.#launch();
    const late = setTimeout(
      () => this.#kill(running, `it was not ready within ${startSeconds} s`),
      startSeconds * 1000,
    );
    try {
      const made = madeSchema.parse(await running.peer.ask({ ask: "make" }));
      if (made.length !== this.#options.settings.drivers.length) throw new TypeError("it made other drivers");
      this.#events.made(made);
      return made;
    } catch (error) {
      this.#kill(running, (error as Error).message);
      await running.ended;
      throw new HeliographError("not_connected", running.reason);
    } finally {
      clearTimeout(late);
    }
  }

  async #launch(): Promise<Running> {
    const { processes, command, settings } = this.#options;
    let process: ConnectedProcess;
    try {
      process = await processes.start({ what: "its process", command, settings, longestMessage: longestLine });
    } catch (error) {
      throw new HeliographError("not_connected", (error as Error).message);
    }
    const { channel } = process;
    const peer = new Peer({
      send: (message) => channel.send(message),
      answer: (ask: DriverAsk, signal) => this.#answer(ask, signal),
      told: (tell: DriverTell) => this.#told(tell),
      atOnce: mostAtOnce,
    });
    const ended = Promise.withResolvers<void>();
    const running: Running = { process, peer, since: performance.now(), ended: ended.promise, reason: "" };
    this.#running = running;
    void this.#receive(running).then(ended.resolve);
    return running;
  }

  async #receive(running: Running): Promise<void> {
    const { process, peer } = running;
    let missed = 0;
    let up = false;
    const pings = setInterval(() => {
      if (!up) return;
      if (++missed > mostMissed) {
        const seconds = mostMissed * pingInterval / 1000;
        return this.#kill(running, `its driver did not answer for ${seconds} s, and was ended: does it loop?`);
      }
      if (missed === 1) peer.ask({ ask: "ping" }).then(() => missed = 0, () => {});
    }, pingInterval);
    try {
      let messages = 0;
      for await (const message of process.channel.messages()) {
        const said = fromHostSchema.parse(message);
        if ("ending" in said) {
          running.reason ||= said.ending;
          break;
        }
        if (said.driver.length > longestMessage && this.#largeAsks === 0) {
          throw new Error(`it is longer than ${longestMessage} characters`);
        }
        const inner: FromDriver = fromDriverSchema.parse(JSON.parse(said.driver));
        up = true;
        peer.take(inner);
        if (++messages % messagesAtOnce === 0) await new Promise((resolve) => setTimeout(resolve));
      }
    } catch (error) {
      running.reason ||= `its driver said what is no message: ${(error as Error).message.slice(0, 200)}`;
    } finally {
      clearInterval(pings);
    }
    process.kill();
    const ended = await process.ended;
    this.#ended(running, running.reason || endedText(ended));
  }

  #kill(running: Running, reason: string): void {
    running.reason ||= reason;
    running.process.kill();
  }

  #ended(running: Running, reason: string): void {
    running.reason = reason;
    this.#running = undefined;
    this.#reason = reason;
    running.peer.end(new DriverGone(reason));
    this.#lines.closeAll();
    if (performance.now() - running.since > steadySeconds * 1000) this.#wait = shortestWait;
    this.#events.lost(reason);
    this.#startAgain();
  }

  #startAgain(): void {
    if (!this.#wanted || this.#again !== undefined) return;
    const seconds = this.#wait;
    this.#wait = Math.min(2 * this.#wait, longestWait);
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.start().catch((error) => {
        this.#events.lost((error as Error).message);
        this.#startAgain();
      });
    }, seconds * 1000);
  }

  async #answer(ask: DriverAsk, signal: AbortSignal): Promise<unknown> {
    if (ask.ask === "call") {
      const context = this.#contexts.get(ask.run);
      if (context === undefined) {
        throw new HeliographError(
          "command_failed",
          `Cannot call ${ask.command} of ${ask.instrument}: the command that did has ended`,
        );
      }
      const args = ask.args.map((each) => decodeValue(each));
      const call = context[ask.way];
      try {
        return encodeValue(await call(ask.instrument, ask.command, ...args));
      } catch (error) {
        throw wireError(error);
      }
    }
    return await this.#lines.answer(ask, signal);
  }

  #told(tell: DriverTell): void {
    if (tell.tell === "log") return this.#log(tell.level, tell.text);
    if (tell.tell === "closeLine") return this.#lines.close(tell.port);
    if (tell.tell === "making") return void (this.#making = tell.driver);
    this.#events.told(tell);
  }

  #log(level: JournalLevel, text: string): void {
    const now = performance.now();
    if (now - this.#printed.since > 10_000) this.#printed = { since: now, lines: 0 };
    if (++this.#printed.lines > mostLines) return;
    const said = { drivers: this.#titles, text };
    log[level]("{drivers}: {text}", said);
    if (this.#printed.lines === mostLines) {
      log.warning("{drivers}: what it prints further in these ten seconds is left out", said);
    }
  }
}

function endedText({ code, complaint }: EndedProcess): string {
  return `its process ended with ${code}${complaint === "" ? "" : `: ${complaint.slice(0, 500)}`}`;
}
