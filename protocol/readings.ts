/**
 * The words of the readings that are kept: what is asked of them, and what was found. `GET /api/v1/history` answers a
 * {@linkcode HistoryAnswer}, `GET /api/v1/moment` a {@linkcode MomentAnswer}, `GET /api/v1/history/fields` a list of
 * {@linkcode RecordedField}.
 *
 * @module
 */

import { HeliographError } from "./errors.ts";
import type { Quality, ValueType } from "./vocabulary.ts";

/** A value as it was read. */
export type ReadingValue = number | string | boolean;

/** Whether values of a type are numbers, which have a lowest and a highest. */
export function isNumber(type: ValueType): boolean {
  return type === "float" || type === "int";
}

/** Whether a reading was to be trusted; `none` where no server kept readings, or the field was taken away. */
export type ReadingQuality = Quality | "none";

/** A field, by its names. */
export interface FieldName {
  /** The name of its instrument. */
  readonly instrument: string;
  /** Its own name. */
  readonly field: string;
}

/** What is asked of the readings of some fields. */
export interface HistoryQuery {
  /** Which fields; at most {@linkcode mostFields}. */
  readonly fields: readonly FieldName[];
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** Until before when, in milliseconds since 1970. */
  readonly until: number;
  /**
   * In how many equal spans, the pixels of a plot, what numbers were is told: at most {@linkcode mostPoints}.
   *
   * @default each reading is told
   */
  readonly points?: number | undefined;
  /** The most readings that are told one by one: of all fields together. @default 100000, which is the most */
  readonly limit?: number | undefined;
}

/** What is asked of the readings, as it comes over a wire. */
export interface HistoryWords {
  /** Which fields: `tempcon.camtemp`, names or titles. */
  readonly fields: readonly string[];
  /** From when on, in milliseconds since 1970. @default an hour before the end */
  readonly since?: number | undefined;
  /** Until before when, in milliseconds since 1970. @default now */
  readonly until?: number | undefined;
  /** As in {@linkcode HistoryQuery}. */
  readonly points?: number | undefined;
  /** As in {@linkcode HistoryQuery}. */
  readonly limit?: number | undefined;
}

/** The most fields of one query. */
export const mostFields = 100;
/** The most points of one query. */
export const mostPoints = 20_000;
/** The most readings of one answer. */
export const mostSamples = 100_000;

/** Readings one by one, as columns of the same length, in the order of their times. */
export interface Samples {
  /** When each was read, in milliseconds since 1970. */
  readonly times: readonly number[];
  /** What it was; `null` where it was not good. */
  readonly values: readonly (ReadingValue | null)[];
  /**
   * From which place on the readings are of which quality: `[[0, "good"], [57, "error"], [60, "good"]]`. `none` means
   * that nothing was kept from that time on: until the next reading there is a gap.
   */
  readonly qualities: readonly (readonly [number, ReadingQuality])[];
}

/**
 * What a number was in each of equal spans of time, as columns of the same length. A span without a reading is left out:
 * there the last value holds on.
 */
export interface Points {
  /** When each span begins, in milliseconds since 1970. */
  readonly times: readonly number[];
  /** The lowest good value in it; `null`, as the next ones, where none was good: a gap. */
  readonly lowest: readonly (number | null)[];
  /** The highest. */
  readonly highest: readonly (number | null)[];
  /** The first. */
  readonly first: readonly (number | null)[];
  /** The last. */
  readonly last: readonly (number | null)[];
  /** The mean of the good readings. */
  readonly mean: readonly (number | null)[];
  /** How many readings were good. */
  readonly count: readonly number[];
  /** The places of the spans in which something was not good, or no server kept readings: a line is broken there. */
  readonly gaps: readonly number[];
}

/** What a field was at some time. */
export interface Held {
  /** When it was read, in milliseconds since 1970. */
  readonly time: number;
  /** What it was; `null` where it was not good. */
  readonly value: ReadingValue | null;
  /** Whether it was to be trusted. */
  readonly quality: ReadingQuality;
}

