/**
 * Draws what a number was over time in the lines of a terminal.
 *
 * @module
 */

import type { Held, Points } from "../protocol/readings.ts";

/** What is drawn, and how large. */
export interface PlotOptions {
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** Until when. */
  readonly until: number;
  /** What comes later is not known. @default now */
  readonly now?: number;
  /** How many characters wide, with the numbers beside it. */
  readonly columns: number;
  /** How many lines high. */
  readonly rows: number;
  /** Makes the text of a value. */
  readonly textOf: (value: number) => string;
  /** Makes the text of a time, in milliseconds since 1970. */
  readonly timeOf: (time: number) => string;
}

/** The dots of a braille sign, by their column and their row from above. */
const dots = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]] as const;

/** How many dots a plot of so many characters has from left to right: so many points are asked for. */
export function pointsAcross(columns: number): number {
  return 2 * (columns - labelColumns - 2);
}

const labelColumns = 12;

interface Span {
  readonly low: number;
  readonly high: number;
}

/** What to draw in each column of dots; `undefined` for a gap. */
function spansOf(
  points: Points,
  before: Held | null,
  { since, until, now = Date.now() }: PlotOptions,
  across: number,
): (Span | undefined)[] {
  const width = (until - since) / across;
  const places = new Map(points.times.map((time, at) => [Math.round((time - since) / width), at]));
  const gaps = new Set(points.gaps);
  const end = Math.min(across, Math.ceil((now - since) / width));
  let held = typeof before?.value === "number" ? before.value : undefined;
  return Array.from({ length: across }, (_, column) => {
    const at = places.get(column);
    // Nothing is known of what comes.
    if (at === undefined) return held === undefined || column >= end ? undefined : { low: held, high: held };
    const [lowest, highest, first, last] = [points.lowest, points.highest, points.first, points.last]
      .map((each) => each[at] ?? undefined);
    if (lowest === undefined || highest === undefined) return held = undefined;
    // A line from what was before; over a gap there is none.
    const [from, to] = held === undefined || gaps.has(at)
      ? [first!, first!]
      : [Math.min(held, first!), Math.max(held, first!)];
    held = last;
    return { low: Math.min(lowest, from), high: Math.max(highest, to) };
  });
}

/**
 * Draws it.
 *
 * @param points As many as {@linkcode pointsAcross} says, where each has a reading.
 * @param before What held before.
 * @returns The lines: the curve with its numbers at the left, an axis that is dotted where nothing good is known, and
 * its times.
 */
export function plotLines(points: Points, before: Held | null, options: PlotOptions): string[] {
  const { rows, columns, textOf, since, until, timeOf } = options;
  const across = pointsAcross(columns);
  const spans = spansOf(points, before, options, across);
  const known = spans.filter((span) => span !== undefined);
  let low = known.reduce((least, span) => Math.min(least, span.low), Infinity);
  let high = known.reduce((most, span) => Math.max(most, span.high), -Infinity);
  if (known.length === 0) [low, high] = [0, 1];
  // A line in the middle, where it is always the same.
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 100, high + (Math.abs(high) || 1) / 100];
  const height = rows * 4;
  const rowOf = (value: number) => Math.round((high - value) / (high - low) * (height - 1));
  const signs = Array.from({ length: rows }, () => new Uint8Array(across / 2));
  for (const [column, span] of spans.entries()) {
    if (span === undefined) continue;
    for (let row = rowOf(span.high); row <= rowOf(span.low); row++) {
      signs[row >> 2]![column >> 1]! |= dots[column & 1]![row & 3]!;
    }
  }
  const label = (row: number) => {
    if (known.length === 0 || (row !== 0 && row !== rows - 1)) return " ".repeat(labelColumns) + " │";
    return `${textOf(row === 0 ? high : low).slice(0, labelColumns).padStart(labelColumns)} ┤`;
  };
  const curve = signs.map((row, at) =>
    label(at) + [...row].map((sign) => sign === 0 ? " " : String.fromCharCode(0x2800 + sign)).join("").trimEnd()
  );
  const gaps = new Set(points.gaps.map((at) => Math.floor((points.times[at]! - since) / (until - since) * across / 2)));
  const axis = Array.from(
    { length: across / 2 },
    (_, at) => gaps.has(at) || (spans[2 * at] === undefined && spans[2 * at + 1] === undefined) ? "╌" : "─",
  ).join("");
  const left = " ".repeat(labelColumns + 1);
  return [
    ...curve,
    `${left}└${axis}`,
    `${left} ${timesLine([since, (since + until) / 2, until].map(timeOf), across / 2)}`,
  ];
}

/** Three times below an axis: at its beginning, in its middle, at its end. */
function timesLine([first = "", middle = "", last = ""]: readonly string[], width: number): string {
  const ends = width - first.length - last.length;
  if (ends < 1) return first;
  if (ends < middle.length + 4) return first + last.padStart(width - first.length);
  const before = Math.floor((width - middle.length) / 2) - first.length;
  return first + " ".repeat(Math.max(1, before)) + middle +
    last.padStart(width - first.length - Math.max(1, before) - middle.length);
}
