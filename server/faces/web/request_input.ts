/**
 * Reads from a connection, and keeps the bytes that were not parsed yet.
 *
 * @module
 */

import type { Connection } from "../../network/connection.ts";

const nothing = new Uint8Array();

/** The incoming side of a connection. */
export class RequestInput {
  readonly #connection: Connection;
  /** A view of the connection's buffer: nothing more is read before it is used up. */
  #bytes: Uint8Array = nothing;
  #reading: Promise<boolean> | undefined;

  /** Reads from a connection, which the caller closes. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The bytes that have come and were not used yet. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Some of it is used up. @param count How many bytes. */
  take(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
  }

  /** Waits until there is something. @returns Whether there is; `false` at the end. */
  more(): Promise<boolean> {
    if (this.#bytes.length > 0) return Promise.resolve(true);
    return this.#reading ??= this.#connection.read().then((bytes) => {
      this.#reading = undefined;
      this.#bytes = bytes ?? nothing;
      return bytes !== null;
    });
  }

  /**
   * As `more`, but not for ever.
   *
   * @param seconds For how long.
   * @param late What is thrown then.
   */
  async moreWithin(seconds: number, late: () => Error): Promise<boolean> {
    if (this.#bytes.length > 0) return true;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(late()), Math.max(0, seconds * 1000));
    try {
      return await Promise.race([this.more(), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** All that comes next, to be thrown away. @returns It, or `null` at the end. */
  async rest(): Promise<Uint8Array | null> {
    if (!await this.more()) return null;
    const bytes = this.#bytes;
    this.#bytes = nothing;
    return bytes;
  }
}
