/**
 * Talks on a line as a person does: what is typed goes out, and what comes is cut at its ends.
 *
 * @module
 */

import { type LineCodec, lineCodec, type LineEncoding } from "../server/devices/transports/line_codec.ts";
import type { Line } from "../server/devices/transports/line.ts";
import { HeliographError } from "../protocol/errors.ts";
import { escapedBytes, hexBytes } from "../protocol/escapes.ts";

/** The pause after which what has no end is taken as it is, in seconds. */
export const pauseSeconds = 0.1;

const closedThere = "it was closed by the other end";

/** What the system says of a line that was closed by the other end. */
const hungUp = [Deno.errors.BrokenPipe, Deno.errors.ConnectionReset, Deno.errors.ConnectionAborted];

/** How the line is spoken on. */
export interface TalkFormat {
  /** What ends what is sent. */
  readonly sendEnd: string;
  /** What ends what comes; empty where a pause does. */
  readonly receiveEnd: string;
  /** What its text is in. */
  readonly encoding: LineEncoding;
}

/** A piece that came. */
export interface Came {
  /** Its bytes, the end among them. */
  readonly bytes: Uint8Array;
  /** Its text, without the end. */
  readonly text: string;
  /** Whether its end has come. */
  readonly ended: boolean;
}

/** An open line. */
export class TalkLine implements Disposable {
  readonly #line: Line;
  readonly #format: TalkFormat;
  readonly #codec: LineCodec;
  readonly #end: Uint8Array;
  #waiting = new Uint8Array();
  /** Where each piece ends that is whole by itself. */
  readonly #whole: number[] = [];
  #heardAt = 0;
  #closed: string | undefined;
  #wake = () => {};

  /** Begins to read. @param line The line. @param format How it is spoken on. */
  constructor(line: Line, format: TalkFormat) {
    this.#line = line;
    this.#format = format;
    this.#codec = lineCodec(format.encoding);
    this.#end = this.#codec.encode(format.receiveEnd);
    void this.#read();
  }

  /** Why it has ended; `undefined` while it has not. */
  get closed(): string | undefined {
    return this.#closed;
  }

  /** The bytes that a text is sent as. @throws {HeliographError} Where the encoding is without a character. */
  encode(text: string): Uint8Array {
    return this.#codec.encode(text + this.#format.sendEnd);
  }

  /** Sends bytes. @throws {HeliographError} `not_connected` where the other end has closed the line. */
  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#line.write(bytes);
    } catch (error) {
      if (this.#closed === undefined && !hungUp.some((kind) => error instanceof kind)) throw error;
      throw new HeliographError("not_connected", `Cannot send: ${this.#closed ?? closedThere}`);
    }
  }

  /** Bytes as they are shown. */
  shown(bytes: Uint8Array, hex: boolean): string {
    return hex ? hexBytes(bytes) : escapedBytes(bytes, this.#format.encoding === "utf8");
  }

  /**
   * Waits for what comes next.
   *
   * @param seconds How long.
   * @param atPause Whether a pause ends it too.
   * @returns It, its end missing where that did not come in time; `undefined` where nothing came.
   */
  async next(seconds: number, atPause = this.#end.length === 0): Promise<Came | undefined> {
    const until = performance.now() + seconds * 1000;
    for (;;) {
      const length = this.#whole.shift() ?? this.#endOf();
      if (length > 0) return this.#take(length, true);
      const begun = this.#waiting.length;
      const now = performance.now();
      const rest = begun > 0 && atPause ? Math.min(until, this.#heardAt + pauseSeconds * 1000) : until;
      if (this.#closed !== undefined || now >= rest) {
        return begun === 0 ? undefined : this.#take(begun, this.#end.length === 0);
      }
      await new Promise<void>((resolve) => {
        const timer = rest === Infinity ? undefined : setTimeout(resolve, rest - now);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#closed ??= "it was closed here";
    this.#line.close();
    this.#wake();
  }

  async #read(): Promise<void> {
    let reason = closedThere;
    try {
      for (let bytes = await this.#line.read(); bytes !== null; bytes = await this.#line.read()) {
        const joined = new Uint8Array(this.#waiting.length + bytes.length);
        joined.set(this.#waiting);
        joined.set(bytes, this.#waiting.length);
        this.#waiting = joined;
        this.#heardAt = performance.now();
        if (this.#line.whole) this.#whole.push(bytes.length);
        this.#wake();
      }
    } catch (error) {
      reason = (error as Error).message;
    }
    this.#closed ??= reason;
    this.#wake();
  }

  /** The length of the first piece that has ended; 0 where none has. */
  #endOf(): number {
    const end = this.#end;
    if (end.length === 0) return 0;
    for (let at = 0; at + end.length <= this.#waiting.length; at++) {
      if (end.every((byte, index) => this.#waiting[at + index] === byte)) return at + end.length;
    }
    return 0;
  }

  #take(length: number, ended: boolean): Came {
    const bytes = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    const hasEnd = ended && this.#end.every((byte, index) => bytes[length - this.#end.length + index] === byte);
    let inner = hasEnd ? bytes.subarray(0, length - this.#end.length) : bytes;
    // Half of a CR LF is no part of an answer.
    if (hasEnd && this.#format.receiveEnd === "\n" && inner.at(-1) === 13) inner = inner.subarray(0, -1);
    if (hasEnd && this.#format.receiveEnd === "\r" && inner[0] === 10) inner = inner.subarray(1);
    const text = this.#codec.decode(String.fromCharCode(...inner));
    return { bytes, text, ended };
  }
}
