/** Instruments from descriptions: what is sent, what is understood, and what is refused before anything is sent. */
import assert from "node:assert/strict";
import { Calibration } from "../../../server/devices/described/calibration.ts";
import { Template } from "../../../server/devices/described/template.ts";
import { eventually } from "../../fixture.ts";
import { ServedBench, tcpDevice } from "./devices.ts";

const templates: readonly (readonly [string, string | number, string])[] = [
  ["SP,{value:.2e}", 30, "SP,3.00e+01"],
  ["SP,{value:.2E}", -0.00123, "SP,-1.23E-03"],
  ["V {value}", 1.5, "V 1.5"],
  ["V {value}", 1e-7, "V 1e-07"],
  ["V {value:.3f}", -0.5, "V -0.500"],
  ["P{value:03d}", 7, "P007"],
  ["P{value:06.2f}", -1.5, "P-01.50"],
  ["P{value:8.1f}", 2, "P     2.0"],
  ["P{value:.3}", 1234.5, "P1230"],
  ["{{{value}}}", "A", "{A}"],
];
for (const [source, value, expected] of templates) {
  Deno.test(`template: ${source} filled with ${value} is ${expected}`, () => {
    assert.equal(new Template(source, ["value"]).fill({ value }, "\r"), expected);
  });
}

