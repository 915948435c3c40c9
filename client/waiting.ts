/**
 * Connects and waits, each with a deadline and an AbortSignal.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";

/** The limits of a wait: how long it may take, and a signal that ends it early. */
export interface Wait {
  /** In seconds; 0 waits without an end. */
  readonly timeout: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for a promise, but not for ever.
 *
 * @param promise What to wait for. What becomes of it after the wait has ended is ignored.
 * @param wait How long.
 * @param what What was waited for, for the error: `tempcon.reset`.
 * @returns What the promise gives.
 * @throws {HeliographError} `no_reply` or `aborted`; or what the promise throws.
 */
export async function inTime<T>(promise: Promise<T>, { timeout, signal }: Wait, what: string): Promise<T> {
  const ended = Promise.withResolvers<never>();
  const abort = () =>
    ended.reject(new HeliographError("aborted", `Gave up waiting for ${what}: the caller aborted it`));
  const expire = () =>
    ended.reject(
      new HeliographError("no_reply", `No reply to ${what} within ${timeout} s; it may or may not have run`),
    );
  const timer = timeout > 0 ? setTimeout(expire, timeout * 1000) : undefined;
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  // Whoever loses the race must not end up as an unhandled rejection.
  promise.catch(() => {});
  ended.promise.catch(() => {});
  try {
    return await Promise.race([promise, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * Opens a TCP connection.
 *
 * @param host The server's name or address.
 * @param wait How long to try.
 * @throws {HeliographError} `connection_failed`, `no_reply` or `aborted`.
 */
export async function connect(host: string, port: number, wait: Wait): Promise<Deno.TcpConn> {
  const where = `${host}:${port}`;
  const connecting = Deno.connect({ hostname: host, port });
  try {
    const connection = await inTime(connecting, wait, `connecting to ${where}`);
    connection.setNoDelay(true);
    return connection;
  } catch (error) {
    // A connection that comes too late is not left open.
    connecting.then((late) => late.close(), () => {});
    if (error instanceof HeliographError && error.code === "aborted") throw error;
    const why = error instanceof Deno.errors.ConnectionRefused
      ? "nothing listens there; is the server running?"
      : error instanceof HeliographError
      ? `it did not answer within ${wait.timeout} s`
      : (error as Error).message;
    throw new HeliographError("connection_failed", `Cannot reach ${where}: ${why}`, { cause: error });
  }
}

/** Writes the whole of a text. */
export async function writeText(connection: Pick<Deno.Conn, "write">, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

/** Waiting times that grow: 0.1 s, then twice as long each time, up to 5 s, each shortened at random by up to half. */
export class BackOff {
  #next = 0.1;

  /** Waits once. */
  async wait(signal?: AbortSignal): Promise<void> {
    const seconds = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, 5);
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}
