/**
 * What fields were, as Prometheus tells it: the part of its HTTP API by which Grafana's own data source shows history.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import {
  type FieldName,
  type HistoryAnswer,
  type HistoryQuery,
  type HistorySeries,
  isNumber,
  mostFields,
  type RecordedField,
} from "../../../protocol/readings.ts";
import { parseMoment } from "../../../protocol/moments.ts";
import type { HistoryReader } from "./history_reader.ts";
import { durationOf, type Labels, parseSelector, type Selector } from "./prometheus_selector.ts";

/** The one metric: it has the name that `/metrics` tells the present by. */
export const valueMetric = "heliograph_field_value";

/** The most points of a series: Prometheus' own limit. */
const mostSteps = 11_000;
/** The most series of one answer. */
const mostSeries = 500;
/** The most single readings of one answer. */
const mostReadings = 500_000;

/** A number as Prometheus writes it, with its time in seconds. */
type Point = readonly [seconds: number, value: string];

/** The parameters of a request, from its address or its form; `match[]` may stand there several times. */
export type Parameters = Readonly<Record<string, readonly string[]>>;

function bad(message: string): HeliographError {
  return new HeliographError("bad_argument", message);
}

function labelsOf({ instrument, field, unit }: RecordedField): Labels {
  return { __name__: valueMetric, instrument, field, unit };
}

function point(time: number, value: number): Point {
  return [time / 1000, String(value)];
}

function one(parameters: Parameters, name: string): string | undefined {
  return parameters[name]?.[0];
}

function required(parameters: Parameters, name: string): string {
  const text = one(parameters, name);
  if (text !== undefined && text !== "") return text;
  throw bad(`Cannot answer the query: "${name}" is missing`);
}

/** A time in milliseconds: Prometheus has seconds since 1970, or a date and time. */
function timeOf(text: string, name: string): number {
  const seconds = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : parseMoment(text, Date.now());
  if (seconds !== undefined && Math.abs(seconds) < 8.64e15) return Math.max(0, Math.round(seconds));
  throw bad(`Cannot read the time "${name}": give seconds since 1970, or 2026-11-27T03:12:00Z`);
}

/** What Grafana asks to see whether there is a Prometheus: `1+1`. */
function sumOf(query: string): number | undefined {
  return /^\s*\d+(?:\.\d+)?(?:\s*\+\s*\d+(?:\.\d+)?)*\s*$/.test(query)
    ? query.split("+").reduce((sum, part) => sum + Number(part), 0)
    : undefined;
}

async function matching(reader: HistoryReader, selectors: readonly Selector[]): Promise<RecordedField[]> {
  const all = (await reader.fields()).filter(({ type }) => isNumber(type));
  if (selectors.length === 0) return all;
  return all.filter((field) => selectors.some(({ matches }) => matches(labelsOf(field))));
}

/** The series that a query means, some fields at a time. */
async function* seriesOf(
  reader: HistoryReader,
  selector: Selector,
  range: Omit<HistoryQuery, "fields">,
): AsyncGenerator<HistorySeries> {
  const found = await matching(reader, [selector]);
  const names = new Map<string, FieldName>();
  for (const { instrument, field } of found) names.set(`${instrument}.${field}`, { instrument, field });
  if (names.size > mostSeries) {
    throw bad(`Cannot answer the query: it means ${names.size} series, and ${mostSeries} are the most`);
  }
  const fields = [...names.values()];
  let readings = 0;
  for (let at = 0; at < fields.length; at += mostFields) {
    for (let since: number | null = range.since; since !== null && since < range.until;) {
      const answer: HistoryAnswer = await reader.history({
        ...range,
        since,
        fields: fields.slice(at, at + mostFields),
      });
      for (const series of answer.series) {
        readings += series.samples?.times.length ?? 0;
        if (isNumber(series.type) && selector.matches(labelsOf(series))) yield series;
      }
      if (readings > mostReadings) {
        throw bad(`Cannot answer the query: it means more than ${mostReadings} readings; ask for a shorter range`);
      }
      since = answer.next;
    }
  }
}

/** One value of each series, at a time: the last reading, where it was good. */
async function vector(reader: HistoryReader, selector: Selector, time: number): Promise<unknown[]> {
  const result: unknown[] = [];
  for await (const series of seriesOf(reader, selector, { since: time + 1, until: time + 2, limit: 1 })) {
    const { before } = series;
    if (before?.quality !== "good" || typeof before.value !== "number") continue;
    result.push({ metric: labelsOf(series), value: point(time, before.value) });
  }
  return result;
}

