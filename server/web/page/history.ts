/**
 * What a numeric field has been since the page was opened, for at most an hour.
 *
 * @module
 */

/** For how long values are kept, in seconds. */
export const keptSeconds = 3600;
/** One that changes more often than once a second is kept for a shorter time: the page's memory has an end. */
const mostPoints = 3600;
/** How many more there is room for before the oldest are given up. */
const spare = 400;

/** The values of one field; `NaN` stands for a time at which there was none to be trusted. */
export class History {
  /** In seconds after `#origin`: half the memory of times since 1970, and a millisecond is still told apart. */
  #times = new Float32Array(16);
  #values = new Float64Array(16);
  #origin = 0;
  #begin = 0;
  #end = 0;

  /** Adds a value. @param time In seconds since 1970. @param value The value. */
  add(time: number, value: number): void {
    if (this.#end === this.#begin) this.#origin = time;
    const last = this.#end - 1;
    if (last >= this.#begin && time - this.#origin <= this.#times[last]!) {
      // Told again, as after a new connection; times never run backwards in a plot.
      this.#values[last] = value;
      return;
    }
    if (this.#end === this.#times.length) this.#makeRoom();
    this.#times[this.#end] = time - this.#origin;
    this.#values[this.#end++] = value;
    const oldest = time - this.#origin - keptSeconds;
    // The value of an hour ago is the one that was told last before.
    while (
      this.#end - this.#begin > mostPoints ||
      this.#times[this.#begin + 1]! < oldest
    ) this.#begin++;
  }

  /** The times in seconds since 1970, and the values, which hold until the next `add`. */
  get points(): {
    readonly times: Float64Array;
    readonly values: Float64Array;
  } {
    const times = this.#times.subarray(this.#begin, this.#end);
    return {
      times: Float64Array.from(times, (time) => this.#origin + time),
      values: this.#values.subarray(this.#begin, this.#end),
    };
  }

  #makeRoom(): void {
    const { times, values } = this.points;
    const length = Math.min(Math.max(16, 2 * times.length), mostPoints + spare);
    const origin = times[0] ?? 0;
    const [newTimes, newValues] = [
      new Float32Array(length),
      new Float64Array(length),
    ];
    newTimes.set(times.map((time) => time - origin));
    newValues.set(values);
    [this.#times, this.#values, this.#origin] = [newTimes, newValues, origin];
    [this.#begin, this.#end] = [0, times.length];
  }
}
