/** What a value can be: each way in which instruments code numbers and choices, read and written on a real line. */
import assert from "node:assert/strict";
import {
  type Kind,
  kinds,
  type Order,
  orders,
  rangeOf,
  sizeOf,
} from "../../../server/devices/described/number_code.ts";
import { bytesOf, paddedText, wordsOf } from "../../../server/devices/described/registers.ts";
import type { DescribedField } from "../../../server/devices/described/schema.ts";
import { Template } from "../../../server/devices/described/template.ts";
import { ValueCodec } from "../../../server/devices/described/value_codec.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { calibrationTable } from "../../../server/config/calibration_files.ts";
import { withBytes } from "../../../server/devices/transports/line_codec.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { byteDevice, goodValues, ServedBench } from "./devices.ts";

const codecOf = (value: Partial<DescribedField>) => new ValueCodec({ type: "int", ...value });

/** What the instrument is told, a character for each byte. */
function told(codec: ValueCodec, value: number | string | boolean, template = "{value}"): string {
  return new Template(template, ["value"]).fill({ value: codec.encode(value) }, "\r");
}

/** Numbers that are the same in every run. */
function numbers(seed: number): () => number {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647;
}

Deno.test("values: what is told in any kind, order and base is read back as the same", () => {
  const random = numbers(7);
  for (const kind of kinds) {
    const isFloat = kind.startsWith("float");
    const narrowed = kind === "float16" ? Math.f16round : kind === "float32" ? Math.fround : (value: number) => value;
    const [least, most] = isFloat && kind !== "float16"
      ? [-1e30, 1e30]
      : rangeOf(kind).map((end) => Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, end))) as [
        number,
        number,
      ];
    for (const order of orders) {
      if (sizeOf(kind) % 2 !== 0 && (order === "cdab" || order === "badc")) continue;
      for (const base of [undefined, "hexadecimal", "octal", "binary"] as const) {
        const codec = codecOf({ type: isFloat ? "float" : "int", kind, order, ...(base && { base }) });
        const values = [least, most, 0, 1, ...Array.from({ length: 10 }, () => least + random() * (most - least))];
        for (const each of values) {
          const value = isFloat ? each : Math.round(each);
          const text = told(codec, value);
          assert.equal(text.length, codec.width, `${kind} ${order} ${base}`);
          const read = codec.decode(text) as number;
          assert.equal(narrowed(read), narrowed(value), `${kind} ${order} ${base}: ${JSON.stringify(text)}`);
        }
      }
    }
  }
  for (const base of ["hexadecimal", "octal", "binary"] as const) {
    const codec = codecOf({ base });
    for (let at = 0; at < 200; at++) {
      const value = Math.floor(random() * 2 ** (random() * 53));
      assert.equal(codec.decode(told(codec, value)), value, base);
      const scaled = codecOf({ type: "float", base, scale: 0.5, offset: -3 });
      assert.equal(scaled.decode(told(scaled, value / 2 - 3)), value / 2 - 3, base);
    }
  }
});

