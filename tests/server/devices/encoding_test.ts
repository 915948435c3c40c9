/** Bytes beyond ASCII: what is sent and heard on a real line, as the bench file means it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseAddress } from "../../../server/devices/transports/address.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { eventually } from "../../fixture.ts";
import { asText, byteDevice, ServedBench } from "./devices.ts";

for (const [written, end] of [["a character", "\u00ff\u00ff\u00ff"], ["a byte", "\\xFF\\xff\\xFF"]] as const) {
  for (const encoding of written === "a byte" ? ["latin1", "utf8"] : ["latin1"]) {
    Deno.test(`ends beyond ASCII, each written as ${written}, are sent and heard in ${encoding}`, async () => {
      let text = 23.5;
      await using device = byteDevice("\xff\xff\xff", (command) => {
        const set = /^t0\.txt=(.*)$/.exec(command);
        if (set === null) return command === "get t0.txt" ? `p${text}\xff\xff\xff` : "\x1a\xff\xff\xff";
        text = Number(set[1]);
        return undefined;
      });
      await using bench = await ServedBench.one({
        title: "Display",
        port: device.address,
        line: { sendEnd: end, receiveEnd: end, encoding },
        fields: { T: { unit: "°C", read: { ask: "get t0.txt", pattern: "^p(.*)$" }, write: "t0.txt={value}" } },
      });
      await eventually(async () => await bench.ask("display.get T") === "OK 23.5", "the first reading");
      assert.equal(await bench.ask("display.set T 24.5"), "OK");
      assert.equal(await bench.ask("display.get T"), "OK 24.5");
      assert.deepEqual(new Set(device.commands), new Set(["get t0.txt", "t0.txt=24.5"]));
    });
  }
}

for (const encoding of ["latin1", "utf8"] as const) {
  Deno.test(`bytes written \\xHH go out as they are, in commands, choices and braces: ${encoding}`, async () => {
    await using device = byteDevice("\r", (command) => command === "\xfe\x10" ? "U" : undefined);
    await using bench = await ServedBench.one({
      title: "Relay",
      port: device.address,
      line: { sendEnd: "\r", receiveEnd: "U", encoding },
      fields: {
        There: { type: "text", read: "\\xFE\\x10" },
        Lamp: { type: "switch", on: "\\x08\\x81", off: "\\x00\\x81", write: "\\xfe{value}" },
      },
      commands: { both: { summary: "Both", send: ["\\xFE\\x7B\\x0A", "{{\\xC2}}"] } },
    });
    await eventually(() => bench.field("relay", "There").quality === "good", "contact");
    assert.equal(await bench.ask("relay.set Lamp On"), "OK");
    assert.equal(await bench.ask("relay.set Lamp Off"), "OK");
    assert.equal(await bench.ask("relay.both"), "OK");
    const sent = () => device.commands.filter((command) => command !== "\xfe\x10");
    await eventually(() => sent().length === 4, "all commands to arrive");
    assert.deepEqual(sent(), ["\xfe\x08\x81", "\xfe\x00\x81", "\xfe{\n", "{\xc2}"]);
  });
}

Deno.test("an instrument that writes UTF-8 is understood where its line says so, and told in it", async () => {
  const said: Record<string, string> = { "T?": "23.5 °C", "R?": "4.7 kΩ", "U?": "µV", "B?": "\xb0" };
  const utf8 = (text: string) => asText(new TextEncoder().encode(text));
  await using device = byteDevice("\n", (command) => {
    const answer = said[command];
    return command.endsWith("?") ? `${command === "B?" ? answer : utf8(answer ?? "?")}\r\n` : undefined;
  });
  await using bench = await ServedBench.one({
    title: "Home made",
    port: device.address,
    line: { encoding: "utf8" },
    fields: {
      T: { unit: "°C", read: { ask: "T?", pattern: "^(\\S+) °C$" } },
      R: { type: "text", read: "R?", write: "R {value}", allow: "[0-9kMΩ .]+" },
      U: { type: "choice", choices: { microvolt: "µV", millivolt: "mV" }, read: "U?", write: "U {value}" },
      B: { type: "text", read: "B?" },
    },
  });
  await eventually(async () => await bench.ask("home_made.get T") === "OK 23.5", "the first reading");
  assert.equal(await bench.ask("home_made.get R"), "OK 4.7 kΩ");
  assert.equal(await bench.ask("home_made.get U"), "OK microvolt");
  assert.equal(await bench.ask("home_made.get B"), "OK \ufffd", "what is no UTF-8 is seen to be none");
  assert.equal(await bench.ask('home_made.set R "1 kΩ"'), "OK");
  assert.equal(await bench.ask("home_made.set U microvolt"), "OK");
  await eventually(() => device.commands.includes(utf8("U µV")), "the last command to arrive");
  assert.ok(device.commands.includes(utf8("R 1 kΩ")));
});

Deno.test("Latin-1 has a character for every byte, in both directions, and refuses what it is without unsent", async () => {
  const all = Array.from({ length: 128 }, (_, at) => String.fromCharCode(128 + at)).join("");
  await using device = byteDevice("\n", (command) => command === "A?" ? `${all}\n` : `${command}\n`);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    fields: {
      A: { type: "text", read: "A?" },
      Text: { type: "text", initial: "", write: { send: "T {value}", answer: "^T " }, allow: ".*" },
    },
  });
  await eventually(() => bench.field("meter", "A").value === all.trim(), "every byte");
  assert.equal(await bench.ask('meter.set Text "20 µm"'), "OK");
  assert.match(
    await bench.ask('meter.set Text "4 Ω"'),
    /^ERROR .*Cannot send "T 4 Ω": Latin-1 is without "Ω"; is "encoding": "utf8" meant/,
  );
  assert.deepEqual(device.commands.filter((command) => command !== "A?"), ["T 20 \xb5m"]);
  assert.equal(bench.server.bench.find("meter")!.contact!.state, "connected");
});

/** Ways of writing a number that instruments have, and what each means; `undefined` where it could mean two things. */
const numbers: readonly (readonly [written: string, value: number | undefined, more?: Record<string, unknown>])[] = [
  ["+1.234E+01", 12.34],
  ["1.0D+03", 1000],
  ["1.0d3", 1000],
  ["23,5", undefined],
  ["23,5", 23.5, { decimal: "," }],
  ["-1.234,5", -1234.5, { decimal: "," }],
  ["1.234.567,5E+01", 12345675, { decimal: "," }],
  ["12.5", 12.5, { decimal: "," }],
  ["1,2,3", undefined, { decimal: "," }],
  ["1,234.5", undefined],
  [" 12.5 ", 12.5],
  ["12.5\0\0", 12.5],
  ["\x1112.5\x13", 12.5, { pattern: "([-+.0-9eE]+)" }],
  ["+ 12.5", 12.5],
  ["- 12.5", -12.5],
  ["1.5 E+03", 1500],
  ["-0.0", 0],
  ["1.5E3 V", 1500, { pattern: "^(\\S+) V$" }],
  ["0x1F", 31],
  ["1F", undefined],
  ["\xb112.5", 12.5, { pattern: "^±(.*)$" }],
  ["12.5\xb0C", 12.5, { pattern: "^(\\S+)°C$" }],
  ["+0012.500", 12.5],
  [".5", 0.5],
  ["5.", 5],
  ["OVLD", undefined],
  ["1 2", undefined],
  ["1e999", undefined],
  ["12.5;", undefined],
  ["12.5;", 12.5, { pattern: "(.*);" }],
];

