/**
 * Turns texts into the bytes of a line, and bytes into texts.
 *
 * In Latin-1 each of the 256 bytes is the character of its number, so that any byte can be said. In UTF-8 a byte that is
 * meant as such, and is no part of a character, stands in texts as half of a pair: byte FF is U+DCFF, as in Python's
 * `surrogateescape`. No text from a file or a client holds one.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";

/** The encoding of a line's text. */
export type LineEncoding = "latin1" | "utf8";

/** Turns texts into bytes, and bytes into texts. */
export interface LineCodec {
  /** The bytes of a text. @throws {HeliographError} `bad_argument` where the encoding is without one of its characters. */
  encode(text: string): Uint8Array;
  /** The text of bytes, given as a text with a character for each byte. */
  decode(bytes: string): string;
  /** The character that stands for a byte in a text to be encoded. */
  byte(value: number): string;
}

/** A text with a character for each byte. The decoder that is called latin1 is that of Windows-1252. */
export function byteText(bytes: Uint8Array): string {
  let text = "";
  if (bytes.length <= 64) {
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text;
  }
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/** The bytes of a text with a character for each. */
export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

// deno-lint-ignore no-control-regex -- what is not ASCII
const beyondAscii = /[^\x00-\x7f]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The bytes that are meant as such begin here. */
const rawFrom = 0xdc00;

const codecs: Readonly<Record<LineEncoding, LineCodec>> = {
  latin1: {
    encode(text) {
      if (!beyondAscii.test(text)) return encoder.encode(text);
      // deno-lint-ignore no-control-regex -- all of Latin-1, control characters too
      const [strange] = /[^\x00-\xff]/u.exec(text) ?? [];
      if (strange === undefined) return Uint8Array.from(text, (character) => character.charCodeAt(0));
      throw new HeliographError(
        "bad_argument",
        `Cannot send ${quoted(text)}: Latin-1 is without ${quoted(strange)}; is "encoding": "utf8" meant in "line"?`,
      );
    },
    decode: (bytes) => bytes,
    byte: (value) => String.fromCharCode(value),
  },
  utf8: {
    encode(text) {
      // Only half pairs match by themselves, with the flag u.
      if (!/[\udc80-\udcff]/u.test(text)) return encoder.encode(text);
      const bytes: number[] = [];
      for (const character of text) {
        const code = character.charCodeAt(0);
        if (character.length === 1 && code >= rawFrom && code <= rawFrom + 255) bytes.push(code - rawFrom);
        else bytes.push(...encoder.encode(character));
      }
      return Uint8Array.from(bytes);
    },
    decode(bytes) {
      if (!beyondAscii.test(bytes)) return bytes;
      return decoder.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
    },
    byte: (value) => String.fromCharCode(value < 128 ? value : rawFrom + value),
  },
};

/** The codec of an encoding. @param encoding Which. @default latin1 */
export function lineCodec(encoding: LineEncoding = "latin1"): LineCodec {
  return codecs[encoding];
}

/**
 * A text of a bench file with its bytes, which are written `\xHH`.
 *
 * @param text As it is written.
 * @param byte The character that stands for a byte.
 */
export function withBytes(text: string, byte: (value: number) => string): string {
  return text.replace(/\\x([0-9a-f]{2})/gi, (_, hex) => byte(parseInt(hex, 16)));
}
