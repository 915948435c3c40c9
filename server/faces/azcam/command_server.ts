/**
 * azcam's command server: lines in, lines that begin with OK, ERROR or WARNING out.
 *
 * @module
 */

import { parseCommandLine, parseSessionWord, type SessionWord } from "../../../protocol/command_line.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { lineError, lineReply, replyWord, splits } from "../../../protocol/line_reply.ts";
import { type LineFault, LineSplitter } from "../../../protocol/line_splitter.ts";
import { wireError } from "../../bench/wire_error.ts";
import type { RequestOf } from "../../requests/request.ts";
import { admit } from "../../access/admit.ts";
import type { Principal } from "../../access/principal.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { requestCategory } from "../../records/journal.ts";
import type { Limits } from "../../access/limits.ts";
import { Services } from "../../services.ts";
import { type SessionParts, SocketSession } from "../../access/sessions.ts";
import type { ListenOptions } from "../../network/listening.ts";
import type { Connection } from "../../network/connection.ts";
import { SocketServer } from "../shared/socket_server.ts";

/** The options of a {@linkcode CommandServer}. */
export interface CommandServerOptions extends ListenOptions {
  /** The TCP port; 0 takes any free one. @default 2402, azcam's */
  readonly port?: number;
  /** What stands on its bench. @default nothing but the default instrument `api` */
  readonly instruments?: Iterable<Instrument>;
  /** What clients may use. @default those of docs/security.md */
  readonly limits?: Partial<Limits>;
  /** A line that greets every client, as azcam's `welcome_message`. @default none */
  readonly welcomeMessage?: string;
  /**
   * What it shares with other servers of this process, instead of `instruments` and `limits` of its own.
   *
   * @internal
   */
  readonly services?: Services;
}

/** A connection to the command server. */
export class LineSession extends SocketSession {
  /**
   * Lines, and faults among them, that have been received but not been taken yet.
   *
   * @internal
   */
  readonly received: (string | LineFault)[] = [];
  /**
   * How many of `received` have been taken.
   *
   * @internal
   */
  taken = 0;
  readonly #splitter: LineSplitter;

  /**
   * Opens a session.
   *
   * @param parts Who it is, and what carries it.
   * @param lineBytes The longest line.
   * @internal
   */
  constructor(parts: SessionParts<Connection>, lineBytes: number) {
    super(parts);
    this.#splitter = new LineSplitter(lineBytes);
  }

  /** When the lines came, in milliseconds since 1970. */
  receivedTime = 0;

  /** Waits for more lines. @returns Whether there may be some; `false` at the end. */
  receiveMore(): Promise<boolean> {
    this.received.length = 0;
    this.taken = 0;
    return this.receive().then((bytes) => {
      if (bytes === null) return false;
      this.receivedTime = Date.now();
      this.#splitter.push(bytes, this.received);
      return true;
    });
  }

  /** Sends one line. @param reply Its text, without the line end. */
  reply(reply: string): void {
    this.turn.charge(reply.length);
    this.connection.send(`${reply}\r\n`);
  }
}

/** The text as it stands, quotes included, like azcam's; where its client could not split that, as one word. */
function echo(text: string): string {
  return text === "" ? "OK" : `OK ${splits(text) ? text : replyWord(text)}`;
}

/** A line as it was read: a word for the session, a request, or what is wrong with it. */
type ReadLine = { readonly word: SessionWord; readonly rest: string } | RequestOf<"Call"> | HeliographError;

function readCommandLine(line: string): RequestOf<"Call"> | HeliographError {
  try {
    return { cmd: "Call", ...parseCommandLine(line) };
  } catch (error) {
    return wireError(error);
  }
}

/** Clients ask the same few lines again and again, so that the last ones are kept as they were read. */
class LineCache {
  readonly #read = new Map<string, ReadLine>();

