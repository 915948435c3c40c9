/**
 * The readings of a range as a table: a row for each reading, in the order of their times.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import {
  type FieldName,
  type HistoryAnswer,
  type HistoryQuery,
  type HistorySeries,
  mostFields,
  type RecordedField,
} from "../../../protocol/readings.ts";
import { type FieldOwner, fieldsOf } from "../../bench/field_choice.ts";
import type { Column, Row, TableFormat } from "./table_writer.ts";

/** Where there are more fields than can be asked for at once, so much is asked of all of them, in milliseconds. */
const windowLength = 600_000;

/** What is wanted of the readings. */
export interface ReadingsRange {
  /** The fields. */
  readonly fields: readonly FieldName[];
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** Until before when, in milliseconds since 1970. */
  readonly until: number;
}

/** Looks for readings, wherever they are. */
export type AskHistory = (query: HistoryQuery) => Promise<HistoryAnswer>;

/**
 * Finds the fields that somebody names among those that were kept.
 *
 * @param recorded What was kept, with what is not on the bench any more.
 * @param entries `INSTRUMENT` or `INSTRUMENT.FIELD`, each by name or title; none for all.
 * @throws {HeliographError} `bad_argument` for one that was never kept.
 */
export function recordedFields(recorded: readonly RecordedField[], entries: readonly string[]): FieldName[] {
  const owners = new Map<
    string,
    FieldOwner<{ name: string; title: string }> & { fields: { name: string; title: string }[] }
  >();
  for (const { instrument, instrumentTitle, field, title } of recorded) {
    let owner = owners.get(instrument);
    if (owner === undefined) owners.set(instrument, owner = { name: instrument, title: instrumentTitle, fields: [] });
    // One that had another unit is told once with each.
    if (!owner.fields.some(({ name }) => name === field)) owner.fields.push({ name: field, title });
  }
  const all = [...owners.values()];
  const chosen = entries.length === 0 ? all.map((owner) => ({ owner, field: undefined })) : entries.map((entry) => {
    try {
      return fieldsOf(all, entry);
    } catch (error) {
      if (!(error instanceof HeliographError)) throw error;
      throw new HeliographError("bad_argument", `Cannot find readings of ${entry.slice(0, 100)}: ${error.message}`);
    }
  });
  const names = chosen.flatMap(({ owner, field }) =>
    (field === undefined ? owner.fields : [field]).map(({ name }) => ({ instrument: owner.name, field: name }))
  );
  return [...new Map(names.map((name) => [`${name.instrument}.${name.field}`, name])).values()];
}

/**
 * The columns of a table of readings. In Parquet, where a column has one type, `value` is a number, and what is none is
 * in `text`.
 */
export function readingColumns(format: TableFormat): Column[] {
  return [
    { name: "time", kind: "time" },
    { name: "instrument", kind: "text" },
    { name: "field", kind: "text" },
    { name: "value", kind: format === "parquet" ? "number" : "any" },
    ...format === "parquet" ? [{ name: "text", kind: "text" } as const] : [],
    { name: "unit", kind: "text" },
    { name: "quality", kind: "text" },
  ];
}

function* rowsOf({ instrument, field, unit, samples }: HistorySeries, format: TableFormat): Generator<Row> {
  if (samples === undefined) return;
  const { times, values, qualities } = samples;
  let next = 0;
  let quality = "good";
  for (let at = 0; at < times.length; at++) {
    while (next < qualities.length && qualities[next]![0] <= at) quality = qualities[next++]![1];
    const value = values[at] ?? undefined;
    const told = format !== "parquet"
      ? [value]
      : typeof value === "string"
      ? [undefined, value]
      : typeof value === "boolean"
      ? [Number(value), String(value)]
      : [value, undefined];
    yield [times[at]!, instrument, field, ...told, unit, quality];
  }
}

/**
 * The rows of a table of readings, some at a time.
 *
 * @param ask Looks for them.
 * @param range Of what.
 * @param format The form of the table that they are for.
 */
export async function* readingRows(
  ask: AskHistory,
  { fields, since, until }: ReadingsRange,
  format: TableFormat,
): AsyncGenerator<Row[]> {
  const groups: FieldName[][] = [];
  for (let at = 0; at < fields.length; at += mostFields) groups.push(fields.slice(at, at + mostFields));
  const length = groups.length > 1 ? windowLength : Infinity;
  for (let from = since; from < until; from += length) {
    const end = Math.min(from + length, until);
    let rows: Row[] = [];
    for (const group of groups) {
      for (let next: number | null = from; next !== null && next < end;) {
        const answer: HistoryAnswer = await ask({ fields: group, since: next, until: end });
        for (const series of answer.series) for (const row of rowsOf(series, format)) rows.push(row);
        next = answer.next;
        if (groups.length > 1) continue;
        yield inOrder(rows);
        rows = [];
      }
    }
    if (rows.length > 0) yield inOrder(rows);
  }
}

function inOrder(rows: Row[]): Row[] {
  return rows.sort((one, other) => (one[0] as number) - (other[0] as number));
}
