/**
 * Bytes to JSON messages, with nothing between them: PyOpticon's client sends objects without a terminator.
 *
 * @module
 */

import { joined } from "./bytes.ts";

/** Bytes that are no message; only they are lost. */
export interface MessageFault {
  /**
   * `too_long`: over the limit. `invalid_utf8`: not text. `not_an_object`: no JSON object begins here.
   * `unbalanced`: brackets or quotes do not match. `too_deep`: more than 200 brackets are open.
   */
  readonly fault: "too_long" | "invalid_utf8" | "not_an_object" | "unbalanced" | "too_deep";
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
const deepest = 200;

/**
 * Where the splitter is in the stream.
 *
 * `between`: outside any message. `inside`: within an object or array. `text`, `escape`: within a quoted text of it.
 * `garbage`: after bytes that begin no message, until a line end or an opening bracket.
 */
type Place = "between" | "inside" | "text" | "escape" | "garbage";

/**
 * Cuts a stream of bytes into the texts of JSON objects, wherever the network cut it.
 *
 * A fault is told as soon as it is certain and exactly once, and the same faults come out of the same bytes however
 * they were cut.
 */
export class JsonSplitter {
  readonly #limit: number;
  #place: Place = "between";
  /** The closing brackets that are due, innermost last. */
  #due: number[] = [];
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** The message is lost already (too long, or not an object) and is only followed to its end. */
  #lost = false;

  /** Makes a splitter at the start of a stream. @param limit The longest message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a message has begun and not ended: a session may give up on it after a while. */
  get unfinished(): boolean {
    return this.#inside;
  }

  /** Whether the message that has begun is lost, and its fault told. */
  get lost(): boolean {
    return this.#lost;
  }

  get #inside(): boolean {
    return this.#place === "inside" || this.#place === "text" || this.#place === "escape";
  }

  /** Forgets a message that was begun; the next byte begins afresh. */
  reset(): void {
    this.#place = "between";
    this.#clear();
  }

  /** Gives up on a message that was begun, but follows it to its end: its rest begins no message of its own. */
  lose(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#lost = true;
  }

  /**
   * Takes the next bytes and appends what they complete to `into`.
   *
   * @param chunk The bytes, read but not kept: the caller may reuse their buffer.
   * @param into Receives the texts of objects, and faults, in order.
   */
  push(chunk: Uint8Array, into: (string | MessageFault)[]): void {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      switch (this.#place) {
        case "text":
          if (byte === quote) this.#place = "inside";
          else if (byte === backslash) this.#place = "escape";
          else if (byte === lineFeed) this.#abandon("unbalanced", "between", chunk.subarray(start, at), into);
          break;
        case "escape":
          this.#place = "text";
          break;
        case "inside":
          if (byte === quote) this.#place = "text";
          else if (byte === openBrace || byte === openBracket) {
            this.#due.push(byte === openBrace ? closeBrace : closeBracket);
            if (this.#due.length > deepest) this.#abandon("too_deep", "garbage", chunk.subarray(start, at), into);
          } else if (byte === closeBrace || byte === closeBracket) {
            if (this.#due.pop() !== byte) this.#abandon("unbalanced", "garbage", chunk.subarray(start, at), into);
            else if (this.#due.length === 0) {
              this.#keep(chunk.subarray(start, at + 1), into);
              this.#finish(into);
            }
          }
          break;
        case "between":
        case "garbage":
          if (byte === openBrace || byte === openBracket) {
            start = at;
            this.#place = "inside";
            this.#due.push(byte === openBrace ? closeBrace : closeBracket);
            if (byte === openBracket) this.#lose("not_an_object", into);
          } else if (byte === lineFeed) this.#place = "between";
          else if (this.#place === "between" && byte > 0x20) {
            this.#place = "garbage";
            into.push({ fault: "not_an_object" });
          }
      }
    }
    if (this.#inside) this.#keep(chunk.subarray(start), into);
  }

  #keep(bytes: Uint8Array, into: (string | MessageFault)[]): void {
    if (this.#lost) return;
    if (this.#pendingBytes + bytes.length > this.#limit) return this.#lose("too_long", into);
    this.#pending.push(bytes.slice());
    this.#pendingBytes += bytes.length;
  }

  #finish(into: (string | MessageFault)[]): void {
    if (!this.#lost) {
      try {
        into.push(decoder.decode(joined(this.#pending)));
      } catch {
        into.push({ fault: "invalid_utf8" });
      }
    }
    this.#place = "between";
    this.#clear();
  }

  #lose(fault: MessageFault["fault"], into: (string | MessageFault)[]): void {
    if (!this.#lost) into.push({ fault });
    this.lose();
  }

  #abandon(fault: MessageFault["fault"], next: Place, rest: Uint8Array, into: (string | MessageFault)[]): void {
    // Counted first: a message that is too long as well is told as that, however its bytes were cut.
    this.#keep(rest, into);
    this.#lose(fault, into);
    this.#clear();
    this.#place = next;
  }

  #clear(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#due = [];
    this.#lost = false;
  }
}
