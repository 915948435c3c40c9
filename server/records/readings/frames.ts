/**
 * The frames that readings are written in before a Worker takes them into the database: each has its length and a
 * checksum, so that one which was cut short harms no other.
 *
 * @module
 */

import type { ReadingValue, RecordedField } from "../../../protocol/readings.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { error, good, none, stale } from "./codec.ts";
import { fits, powers } from "./decimals.ts";

/** The beginning of each frame. */
const mark = 0x6472_4748;
const headBytes = 12;

/** The kinds of frames. */
const kinds = { segment: 0, words: 1, samples: 2 } as const;

/** A field as it is written down before its first reading. */
export interface DeclaredField extends RecordedField {
  /** For how many days its single readings are kept, where it says so itself. */
  readonly keepDays?: number | undefined;
}

/** A file of the spool begins with it. */
export interface SegmentHead {
  /** It grows from one segment to the next, over all runs of the server. */
  readonly number: number;
  /** When the run of the server began, in milliseconds since 1970. */
  readonly run: number;
}

/** What has to be known before the readings that follow can be read: fields and texts by their numbers in this segment. */
export interface Declarations {
  readonly fields: readonly (readonly [number, DeclaredField])[];
  readonly texts: readonly (readonly [number, string])[];
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
  return byte >>> 0;
});

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at++) crc = crc >>> 8 ^ crcTable[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

function frame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(headBytes + payload.length);
  writer.four(mark);
  writer.four(payload.length);
  writer.four(crcOf(payload));
  writer.raw(payload);
  return writer.written;
}

function jsonFrame(kind: number, value: unknown): Uint8Array {
  const payload = new ByteWriter();
  payload.byte(kind);
  payload.text(JSON.stringify(value));
  return frame(payload.written);
}

/** What a frame holds: the beginning of a segment, words that are declared, or readings. */
export type FrameKind = keyof typeof kinds;

/** The frame that a segment begins with. */
export function segmentFrame(head: SegmentHead): Uint8Array {
  return jsonFrame(kinds.segment, head);
}

/** The frame that declares fields and texts. */
export function declarationsFrame(declarations: Declarations): Uint8Array {
  return jsonFrame(kinds.words, declarations);
}

/** How the value of a reading is written, in the three lowest bits of its field's number. */
const tags = { double: 0, scaled: 1, off: 2, on: 3, text: 4, textOf: 5, notGood: 6 } as const;

/** A text that was declared, by its number. */
export interface TextNumber {
  readonly text: number;
}

/** What a reading is of: a value, a declared text, or `undefined` where it is not good. */
export type FrameValue = ReadingValue | TextNumber | undefined;

/** Collects readings into a frame. */
export class SamplesWriter {
  readonly #writer = new ByteWriter(4096);
  #time = 0;
  /** How many readings it holds. */
  count = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#writer.length;
  }

  /**
   * Adds a reading.
   *
   * @param field The number of its field.
   * @param time In whole milliseconds since 1970.
   * @param value Its value; `undefined` where it is not good.
   * @param quality Its quality.
   * @param decimals How many decimals the number probably has. @returns How many it has.
   */
  add(field: number, time: number, value: FrameValue, quality: number, decimals = 0): number {
    const writer = this.#writer;
    if (this.count++ === 0) this.#begin(time);
    const begin = (tag: number) => {
      writer.unsigned(field * 8 + tag);
      writer.signed(time - this.#time);
      this.#time = time;
    };
    if (quality !== good || value === undefined) {
      begin(tags.notGood);
      writer.byte(quality);
    } else if (typeof value === "number") {
      while (decimals < 7 && !fits(value, powers[decimals]!)) decimals++;
      if (fits(value, powers[decimals]!)) {
        begin(tags.scaled);
        writer.byte(decimals);
        writer.signed(Math.round(value * powers[decimals]!));
        return decimals;
      }
      begin(tags.double);
      writer.double(value);
    } else if (typeof value === "boolean") begin(value ? tags.on : tags.off);
    else if (typeof value === "string") {
      begin(tags.text);
      writer.text(value);
    } else {
      begin(tags.textOf);
      writer.unsigned(value.text);
    }
    return 0;
  }

  /**
   * Ends the frame, and begins another one.
   *
   * @param now What is now, in milliseconds since 1970: until then the server runs.
   */
  take(now: number): Uint8Array<ArrayBuffer> {
    if (this.count === 0) this.#begin(now);
    const payload = new ByteWriter(this.#writer.length + 16);
    payload.byte(kinds.samples);
    payload.double(now);
    payload.raw(this.#writer.written);
    this.#writer.clear();
    this.count = 0;
    return frame(payload.written);
  }

  #begin(time: number): void {
    this.#writer.double(time);
    this.#time = time;
  }
}

/** What is told of a spool's frames, in their order. */
export interface FrameVisitor {
  segment?(head: SegmentHead): void;
  declarations?(declarations: Declarations): void;
  /** When a frame of readings was written, in milliseconds since 1970. @returns Whether its readings are wanted. */
  written(now: number): boolean;
  sample(field: number, time: number, value: FrameValue, quality: number): void;
}

function readSamples(reader: ByteReader, visitor: FrameVisitor): void {
  if (!visitor.written(reader.double()) || reader.atEnd) return;
  let time = reader.double();
  while (!reader.atEnd) {
    const head = reader.unsigned();
    const [field, tag] = [Math.floor(head / 8), head % 8];
    time += reader.signed();
    if (tag === tags.scaled) {
      const decimals = reader.byte();
      visitor.sample(field, time, reader.signed() / powers[decimals]!, good);
    } else if (tag === tags.double) visitor.sample(field, time, reader.double(), good);
    else if (tag === tags.textOf) visitor.sample(field, time, { text: reader.unsigned() }, good);
    else if (tag === tags.text) visitor.sample(field, time, reader.text(), good);
    else if (tag === tags.notGood) visitor.sample(field, time, undefined, reader.byte());
    else visitor.sample(field, time, tag === tags.on, good);
  }
}

function readFrame(payload: Uint8Array, visitor: FrameVisitor): void {
  const reader = new ByteReader(payload);
  const kind = reader.byte();
  if (kind === kinds.samples) readSamples(reader, visitor);
  else if (kind === kinds.segment) visitor.segment?.(JSON.parse(reader.text()) as SegmentHead);
  else if (kind === kinds.words) visitor.declarations?.(JSON.parse(reader.text()) as Declarations);
}

/**
 * Reads frames.
 *
 * @param bytes A file of the spool, whose end may be cut short.
 * @param visitor Told what they hold.
 * @returns How many bytes between whole frames are none of them; what is cut short at the very end is not counted.
 */
export function readFrames(bytes: Uint8Array, visitor: FrameVisitor): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [at, damaged] = [0, 0];
  let skipped = 0;
  while (at + headBytes <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    const end = at + headBytes + length;
    if (
      view.getUint32(at, true) === mark && end <= bytes.length &&
      crcOf(bytes.subarray(at + headBytes, end)) === view.getUint32(at + 8, true)
    ) {
      readFrame(bytes.subarray(at + headBytes, end), visitor);
      damaged += skipped;
      skipped = 0;
      at = end;
    } else {
      at++;
      skipped++;
    }
  }
  return damaged;
}

/** The quality of a reading, as it is kept. */
export const qualityNumbers = { good, stale, error, none } as const;
/** The qualities by their numbers. */
export const qualityWords = ["good", "stale", "error", "none"] as const;
