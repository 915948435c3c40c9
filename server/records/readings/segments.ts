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
  #times = new Float64Array(8);
  #qualities = new Uint8Array(8);
  /** Numbers; otherwise they are texts. */
  #numbers: Float64Array<ArrayBuffer> | undefined;
  readonly #texts: string[] = [];
  #length = 0;
  /** Whether they came in the order of their times. */
  #inOrder = true;

  /** @param isNumber Whether its values are numbers; otherwise they are texts. */
  constructor(isNumber: boolean) {
    if (isNumber) this.#numbers = new Float64Array(8);
  }

  /** When each was read, in the order in which they came: a view that the next one changes. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#length);
  }

  /** Adds a reading. @param value `undefined` where it is not good. */
  add(time: number, value: number | string | boolean | undefined, quality: number): void {
    const at = this.#length;
    if (at === this.#times.length) this.#grow(1);
    if (at > 0 && time < this.#times[at - 1]!) this.#inOrder = false;
    this.#times[at] = time;
    this.#qualities[at] = quality;
    if (this.#numbers === undefined) this.#texts.push(String(value ?? ""));
    else this.#numbers[at] = Number(value);
    this.#length++;
  }

  /** Adds readings. */
  addRun({ times, values, qualities }: Run): void {
    const [at, count] = [this.#length, times.length];
    if (count === 0) return;
    if (at + count > this.#times.length) this.#grow(count);
    this.#inOrder &&= (at === 0 || times[0]! >= this.#times[at - 1]!) && isInOrder(times);
    this.#times.set(times, at);
    this.#qualities.set(qualities, at);
    if (this.#numbers === undefined) { for (const value of values) this.#texts.push(String(value)); }
    else this.#numbers.set(values as Float64Array, at);
    this.#length += count;
  }

  /** All of them in the order of their times; those of the same time in the order in which they came. */
  run(): Run {
    const count = this.#length;
    const [times, qualities, numbers] = [this.#times, this.#qualities, this.#numbers];
    if (this.#inOrder) {
      return {
        times: times.slice(0, count),
        values: numbers?.slice(0, count) ?? [...this.#texts],
        qualities: qualities.slice(0, count),
      };
    }
    const places = Uint32Array.from({ length: count }, (_, at) => at)
      .sort((one, other) => times[one]! - times[other]! || one - other);
    return {
      times: Float64Array.from(places, (at) => times[at]!),
      values: numbers === undefined
        ? Array.from(places, (at) => this.#texts[at]!)
        : Float64Array.from(places, (at) => numbers[at]!),
      qualities: Uint8Array.from(places, (at) => qualities[at]!),
    };
  }

  #grow(by: number): void {
    const room = Math.max(2 * this.#times.length, this.#length + by);
    const times = new Float64Array(room);
    times.set(this.#times);
    this.#times = times;
    const qualities = new Uint8Array(room);
    qualities.set(this.#qualities);
    this.#qualities = qualities;
    if (this.#numbers === undefined) return;
    const numbers = new Float64Array(room);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

function isInOrder(times: Float64Array): boolean {
  for (let at = 1; at < times.length; at++) if (times[at]! < times[at - 1]!) return false;
  return true;
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