Deno.test("values: the orders and kinds are those of the manuals", () => {
  const cases: [Kind, Order, string, number][] = [
    ["uint16", "big", "\x01\x02", 258],
    ["uint16", "little", "\x01\x02", 513],
    ["int16", "abcd", "\xff\xfe", -2],
    ["int24", "dcba", "\xfe\xff\xff", -2],
    ["uint24", "big", "\x01\x00\x00", 65536],
    ["uint32", "abcd", "\x01\x02\x03\x04", 0x01020304],
    ["uint32", "dcba", "\x04\x03\x02\x01", 0x01020304],
    ["uint32", "cdab", "\x03\x04\x01\x02", 0x01020304],
    ["uint32", "badc", "\x02\x01\x04\x03", 0x01020304],
    ["uint48", "cdab", "\x05\x06\x03\x04\x01\x02", 0x010203040506],
    ["float32", "big", "\x41\xc8\x00\x00", 25],
    ["float32", "cdab", "\x00\x00\x41\xc8", 25],
    ["float32", "dcba", "\x66\x66\xaa\x41", 21.3],
    ["float64", "little", "\x00\x00\x00\x00\x00\x00\x39\x40", 25],
    ["bcd16", "big", "\x12\x34", 1234],
    // A receiver's frequency, 145.5 MHz, in the five bytes of CI-V.
    ["bcd40", "little", "\x00\x00\x50\x45\x01", 145_500_000],
  ];
  for (const [kind, order, bytes, value] of cases) {
    const codec = codecOf({ type: kind.startsWith("float") ? "float" : "int", kind, order });
    assert.equal(codec.decode(bytes), value, `${kind} ${order}`);
    assert.equal(told(codec, value), bytes, `${kind} ${order}`);
  }
  const read: [Partial<DescribedField>, string, number | string | boolean][] = [
    [{ base: "hexadecimal" }, "0x1f", 31],
    [{ base: "hexadecimal" }, " #H1F", 31],
    [{ base: "hexadecimal" }, "$1F", 31],
    [{ base: "hexadecimal" }, "1Fh\0", 31],
    [{ base: "hexadecimal" }, "-1F", -31],
    [{ base: "hexadecimal", kind: "int16" }, "FFFE", -2],
    [{ base: "hexadecimal", kind: "int16" }, "7F", 127],
    [{ base: "hexadecimal", kind: "uint32" }, "00 00 01 00", 256],
    [{ type: "float", base: "hexadecimal", kind: "float32" }, "41C80000", 25],
    [{ base: "octal" }, "#Q17", 15],
    [{ base: "binary" }, "#B1010", 10],
    [{ base: "binary", kind: "int8" }, "11111111", -1],
    [{ bits: 3 }, "+8.00000E+00", 1],
    [{ bits: [4, 6] }, "81", 5],
    [{ bits: [6, 4], base: "hexadecimal" }, "51", 5],
    [{ bits: 63 }, "9223372036854775808", 1],
    [{ bits: [0, 3], kind: "int16", order: "little" }, "\xfe\xff", 14],
    [{ bits: [4, 7], signed: true }, "240", -1],
    [{ bits: [0, 11], signed: true, base: "hexadecimal" }, "F800", -2048],
    [{ bits: [0, 11], signed: true, kind: "uint16" }, "\xf7\xff", 2047],
    [{ type: "choice", bits: [0, 1], signed: true, choices: { Back: -1, Off: 0, On: 1 } }, "3", "Back"],
    [{ type: "float", kind: "float16" }, "\x4d\x53", 21.3],
    [{ type: "float", kind: "float16", order: "little" }, "\x00\xbc", -1],
    [{ type: "float", unit: "V", units: { mV: 0.001, V: 1 } }, "1.2 mV", 0.0012],
    [{ type: "float", unit: "V", units: { mV: 0.001, V: 1 } }, "+4.7E+02mV", 0.47],
    [{ type: "float", unit: "V", units: { mV: 0.001, "": 1 }, decimal: "," }, " 1,5 ", 1.5],
    [{ type: "float", unit: "Ω", units: "SI" }, "3.4k", 3400],
    [{ type: "float", unit: "Ω", units: "SI" }, "3.4 MΩ", 3.4e6],
    [{ type: "float", unit: "A", units: "SI", scale: 2 }, "4.7 µA", 9.4e-6],
    [{ unit: "Hz", units: "SI" }, "1.25 kHz", 1250],
    [{ type: "switch", bits: 0 }, "5", true],
    [{ type: "switch", bits: 1, on: "0", off: "1" }, "5", true],
    [{ type: "choice", choices: { Idle: 0, Run: "2" }, bits: [1, 2] }, "+4", "Run"],
    [{ type: "choice", choices: { Idle: 10, Run: "10", Off: "0xFF" }, base: "hexadecimal" }, "10", "Run"],
    [{ type: "choice", choices: { Idle: 10, Run: "10", Off: "0xFF" }, base: "hexadecimal" }, "0a", "Idle"],
    [{ type: "choice", choices: { Idle: 10, Run: "10", Off: "0xFF" }, base: "hexadecimal" }, "ff", "Off"],
    [{ type: "choice", choices: { Open: { send: "O", answer: ["OPEN", "OPN"] }, Shut: "C" } }, "OPN", "Open"],
    [{ type: "switch", on: { send: "RUN", answer: ["running", "1"] }, off: "STOP" }, "running", true],
  ];
  for (const [value, said, expected] of read) {
    const codec = codecOf(value);
    assert.ok(codec.understands(said), JSON.stringify([value, said]));
    assert.equal(codec.decode(said), expected, JSON.stringify([value, said]));
  }
  const strange: [Partial<DescribedField>, string, RegExp][] = [
    [{ base: "hexadecimal" }, "OL", /"OL" should have been hexadecimal digits/],
    [{ base: "hexadecimal", kind: "int8" }, "100", /should have been at most 2 hexadecimal digits \(int8\)/],
    [{ base: "hexadecimal", kind: "int16", order: "little" }, "7F", /been 4 hexadecimal digits \(int16\)/],
    [{ kind: "int16" }, "\x01", /should have been 2 bytes \(int16\)/],
    [{ kind: "bcd8" }, "\x1a", /should have been 1 byte \(bcd8\)/],
    [{ type: "float", kind: "float32" }, "\x7f\xc0\x00\x00", /should have been 4 bytes \(float32\)/],
    [{ kind: "uint64" }, "\xff".repeat(8), /too large for a whole number: 18446744073709551615; give the type float/],
    [
      { type: "float", units: { mV: 0.001, V: 1 } },
      "1.2 kV",
      /"1\.2 kV" should have been a number with one of the units mV, V/,
    ],
    [{ type: "float", units: { mV: 0.001, V: 1 } }, "1.2", /with one of the units mV, V/],
    [
      { type: "float", unit: "V", units: "SI" },
      "1.2 A",
      /been a number with a prefix such as m or k, before V or alone/,
    ],
    [{ bits: 1 }, "1.5", /"1\.5" should have been a whole number/],
    [{ type: "choice", choices: { Idle: 0 }, bits: [1, 2] }, "4", /"4" should have been one of "0" in bits 1 to 2/],
  ];
  for (const [value, said, message] of strange) assert.throws(() => codecOf(value).decode(said), message);
  const bad = new Map([["65535", "open"], ["NaN", "none"], ["7FFF", "short"]]);
  assert.equal(codecOf({ kind: "uint16" }).badReason("\xff\xff", bad), "open");
  assert.equal(codecOf({ type: "float", kind: "float32" }).badReason("\x7f\xc0\x00\x00", bad), "none");
  assert.equal(codecOf({ base: "hexadecimal" }).badReason("0x7fff", bad), "short");
  assert.equal(codecOf({ base: "hexadecimal" }).badReason("FFFF", bad), undefined);
  // Digits with an E among them are no exponent where they are hexadecimal.
  assert.equal(codecOf({ base: "hexadecimal" }).badReason("0E5", new Map([["0", "no sensor"]])), undefined);
  const status = codecOf({ type: "choice", choices: { "All Well": "0000", Fault: "0010" } });
  assert.throws(() => status.decode("0E00"), /"0E00" should have been one of "0000", "0010"/);
  assert.equal(status.decode("+0"), "All Well");
  assert.equal(status.badReason("0E00", new Map([["0000", "off"]])), undefined);
  // Every way to write a number that is a value is one to write that there is none.
  const overload = new Map([["9.9E37", "overload"]]);
  for (const said of ["+9.90E+37", "9.9D+37", "9.9E37\0", "+ 9.9E+37", '"9.9E37"']) {
    assert.equal(codecOf({ type: "float" }).badReason(said, overload), "overload", said);
  }
  assert.equal(codecOf({ type: "float", decimal: "," }).badReason("9,9E37", overload), "overload");
  assert.equal(codecOf({ type: "float", units: { V: 1 } }).badReason("9.9E37 V", overload), "overload");
});

