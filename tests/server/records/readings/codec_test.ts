/** The form in which readings are kept: they come back as they were, to the bit, and take a byte or so each. */
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import {
  checkWhole,
  decodeMinutes,
  decodeRun,
  encodeMinutes,
  encodeRun,
  error,
  good,
  none,
  type Run,
  stale,
} from "../../../../server/records/readings/codec.ts";

/** Numbers from 0 to 1, the same ones for the same seed. */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Readings once a second with the jitter of a poll. */
function polled(next: () => number, count: number, value: (at: number) => number): Run {
  const times = Float64Array.from({ length: count }, (_, at) => 1.79e12 + at * 1000 + Math.round(next() * 6));
  return { times, values: Float64Array.from(times, (_, at) => value(at)), qualities: new Uint8Array(count) };
}

/** They are whole, and with a byte less or more of what was deflated they are not. */
function holdsWhole(bytes: Uint8Array): void {
  checkWhole(bytes);
  const head = bytes[1]! < 128 ? 2 : 3;
  const body = inflateRawSync(bytes.subarray(head));
  for (const other of [body.subarray(0, -1), body.subarray(0, body.length >> 1), [...body, 0]]) {
    if (other.length === body.length) continue;
    const changed = [...bytes.subarray(0, head), ...deflateRawSync(Uint8Array.from(other))];
    throws(() => checkWhole(Uint8Array.from(changed)), /cut short, or go on behind their end/);
  }
}

const oddNumbers = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 50,
  -(2 ** 50) - 1,
  1e-7,
  0.1 + 0.2,
  1 / 3,
  123456.789012345,
  Math.fround(23.45),
  -100,
  12.5,
];

Deno.test("readings: any numbers, times and qualities come back as they were", () => {
  const next = random(20261128);
  const kinds: ((at: number) => number)[] = [
    () => oddNumbers[Math.floor(next() * oddNumbers.length)]!,
    () => Math.round(next() * 1e6) / 10 ** Math.floor(next() * 8),
    () => next() * 10 ** Math.floor(next() * 300 - 150),
    () => Math.fround(20 + next()),
    (at) => next() < 0.03 ? oddNumbers[at % oddNumbers.length]! : Math.round((20 + next()) * 100) / 100,
    () => Math.round((next() - 0.5) * 2 ** 53),
    () => 5,
  ];
  for (let round = 0; round < 400; round++) {
    const count = Math.floor(next() ** 3 * 500);
    const kind = kinds[round % kinds.length]!;
    const wild = next() < 0.2;
    const times = Float64Array.from(
      { length: count },
      (_, at) => wild ? Math.floor(next() * 4e12) : 1.79e12 + at * 1000 + Math.round(next() * 50),
    );
    const spoilt = next() < 0.5 ? 0 : next();
    const qualities = Uint8Array.from(
      times,
      () => next() < spoilt ? [stale, error, none][Math.floor(next() * 3)]! : good,
    );
    const values = Float64Array.from(times, (_, at) => qualities[at] === good ? kind(at) : NaN);
    const bytes = encodeRun({ times, values, qualities });
    deepStrictEqual(decodeRun(bytes), { times, values, qualities });
    holdsWhole(bytes);
    const columns = { counts: times, first: values, last: values, lowest: values, highest: values, mean: values };
    const minutes = { times, gaps: qualities, ...columns };
    deepStrictEqual(decodeMinutes(encodeMinutes(minutes)), minutes);
    holdsWhole(encodeMinutes(minutes));
  }
});

Deno.test("readings: texts come back as they were", () => {
  const words = ["open", "closed", "", "größer, „anders“ \n\0", "x".repeat(10_000)];
  const next = random(7);
  const times = Float64Array.from({ length: 300 }, (_, at) => 1.79e12 + at);
  const values = Array.from(times, () => words[Math.floor(next() * words.length)]!);
  const run = { times, values, qualities: new Uint8Array(300) };
  deepStrictEqual(decodeRun(encodeRun(run)), run);
  holdsWhole(encodeRun(run));
});

Deno.test("readings: an hour takes at most 1.5 bytes a reading, and nearly nothing where nothing changes", () => {
  const next = random(1);
  let drift = 0;
  const walk = polled(next, 3600, () => Math.round((-100 + (drift += (next() - 0.5) * 0.02)) * 100) / 100);
  const noise = polled(next, 3600, () => Math.round((21.3 + (next() + next() - 1) * 0.05) * 100) / 100);
  const still = polled(next, 3600, () => 4.25);
  const size = (run: Run) => encodeRun(run).length / run.times.length;
  ok(size(walk) < 1.4 && size(noise) < 1.5 && size(still) < 0.6, `${size(walk)} ${size(noise)} ${size(still)}`);
});

Deno.test("readings: bytes that are none of theirs are refused", () => {
  throws(() => decodeRun(new Uint8Array([9, 1, 2, 3])), /a kind that this version does not know: 9/);
  const run = polled(random(3), 10, () => 1);
  strictEqual(decodeRun(encodeRun(run)).times.length, 10);
  throws(() => decodeRun(encodeRun(run).subarray(0, 6)));
  throws(() => checkWhole(new Uint8Array([9, 1, 2, 3])), /a kind that this version does not know: 9/);
  throws(() => checkWhole(encodeRun(run).subarray(0, 6)));
});
