/**
 * Listening on a TCP port: where that is allowed, why it cannot be, and one way to accept connections.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../protocol/errors.ts";
import { isLoopback } from "./roles.ts";

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

/** A TCP port on which connections are accepted, one after another, whatever becomes of each. */
export class TcpPort {
  /** The address it listens on. */
  readonly host: string;
  readonly #wanted: number;
  readonly #flag: string;
  readonly #log: Logger;
  readonly #admit: (socket: Deno.TcpConn) => unknown;
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> = Promise.resolve();

  /**
   * Makes one that does not listen yet.
   *
   * @param host The address.
   * @param port The port; 0 takes any free one.
   * @param flag What chooses another port, for the error.
   * @param log Where it is told that a connection could not be accepted.
   * @param admit Given each connection; it must not wait for what comes over it. The next one is taken when
   * what it returns has resolved, if that is a promise.
   */
  constructor(host: string, port: number, flag: string, log: Logger, admit: (socket: Deno.TcpConn) => unknown) {
    this.host = host;
    this.#wanted = port;
    this.#flag = flag;
    this.#log = log;
    this.#admit = admit;
  }

  /** The port; the wanted one before it listens. */
  get port(): number {
    return this.#listener?.addr.port ?? this.#wanted;
  }

  /** Whether it listens. */
  get listening(): boolean {
    return this.#listener !== undefined;
  }

  /** Resolves when it listens no more. */
  get closed(): Promise<void> {
    return this.#accepting;
  }

  /**
   * Accepts connections in the background.
   *
   * @throws {HeliographError} `cannot_listen` when the port is in use or the address is not this PC's.
   */
  open(): void {
    try {
      // Deno knows tcpBacklog from 2.9 on, and ignores it before: many clients may connect at once.
      const options = { hostname: this.host, port: this.#wanted, tcpBacklog: 4096 };
      this.#listener = Deno.listen(options);
    } catch (error) {
      throw cannotListen(error, this.host, this.#wanted, this.#flag);
    }
    this.#accepting = this.#accept(this.#listener);
  }

  /** Accepts no more. */
  async close(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#accepting;
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
        this.#log.error("Cannot accept a connection: {error}", { error });
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      try {
        await this.#admit(socket);
      } catch (error) {
        this.#log.debug("A client went before it was served: {error}", { error });
      }
    }
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
