/**
 * The marks on the axis of time: commands of the plotted instruments.
 *
 * @module
 */

import type { JournalLine } from "../journal/journal.ts";
import type { Span } from "./plot_data.ts";

/** Something that happened, as a vertical line. */
export interface Mark {
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
  /** Whether it failed. */
  readonly failed: boolean;
}

/** Of more, only the newest are marked. */
const mostMarks = 200;

/**
 * The commands of some instruments in a span of time.
 *
 * @param lines What the page knows of what happened.
 * @param instruments Their names.
 */
export function marksOf(
  lines: readonly JournalLine[],
  instruments: ReadonlySet<string>,
  { from, to }: Span,
): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { kind, level, instrument, time, text, client } of lines) {
    if (kind !== "command" || level === "debug" || !instruments.has(instrument)) continue;
    const at = Date.parse(time);
    if (at < from || at > to) continue;
    marks.push({ time: at, text: client === "" ? text : `${text} (${client})`, failed: level !== "info" });
  }
  return marks.slice(-mostMarks);
}
