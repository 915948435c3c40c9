/**
 * A connection that speaks azcam's lines: cuts what comes in, sends replies.
 *
 * @module
 */

import { type LineFault, LineSplitter } from "../../../protocol/line_splitter.ts";
import { type SessionParts, SocketSession } from "../../access/sessions.ts";
import type { Connection } from "../../network/connection.ts";

/** A connection that speaks azcam's lines. */
export class LineServerSession extends SocketSession {
  /** Lines, and faults among them, that have been received but not been taken yet. */
  readonly received: (string | LineFault)[] = [];
  /** How many of `received` have been taken. */
  taken = 0;
  readonly #splitter: LineSplitter;

  /**
   * Opens a session.
   *
   * @param parts Who it is, and what carries it.
   * @param lineBytes The longest line.
   */
  constructor(parts: SessionParts<Connection>, lineBytes: number) {
    super(parts);
    this.#splitter = new LineSplitter(lineBytes);
  }

  /** When the lines came, in milliseconds since 1970. */
  receivedTime = 0;

  /** Waits for more lines. @returns Whether there may be some; `false` at the end. */
  receiveMore(): Promise<boolean> {
    this.received.length = 0;
    this.taken = 0;
    return this.receive().then((bytes) => {
      if (bytes === null) return false;
      this.receivedTime = Date.now();
      this.#splitter.push(bytes, this.received);
      return true;
    });
  }

  /** Sends one line. @param reply Its text, without the line end. */
  reply(reply: string): void {
    this.turn.charge(reply.length);
    this.connection.send(`${reply}\r\n`);
  }
}