Deno.test("numbers are understood however an instrument writes them, and not where they could mean two things", async () => {
  await using device = byteDevice(
    "\n",
    (command) => /^N\d+\?$/.test(command) ? `${numbers[Number(command.slice(1, -1))]![0]}\r\n` : undefined,
  );
  const fields = Object.fromEntries(numbers.map(([, , { decimal, ...read } = {}], at) => [
    `N${at}`,
    { read: { ask: `N${at}?`, timeout: 0.05, ...read }, ...(decimal === undefined ? {} : { decimal }) },
  ]));
  await using bench = await ServedBench.one({
    title: "N",
    port: device.address,
    line: { retries: 0 },
    fields: { ...fields, Set: { decimal: ",", write: "S {value:.2f}" } },
  });
  for (const [at, [written, value]] of numbers.entries()) {
    const read = () => bench.field("n", `N${at}`);
    if (value === undefined) continue;
    await eventually(() => read().quality === "good", `${JSON.stringify(written)} to be read`);
    assert.equal(read().value, value, written);
  }
  for (const [at, [written, value]] of numbers.entries()) {
    if (value === undefined) assert.equal(bench.field("n", `N${at}`).value, undefined, written);
  }
  assert.equal(await bench.ask("n.set Set 1.5"), "OK");
  await eventually(() => device.commands.includes("S 1,50"), "a comma to be sent");
});

Deno.test("a driver's own text goes out in the encoding of its line", async () => {
  await using device = byteDevice("\n", (command) => `${command}\n`);
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "relay.js");
    await Deno.writeTextFile(
      file,
      `export default ({ defineInstrument, command, PortContact }, { title, port }) => {
        const contact = new PortContact(port, { title, greet: async () => {} });
        const say = (text) => (_, { signal }) => contact.use("command", signal, (turn) =>
          turn.ask({ text, timeout: 5, accepts: (line) => line === text, expected: "been an echo" }));
        return defineInstrument({ title, contact, fields: {}, commands: {
          raw: command({ summary: "Bytes", run: say("\\u00fe\\u0008") }),
          beyond: command({ summary: "None", run: say("\\u03a9") }) } });
      };`,
    );
    await using bench = await ServedBench.one({ title: "Relay", driver: file, port: device.address });
    await eventually(() => bench.server.bench.find("relay")!.contact!.state === "connected", "contact");
    assert.equal(await bench.ask("relay.raw"), "OK þ\b");
    assert.match(await bench.ask("relay.beyond"), /Latin-1 is without .Ω./);
    assert.deepEqual(device.commands, ["\xfe\x08"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a port without an encoding speaks Latin-1, to the byte", async () => {
  await using device = byteDevice("\r", (command) => `${command}\r`);
  const format = { sendEnd: "\r", receiveEnd: "\r", gap: 0, settle: 0, gateway: false };
  const port = new Port(parseAddress(device.address), format);
  await port.join();
  const text = "\x80\x9f\xa0\xfe";
  const answer = port.use(
    "command",
    undefined,
    (turn) => turn.ask({ text, timeout: 5, accepts: (line) => line === text, expected: "been an echo" }),
  );
  assert.equal(await answer, text);
  assert.deepEqual(device.commands, [text]);
  port.leave();
});
