/**
 * Refuses connections that cannot be served: each is told why, and few descriptors are spent on it.
 *
 * @module
 */

import type { Logger } from "npm:@logtape/logtape@2.4.2";
import type { HeliographError } from "../../protocol/errors.ts";
import type { Connection } from "./connection.ts";
import { linger } from "./linger.ts";

/** The most connections that are about to go; the longest there is closed for one more. */
const mostLeaving = 8;
/** After one was told of, the log tells the others of as many milliseconds together. */
const toldEvery = 60_000;

/** Sends away whoever cannot be served at one port. */
export class Refusals {
  readonly #log: Logger;
  /** Those who are about to go, and when each has gone. */
  readonly #leaving = new Map<Connection, Promise<void>>();
  #untold = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Makes it. @param log Where it is told. */
  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Sends one away, without waiting for it.
   *
   * @param connection The connection, which is closed once the text has arrived, within a second.
   * @param error Why, for the log.
   * @param text Why, as it is told over the wire.
   */
  refuse(connection: Connection, error: HeliographError, text: string): void {
    this.tell(connection.address, error);
    connection.send(text);
    const gone = linger(connection).then(() => void this.#leaving.delete(connection));
    this.#leaving.set(connection, gone);
  }

  /** Waits until one more could be refused: who accepts connections faster than they go runs out of descriptors. */
  async room(): Promise<void> {
    while (this.#leaving.size >= mostLeaving) {
      const [first, gone] = this.#leaving.entries().next().value!;
      first.close();
      await gone;
    }
  }

  /** Closes those who have not gone yet. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
    for (const connection of this.#leaving.keys()) connection.close();
  }

  /** Tells the log that one was sent away: a flood of them is no flood of lines. */
  tell(address: string, { message }: HeliographError): void {
    if (this.#quiet !== undefined) {
      this.#untold++;
      return;
    }
    this.#log.warning("Refused {address}: {reason}", { address, reason: message });
    if (this.#closed) return;
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      const count = this.#untold;
      this.#untold = 0;
      if (count > 0) this.#log.warning("Refused {count} more connections within a minute", { count });
    }, toldEvery);
    Deno.unrefTimer(this.#quiet);
  }
}
