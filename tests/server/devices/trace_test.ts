/** The trace of a line: what was sent, what came, what was made of it, over every wire and in the log. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import type { LineTraceDescription } from "../../../protocol/description.ts";
import { escapedBytes, hexBytes, unescaped } from "../../../protocol/escapes.ts";
import { traceLine, traceRows } from "../../../protocol/trace_rows.ts";
import { Principal } from "../../../server/access/principal.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { tryOnce } from "../../../server/devices/try_out.ts";
import { LineTrace } from "../../../server/devices/transports/line_trace.ts";
import { Journal } from "../../../server/records/journal.ts";
import type { Services } from "../../../server/services.ts";
import { run } from "../../cli_fixture.ts";
import { dashboardClient, eventually, RawClient, startServer } from "../../fixture.ts";
import { ServedBench, tcpDevice } from "./devices.ts";

/** The lines of an instrument's trace. */
function linesOf({ server }: ServedBench, instrument: string): string[] {
  const { contact, title } = server.bench.find(instrument)!;
  return traceRows(contact!.trace!.entries(0, title)).map(traceLine);
}

function isThere(bench: ServedBench, instrument: string, line: string): Promise<void> {
  const told = () => linesOf(bench, instrument);
  return eventually(() => told().includes(line), `the trace has ${line}; it has ${told().join("\n")}`);
}

/** A meter that answers one question well, one strangely, one with two lines, and refuses the rest. */
const meter = (command: string): string | undefined =>
  ({ "V?": "1.5\r", "T?": "OL", "B?": "2,7", "N?": "5\nand more" })[command] ??
    (command === "quiet" ? undefined : "?NA");

const described = (port: string) => ({
  title: "Meter",
  port,
  pollInterval: 0.05,
  line: { refused: { "^\\?NA$": "not available" }, ignore: ["^#"], timeout: 0.3, retries: 0 },
  fields: {
    Voltage: { read: "V?" },
    First: { read: { ask: "B?", pattern: "(\\S+),(\\S+)" } },
    Second: { read: { ask: "B?", pattern: "(\\S+),(\\S+)", group: 2 } },
    Temperature: { read: "T?" },
    Level: { write: "L {value}" },
    Heard: { listen: { pattern: "^!(\\d+)$" } },
  },
  commands: { ask_more: { summary: "Ask more", ask: "N?", returns: { type: "int" } } },
});

Deno.test("trace: tells what was sent and what came with its ends, and what was made of it", async () => {
  await using device = tcpDevice(meter);
  await using bench = await ServedBench.one(described(device.address));
  const hasBoth = (came: string, made: string) =>
    eventually(
      () => linesOf(bench, "meter").some((line) => line.includes(came) && line.includes(made)),
      `${came} is told to be ${made}`,
    );
  await isThere(bench, "meter", "   (opened)");
  await isThere(bench, "meter", "→  V?\\n");
  await isThere(bench, "meter", "←  1.5\\r\\n   (Voltage = 1.5)");
  // One answer, in which two fields stand.
  await isThere(bench, "meter", "←  2,7\\n   (First = 2, Second = 7)");
  await isThere(
    bench,
    "meter",
    '←  OL\\n   (not understood: it answered "OL" to "T?", and should have been a number; ' +
      'say what it means by "bad" or "refused", or where the value stands by "pattern")',
  );
  match(await bench.ask("meter.set Level 3"), /^ERROR .*refused "L 3"/);
  await isThere(bench, "meter", "←  ?NA\\n   (refused)");
  // These may come together with an answer.
  device.send("!4");
  await hasBoth("!4\\n", "Heard = 4");
  device.send("# banner");
  await hasBoth("# banner\\n", "ignored");
  await bench.ask("meter.ask_more");
  await hasBoth("5\\nand more\\n", "left over");
  device.hangUp();
  await eventually(
    () => linesOf(bench, "meter").some((line) => / was closed by the other end\)$/.test(line)),
    "the end is told",
  );
});

Deno.test("trace: tells a question without an answer, and one that a stop interrupted", async () => {
  await using device = tcpDevice((command) => command === "V?" ? "1" : undefined);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    line: { timeout: 20 },
    fields: { Voltage: { read: "V?" }, Lamp: { type: "switch", read: "V?" } },
    commands: {
      wait: { summary: "Wait", ask: { ask: "W?", timeout: 0.05 } },
      wait_long: { summary: "Wait long", ask: "W?" },
      stop: { summary: "Stop", send: "STOP", immediate: true },
    },
  });
  await isThere(bench, "meter", "←  1\\n   (Voltage = 1, Lamp = On)");
  match(await bench.ask("meter.wait"), /no answer/);
  await isThere(bench, "meter", '   (no answer to "W?" within 0.05 s)');
  await eventually(() => bench.server.bench.find("meter")!.contact!.state === "connected", "it is there again");
  using other = await RawClient.connect(bench.server.commandServer.port);
  const waiting = bench.ask("meter.wait_long");
  await eventually(() => device.commands.filter((command) => command === "W?").length === 2, "it is asked");
  strictEqual(await other.ask("meter.stop"), "OK");
  match(await waiting, /interrupted/);
  await isThere(bench, "meter", "→  STOP\\n");
  await isThere(bench, "meter", '   (interrupted by an immediate command before "W?" was answered)');
});

