/**
 * Serves azcam's lines: commands in, lines that begin with OK, ERROR or WARNING out.
 *
 * @module
 */

import type { SessionWord } from "../../../protocol/command_line.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { lineError, lineReply, replyWord, splits } from "../../../protocol/line_reply.ts";
import { secretPrefix, withoutSecrets } from "../../../protocol/secrets.ts";
import type { LineFault } from "../../../protocol/line_splitter.ts";
import { wireError } from "../../bench/wire_error.ts";
import type { RequestOf } from "../../requests/request.ts";
import { admit } from "../../access/admit.ts";
import { checkedName, type Principal } from "../../access/principal.ts";
import { requestCategory } from "../../records/journal.ts";
import type { Services } from "../../services.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import type { ListenOptions } from "../../network/listening.ts";
import { SocketServer } from "../shared/socket_server.ts";
import { LineCache } from "./line_cache.ts";
import { LineServerSession } from "./line_session.ts";

/** The options of a {@linkcode LineServer}. */
export interface LineServerOptions extends ListenOptions {
  /** The TCP port; 0 takes any free one. @default 2402, azcam's */
  readonly port?: number;
  /** A line that greets every client, as azcam's `welcome_message`. @default none */
  readonly welcomeMessage?: string;
  /** What is done for each connection. @default what the server itself does */
  readonly steps?: ConnectionSteps;
}

/** The steps of serving a connection, for a server of which a subclass overrides some. */
export interface ConnectionSteps {
  /** Called when a client has connected. */
  setup(session: LineServerSession): void | Promise<void>;
  /** Serves a client: takes its commands one by one and answers each in order. */
  handle(session: LineServerSession): Promise<void>;
  /** The client's next command, or `null` when it has gone. */
  receiveCommand(session: LineServerSession): string | null | Promise<string | null>;
  /** Called when a connection ends. */
  finish(session: LineServerSession): void | Promise<void>;
}

/** The text as it stands, quotes included, like azcam's; where its client could not split that, as one word. */
function echo(text: string): string {
  return text === "" ? "OK" : `OK ${splits(text) ? text : replyWord(text)}`;
}

/** The principal of commands that {@linkcode LineServer.command} runs. */
const thisProgram = admit({ by: "program", name: "this program" });

/** azcam's lines on one port. Many clients at once, each served in order. */
export class LineServer extends SocketServer<LineServerSession> implements ConnectionSteps {
  readonly #steps: ConnectionSteps;
  readonly #welcomeMessage: string | undefined;
  readonly #lines = new LineCache();
  #logsCommands = false;

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services What it shares with the other servers of the process.
   * @param options Where it listens, and how it greets.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(services: Services, options: LineServerOptions) {
    super(services, { ...options, name: "line", port: options.port ?? 2402, flag: "--command-port" });
    this.#welcomeMessage = options.welcomeMessage;
    this.#steps = options.steps ?? this;
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
  setup(session: LineServerSession): void | Promise<void> {
    if (this.#welcomeMessage !== undefined) session.reply(this.#welcomeMessage);
  }

  /**
   * Serves a client: takes its commands one by one and answers each in order.
   *
   * Replies to what came in one segment go out in one write.
   */
  async handle(session: LineServerSession): Promise<void> {
    const { connection } = session;
    // A client that was dropped, or has reset its connection, drives nothing any more.
    while (!session.ending && !connection.closed) {
      let command = this.#steps.receiveCommand(session);
      if (command instanceof Promise) command = await command;
      if (command === null) break;
      session.asked(command, session.receivedTime);
      const read = this.#lines.parse(command);
      const reply = "word" in read
        ? this.#sessionWord(read.word, read.rest, session)
        : this.#run(read, session.principal);
      if (this.#logsCommands) this.#logReply(command, reply, session);
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
  receiveCommand(session: LineServerSession): string | null | Promise<string | null> {
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
  finish(_session: LineServerSession): void | Promise<void> {}

  /** Serves a new connection. */
  protected override serveSocket(socket: ClientSocket): Promise<void> {
    return this.serveSession(new LineServerSession(this.admitted(socket), this.services.limits.lineBytes));
  }

  /** The refusal of a client, as text for the wire. */
  protected override refusal(error: HeliographError): string {
    return `${lineError(error)}\r\n`;
  }

  /** Serves one connection to its end. */
  protected override async serve(session: LineServerSession): Promise<void> {
    await this.#steps.setup(session);
    try {
      await this.#steps.handle(session);
    } finally {
      await this.#steps.finish(session);
    }
  }

  #waitForCommand(session: LineServerSession): Promise<string | null> {
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

  #logReply(line: string, reply: string | Promise<string>, session: LineServerSession): void {
    Promise.resolve(reply).then((text) =>
      this.log.getChild(requestCategory).debug("{client}> {line} -> {reply}", {
        client: session.principal.label,
        line: withoutSecrets(line),
        reply: text,
      })
    );
  }

  #sessionWord(word: SessionWord, rest: string, session: LineServerSession): string | Promise<string> {
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
        return this.#register(rest, session);
      case "auth":
        return this.#registered(() => this.services.access.prove(session.principal, rest.trim()));
      case "note":
        try {
          this.services.requests.run({ cmd: "Note", text: rest, instrument: undefined }, session.principal);
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
        try {
          this.services.requests.run({ cmd: "Exit" }, session.principal);
        } catch (error) {
          return lineError(wireError(error));
        }
        this.log.info("{client} stops the server", { client: session.principal.label });
        session.ending = true;
        return "OK";
    }
  }

  /** `register NAME`, or azcam's own `register NAME TOKEN`: what follows a name is a token only where it looks like one. */
  #register(rest: string, { principal }: LineServerSession): string {
    const { access } = this.services;
    const [name = "", token] = rest.trim().split(/\s+/);
    if (token?.startsWith(secretPrefix)) return this.#registered(() => access.prove(principal, token, name));
    return this.#registered(() => {
      this.services.requests.run({ cmd: "Hello", name: checkedName(name), token: undefined }, principal);
    });
  }

  #registered(register: () => void): string {
    try {
      register();
      return "OK";
    } catch (error) {
      return lineError(wireError(error));
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