/** Every good reading of a range of time, up to a time. */
async function matrix(reader: HistoryReader, selector: Selector, time: number, range: number): Promise<unknown[]> {
  const found = new Map<string, { metric: Labels; values: Point[] }>();
  for await (const series of seriesOf(reader, selector, { since: time - range + 1, until: time + 1 })) {
    const metric = labelsOf(series);
    const key = JSON.stringify(metric);
    let entry = found.get(key);
    if (entry === undefined) found.set(key, entry = { metric, values: [] });
    const { times, values } = series.samples!;
    for (const [at, value] of values.entries()) {
      if (typeof value === "number") entry.values.push(point(times[at]!, value));
    }
  }
  return [...found.values()].filter(({ values }) => values.length > 0);
}

/** The values of a series at equal steps: each holds until the next, or until nothing was known. */
function held({ before, points }: HistorySeries, start: number, step: number, count: number): Point[] {
  const { times, last, gaps } = points!;
  const broken = new Set(gaps);
  const values: Point[] = [];
  const now = Date.now();
  let value = before?.quality === "good" && typeof before.value === "number" ? before.value : undefined;
  let at = 0;
  for (let place = 0; place < count; place++) {
    const time = start + place * step;
    if (time > now) break;
    let ends = false;
    // The span that ends with this step.
    while (at < times.length && times[at]! <= time) {
      value = last[at] ?? undefined;
      ends = broken.has(at++);
    }
    if (value !== undefined) values.push(point(time, value));
    if (ends) value = undefined;
  }
  return values;
}

async function queryRange(reader: HistoryReader, parameters: Parameters): Promise<unknown> {
  const [start, end] = [timeOf(required(parameters, "start"), "start"), timeOf(required(parameters, "end"), "end")];
  const step = Math.round(durationOf(required(parameters, "step")) ?? NaN);
  if (!(step >= 1)) throw bad('Cannot read "step": give seconds, or a duration such as 30s or 5m');
  if (end < start) throw bad('Cannot answer the query: "end" is before "start"');
  const count = Math.floor((end - start) / step) + 1;
  if (count > mostSteps) {
    throw bad(`Cannot answer the query: it means ${count} points for each series, and ${mostSteps} are the most`);
  }
  const query = required(parameters, "query");
  const sum = sumOf(query);
  if (sum !== undefined) {
    const values = Array.from({ length: count }, (_, at) => point(start + at * step, sum));
    return { resultType: "matrix", result: [{ metric: {}, values }] };
  }
  const selector = parseSelector(query);
  if (selector.range !== undefined) throw bad("Cannot answer the query: a range in brackets goes with query alone");
  const result: unknown[] = [];
  // Before 1970 nothing was.
  const early = Math.ceil(Math.max(0, step - 1 - start) / step);
  const [first, left] = [start + early * step, count - early];
  if (left <= 0) return { resultType: "matrix", result };
  const since = first - step + 1;
  for await (const series of seriesOf(reader, selector, { since, until: since + left * step, points: left })) {
    const values = held(series, first, step, left);
    if (values.length > 0) result.push({ metric: labelsOf(series), values });
  }
  return { resultType: "matrix", result };
}

async function query(reader: HistoryReader, parameters: Parameters): Promise<unknown> {
  const text = required(parameters, "query");
  const time = timeOf(one(parameters, "time") ?? String(Date.now() / 1000), "time");
  const sum = sumOf(text);
  if (sum !== undefined) return { resultType: "scalar", result: point(time, sum) };
  const selector = parseSelector(text);
  return selector.range === undefined
    ? { resultType: "vector", result: await vector(reader, selector, time) }
    : { resultType: "matrix", result: await matrix(reader, selector, time, selector.range) };
}

async function labelSets(reader: HistoryReader, parameters: Parameters): Promise<Labels[]> {
  const selectors = (parameters["match[]"] ?? []).map(parseSelector);
  return (await matching(reader, selectors)).map(labelsOf);
}

function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].filter((text) => text !== "").sort();
}

/** The answers of the API, by the last words of their paths. */
export const prometheusAnswers: Readonly<
  Record<string, (reader: HistoryReader, parameters: Parameters, label: string) => unknown>
> = {
  query,
  query_range: queryRange,
  series: async (reader, parameters) => {
    if ((parameters["match[]"] ?? []).length === 0) throw bad('Cannot list series: "match[]" is missing');
    return await labelSets(reader, parameters);
  },
  labels: async (reader, parameters) => {
    const sets = await labelSets(reader, parameters);
    return sets.length === 0 ? [] : sorted(sets.flatMap(Object.keys));
  },
  values: async (reader, parameters, label) =>
    sorted((await labelSets(reader, parameters)).map((labels) => labels[label] ?? "")),
  metadata: () => ({
    [valueMetric]: [{ type: "gauge", help: "What a number field held, where it was good.", unit: "" }],
  }),
};
