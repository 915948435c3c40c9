/**
 * Reads and writes a server's WebSocket frames (RFC 6455): bytes in, messages out, bounded. No extensions.
 *
 * `npm:ws`, which others use, reads the environment as soon as it is imported; a program that this server is part of
 * would have to allow that.
 *
 * @module
 */

import { decodeUtf8 } from "../../../protocol/bytes.ts";
import { createHash } from "node:crypto";

/** Close codes of RFC 6455. */
export const closeCodes = {
  done: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidText: 1007,
  policyViolation: 1008,
  tooLong: 1009,
} as const;

/** An event in a stream of frames. */
export type FrameEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary" }
  | { readonly kind: "ping"; readonly payload: Uint8Array }
  | { readonly kind: "close"; readonly code: number }
  /** Nothing more can be read after a fault. */
  | { readonly kind: "fault"; readonly code: number; readonly reason: string };

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** The longest head of a frame: two bytes, a length of eight, a mask of four. */
const longestHead = 14;

class Fault extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Cuts what a client sends into messages. */
export class FrameSplitter {
  readonly #messageBytes: number;
  readonly #head = new Uint8Array(longestHead);
  #headLength = 0;
  /** The frame that is being read, where its head is all there. */
  #frame: { readonly final: boolean; readonly opcode: number; readonly length: number } | undefined;
  #mask = new Uint8Array(4);
  #read = 0;
  /** The data of the message, over all its frames. */
  #message = new Uint8Array();
  #messageLength = 0;
  #messageKind: number | undefined;
  /** The data of a ping, pong or close, which may come between the frames of a message. */
  readonly #control = new Uint8Array(125);
  #failed = false;

  /** Makes it. @param messageBytes The longest message in bytes. */
  constructor(messageBytes: number) {
    this.#messageBytes = messageBytes;
  }

