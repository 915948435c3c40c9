/**
 * The marks on the axis of time: what the plotted instruments were told, their contact, and notes.
 *
 * @module
 */

import type { JournalRecord } from "../../../protocol/records.ts";
import type { TripDescription } from "../../../protocol/guards.ts";
import type { LiveBench } from "../live/live_bench.ts";
import { Live } from "../live/live.tsx";
import type { Span } from "./plot_data.ts";
import { labelOf, type Plotted } from "./plotted.ts";

/** Something that happened, as a vertical line. */
export interface Mark {
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
  /** Whether it failed. */
  readonly failed: boolean;
}

/** What may be marked: an entry of the page's journal, or a record. */
export type Markable = Pick<JournalRecord, "kind" | "level" | "instrument" | "time" | "text" | "client">;

/** Of more, only the newest are marked. */
const mostMarks = 200;
/** So many records of a span are looked through: those of all instruments, of which few are plotted. */
const mostRecords = 2000;
/** How much more than what is seen is asked for, on either side. */
const margin = 0.5;
/** The end of what is known may be behind by this share of what is seen, or by so many milliseconds. */
const [behindShare, behind] = [0.02, 10_000];
/** After a refusal it is asked for again so much later, in milliseconds. */
const retryAfter = 10_000;

/**
 * What is marked of a span of time: commands that were to change something, contact, alarms and notes.
 *
 * @param instruments The names and titles of those that are plotted: the log calls them by either.
 * @returns The newest marks, and how many more there are.
 */
export function marksOf(
  entries: readonly Markable[],
  instruments: ReadonlySet<string>,
  { from, to }: Span,
): { readonly marks: readonly Mark[]; readonly more: number } {
  const marks: Mark[] = [];
  for (const { kind, level, instrument, time, text, client } of entries) {
    if (
      level === "debug" || !(instruments.has(instrument) || (kind === "note" || kind === "alarm") && instrument === "")
    ) continue;
    if (kind !== "command" && kind !== "log" && kind !== "note" && kind !== "alarm") continue;
    const at = Date.parse(time);
    if (at < from || at > to) continue;
    marks.push({ time: at, text: client === "" ? text : `${text} (${client})`, failed: level !== "info" });
  }
  return { marks: marks.slice(-mostMarks), more: Math.max(0, marks.length - mostMarks) };
}

/** The interlocks that have tripped because of a plotted field. @param labels The fields' full names. */
export function tripMarks(
  trips: readonly TripDescription[],
  labels: readonly string[],
  { from, to }: Span,
): readonly Mark[] {
  return trips.flatMap(({ title, time, reason, fields }) => {
    const at = Date.parse(time);
    if (at < from || at > to || !fields.some((field) => labels.includes(field))) return [];
    return [{ time: at, text: `Interlock ${title} tripped: ${reason}`, failed: true }];
  });
}

/** The marks of a plot: of what the page knows, and of the records where it goes back beyond that. */
export class PlotMarks {
  /** Changes whenever other records are known. */
  readonly known: Live<(Span & { readonly records: readonly JournalRecord[] }) | undefined> = new Live<
    (Span & { readonly records: readonly JournalRecord[] }) | undefined
  >(undefined);
  /** What is said of those that are not marked; empty where all are. */
  readonly more: Live<string> = new Live("");
  readonly #bench: LiveBench;
  readonly #plotted: Plotted;
  /** From when on the page knows by itself what it did, in milliseconds since 1970. */
  readonly #pageBegan: number;
  #asking: (Span & { readonly stop: AbortController }) | undefined;
  #notBefore = 0;

  /** Knows nothing but what the page does. */
  constructor(bench: LiveBench, plotted: Plotted) {
    this.#bench = bench;
    this.#plotted = plotted;
    this.#pageBegan = bench.now() - performance.now();
  }

  /** The marks of a span; what is not known of it is asked for. */
  of(span: Span): readonly Mark[] {
    this.#want(span);
    const known = this.known.value;
    const lines = this.#bench.journal.lines.value;
    const names = new Set(this.#plotted.fields.value.map(({ instrument }) => instrument));
    for (const { name, title } of this.#bench.instruments.value) if (names.has(name)) names.add(title);
    // What the page did itself is in the records, too.
    const own = known === undefined ? lines : lines.filter(({ time }) => {
      const at = Date.parse(time);
      return at < known.from || at >= known.to;
    });
    const { marks, more } = marksOf([...known?.records ?? [], ...own], names, span);
    const trips = tripMarks(this.#bench.guards.trips.value, this.#plotted.fields.value.map(labelOf), span);
    const first = known?.records.length === mostRecords ? Date.parse(known.records[0]!.time) : -Infinity;
    const unread = first > span.from;
    this.more.value = more === 0 && !unread
      ? ""
      : `the newest ${marks.length} of ${marks.length + more}${unread ? " or more" : ""} marks`;
    return [...marks, ...trips];
  }

  #want({ from, to }: Span): void {
    if (!this.#plotted.looksBack || from >= this.#pageBegan) return;
    const length = to - from;
    const end = to - Math.max(behind, behindShare * length);
    const does = (known: Span | undefined) => known !== undefined && known.from <= from && known.to >= end;
    // A much longer span may hold too much to tell all of a short one.
    const cut = this.known.value?.records.length === mostRecords &&
      length * 4 < this.known.value.to - this.known.value.from;
    if (does(this.known.value) && !cut || does(this.#asking) || performance.now() < this.#notBefore) return;
    this.#asking?.stop.abort();
    const asked = {
      from: Math.max(0, Math.floor(from - margin * length)),
      to: Math.ceil(Math.min(to + margin * length, this.#bench.now())),
      stop: new AbortController(),
    };
    if (asked.from >= asked.to) return;
    this.#asking = asked;
    void this.#ask(asked).catch(() => {
      // The plot is of use without marks; a lost server is told elsewhere.
      if (this.#asking === asked) this.#notBefore = performance.now() + retryAfter;
    }).finally(() => {
      if (this.#asking === asked) this.#asking = undefined;
    });
  }

  async #ask({ from, to, stop: { signal } }: Span & { readonly stop: AbortController }): Promise<void> {
    const query = new URLSearchParams({
      since: String(from),
      until: String(to),
      level: "info",
      limit: String(mostRecords),
    });
    const answer = await fetch(`/api/v1/journal/records?${query}`, { signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const records: readonly JournalRecord[] = await answer.json();
    if (!signal.aborted) this.known.value = { from, to, records };
  }
}
