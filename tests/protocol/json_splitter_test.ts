import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "npm:fast-check@4.10.2";
import { joined } from "../../protocol/bytes.ts";
import { JsonSplitter, type MessageFault, onlyMessage } from "../../protocol/json_splitter.ts";
import { idIn, usableId } from "../../protocol/message_id.ts";

type Event = string | MessageFault;

const encoder = new TextEncoder();
const limit = 3000;

/** What comes out of bytes that come cut at the given places. */
function split(bytes: Uint8Array, places: readonly number[] = [], longest = limit): Event[] {
  const splitter = new JsonSplitter(longest);
  const into: Event[] = [];
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, end] of at.slice(1).entries()) {
    // The connection reuses its buffer: what was pushed must have been copied.
    const buffer = bytes.slice(at[index], end);
    splitter.push(buffer, into);
    buffer.fill(0);
  }
  return into;
}

const splitText = (text: string, longest?: number) => split(encoder.encode(text), [], longest);

/** Texts that look like what is around them: brackets, quotes and whole messages. */
const text = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    '\\"',
    '{"cmd":"Set"}',
    '"}{"cmd":"Set"',
    "id",
    '"id":7',
    "\n",
    "ä€😀",
  ),
);
const inner = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 }),
    fc.constant({ cmd: "Set", id: 99 }),
  ),
})).value;
/** An object with an id, or without one, at any place among its keys; laid out in any way. */
const message = fc.tuple(
  fc.dictionary(text.filter((key) => key !== "id"), inner, { maxKeys: 3 }),
  fc.dictionary(text.filter((key) => key !== "id"), inner, { maxKeys: 3 }),
  fc.option(fc.oneof(fc.nat(), text), { nil: undefined }),
  fc.constantFrom(undefined, 1, 2),
).map(([before, after, id, indent]) => {
  const whole = JSON.stringify({ ...before, ...(id === undefined ? {} : { id }), ...after }, null, indent);
  return { text: whole, id: (JSON.parse(whole) as { id?: number | string }).id };
});

interface Sent {
  readonly bytes: Uint8Array;
  readonly events: readonly Event[];
}

const good: fc.Arbitrary<Sent> = message.filter(({ text }) => encoder.encode(text).length <= limit).map(({ text }) => ({
  bytes: encoder.encode(text),
  events: [text],
}));

const withId = (fault: MessageFault["fault"], id: number | string | undefined): MessageFault =>
  id === undefined ? { fault } : { fault, id };

/** One that is nested about as deep as it may be, with another message and hostile texts at its bottom. */
const deep: fc.Arbitrary<Sent> = fc.tuple(
  fc.integer({ min: 190, max: 240 }),
  inner,
  text,
  fc.option(fc.nat(), { nil: undefined }),
  fc.boolean(),
).map(([levels, bottom, beside, id, first]) => {
  let nested = JSON.stringify([{ cmd: "Set", bottom }]);
  for (let level = 0; level < levels; level++) {
    nested = level % 3 === 0 ? `{"a":${nested},"b":${JSON.stringify(beside)}}` : `[${nested}]`;
  }
  const given = id === undefined ? "" : `"id":${id}`;
  const parts = [`"x":${nested}`];
  if (given !== "") first ? parts.unshift(given) : parts.push(given);
  const whole = `{${parts.join(",")}}`;
  return { whole, id };
}).map(({ whole, id }) => {
  const tooDeep = depthOf(whole) > 200;
  const bytes = encoder.encode(whole);
  return { bytes, events: [tooDeep ? withId("too_deep", id) : whole] };
}).filter(({ bytes }) => bytes.length <= limit);

function depthOf(json: string): number {
  const depth = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
  return depth(JSON.parse(json));
}

/** Whether brackets match before the end of a line. */
function closesEarly(line: string): boolean {
  const structure = line.replace(/"(?:[^"\\]|\\.)*"?/g, '"').slice(0, -1);
  let depth = 0;
  return [...structure].some((mark) => (depth += Number("{[".includes(mark)) - Number("]}".includes(mark))) <= 0);
}

const tooLong: fc.Arbitrary<Sent> = fc.tuple(fc.option(fc.nat(), { nil: undefined }), inner, fc.boolean()).map(
  ([id, value, first]) => {
    const long = { value, long: '{"cmd":"Set"}\\'.repeat(300) };
    const whole = first ? { id, ...long } : { ...long, id };
    return { bytes: encoder.encode(JSON.stringify(whole)), events: [withId("too_long", id)] };
  },
);

const notUtf8: fc.Arbitrary<Sent> = fc.tuple(fc.option(fc.nat(), { nil: undefined }), fc.boolean()).map(
  ([id, first]) => {
    const given = id === undefined ? "" : first ? `"id":${id},` : `,"id":${id}`;
    const [before, after] = first ? [`{${given}"x":"`, '"}'] : ['{"x":"', `"${given}}`];
    const bytes = joined([encoder.encode(before), new Uint8Array([0xff, 0x7b]), encoder.encode(after)]);
    return { bytes, events: [withId("invalid_utf8", id)] };
  },
);