const wrongTemplates: readonly (readonly [string, RegExp])[] = [
  ["V {valu}", /has a place \{valu\}, and there is \{value\}, \{channel\} \(did you mean value\?\)/],
  ["V {}", /has a place without a name; there is value, channel/],
  ["V {value", /has a \{ without its partner; write \{\{ for a brace/],
  ["V value}", /has a \} without its partner/],
  ["V {value:.2q}", /formats \{value:.2q\} in a way that is not known; give for example \{value:.2f\}/],
  ["V {value:.2d}", /in a way that is not known/],
];
for (const [source, expected] of wrongTemplates) {
  Deno.test(`template: ${source} is refused with what would be right`, () => {
    assert.throws(() => new Template(source, ["value", "channel"]), expected);
  });
}

Deno.test("template: nothing that fills a place can end the command or bring control characters", () => {
  const template = new Template("NAME {value}", ["value"]);
  for (const value of ["a\rb", "a\nb", "a;b", "\x00", "\x1b[2J", "a\u2028b", "a\x7f", "\x85", "\udcff"]) {
    assert.throws(() => template.fill({ value }, ";"), { code: "bad_argument" }, JSON.stringify(value));
  }
  assert.equal(template.fill({ value: "a b" }, ";"), "NAME a b");
});

Deno.test("calibration: interpolates between its points, goes on beyond them, and turns round", () => {
  const calibration = new Calibration([[100, 90], [0, 0], [50, 40]]);
  assert.deepEqual([0, 25, 50, 75, 100, 120, -10].map((said) => calibration.toTrue(said)), [
    0,
    20,
    40,
    65,
    90,
    110,
    -8,
  ]);
  assert.deepEqual([0, 20, 40, 65, 90].map((wanted) => calibration.toCommanded(wanted)), [0, 25, 50, 75, 100]);
  const falling = new Calibration([[0, 10], [5, 0]]);
  assert.deepEqual([falling.toTrue(1), falling.toCommanded(8), falling.range], [8, 1, [0, 10]]);
  for (
    const [table, expected] of [
      [[[0, 0], [1, 1], [2, 0.5]], /gives 1 for 1 and 0.5 for 2: its second column must only rise or only fall/],
      [[[0, 0], [0, 1]], /has two points for 0/],
      [[[0, 1], [1, 1]], /must only rise or only fall/],
    ] as const
  ) assert.throws(() => new Calibration(table), expected);
});

/** A device with memory: `NAME?` tells and `NAME value` sets, and what it cannot do it keeps as an error. */
function scripted(memory: Record<string, string>, errors: string[] = []) {
  return tcpDevice((command) => {
    if (command === "ERR?") return errors.shift() ?? '0,"No error"';
    const question = /^(\S+)\?$/.exec(command);
    if (question !== null) return memory[question[1]!];
    const [name, value] = command.split(" ");
    if (name === undefined || !(name in memory)) errors.push('-113,"Undefined header"');
    else if (name === "VOLT" && Number(value) > 20) errors.push('-222,"Data out of range"', '-100,"Another"');
    else memory[name] = value ?? "";
  });
}

Deno.test("fields: settings are sent as described, read back, and limited before anything is sent", async () => {
  const memory = { VOLT: "1.0", OUTP: "0", RANGE: "2", NAME: '"bench ""A"""', COUNT: "+3.00E+00" };
  await using device = scripted(memory);
  await using bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    pollInterval: 0.1,
    fields: {
      Voltage: { unit: "V", minimum: 0, maximum: 15, read: "VOLT?", write: "VOLT {value:.2f}" },
      Output: { type: "switch", read: "OUTP?", write: "OUTP {value}", on: "ON", off: "0" },
      Range: { type: "choice", choices: { low: 1, high: 2 }, read: "RANGE?", write: "RANGE {value}" },
      Name: { type: "text", read: "NAME?", write: "NAME {value}" },
      Count: { type: "int", read: "COUNT?" },
    },
  });
  await eventually(async () => await bench.ask("supply.get Count") === "OK 3", "the first readings");
  assert.equal(await bench.ask("supply.get Name"), `OK 'bench "A"'`);
  assert.equal(await bench.ask("supply.get Range"), "OK high");
  assert.equal(await bench.ask("supply.set Voltage 12.345"), "OK");
  assert.equal(await bench.ask("supply.set Range low"), "OK");
  assert.deepEqual([memory.VOLT, memory.RANGE], ["12.35", "1"]);
  await eventually(async () => await bench.ask("supply.get Range") === "OK low", "the readback");
  const before = device.commands.filter((command) => !command.endsWith("?")).length;
  for (
    const [line, reply] of [
      ["supply.set Voltage 15.1", "ERROR Cannot set Voltage of Supply to 15.1: above its maximum of 15 V"],
      ["supply.set Voltage -1", "ERROR Cannot set Voltage of Supply to -1: below its minimum of 0 V"],
      ["supply.set Range mid", "ERROR Cannot set Range of Supply to mid: not one of low, high"],
      ["supply.set Name 'a;*RST'", /^ERROR Cannot send "a;\*RST": a text may hold what matches /],
      ['supply.set Name "a\\nb"', /^ERROR Cannot send .* a text may hold what matches /],
      ["supply.set Count 4", /^ERROR Cannot set Count of Supply: it is a readout; its settings are Voltage/],
    ] as const
  ) {
    const said = await bench.ask(line);
    if (typeof reply === "string") assert.equal(said, reply);
    else assert.match(said, reply);
  }
  assert.equal(device.commands.filter((command) => !command.endsWith("?")).length, before, "nothing was sent");
  assert.equal(bench.field("supply", "Voltage").spec.unit, "V");
});

Deno.test("scale, offset and calibration hold in both directions, and narrow the limits", async () => {
  const memory = { T: "100", F: "0" };
  await using device = scripted(memory);
  await using bench = await ServedBench.one({
    title: "Oven",
    port: device.address,
    pollInterval: 0.1,
    fields: {
      Temperature: { unit: "K", scale: 0.1, offset: 273.15, read: "T?", write: "T {value}" },
      Flow: { unit: "sccm", maximum: 1000, calibration: [[0, 0], [10, 8], [20, 18]], read: "F?", write: "F {value}" },
    },
  });
  await eventually(async () => await bench.ask("oven.get Temperature") === "OK 283.15", "the scaled reading");
  assert.equal(await bench.ask("oven.set Temperature 300"), "OK");
  assert.equal(memory.T, "268.5");
  assert.equal(await bench.ask("oven.set Flow 13"), "OK");
  assert.equal(memory.F, "15");
  await eventually(async () => await bench.ask("oven.get Flow") === "OK 13.0", "the calibrated reading");
  assert.match(await bench.ask("oven.set Flow 19"), /above its maximum of 18 sccm/);
});

