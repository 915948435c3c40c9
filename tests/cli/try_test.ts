/** `heliograph try`: each field of an instrument is asked once, without a server, and nothing is set. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { eventually } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { ServedBench, tcpDevice } from "../server/devices/devices.ts";

const nobody = ["--port", "1"];

/** Writes a bench file of one instrument, and tries it. */
async function attempt(instrument: Record<string, unknown>, ...flags: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [instrument] }));
    return await run(["try", `${folder}/bench.json`, "meter", ...flags, ...nobody]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const described = (port: string) => ({
  title: "Meter",
  port,
  line: { timeout: 0.1, retries: 3 },
  handshake: { ask: "*IDN?", pattern: "ACME" },
  initialize: ["REMOTE"],
  shutdown: ["OFF"],
  fields: {
    Voltage: { unit: "V", decimals: 2, read: "V?", write: "V {value}" },
    Output: { type: "switch", read: "O?" },
    Level: { write: "L {value}" },
  },
});

const answers: Record<string, string> = { "*IDN?": "ACME,1", "V?": "1.5\r", "O?": "1", "T?": "OL" };
const meter = (command: string): string | undefined => answers[command];

Deno.test("try: tells of each field what was asked, answered and understood, and sets nothing", async () => {
  await using device = tcpDevice(meter);
  const { code, out, err } = await attempt(described(device.address));
  deepStrictEqual([code, err], [0, ""]);
  const lines = out.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
  deepStrictEqual(lines.map((cells) => cells.slice(0, 5)), [
    ["field", "asked", "answered", "understood", "value"],
    ["(handshake)", "*IDN?\\n", "ACME,1\\n", "yes", "as expected"],
    ["Voltage", "V?\\n", "1.5\\r\\n", "yes", "1.50 V"],
    ["Output", "O?\\n", "1\\n", "yes", "On"],
  ]);
  match(lines[1]![5]!, /^\d+ ms$/);
  deepStrictEqual(device.commands, ["*IDN?", "V?", "O?"]);
  strictEqual((await attempt(described(device.address), "--initialize")).code, 0);
  deepStrictEqual(device.commands.slice(3), ["*IDN?", "REMOTE", "V?", "O?"]);
});

Deno.test("try: goes on after what is not answered or not understood, and its exit code tells", async () => {
  await using device = tcpDevice(meter);
  const { fields, ...rest } = described(device.address);
  const more = { Silent: { read: "S?" }, Temperature: { read: "T?" }, ...fields };
  const { code, out } = await attempt(
    { ...rest, handshake: { ask: "*IDN?", pattern: "OTHER" }, fields: more },
    "--json",
  );
  strictEqual(code, 1);
  const told = JSON.parse(out);
  deepStrictEqual([told.instrument, told.address], ["Meter", device.address]);
  type Row = { field: string; asked: string; answered: string; understood: boolean; value: string; reason?: string };
  deepStrictEqual(
    (told.fields as Row[]).map(({ field, asked, answered, understood }) => [field, asked, answered, understood]),
    [
      ["(handshake)", "*IDN?\\n", "ACME,1\\n", false],
      ["Silent", "S?\\n", "", false],
      ["Temperature", "T?\\n", "OL\\n", false],
      ["Voltage", "V?\\n", "1.5\\r\\n", true],
      ["Output", "O?\\n", "1\\n", true],
    ],
  );
  const reasons = (told.fields as Row[]).map(({ reason = "" }) => reason);
  match(reasons[0]!, /and should have matched OTHER; is it another instrument\?$/);
  match(reasons[1]!, /^no answer to "S\?" within 0\.1 s/);
  match(reasons[2]!, /answered "OL" to "T\?", and should have been a number/);
  strictEqual(device.commands.filter((command) => command === "S?").length, 1, "it is asked once");
  ok(!device.commands.includes("OFF") && !device.commands.includes("REMOTE"));
});

Deno.test("try: computes what is computed from what was asked, and measures each answer's own time", async () => {
  const came = new Map<string, number>();
  await using device = tcpDevice((command) => {
    came.set(command, performance.now());
    return meter(command);
  });
  const { fields, ...rest } = described(device.address);
  const sums = {
    Twice: { unit: "V", compute: "voltage * 2" },
    Never: { compute: "level + 1" },
    Both: { compute: "voltage + other.x" },
  };
  const folder = await Deno.makeTempDir();
  const other = { title: "Other", port: "tcp://127.0.0.1:1", fields: { X: { read: "X?" } } };
  const instruments = [{ ...rest, fields: { ...fields, ...sums } }, other];
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments }));
  const { code, out } = await run(["try", `${folder}/bench.json`, "meter", "--json", ...nobody]);
  await Deno.remove(folder, { recursive: true });
  strictEqual(code, 1);
  type Row = { field: string; asked: string; understood: boolean; value: string; seconds: number; reason?: string };
  const rows: Row[] = JSON.parse(out).fields;
  deepStrictEqual(rows.slice(3).map(({ field, asked, understood, value }) => [field, asked, understood, value]), [
    ["Twice", "= voltage * 2", true, "3.0 V"],
    ["Never", "= level + 1", false, ""],
    ["Both", "= voltage + other.x", true, "needs Other, not asked here"],
  ]);
  match(rows[4]!.reason!, /Level of Meter: not/);
  // The line is left quiet for 0.1 s after the first answer: that is not the field's own time.
  const { seconds } = rows.find(({ field }) => field === "Voltage")!;
  const between = (came.get("V?")! - came.get("*IDN?")!) / 1000;
  ok(seconds < between, `${seconds} and ${between}`);
});

