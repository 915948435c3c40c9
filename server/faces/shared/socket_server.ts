/**
 * The base of the ways in over TCP: listening, limits, sessions, draining. One way to start and one to stop.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import type { SessionDescription } from "../../../protocol/description.ts";
import type { HeliographError } from "../../../protocol/errors.ts";
import type { ClientSocket } from "../../network/client_socket.ts";
import { Connection, type ConnectionLimits } from "../../network/connection.ts";
import { answerableError } from "../../bench/wire_error.ts";
import { Admission } from "../../network/admission.ts";
import { checkOpen } from "../../network/listen_errors.ts";
import { drainSeconds, type ListenOptions, sweepInterval, TcpPort } from "../../network/listening.ts";
import type { Face } from "../face.ts";
import type { ListenerAddress, Services } from "../../services.ts";
import type { Session, SessionParts } from "../../access/sessions.ts";
import { within } from "../../network/within.ts";

/** What a client is told whose request was not done in time when the server was stopped. */
export const notDrained = `what it asked for was not done ${drainSeconds} s after the server was stopped`;

/** The options of a {@linkcode SocketServer}. */
export interface SocketServerOptions extends ListenOptions {
  /** Which wire it speaks. */
  readonly name: SessionDescription["protocol"];
  /** The TCP port; 0 takes any free one. */
  readonly port: number;
  /** What chooses another port, for errors. */
  readonly flag: string;
  /** Its part of the log. @default its name */
  readonly category?: string;
  /** How many may be connected. @default as many of each address as the limits say */
  readonly admission?: Admission;
  /** For how long one that needs no TLS may say nothing where TLS is told from plain bytes, in seconds. @default for ever */
  readonly silentSeconds?: number;
}

/** A server on one TCP port. */
export abstract class SocketServer<S extends Session> implements Face {
  /** What it shares with the other servers of the process. */
  protected readonly services: Services;
  /** Where it tells what happens. */
  protected readonly log: Logger;
  /** Which wire it speaks. */
  readonly name: SessionDescription["protocol"];
  readonly #port: TcpPort;
  #stopping: Promise<void> | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  readonly #served = new Map<S, Promise<void>>();

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param services What it shares with the other servers of the process.
   * @param options Which wire it speaks, and where it listens.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(services: Services, options: SocketServerOptions) {
    const { name, host = "127.0.0.1", port, flag, insecureOpen = false, category = name } = options;
    const doorway = services.doorwayOf(host);
    checkOpen(host, insecureOpen || doorway !== undefined);
    this.name = name;
    this.services = services;
    this.log = getLogger(["heliograph", category]);
    this.#port = new TcpPort({
      host,
      port,
      flag,
      log: this.log,
      admission: options.admission ?? new Admission({
        what: "the connection",
        mostPerAddress: services.limits.connectionsPerAddress,
        capacity: services.capacity,
        descriptors: services.descriptorsAt(host),
      }),
      refusal: (error, plain) => this.refusal(error, plain),
      serve: (socket) => this.serveSocket(socket),
      turn: services.turns.client(),
      doorway,
      handshakes: services.turns.client(),
      silentSeconds: options.silentSeconds,
    });
  }

  /** The port it listens on; the wanted one before it listens. */
  get port(): number {
    return this.#port.port;
  }

  /** The address it listens on. */
  get host(): string {
    return this.#port.host;
  }

  /** Where it listens now. */
  get addresses(): readonly ListenerAddress[] {
    return this.listening && !this.stopping ? [{ protocol: this.name, host: this.host, port: this.port }] : [];
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#port.listening;
  }

  /** Whether it is being stopped. */
  protected get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Those who are connected. */
  protected get sessions(): S[] {
    return [...this.#served.keys()];
  }

  /** Resolves when none of those who are connected now is served any more. */
  protected get served(): Promise<unknown> {
    return Promise.all(this.#served.values());
  }

  /**
   * Takes the port: whoever connects waits until `start`.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  bind(): void {
    this.#port.bind();
  }

  /**
   * Serves in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  start(): void {
    if (this.listening) return;
    this.#port.open();
    this.services.turns.open();
    this.#sweep = setInterval(() => this.dropStuck(), sweepInterval);
  }

  /** Serves until it is stopped. */
  async begin(): Promise<void> {
    this.start();
    await this.#port.closed;
    await this.served;
  }

  /** Takes nothing new, finishes what runs (for at most five seconds), and closes every connection. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => this.#stopping = undefined);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#sweep);
    if (!this.listening) return await this.#port.close();
    await this.drain(() => this.#port.close());
    await this.services.turns.close();
  }

  /** Serves a client that has come to another port, and means this wire. @param socket Closed where nothing is served. */
  async take(socket: ClientSocket): Promise<void> {
    if (this.listening && !this.stopping) await this.serveSocket(socket);
    else socket.close();
  }

  /** Stops it, so that `await using` releases the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Serves what has connected to its port. */
  protected abstract serveSocket(socket: ClientSocket): Promise<void>;

  /** Serves one session to its end. */
  protected abstract serve(session: S): Promise<void>;

  /** How a client is told that it cannot be served. @param plain What came first, of one that is to use TLS. */
  protected abstract refusal(error: HeliographError, plain?: Uint8Array): string;

  /**
   * Lets in who has connected.
   *
   * @param limits What they may leave unread. @default those of the server
   */
  protected admitted(socket: ClientSocket, limits: ConnectionLimits = this.services.limits): SessionParts<Connection> {
    const { access, sessions, turns } = this.services;
    const turn = turns.client();
    const connection = new Connection(socket, limits, turn);
    return { principal: access.admitConnection(this.name, connection, sessions), connection, turn };
  }

  /** Serves a session, which is known to all of the server until its end. */
  protected serveSession(session: S): Promise<void> {
    const { sessions } = this.services;
    sessions.add(session);
    const served = this.serveLogged(session).finally(() => {
      this.#served.delete(session);
      sessions.delete(session);
    });
    this.#served.set(session, served);
    return served;
  }

  /** Serves a session to its end, closes it, and tells the log of both. */
  protected async serveLogged(session: S): Promise<void> {
    const { principal, connection } = session;
    this.log.debug("{client} connected", { client: principal.label });
    try {
      await this.serve(session);
    } catch (error) {
      // A connection that broke while replies were being written; anything else is a fault of ours.
      if (!connection.closed) this.log.error("Serving {client} failed: {error}", { client: principal.label, error });
    }
    connection.close();
    // By the name that it has given itself meanwhile.
    const [client, { reason }] = [principal.label, connection];
    if (reason === "") this.log.debug("{client} disconnected", { client });
    else this.log.warning("Dropped {client}: {reason}", { client, reason });
  }

  /**
   * Finishes what runs and closes every connection; called once when it is stopped.
   *
   * @param close Closes the port.
   */
  protected async drain(close: () => Promise<void>): Promise<void> {
    await close();
    for (const session of this.sessions) session.end();
    await within(drainSeconds * 1000, this.served);
    for (const session of this.sessions) session.connection.close(new Error(notDrained));
  }

  /** Drops whoever has read nothing for too long. */
  protected dropStuck(): void {
    for (const session of this.sessions) session.connection.dropIfStuck();
  }

  /** Any exception as the error to answer; one that is neither an instrument's nor a client's fault is logged. */
  protected failure(error: unknown): HeliographError {
    return answerableError(error, this.log);
  }
}
