/**
 * azcam's command server by itself: its wire and no other, on a bench of its own.
 *
 * @module
 */

import { Access, openRole } from "../../access/admit.ts";
import type { Limits } from "../../access/limits.ts";
import type { Instrument } from "../../bench/instrument.ts";
import type { Role } from "../../bench/command.ts";
import { Services } from "../../services.ts";
import { LineServer } from "./line_server.ts";
import type { LineServerSession } from "./line_session.ts";

/**
 * The options of a {@linkcode CommandServer}.
 *
 * @example
 * ```ts
 * import { CommandServer, type CommandServerOptions, demoInstruments } from "@heliograph/heliograph";
 *
 * const options: CommandServerOptions = { port: 0, instruments: demoInstruments(), welcomeMessage: "Good evening" };
 * await using server = new CommandServer(options);
 * server.start();
 * console.log(await server.command("instrument.get_filter")); // OK r
 * ```
 */
export interface CommandServerOptions {
  /** The TCP port; 0 takes any free one. @default 2402, azcam's */
  readonly port?: number;
  /** The address. @default "127.0.0.1" */
  readonly host?: string;
  /** Listens beyond this PC although nothing controls who connects. @default false */
  readonly insecureOpen?: boolean | "observer" | "operator";
  /** What stands on its bench. @default nothing but the default instrument `api` */
  readonly instruments?: Iterable<Instrument>;
  /** What clients may use. @default those of docs/security.md */
  readonly limits?: Partial<Limits>;
  /** A line that greets every client, as azcam's `welcome_message`. @default none */
  readonly welcomeMessage?: string;
}

/**
 * A connection to a {@linkcode CommandServer}, as a subclass sees it.
 *
 * @example
 * ```ts
 * import { CommandServer, type LineSession } from "@heliograph/heliograph";
 *
 * class Echo extends CommandServer {
 *   protected override async handle(session: LineSession): Promise<void> {
 *     while (!session.ending) {
 *       const line = await this.receiveCommand(session);
 *       if (line === null) return;
 *       session.reply(`OK ${session.principal.name} ${line}`);
 *     }
 *   }
 * }
 * await using server = new Echo({ port: 0 });
 * server.start();
 * ```
 */
export interface LineSession {
  /** Who it is. */
  readonly principal: {
    /** A number that no other connection of this server run has. */
    readonly id: number;
    /** The name the client registered, or empty. */
    readonly name: string;
    /** Where it comes from, `address:port`. */
    readonly address: string;
    /** What the client may do. */
    readonly role: Role;
  };
  /** Whether it ends once what the client asked for is answered. */
  readonly ending: boolean;
  /** Sends one line. @param reply Its text, without the line end. */
  reply(reply: string): void;
  /** Ends it: at once where nothing is being worked on, after the last answer has gone out otherwise. */
  end(): void;
}

/**
 * azcam's command server. Many clients at once, each served in order.
 *
 * A subclass may override what happens for each connection: `setup`, `handle`, `receiveCommand`, `finish`.
 *
 * @example
 * ```ts
 * import { CommandServer } from "@heliograph/heliograph";
 *
 * await using server = new CommandServer({ port: 0 });
 * server.start();
 * console.log(await server.command("list")); // OK
 * ```
 *
 * @example A subclass
 * ```ts
 * import { CommandServer, type LineSession } from "@heliograph/heliograph";
 *
 * class Polite extends CommandServer {
 *   protected override setup(session: LineSession): void {
 *     session.reply(`Good evening, ${session.principal.address}`);
 *   }
 *   protected override async receiveCommand(session: LineSession): Promise<string | null> {
 *     const line = await super.receiveCommand(session);
 *     return line?.replace(/^please /, "") ?? null;
 *   }
 * }
 * await using server = new Polite({ port: 0 });
 * server.start();
 * ```
 */
export class CommandServer {
  readonly #services: Services;
  readonly #lines: LineServer;

  /**
   * Makes a server; `start` or `begin` makes it listen.
   *
   * @param options Port, instruments, limits.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor({ port = 2402, instruments = [], limits, insecureOpen = false, ...options }: CommandServerOptions = {}) {
    const services = new Services(instruments, { limits, access: new Access({ open: openRole(insecureOpen) }) });
    this.#services = services;
    this.#lines = new LineServer(services, {
      ...options,
      insecureOpen: insecureOpen !== false,
      port,
      steps: {
        setup: (session) => this.setup(session),
        handle: (session) => this.handle(session),
        receiveCommand: (session) => this.receiveCommand(session),
        finish: (session) => this.finish(session),
      },
    });
    services.exit = () => void this.stop();
    services.faces.add(this.#lines);
  }

  /** The port it listens on; the wanted one before it listens. */
  get port(): number {
    return this.#lines.port;
  }

  /** The address it listens on. */
  get host(): string {
    return this.#lines.host;
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#lines.listening;
  }

  /**
   * Serves in the background, and starts its bench.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  start(): void {
    this.#lines.start();
    this.#services.acceptRequests();
    void this.#services.bench.start();
  }

  /** Serves until it is stopped. */
  async begin(): Promise<void> {
    this.start();
    await this.#lines.begin();
  }

  /** Stops accepting, finishes what runs (for at most five seconds), closes every connection, and stops its bench. */
  async stop(): Promise<void> {
    this.#services.refuseRequests();
    await this.#lines.stop();
    await this.#services.bench.stop();
  }

  /**
   * Runs one command line, as from this PC.
   *
   * @param text The line, without its end.
   * @returns The reply, without its line end; it begins with `OK`, `ERROR` or `WARNING`.
   */
  command(text: string): Promise<string> {
    return this.#lines.command(text);
  }

  /** Called when a client has connected; sends the welcome message, if there is one. */
  protected setup(session: LineSession): void | Promise<void> {
    return this.#lines.setup(own(session));
  }

  /**
   * Serves a client: takes its commands one by one and answers each in order.
   *
   * Replies to what came in one segment go out in one write.
   */
  protected handle(session: LineSession): Promise<void> {
    return this.#lines.handle(own(session));
  }

  /**
   * The client's next command.
   *
   * @returns A line without its end, or `null` when the client has gone; at once where it has been received already.
   */
  protected receiveCommand(session: LineSession): string | null | Promise<string | null> {
    return this.#lines.receiveCommand(own(session));
  }

  /** Called when a connection ends. */
  protected finish(_session: LineSession): void | Promise<void> {}

  /** Stops it, so that `await using` releases the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The line server's own session: every session that a subclass is handed is one. */
const own = (session: LineSession) => session as LineServerSession;
