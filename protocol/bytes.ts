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
