/**
 * Statistics of pixels that are read in blocks and never all in memory.
 *
 * @module
 */

/** Statistics of pixels. */
export interface Statistics {
  /** How many pixels have a value. */
  readonly pixels: number;
  /** How many have none. */
  readonly blank: number;
  /** The smallest value. */
  readonly minimum: number;
  /** The largest value. */
  readonly maximum: number;
  /** The average. */
  readonly mean: number;
  /** The standard deviation, of the population as numpy has it. */
  readonly deviation: number;
}

/** Reads the pixels once, from the first to the last, in pieces. */
export type PixelPass = (take: (values: Float64Array, from: number, to: number) => void) => Promise<void>;

/** Adds up pixels. */
export class PixelSum {
  #pixels = 0;
  #blank = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  /** A value from which all are counted: their squares then lose no digits. */
  #origin: number | undefined;
  #sum = 0;
  #squares = 0;

  /** Adds `values[from]` to `values[to - 1]`. Those that are no finite number are counted as blank. */
  add(values: Float64Array, from: number, to: number): void {
    let [pixels, blank, minimum, maximum, sum, squares] = [0, 0, this.#minimum, this.#maximum, 0, 0];
    let origin = this.#origin;
    for (let at = from; at < to; at++) {
      const value = values[at]!;
      if (value - value !== 0) {
        blank++;
        continue;
      }
      origin ??= value;
      pixels++;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
      const difference = value - origin;
      sum += difference;
      squares += difference * difference;
    }
    this.#pixels += pixels;
    this.#blank += blank;
    this.#minimum = minimum;
    this.#maximum = maximum;
    this.#origin = origin;
    this.#sum += sum;
    this.#squares += squares;
  }

  /** The statistics so far; `undefined` where no pixel has a value. */
  get statistics(): Statistics | undefined {
    if (this.#origin === undefined) return undefined;
    const mean = this.#sum / this.#pixels;
    return {
      pixels: this.#pixels,
      blank: this.#blank,
      minimum: this.#minimum,
      maximum: this.#maximum,
      mean: this.#origin + mean,
      deviation: Math.sqrt(Math.max(0, this.#squares / this.#pixels - mean * mean)),
    };
  }
}

const bins = 65_536;

/** How many values are sorted at most, rather than counted in finer bins. */
const mostSorted = 2 ** 20;

/**
 * The median, exactly: it is narrowed down in as few passes as it takes, mostly one or two.
 *
 * @param statistics What the pixels are like.
 * @param pass Reads them.
 * @returns The middle value, or the average of the two in the middle.
 */
export async function medianOf(statistics: Statistics, pass: PixelPass): Promise<number> {
  const { pixels, minimum, maximum } = statistics;
  const lower = Math.floor((pixels - 1) / 2);
  const upper = Math.floor(pixels / 2);
  /** The values between which the lower middle lies, how many there are, and how many are smaller. */
  let range = { minimum, maximum, count: pixels, below: 0, above: maximum };
  while (range.minimum < range.maximum && range.count > mostSorted) range = await narrowed(range, lower, pass);
  const { below, count, above } = range;
  const values = range.minimum === range.maximum ? undefined : await sorted(range, pass);
  const at = (rank: number) => rank - below >= count ? above : values?.[rank - below] ?? range.minimum;
  return (at(lower) + at(upper)) / 2;
}

/** Some of the values, in their order. */
interface Range {
  readonly minimum: number;
  readonly maximum: number;
  /** How many there are. */
  readonly count: number;
  /** How many values are smaller. */
  readonly below: number;
  /** The next larger value. */
  readonly above: number;
}

/** The bin of a range in which the value of a rank lies. */
async function narrowed(range: Range, rank: number, pass: PixelPass): Promise<Range> {
  const counts = new Float64Array(bins);
  const minima = new Float64Array(bins).fill(Infinity);
  const maxima = new Float64Array(bins).fill(-Infinity);
  const { minimum, maximum } = range;
  // The difference of the largest doubles is infinite, but not that of their halves.
  const share = maximum - minimum === Infinity ? 0.5 : 1;
  const origin = share * minimum;
  const width = share * maximum - origin;
  await pass((values, from, to) => {
    for (let at = from; at < to; at++) {
      const value = values[at]!;
      if (!(value >= minimum && value <= maximum)) continue;
      const bin = Math.floor((share * value - origin) / width * (bins - 1));
      counts[bin]!++;
      if (value < minima[bin]!) minima[bin] = value;
      if (value > maxima[bin]!) maxima[bin] = value;
    }
  });
  let [below, bin] = [range.below, 0];
  while (below + counts[bin]! <= rank) below += counts[bin++]!;
  const next = counts.findIndex((count, index) => index > bin && count > 0);
  return {
    minimum: minima[bin]!,
    maximum: maxima[bin]!,
    count: counts[bin]!,
    below,
    above: next < 0 ? range.above : minima[next]!,
  };
}

async function sorted({ minimum, maximum, count }: Range, pass: PixelPass): Promise<Float64Array> {
  const found = new Float64Array(count);
  let length = 0;
  await pass((values, from, to) => {
    for (let at = from; at < to; at++) {
      const value = values[at]!;
      if (value >= minimum && value <= maximum) found[length++] = value;
    }
  });
  return found.sort();
}
