/**
 * The history of one number over the last hour, in little memory; the server keeps it, and the page while it plots it.
 *
 * @module
 */

/** The time for which values are kept, in seconds. */
export const keptSeconds = 3600;

/**
 * The most points of one number: an hour of one a second, and some more. One that changes more often is thinned where it
 * is older.
 */
const mostPoints = 4096;
/** The newest points are never thinned. */
const freshPoints = 256;
/** Of more than so many points in a span of this length, the older ones are thinned. */
const thinnedSpan = 4000;
const thinnedPoints = 4;
/** A clock that is set back by more than this, in milliseconds, makes what was kept before wrong. */
const setBack = 60_000;
const day = 86_400_000;

/** Numbers over time, oldest first: each holds until the next. */
export interface Points {
  /** How many there are. */
  readonly size: number;
  /** The time of a point, in milliseconds since 1970. @param at Its place, from 0. */
  time(at: number): number;
  /** The value of a point; `NaN` where there was none to be trusted. @param at Its place, from 0. */
  value(at: number): number;
}

/**
 * The values of the last hour. Each is kept where there is no more than one a second. Of a number that changes more
 * often, each four seconds keep their first, lowest, highest and last value and a gap: no spike is ever lost, nor what
 * held afterwards. It takes 12 bytes a point, and 48 KiB at most.
 */
export class History implements Points {
  /** In milliseconds after `#origin`: half the memory of times since 1970. */
  #times = new Uint32Array(16);
  #values = new Float64Array(16);
  #origin = 0;
  #begin = 0;
  #end = 0;

  /** The number of points. */
  get size(): number {
    return this.#end - this.#begin;
  }

  /** The time of a point, in milliseconds since 1970. @param at Its place, from 0. */
  time(at: number): number {
    return this.#origin + this.#times[this.#begin + at]!;
  }

  /** The value of a point; `NaN` where there was none to be trusted. @param at Its place, from 0. */
  value(at: number): number {
    return this.#values[this.#begin + at]!;
  }

  /**
   * Adds a value. Times never run backwards: one that is told again takes the place of the one before.
   *
   * @param time In milliseconds since 1970.
   * @param value The value; anything that is not finite is a gap.
   */
  add(time: number, value: number): void {
    const given = Number.isFinite(value) ? value : NaN;
    const gap = Number.isNaN(given);
    if (this.size > 0) {
      const last = this.time(this.size - 1);
      const inGap = Number.isNaN(this.#values[this.#end - 1]!);
      if (gap && inGap) return;
      if (time < last - setBack) this.#begin = this.#end = 0;
      else if (time <= last && gap === inGap) {
        this.#values[this.#end - 1] = given;
        return;
      } // The clocks of two PCs differ by some milliseconds: a gap is not to be lost by that.
      else if (time <= last) time = last + 1;
    }
    if (this.size === 0) {
      if (gap) return;
      [this.#origin, this.#begin, this.#end] = [time, 0, 0];
    }
    if (this.#end === this.#times.length || time - this.#origin > 0x7fff_ffff) this.#makeRoom(time);
    this.#times[this.#end] = time - this.#origin;
    this.#values[this.#end++] = given;
    const oldest = time - this.#origin - keptSeconds * 1000;
    // The value of an hour ago is the one that was told last before.
    while (this.size > 1 && this.#times[this.#begin + 1]! < oldest) this.#begin++;
  }

  /** The same values, which do not change any more when this one does. */
  copy(): History {
    const copy = new History();
    copy.#times = this.#times.slice(this.#begin, Math.max(this.#end, this.#begin + 1));
    copy.#values = this.#values.slice(this.#begin, Math.max(this.#end, this.#begin + 1));
    [copy.#origin, copy.#end] = [this.#origin, this.size];
    return copy;
  }

  #makeRoom(time: number): void {
    if (this.#times.length === mostPoints && this.#begin < mostPoints / 8) this.#thin();
    const size = Math.min(this.size, mostPoints - freshPoints);
    this.#begin = this.#end - size;
    const length = Math.min(mostPoints, 2 ** Math.ceil(Math.log2(Math.max(16, 1.25 * size))));
    // What holds since long ago held a day ago too.
    const origin = Math.max(size > 0 ? this.time(0) : time, time - day);
    const same = length === this.#times.length;
    const times = same ? this.#times : new Uint32Array(length);
    const values = same ? this.#values : new Float64Array(length);
    for (let at = 0; at < size; at++) {
      times[at] = Math.max(0, this.time(at) - origin);
      values[at] = this.value(at);
    }
    [this.#times, this.#values, this.#origin] = [times, values, origin];
    [this.#begin, this.#end] = [0, size];
  }

  /** Gives up what is between the first, the lowest, the highest and the last value of each span, but for the newest. */
  #thin(): void {
    const fresh = this.#end - freshPoints;
    const span = (at: number) => Math.floor((this.#origin + this.#times[at]!) / thinnedSpan);
    let kept = this.#begin;
    const keep = (at: number) => {
      this.#times[kept] = this.#times[at]!;
      this.#values[kept++] = this.#values[at]!;
    };
    for (let from = this.#begin; from < this.#end;) {
      let to = from + 1;
      while (to < fresh && span(to) === span(from)) to++;
      const whole = to > fresh || to - from <= thinnedPoints;
      for (const at of whole ? placesOf(from, to) : this.#telling(from, to)) keep(at);
      from = to;
    }
    this.#end = kept;
  }

  /** The places of the values between two places that tell of all of them, in their order. */
  #telling(from: number, to: number): number[] {
    let [lowest, highest, gap] = [-1, -1, -1];
    for (let at = from; at < to; at++) {
      const value = this.#values[at]!;
      if (Number.isNaN(value)) gap = at;
      else {
        if (lowest < 0 || value < this.#values[lowest]!) lowest = at;
        if (highest < 0 || value > this.#values[highest]!) highest = at;
      }
    }
    const places = new Set([from, lowest, highest, gap, to - 1].filter((at) => at >= 0));
    return [...places].sort((one, other) => one - other);
  }
}

function placesOf(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/**
 * The place of the point that holds at a time.
 *
 * @param points The points.
 * @param time In milliseconds since 1970.
 * @returns The last one at that time or before it; -1 where all are later.
 */
export function placeAt(points: Points, time: number): number {
  let [low, high] = [0, points.size];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points.time(middle) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