const list: fc.Arbitrary<Sent> = fc.array(inner, { maxLength: 3 }).map((values) => ({
  bytes: encoder.encode(JSON.stringify(values)),
  events: [{ fault: "not_an_object" }],
}));

const places = fc.array(fc.nat(20_000), { maxLength: 12 });
const between = fc.constantFrom("", " ", "\n", "\r\n\t");

Deno.test("JsonSplitter: a message with a fault is lost whole and told once, and no other is lost or made", () => {
  const each = fc.oneof(good, deep, tooLong, notUtf8, list);
  fc.assert(
    fc.property(fc.array(fc.tuple(each, between), { maxLength: 8 }), places, (sent, where) => {
      const stream = joined(
        sent.flatMap(([{ bytes }, after]) => [bytes, encoder.encode(after)]).concat(new Uint8Array()),
      );
      deepStrictEqual(split(stream, where), sent.flatMap(([{ events }]) => events));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("JsonSplitter: of a line that is broken nothing is run, and the next line is read", () => {
  /** A message on a line, with one of the characters that hold it together taken out, doubled or changed. */
  // What closes early is a message, and what is behind it others, as in a stream without line ends. Where a value may
  // follow, the next line may be that: it is lost as well, and the one after it is read.
  const broken = fc.tuple(message, fc.nat(), fc.constantFrom("", "{", "}", "[", "]", '"', "x")).map(
    ([{ text }, place, put]) => {
      const line = JSON.stringify(JSON.parse(text));
      const marks = [...line.matchAll(/[{}[\]"]/g)].map(({ index }) => index);
      const at = marks[place % marks.length]!;
      return line.slice(0, at) + put + line.slice(at + (place % 2));
    },
  ).filter((line) => !/[[,:]$/.test(line) && !closesEarly(line));
  fc.assert(
    fc.property(fc.array(fc.tuple(broken, deep), { maxLength: 5 }), places, (sent, where) => {
      const ping = '{"cmd":"Ping"}';
      const stream = joined([
        ...sent.flatMap(([line, { bytes }]) => [encoder.encode(`${line}\n`), bytes, encoder.encode(`\n${ping}\n`)]),
        new Uint8Array(),
      ]);
      const events = split(stream, where);
      deepStrictEqual(events, split(stream));
      for (const [line, { events: [next] }] of sent) {
        const [event] = events.splice(0, 1);
        ok(event === line || typeof event === "object", line);
        deepStrictEqual(events.splice(0, 2), [next, ping], line);
      }
      deepStrictEqual(events, []);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("JsonSplitter: any bytes give the same messages and faults however they are cut", () => {
  const piece = fc.oneof(
    fc.constantFrom("\n", "\r\n", "{", "}", "[", "]", '"', "\\", "ä", "a", " ", ":", ",", '"id":5', "x".repeat(40)),
    fc.constantFrom("[".repeat(150), "{".repeat(199), "]".repeat(60), '{"cmd":"Set"}', "\n{"),
    fc.string({ maxLength: 6 }),
  ).map((each) => encoder.encode(each));
  const bytes = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.uint8Array({ maxLength: 3 })), { maxLength: 40 });
  fc.assert(
    fc.property(bytes, places, fc.constantFrom(32, limit), (pieces, where, longest) => {
      const stream = joined([...pieces, new Uint8Array()]);
      deepStrictEqual(split(stream, where, longest), split(stream, [], longest));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("JsonSplitter: each fault is told once and loses only itself", () => {
  const fine = '{"a":1}';
  const cases: [string | Uint8Array, MessageFault][] = [
    ["not json\n", { fault: "not_an_object" }],
    ['data: {"cmd":"Set"}\n', { fault: "not_an_object" }],
    ['"{\\"cmd\\":\\"Set\\"}"\n', { fault: "not_an_object" }],
    ['[{"a":2}]', { fault: "not_an_object" }],
    [`{"a":"${"x".repeat(limit)}"}`, { fault: "too_long" }],
    [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), { fault: "invalid_utf8" }],
    ['{"a":[}\n', { fault: "unbalanced" }],
    ['{"a":[}, "b": {"cmd":"Set"}}\n', { fault: "unbalanced" }],
    // Written over several lines: those that go on with it are lost with it.
    ['{"id":3,\n  "a":[},\n  "b":\n  {"cmd":"Set"}\n}\n]\n\n', { fault: "unbalanced", id: 3 }],
    ['{"a":"never closed\n', { fault: "unbalanced" }],
    ['{"a":"never closed\\\n', { fault: "unbalanced" }],
    // Cut off, as only the next line shows.
    ['{"id":"x","a":1\n', { fault: "unbalanced", id: "x" }],
    ['{"a":{\n', { fault: "unbalanced" }],
    [`{"a":${"[".repeat(300)}1\n`, { fault: "too_deep" }],
    [`{"a":${"[".repeat(204)}"{"${"]".repeat(204)},"id":9}`, { fault: "too_deep", id: 9 }],
    [`{"a":"${"[".repeat(300)}","id":[1],"b":"never\n`, { fault: "unbalanced", id: null }],
  ];
  for (const [bad, fault] of cases) {
    const chunk = typeof bad === "string" ? encoder.encode(bad) : bad;
    deepStrictEqual(
      split(joined([encoder.encode(fine), chunk, encoder.encode(fine)])),
      [fine, fault, fine],
      String(bad),
    );
  }
  deepStrictEqual(splitText("one\ntwo\n"), [{ fault: "not_an_object" }, { fault: "not_an_object" }]);
});

Deno.test("JsonSplitter: an object at the beginning of a line may be a value of one that goes on", () => {
  for (const whole of ['{"a":[\n{\n"b":1\n},\n{\n"c":2\n}\n]\n}', '{"a":\n{"b":1}}']) {
    JSON.parse(whole);
    deepStrictEqual(splitText(whole), [whole]);
  }
});

Deno.test("JsonSplitter: a fault is told as soon as the id is known, and else at the message's end", () => {
  const splitter = new JsonSplitter(20);
  const into: Event[] = [];
  splitter.push(encoder.encode(`{"id":7,"a":"${"x".repeat(20)}`), into);
  deepStrictEqual(into.splice(0), [{ fault: "too_long", id: 7 }]);
  splitter.push(encoder.encode(`"}{"a":"${"x".repeat(20)}"`), into);
  deepStrictEqual(into, []);
  splitter.push(encoder.encode(',"id":8'), into);
  deepStrictEqual(into, []);
  splitter.push(encoder.encode(" "), into);
  deepStrictEqual(into.splice(0), [{ fault: "too_long", id: 8 }]);
  splitter.push(encoder.encode('}{"id":1}'), into);
  deepStrictEqual(into, ['{"id":1}']);
});

Deno.test("JsonSplitter: what is given up is told once, and its rest is followed where that is asked for", () => {
  const rest = '{"cmd":"Set"}}}{"id":2}';
  for (const [follow, id] of [[true, 1], [true, undefined], [false, 1], [false, undefined]] as const) {
    const begun = `{${id === undefined ? "" : '"id":1,'}"a":{"b":`;
    const splitter = new JsonSplitter(limit);
    const into: Event[] = [];
    strictEqual(splitter.giveUp(follow), undefined);
    splitter.push(encoder.encode(begun), into);
    deepStrictEqual([into.length, splitter.unfinished], [0, true]);
    deepStrictEqual(splitter.giveUp(follow), withId("unfinished", id));
    strictEqual(splitter.giveUp(follow), undefined);
    splitter.push(encoder.encode(rest), into);
    // One that carries an id comes from a client that takes lines.
    if (follow || id !== undefined) deepStrictEqual(into, ['{"id":2}']);
    else deepStrictEqual(into, ['{"cmd":"Set"}', { fault: "not_an_object" }]);
  }
});

Deno.test("onlyMessage: one message or fault that stands alone", () => {
  const only = (text: string) => onlyMessage(encoder.encode(text), 20);
  for (const text of ['{"a":1}', '{"a":{}}']) deepStrictEqual([only(text), only(`${text}\r\n`)], [text, text]);
  for (const text of ["", " ", "{", '{"a":1', '{"a":1}}', '{"a":1},', '{"a":1}{"b":2}', '{"a":1}{"b"']) {
    strictEqual(only(text), undefined, text);
  }
  const faults = { "not json": "not_an_object", "[1": "not_an_object", '{"a":]': "unbalanced" };
  for (const [text, fault] of Object.entries(faults)) deepStrictEqual(only(text), { fault }, text);
});

Deno.test("idIn: finds the id of an object as JSON does, and never another's", () => {
  fc.assert(
    fc.property(message, fc.nat(), ({ text, id }, end) => {
      strictEqual(idIn(text), usableId(id));
      // What is cut off tells the id, or nothing, or that there is one.
      const cut = idIn(text.slice(0, end % text.length));
      ok(cut === usableId(id) || cut === undefined || (cut === null && id !== undefined), `${cut}`);
    }),
    { numRuns: 2000 },
  );
  const cases: [string, unknown][] = [
    ['{"id": 5, }', 5],
    ['{"cmd":"id","id":"\\u00e4\\"b"', 'ä"b'],
    ['{"id":"a', null],
    ['{"id":1.5,', null],
    ['{"id":{"id":1}}', null],
    ['{"id":null,"x":{"id":2}', undefined],
    ['{"x":{"id":2},"identity":3}', undefined],
    [`{"id":"${"x".repeat(5000)}"}`, null],
    ["not json", undefined],
  ];
  for (const [text, id] of cases) strictEqual(idIn(text), id, text);
});