Deno.test("a value that means bad is an error with its reason, and a wrong answer says what came", async () => {
  const memory = { R: "9.9E37", X: "fine", G: "T=12;P=7" };
  await using device = scripted(memory);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    pollInterval: 0.1,
    line: { timeout: 0.2 },
    fields: {
      Resistance: { unit: "Ω", read: { ask: "R?", bad: { "+9.90000000E+37": "overload" } } },
      Number: { read: "X?" },
      Pressure: { read: { ask: "G?", pattern: "^T=(?<t>\\d+);P=(?<p>\\d+)$", group: "p" } },
      Temperature: { read: { ask: "G?", pattern: "^T=(?<t>\\d+);P=(?<p>\\d+)$", group: "t" } },
    },
  });
  const reason = (field: string) => bench.field("meter", field).reason;
  await eventually(async () => await bench.ask("meter.get Temperature") === "OK 12.0", "the first readings");
  assert.equal(await bench.ask("meter.get Pressure"), "OK 7.0");
  assert.equal(await bench.ask("meter.get Resistance"), "OK Read Error");
  assert.equal(reason("Resistance"), '"9.9E37" means overload');
  assert.equal(
    reason("Number"),
    'Meter: answered "fine" to "X?", and should have been a number; say what it means by "bad" or "refused", ' +
      'or where the value stands by "pattern"',
  );
  memory.R = "+1.00E+03";
  await eventually(async () => await bench.ask("meter.get Resistance") === "OK 1000.0", "the good reading");
  // Two fields of one answer: one question in each poll.
  const polls = device.commands.filter((command) => command === "R?").length;
  const groups = device.commands.filter((command) => command === "G?").length;
  assert.ok(groups <= polls, `${groups} questions in ${polls} polls`);
});

Deno.test("after each write the instrument is asked for errors, and its own words are told", async () => {
  const errors: string[] = [];
  await using device = scripted({ VOLT: "1" }, errors);
  await using bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    afterWrite: { ask: "ERR?", pattern: "^[+]?0," },
    fields: { Voltage: { read: "VOLT?", write: "VOLT {value}" } },
    commands: {
      nonsense: { summary: "Send what it does not know", send: "NONSENSE" },
      reading: { summary: "Read", ask: "VOLT?", returns: { type: "float", unit: "V" }, role: "observer" },
      set_both: {
        summary: "Set",
        arguments: { a: { maximum: 10 }, b: { type: "int", default: 2 } },
        send: ["VOLT {a}", "VOLT {b}"],
      },
    },
  });
  await eventually(async () => await bench.ask("supply.get Voltage") === "OK 1.0", "contact");
  assert.equal(
    await bench.ask("supply.set Voltage 25"),
    `ERROR AzcamError('Supply: refused "VOLT 25": -222,"Data out of range"')`,
  );
  assert.deepEqual(errors, [], "no error is left for the next command");
  assert.equal(await bench.ask("supply.set Voltage 5"), "OK");
  assert.equal(
    await bench.ask("supply.nonsense"),
    `ERROR AzcamError('Supply: refused "NONSENSE": -113,"Undefined header"')`,
  );
  assert.equal(await bench.ask("supply.reading"), "OK 5.0");
  assert.equal(await bench.ask("supply.set_both 3"), "OK");
  assert.equal(await bench.ask("supply.reading"), "OK 2.0");
  assert.match(await bench.ask("supply.set_both 11"), /above its maximum of 10/);
});

