/**
 * A connection that speaks azcam's lines: cuts what comes in, sends replies.
 *
 * @module
 */

import { type LineFault, LineSplitter } from "../../../protocol/line_splitter.ts";
import { TelnetDecoder } from "../../../protocol/telnet.ts";
import { type SessionParts, SocketSession } from "../../access/sessions.ts";
import type { Connection } from "../../network/connection.ts";

/** A connection that speaks azcam's lines. */
export class LineServerSession extends SocketSession {
  /** Lines, and faults among them, that have been received but not been taken yet. */
  readonly received: (string | LineFault)[] = [];
  /** How many of `received` have been taken. */
  taken = 0;
  readonly #splitter: LineSplitter;
  /** Whether nothing has come yet, and whether no line has. */
  #silent = true;
  #lineless = true;
  /** Of a client that began with telnet's own bytes, as PuTTY does unless it is set to "Raw". */
  #telnet: TelnetDecoder | undefined;

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
      this.#splitter.push(this.#meant(bytes), this.received);
      const [first] = this.received;
      if (this.#lineless && first !== undefined) {
        this.#lineless = false;
        // Windows' programs begin files with a mark that they are UTF-8.
        if (typeof first === "string" && first.startsWith("\uFEFF")) this.received[0] = first.slice(1);
      }
      return true;
    });
  }

  /** The bytes that are meant: without those of telnet, which are answered. */
  #meant(bytes: Uint8Array): Uint8Array {
    // FF FE begins UTF-16, which is told as no UTF-8.
    if (this.#silent && bytes[0] === 0xff && bytes[1] !== 0xfe) this.#telnet = new TelnetDecoder();
    this.#silent = false;
    if (this.#telnet === undefined) return bytes;
    const { data, reply } = this.#telnet.push(bytes);
    if (reply.length > 0) this.connection.sendBytes(reply);
    return data;
  }

  /** Sends one line. @param reply Its text, without the line end. */
  reply(reply: string): void {
    this.turn.charge(reply.length);
    this.connection.send(`${reply}\r\n`);
  }
}
