/**
 * The form in which readings are kept: columns of times, qualities and values, each made of small numbers, and deflated.
 * A reading takes a byte or so, and comes back exactly as it was.
 *
 * @module
 */

import { deflateRawSync, inflateRawSync } from "node:zlib";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { fits, mostDecimals, powers } from "./decimals.ts";

/** The qualities as they are kept. */
export const good = 0;
export const stale = 1;
export const error = 2;
/** Nothing was kept from that time on. */
export const none = 3;

/** Readings of one field, in the order of their times. */
export interface Run {
  /** In whole milliseconds since 1970. */
  readonly times: Float64Array;
  /** Numbers, or texts; what was not good has `NaN`, or an empty text. */
  readonly values: Float64Array | readonly string[];
  /** One for each: `good`, `stale`, `error`, `none`. */
  readonly qualities: Uint8Array;
}

/** What a number was, minute by minute. */
export interface Minutes {
  /** When each minute begins, in milliseconds since 1970. */
  readonly times: Float64Array;
  /** How many good readings there were; where that is 0, the values mean nothing. */
  readonly counts: Float64Array;
  /** Whether something was not good: 1, or 0. */
  readonly gaps: Uint8Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** The mean, to nine digits. */
  readonly mean: Float64Array;
}

/** Numbers that are kept as their eight, or their four, bytes. */
const asDoubles = 254;
const asFloats = 255;

/** The decimals that nearly all of the numbers have; `asDoubles` or `asFloats` where there are none such. */
function decimalsOf(values: Float64Array): number {
  const counts = new Uint32Array(mostDecimals + 2);
  for (const value of values) {
    let decimals = 0;
    while (decimals <= mostDecimals && !fits(value, powers[decimals]!)) decimals++;
    counts[decimals]!++;
    // Of numbers that nobody has rounded, no more has to be seen.
    if (counts[mostDecimals + 1]! > values.length / 16 + 1) {
      return values.every((each) => Object.is(Math.fround(each), each) || Number.isNaN(each)) ? asFloats : asDoubles;
    }
  }
  let beyond = values.length;
  for (let decimals = 0; decimals <= mostDecimals; decimals++) {
    beyond -= counts[decimals]!;
    if (beyond <= values.length / 16) return decimals;
  }
  // A few cannot be whole ones: these are kept apart.
  return mostDecimals;
}

/** Writes bytes of numbers so that like stands beside like. */
function writeTransposed(to: ByteWriter, bytes: Uint8Array, size: number): void {
  for (let place = 0; place < size; place++) {
    for (let at = place; at < bytes.length; at += size) to.byte(bytes[at]!);
  }
}

function readTransposed(from: ByteReader, count: number, size: number): ArrayBuffer {
  const bytes = new Uint8Array(count * size);
  for (let place = 0; place < size; place++) {
    const column = from.raw(count);
    for (let at = 0; at < count; at++) bytes[at * size + place] = column[at]!;
  }
  return bytes.buffer;
}

function writeNumbers(to: ByteWriter, values: Float64Array): void {
  const decimals = decimalsOf(values);
  to.byte(decimals);
  if (decimals === asDoubles) return writeTransposed(to, new Uint8Array(values.slice().buffer), 8);
  if (decimals === asFloats) return writeTransposed(to, new Uint8Array(Float32Array.from(values).buffer), 4);
  const power = powers[decimals]!;
  const apart: number[] = [];
  let previous = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!fits(value, power)) {
      apart.push(at);
      to.byte(0);
      continue;
    }
    const whole = Math.round(value * power);
    to.signed(whole - previous);
    previous = whole;
  }
  to.unsigned(apart.length);
  for (const at of apart) {
    to.unsigned(at);
    to.double(values[at]!);
  }
}

function readNumbers(from: ByteReader, count: number): Float64Array {
  const decimals = from.byte();
  if (decimals === asDoubles) return new Float64Array(readTransposed(from, count, 8));
  if (decimals === asFloats) return Float64Array.from(new Float32Array(readTransposed(from, count, 4)));
  const power = powers[decimals]!;
  const values = new Float64Array(count);
  let whole = 0;
  for (let at = 0; at < count; at++) {
    whole += from.signed();
    values[at] = whole / power;
  }
  for (let apart = from.unsigned(); apart > 0; apart--) {
    const at = from.unsigned();
    values[at] = from.double();
  }
  return values;
}

function skipNumbers(from: ByteReader, count: number): void {
  const decimals = from.byte();
  if (decimals === asDoubles) return void from.raw(count * 8);
  if (decimals === asFloats) return void from.raw(count * 4);
  from.skip(count);
  for (let apart = from.unsigned(); apart > 0 && from.left > 0; apart--) {
    from.skip(1);
    from.raw(8);
  }
}

/** Times that follow each other in equal steps are zeros. */
function writeTimes(to: ByteWriter, times: Float64Array): void {
  let [previous, step] = [0, 0];
  for (const time of times) {
    const next = time - previous;
    to.signed(next - step);
    [previous, step] = [time, next];
  }
}

function readTimes(from: ByteReader, count: number): Float64Array {
  const times = new Float64Array(count);
  let [time, step] = [0, 0];
  for (let at = 0; at < count; at++) {
    step += from.signed();
    times[at] = time += step;
  }
  return times;
}

