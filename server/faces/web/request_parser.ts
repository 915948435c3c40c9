/**
 * Parses the bytes of a connection into HTTP/1.1 requests: bytes in, heads and bodies out, bounded.
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { errno, Llhttp } from "./llhttp.ts";

/** The most fields of a head. */
const mostFields = 100;

/**
 * The bytes of framing allowed in a chunked body for each of its bytes, beside a head's length: one-byte chunks need as
 * many.
 */
const framingPerByte = 8;

/** The head of a request. */
export interface RequestHead {
  /** The method. */
  readonly method: string;
  /** What it asks for, as it was sent: `/api/v1/status?x=1`. */
  readonly target: string;
  /** Whether it is HTTP/1.1 rather than 1.0. */
  readonly modern: boolean;
  /** The fields, in the order in which they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Whether another request may follow. */
  readonly keepAlive: boolean;
  /** Whether it wants another protocol. */
  readonly upgrade: boolean;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  // No more arguments than a stack holds.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** The error for a request without an answer of its own, after which the connection is closed. */
function fault(status: number, message: string): HttpError {
  return new HttpError(status, "bad_message", message, { "Connection": "close" });
}

/** The requests of one connection, one after another. */
export class RequestParser {
  readonly #headBytes: number;
  readonly #llhttp: Llhttp;
  #target = "";
  #fields: [name: string, value: string][] = [];
  #inName = false;
  #fault: HttpError | undefined;
  #used = 0;
  #framing = 0;
  #bodyBytes = 0;
  #pieces: Uint8Array[] = [];
  #head: RequestHead | undefined;
  #complete = false;

  /** Makes it; it must be disposed of. @param headBytes The longest head in bytes. */
  constructor(headBytes: number) {
    this.#headBytes = headBytes;
    this.#llhttp = new Llhttp({
      url: (bytes) => {
        this.#target += latin1(bytes);
        return errno.ok;
      },
      fieldName: (bytes) => this.#fieldName(bytes),
      fieldValue: (bytes) => {
        this.#inName = false;
        if (this.#head === undefined) this.#fields.at(-1)![1] += latin1(bytes);
        return errno.ok;
      },
      headersComplete: (upgrade, keepAlive) => this.#headComplete(upgrade, keepAlive),
      body: (bytes) => {
        this.#bodyBytes += bytes.length;
        this.#pieces.push(bytes.slice());
        return errno.ok;
      },
      messageComplete: () => {
        this.#complete = true;
        return errno.paused;
      },
    });
  }

  /** The head, when all of it is there. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  /** Whether the request has come to its end. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Whether a request has begun, and its head has not ended. */
  get begun(): boolean {
    return this.#head === undefined && this.#used > 0;
  }

  /** Whether pieces of the body were parsed that nobody has taken. */
  get hasBody(): boolean {
    return this.#pieces.length > 0;
  }

  /** The pieces of the body that were parsed since they were taken last. */
  takeBody(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /**
   * Takes bytes, up to the end of the request.
   *
   * @param bytes What came.
   * @returns How many of them were taken; the others belong to what follows.
   * @throws {HttpError} 400, 501 or 505 for what cannot be read, 431 for a head that is too long; nothing more can be parsed then.
   */
  parse(bytes: Uint8Array): number {
    let at = 0;
    while (!this.#complete) {
      const inHead = this.#head === undefined;
      // A byte more than a head may have tells that it has too many.
      const piece = inHead ? bytes.subarray(at, at + this.#headBytes + 1 - this.#used) : bytes.subarray(at);
      const before = this.#bodyBytes;
      const { taken, errno: found } = this.#llhttp.parse(piece);
      at += taken;
      if (inHead) this.#used += taken;
      else this.#framing += taken - (this.#bodyBytes - before);
      // Another protocol follows a request that wants one and has no body.
      if (found === errno.pausedUpgrade) this.#complete = true;
      else if (found !== errno.ok && found !== errno.paused) this.#fail();
      if (this.#head === undefined && this.#used > this.#headBytes) throw this.#tooLong();
      if (this.#framing > this.#headBytes + framingPerByte * this.#bodyBytes) {
        throw fault(400, "Cannot read the request: its body is hardly more than the framing of its chunks");
      }
      // After a pause it goes on also where no bytes follow: a request may have no body.
      if (found === errno.ok && at === bytes.length) break;
    }
    return at;
  }

  /** Begins the next request. */
  next(): void {
    this.#target = "";
    this.#fields = [];
    this.#inName = false;
    this.#used = 0;
    this.#framing = 0;
    this.#bodyBytes = 0;
    this.#pieces = [];
    this.#head = undefined;
    this.#complete = false;
  }

  /** Forgets it. */
  [Symbol.dispose](): void {
    this.#llhttp[Symbol.dispose]();
  }

  #fieldName(bytes: Uint8Array): number {
    // What follows a body is counted, and not kept.
    if (this.#head !== undefined) return errno.ok;
    if (!this.#inName) this.#fields.push(["", ""]);
    this.#inName = true;
    this.#fields.at(-1)![0] += latin1(bytes);
    if (this.#fields.length > mostFields) this.#fault = this.#tooLong();
    return this.#fault === undefined ? errno.ok : errno.user;
  }

  #headComplete(upgrade: boolean, keepAlive: boolean): number {
    const { method, version } = this.#llhttp;
    const coding = this.#fields.filter(([name]) => name.toLowerCase() === "transfer-encoding");
    if (version !== "1.1" && version !== "1.0") {
      this.#fault = fault(505, `Cannot read the request: it is HTTP/${version}, and HTTP/1.1 is spoken here`);
    } else if (coding.length > 0 && version === "1.0") {
      this.#fault = fault(400, "Cannot read the request: HTTP/1.0 has no Transfer-Encoding");
    } else if (coding.some(([, value]) => value.toLowerCase() !== "chunked")) {
      this.#fault = fault(501, "Cannot read the request: its Transfer-Encoding must be chunked, or left out");
    }
    if (this.#fault !== undefined) return errno.user;
    this.#head = { method, target: this.#target, modern: version !== "1.0", fields: this.#fields, keepAlive, upgrade };
    return errno.paused;
  }

  #tooLong(): HttpError {
    return fault(431, `Cannot read the request: its head is over ${this.#headBytes} bytes or ${mostFields} fields`);
  }

  #fail(): never {
    throw this.#fault ?? fault(400, `Cannot read the request as HTTP/1.1: ${this.#llhttp.reason}`);
  }
}
