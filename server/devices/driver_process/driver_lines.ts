/**
 * The lines that the server opens for drivers: those of the ports that the bench file names, and no other.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "../transports/line.ts";
import { openLine } from "../transports/open_line.ts";
import type { DriverAsk } from "./messages.ts";
import type { DriverHostSettings } from "./settings.ts";
import { fromBase64, toBase64 } from "./wire_values.ts";

/** The lines of one process, one for each of its ports. */
export class DriverLines {
  readonly #ports: DriverHostSettings["ports"];
  readonly #open = new Map<number, Line>();

  /** Opens none yet. @param ports Where they may be opened. */
  constructor(ports: DriverHostSettings["ports"]) {
    this.#ports = ports;
  }

  /**
   * Does what a driver asks of a line.
   *
   * @param signal Aborted when the driver is no longer there.
   * @throws {Error} What went wrong with it.
   */
  async answer(ask: Exclude<DriverAsk, { ask: "call" }>, signal: AbortSignal): Promise<unknown> {
    if (ask.ask === "openLine") return await this.#openLine(ask.port, signal);
    const line = this.#open.get(ask.port);
    if (line === undefined) throw new HeliographError("not_connected", "the line is not open");
    if (ask.ask === "writeLine") return void await line.write(fromBase64(ask.bytes), ask.answerWithin);
    const bytes = await line.read();
    return bytes === null ? null : toBase64(bytes);
  }

  /** Whether each of its reads is whole. */
  async #openLine(port: number, signal: AbortSignal): Promise<boolean> {
    const known = this.#ports[port];
    if (known === undefined) throw new HeliographError("bad_argument", "there is no such port");
    this.close(port);
    const line = await openLine(known.address);
    this.close(port);
    if (signal.aborted) line.close();
    else this.#open.set(port, line);
    return line.whole ?? false;
  }

  /** Closes one, where it is open. */
  close(port: number): void {
    this.#open.get(port)?.close();
    this.#open.delete(port);
  }

  /** Closes all of them. */
  closeAll(): void {
    for (const port of [...this.#open.keys()]) this.close(port);
  }
}