  parse(line: string): ReadLine {
    let read = this.#read.get(line);
    if (read === undefined) {
      read = parseSessionWord(line) ?? readCommandLine(line);
      if (this.#read.size >= 256) this.#read.clear();
      if (line.length <= 256) this.#read.set(line, read);
    }
    return read;
  }
}

/** The principal of commands that {@linkcode CommandServer.command} runs. */
const thisProgram = admit({ by: "program", name: "this program" });

/**
 * azcam's command server. Many clients at once, each served in order.
 *
 * A subclass may override what happens for each connection: `setup`, `handle`, `receiveCommand`, `finish`.
 *
 * @example
 * ```ts
 * import { CommandServer } from "./command_server.ts";
 *
 * await using server = new CommandServer({ port: 0 });
 * server.start();
 * console.log(await server.command("list")); // OK
 * ```
 */
export class CommandServer extends SocketServer<LineSession> {
  readonly #ownsBench: boolean;
  readonly #welcomeMessage: string | undefined;
  readonly #lines = new LineCache();
  #logsCommands = false;

  /**
   * Makes a server; `start` or `begin` makes it listen.
   *
   * @param options Port, instruments, limits.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(options: CommandServerOptions = {}) {
    const services = options.services ?? new Services(options.instruments ?? [], options.limits);
    super("line", services, { ...options, port: options.port ?? 2402 });
    this.#ownsBench = options.services === undefined;
    this.#welcomeMessage = options.welcomeMessage;
    if (!this.#ownsBench) return;
    services.exit = () => void this.stop();
    services.faces.add(this);
  }

  /** Serves in the background, and starts the bench if it is this server's own. */
  override start(): void {
    super.start();
    if (!this.#ownsBench) return;
    this.services.dispatcher.start();
    void this.services.bench.start();
  }

  /** Stops accepting, finishes what runs, closes every connection, and stops the bench if it is this server's own. */
  override async stop(): Promise<void> {
    if (!this.#ownsBench) return await super.stop();
    this.services.dispatcher.stop();
    await super.stop();
    await this.services.bench.stop();
  }

  /**
   * Runs one command line, as from this PC.
   *
   * @param text The line, without its end.
   * @returns The reply, without its line end; it begins with `OK`, `ERROR` or `WARNING`.
   */
  async command(text: string): Promise<string> {
    const read = this.#lines.parse(text);
    if (!("word" in read)) return await this.#run(read, thisProgram);
    if (read.word === "echo") return echo(read.rest);
    if (read.word === "") return "OK";
    if (read.word === "eval") return await this.#evaluate(read.rest, thisProgram);
    return lineError(new HeliographError("bad_argument", `Cannot run ${read.word} here: it belongs to a connection`));
  }

  /** Called when a client has connected; sends the welcome message, if there is one. */
  protected setup(session: LineSession): void | Promise<void> {
    if (this.#welcomeMessage !== undefined) session.reply(this.#welcomeMessage);
  }

  /**
   * Serves a client: takes its commands one by one and answers each in order.
   *
   * Replies to what came in one segment go out in one write.
   */
  protected async handle(session: LineSession): Promise<void> {
    const { connection } = session;
    // A client that was dropped, or has reset its connection, drives nothing any more.
    while (!session.ending && !connection.closed) {
      let command = this.receiveCommand(session);
      if (command instanceof Promise) command = await command;
      if (command === null) break;
      const reply = this.#answer(command, session);
      if (typeof reply === "string") session.reply(reply);
      else {
        session.work();
        try {
          session.reply(await reply);
        } finally {
          session.answered();
        }
      }
      const pause = session.pace();
      if (pause !== undefined) await pause;
    }
    await connection.flush();
  }

  /**
   * The client's next command.
   *
   * @returns A line without its end, or `null` when the client has gone; at once where it has been received already.
   */
  protected receiveCommand(session: LineSession): string | null | Promise<string | null> {
    while (session.taken < session.received.length) {
      const next = session.received[session.taken++]!;
      if (typeof next === "string") return next;
      session.reply(lineError(this.#faultError(next)));
      const pause = session.pace();
      if (pause !== undefined) return pause.then(() => this.receiveCommand(session));
    }
    return this.#waitForCommand(session);
  }

  /** Called when a connection ends. */
  protected finish(_session: LineSession): void | Promise<void> {}

  /**
   * Makes the session of a new connection.
   *
   * @internal
   */
  protected override openSession(parts: SessionParts<Connection>): LineSession {
    return new LineSession(parts, this.services.limits.lineBytes);
  }

  /**
   * The refusal of a client, as text for the wire.
   *
   * @internal
   */
  protected override refusal(error: HeliographError): string {
    return `${lineError(error)}\r\n`;
  }

  /**
   * Serves one connection to its end.
   *
   * @internal
   */
  protected override async serve(session: LineSession): Promise<void> {
    await this.setup(session);
    try {
      await this.handle(session);
    } finally {
      await this.finish(session);
    }
  }

  #waitForCommand(session: LineSession): Promise<string | null> {
    this.#logsCommands = this.log.isEnabledFor("debug");
    // The replies go out before the next read is begun: the client is waiting for them.
    session.connection.start();
    // A last line without its end is not run: a connection that breaks would turn -100 into -10.
    return session.receiveMore().then((more) => more ? this.receiveCommand(session) : null);
  }

  #faultError({ fault }: LineFault): HeliographError {
    if (fault === "invalid_utf8") {
      return new HeliographError("bad_message", "Cannot read the line: it is not valid UTF-8");
    }
    const { lineBytes } = this.services.limits;
    return new HeliographError("message_too_long", `Cannot take the line: it is over ${lineBytes} bytes`);
  }

  #answer(line: string, session: LineSession): string | Promise<string> {
    session.asked(line, session.receivedTime);
    const parsed = this.#lines.parse(line);
    const reply = "word" in parsed
      ? this.#sessionWord(parsed.word, parsed.rest, session)
      : this.#run(parsed, session.principal);
    if (this.#logsCommands) {
      Promise.resolve(reply).then((text) =>
        this.log.getChild(requestCategory).debug("{client}> {line} -> {reply}", {
          client: session.principal.label,
          line,
          reply: text,
        })
      );
    }
    return reply;
  }

  #sessionWord(word: SessionWord, rest: string, session: LineSession): string | Promise<string> {
    switch (word) {
      case "":
        // An empty line ends the session, as in azcam.
        session.ending = true;
        return "OK";
      case "echo":
        return echo(rest);
      case "eval":
        return this.#evaluate(rest, session.principal);
      case "register":
        try {
          session.principal.register(rest.trim().split(/\s+/)[0] ?? "");
          return "OK";
        } catch (error) {
          return lineError(wireError(error));
        }
      case "closeconnection":
      case "quit":
      case "bye":
        session.ending = true;
        return "OK";
      case "updatemonitor":
        return lineError(
          new HeliographError("unavailable", "Cannot update the monitor: this server knows of no azcammonitor"),
        );
      case "exit":
        if (!session.principal.may("admin")) {
          return lineError(
            new HeliographError(
              "not_allowed",
              `Cannot stop the server: it needs the role admin, and you are ${session.principal.role}`,
            ),
          );
        }
        this.log.info("{client} stops the server", { client: session.principal.label });
        session.ending = true;
        // After the reply has been queued, so that stopping waits for it.
        queueMicrotask(() => this.services.exit());
        return "OK";
    }
  }

  /** The value as its language prints it; azcam's users know Python. */
  async #evaluate(source: string, principal: Principal): Promise<string> {
    const { evaluator, requests } = this.services;
    try {
      const request = { cmd: "Eval", code: source, language: evaluator.usualLanguage, output: false } as const;
      return lineReply((await requests.run(request, principal)).text);
    } catch (error) {
      return lineError(this.failure(error));
    }
  }

  #run(parsed: RequestOf<"Call"> | HeliographError, principal: Principal): string | Promise<string> {
    if (parsed instanceof HeliographError) return lineError(parsed);
    // A comment is nothing to do.
    if (parsed.command === "") return "OK";
    try {
      const result = this.services.requests.run(parsed, principal);
      if (result instanceof Promise) return result.then(lineReply).catch((error) => lineError(this.failure(error)));
      return lineReply(result);
    } catch (error) {
      return lineError(this.failure(error));
    }
  }
}
