/**
 * One TCP connection: reads that keep little memory while idle, and writes that are whole, joined and bounded.
 *
 * @module
 */

import { joined } from "../../protocol/bytes.ts";
import type { ClientSocket, Secured } from "./client_socket.ts";
import type { LoopTurn } from "./loop_turns.ts";

/** An idle connection keeps a buffer of this size; one that fills it gets a large one. */
const smallBuffer = 2048;
const largeBuffer = 65_536;

const encoder = new TextEncoder();

/** Limits on what a client may leave unread. */
export interface ConnectionLimits {
  /** Bytes that may wait for a client that does not read; past it the client is dropped. */
  readonly queuedBytes: number;
  /** For how many seconds a client may leave replies unread before it is dropped. */
  readonly stuckSeconds: number;
}

/** The interface of a connection to its session, whatever carries it. */
export interface ClientConnection {
  /** The client's IP address. */
  readonly hostname: string;
  /** The client's address, `address:port`. */
  readonly address: string;
  /** How it came, where it came by TLS. */
  readonly secured: Secured | undefined;
  /** Whether nobody on the way can read it. @default false */
  readonly secure?: boolean;
  /** Whether it was closed, by either side. */
  readonly closed: boolean;
  /** Resolves when it has been closed, by either side. */
  readonly ended: Promise<void>;
  /** Why it was closed, where it was not simply done. */
  readonly reason: string;
  /** How much waits to be written. */
  readonly queued: number;
  /** Queues one message of the framed dialect, or drops a client that leaves too much unread. @param json One line. */
  sendMessage(json: string): void;
  /** Waits until everything queued has been written. @throws {Error} When the connection ends first. */
  flush(): Promise<void>;
  /** Drops a client that has read nothing for too long. */
  dropIfStuck(): void;
  /** Closes it. @param reason Why, for the log. */
  close(reason?: Error): void;
}

/**
 * An IP address and a port as people write them, `address:port`.
 *
 * @param address The address; one of IPv6 is put in brackets.
 * @param port The port.
 */
export function addressAndPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A client's TCP connection; or a Unix socket's, which has no address. */
export class Connection implements ClientConnection {
  readonly #socket: ClientSocket;
  readonly #turn: LoopTurn | undefined;
  readonly #limits: ConnectionLimits;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes that wait to be written, and text that follows them. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #waiting = "";
  #writing = false;
  #scheduled = false;
  #writingSince: number | undefined;
  #closed: Error | undefined;
  readonly #ended = Promise.withResolvers<void>();
  #flushes: { resolve: () => void; reject: (reason: Error) => void }[] = [];

  /**
   * Takes over a connection.
   *
   * @param socket The socket, which is closed with the connection.
   * @param limits What the client may use.
   * @param turn What is done for the client before others come in between; what is read counts. @default no bound
   */
  constructor(socket: ClientSocket, limits: ConnectionLimits, turn?: LoopTurn) {
    this.#turn = turn;
    this.#socket = socket;
    this.#limits = limits;
    socket.setNoDelay?.(true);
  }

