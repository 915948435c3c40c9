/**
 * Shortens what a rehearsal tells, so that it goes over every wire, where a client may leave no more than 1 MiB unread,
 * and takes the server's main thread some milliseconds.
 *
 * @module
 */

import type { Rehearsal, RehearsedEvent, RehearsedSeries } from "../../protocol/rehearsal.ts";

/** The most that is told, in bytes of JSON. */
const mostBytes = 350_000;
/** So many events are told, where all of them are short. */
const mostEvents = 600;
/** The longest text of an event, in characters. */
const longestText = 500;
/** So many readings are told. */
const mostSeries = 12;
/** In so many spans of time. */
const mostSpans = 300;

const encoder = new TextEncoder();

/** What is told of a rehearsal: the steps in the middle are left out first, and readings are told in longer spans. */
export function shortened(rehearsal: Rehearsal): Rehearsal {
  const { title, reason, events, series, values, notSimulated } = rehearsal;
  for (let share = 1;; share /= 2) {
    const most = Math.floor(mostEvents * share);
    const told = withoutMiddle(events, most);
    const short: Rehearsal = {
      ...rehearsal,
      title: cut(title),
      reason: cut(reason),
      events: told,
      more: rehearsal.more + events.length - told.length,
      series: series.slice(0, mostSeries).map((each) => thinned(each, mostSpans * share)),
      values: values.slice(0, most).map((value) => ({ ...value, text: cut(value.text) })),
      notSimulated: notSimulated.slice(0, most).map(cut),
    };
    if (encoder.encode(JSON.stringify(short)).length <= mostBytes) return short;
  }
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** Of many events, those that only tell steps are left out in the middle; then others, too. */
function withoutMiddle(events: readonly RehearsedEvent[], most: number): RehearsedEvent[] {
  let kept = events.map((event) => ({ ...event, text: cut(event.text) }));
  for (const isLess of [isPlain, () => true]) {
    let left = kept.length - most;
    const first = Math.floor(most / 2);
    if (left > 0) kept = kept.filter((event, index) => index < first || !isLess(event) || left-- <= 0);
  }
  return kept;
}

/** Whether it only tells how the run goes. */
function isPlain({ kind }: RehearsedEvent): boolean {
  return kind === "step" || kind === "told";
}

/** The same in no more than so many spans. */
function thinned(series: RehearsedSeries, most: number): RehearsedSeries {
  const { times, lowest, highest, first, last } = series;
  const by = Math.ceil(times.length / most);
  const starts = times.flatMap((_, at) => at % by === 0 ? [at] : []);
  const each = (pick: (from: number, to: number) => number) =>
    starts.map((from) => Number(pick(from, Math.min(from + by, times.length)).toPrecision(7)));
  return {
    ...series,
    times: starts.map((from) => times[from]!),
    lowest: each((from, to) => Math.min(...lowest.slice(from, to))),
    highest: each((from, to) => Math.max(...highest.slice(from, to))),
    first: each((from) => first[from]!),
    last: each((_, to) => last[to - 1]!),
  };
}