Deno.test("values: registers hold the bytes of a value, the higher one first, and texts that fit", () => {
  const bytes = told(codecOf({ type: "float", kind: "float32", order: "cdab" }), 21.5);
  assert.deepEqual(wordsOf(bytes), [0x0000, 0x41ac]);
  assert.equal(bytesOf(wordsOf("\xfe\x01ab")), "\xfe\x01ab");
  assert.equal(paddedText("ab\xb5", 2), "ab\xb5\0");
  assert.throws(() => paddedText("abcde", 2), /"abcde" has more than 4 characters/);
  assert.throws(() => paddedText("€", 2), /"€" has characters that are not Latin-1/);
});

Deno.test("values: degrees and hours are read back as they are told, to the last place", () => {
  const random = numbers(11);
  for (const format of ["HH:MM:SS", "sDD*MM:SS.SSS", "DDD:MM.MM", "sHH MM SS"]) {
    const codec = codecOf({ type: "float", base: "sexagesimal" });
    const last = 3600 * (format.includes("SS.SSS") ? 1000 : 1) * (format.includes(".MM") ? 100 / 60 : 1);
    for (let at = 0; at < 500; at++) {
      const value = Math.round((random() - 0.5) * 700 * last) / last;
      const text = told(codec, value, `{value:${format}}`);
      assert.ok(Math.abs(codec.decode(text) as number - value) < 1e-11, `${text} of ${value}`);
    }
    assert.match(told(codec, 59.9999999, `{value:${format}}`), /^\+?0?60\D00\D00/);
  }
  for (const strange of ["12:60:00", "12:30.5:10", "12", "a:b", "1:2:3:4"]) {
    assert.ok(!codecOf({ type: "float", base: "sexagesimal" }).understands(strange), strange);
  }
});

