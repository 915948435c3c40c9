/**
 * One WebSocket: messages in, in order and bounded; messages out, bounded as on TCP.
 *
 * @module
 */

import type { ClientConnection, Connection } from "../../network/connection.ts";
import type { Secured } from "../../network/client_socket.ts";
import { linger } from "../../network/linger.ts";
import type { RequestInput } from "./request_input.ts";
import { closeCodes, closeFrame, type FrameEvent, FrameSplitter, pongFrame, textFrame } from "./websocket_frames.ts";

/** The close of a WebSocket, as its client reads it. */
export interface Farewell {
  /** The close code of RFC 6455. */
  readonly code: number;
  /** Why, in a few words. */
  readonly reason: string;
}

/** A client's WebSocket. Nothing is read from it before it was asked for: what comes faster waits at the client. */
export class WebSocketConnection implements ClientConnection {
  /** The client's IP address. */
  readonly hostname: string;
  /** The client's address, `address:port`. */
  readonly address: string;
  /** How it came, where it came by TLS. */
  readonly secured: Secured | undefined;
  /** Whether nobody on the way can read it. */
  readonly secure: boolean;
  /** How it is closed when it is simply done. */
  farewell: Farewell = { code: closeCodes.done, reason: "" };
  readonly #connection: Connection;
  readonly #input: RequestInput;
  readonly #splitter: FrameSplitter;
  readonly #ended = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  /** What was received and not yet read: all of it came in one piece. */
  #received: FrameEvent[] = [];
  #taken = 0;
  #closed: Error | undefined;
  /** Ends waiting for what comes next. */
  #wake: () => void = () => {};

  /**
   * Takes over a connection on which a WebSocket was opened.
   *
   * @param connection The connection, which is closed with the WebSocket.
   * @param input What comes over it.
   * @param messageBytes The longest message in bytes.
   * @param from Where the client is: behind a proxy, that is not where the connection comes from.
   */
  constructor(
    connection: Connection,
    input: RequestInput,
    messageBytes: number,
    from: Pick<ClientConnection, "hostname" | "address"> = connection,
  ) {
    this.hostname = from.hostname;
    this.address = from.address;
    this.secured = connection.secured;
    this.secure = connection.secure;
    this.#connection = connection;
    this.#input = input;
    this.#splitter = new FrameSplitter(messageBytes);
    void connection.ended.then(() => {
      this.#end(new Error(connection.reason));
      this.#released.resolve();
    });
  }

  /** Whether it was closed, by either side. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Resolves when it has been closed, by either side. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Resolves when nothing of it is left: a client that reads nothing keeps it for some time after its end. */
  get released(): Promise<void> {
    return this.#released.promise;
  }

  /** Why it was closed, where it was not simply done. */
  get reason(): string {
    return this.#closed?.message ?? "";
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#connection.queued;
  }

  /**
   * The next message.
   *
   * @returns Its text, `undefined` for a binary one, `null` at the end.
   */
  async read(): Promise<string | undefined | null> {
    for (;;) {
      while (this.#taken < this.#received.length && this.#closed === undefined) {
        const event = this.#received[this.#taken++]!;
        if (event.kind === "text") return event.text;
        if (event.kind === "binary") return undefined;
        await this.#control(event);
      }
      this.#received = [];
      this.#taken = 0;
      if (this.#closed !== undefined) return null;
      const bytes = await this.#next();
      // Whoever goes without a word has gone.
      if (bytes === null) this.#connection.close();
      else this.#splitter.push(bytes, this.#received);
    }
  }

  /** Queues one message as a text frame, or drops a client that leaves too much unread. */
  sendMessage(json: string): void {
    if (this.#closed === undefined) this.#connection.sendBytes(textFrame(json));
  }

  /** Waits until everything queued has been written. @throws {Error} When the connection ends first. */
  async flush(): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    await this.#connection.flush();
  }

  /** Drops a client that has read nothing for too long. */
  dropIfStuck(): void {
    this.#connection.dropIfStuck();
  }

  /** Closes it. @param reason Why, for the log and the client. @default it is done, and `farewell` is said */
  close(reason: Error = new Error("")): void {
    const { message } = reason;
    this.#close(reason, message === "" ? this.farewell : { code: closeCodes.policyViolation, reason: message });
  }

  /** Waits for the next bytes: empty when it is closed first, `null` at their end. */
  #next(): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(new Uint8Array());
      this.#input.rest().then(resolve, reject);
    });
  }

  async #control(event: Exclude<FrameEvent, { readonly kind: "text" | "binary" }>): Promise<void> {
    switch (event.kind) {
      case "ping":
        this.#connection.sendBytes(pongFrame(event.payload));
        // Whoever asks for answers reads them.
        return await this.#connection.flush().catch(() => {});
      case "close":
        return this.#close(new Error(""), { code: event.code, reason: "" });
      case "fault": {
        const reason = `Cannot read the frame: ${event.reason}`;
        return this.#close(new Error(reason), { code: event.code, reason });
      }
    }
  }

  /** Says goodbye, and lets go of the connection when the client has heard it. */
  #close(reason: Error, { code, reason: told }: Farewell): void {
    if (this.#closed !== undefined) return;
    this.#end(reason);
    this.#connection.sendBytes(closeFrame(code, told));
    void linger(this.#connection, () => this.#input.rest());
  }

  #end(reason: Error): void {
    this.#closed ??= reason;
    this.#ended.resolve();
    this.#wake();
  }
}
