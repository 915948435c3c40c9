/**
 * Splits bytes into lines, however the network cut them: also inside a UTF-8 character.
 *
 * @module
 */

import { decodeUtf8, joined } from "./bytes.ts";

/** A line that could not be delivered; only it is lost. */
export interface LineFault {
  /** `too_long`: over the limit. `invalid_utf8`: not text. */
  readonly fault: "too_long" | "invalid_utf8";
}

const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines that end in `\n`; a `\r` before it is dropped. */
export class LineSplitter {
  readonly #limit: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #skipping = false;

  /** @param limit The longest line in bytes, without its end. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes the next bytes and appends what they complete to `into`.
   *
   * @param chunk The bytes, read but not kept: the caller may reuse their buffer.
   * @param into Receives lines without their ends, and faults, in order.
   */
  push(chunk: Uint8Array, into: (string | LineFault)[]): void {
    let start = 0;
    if (this.#pendingBytes > 0 || this.#skipping) {
      const end = chunk.indexOf(lineFeed);
      this.#keep(end < 0 ? chunk : chunk.subarray(0, end), into);
      if (end < 0) return;
      this.#finish(into);
      start = end + 1;
    }
    const last = chunk.lastIndexOf(lineFeed);
    if (last >= start) {
      this.#whole(chunk.subarray(start, last), into);
      start = last + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start), into);
  }

  /** Complete lines: decoded in one go where they are text and short enough, one by one otherwise. */
  #whole(bytes: Uint8Array, into: (string | LineFault)[]): void {
    if (bytes.length <= this.#limit) {
      try {
        const text = decodeUtf8(bytes);
        let from = 0;
        for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
          into.push(withoutReturn(text.slice(from, end)));
          from = end + 1;
        }
        into.push(withoutReturn(text.slice(from)));
        return;
      } catch {
        // One of the lines is not UTF-8: find out which below, so that only it is lost.
      }
    }
    let from = 0;
    while (from <= bytes.length) {
      const found = bytes.indexOf(lineFeed, from);
      const end = found < 0 ? bytes.length : found;
      this.#keep(bytes.subarray(from, end), into);
      this.#finish(into);
      from = end + 1;
    }
  }

  #keep(bytes: Uint8Array, into: (string | LineFault)[]): void {
    if (this.#skipping) return;
    // One byte more than the limit is allowed for, as a carriage return that will be dropped.
    if (this.#pendingBytes + bytes.length > this.#limit + 1) {
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#skipping = true;
      into.push({ fault: "too_long" });
      return;
    }
    this.#pending.push(bytes.slice());
    this.#pendingBytes += bytes.length;
  }

  #finish(into: (string | LineFault)[]): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const bytes = joined(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    try {
      const line = withoutReturn(decodeUtf8(bytes));
      const length = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
      into.push(length > this.#limit ? { fault: "too_long" } : line);
    } catch {
      into.push({ fault: "invalid_utf8" });
    }
  }
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === 0x0d ? line.slice(0, -1) : line;
}