Deno.test("values: what is told has the form that its place says, and no more than its kind holds", () => {
  const hexadecimal = codecOf({ base: "hexadecimal" });
  assert.equal(told(hexadecimal, 31, "D {value}"), "D 1F");
  assert.equal(told(hexadecimal, 31, "D {value:04x}"), "D 001f");
  assert.equal(told(hexadecimal, 31, "D {value:d}"), "D 31");
  assert.equal(told(codecOf({}), 31, "D #H{value:X}, {value:o}, {value:08b}"), "D #H1F, 37, 00011111");
  // The value of bits is told as it is: it is no word.
  assert.equal(told(codecOf({ bits: [4, 6], kind: "uint8" }), 5), "5");
  assert.equal(told(codecOf({ type: "switch", bits: 4, on: { send: "RUN", answer: 1 } }), true), "RUN");
  // The end of a command is a byte like any other in one that the instrument counts.
  assert.equal(told(codecOf({ kind: "uint16" }), 0x0d0a, "m{value}"), "m\r\n");
  assert.equal(told(codecOf({ type: "choice", choices: { A: 13 }, kind: "uint8" }), "A"), "\r");
  assert.throws(() => told(codecOf({ kind: "int8" }), 128), /Cannot send 128: int8 holds -128 to 127/);
  assert.throws(() => told(hexadecimal, -1), /Cannot send -1: hexadecimal is without a sign/);
  const seen = codecOf({ type: "choice", choices: { Fault: { answer: "F" }, On: "1" } });
  assert.throws(() => told(seen, "Fault"), /Fault cannot be set: the instrument only answers it/);
});

