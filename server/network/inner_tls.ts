/**
 * Does the cryptography of TLS for connections that were accepted without it.
 *
 * Deno does TLS only for what a TLS listener has accepted itself. So there is one on 127.0.0.1, on a port of its own:
 * the bytes of a client are carried there and back. Whoever else dials it is dropped: what was dialled here is known by
 * its local port, which nobody else can have at the same time.
 *
 * @module
 */

/** A certificate and its key, as PEM. */
export interface Certificate {
  /** The certificate, and what is between it and the authority. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** Both ends of one connection to the listener within. */
export interface InnerPair {
  /** The end that takes and gives what crosses the network. */
  readonly outside: Deno.TcpConn;
  /** The end that takes and gives what it means. */
  readonly inside: Deno.TlsConn;
}

const hostname = "127.0.0.1";
/** The pause after a connection could not be accepted, in milliseconds. */
const acceptPause = 20;

/** A TLS listener that serves this program alone. */
export class InnerTls {
  readonly #listener: Deno.TlsListener;
  readonly #port: number;
  /** Those who have dialled and wait for the other end, by their local port. */
  readonly #expected = new Map<number, (inside: Deno.TlsConn) => void>();
  /** What was accepted while somebody was dialling, whose local port is not known yet. */
  readonly #early = new Map<number, Deno.TlsConn>();
  #dialling = 0;
  #retired = false;
  #closed = false;

  /**
   * Listens.
   *
   * @param certificate What it shows.
   * @param alpnProtocols The protocols that may be agreed on with TLS; a client that names none of them is refused, one
   * that names nothing is not.
   */
  constructor({ cert, key }: Certificate, alpnProtocols: string[]) {
    const options = { hostname, port: 0, cert, key, alpnProtocols, tcpBacklog: 4096 };
    this.#listener = Deno.listenTls(options);
    this.#port = this.#listener.addr.port;
    void this.#accept();
  }

  /** Opens a connection to itself. @throws {Error} When that cannot be, as without descriptors. */
  async open(): Promise<InnerPair> {
    this.#dialling++;
    let outside: Deno.TcpConn | undefined;
    try {
      outside = await Deno.connect({ hostname, port: this.#port });
      outside.setNoDelay(true);
      const { port } = outside.localAddr;
      const early = this.#early.get(port);
      this.#early.delete(port);
      return { outside, inside: early ?? await this.#awaited(port) };
    } catch (error) {
      outside?.close();
      throw error;
    } finally {
      this.#dialling--;
      this.#tidy();
    }
  }

  /** Accepts nothing new, once those who are dialling have been served. */
  retire(): void {
    this.#retired = true;
    this.#tidy();
  }

  async #awaited(port: number): Promise<Deno.TlsConn> {
    const { promise, resolve, reject } = Promise.withResolvers<Deno.TlsConn>();
    const timer = setTimeout(() => reject(new Error("the TLS listener within accepted nothing")), 10_000);
    this.#expected.set(port, resolve);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#expected.delete(port);
    }
  }

  #tidy(): void {
    if (this.#dialling > 0) return;
    for (const stranger of this.#early.values()) stranger.close();
    this.#early.clear();
    if (!this.#retired || this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for (;;) {
      let inside: Deno.TlsConn;
      try {
        inside = await this.#listener.accept();
      } catch {
        if (this.#closed) return;
        // Out of descriptors, say, or gone before it was accepted.
        await new Promise((resolve) => setTimeout(resolve, acceptPause));
        continue;
      }
      const { port } = inside.remoteAddr as Deno.NetAddr;
      const expecting = this.#expected.get(port);
      if (expecting !== undefined) {
        this.#expected.delete(port);
        expecting(inside);
      } else if (this.#dialling > this.#expected.size) this.#early.set(port, inside);
      else inside.close();
    }
  }
}