Deno.test("try: waits for what an instrument sends without being asked", async () => {
  await using device = tcpDevice(() => {});
  const talking = setInterval(() => device.send("!4"), 20);
  const listening = {
    title: "Meter",
    port: device.address,
    fields: { Heard: { listen: { pattern: "^!(\\d+)$" } }, Never: { listen: { pattern: "^\\?(\\d+)$" } } },
  };
  const { code, out } = await attempt(listening, "--timeout", "0.5");
  clearInterval(talking);
  strictEqual(code, 1);
  // On a busy PC several lines come at once.
  match(out, /^Heard +(?:!4\\n)+ +yes +4\.0/m);
  match(out, /^Never: nothing came within 0\.5 s that is understood$/m);
});

Deno.test("try: runs a driver of one's own, and says what cannot be tried", async () => {
  await using device = tcpDevice(meter);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/own.js`,
    `export default ({ defineInstrument, PortContact }, { title, port }) => {
      const ask = (text) => (turn) =>
        turn.ask({ text, timeout: 1, accepts: (line) => line !== "", expected: "been a number" });
      const contact = new PortContact(port, { title, greet: ask("*IDN?") });
      return defineInstrument({ title, contact, fields: {
        Voltage: { type: "float", read: async (signal) => Number(await contact.use("poll", signal, ask("V?"))) } } });
    };`,
  );
  const own = { title: "Meter", driver: "./own.js", port: device.address };
  const silent = { title: "Silent", driver: "./own.js", port: "tcp://127.0.0.1:1" };
  const lamp = { title: "Lamp", port: "tcp://127.0.0.1:2", fields: { Level: { write: "L {value}" } } };
  const file = `${folder}/bench.json`;
  await Deno.writeTextFile(file, JSON.stringify({ instruments: [own, silent, lamp] }));
  const tryOne = (name: string) => run(["try", file, name, ...nobody]);
  const { code, out } = await tryOne("Meter");
  strictEqual(code, 0, out);
  match(out, /^Voltage +V\?\\n +1\.5\\r\\n +yes +1\.5/m);
  const lost = await tryOne("Silent");
  strictEqual(lost.code, 1);
  match(lost.err, /^Silent: cannot connect to tcp:\/\/127\.0\.0\.1:1: nothing listens there/);
  match((await tryOne("Lamp")).err, /^cannot connect to tcp:\/\/127\.0\.0\.1:2: nothing listens there/);
  match((await tryOne("lump")).err, /^There is no lump in .*did you mean Lamp\?/);
  const unnamed = await run(["try", file, ...nobody]);
  strictEqual(unnamed.code, 2);
  match(unnamed.err, /^Say which instrument of .*: it has meter \(Meter\), silent \(Silent\), lamp \(Lamp\)/);
  const wrong = (await Deno.readTextFile(`${folder}/own.js`)).replace("Number(await", "Number(null.value, await");
  await Deno.writeTextFile(`${folder}/own.js`, wrong);
  match((await tryOne("Meter")).out, /^Voltage: .*null.* \(.*own\.js:6:\d+\)$/m);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("try: refuses a port that a running server holds", async () => {
  await using device = tcpDevice(meter);
  await using bench = await ServedBench.one(described(device.address));
  await eventually(() => bench.field("meter", "Voltage").quality === "good", "it is read");
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [described(device.address)] }));
  const port = String(bench.server.dashboardServer.port);
  const { code, err } = await run(["try", `${folder}/bench.json`, "Meter", "--port", port]);
  strictEqual(code, 1);
  match(
    err,
    /^Cannot try Meter: tcp:\S+ is held by the server on 127\.0\.0\.1:\d+, for Meter; "heliograph trace meter --port \d+" .*"heliograph off meter --port \d+" frees it$/m,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("try: the instruments of the file are proposed", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/bench.json`;
  await Deno.writeTextFile(file, JSON.stringify({ instruments: [described("tcp://127.0.0.1:1")] }));
  strictEqual((await run(["__complete", "try", file, "M"])).out, "Meter\n");
  strictEqual((await run(["__complete", "try", `${folder}/none.json`, "M"])).out, "");
  await Deno.remove(folder, { recursive: true });
});
