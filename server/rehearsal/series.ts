/**
 * Keeps what a number was during a rehearsal, in so few spans of time that hours of it are drawn at once.
 *
 * @module
 */

import type { RehearsedSeries } from "../../protocol/rehearsal.ts";

/** So many spans are kept at most. */
const mostSpans = 1000;

interface Span {
  readonly number: number;
  lowest: number;
  highest: number;
  readonly first: number;
  last: number;
}

/** What a number was. */
export class Series {
  /** How long a span is, in seconds: twice as long whenever there are too many. */
  #width = 1;
  #spans: Span[] = [];

  /** Takes a reading. @param at In seconds, not before the last one. */
  add(at: number, value: number): void {
    const number = Math.floor(at / this.#width);
    const last = this.#spans.at(-1);
    if (last?.number === number) {
      last.lowest = Math.min(last.lowest, value);
      last.highest = Math.max(last.highest, value);
      last.last = value;
      return;
    }
    this.#spans.push({ number, lowest: value, highest: value, first: value, last: value });
    if (this.#spans.length <= mostSpans) return;
    this.#width *= 2;
    const joined: Span[] = [];
    for (const span of this.#spans) {
      const before = joined.at(-1);
      const number = Math.floor(span.number / 2);
      if (before?.number !== number) joined.push({ ...span, number });
      else {
        before.lowest = Math.min(before.lowest, span.lowest);
        before.highest = Math.max(before.highest, span.highest);
        before.last = span.last;
      }
    }
    this.#spans = joined;
  }

  /** All of it. */
  get columns(): Pick<RehearsedSeries, "times" | "lowest" | "highest" | "first" | "last"> {
    return {
      times: this.#spans.map(({ number }) => number * this.#width),
      lowest: this.#spans.map(({ lowest }) => lowest),
      highest: this.#spans.map(({ highest }) => highest),
      first: this.#spans.map(({ first }) => first),
      last: this.#spans.map(({ last }) => last),
    };
  }
}
