/**
 * One WebSocket: messages in, in order and bounded; messages out, bounded as on TCP.
 *
 * @module
 */

import { addressAndPort, type ClientConnection } from "../connection.ts";
import type { Limits } from "../limits.ts";

/** How a WebSocket is closed, as its client reads it. */
export interface Farewell {
  /** The close code of RFC 6455. */
  readonly code: number;
  /** Why, in a few words. */
  readonly reason: string;
}

/** Closed because a rule was broken, or somebody disconnected it: the reason says which. */
const policyViolation = 1008;

/** How long `flush` waits before it looks again, in milliseconds: WebSockets do not tell when they have sent. */
const shortestWait = 1;
const longestWait = 50;

/** A close frame has room for 123 bytes of reason. */
function shortened(reason: string): string {
  const encoder = new TextEncoder();
  let text = reason.slice(0, 120);
  while (encoder.encode(text).length > 120) text = text.slice(0, -1);
  return text.length < reason.length ? `${text}…` : text;
}

/** A client's WebSocket. */
export class WebSocketConnection implements ClientConnection {
  /** The client's IP address. */
  readonly hostname: string;
  /** The client's address, `address:port`. */
  readonly address: string;
  /** How it is closed when it is simply done. */
  farewell: Farewell = { code: 1000, reason: "" };
  readonly #socket: WebSocket;
  readonly #limits: Pick<Limits, "queuedBytes" | "stuckSeconds">;
  readonly #ended = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  /** Messages that were received and not yet read; `null` stands for a binary one. */
  readonly #received: (string | null)[] = [];
  #receivedLength = 0;
  #reading: (() => void) | undefined;
  /** Ends what waits for the client to read. */
  readonly #pauses = new Set<() => void>();
  #closed: Error | undefined;
  #leastQueued = 0;
  #stuckSince = 0;

  /** Takes over a WebSocket. @param socket It. @param remote Where it comes from. @param limits What it may use. */
  constructor(socket: WebSocket, remote: Deno.NetAddr, limits: Pick<Limits, "queuedBytes" | "stuckSeconds">) {
    this.hostname = remote.hostname;
    this.address = addressAndPort(remote.hostname, remote.port);
    this.#socket = socket;
    this.#limits = limits;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(typeof data === "string" ? data : null);
    socket.onclose = () => {
      this.#released.resolve();
      this.#end(new Error(""));
    };
    // A close event follows.
    socket.onerror = () => {};
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
    return this.#socket.bufferedAmount;
  }

  /**
   * The next message.
   *
   * @returns Its text, `undefined` for a binary one, `null` at the end.
   */
  async read(): Promise<string | undefined | null> {
    if (this.#received.length === 0 && this.#closed === undefined) {
      await new Promise<void>((resolve) => this.#reading = resolve);
    }
    if (this.#received.length === 0 || this.#closed !== undefined) return null;
    const message = this.#received.shift()!;
    this.#receivedLength -= message?.length ?? 0;
    return message ?? undefined;
  }

  /** Sends one message as a frame. @param json It; a client that leaves too much unread is dropped instead. */
  sendMessage(json: string): void {
    if (this.#closed !== undefined || this.#socket.readyState !== WebSocket.OPEN) return;
    // As on TCP: what waits already counts, not the message itself.
    if (this.queued > this.#limits.queuedBytes) {
      return this.close(new Error(`it left more than ${this.#limits.queuedBytes} bytes of replies unread`));
    }
    this.#socket.send(json);
  }

  /** Waits until everything queued has been written. @throws {Error} When the connection ends first. */
  async flush(): Promise<void> {
    for (
      let wait = shortestWait;
      this.queued > 0 || this.#closed !== undefined;
      wait = Math.min(2 * wait, longestWait)
    ) {
      if (this.#closed !== undefined) throw this.#closed;
      await this.#pause(wait);
    }
  }

  /** Waits for a while, at most to the end of the connection. */
  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.#pauses.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#pauses.delete(resolve);
  }

  /** Drops a client that has read nothing for too long. */
  dropIfStuck(): void {
    const { queued } = this;
    const { stuckSeconds } = this.#limits;
    const now = performance.now();
    if (queued === 0 || queued < this.#leastQueued) this.#stuckSince = 0;
    this.#leastQueued = queued;
    if (queued === 0) return;
    if (this.#stuckSince === 0) this.#stuckSince = now;
    else if (now - this.#stuckSince >= stuckSeconds * 1000) {
      this.close(new Error(`it read nothing for ${stuckSeconds} s`));
    }
  }

  /** Closes it. @param reason Why, for the log and the client. @default it is done, and `farewell` is said */
  close(reason: Error = new Error("")): void {
    if (this.#closed !== undefined) return;
    const { message } = reason;
    const farewell = message === "" ? this.farewell : { code: policyViolation, reason: message };
    this.#end(reason);
    try {
      this.#socket.close(farewell.code, shortened(farewell.reason));
    } catch {
      // It has gone already.
    }
  }

  #end(reason: Error): void {
    this.#closed ??= reason;
    this.#ended.resolve();
    for (const end of this.#pauses) end();
    this.#reading?.();
  }

  #receive(message: string | null): void {
    if (this.#closed !== undefined) return;
    this.#received.push(message);
    this.#receivedLength += message?.length ?? 0;
    if (this.#receivedLength > this.#limits.queuedBytes && this.#received.length > 1) {
      return this.close(new Error(`it sent more than ${this.#limits.queuedBytes} bytes without reading the replies`));
    }
    this.#reading?.();
    this.#reading = undefined;
  }
}
