/**
 * Makes readings into minutes, and minutes and readings into the points of a plot.
 *
 * @module
 */

import type { Points } from "../../../protocol/readings.ts";
import { good, type Minutes, type Run } from "./codec.ts";

/** A minute, an hour and a day in milliseconds. */
export const minute = 60_000;
export const hour = 3_600_000;
export const day = 86_400_000;

/** Numbers in equal spans of time: their first, last, lowest and highest, mean and number, and whether there was a gap. */
class Spans {
  readonly #since: number;
  readonly #width: number;
  readonly #count: number;
  readonly #counts: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #lowest: Float64Array;
  readonly #highest: Float64Array;
  readonly #sums: Float64Array;
  /** 1: something in it was not good; 2: the last of it was not. */
  readonly #gaps: Uint8Array;
  /** Whether there was anything in it. */
  readonly #any: Uint8Array;

  constructor(since: number, width: number, count: number) {
    [this.#since, this.#width, this.#count] = [since, width, count];
    const column = () => new Float64Array(count);
    [this.#counts, this.#first, this.#last] = [column(), column(), column()];
    [this.#lowest, this.#highest, this.#sums] = [column(), column(), column()];
    [this.#gaps, this.#any] = [new Uint8Array(count), new Uint8Array(count)];
  }

  #placeOf(time: number): number {
    const place = Math.floor((time - this.#since) / this.#width);
    return place >= 0 && place < this.#count ? place : -1;
  }

  add(time: number, count: number, first: number, last: number, lowest: number, highest: number, mean: number): void {
    const place = this.#placeOf(time);
    if (place < 0) return;
    if (this.#counts[place] === 0) {
      this.#first[place] = first;
      this.#lowest[place] = lowest;
      this.#highest[place] = highest;
    } else {
      if (lowest < this.#lowest[place]!) this.#lowest[place] = lowest;
      if (highest > this.#highest[place]!) this.#highest[place] = highest;
    }
    this.#last[place] = last;
    this.#counts[place]! += count;
    this.#sums[place]! += mean * count;
    this.#any[place] = 1;
    this.#gaps[place]! &= 1;
  }

  /** @param ends Whether nothing good came after it within its span, as far as is known now. */
  addGap(time: number, ends: boolean): void {
    const place = this.#placeOf(time);
    if (place < 0) return;
    this.#any[place] = 1;
    this.#gaps[place] = ends ? 3 : this.#gaps[place]! | 1;
  }

  addRun({ times, values, qualities }: Run): void {
    for (let at = 0; at < times.length; at++) {
      const value = (values as Float64Array)[at]!;
      if (qualities[at] !== good) this.addGap(times[at]!, true);
      else if (!Number.isNaN(value)) this.add(times[at]!, 1, value, value, value, value, value);
    }
  }

  addMinutes({ times, counts, gaps, first, last, lowest, highest, mean }: Minutes): void {
    for (let at = 0; at < times.length; at++) {
      const [time, count] = [times[at]!, counts[at]!];
      if (count > 0) this.add(time, count, first[at]!, last[at]!, lowest[at]!, highest[at]!, mean[at]!);
      if (gaps[at] !== 0) this.addGap(time, count === 0);
    }
  }

  minutes(): Minutes {
    const places = this.#places();
    const column = (values: Float64Array) => Float64Array.from(places, (at) => values[at]!);
    return {
      times: Float64Array.from(places, (at) => this.#since + at * this.#width),
      counts: column(this.#counts),
      gaps: Uint8Array.from(places, (at) => this.#gaps[at]! === 0 ? 0 : 1),
      first: column(this.#first),
      last: column(this.#last),
      lowest: column(this.#lowest),
      highest: column(this.#highest),
      // Nine digits are more than a mean is worth, and keep it small.
      mean: Float64Array.from(places, (at) => this.#counts[at] === 0 ? 0 : shortMean(this.#mean(at), this.#first[at]!)),
    };
  }

  points(): Points {
    // After what was not good nothing holds on: where no reading follows, the next span says so.
    for (let at = 0; at + 1 < this.#count; at++) {
      if (this.#gaps[at]! === 3 && this.#any[at + 1] === 0 && this.#counts[at]! > 0) {
        this.#any[at + 1] = 1;
        this.#gaps[at + 1] = 3;
      }
    }
    const places = this.#places();
    const column = (values: Float64Array) => places.map((at) => this.#counts[at] === 0 ? null : values[at]!);
    return {
      times: places.map((at) => Math.round(this.#since + at * this.#width)),
      lowest: column(this.#lowest),
      highest: column(this.#highest),
      first: column(this.#first),
      last: column(this.#last),
      mean: places.map((at) => this.#counts[at] === 0 ? null : Number(this.#mean(at).toPrecision(9))),
      count: places.map((at) => this.#counts[at]!),
      gaps: places.flatMap((at, place) => this.#gaps[at] === 0 ? [] : [place]),
    };
  }

  #mean(at: number): number {
    return Math.min(Math.max(this.#sums[at]! / this.#counts[at]!, this.#lowest[at]!), this.#highest[at]!);
  }

  #places(): number[] {
    const places: number[] = [];
    for (let at = 0; at < this.#count; at++) if (this.#any[at] !== 0) places.push(at);
    return places;
  }
}

function shortMean(mean: number, like: number): number {
  if (mean === like) return mean;
  return Number(mean.toPrecision(7));
}

/** What a number was, minute by minute. @param run In the order of their times, from a whole hour. */
export function minutesOf(run: Run): Minutes {
  const first = run.times[0] ?? 0;
  const since = Math.floor(first / minute) * minute;
  const last = run.times.at(-1) ?? first;
  const spans = new Spans(since, minute, Math.floor((last - since) / minute) + 1);
  spans.addRun(run);
  return spans.minutes();
}

/** Puts minutes together, in their order; of a minute that is in both, what both say. */
export function joined(parts: readonly Minutes[]): Minutes {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const times = parts.flatMap((part) => part.times.length === 0 ? [] : [part.times[0]!, part.times.at(-1)!]);
  if (times.length === 0) return minutesOf({ times: new Float64Array(), values: [], qualities: new Uint8Array() });
  const since = Math.min(...times);
  const spans = new Spans(since, minute, Math.round((Math.max(...times) - since) / minute) + 1);
  for (const part of parts) spans.addMinutes(part);
  return spans.minutes();
}

/** The points of a plot, made of what is known in the order of its times. */
export class PlotPoints {
  readonly #spans: Spans;

  /** @param since When the first begins. @param until When the last ends. @param count How many there are. */
  constructor(since: number, until: number, count: number) {
    this.#spans = new Spans(since, (until - since) / count, count);
  }

  /** Adds readings. */
  addRun(run: Run): void {
    this.#spans.addRun(run);
  }

  /** Adds minutes. */
  addMinutes(minutes: Minutes): void {
    this.#spans.addMinutes(minutes);
  }

  /** That nothing was kept from that time on. */
  addEnd(time: number): void {
    this.#spans.addGap(time, true);
  }

  /** All of them. */
  points(): Points {
    return this.#spans.points();
  }
}
