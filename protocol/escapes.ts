/**
 * Writes bytes as text that people read and type: `\r`, `\n`, `\t`, `\\`, and `\xHH` for what is no printable ASCII.
 *
 * @module
 */

const named: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\" };
const meant: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function escapedByte(character: string): string {
  return named[character] ?? `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * Bytes as text with escapes.
 *
 * @param bytes The bytes.
 * @param utf8 Whether characters of several bytes are shown as such, where all of it is UTF-8. @default false
 */
export function escapedBytes(bytes: Uint8Array, utf8 = false): string {
  if (utf8) {
    try {
      // deno-lint-ignore no-control-regex -- control characters are what is escaped
      return strict.decode(bytes).replace(/[\x00-\x1f\x7f-\x9f\\]/g, escapedByte);
    } catch {
      // Not all of it is text.
    }
  }
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += byte < 0x20 || byte > 0x7e || byte === 0x5c ? escapedByte(character) : character;
  }
  return text;
}

/** Bytes as pairs of hexadecimal digits: `4D 45 0A`. */
export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}

/**
 * The text that somebody has typed with escapes.
 *
 * @param typed `MEAS?\r\n`, `\x02R\x03`.
 * @param byte The character that stands for a byte.
 * @throws {TypeError} With the escape that is none, and what there is.
 */
export function unescaped(typed: string, byte: (value: number) => string = String.fromCharCode): string {
  return typed.replace(/\\(x[0-9a-f]{2}|[\s\S]?)/gi, (whole, escape: string) => {
    if (escape.length === 3) return byte(parseInt(escape.slice(1), 16));
    const character = meant[escape];
    if (character !== undefined) return character;
    throw new TypeError(`${whole} is no escape: there is \\r, \\n, \\t, \\0, \\\\ and \\xHH`);
  });
}