  /**
   * Takes bytes.
   *
   * @param bytes What came.
   * @param events What came of it is added; nothing comes after a close or a fault.
   */
  push(bytes: Uint8Array, events: FrameEvent[]): void {
    if (this.#failed) return;
    try {
      let at = 0;
      // A frame without data ends with its head.
      while (!this.#failed && (at < bytes.length || this.#frame?.length === 0)) {
        at = this.#frame === undefined ? this.#takeHead(bytes, at) : this.#takeData(bytes, at, events);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#failed = true;
      events.push({ kind: "fault", code: error.code, reason: error.message });
    }
  }

  #takeHead(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      this.#head[this.#headLength++] = bytes[at++]!;
      if (this.#headLength < 2) continue;
      const short = this.#head[1]! & 0x7f;
      const needed = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + 4;
      // What is wrong with the first two bytes is told before the others come.
      if (this.#headLength === 2) this.#check(this.#head[0]!, this.#head[1]!);
      if (this.#headLength < needed) continue;
      this.#begin(short, needed);
      break;
    }
    return at;
  }

  #check(first: number, second: number): void {
    const opcode = first & 0x0f;
    const broken = (what: string) => new Fault(closeCodes.protocolError, what);
    if ((first & 0x70) !== 0) throw broken("a reserved bit is set: no extension was agreed on");
    if ((second & 0x80) === 0) throw broken("a client's frame must be masked");
    if (opcode >= 8) {
      if (opcode > opcodes.pong) throw broken(`there is no opcode ${opcode}`);
      if ((first & 0x80) === 0 || (second & 0x7f) > 125) throw broken("a control frame must be whole and short");
    } else if (opcode > opcodes.binary) throw broken(`there is no opcode ${opcode}`);
    else if (opcode === opcodes.continuation && this.#messageKind === undefined) {
      throw broken("nothing is to be continued");
    } else if (opcode !== opcodes.continuation && this.#messageKind !== undefined) {
      throw broken("a message is not finished");
    }
  }

  #begin(short: number, needed: number): void {
    const view = new DataView(this.#head.buffer);
    const length = short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
    this.#mask = this.#head.slice(needed - 4, needed);
    const opcode = this.#head[0]! & 0x0f;
    this.#headLength = 0;
    this.#read = 0;
    this.#frame = { final: (this.#head[0]! & 0x80) !== 0, opcode, length };
    if (opcode >= 8) return;
    if (this.#messageLength + length > this.#messageBytes) {
      throw new Fault(closeCodes.tooLong, `a message is over ${this.#messageBytes} bytes`);
    }
    if (opcode !== opcodes.continuation) this.#messageKind = opcode;
    this.#grow(this.#messageLength + length);
  }

  #grow(length: number): void {
    if (this.#message.length >= length) return;
    const grown = new Uint8Array(Math.min(this.#messageBytes, Math.max(length, 2 * this.#message.length)));
    grown.set(this.#message.subarray(0, this.#messageLength));
    this.#message = grown;
  }

  #takeData(bytes: Uint8Array, from: number, events: FrameEvent[]): number {
    const { opcode, length, final } = this.#frame!;
    const count = Math.min(bytes.length - from, length - this.#read);
    const target = opcode >= 8 ? this.#control : this.#message.subarray(this.#messageLength);
    for (let index = 0; index < count; index++) {
      target[this.#read] = bytes[from + index]! ^ this.#mask[this.#read & 3]!;
      this.#read++;
    }
    if (this.#read < length) return from + count;
    this.#frame = undefined;
    if (opcode >= 8) this.#endControl(opcode, this.#control.slice(0, length), events);
    else {
      this.#messageLength += length;
      if (final) this.#endMessage(events);
    }
    return from + count;
  }

  #endMessage(events: FrameEvent[]): void {
    if (this.#messageKind === opcodes.binary) events.push({ kind: "binary" });
    else events.push({ kind: "text", text: decoded(this.#message.subarray(0, this.#messageLength)) });
    this.#message = new Uint8Array();
    this.#messageLength = 0;
    this.#messageKind = undefined;
  }

  #endControl(opcode: number, payload: Uint8Array, events: FrameEvent[]): void {
    if (opcode === opcodes.ping) events.push({ kind: "ping", payload });
    if (opcode !== opcodes.close) return;
    if (payload.length === 1) throw new Fault(closeCodes.protocolError, "a close code has two bytes");
    const code = payload.length === 0 ? closeCodes.done : payload[0]! << 8 | payload[1]!;
    if (!mayBeSent(code)) throw new Fault(closeCodes.protocolError, `${code} is no close code`);
    decoded(payload.subarray(2));
    this.#failed = true;
    events.push({ kind: "close", code });
  }
}

/** Whether a close frame may carry a code. */
function mayBeSent(code: number): boolean {
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006 || code >= 3000 && code < 5000;
}

function decoded(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new Fault(closeCodes.invalidText, "a text is not UTF-8");
  }
}

function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = new Uint8Array(head + length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  const view = new DataView(bytes.buffer);
  if (head === 4) view.setUint16(2, length);
  else if (head === 10) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, head);
  return bytes;
}

const encoder = new TextEncoder();

/** A message of text as a frame. */
export function textFrame(text: string): Uint8Array {
  return frame(opcodes.text, encoder.encode(text));
}

/** The answer to a ping. @param payload What the ping carried. */
export function pongFrame(payload: Uint8Array): Uint8Array {
  return frame(opcodes.pong, payload);
}

/** The end of a conversation. @param code One of {@linkcode closeCodes}. @param reason Why, in a few words. */
export function closeFrame(code: number, reason: string): Uint8Array {
  return frame(opcodes.close, new Uint8Array([code >> 8, code & 0xff, ...encoder.encode(shortened(reason))]));
}

/** A close frame has room for 123 bytes of reason. */
function shortened(reason: string): string {
  let text = reason.slice(0, 120);
  while (encoder.encode(text).length > 120) text = text.slice(0, -1);
  return text.length < reason.length ? `${text}…` : text;
}

/**
 * Returns the key that accepts a WebSocket's opening.
 *
 * @param key The request's Sec-WebSocket-Key.
 * @returns The response's Sec-WebSocket-Accept; `undefined` for a key that is none.
 */
export function acceptOf(key: string): string | undefined {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return undefined;
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
