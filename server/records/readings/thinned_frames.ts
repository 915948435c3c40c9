/**
 * Thins readings that cannot be written: of each field and span of time the first, the lowest, the highest and the last
 * stay, and all that is not good.
 *
 * @module
 */

import { good } from "./codec.ts";
import { type FrameValue, readFrames, SamplesWriter } from "./frames.ts";

interface Reading {
  readonly field: number;
  readonly time: number;
  readonly value: FrameValue;
  readonly quality: number;
}

interface Span {
  readonly number: number;
  readonly first: Reading;
  lowest: Reading;
  highest: Reading;
  last: Reading;
}

function isSame(one: Reading, other: Reading): boolean {
  const textOf = ({ value }: Reading) => typeof value === "object" ? value.text : value;
  return one.quality === other.quality && textOf(one) === textOf(other);
}

/** Takes readings one after another, and knows which of them stay. */
class Thinner {
  readonly #span: number;
  readonly #spans = new Map<number, Span>();
  readonly #kept = new Set<Reading>();

  constructor(span: number) {
    this.#span = span;
  }

  take(reading: Reading): void {
    const { field, time, value, quality } = reading;
    const number = Math.floor(time / this.#span);
    const now = this.#spans.get(field);
    if (now !== undefined && now.number === number) {
      if (typeof value !== "number" || quality !== good) {
        if (!isSame(now.last, reading)) this.#kept.add(reading);
      } else if (!(typeof now.lowest.value === "number" && now.lowest.value <= value)) now.lowest = reading;
      else if (!(typeof now.highest.value === "number" && now.highest.value >= value)) now.highest = reading;
      now.last = reading;
      return;
    }
    if (now !== undefined) this.#keep(now);
    this.#spans.set(field, { number, first: reading, lowest: reading, highest: reading, last: reading });
  }

  /** What stays, in its order. */
  readings(all: readonly Reading[]): Reading[] {
    for (const span of this.#spans.values()) this.#keep(span);
    return all.filter((reading) => this.#kept.has(reading));
  }

  #keep({ first, lowest, highest, last }: Span): void {
    for (const reading of [first, lowest, highest, last]) this.#kept.add(reading);
  }
}

/** A frame in the place of others, and how many readings were left out. */
export interface ThinnedFrames {
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly left: number;
}

/**
 * Thins frames of readings.
 *
 * @param frames Some that follow each other.
 * @param span Of how long at least four readings of a field stay, in milliseconds.
 */
export function thinned(frames: readonly Uint8Array[], span: number): ThinnedFrames {
  const all: Reading[] = [];
  let last = 0;
  for (const each of frames) {
    readFrames(each, {
      written: (now) => {
        last = now;
        return true;
      },
      sample: (field, time, value, quality) => void all.push({ field, time, value, quality }),
    });
  }
  const thinner = new Thinner(span);
  for (const reading of all) thinner.take(reading);
  const kept = thinner.readings(all);
  const writer = new SamplesWriter();
  for (const { field, time, value, quality } of kept) writer.add(field, time, value, quality);
  return { frame: writer.take(last), left: all.length - kept.length };
}