Deno.test("values: a status word is several fields, bytes are numbers, and one answer is asked for once", async () => {
  let frame = "\x00\x41\xc8\x00\x00\x12\x34\x05";
  let status = "0A";
  await using device = byteDevice("\r", (command) => {
    if (command === "?") return frame;
    if (command === "ST") return `${status}END`;
    if (command.startsWith("W")) frame = `\x00${command.slice(1, 5)}${frame.slice(5)}`;
    if (command.startsWith("M")) status = command === "M run" ? "0A" : "08";
    return undefined;
  });
  await using bench = await ServedBench.one({
    title: "Furnace",
    port: device.address,
    line: { sendEnd: "\r", receiveEnd: "END", timeout: 2 },
    pollInterval: 0.05,
    questions: { frame: { ask: "?", length: 8, pattern: "^\\x00(?<t>[^]{4})(?<rest>[^]{3})$" } },
    fields: {
      Temperature: {
        kind: "float32",
        unit: "°C",
        read: { question: "frame", group: "t", bad: { NaN: "no thermocouple" } },
        write: "W{value}",
      },
      Serial: { type: "int", kind: "bcd16", read: { question: "frame", group: "rest", at: 0 } },
      Zone: { type: "int", kind: "uint8", bits: [0, 1], read: { question: "frame", group: "rest", at: 2 } },
      Heating: {
        type: "switch",
        base: "hexadecimal",
        bits: 1,
        on: { send: "run", answer: 1 },
        off: { send: "stop", answer: 0 },
        read: "ST",
        write: "M {value}",
      },
      Mode: { type: "choice", base: "hexadecimal", bits: [2, 3], choices: { Local: 0, Remote: 2 }, read: "ST" },
    },
  });
  const seen = goodValues(bench, "furnace");
  const all = ["Temperature", "Serial", "Zone", "Heating", "Mode"];
  await eventually(() => all.every((field) => bench.field("furnace", field).quality === "good"), "the first readings");
  assert.deepEqual(all.map((field) => bench.field("furnace", field).value), [25, 1234, 1, true, "Remote"]);
  assert.equal(await bench.ask("furnace.set Heating Off"), "OK");
  assert.equal(await bench.ask("furnace.get Heating"), "OK Off");
  // 8.5 has a byte that ends a command elsewhere: 0x0d.
  assert.equal(await bench.ask("furnace.set Temperature 100.5"), "OK");
  assert.equal(await bench.ask("furnace.get Temperature"), "OK 100.5");
  frame = "\x00\x7f\xc0\x00\x00\x1a\x34\x06";
  await eventually(() => bench.field("furnace", "Zone").value === 2, "a frame with one good part");
  for (const field of ["Serial", "Temperature"]) {
    await eventually(() => bench.field("furnace", field).quality === "error", "parts that are no number");
  }
  assert.match(bench.field("furnace", "Temperature").reason, /means no thermocouple/);
  assert.match(bench.field("furnace", "Serial").reason, /should have been 2 bytes \(bcd16\)/);
  assert.equal(bench.field("furnace", "Zone").quality, "good");
  assert.deepEqual(seen.get("Serial"), new Set([1234]));
  // Each poll asks once: no question follows itself while both are asked in turn.
  const polls = device.commands.filter((command) => command === "?" || command === "ST").length;
  const questions = device.commands.filter((command) => command === "?").length;
  assert.ok(Math.abs(polls - 2 * questions) <= 4, `${questions} of ${polls}`);
});

