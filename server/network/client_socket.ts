/**
 * What carries a client's bytes to a face: its TCP connection, or what stands in its place.
 *
 * @module
 */

/** A client's socket as a connection uses it. */
export interface ClientSocket extends Pick<Deno.Conn, "remoteAddr" | "read" | "write" | "closeWrite" | "close"> {
  /** Sends what is written at once; a socket that has none does so anyway. */
  setNoDelay?(noDelay?: boolean): void;
  /** How it came, where that was not by plain TCP. */
  readonly secured?: Secured;
}

/** What is known of a connection that came by TLS. */
export interface Secured {
  /** The token that was given before the first byte of the port's own wire. @default none */
  readonly token?: string;
  /** Whether the other end carries a connection of its own PC: what comes was meant for a port there. @default false */
  readonly forwarded?: boolean;
  /** Which wire follows, where a port serves all of them. @default that of the port */
  readonly wire?: string;
}

/** A client's socket that speaks TLS, before and after its handshake. */
export interface TlsSocket extends ClientSocket {
  readonly remoteAddr: Deno.NetAddr;
  /** What it says of itself before the first byte of the port's own wire. */
  secured: Secured;
  /** Resolves when the system has its descriptors back. */
  readonly gone: Promise<void>;
  /** Resolves when most of the work of its handshake is done, or it has gone. */
  readonly answered: Promise<unknown>;
  /** Waits until both ends have agreed on a secret. @returns The protocol that the client chose. @throws {Error} */
  handshake(): Promise<string | null>;
}

/** A socket of which the first bytes have been read already. */
export class BegunSocket implements ClientSocket {
  readonly #socket: Deno.TcpConn;
  #first: Uint8Array | undefined;

  /** Takes over a socket. @param first What was read of it. */
  constructor(socket: Deno.TcpConn, first: Uint8Array) {
    this.#socket = socket;
    this.#first = first;
  }

  /** The client's address. */
  get remoteAddr(): Deno.NetAddr {
    return this.#socket.remoteAddr;
  }

  /** Reads what was read already, then what comes. */
  read(buffer: Uint8Array): Promise<number | null> {
    const first = this.#first;
    if (first === undefined) return this.#socket.read(buffer);
    const taken = first.subarray(0, buffer.length);
    buffer.set(taken);
    this.#first = taken.length < first.length ? first.subarray(taken.length) : undefined;
    return Promise.resolve(taken.length);
  }

  /** Writes. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#socket.write(bytes);
  }

  /** Sends what is written at once. */
  setNoDelay(): void {
    this.#socket.setNoDelay(true);
  }

  /** Says that nothing more will be sent. */
  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  /** Closes it. */
  close(): void {
    this.#socket.close();
  }
}
