/**
 * The values of the records, as far back as there are some: what a plot shows beyond the last hour.
 *
 * @module
 */

import { placeAt, type Points } from "../../../protocol/history.ts";
import { type HistoryAnswer, mostFields, mostPoints, type Points as Spans } from "../../../protocol/readings.ts";
import { pcOf } from "../fleet/live_fleet.ts";
import type { LiveField } from "../live/live_instrument.ts";
import { Live } from "../live/live.tsx";
import type { Span } from "./plot_data.ts";
import { labelOf } from "./plotted.ts";

/** How much more than what is seen is asked for, on either side, so that moving it shows something at once. */
const margin = 0.5;
/** What is known may be coarser than the pixels of what is seen by this factor before it is asked for anew. */
const coarsest = 1.5;
/** The end of what is known may be behind by this share of what is seen, or by so many milliseconds, before it is asked for anew. */
const [behindShare, behind] = [0.02, 5000];
/** After a refusal it is asked for again so much later, in milliseconds. */
const retryAfter = 2000;

/** A span of time as it is asked for. */
interface Asked extends Span {
  readonly labels: readonly string[];
  /** The time that each of its points stands for, in milliseconds. */
  readonly width: number;
}

/** What is known of a span of time. */
interface Known extends Asked {
  /** The values of each field by its full name. */
  readonly series: ReadonlyMap<string, Points>;
}

/** Whether the past is known, being asked for, or why there is none. */
export type PastState = "" | "asking" | { readonly failure: string };

/** Asks for the values of the records, one request at a time, and keeps the last answer. */
export class Past {
  /** Changes whenever something else is known. */
  readonly state: Live<PastState> = new Live<PastState>("");
  #known: Known | undefined;
  #asking: { readonly asked: Asked; readonly stop: AbortController } | undefined;
  #notBefore = 0;
  /** A span in which there was nothing of some fields. */
  #nothing: Span & { readonly labels: readonly string[] } | undefined;
  readonly #now: () => number;

