/**
 * What both wires' servers share: listening, limits, draining. One accept loop, one way to stop.
 *
 * @module
 */

import { getLogger, type Logger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../protocol/errors.ts";
import { Connection } from "./connection.ts";
import { answerableError } from "./dispatcher.ts";
import { Admission } from "./admission.ts";
import type { Role } from "./instruments/command.ts";
import { isLoopback, roleOfAddress } from "./roles.ts";
import type { ListenerAddress, Services } from "./services.ts";
import type { SocketSession } from "./sessions.ts";

/** Where a server listens. */
export interface ListenOptions {
  /** The TCP port; 0 takes any free one. */
  readonly port?: number;
  /** The address. @default "127.0.0.1" */
  readonly host?: string;
  /** Listens beyond this PC although nothing controls who connects. @default false */
  readonly insecureOpen?: boolean;
}

/** How long `stop` waits for what runs, in seconds. */
export const drainSeconds = 5;

/** How often stuck clients are looked for, in milliseconds. */
export const sweepInterval = 5000;

/** How `accept` fails when a client went before its turn came, as port scanners do: the next one is not kept waiting. */
const goneBeforeAccepted = [Deno.errors.NotConnected, Deno.errors.ConnectionReset, Deno.errors.ConnectionAborted];

/** The identity of a session that is being opened. */
export type Identity = Pick<SocketSession, "id" | "protocol" | "role" | "connection">;

/** A server on one TCP port. */
export abstract class SocketServer<S extends SocketSession> {
  /** What it shares with the other servers of the process. */
  protected readonly services: Services;
  /** Where it tells what happens. */
  protected readonly log: Logger;
  readonly #protocol: ListenerAddress["protocol"];
  readonly #host: string;
  readonly #wantedPort: number;
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #sweep: ReturnType<typeof setInterval> | undefined;
  readonly #served = new Map<S, Promise<void>>();
  readonly #admission: Admission;
  readonly #describe = (): ListenerAddress => ({ protocol: this.#protocol, host: this.#host, port: this.port });

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param protocol Which wire it speaks.
   * @param services What it shares with the other servers of the process.
   * @param options Where to listen.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor(
    protocol: ListenerAddress["protocol"],
    services: Services,
    { port, host = "127.0.0.1", insecureOpen = false }: ListenOptions & { readonly port: number },
  ) {
    checkOpen(host, insecureOpen);
    this.#protocol = protocol;
    this.services = services;
    const { connections, connectionsPerAddress } = services.limits;
    this.#admission = new Admission("the connection", connections, connectionsPerAddress);
    this.#host = host;
    this.#wantedPort = port;
    this.log = getLogger(["heliograph", protocol]);
  }

  /** The port it listens on; the wanted one before it listens. */
  get port(): number {
    return this.#listener?.addr.port ?? this.#wantedPort;
  }

  /** The address it listens on. */
  get host(): string {
    return this.#host;
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#listener !== undefined;
  }

  /**
   * Serves in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  start(): void {
    if (this.#listener !== undefined) return;
    try {
      // Deno knows tcpBacklog from 2.9 on, and ignores it before: many clients may connect at once.
      const options = { hostname: this.#host, port: this.#wantedPort, tcpBacklog: 4096 };
      this.#listener = Deno.listen(options);
    } catch (error) {
      const flag = this.#protocol === "line" ? "--command-port" : "--dashboard-port";
      throw cannotListen(error, this.#host, this.#wantedPort, flag);
    }
    this.services.listeners.add(this.#describe);
    this.#sweep = setInterval(() => {
      for (const session of this.#served.keys()) session.connection.dropIfStuck();
    }, sweepInterval);
    this.#accepting = this.#accept(this.#listener);
  }

  /** Serves until it is stopped. */
  async begin(): Promise<void> {
    this.start();
    await this.#accepting;
    await Promise.all(this.#served.values());
  }

  /** Stops accepting, finishes what runs (for at most five seconds), and closes every connection. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => this.#stopping = undefined);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#listener === undefined) return;
    this.#listener.close();
    this.#listener = undefined;
    this.services.listeners.delete(this.#describe);
    clearInterval(this.#sweep);
    await this.#accepting;
    for (const session of this.#served.keys()) session.end();
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, drainSeconds * 1000);
    await Promise.race([Promise.all(this.#served.values()), timeout.promise]);
    clearTimeout(timer);
    for (const session of this.#served.keys()) {
      session.connection.close(
        new Error(`what it asked for was not done ${drainSeconds} s after the server was stopped`),
      );
    }
  }

  /** Stops it, so that `await using` releases the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Makes the session of a new connection. */
  protected abstract openSession(identity: Identity): S;

  /** Serves one connection to its end. */
  protected abstract serve(session: S): Promise<void>;

  /** Any exception as the error to answer; one that is neither an instrument's nor a client's fault is logged. */
  protected failure(error: unknown): HeliographError {
    return answerableError(error, this.log);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (this.#listener === listener) {
      let socket: Deno.TcpConn;
      try {
        socket = await listener.accept();
      } catch (error) {
        if (this.#listener !== listener) return;
        if (goneBeforeAccepted.some((kind) => error instanceof kind)) continue;
        // Out of file descriptors, say: those who are connected go on, and some of them will go.
        this.log.error("Cannot accept a connection: {error}", { error });
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      try {
        this.#admit(socket);
      } catch (error) {
        this.log.debug("A client went before it was served: {error}", { error });
      }
    }
  }

  #admit(socket: Deno.TcpConn): void {
    const { limits, sessions } = this.services;
    const connection = new Connection(socket, limits);
    const { hostname } = connection;
    const refusal = this.#admission.enter(hostname);
    if (refusal !== undefined) {
      const { address } = connection;
      this.log.warning("Refused {address}: {reason}", { address, reason: refusal.message });
      connection.send(this.refusal(refusal));
      connection.flush().then(() => connection.close(), () => {});
      return;
    }
    const role: Role = roleOfAddress(hostname);
    const session = this.openSession({ id: sessions.nextId(), protocol: this.#protocol, role, connection });
    sessions.add(session);
    const served = this.#serveLogged(session).finally(() => {
      this.#served.delete(session);
      sessions.delete(session);
      this.#admission.leave(hostname);
    });
    this.#served.set(session, served);
  }

  /** How a client is told that it cannot be served. */
  protected abstract refusal(error: HeliographError): string;

  async #serveLogged(session: S): Promise<void> {
    // Made now: a closed connection no longer knows its address.
    const { label } = session;
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

/**
 * Whether a server may listen where it shall.
 *
 * @param host The address.
 * @param insecureOpen Whether it may listen beyond this PC.
 * @throws {HeliographError} `cannot_listen`, with what to do instead.
 */
export function checkOpen(host: string, insecureOpen: boolean): void {
  if (isLoopback(host) || insecureOpen) return;
  throw new HeliographError(
    "cannot_listen",
    `Cannot listen on ${host}: whoever reaches this PC could drive its instruments, since nothing controls who ` +
      "connects. Listen on 127.0.0.1 and come in by SSH (ssh -L 2402:127.0.0.1:2402 USER@THIS-PC), or give " +
      "--insecure-open if everybody on the network may",
  );
}

/**
 * Why a server cannot listen.
 *
 * @param error What the system said.
 * @param host The address.
 * @param port The port.
 * @param flag What chooses another port.
 */
export function cannotListen(error: unknown, host: string, port: number, flag: string): HeliographError {
  const where = `${host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return new HeliographError(
      "cannot_listen",
      `Cannot listen on ${where}: another program uses port ${port}. Stop it, or choose another port with ${flag} (0 takes any free one)`,
      { cause: error },
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return new HeliographError("cannot_listen", `Cannot listen on ${where}: ${host} is not an address of this PC`, {
      cause: error,
    });
  }
  return new HeliographError("cannot_listen", `Cannot listen on ${where}: ${(error as Error).message}`, {
    cause: error,
  });
}
