/**
 * Reads the files of the spool: the readings of each field in columns.
 *
 * @module
 */

import { join } from "node:path";
import { isNumber, type RecordedField } from "../../../protocol/readings.ts";
import { good, type Run } from "./codec.ts";
import { type DeclaredField, type FrameValue, readFrames, type SegmentHead } from "./frames.ts";
import { readingsSpoolNames } from "./readings_spool.ts";

/** Tells fields apart: one that has another unit or type is another one. */
export function fieldKey({ instrument, field, unit, type }: Omit<RecordedField, "title" | "instrumentTitle">): string {
  return `${instrument}\0${field}\0${unit}\0${type}`;
}

/** Readings that grow. */
export class GrowingRun {
  readonly times: number[] = [];
  readonly values: (number | string)[] = [];
  readonly qualities: number[] = [];
  readonly #isNumber: boolean;

  /** @param isNumber Whether its values are numbers; otherwise they are texts. */
  constructor(isNumber: boolean) {
    this.#isNumber = isNumber;
  }

  /** Adds a reading. @param value `undefined` where it is not good. */
  add(time: number, value: number | string | boolean | undefined, quality: number): void {
    this.times.push(time);
    this.values.push(this.#isNumber ? Number(value) : String(value ?? ""));
    this.qualities.push(quality);
  }

  /** Adds readings. */
  addRun({ times, values, qualities }: Run): void {
    for (let at = 0; at < times.length; at++) {
      this.times.push(times[at]!);
      this.values.push(values[at]!);
      this.qualities.push(qualities[at]!);
    }
  }

  /** All of them in the order of their times; those of the same time in the order in which they came. */
  run(from = 0, to = this.times.length): Run {
    const { times, values, qualities } = this;
    const count = to - from;
    const places = Uint32Array.from({ length: count }, (_, at) => from + at);
    for (let at = from + 1; at < to; at++) {
      if (times[at]! >= times[at - 1]!) continue;
      places.sort((one, other) => times[one]! - times[other]! || one - other);
      break;
    }
    return {
      times: Float64Array.from(places, (at) => times[at]!),
      values: this.#isNumber
        ? Float64Array.from(places, (at) => values[at] as number)
        : Array.from(places, (at) => values[at] as string),
      qualities: Uint8Array.from(places, (at) => qualities[at]!),
    };
  }
}

/** What a segment holds. */
export interface Segment {
  readonly head: SegmentHead;
  /** The fields that have readings in it, by their keys. */
  readonly fields: Map<string, { readonly field: DeclaredField; readonly readings: GrowingRun }>;
  /** When the last frame was written, in milliseconds since 1970; 0 where there is none. */
  written: number;
}

/** What is on one file. */
export interface SpoolFile {
  readonly segments: readonly Segment[];
  /** How many bytes between whole frames are none of them. */
  readonly damaged: number;
}

/** A segment that is being read. */
class SegmentReader {
  readonly segment: Segment;
  readonly #wanted: (field: DeclaredField) => boolean;
  readonly #byNumber = new Map<number, GrowingRun>();
  readonly #texts = new Map<number, string>();

  constructor(head: SegmentHead, wanted: (field: DeclaredField) => boolean) {
    this.segment = { head, fields: new Map(), written: 0 };
    this.#wanted = wanted;
  }

  declare(number: number, field: DeclaredField): void {
    if (!this.#wanted(field)) return;
    const key = fieldKey(field);
    const readings = this.segment.fields.get(key)?.readings ?? new GrowingRun(isNumber(field.type));
    this.segment.fields.set(key, { field, readings });
    this.#byNumber.set(number, readings);
  }

  text(number: number, text: string): void {
    this.#texts.set(number, text);
  }

  take(number: number, time: number, value: FrameValue, quality: number): void {
    const readings = this.#byNumber.get(number);
    if (readings === undefined) return;
    if (typeof value !== "object") return readings.add(time, value, quality);
    const text = this.#texts.get(value.text);
    if (text !== undefined) readings.add(time, text, good);
  }
}

/**
 * Reads one file of the spool.
 *
 * @param bytes What it holds.
 * @param after Only segments of a greater number.
 * @param wanted Which fields. @default all
 */
export function readSegments(
  bytes: Uint8Array,
  after: number,
  wanted: (field: DeclaredField) => boolean = () => true,
): SpoolFile {
  const segments: Segment[] = [];
  let reader: SegmentReader | undefined;
  const damaged = readFrames(bytes, {
    segment(head) {
      reader = head.number > after ? new SegmentReader(head, wanted) : undefined;
      if (reader !== undefined) segments.push(reader.segment);
    },
    declarations({ fields, texts }) {
      for (const [number, field] of fields) reader?.declare(number, field);
      for (const [number, text] of texts) reader?.text(number, text);
    },
    written(now) {
      if (reader !== undefined) reader.segment.written = Math.max(reader.segment.written, now);
      return reader !== undefined;
    },
    sample: (field, time, value, quality) => reader?.take(field, time, value, quality),
  });
  return { segments, damaged };
}

/** Reads a file of the spool of a folder; one that is not there is empty. */
export function spoolBytes(folder: string, name: string): Uint8Array {
  try {
    return Deno.readFileSync(join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

/** Reads both files of the spool of a folder. @returns Their segments, the oldest first. */
export function readSpool(folder: string, after: number, wanted?: (field: DeclaredField) => boolean): SpoolFile {
  const files = readingsSpoolNames.map((name) => readSegments(spoolBytes(folder, name), after, wanted));
  return {
    segments: files.flatMap(({ segments }) => segments).sort((one, other) => one.head.number - other.head.number),
    damaged: files.reduce((sum, { damaged }) => sum + damaged, 0),
  };
}
