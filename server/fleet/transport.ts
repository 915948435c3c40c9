/**
 * Carries NATS over Deno's own sockets. The library's transport for Node upgrades to TLS in no executable, and has errors
 * there that nobody can catch.
 *
 * @module
 */

import { joined } from "../../protocol/bytes.ts";
import type { ConnectionOptions, Server, Transport } from "npm:@nats-io/nats-core@3.4.0/internal";

/** The most bytes of a broker's first line. */
const longestInfo = 65_536;

/** Why a try ended that the broker ended before it let this end in, and without a word. */
export const closedEarly = "Authorization Violation, or none: it was closed";
/** As the broker could have said it: without, the library waits for an answer. */
const closedEarlyBytes = new TextEncoder().encode(`-ERR '${closedEarly}'\r\n`);

/** What a broker says first. */
interface BrokerInfo {
  readonly tls_required?: boolean;
  readonly tls_available?: boolean;
}

/** Carries NATS' messages to one broker, once; the library makes a new one for each try. */
export class DenoTransport implements Transport {
  readonly lang = "heliograph";
  readonly version = "1";
  closeError?: Error;
  readonly #closed = Promise.withResolvers<void | Error>();
  #connection: Deno.TcpConn | Deno.TlsConn | undefined;
  #encrypted = false;
  #connected = false;
  #begun: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  #writing = false;
  #done = false;

  /** Whether it has ended. */
  get isClosed(): boolean {
    return this.#done;
  }

  /**
   * Connects.
   *
   * @param options Where they say `tls`, nothing goes on before the broker has proved itself: by an authority of `ca`,
   * as PEM, or by one that this PC trusts.
   * @throws {Error} Where nothing listens there, it is no broker, or it does not prove itself.
   */
  async connect(server: Server, { tls }: ConnectionOptions): Promise<void> {
    const { hostname, port } = server;
    const plain = await Deno.connect({ hostname, port });
    this.#connection = plain;
    // Given up while it connected.
    if (this.#done) return this.#drop();
    plain.setNoDelay(true);
    const info = await this.#firstLine(plain);
    if (!tls && info.tls_required !== true) {
      this.#connected = true;
      return;
    }
    if (info.tls_required !== true && info.tls_available !== true) {
      throw new Error("the broker does not speak TLS, and tls:// was asked for");
    }
    this.#connection = await Deno.startTls(plain, {
      hostname: server.tlsName || hostname,
      ...typeof tls?.ca === "string" ? { caCerts: [tls.ca] } : {},
    });
    await (this.#connection as Deno.TlsConn).handshake();
    this.#encrypted = true;
    this.#connected = true;
  }

  /** Reads up to the end of the broker's first line, which goes on to the library as well. */
  async #firstLine(connection: Deno.TcpConn): Promise<BrokerInfo> {
    let text = "";
    while (!text.includes("\r\n")) {
      const buffer = new Uint8Array(4096);
      const count = await connection.read(buffer);
      if (count === null) throw new Error("what listens there closed the connection at once");
      this.#begun.push(buffer.subarray(0, count));
      text += new TextDecoder().decode(buffer.subarray(0, count));
      if (!text.startsWith("INFO ".slice(0, text.length)) || text.length > longestInfo) {
        throw new Error("what listens there is no NATS server");
      }
    }
    const end = text.indexOf("\r\n");
    return JSON.parse(text.slice("INFO ".length, end));
  }

  /** What comes from the broker, until it or this end closes. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    yield* this.#begun.splice(0);
    let answered = false;
    for (;;) {
      // Given away whole: the library keeps parts of it.
      const buffer = new Uint8Array(65_536);
      let count: number | null;
      try {
        count = await this.#connection!.read(buffer);
      } catch (error) {
        if (!answered && !this.#done) yield closedEarlyBytes;
        return this.#end(this.#done ? undefined : error as Error);
      }
      if (count === null) {
        if (!answered && !this.#done) yield closedEarlyBytes;
        return this.#end();
      }
      answered = true;
      // The library reads on with the next connection by then: the rest of this one would stand in the middle of a message.
      if (this.#done) return;
      yield buffer.subarray(0, count);
    }
  }

  /** Whether nobody on the way can read it. */
  isEncrypted(): boolean {
    return this.#encrypted;
  }

  /** Sends, after what was to be sent before. */
  send(frame: Uint8Array): void {
    if (this.#done) return;
    this.#waiting.push(frame);
    if (!this.#writing) void this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      // What is said in one turn goes at once. A broker that lets nobody in closes after it has read who comes: on what it has
      // not read then it resets the connection, and Windows throws away what it said.
      await Promise.resolve();
      while (this.#waiting.length > 0) {
        const all = joined(this.#waiting.splice(0));
        for (let sent = 0; sent < all.length;) sent += await this.#connection!.write(all.subarray(sent));
      }
    } catch (error) {
      this.#end(error as Error);
    } finally {
      this.#writing = false;
    }
  }

  /** Ends it once all is sent. */
  async close(error?: Error): Promise<void> {
    if (error === undefined) { while (this.#writing && !this.#done) await new Promise((go) => setTimeout(go, 5)); }
    this.#end(error);
  }

  /** Ends it; the library tries again. */
  disconnect(): void {
    this.#end();
  }

  /** When it has ended, and why. */
  closed(): Promise<void | Error> {
    return this.#closed.promise;
  }

  /** Ends it, and tells nobody. */
  discard(): void {
    this.#done = true;
    this.#drop();
  }

  #end(error?: Error): void {
    if (this.#done) return;
    this.#done = true;
    if (error !== undefined) this.closeError = error;
    this.#drop();
    // Of a try that came to nothing the library knows already: told again, it would try twice as often.
    if (this.#connected) this.#closed.resolve(error);
  }

  #drop(): void {
    this.#waiting = [];
    try {
      this.#connection?.close();
    } catch {
      // It is closed already.
    }
  }
}
