/**
 * azcam's command server by itself: a bench of its own behind azcam's lines.
 *
 * @module
 */

import type { Limits } from "../../access/limits.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { Services } from "../../services.ts";
import { LineServer, type LineServerOptions } from "./line_server.ts";

/** The options of a {@linkcode CommandServer}. */
export interface CommandServerOptions extends LineServerOptions {
  /** What stands on its bench. @default nothing but the default instrument `api` */
  readonly instruments?: Iterable<Instrument>;
  /** What clients may use. @default those of docs/security.md */
  readonly limits?: Partial<Limits>;
}

/**
 * azcam's command server. Many clients at once, each served in order.
 *
 * A subclass may override what happens for each connection: `setup`, `handle`, `receiveCommand`, `finish`.
 *
 * @example
 * ```ts
 * import { CommandServer } from "./command_server.ts";
 *
 * await using server = new CommandServer({ port: 0 });
 * server.start();
 * console.log(await server.command("list")); // OK
 * ```
 */
export class CommandServer extends LineServer {
  /**
   * Makes a server; `start` or `begin` makes it listen.
   *
   * @param options Port, instruments, limits.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and `insecureOpen` is not given.
   */
  constructor({ instruments = [], limits, ...options }: CommandServerOptions = {}) {
    super(new Services(instruments, limits), options);
    this.services.exit = () => void this.stop();
    this.services.faces.add(this);
  }

  /** Serves in the background, and starts the bench. */
  override start(): void {
    super.start();
    this.services.acceptRequests();
    void this.services.bench.start();
  }

  /** Stops accepting, finishes what runs, closes every connection, and stops the bench. */
  override async stop(): Promise<void> {
    this.services.refuseRequests();
    await super.stop();
    await this.services.bench.stop();
  }
}
