/**
 * A number's last ten minutes in 2 KB: the lowest and the highest value of each five seconds, for sparklines.
 *
 * @module
 */

/** The time of a sparkline, in seconds. */
export const recentSeconds = 600;
/** The time of one column, in milliseconds. */
const columnTime = 5000;
/** The number of columns. */
export const recentColumns: number = recentSeconds * 1000 / columnTime;

/** The lowest and highest values of the last columns of time; a value holds until the next. */
export class Recent {
  readonly #lowest = new Float64Array(recentColumns).fill(NaN);
  readonly #highest = new Float64Array(recentColumns).fill(NaN);
  /** The newest column, counted since 1970. */
  #newest = 0;
  #held = NaN;
  #changes = 0;

  /** Changes whenever what is drawn does. */
  get version(): number {
    return this.#changes;
  }

  /** Adds a value. @param time In milliseconds since 1970. @param value Anything that is not finite is a gap. */
  add(time: number, value: number): void {
    this.advance(time);
    this.#held = Number.isFinite(value) ? value : NaN;
    this.#changes++;
    if (Number.isNaN(this.#held)) return;
    const at = this.#newest % recentColumns;
    // A comparison with NaN is false: the first value of a column is taken.
    if (!(this.#lowest[at]! <= this.#held)) this.#lowest[at] = this.#held;
    if (!(this.#highest[at]! >= this.#held)) this.#highest[at] = this.#held;
  }

  /** Holds the last value up to a time, in milliseconds since 1970; it never runs backwards. */
  advance(time: number): void {
    const column = Math.floor(time / columnTime);
    if (column <= this.#newest) return;
    for (let each = Math.max(this.#newest + 1, column - recentColumns + 1); each <= column; each++) {
      this.#lowest[each % recentColumns] = this.#highest[each % recentColumns] = this.#held;
    }
    this.#newest = column;
    this.#changes++;
  }

  /** The lowest value of a column, from 0 for the oldest; `NaN` where there is none. */
  lowest(column: number): number {
    return this.#lowest[(this.#newest + 1 + column) % recentColumns]!;
  }

  /** The highest value of a column, from 0 for the oldest; `NaN` where there is none. */
  highest(column: number): number {
    return this.#highest[(this.#newest + 1 + column) % recentColumns]!;
  }
}