function writeRuns(to: ByteWriter, qualities: Uint8Array): void {
  for (let at = 0; at < qualities.length;) {
    const quality = qualities[at]!;
    let end = at + 1;
    while (end < qualities.length && qualities[end] === quality) end++;
    to.byte(quality);
    to.unsigned(end - at);
    at = end;
  }
}

function readRuns(from: ByteReader, count: number): Uint8Array {
  const qualities = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const quality = from.byte();
    const end = Math.min(count, at + Math.max(1, from.unsigned()));
    if (quality !== good) qualities.fill(quality, at, end);
    at = end;
  }
  return qualities;
}

/** What was not good has no value of its own: the one before takes no room. */
function filled(values: Float64Array, qualities: Uint8Array): Float64Array {
  if (qualities.every((quality) => quality === good)) return values;
  const full = values.slice();
  let last = 0;
  for (let at = 0; at < full.length; at++) {
    if (qualities[at] === good) last = full[at]!;
    else full[at] = last;
  }
  return full;
}

function writeWords(to: ByteWriter, values: readonly string[]): void {
  const places = new Map<string, number>();
  for (const value of values) if (!places.has(value)) places.set(value, places.size);
  to.unsigned(places.size);
  for (const word of places.keys()) to.text(word);
  for (const value of values) to.unsigned(places.get(value)!);
}

function readWords(from: ByteReader, count: number): string[] {
  const words = Array.from({ length: from.unsigned() }, () => from.text());
  return Array.from({ length: count }, () => words[from.unsigned()] ?? "");
}

const kinds = { numbers: 0, words: 1, minutes: 2 } as const;

function packed(kind: number, count: number, write: (to: ByteWriter) => void, level = 6): Uint8Array {
  const [head, body] = [new ByteWriter(16), new ByteWriter(count * 3 + 64)];
  write(body);
  head.byte(kind);
  head.unsigned(count);
  const deflated = deflateRawSync(body.written, { level });
  const bytes = new Uint8Array(head.length + deflated.length);
  bytes.set(head.written);
  bytes.set(deflated, head.length);
  return bytes;
}

function opened(bytes: Uint8Array, kind: readonly number[]): [number, number, ByteReader] {
  const head = new ByteReader(bytes);
  const found = head.byte();
  if (!kind.includes(found)) throw new Error(`readings of a kind that this version does not know: ${found}`);
  const count = head.unsigned();
  return [found, count, new ByteReader(inflateRawSync(bytes.subarray(head.at)))];
}

/**
 * Makes readings small.
 *
 * @param run With times in whole milliseconds.
 * @param level How hard it tries, 1 to 9. @default 6
 */
export function encodeRun({ times, values, qualities }: Run, level?: number): Uint8Array {
  const numbers = values instanceof Float64Array;
  return packed(numbers ? kinds.numbers : kinds.words, times.length, (to) => {
    writeTimes(to, times);
    writeRuns(to, qualities);
    if (numbers) writeNumbers(to, filled(values, qualities));
    else writeWords(to, values);
  }, level);
}

/** Makes readings of what {@linkcode encodeRun} made. @throws {Error} Where the bytes are none of its. */
export function decodeRun(bytes: Uint8Array): Run {
  const [kind, count, from] = opened(bytes, [kinds.numbers, kinds.words]);
  const times = readTimes(from, count);
  const qualities = readRuns(from, count);
  if (kind === kinds.words) return { times, values: readWords(from, count), qualities };
  const values = readNumbers(from, count);
  for (let at = 0; at < count; at++) if (qualities[at] !== good) values[at] = NaN;
  return { times, values, qualities };
}

/**
 * Looks whether readings, or minutes, are whole: as many as they say, and nothing behind them. That takes a part of the
 * time that it takes to make them.
 *
 * @param bytes As {@linkcode encodeRun} or {@linkcode encodeMinutes} made them.
 * @throws {Error} Where they are not.
 */
export function checkWhole(bytes: Uint8Array): void {
  const [kind, count, from] = opened(bytes, Object.values(kinds));
  from.skip(count);
  for (let at = 0; at < count && from.left > 0;) {
    from.byte();
    at += Math.max(1, from.unsigned());
  }
  if (kind === kinds.words) {
    for (let words = from.unsigned(); words > 0 && from.left > 0; words--) from.raw(from.unsigned());
    from.skip(count);
  } else for (let columns = kind === kinds.minutes ? 6 : 1; columns > 0; columns--) skipNumbers(from, count);
  if (from.left !== 0) throw new Error("readings that are cut short, or go on behind their end");
}

/** Makes minutes small. */
export function encodeMinutes({ times, counts, gaps, first, last, lowest, highest, mean }: Minutes): Uint8Array {
  return packed(kinds.minutes, times.length, (to) => {
    writeTimes(to, times);
    writeRuns(to, gaps);
    for (const column of [counts, first, last, lowest, highest, mean]) writeNumbers(to, column);
  });
}

/** Makes minutes of what {@linkcode encodeMinutes} made. @throws {Error} Where the bytes are none of its. */
export function decodeMinutes(bytes: Uint8Array): Minutes {
  const [, count, from] = opened(bytes, [kinds.minutes]);
  const times = readTimes(from, count);
  const gaps = readRuns(from, count);
  const column = () => readNumbers(from, count);
  const [counts, first, last] = [column(), column(), column()];
  return { times, gaps, counts, first, last, lowest: column(), highest: column(), mean: column() };
}
