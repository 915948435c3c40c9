/**
 * Numbers as whole ones of so many decimals: 23.45 is 2345 of two.
 *
 * @module
 */

/** The most decimals by which numbers are made whole ones. */
export const mostDecimals = 9;

/** The powers of ten, by their exponents. */
export const powers: readonly number[] = Array.from({ length: mostDecimals + 1 }, (_, decimals) => 10 ** decimals);

/** Differences of whole numbers beyond that would not be exact. */
const largest = 2 ** 50;

/** Whether a number is a whole one of so many decimals, to the bit. @param power As in {@linkcode powers}. */
export function fits(value: number, power: number): boolean {
  const whole = Math.round(value * power);
  // A negative zero is none of them.
  return whole / power === value && whole <= largest && whole >= -largest && !(value === 0 && 1 / value < 0);
}