/** A field whose readings are kept. One that had another unit or type is told once with each. */
export interface RecordedField extends FieldName {
  /** What people call it. */
  readonly title: string;
  /** What people call its instrument. */
  readonly instrumentTitle: string;
  /** Its unit, or empty. */
  readonly unit: string;
  /** Its type. */
  readonly type: ValueType;
}

/** What a field was. */
export interface HistorySeries extends RecordedField {
  /** The last reading before the time asked for, not older than three hours; `null` where there is none. */
  readonly before: Held | null;
  /** Whether some of it is known by minutes only: it is so old that its single readings were given up. */
  readonly thinned: boolean;
  /**
   * Readings one by one. Where `points` are asked for, only fields that are no numbers have them, and only those that
   * differ from the one before.
   */
  readonly samples?: Samples;
  /** Its lowest, highest, first and last values; where `points` are asked for, and it is a number. */
  readonly points?: Points;
}

/** What some fields were. */
export interface HistoryAnswer {
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** Until before when: `next`, where that is a time. */
  readonly until: number;
  /** Where the readings were more than are told at once: the `since` by which the next are asked for; else `null`. */
  readonly next: number | null;
  /** The fields, in the order in which they were asked for. One that was never kept is left out. */
  readonly series: readonly HistorySeries[];
  /** Why other PCs of the fleet told nothing of their fields, by their names; left out where all did. */
  readonly unreached?: Readonly<Record<string, string>> | undefined;
}

/** What a field was at a moment. */
export type FieldAtMoment = RecordedField & Held;

/** What the whole bench was at a moment. */
export interface MomentAnswer {
  /** The moment, in milliseconds since 1970. */
  readonly at: number;
  /** Whether a server kept readings then. */
  readonly kept: boolean;
  /** Every field that was read within three hours before, as it was last read. */
  readonly fields: readonly FieldAtMoment[];
}

/** The last moment that is one, in milliseconds since 1970. */
const lastMoment = 8.64e15;

/** Whether something is a moment, in milliseconds since 1970. */
export function isMoment(time: unknown): time is number {
  return typeof time === "number" && time >= 0 && time <= lastMoment;
}

/**
 * Reads the name of a field, `tempcon.camtemp`: what stands before the last point is its instrument.
 *
 * @throws {HeliographError} `bad_argument` where it is none.
 */
export function fieldNameOf(word: string): FieldName {
  const point = word.lastIndexOf(".");
  const [instrument, field] = [word.slice(0, point).trim(), word.slice(point + 1).trim()];
  if (point > 0 && instrument !== "" && field !== "") return { instrument, field };
  const shown = word.length > 50 ? `${word.slice(0, 50)}…` : word;
  throw new HeliographError(
    "bad_argument",
    `Cannot look back at "${shown}": give an instrument and a field, as in tempcon.camtemp`,
  );
}

/**
 * Checks what is asked of the readings.
 *
 * @throws {HeliographError} `bad_argument` with what is wrong and what would be right.
 */
export function checkedQuery(query: HistoryQuery): HistoryQuery {
  const bad = (message: string) => new HeliographError("bad_argument", `Cannot look back: ${message}`);
  const { fields, since, until, points, limit } = query;
  if (fields.length === 0) throw bad("name a field at least, as in tempcon.camtemp");
  if (fields.length > mostFields) throw bad(`${fields.length} fields are too many: name at most ${mostFields}`);
  if (!isMoment(since) || !isMoment(until)) throw bad("its times must be milliseconds since 1970");
  if (since >= until) throw bad("it would begin when it has ended: since must be before until");
  const isCount = (count: number, most: number) => Number.isInteger(count) && count >= 1 && count <= most;
  if (points !== undefined && !isCount(points, mostPoints)) throw bad(`points must be from 1 to ${mostPoints}`);
  if (limit !== undefined && !isCount(limit, mostSamples)) throw bad(`limit must be from 1 to ${mostSamples}`);
  return query;
}
