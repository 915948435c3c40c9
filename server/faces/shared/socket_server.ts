/**
 * The base of the servers on TCP: listening, limits, draining. One accept loop, one way to stop.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import type { HeliographError } from "../../../protocol/errors.ts";
import { Connection } from "../../network/connection.ts";
import { answerableError } from "../../bench/wire_error.ts";
import { Admission } from "../../network/admission.ts";
import { checkOpen, drainSeconds, type ListenOptions, sweepInterval, TcpPort } from "../../network/listening.ts";
import { admitConnection } from "../../access/admit.ts";
import type { Face } from "../face.ts";
import type { ListenerAddress, Services } from "../../services.ts";
import type { SessionParts, SocketSession } from "../../access/sessions.ts";
import { within } from "../../network/within.ts";

/** A server on one TCP port. */
export abstract class SocketServer<S extends SocketSession> implements Face {
  /**
   * What it shares with the other servers of the process.
   *
   * @internal
   */
  protected readonly services: Services;
  /**
   * Where it tells what happens.
   *
   * @internal
   */
  protected readonly log: Logger;
  /** Which wire it speaks. */
  readonly name: ListenerAddress["protocol"];
  readonly #port: TcpPort;
  #stopping: Promise<void> | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  readonly #served = new Map<S, Promise<void>>();

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param protocol Which wire it speaks.
   * @param services What it shares with the other servers of the process.
   * @param options Where to listen.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   * @internal
   */
  constructor(
    protocol: ListenerAddress["protocol"],
    services: Services,
    { port, host = "127.0.0.1", insecureOpen = false }: ListenOptions & { readonly port: number },
  ) {
    checkOpen(host, insecureOpen);
    this.name = protocol;
    this.services = services;
    this.log = getLogger(["heliograph", protocol]);
    this.#port = new TcpPort({
      host,
      port,
      flag: protocol === "line" ? "--command-port" : "--dashboard-port",
      log: this.log,
      admission: new Admission({
        what: "the connection",
        mostPerAddress: services.limits.connectionsPerAddress,
        capacity: services.capacity,
      }),
      refusal: (error) => this.refusal(error),
      serve: (socket) => this.#serveSocket(socket),
      turn: services.turns.client(),
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
    return this.listening ? [{ protocol: this.name, host: this.host, port: this.port }] : [];
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#port.listening;
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
    this.#sweep = setInterval(() => {
      for (const session of this.#served.keys()) session.connection.dropIfStuck();
    }, sweepInterval);
  }

  /** Serves until it is stopped. */
  async begin(): Promise<void> {
    this.start();
    await this.#port.closed;
    await Promise.all(this.#served.values());
  }

  /** Stops accepting, finishes what runs (for at most five seconds), and closes every connection. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => this.#stopping = undefined);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (!this.listening) return await this.#port.close();
    const closed = this.#port.close();
    clearInterval(this.#sweep);
    await closed;
    for (const session of this.#served.keys()) session.end();
    await within(drainSeconds * 1000, Promise.all(this.#served.values()));
    for (const session of this.#served.keys()) {
      session.connection.close(
        new Error(`what it asked for was not done ${drainSeconds} s after the server was stopped`),
      );
    }
    await this.services.turns.close();
  }

  /** Stops it, so that `await using` releases the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Makes the session of a new connection.
   *
   * @internal
   */
  protected abstract openSession(parts: SessionParts<Connection>): S;

  /** Serves one connection to its end. */
  protected abstract serve(session: S): Promise<void>;

  /** Any exception as the error to answer; one that is neither an instrument's nor a client's fault is logged. */
  protected failure(error: unknown): HeliographError {
    return answerableError(error, this.log);
  }

  #serveSocket(socket: Deno.TcpConn): Promise<void> {
    const { limits, sessions, turns } = this.services;
    const turn = turns.client();
    const connection = new Connection(socket, limits, turn);
    const principal = admitConnection(this.name, connection, sessions);
    const session = this.openSession({ principal, connection, turn });
    sessions.add(session);
    const served = this.#serveLogged(session).finally(() => {
      this.#served.delete(session);
      sessions.delete(session);
    });
    this.#served.set(session, served);
    return served;
  }

  /** How a client is told that it cannot be served. */
  protected abstract refusal(error: HeliographError): string;

  async #serveLogged(session: S): Promise<void> {
    const { label } = session.principal;
    this.log.debug("{client} connected", { client: label });
    try {
      await this.serve(session);
    } catch (error) {
      // A connection that broke while replies were being written; anything else is a fault of ours.
      if (!session.connection.closed) this.log.error("Serving {client} failed: {error}", { client: label, error });
    }
    const { reason } = session.connection;
    session.connection.close();
    if (reason === "") this.log.debug("{client} disconnected", { client: label });
    else this.log.warning("Dropped {client}: {reason}", { client: label, reason });
  }
}
