/**
 * Prepares the data of a plot from the values over time; all times are in milliseconds since 1970 unless said
 * otherwise.
 *
 * @module
 */

import { placeAt, type Points } from "../../../protocol/history.ts";

/** A span of time. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Joined times, and the values of each line at them; `null` where there is none. */
export interface Grid {
  readonly times: number[];
  readonly lines: (number | null)[][];
}

/**
 * The values as they are drawn, at two times for each column of pixels: it takes as long for an hour as for a minute,
 * however often the values change. A value holds until the next. A column with several shows the lowest and the
 * highest of them, so no spike is lost.
 *
 * @param all The values of each line.
 * @param span What is shown.
 * @param until Up to when the values are known.
 * @param columns How many columns of pixels there are.
 */
export function gridOf(all: readonly Points[], span: Span, until: number, columns: number): Grid {
  const width = (span.to - span.from) / columns;
  // At multiples of the width: a line that moves on does not flicker.
  const first = Math.floor(span.from / width);
  const count = Math.ceil(span.to / width) - first + 1;
  const times = Array.from({ length: 2 * count }, (_, at) => (first + at / 2) * width);
  return { times, lines: all.map((points) => lineOf(points, first * width, width, count, until)) };
}

function lineOf(points: Points, start: number, width: number, count: number, until: number): (number | null)[] {
  const line: (number | null)[] = new Array(2 * count).fill(null);
  let at = placeAt(points, start);
  let held = at < 0 ? NaN : points.value(at);
  at++;
  for (let column = 0; column < count && start + column * width <= until; column++) {
    const end = start + (column + 1) * width;
    const before = held;
    let [lowest, highest] = [-1, -1];
    for (; at < points.size && points.time(at) < end; at++) {
      held = points.value(at);
      if (Number.isNaN(held)) continue;
      if (lowest < 0 || held < points.value(lowest)) lowest = at;
      if (highest < 0 || held > points.value(highest)) highest = at;
    }
    const [one, other] = lowest < 0
      ? [before, held]
      : lowest === highest
      ? [before, points.value(lowest)]
      : [points.value(Math.min(lowest, highest)), points.value(Math.max(lowest, highest))];
    if (!Number.isNaN(one)) line[2 * column] = one;
    if (!Number.isNaN(other)) line[2 * column + 1] = other;
  }
  return line;
}

/** The range of an axis on which all of these lines can be seen. */
export function rangeOf(lines: readonly (readonly (number | null)[])[]): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (const line of lines) {
    for (const value of line) {
      if (value === null) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return { min: 0, max: 1 };
  const room = (max - min) * 0.1 || Math.abs(max) * 0.1 || 1;
  return { min: min - room, max: max + room };
}

/** The same on a logarithmic axis: whole decades. What is not above zero is not on it. */
export function decadesOf(lines: readonly (readonly (number | null)[])[]): { min: number; max: number } {
  let [min, max] = [Infinity, 0];
  for (const line of lines) {
    for (const value of line) {
      if (value === null || value <= 0) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (max === 0) return { min: 0.1, max: 1 };
  const [from, to] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  return { min: 10 ** from, max: 10 ** Math.max(to, from + 1) };
}

/** The value that held at a time; `undefined` where there was none. */
export function valueAt(points: Points, time: number): number | undefined {
  const at = placeAt(points, time);
  const value = at < 0 ? NaN : points.value(at);
  return Number.isNaN(value) ? undefined : value;
}

/** All the values of several lines, at all the times at which one of them changed. */
export function joined(all: readonly Points[]): Grid {
  const places = all.map(() => 0);
  const grid: Grid = { times: [], lines: all.map(() => []) };
  for (;;) {
    const time = Math.min(...all.map((points, line) => {
      const at = places[line]!;
      return at < points.size ? points.time(at) : Infinity;
    }));
    if (time === Infinity) return grid;
    grid.times.push(time);
    for (const [line, points] of all.entries()) {
      const at = places[line]!;
      if (at < points.size && points.time(at) === time) places[line] = at + 1;
      grid.lines[line]!.push(valueAt(points, time) ?? null);
    }
  }
}

/** The lowest and highest value in a span, and the mean over its time; `undefined` where there is none. */
export function summaryOf(points: Points, { from, to }: Span): {
  readonly lowest: number | undefined;
  readonly highest: number | undefined;
  readonly mean: number | undefined;
} {
  let [lowest, highest, area, time] = [Infinity, -Infinity, 0, 0];
  for (let at = Math.max(0, placeAt(points, from)); at < points.size && points.time(at) <= to; at++) {
    const value = points.value(at);
    if (Number.isNaN(value)) continue;
    [lowest, highest] = [Math.min(lowest, value), Math.max(highest, value)];
    const end = at + 1 < points.size ? Math.min(points.time(at + 1), to) : to;
    const length = Math.max(1, end - Math.max(points.time(at), from));
    [area, time] = [area + value * length, time + length];
  }
  if (time === 0) return { lowest: undefined, highest: undefined, mean: undefined };
  return { lowest, highest, mean: area / time };
}