Deno.test("values: mistakes in what a value can be are told where they are, all at once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const fields: [Record<string, unknown>, RegExp][] = [
      [{ format: "hexadecimal" }, /F0\.format: hexadecimal has a meaning only for whole numbers: the type int/],
      [{ format: "rounded" }, /F1\.format: should be one of fixed, .*, significant, and is "rounded"/],
      [{ order: "little" }, /F2\.order: has a meaning only beside "kind"/],
      [
        { kind: "int24", order: "cdab" },
        /F3\.order: cdab is an order of words .* int24 has 3: give big or little/,
      ],
      [{ kind: "int8", bits: 8 }, /F4\.bits: int8 has 8 bits, counted from 0, and 8 is none of them/],
      [{ kind: "float32", bits: 1 }, /F5\.bits: has no meaning for float32/],
      [
        { type: "text", kind: "int8" },
        /F6\.kind: has no meaning for the type text, only for float, int, choice and switch/,
      ],
      [{ kind: "int16", decimal: "," }, /F7\.decimal: has no meaning beside kind/],
      [{ type: "switch", kind: "float32" }, /F8\.kind: float32 is no whole number, as a switch needs/],
      [{ base: "sexagesimal", kind: "int8" }, /\.base: sexagesimal digits are not those of bytes/],
      [{ type: "int", base: "sexagesimal" }, /\.base: sexagesimal needs the type float/],
      [
        { write: "A{value:HH:SS}" },
        /\.write: .* formats \{value:HH:SS\} in a way that is not known.* \{value:HH:MM:SS\}/,
      ],
      [{ type: "choice", bits: 1, choices: { A: "x" } }, /F12\.choices\.A: "x" is no number, and bits is one/],
      [{ type: "choice", choices: { A: {} } }, /F13\.choices\.A: needs "send" or "answer"/],
      [{ type: "choice", choices: { A: 1, B: { send: 2, answer: [3, "1"] } } }, /F14\.choices\.B: two choices are "1"/],
      [{ read: { ask: "?", at: 2 } }, /F15\.read\.at: says where the value begins, and .*: write \[2, LAST\]/],
      [{ read: { ask: "?", at: [3, 2] } }, /F16\.read\.at: ends at 2, before it begins at 3/],
      [
        { kind: "int16", read: { ask: "?", at: [0, 3] } },
        /F17\.read\.at: are 4 characters, and the kind has 2: write 0/,
      ],
      [{ read: { question: "al", group: 1 } }, /F18\.read\.question: there is no al \(did you mean all\?\): .* all/],
      [{ read: { question: "all", group: "v" } }, /F19\.read\.group: the pattern has no group v.*: it has a, b/],
      [{ calibration: "none.csv" }, /F20\.calibration: there is no file .*none\.csv/],
      [{ bits: 3, signed: true }, /\.signed: has a meaning only beside several "bits"/],
      [{ kind: "int16", units: "SI" }, /\.units: has no meaning beside kind: what stands behind digits is text/],
      [{ units: { V: 0 } }, /\.units: has 0 for V, which would make every value the same/],
      [
        { calibration: "../up.csv" },
        /F24\.calibration: \.\.\/up\.csv is not in the folder of the file that names/,
      ],
    ];
    const bench = JSON.stringify({
      instruments: [{
        title: "A",
        port: "tcp://127.0.0.1:1",
        line: { quiet: 0.1 },
        questions: { all: { ask: "R?", pattern: "^(?<a>.),(?<b>.)$" } },
        fields: Object.fromEntries(fields.map(([field], at) => [`F${at}`, { read: "?", ...field }])),
      }, {
        title: "B",
        port: "tcp://127.0.0.1:2",
        line: { encoding: "utf8" },
        questions: { all: { ask: "R?", pattern: "(" } },
        fields: { G: { read: { question: "all" } }, H: { kind: "int16", read: "?" } },
        commands: { tell: { summary: "Tell", ask: { ask: "?", at: 1 }, returns: { type: "float" } } },
      }],
    });
    await Deno.writeTextFile(`${folder}/bench.json`, bench);
    const error = await loadBench(`${folder}/bench.json`).then(() => undefined, (failure: Error) => failure);
    const found = error!.message.split("\n");
    for (const [, message] of fields) {
      assert.ok(found.some((each) => message.test(each)), `${message} of ${found.join("\n")}`);
    }
    for (
      const message of [
        /questions\.all\.pattern: is no regular expression/,
        /fields\.H\.kind: is in bytes, and the line is in "encoding": "utf8"/,
        /commands\.tell\.ask\.at: says where the value begins/,
      ]
    ) assert.ok(found.some((each) => message.test(each)), `${message} of ${found.join("\n")}`);
    assert.equal(found.length, fields.length + 3, found.join("\n"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("values: a calibration stands in a file, and what is wrong in it is told with its line", async () => {
  const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const tables: [file: string, text: string, columns: [number, number] | undefined, points: number[][]][] = [
    ["a.csv", "# measured\nT (\xb0C),U (V)\r\n0,1\r\n\r\n10,2.5 # twice\n", undefined, [[0, 1], [10, 2.5]]],
    ["a.csv", "\xef\xbb\xbf0,5;1,25\n1,5;2\n", undefined, [[0.5, 1.25], [1.5, 2]]],
    ["a.dat", "; a note\n 1.0  0.1\n 2.0  2.0D-01\n", [2, 1], [[0.1, 1], [0.2, 2]]],
    ["a.tsv", "set\tread\tnote\n1\t1,5\tfirst\n2\t3\t\n", [2, 1], [[1.5, 1], [3, 2]]],
    [
      "cx.340",
      "Sensor Model:   CX-1030\nData Format:    4      (Log Ohms/Kelvin)\nNumber of Breakpoints:   2\n\n" +
      "No.   Units      Temperature (K)\n\n  1  2        300.0\n  2  3          4.2\n",
      undefined,
      [[100, 300], [1000, 4.2]],
    ],
  ];
  for (const [file, text, columns, points] of tables) {
    assert.deepEqual(calibrationTable(file, bytes(text), columns), points, text);
  }
  const folder = await Deno.makeTempDir();
  await using device = byteDevice("\r", (command) => command === "S?" ? "1.5\r" : undefined);
  try {
    const load = async (table: string, calibration: unknown = "t/sensor.csv") => {
      await Deno.mkdir(`${folder}/t`, { recursive: true });
      await Deno.writeTextFile(`${folder}/t/sensor.csv`, table);
      const instrument = {
        title: "Bridge",
        port: device.address,
        line: { sendEnd: "\r", receiveEnd: "\r" },
        fields: {
          Sensor: { unit: "K", calibration, read: "S?", write: "S {value}" },
          Other: { unit: "K", calibration, read: "S?" },
        },
        commands: {
          go: {
            summary: "Go",
            arguments: { to: { calibration } },
            send: "G {to}",
            ask: "S?",
            returns: { calibration },
          },
        },
      };
      await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [instrument] }));
      return loadBench(`${folder}/bench.json`);
    };
    const { instruments } = await load("V,K\n1,300\n2,100\n3,4\n");
    await using server = startServer({ instruments, poll: true });
    using client = await RawClient.connect(server.commandServer.port);
    await eventually(() => instruments[0]!.field("Sensor").value === 200, "the corrected reading");
    assert.equal(await client.ask("bridge.set Sensor 52"), "OK");
    assert.match(await client.ask("bridge.set Sensor 301"), /above its maximum of 300 K/);
    assert.equal(await client.ask("bridge.go 300"), "OK 200.0");
    assert.deepEqual(device.commands.filter((command) => command !== "S?"), ["S 2.5", "G 1"]);
    const wrong: [string, RegExp][] = [
      ["1,2\n2\n3,4,5\n", /sensor\.csv:2:1: has 1 columns?, .*\n.*sensor\.csv:3:1: has 3 columns, and a table has two/],
      ["1,2\n2,x\n", /sensor\.csv:2:1: has no number in column 2$/],
      ["V,K\n", /sensor\.csv:2:1: has no line of numbers/],
      [
        "0,1\n1,5\n\n2,4\n",
        /sensor\.csv:4:1: gives 5 for 1 and 4 for 2: its second column must only rise or only fall$/,
      ],
    ];
    for (const [table, message] of wrong) await assert.rejects(load(table), message);
    const column = load("1,2\n2,3\n", { file: "t/sensor.csv", columns: [1, 3] });
    await assert.rejects(column, /sensor\.csv:1:1: has no column 3/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/values.md: each of its instruments is read and set as its table says", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/values.md", import.meta.url));
  const folder = await Deno.makeTempDir();
  const asBytes = (written: string) => withBytes(written.replace(/^`(.*)`$/, "$1"), String.fromCharCode);
  try {
    await Deno.writeTextFile(`${folder}/diode7.csv`, /```csv\n([^]*?)```/.exec(text)![1]!);
    let checked = 0;
    for (const [, json, table] of text.matchAll(/```json\n([^]*?)```\n\n((?:\|.*\n)+)/g)) {
      const instrument = JSON.parse(json!);
      const rows = table!.trim().split("\n").slice(2).map((row) =>
        row.split("|").slice(1, -1).map((cell) => cell.trim())
      );
      const answers = new Map(rows.filter((row) => row[2] !== "").map((row) => [asBytes(row[1]!), asBytes(row[2]!)]));
      const { sendEnd = "\n", receiveEnd = "\n" } = instrument.line ?? {};
      // What has a length has no end.
      const endless = Object.values<{ ask: string; length?: number }>(instrument.questions ?? {})
        .filter(({ length }) => length !== undefined).map(({ ask }) => ask);
      await using device = byteDevice(sendEnd, (command) => {
        const answer = answers.get(command);
        return answer === undefined || endless.includes(command) ? answer : answer + receiveEnd;
      });
      await Deno.writeTextFile(
        `${folder}/bench.json`,
        JSON.stringify({ instruments: [{ ...instrument, port: device.address }] }),
      );
      const { instruments } = await loadBench(`${folder}/bench.json`);
      await using server = startServer({ instruments, poll: true });
      using client = await RawClient.connect(server.commandServer.port);
      const made = instruments[0]!;
      for (const [field, , , value, to, sent] of rows) {
        if (value !== "") {
          const wanted = asBytes(value!);
          await eventually(() => made.field(field!).text === wanted, `${field} to be ${wanted}`);
        }
        if (to !== "") {
          const reply = await client.ask(`${made.name}.set ${field} ${asBytes(to!)}`);
          assert.equal(reply, "OK", `${field} is set to ${to}`);
          assert.ok(device.commands.join("\0").includes(asBytes(sent!).split(sendEnd).join("\0")), `${field}: ${sent}`);
        }
        checked++;
      }
    }
    assert.equal(checked, 28);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
