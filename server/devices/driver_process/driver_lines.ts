/**
 * The lines that the server opens for drivers: those of the ports that the bench file names, and no other.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "../transports/line.ts";
import { LineTrace } from "../transports/line_trace.ts";
import { openLine } from "../transports/open_line.ts";
import { portName } from "../transports/address.ts";
import type { DriverAsk } from "./messages.ts";
import type { DriverHostSettings } from "./settings.ts";
import { fromBase64, toBase64 } from "./wire_values.ts";

/** The lines of one process, one for each of its ports. */
export class DriverLines {
  readonly #ports: DriverHostSettings["ports"];
  /** The last exchanges on each of them: what the driver makes of what comes is not known here. */
  readonly traces: readonly LineTrace[];
  readonly #open = new Map<number, Line>();

  /** Opens none yet. @param ports Where they may be opened. */
  constructor(ports: DriverHostSettings["ports"]) {
    this.#ports = ports;
    this.traces = ports.map(({ address, format }) => new LineTrace(portName(address), format.encoding === "utf8"));
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
    const trace = this.traces[ask.port]!;
    if (ask.ask === "writeLine") {
      const bytes = fromBase64(ask.bytes);
      trace.sent(bytes);
      return void await line.write(bytes, ask.answerWithin);
    }
    const bytes = await line.read();
    if (bytes !== null) trace.received(bytes);
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
    else {
      this.#open.set(port, line);
      this.traces[port]!.opened();
    }
    return line.whole ?? false;
  }

  /** Closes one, where it is open. */
  close(port: number): void {
    this.#open.get(port)?.close();
    if (this.#open.delete(port)) this.traces[port]!.note("closed", 0);
  }

  /** Closes all of them. */
  closeAll(): void {
    for (const port of [...this.#open.keys()]) this.close(port);
  }
}
