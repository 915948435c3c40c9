/**
 * Lines of JSON over one connection, between the server and the processes beside it.
 *
 * Not standard input and output, which every Worker of a process shares: code could read and write those.
 *
 * @module
 */

import { type LineFault, LineSplitter } from "../../protocol/line_splitter.ts";
import { Connection } from "../network/connection.ts";

/** The most that may wait to be sent, in bytes: each side asks and answers one thing at a time. */
const mostQueued = 256 * 1024 * 1024;

/** One end of a connection between the server and a process beside it. */
export class Channel {
  readonly #connection: Connection;
  readonly #longestLine: number;

  /** @param socket An open connection, which the channel closes. @param longestLine What is taken, in bytes. */
  constructor(socket: Deno.Conn, longestLine: number) {
    this.#longestLine = longestLine;
    this.#connection = new Connection(socket, { queuedBytes: mostQueued, stuckSeconds: 60 });
  }

  /** Sends a message. */
  send(message: unknown): void {
    this.#connection.send(`${JSON.stringify(message)}\n`);
  }

  /** Waits until everything has been sent. @throws {Error} When the connection ends first. */
  async flush(): Promise<void> {
    await this.#connection.flush();
  }

  /** Closes it. */
  close(): void {
    this.#connection.close();
  }

  /** The messages, until the other side closes. @throws {Error} For a line that cannot be read. */
  async *messages(): AsyncGenerator<unknown> {
    const splitter = new LineSplitter(this.#longestLine);
    const lines: (string | LineFault)[] = [];
    for (let bytes = await this.#connection.read(); bytes !== null; bytes = await this.#connection.read()) {
      splitter.push(bytes, lines);
      for (const line of lines) {
        if (typeof line !== "string") throw new Error("it sent a line that is too long, or no text");
        yield JSON.parse(line);
      }
      lines.length = 0;
    }
  }
}
