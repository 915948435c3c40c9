/**
 * Joins pieces of bytes as they came from a stream, and decodes text.
 *
 * @module
 */

/**
 * Joins pieces of bytes, as they came from a stream.
 *
 * @param pieces The pieces, in order.
 * @returns All of them as one array; a single piece is returned itself.
 */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Decodes UTF-8. Bytes that are none make U+FFFD of the lenient decoder, which is twice as fast; only then is it asked
 * whether that character was sent.
 *
 * @throws {TypeError} When it is none.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}
