/**
 * Carries the bytes of a client to the TLS listener within and back, and stands for the client's socket meanwhile.
 *
 * @module
 */

import type { ClientSocket, Secured } from "./client_socket.ts";
import type { InnerPair } from "./inner_tls.ts";
import { within } from "./within.ts";

/** An idle direction keeps a buffer of this size; one that fills it gets a large one. */
const smallBuffer = 1024;
const largeBuffer = 65_536;

/** For how long the last words may take once the server has closed a connection, in milliseconds. */
const lastWords = 1000;

/** A client that speaks TLS. */
export class CarriedSocket implements ClientSocket {
  /** The client's address. */
  readonly remoteAddr: Deno.NetAddr;
  /** What it said of itself before the first byte of the port's own wire. */
  secured: Secured = {};
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
    this.#carried = Promise.all([
      // Where one side has broken, the other is broken off: nothing is taken for a whole message that is none.
      carry(client, outside, first).catch(() => closed(outside)),
      carry(outside, client).catch(() => closed(client)),
    ]);
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
    closed(this.#inside);
    void within(lastWords, this.#carried).then(() => this.#release());
  }

  #release(): void {
    for (const end of this.#ends) closed(end);
    this.#gone.resolve();
  }
}

/** Carries bytes one way, no faster than they are taken, until there are no more. */
async function carry(from: Deno.TcpConn, to: Deno.TcpConn, first?: Uint8Array): Promise<void> {
  if (first !== undefined) await write(to, first);
  let buffer = new Uint8Array(smallBuffer);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    await write(to, buffer.subarray(0, count));
    if (count === buffer.length && count === smallBuffer) buffer = new Uint8Array(largeBuffer);
  }
  await to.closeWrite();
}

async function write(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await to.write(written === 0 ? bytes : bytes.subarray(written));
  }
}

function closed(end: Deno.Conn): void {
  try {
    end.close();
  } catch {
    // It has been closed.
  }
}