  /** Knows nothing yet. @param now The server's clock, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Sees to it that the values of some fields over a span are known.
   *
   * @param fields Which.
   * @param span From when, until when.
   * @param pixel How long a column of pixels is, in milliseconds.
   */
  want(fields: readonly LiveField[], span: Span, pixel: number): void {
    const labels = labelsOf(fields);
    if (does(this.#known, labels, span, pixel)) return this.#stop();
    if (does(this.#asking?.asked, labels, span, pixel) || performance.now() < this.#notBefore) return;
    this.#stop();
    const length = span.to - span.from;
    const from = Math.max(0, Math.floor(span.from - margin * length));
    const to = Math.ceil(Math.min(span.to + margin * length, this.#now()));
    const points = Math.min(mostPoints, Math.ceil((to - from) / pixel));
    void this.#ask({ labels, from, to, width: (to - from) / points }, points);
  }

  /**
   * When there may be something of some fields.
   *
   * @param from From when on it is looked for.
   * @returns The same, or a later time where it is known that there is nothing before.
   */
  begin(fields: readonly LiveField[], from: number): number {
    const nothing = this.#nothing;
    if (nothing === undefined || from < nothing.from || from > nothing.to) return from;
    return labelsOf(fields).every((label) => nothing.labels.includes(label)) ? nothing.to : from;
  }

  /**
   * The values of a field: those of the records, and those that the page itself knows from where these begin.
   *
   * @param live What the page knows.
   */
  joined(field: LiveField, live: Points): Points {
    const past = this.#known?.series.get(labelOf(field));
    if (past === undefined || past.size === 0) return live;
    return new Joined(past, live, this.#known!.width);
  }

  #take(asked: Asked, answer: HistoryAnswer): void {
    const { labels, from, to, width } = asked;
    this.#known = { ...asked, series: seriesOf(labels, answer, width) };
    const first = Math.min(
      to,
      ...[...this.#known.series.values()].map((points) => points.size > 0 ? points.time(0) : to),
    );
    this.#nothing = first - width > from ? { labels, from, to: first - width } : undefined;
  }

  #stop(): void {
    if (this.#asking === undefined) return;
    this.#asking.stop.abort();
    this.#asking = undefined;
    if (this.state.value === "asking") this.state.value = "";
  }

  async #ask(asked: Asked, points: number): Promise<void> {
    const { labels, from, to } = asked;
    const stop = new AbortController();
    const asking = this.#asking = { asked, stop };
    // What went wrong is told until it goes right.
    if (this.state.value === "") this.state.value = "asking";
    const query = new URLSearchParams([
      ...labels.map((label) => ["field", label]),
      ["since", String(from)],
      ["until", String(to)],
      ["points", String(points)],
    ]);
    let failure = "";
    try {
      const answer = await fetch(`/api/v1/history?${query}`, { signal: stop.signal });
      const body = await answer.json();
      if (answer.ok) {
        const { unreached = {} } = body as HistoryAnswer;
        // Those of PCs that told nothing are asked for again.
        this.#take({ ...asked, labels: labels.filter((label) => !((pcOf(label) ?? "") in unreached)) }, body);
        failure = Object.values(unreached).join("; ");
      } else failure = String(body.error?.message ?? answer.statusText);
    } catch (error) {
      if (stop.signal.aborted) return;
      // Without a connection: it is told elsewhere, and asked for again.
      failure = (error as Error).message;
    }
    if (this.#asking !== asking) return;
    this.#asking = undefined;
    if (failure !== "") this.#notBefore = performance.now() + retryAfter;
    this.state.value = failure === "" ? "" : { failure };
  }
}

function labelsOf(fields: readonly LiveField[]): string[] {
  return fields.slice(0, mostFields).map(labelOf);
}

/** Whether what is known, or asked for, will do. */
function does(known: Asked | undefined, labels: readonly string[], { from, to }: Span, pixel: number): boolean {
  const length = to - from;
  return known !== undefined && known.from <= from && known.to >= to - Math.max(behind, behindShare * length) &&
    known.width <= pixel * coarsest && labels.every((label) => known.labels.includes(label));
}

function seriesOf(labels: readonly string[], { series }: HistoryAnswer, width: number): Map<string, Points> {
  // Of one that was never kept it is known that there is nothing.
  const found = new Map<string, Points>(labels.map((label) => [label, new Columns([], [])]));
  for (const { instrument, field, points, before } of series) {
    const label = `${instrument}.${field}`;
    if (points === undefined) continue;
    const columns = columnsOf(points, width, before?.quality === "good" ? before : null);
    // One that had another unit before is told twice; the last is what is plotted.
    if (columns.size > 0) found.set(label, columns);
  }
  return found;
}

/** The values of spans in the order of time: what held for most of each, its extremes, and its last. */
function columnsOf(
  spans: Spans,
  width: number,
  before: { readonly time: number; readonly value: unknown } | null,
): Columns {
  const [times, values]: [number[], number[]] = [[], []];
  const add = (time: number, value: number | null) => {
    times.push(time);
    values.push(value ?? NaN);
  };
  const gaps = new Set(spans.gaps);
  if (typeof before?.value === "number") add(before.time, before.value);
  for (const [at, time] of spans.times.entries()) {
    const [lowest, highest, last] = [spans.lowest[at]!, spans.highest[at]!, spans.last[at]!];
    if (spans.lowest[at] === null || spans.count[at] === 0) add(time, null);
    else if (lowest === highest) add(time, last);
    else {
      // What rises is drawn rising, and what falls, falling; for the most of it stands the mean.
      const [one, other] = last >= spans.first[at]! ? [lowest, highest] : [highest, lowest];
      add(time, one);
      add(time + 0.03 * width, spans.mean[at]!);
      add(time + 0.94 * width, other);
      add(time + 0.97 * width, last);
    }
    if (gaps.has(at)) add(time + 0.98 * width, null);
  }
  return new Columns(times, values);
}

/** Times in milliseconds since 1970, oldest first, and the value from each on. */
export class Columns implements Points {
  readonly #times: readonly number[];
  readonly #values: readonly number[];

  constructor(times: readonly number[], values: readonly number[]) {
    this.#times = times;
    this.#values = values;
  }

  get size(): number {
    return this.#times.length;
  }

  time(at: number): number {
    return this.#times[at]!;
  }

  value(at: number): number {
    return this.#values[at]!;
  }
}

/** What the records have, up to where the page itself knows each value. */
class Joined implements Points {
  readonly #past: Points;
  readonly #live: Points;
  readonly #count: number;

  /** @param width How long what is told of the past may stand for what came after it. */
  constructor(past: Points, live: Points, width: number) {
    this.#past = past;
    this.#live = live;
    this.#count = live.size === 0 ? past.size : placeAt(past, live.time(0) - width) + 1;
  }

  get size(): number {
    return this.#count + this.#live.size;
  }

  time(at: number): number {
    return at < this.#count ? this.#past.time(at) : this.#live.time(at - this.#count);
  }

  value(at: number): number {
    return at < this.#count ? this.#past.value(at) : this.#live.value(at - this.#count);
  }
}
