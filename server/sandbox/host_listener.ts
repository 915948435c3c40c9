/**
 * Where the sandbox's processes connect to: a port of this PC that only they can use.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** How long whoever connects may take to prove itself, in milliseconds. */
const patience = 5000;
/** How many may be about to at the same time. */
const mostUnproven = 100;

interface Expected {
  readonly resolve: (socket: Deno.TcpConn) => void;
  readonly reject: (reason: HeliographError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Listens on 127.0.0.1 for the processes that the server has started. */
export class HostListener {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #expected = new Map<string, Expected>();
  #unproven = 0;

  constructor() {
    void this.#accept();
  }

  /** Its port. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /**
   * Waits for a process.
   *
   * @param seconds For how long.
   * @returns What the process must say first, and its connection.
   */
  expect(seconds: number): { readonly token: string; readonly connected: Promise<Deno.TcpConn> } {
    const token = crypto.randomUUID();
    const { promise: connected, resolve, reject } = Promise.withResolvers<Deno.TcpConn>();
    connected.catch(() => {});
    const timer = setTimeout(() => {
      this.#expected.delete(token);
      reject(new HeliographError("unavailable", `Cannot start a sandbox: it did not report within ${seconds} s`));
    }, seconds * 1000);
    this.#expected.set(token, { resolve, reject, timer });
    return { token, connected };
  }

  /** Waits for it no longer. */
  forget(token: string): void {
    clearTimeout(this.#expected.get(token)?.timer);
    this.#expected.delete(token);
  }

  /** Stops listening; who was waited for is waited for no longer. */
  close(): void {
    this.#listener.close();
    for (const [token, { reject }] of [...this.#expected]) {
      this.forget(token);
      reject(new HeliographError("stopping", "Cannot start a sandbox: the server is stopping"));
    }
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        const socket = await this.#listener.accept();
        if (this.#unproven >= mostUnproven) socket.close();
        else {
          this.#unproven++;
          void this.#admit(socket).catch(() => {}).finally(() => this.#unproven--);
        }
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Whoever does not begin with a token that is expected is sent away. */
  async #admit(socket: Deno.TcpConn): Promise<void> {
    const timer = setTimeout(() => socket.close(), patience);
    const said = new Uint8Array(64);
    let length = 0;
    const expected = await (async () => {
      // A token in JSON's quotes, and the end of its line: 39 bytes, and what follows is not read here.
      while (length < 39) {
        const count = await socket.read(said.subarray(length, 39));
        if (count === null) return undefined;
        length += count;
      }
      const token = new TextDecoder().decode(said.subarray(1, 37));
      const found = this.#expected.get(token);
      this.forget(token);
      return found;
    })().finally(() => clearTimeout(timer));
    if (expected === undefined) socket.close();
    else expected.resolve(socket);
  }
}
