import { deepStrictEqual } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { joined } from "../../protocol/bytes.ts";
import { beginsHttp } from "../../protocol/http_guard.ts";
import { JsonSplitter, type MessageFault } from "../../protocol/json_splitter.ts";
import { type LineFault, LineSplitter } from "../../protocol/line_splitter.ts";

const encoder = new TextEncoder();
const limit = 32;

/** The bytes cut at the given places, any number of them, anywhere. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

function lines(chunks: readonly Uint8Array[]): (string | LineFault)[] {
  const splitter = new LineSplitter(limit);
  const into: (string | LineFault)[] = [];
  for (const chunk of chunks) {
    // The connection reuses its buffer: what was pushed must have been copied.
    const buffer = chunk.slice();
    splitter.push(buffer, into);
    buffer.fill(0);
  }
  return into;
}

function messages(chunks: readonly Uint8Array[]): (string | MessageFault)[] {
  const splitter = new JsonSplitter(limit);
  const into: (string | MessageFault)[] = [];
  for (const chunk of chunks) {
    const buffer = chunk.slice();
    splitter.push(buffer, into);
    buffer.fill(0);
  }
  return into;
}

const places = fc.array(fc.nat(2000), { maxLength: 12 });
const piece = fc.oneof(
  fc.constantFrom("\n", "\r\n", "\r", "{", "}", "[", "]", '"', "\\", "ä", "€", "😀", "a", " ", ":", "x".repeat(40)),
  fc.string({ maxLength: 6 }),
);
const bytes = fc.array(
  fc.oneof({ weight: 9, arbitrary: piece.map((text) => encoder.encode(text)) }, fc.uint8Array({ maxLength: 3 })),
  { maxLength: 40 },
).map((pieces) => pieces.length === 0 ? new Uint8Array() : joined(pieces));

Deno.test("LineSplitter: the same bytes give the same lines and faults however they are cut", () => {
  fc.assert(fc.property(bytes, places, (all, where) => deepStrictEqual(lines(cut(all, where)), lines([all]))), {
    numRuns: 2000,
  });
});

Deno.test("JsonSplitter: the same bytes give the same messages and faults however they are cut", () => {
  fc.assert(fc.property(bytes, places, (all, where) => deepStrictEqual(messages(cut(all, where)), messages([all]))), {
    numRuns: 2000,
  });
});

Deno.test("JsonSplitter: any sequence of objects comes out as it went in, whatever stands between them", () => {
  const object = fc.dictionary(
    fc.string({ maxLength: 3 }),
    fc.oneof(fc.string({ maxLength: 4 }), fc.integer({ max: 99 })),
    { maxKeys: 1 },
  );
  const between = fc.constantFrom("", " ", "\n", "\r\n\t");
  fc.assert(fc.property(fc.array(fc.tuple(object, between)), places, (sent, where) => {
    const texts = sent.map(([value]) => JSON.stringify(value)).filter((text) => encoder.encode(text).length <= limit);
    const stream = encoder.encode(texts.map((text, at) => text + sent[at]![1]).join(""));
    deepStrictEqual(messages(cut(stream, where)), texts);
  }));
});

Deno.test("LineSplitter: a line over the limit or of bad bytes loses only itself", () => {
  const stream = joined([
    encoder.encode("one\n"),
    encoder.encode(`${"x".repeat(limit)}\r\n`),
    encoder.encode(`${"y".repeat(limit + 1)}\n`),
    encoder.encode("two\n"),
    new Uint8Array([0x61, 0xff, 0x0a]),
    encoder.encode("no text, &c: \ufffd\n"),
    encoder.encode("three\nunfinished"),
  ]);
  deepStrictEqual(lines([stream]), [
    "one",
    "x".repeat(limit),
    { fault: "too_long" },
    "two",
    { fault: "invalid_utf8" },
    "no text, &c: \ufffd",
    "three",
  ]);
});

Deno.test("beginsHttp: tells as soon as it can, and waits where it cannot", () => {
  const tell = (text: string) => beginsHttp(encoder.encode(text));
  deepStrictEqual(["GET / HTTP/1.1\r\n", "POST ", "PRI * HTTP/2.0"].map(tell), [true, true, true]);
  deepStrictEqual(["", "G", "POS", "GET"].map(tell), [undefined, undefined, undefined, undefined]);
  deepStrictEqual(["get_status\n", '{"cmd":1}', "GETS", "\n"].map(tell), [false, false, false, false]);
});