Deno.test("trace: is asked for over every wire, also for what is new; observers may not see it", async () => {
  await using device = tcpDevice(meter);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [described(device.address)] }));
  const { instruments } = await loadBench(`${folder}/bench.json`);
  let services: Services | undefined;
  await using server = startServer({ instruments, poll: true }, {
    faces: [(given) => {
      services = given;
      return {
        name: "none",
        addresses: [],
        bind: () => {},
        prepare: async () => {},
        start: () => {},
        stop: async () => {},
      };
    }],
  });
  await using client = dashboardClient(server);
  await eventually(
    async () => (await client.trace("Meter")).entries.some(({ text }) => text === "Voltage = 1.5"),
    "it",
  );
  const { address, entries } = await client.trace("meter");
  strictEqual(address, device.address);
  deepStrictEqual({ ...entries[0], time: "" }, { number: 1, time: "", kind: "note", text: "opened" });
  const last = entries.at(-1)!.number;
  await eventually(async () => (await client.trace("meter", last)).entries[0]?.number === last + 1, "there is more");
  // Whoever knows the numbers of a server that ran before gets all.
  strictEqual((await client.trace("meter", 1e9)).entries[0]!.number, 1);

  const url = `http://127.0.0.1:${server.webServer.port}/api/v1/instruments/meter/trace`;
  const over: LineTraceDescription = await (await fetch(`${url}?after=3`)).json();
  strictEqual(over.entries[0]!.number, 4);
  deepStrictEqual((await (await fetch(`${url}?after=x`)).json()).error.code, "bad_message");
  const line = await server.commandServer.command("trace meter 3");
  strictEqual(JSON.parse(line.slice(3)).entries[0].number, 4);
  match(await server.commandServer.command("trace api"), /^ERROR Cannot trace api: it does not speak on a line/);

  const observer = new Principal({ by: "line", id: 7, name: "guest", hostname: "10.0.0.7" }, "observer");
  throws(() => services!.requests.run({ cmd: "Trace", instrument: "meter", after: 0 }, observer), {
    code: "not_allowed",
    message: "Cannot do Trace: it needs the role operator, and you are observer",
  });
  const words = { instrument: undefined, command: "trace", args: ["meter"], keywords: new Map() };
  throws(() => services!.requests.run({ cmd: "Call", ...words }, observer), { code: "not_allowed" });

  const port = ["--port", String(server.dashboardServer.port)];
  const { out } = await run(["trace", "meter", ...port]);
  match(out, /^\d\d:\d\d:\d\d\.\d{3} {2}→ {2}V\?\\n\n\S+ {2}← {2}1\.5\\r\\n {3}\(Voltage = 1\.5\)$/m);
  const told = JSON.parse((await run(["trace", "meter", "--json", ...port])).out);
  strictEqual(told[0].text, "opened");
  const wrong = await run(["trace", "nobody", ...port]);
  deepStrictEqual([wrong.code, wrong.out], [1, ""]);

  // What is followed goes on after what there was, without anything twice.
  let followed = "";
  const stdout = { write: (text: string) => void (followed += text) };
  const ends = run(["trace", "meter", "--follow", "--json", "--timeout", "0.5", ...port], {
    process: { stdout, stderr: { write() {} } },
  });
  const numbers = () => followed.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line).number as number);
  const before = last;
  await eventually(() => (numbers().at(-1) ?? 0) > before + 20, "it is followed");
  const seen = numbers();
  deepStrictEqual(seen, seen.map((_, index) => seen[0]! + index));
  await server.stop();
  strictEqual((await ends).code, 3);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("trace: a driver in a process of its own is traced", async () => {
  await using device = tcpDevice(meter);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/own.js`,
    `export default ({ defineInstrument, PortContact }, { title, port }) => {
      const contact = new PortContact(port, { title, greet: (turn) => turn.send("hello") });
      return defineInstrument({ title, contact, pollInterval: 0.05, fields: {
        Voltage: { type: "float", read: async (signal) => Number(await contact.use("poll", signal, (turn) =>
          turn.ask({ text: "V?", timeout: 1, accepts: (line) => line !== "", expected: "been a number" }))) } } });
    };`,
  );
  const entry = { title: "Own", driver: "./own.js", port: device.address };
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [entry] }));
  const { instruments } = await loadBench(`${folder}/bench.json`);
  const trace = () => traceRows(instruments[0]!.contact!.trace!.entries(0, "Own")).map(traceLine);
  {
    await using server = startServer({ instruments, poll: true });
    await server.ready;
    await eventually(() => trace().includes("←  1.5\\r\\n"), "an answer is traced");
    deepStrictEqual(trace().slice(0, 2), ["   (opened)", "→  hello\\n"]);
  }
  ok(trace().includes("   (closed)"));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("trace: is in the log at debug, and not in the journal, which observers read", async () => {
  const said: string[] = [];
  await configure({
    sinks: { kept: ({ category, message }) => void (category[1] === "trace" && said.push(message.join(""))) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "debug" },
    ],
  });
  try {
    await using device = tcpDevice(meter);
    await using _bench = await ServedBench.one(described(device.address));
    await eventually(
      () => said.includes(`${device.address}: ←  1.5\\r\\n   (Meter Voltage = 1.5)`),
      "the answer is logged",
    );
    ok(said.includes(`${device.address}: →  V?\\n`));
    const journal = new Journal();
    const told: unknown[] = [];
    journal.follow("debug", (entry) => told.push(entry));
    const record = { level: "debug", message: ["secret"], rawMessage: "secret", properties: {}, timestamp: 0 } as const;
    journal.log({ ...record, category: ["heliograph", "trace"] });
    strictEqual(told.length, 0);
    journal.log({ ...record, category: ["heliograph", "devices"] });
    strictEqual(told.length, 1);
  } finally {
    await reset();
  }
});

Deno.test("trace: keeps the last exchanges, and not more than so many bytes", () => {
  const trace = new LineTrace("line");
  for (let number = 0; number < 5000; number++) trace.sent(Uint8Array.of(65, 10));
  const entries = trace.entries(0, "");
  strictEqual(entries.at(-1)!.number, 5000);
  ok(entries.length > 600 && entries.length <= 1024, String(entries.length));
  // The buffer of what comes is used again.
  const buffer = new Uint8Array(100_000);
  for (let number = 0; number < 200; number++) {
    trace.received(buffer.subarray(0, 7).fill(65 + number % 26));
    trace.received(buffer.fill(0));
  }
  const large = trace.entries(0, "");
  ok(large.length >= 120 && large.length <= 128, String(large.length));
  strictEqual(large.at(-2)!.text, String.fromCharCode(65 + 199 % 26).repeat(7));
  match(large.at(-1)!.text, /^(\\x00){1024}… \(100000 bytes\)$/);
  // A note about what is forgotten stands by itself.
  trace.value("Meter", "Voltage", 1, 3);
  strictEqual(traceLine(traceRows(trace.entries(0, "")).at(-1)!), "   (Meter Voltage = 1)");
});

Deno.test("escapes: bytes are written so that they can be typed, and typed text becomes the same bytes", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const typed = escapedBytes(all);
  ok(/^[\x20-\x7e]*$/.test(typed));
  deepStrictEqual(Uint8Array.from(unescaped(typed), (character) => character.charCodeAt(0)), all);
  const degrees = new TextEncoder().encode("20 °C\r\n");
  deepStrictEqual([escapedBytes(degrees), escapedBytes(degrees, true)], ["20 \\xC2\\xB0C\\r\\n", "20 °C\\r\\n"]);
  strictEqual(escapedBytes(Uint8Array.of(0xff, 0x41), true), "\\xFFA");
  strictEqual(hexBytes(Uint8Array.of(2, 0x4d, 255)), "02 4D FF");
  throws(() => unescaped("a\\q"), /\\q is no escape: there is \\r, \\n, \\t, \\0, \\\\ and \\xHH/);
  throws(() => unescaped("a\\"), /\\ is no escape/);
});

Deno.test("trying a field on a line that others use tells its own question, also where the next one is asked already", async () => {
  const entry = (number: number, kind: "sent" | "received", text: string) => ({ number, time: "", kind, text });
  const entries = [entry(1, "sent", "V?\\n"), entry(2, "received", "1.5\\r")];
  const contact = { trace: { entries: (after: number) => entries.filter(({ number }) => number > after) } };
  const tried = await tryOnce({ contact, title: "Current" } as never, "Level", () => {
    entries.push(entry(3, "sent", "I?\\n"), entry(4, "received", "0.25\\r"), entry(5, "sent", "V?\\n"));
    return Promise.resolve("0.25 A");
  }, { shared: true });
  deepStrictEqual([tried.asked, tried.answered, tried.value], ["I?\\n", "0.25\\r", "0.25 A"]);
});