  /** The client's IP address. */
  get hostname(): string {
    return (this.#socket.remoteAddr as Deno.NetAddr).hostname;
  }

  /** The client's address, `address:port`. */
  get address(): string {
    const { hostname, port } = this.#socket.remoteAddr as Deno.NetAddr;
    return addressAndPort(hostname, port);
  }

  /** How it came, where it came by TLS. */
  get secured(): Secured | undefined {
    return this.#socket.secured;
  }

  /** Whether nobody on the way can read it. */
  get secure(): boolean {
    return this.#socket.secured !== undefined;
  }

  /** Whether it was closed, by either side. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * The next bytes, when it is the client's turn: while bytes are ready, a read takes no turn of the event loop.
   *
   * @returns A view of a buffer that the next read overwrites, or `null` at the end.
   */
  read(): Promise<Uint8Array | null> {
    const buffer = this.#buffer ??= new Uint8Array(smallBuffer);
    return this.#socket.read(buffer).then((count) => {
      if (count === null) return null;
      if (count === smallBuffer && buffer.length === smallBuffer) this.#buffer = new Uint8Array(largeBuffer);
      const bytes = buffer.subarray(0, count);
      this.#turn?.charge(count);
      const pause = this.#turn?.pause();
      return pause === undefined ? bytes : pause.then(() => bytes);
    }, () => {
      // A reset: the client has gone, and reads no reply any more either.
      this.close();
      return null;
    });
  }

  /**
   * Queues text; what is queued in one turn of the event loop goes out in one write.
   *
   * @param text What to send; a client that leaves too much unread is dropped instead.
   */
  send(text: string): void {
    if (this.#closed !== undefined) return;
    if (this.#overflows()) return;
    this.#waiting += text;
    this.#schedule();
  }

  /** Queues bytes, as `send` queues text. @param bytes They must not change any more. */
  sendBytes(bytes: Uint8Array): void {
    if (this.#closed !== undefined || this.#overflows()) return;
    this.#toBytes();
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
    this.#schedule();
  }

  /** What waits already counts, not what is added: one long reply is no reason to drop a client that reads. */
  #overflows(): boolean {
    if (this.queued <= this.#limits.queuedBytes) return false;
    this.close(new Error(`it left more than ${this.#limits.queuedBytes} bytes of replies unread`));
    return true;
  }

  #toBytes(): void {
    if (this.#waiting === "") return;
    const bytes = encoder.encode(this.#waiting);
    this.#waiting = "";
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
  }

  #schedule(): void {
    if (this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.start());
  }

  /** Queues one message of the framed dialect, as a line. @param json JSON without a line end. */
  sendMessage(json: string): void {
    this.send(`${json}\n`);
  }

  /** Begins to write what is queued, rather than at the end of this turn of the event loop. */
  start(): void {
    this.#scheduled = false;
    if (this.#writing || this.queued === 0) return;
    this.#writing = true;
    void this.#write();
  }

  /** The amount that waits to be written. */
  get queued(): number {
    return this.#chunkBytes + this.#waiting.length;
  }

  /**
   * Waits until everything queued has been written.
   *
   * @throws {Error} When the connection ends first.
   */
  flush(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.start();
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve, reject) => this.#flushes.push({ resolve, reject }));
  }

  async #write(): Promise<void> {
    try {
      while (this.queued > 0 && this.#closed === undefined) {
        this.#toBytes();
        const bytes = joined(this.#chunks);
        this.#chunks = [];
        this.#chunkBytes = 0;
        let written = 0;
        while (written < bytes.length) {
          this.#writingSince = performance.now();
          written += await this.#socket.write(written === 0 ? bytes : bytes.subarray(written));
        }
        this.#writingSince = undefined;
      }
      this.#writing = false;
      for (const { resolve } of this.#flushes.splice(0)) resolve();
    } catch (error) {
      this.close(error as Error);
    }
  }

  /** Says that nothing more will be sent; the other end may go on. @throws {Error} When the connection has ended. */
  async closeWrite(): Promise<void> {
    await this.#socket.closeWrite();
  }

  /** Drops a client that has read nothing for too long; the listener calls it every few seconds. */
  dropIfStuck(): void {
    const { stuckSeconds } = this.#limits;
    if (this.#writingSince === undefined || performance.now() - this.#writingSince < stuckSeconds * 1000) return;
    this.close(new Error(`it read nothing for ${stuckSeconds} s`));
  }

  /** Resolves when it has been closed, by either side. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Why it was closed, where it was not simply done. */
  get reason(): string {
    return this.#closed?.message ?? "";
  }

  /**
   * Closes it; pending reads end and pending flushes fail. On Deno 2.4 a blocked write stays pending after this, so
   * nothing waits for a write itself.
   *
   * @param reason Why, for the log.
   */
  close(reason: Error = new Error("")): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#ended.resolve();
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#waiting = "";
    for (const { reject } of this.#flushes.splice(0)) reject(reason);
    try {
      this.#socket.close();
    } catch {
      // It has gone already.
    }
  }
}
