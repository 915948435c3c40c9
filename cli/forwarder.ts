/**
 * Carries connections of this PC to a server on another one: by TLS, with this PC's token.
 *
 * @module
 */

import { secureConnect, type Wire } from "../client/secure.ts";
import { encodeStatus, transferStatus } from "../server/camera/image_transfer.ts";
import { carry, closeEnd, writeAll } from "../server/network/carry.ts";
import { cannotListen } from "../server/network/listen_errors.ts";
import { within } from "../server/network/within.ts";
import type { Target } from "./connection.ts";

/** The address that is listened on: what is carried needs no token of whoever connects. */
const hostname = "127.0.0.1";
/** For how long the last words may take when one side has gone, in milliseconds. */
const lastWords = 1000;

/** A port here, and where it leads. */
export interface ForwardedPort {
  /** The wire that it speaks. */
  readonly wire: Wire;
  /** The port here; 0 takes any free one. */
  readonly port: number;
  /** What chooses another port, for the error. */
  readonly flag: string;
  /** Where it leads. */
  readonly target: Target;
}

/** How a client of a wire is told that the server cannot be reached. */
const failures: Readonly<Record<ForwardedPort["wire"], (message: string) => string>> = {
  line: (message) => `ERROR ${message}\r\n`,
  dashboard: (message) => `Error: ${message}`,
  // Its senders know numbers alone.
  image: () => encodeStatus(transferStatus.notUnderstood),
  web: (message) => {
    const body = `${message}\n`;
    const length = new TextEncoder().encode(body).length;
    return "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n" +
      `Content-Length: ${length}\r\nConnection: close\r\n\r\n${body}`;
  },
};

/** Forwards the ports of one server. */
export class Forwarder {
  readonly #wait: { readonly timeout: number };
  readonly #tell: (text: string) => void;
  readonly #listeners = new Map<ForwardedPort["wire"], Deno.TcpListener>();
  readonly #open = new Map<Deno.TcpConn, Promise<void>>();

  /** Listens nowhere yet. @param timeout For how many seconds the server is tried. @param tell Told what went wrong. */
  constructor(timeout: number, tell: (text: string) => void) {
    this.#wait = { timeout };
    this.#tell = tell;
  }

  /** The port here that leads to a wire. */
  port(wire: ForwardedPort["wire"]): number | undefined {
    return this.#listeners.get(wire)?.addr.port;
  }

  /** Begins to listen. @throws {HeliographError} `cannot_listen`; then nothing listens. */
  start(ports: readonly ForwardedPort[]): void {
    try {
      for (const each of ports) {
        try {
          this.#listeners.set(each.wire, Deno.listen({ hostname, port: each.port }));
        } catch (error) {
          throw cannotListen(error, hostname, each.port, each.flag);
        }
      }
    } catch (error) {
      void this.stop();
      throw error;
    }
    for (const each of ports) void this.#accept(this.#listeners.get(each.wire)!, each);
  }

  /** Listens no more, and ends what is carried. */
  async stop(): Promise<void> {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
    for (const socket of this.#open.keys()) closeEnd(socket);
    // On Deno 2.4 a blocked write stays pending when its connection is closed.
    await within(lastWords, Promise.all(this.#open.values()));
  }

  async #accept(listener: Deno.TcpListener, port: ForwardedPort): Promise<void> {
    for (;;) {
      let socket: Deno.TcpConn;
      try {
        socket = await listener.accept();
      } catch {
        if (this.#listeners.get(port.wire) !== listener) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      socket.setNoDelay(true);
      const carried = this.#carry(socket, port).catch(() => {}).finally(() => {
        closeEnd(socket);
        this.#open.delete(socket);
      });
      this.#open.set(socket, carried);
    }
  }

  async #carry(socket: Deno.TcpConn, { wire, target: { host, port, tls, token } }: ForwardedPort): Promise<void> {
    const first = { wire, token, forwarded: true };
    let connection: Deno.TlsConn;
    try {
      ({ connection } = await secureConnect(host, port, { authority: tls?.authority, first }, this.#wait));
    } catch (error) {
      const { message } = error as Error;
      this.#tell(message);
      await writeAll(socket, new TextEncoder().encode(failures[wire](message)));
      await socket.closeWrite();
      return await drained(socket);
    }
    const ways = [
      carry(socket, connection).catch(() => closeEnd(connection)),
      carry(connection, socket).catch(() => closeEnd(socket)),
    ];
    await ways[1];
    // The server has ended it: its client is given a moment to take the last words.
    await within(lastWords, Promise.all(ways));
    closeEnd(connection);
  }
}

/** Reads what a client still says, for a moment: closed with bytes unread, the last words would be lost. */
async function drained(socket: Deno.TcpConn): Promise<void> {
  const timer = setTimeout(() => closeEnd(socket), lastWords);
  try {
    const buffer = new Uint8Array(4096);
    while (await socket.read(buffer) !== null);
  } catch {
    // It has gone.
  } finally {
    clearTimeout(timer);
  }
}
