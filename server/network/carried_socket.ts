/**
 * Carries the bytes of a client to the TLS listener within and back, and stands for the client's socket meanwhile.
 *
 * @module
 */

import { carry, closeEnd } from "./carry.ts";
import type { Secured, TlsSocket } from "./client_socket.ts";
import type { InnerPair } from "./inner_tls.ts";
import { within } from "./within.ts";

/** For how long the last words may take once the server has closed a connection, in milliseconds. */
const lastWords = 1000;

/** A client that speaks TLS. */
export class CarriedSocket implements TlsSocket {
  /** The client's address. */
  readonly remoteAddr: Deno.NetAddr;
  /** What it said of itself before the first byte of the port's own wire. */
  secured: Secured = {};
  /** Resolves when the client has been answered for the first time: most of the work of a handshake is done then. */
  readonly answered: Promise<unknown>;
  readonly #inside: Deno.TlsConn;
  readonly #ends: readonly Deno.TcpConn[];
  readonly #carried: Promise<unknown>;
  readonly #gone = Promise.withResolvers<void>();
  #closed = false;

  /**
   * Begins to carry.
   *
   * @param client The client's socket.
   * @param pair The connection to the listener within.
   * @param first What was read of the client already.
   */
  constructor(client: Deno.TcpConn, { outside, inside }: InnerPair, first: Uint8Array) {
    this.remoteAddr = client.remoteAddr;
    this.#inside = inside;
    this.#ends = [client, outside];
    client.setNoDelay(true);
    const answered = Promise.withResolvers<void>();
    this.#carried = Promise.all([
      // Where one side has broken, the other is broken off: nothing is taken for a whole message that is none.
      carry(client, outside, first).catch(() => closeEnd(outside)),
      carry(outside, client, undefined, answered.resolve).catch(() => closeEnd(client)),
    ]);
    this.answered = Promise.race([answered.promise, this.#carried]);
    void this.#carried.then(() => this.#release());
  }

  /** Resolves when the system has both its sockets back. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Waits until both ends have agreed on a secret. @returns The protocol that the client chose. @throws {Error} */
  async handshake(): Promise<string | null> {
    return (await this.#inside.handshake()).alpnProtocol;
  }

  /** Reads what the client means. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#inside.read(buffer);
  }

  /** Writes what the client is to get. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#inside.write(bytes);
  }

  /** Says that nothing more will be sent. */
  closeWrite(): Promise<void> {
    return this.#inside.closeWrite();
  }

  /** Closes it; what was written goes out, within a second. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeEnd(this.#inside);
    void within(lastWords, this.#carried).then(() => this.#release());
  }

  #release(): void {
    for (const end of this.#ends) closeEnd(end);
    this.#gone.resolve();
  }
}
