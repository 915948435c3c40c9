/**
 * Text that people give things: a line, in which nothing turns what stands around it round.
 *
 * @module
 */

/** Neither line breaks nor other control characters, nor what turns the direction of the text around it. */
export const plainLine: RegExp = /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u;
