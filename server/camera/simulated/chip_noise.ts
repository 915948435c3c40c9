/**
 * Random numbers that are fast enough for millions of pixels, and the same on every run with the same seed.
 *
 * @module
 */

/**
 * Mixes whole numbers into one of 32 bits, for seeds.
 *
 * @param words Any whole numbers, in an order that counts.
 */
export function mixed(...words: number[]): number {
  let hash = 0x243f6a88;
  for (const word of words) hash = scrambled(Math.imul(hash ^ word, 0x9e3779b1), 0x7f4a7c15);
  return hash >>> 0;
}

/** 32 bits, each of which depends on all of `bits` and `key` (the finalizer of MurmurHash3). */
function scrambled(bits: number, key: number): number {
  bits = Math.imul((bits ^ (bits >>> 15)) + key, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/**
 * 32 random bits that belong to a pixel for ever.
 *
 * @param column The pixel's column.
 * @param first A number for its row.
 * @param second Another one.
 * @returns A whole number from 0 up to 2³².
 */
export function pixelBits(column: number, first: number, second: number): number {
  return scrambled(Math.imul(column ^ first, 0x9e3779b1), second) >>> 0;
}

/** The number of quantiles in the table: 11 bits choose one. */
const quantileCount = 2048;
const quantileMask = quantileCount - 1;

/** The quantiles of the normal distribution at the middles of as many equal shares, of variance 1. */
const quantiles: Float64Array = normalQuantiles();

function normalQuantiles(): Float64Array {
  const table = new Float64Array(quantileCount);
  const step = 1 / 4096;
  let share = 0.5;
  let variance = 0;
  for (let index = quantileCount / 2, x = 0; index < quantileCount; index++) {
    for (; share < (index + 0.5) / quantileCount; x += step) {
      share += step * Math.exp(-((x + step / 2) ** 2) / 2) / Math.sqrt(2 * Math.PI);
    }
    table[index] = x;
    table[quantileCount - 1 - index] = -x;
    variance += 2 * x * x / quantileCount;
  }
  return table.map((quantile) => quantile / Math.sqrt(variance));
}

/** A normal number of variance 1 that 11 of the bits choose. @param bits 32 random bits. */
export function normalOf(bits: number): number {
  return quantiles[bits & quantileMask]!;
}

/** From this mean on, a normal distribution stands for Poisson's. */
const normalFrom = 25;

/** The number of tables for each whole number of the mean. */
const tablesPerUnit = 4;

/** Poisson's distribution of one mean, as its cumulated shares and where to begin to look among them. */
interface PoissonTable {
  readonly cumulated: Float64Array;
  /** For each of 256 equal shares, the first count that can be meant. */
  readonly starts: Uint8Array;
}

const poissonTables: readonly PoissonTable[] = Array.from(
  { length: normalFrom * tablesPerUnit },
  (_, index) => poissonTable(index / tablesPerUnit),
);

function poissonTable(mean: number): PoissonTable {
  // 32 bits cannot tell the share of the counts up to 80 from 1, for any mean in use.
  const cumulated = new Float64Array(80).fill(1);
  let share = Math.exp(-mean);
  let sum = 0;
  for (let count = 0; count < cumulated.length - 1; count++) {
    sum += share;
    cumulated[count] = sum;
    share *= mean / (count + 1);
  }
  const starts = Uint8Array.from({ length: 256 }, (_, index) => cumulated.findIndex((each) => each > index / 256));
  return { cumulated, starts };
}

/** Random numbers by the generator sfc32. */
export class PixelNoise {
  // In a typed array, so that no number is ever boxed.
  readonly #state = new Int32Array(4);

  /** Begins. @param seeds Any whole numbers: the same ones, the same numbers. */
  constructor(...seeds: number[]) {
    this.seed(...seeds);
  }

  /** Begins again. @param seeds Any whole numbers: the same ones, the same numbers. */
  seed(...seeds: number[]): void {
    for (let index = 0; index < 3; index++) this.#state[index] = mixed(index, ...seeds);
    this.#state[3] = 1;
    for (let round = 0; round < 8; round++) this.bits();
  }

  /** Goes on to the next number. @returns A whole number from 0 up to 2³². */
  bits(): number {
    const state = this.#state;
    const second = state[1]!;
    const third = state[2]!;
    const counter = state[3]!;
    const result = (state[0]! + second + counter) | 0;
    state[0] = second ^ (second >>> 9);
    state[1] = third + (third << 3);
    state[2] = ((third << 21) | (third >>> 11)) + result;
    state[3] = counter + 1;
    return result >>> 0;
  }

  /** Draws a number evenly. @returns From 0 up to 1. */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Draws a normal number of variance 1. @returns A number around 0, never beyond ±5. */
  normal(): number {
    const bits = this.bits();
    return (normalOf(bits) + normalOf(bits >>> 11)) * Math.SQRT1_2;
  }

  /**
   * Draws a count of what happens `mean` times on average: exact below 25, a normal distribution's number, with a fraction, above.
   *
   * @param mean What it is on average; at or below 0, the count is 0.
   */
  poisson(mean: number): number {
    if (mean >= normalFrom) return mean + Math.sqrt(mean) * this.normal();
    if (!(mean > 0)) return 0;
    // The sum of two counts of Poisson's distribution is one too: a table serves most of the mean.
    const table = Math.floor(mean * tablesPerUnit);
    const rest = this.#poissonBelowOne(mean - table / tablesPerUnit);
    return table === 0 ? rest : rest + this.#poissonOf(poissonTables[table]!);
  }

  #poissonOf({ cumulated, starts }: PoissonTable): number {
    const bits = this.bits();
    const uniform = bits / 4294967296;
    let count = starts[bits >>> 24]!;
    while (uniform >= cumulated[count]!) count++;
    return count;
  }

  #poissonBelowOne(mean: number): number {
    const uniform = this.uniform();
    // Nothing happens with a share of exp(-mean), which is more than this.
    if (uniform < 1 - mean) return 0;
    let share = Math.exp(-mean);
    let left = uniform - share;
    let count = 0;
    while (left >= 0) {
      count++;
      share *= mean / count;
      left -= share;
    }
    return count;
  }
}
