/**
 * A client's socket that a TLS listener has accepted.
 *
 * @module
 */

import { closeEnd } from "./carry.ts";
import type { Secured, TlsSocket } from "./client_socket.ts";
import type { SocketEnder } from "./socket_ender.ts";

/** A client that has come to a TLS port. */
export class DirectSocket implements TlsSocket {
  /** What it says of itself. */
  secured: Secured = {};
  /** The client's address. */
  readonly remoteAddr: Deno.NetAddr;
  /** Resolves when its handshake has ended, in whichever way. */
  readonly answered: Promise<unknown>;
  readonly #socket: Deno.TlsConn;
  readonly #ender: SocketEnder;
  readonly #handshake: Promise<Deno.TlsHandshakeInfo>;
  readonly #gone = Promise.withResolvers<void>();
  #shaken = false;
  #writing = 0;
  #closed = false;

  /** Takes over a socket. @param ender Ends what `close` does not. */
  constructor(socket: Deno.TlsConn, ender: SocketEnder) {
    this.#socket = socket;
    this.#ender = ender;
    this.remoteAddr = socket.remoteAddr as Deno.NetAddr;
    this.#handshake = socket.handshake();
    this.answered = this.#handshake.catch(() => {}).finally(() => this.#shaken = true);
  }

  /** Resolves when the system has its descriptor back, as far as is known. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Waits until both ends have agreed on a secret. @returns The protocol that the client chose. @throws {Error} */
  async handshake(): Promise<string | null> {
    return (await this.#handshake).alpnProtocol;
  }

  /** Reads. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#socket.read(buffer);
  }

  /** Writes. */
  async write(bytes: Uint8Array): Promise<number> {
    this.#writing++;
    try {
      return await this.#socket.write(bytes);
    } finally {
      this.#writing--;
    }
  }

  /** Says that nothing more will be sent. */
  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  /** Closes it; what was written goes out, within a second. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { remoteAddr } = this;
    if (!this.#shaken) {
      // Closed before, it would not end: it is closed once its handshake has failed.
      void this.#ender.end(remoteAddr, "soon");
      return void this.answered.then(() => this.#close());
    }
    const stuck = this.#writing > 0;
    closeEnd(this.#socket);
    const ended = this.#ender.end(remoteAddr, "last words");
    if (stuck) void ended.then(() => this.#gone.resolve());
    else this.#gone.resolve();
  }

  #close(): void {
    closeEnd(this.#socket);
    this.#gone.resolve();
  }
}
