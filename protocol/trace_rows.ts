/**
 * Arranges the trace of a line for people: what was made of some bytes stands beside them.
 *
 * @module
 */

import type { TraceEntry } from "./description.ts";

/** A row of a trace. */
export interface TraceRow {
  /** The number of its entry. */
  readonly number: number;
  /** When it was, ISO 8601 in UTC. */
  readonly time: string;
  /** `→` for what was sent, `←` for what came, nothing for what else happened. */
  readonly arrow: "→" | "←" | "";
  /** The bytes as text with escapes. */
  readonly text: string;
  /** What was made of them, or what happened. */
  made: string;
}

const arrows = { sent: "→", received: "←", note: "" } as const;

/**
 * The rows of some entries.
 *
 * @param entries Oldest first.
 */
export function traceRows(entries: readonly TraceEntry[]): TraceRow[] {
  const rows: TraceRow[] = [];
  const byNumber = new Map<number, TraceRow>();
  const plain = new Set<TraceRow>();
  for (const { number, time, kind, text, about, understood = false } of entries) {
    const row = about === undefined ? undefined : byNumber.get(about);
    if (row !== undefined) {
      row.made = plain.delete(row) || row.made === "" ? text : `${row.made}, ${text}`;
      continue;
    }
    const made = kind === "note" ? text : understood ? "understood" : "";
    const begun: TraceRow = { number, time, arrow: arrows[kind], text: kind === "note" ? "" : text, made };
    // That it was understood is told by its value as well.
    if (understood) plain.add(begun);
    rows.push(begun);
    byNumber.set(number, begun);
  }
  return rows;
}

/** A row as one line, without its time. */
export function traceLine({ arrow, text, made }: TraceRow): string {
  if (arrow === "") return `   (${made})`;
  return `${arrow}  ${text}${made === "" ? "" : `   (${made})`}`;
}