Deno.test("settings that need a confirm are sent then, in the order of the description", async () => {
  const memory = { A: "0", B: "0" };
  await using device = scripted(memory);
  await using bench = await ServedBench.one({
    title: "Pair",
    port: device.address,
    fields: {
      A: { type: "int", initial: 1, needsConfirm: true, write: "A {value}" },
      B: { type: "int", initial: 2, needsConfirm: true, write: "B {value}", read: "B?" },
    },
  });
  await eventually(async () => await bench.ask("pair.get B") === "OK 0", "contact");
  await bench.ask("pair.set B 5");
  assert.deepEqual(memory, { A: "0", B: "0" });
  assert.equal(await bench.ask("pair.confirm"), "OK");
  assert.deepEqual(memory, { A: "1", B: "5" });
});

Deno.test("a stream is heard without asking, and answers pass beside it", async () => {
  await using device = tcpDevice((command) => command === "ID?" ? "stream 1" : undefined);
  await using bench = await ServedBench.one({
    title: "Weather",
    port: device.address,
    staleAfter: 0.5,
    errorAfter: 1,
    handshake: { ask: "ID?", pattern: "^stream" },
    fields: {
      Wind: { unit: "m/s", listen: { pattern: "^W=(\\S+) T=(\\S+)$", group: 1, bad: { "---": "no sensor" } } },
      Air: { unit: "°C", listen: { pattern: "^W=(\\S+) T=(\\S+)$", group: 2 } },
    },
    commands: { identify: { summary: "Identify", ask: "ID?" } },
  });
  await eventually(() => bench.server.bench.find("weather")!.contact!.state === "connected", "contact");
  device.send("noise");
  device.send("W=3.5 T=-12");
  await eventually(async () => await bench.ask("weather.get Wind") === "OK 3.5", "the stream");
  assert.equal(await bench.ask("weather.get Air"), "OK -12.0");
  device.send("W=--- T=hot");
  await eventually(() => bench.field("weather", "Wind").reason === '"---" means no sensor', "the bad value");
  assert.equal(bench.field("weather", "Air").reason, '"hot" should have been a number');
  const talking = setInterval(() => device.send("W=1 T=2"), 5);
  assert.equal(await bench.ask("weather.identify"), "OK stream 1");
  await eventually(() => bench.field("weather", "Wind").value === 1, "the stream again");
  clearInterval(talking);
  await eventually(() => bench.field("weather", "Wind").quality === "error", "silence");
  assert.match(bench.field("weather", "Wind").reason, /^not read for more than 1 s/);
});

Deno.test("another instrument on the port is not taken for the right one; greeted, it is initialised; at the end, shut down", async () => {
  let identity = "ACME,other,1,1";
  await using device = tcpDevice((command) => command === "*IDN?" ? identity : command === "V?" ? "1" : undefined);
  const bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    line: { timeout: 0.2 },
    handshake: [{ ask: "*IDN?", pattern: "^ACME,supply" }],
    initialize: ["*CLS", "REMOTE"],
    shutdown: ["OUTP OFF", "LOCAL"],
    fields: { Voltage: { read: "V?" } },
  });
  try {
    const contact = bench.server.bench.find("supply")!.contact!;
    await eventually(() => contact.state === "lost", "the refusal");
    assert.match(
      contact.reason,
      /answered "ACME,other,1,1" to "\*IDN\?", and should have matched \^ACME,supply; is it another instrument\?/,
    );
    assert.match(
      await bench.ask("supply.describe"),
      /"contact": \{"address": "tcp:.*"state": "lost", "reason": "answered/,
    );
    identity = "ACME,supply,1,1";
    await eventually(async () => await bench.ask("supply.get Voltage") === "OK 1.0", "contact");
    assert.deepEqual(device.commands.filter((command) => !command.endsWith("?")), ["*CLS", "REMOTE"]);
  } finally {
    await bench[Symbol.asyncDispose]();
  }
  await eventually(() => device.commands.at(-1) === "LOCAL", "the goodbye");
  assert.equal(device.commands.at(-2), "OUTP OFF");
});
