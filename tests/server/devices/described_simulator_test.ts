/** Simulators that are made of descriptions: what they answer is what the description takes for good. */
import assert from "node:assert/strict";
import { mergeDescription } from "../../../server/config/merge.ts";
import { builtInDrivers } from "../../../server/devices/drivers/drivers.ts";
import { exampleAnswer } from "../../../server/devices/described/example_answer.ts";
import { pattern } from "../../../server/devices/described/pattern.ts";
import { type Description, descriptionSchema } from "../../../server/devices/described/schema.ts";
import { DescribedSimulator } from "../../../server/devices/simulators/described_simulator.ts";
import { type RunningSimulator, simulateTcp } from "../../../server/devices/simulators/serve.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { Simulators } from "../../../server/config/simulators.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";

/** A simulator of a description, with the defaults of its parameters. */
function simulated(description: Record<string, unknown>): DescribedSimulator {
  const parsed: Description = descriptionSchema.parse(description);
  const parameters = Object.entries(parsed.parameters ?? {}).map(([name, spec]) =>
    [name, typeof spec === "string" ? spec : spec.default ?? ""] as const
  );
  return new DescribedSimulator(parsed, Object.fromEntries(parameters));
}

Deno.test("described simulator: what it makes of a built-in driver's description gives every field a good value", async () => {
  const running: RunningSimulator[] = [];
  try {
    const instruments = Object.entries(builtInDrivers).map(([driver, { description }]) => {
      const simulator = simulated(mergeDescription(description as Record<string, unknown>, {}));
      assert.deepEqual(simulator.missing, [], driver);
      running.push(simulateTcp(simulator, 0));
      const line = { gap: 0, settle: 0 };
      return { title: driver, driver, port: running.at(-1)!.address, pollInterval: 0.3, line };
    });
    await using bench = await ServedBench.of({ instruments });
    // It measures while its output is on only.
    await eventually(() => bench.server.bench.find("keithley-2400")!.contact!.state === "connected", "contact");
    assert.equal(await bench.ask("keithley_2400.set Output On"), "OK");
    for (const { title } of instruments) {
      for (const field of bench.server.bench.find(title)!.allFields) {
        if (field.access === "setting" && field.spec.read === undefined) continue;
        await eventually(() => field.quality === "good", `${title}: ${field.title}: ${field.reason}`);
      }
    }
    // What is set is read back, also by a field that only reads.
    assert.equal(await bench.ask("scpi_power_supply.set Voltage 7.5"), "OK");
    assert.equal(await bench.ask("scpi_power_supply.get Voltage"), "OK 7.500");
    assert.equal(await bench.ask("scpi_power_supply.off"), "OK");
    assert.equal(await bench.ask(`aalborg_dpc.set "Mode Selection" Open`), "OK");
    assert.equal(await bench.ask("aalborg_dpc.confirm"), "OK");
    await eventually(() => bench.field("aalborg_dpc", "Device Mode").value === "Open", "the readback");
  } finally {
    for (const each of running) await each.close();
  }
});

const meter = {
  parameters: { unit: { default: "2" } },
  line: { sendEnd: "\r", receiveEnd: "\r", refused: { "^\\?": "not understood" } },
  handshake: { ask: "{unit}ID", pattern: "^MODEL (?:A|B)-\\d{3}$" },
  fields: {
    Flow: {
      unit: "sccm",
      minimum: 10,
      maximum: 20,
      read: { ask: "{unit}R", pattern: "^F=([+-]\\d{4}\\.\\d),P=(\\S+)$" },
    },
    Pressure: {
      unit: "bar",
      decimal: ",",
      read: { ask: "{unit}R", pattern: "^F=([+-]\\d{4}\\.\\d),P=(\\S+)$", group: 2 },
    },
    Valve: { type: "choice", choices: { Shut: "C", Open: "O" }, read: "{unit}V", write: "{unit}V={value}" },
    Setpoint: {
      scale: 0.1,
      initial: 12.5,
      read: { ask: "{unit}S?", pattern: "^\\*(\\d{5})$" },
      write: { send: "{unit}S{value:05d}", answer: "^\\*OK$" },
    },
  },
  commands: {
    shut: { summary: "Shut it", send: "{unit}V=C" },
    count: {
      summary: "Count",
      arguments: { on: { type: "int" } },
      ask: { ask: "{unit}N{on}", pattern: "^N(\\d{3})$" },
      returns: { type: "int" },
    },
  },
};

Deno.test("described simulator: turns patterns round, remembers settings, refuses what it does not know", () => {
  const simulator = simulated(meter);
  assert.deepEqual(simulator.missing, []);
  assert.equal(simulator.answer("2ID"), "MODEL A-000");
  for (let second = 0; second < 100; second++) {
    simulator.step(1);
    const [, flow] = /^F=\+(\d{4}\.\d),P=\d+,\d+$/.exec(simulator.answer("2R")!)!;
    assert.ok(Number(flow) >= 10 && Number(flow) <= 20, flow);
  }
  assert.equal(simulator.answer("2S?"), "*00125");
  assert.equal(simulator.answer("2S00150"), "*OK");
  assert.equal(simulator.answer("2S?"), "*00150");
  assert.equal(simulator.answer("2V"), "C");
  assert.equal(simulator.answer("2V=O"), undefined);
  assert.equal(simulator.answer("2V"), "O");
  assert.equal(simulator.answer("2V=X"), "?", "no choice");
  simulator.answer("2V=C");
  assert.equal(simulator.answer("2V"), "C", "what a command sends is understood as a setting");
  assert.match(simulator.answer("2N7")!, /^N\d{3}$/);
  assert.equal(simulator.answer("3R"), "?", "another unit");
});

Deno.test("described simulator: speaks with addresses, check sums, prompts, lengths and steps as the server does", async () => {
  const around = {
    parameters: { unit: "05" },
    line: {
      sendEnd: "\r",
      receiveEnd: "\r",
      sendStart: "#{unit}",
      receiveStart: ">{unit}",
      checkSum: { kind: "lrc" },
      prompt: "ready\n",
      echo: true,
    },
    fields: {
      Level: { minimum: 1, maximum: 9, read: "L?" },
      Limit: { initial: 4, read: "M?", write: { send: "M={value:.2f}", answer: "^OK$" } },
    },
    commands: { reset: { summary: "Reset", send: "RST" } },
  };
  const steps = {
    line: { sendEnd: "\r", receiveEnd: "\r" },
    fields: {
      A: { minimum: 10, maximum: 11, read: [{ send: "IN1" }, { wait: 0.01 }, { ask: "RD?", pattern: "^A(.*)$" }] },
      B: { minimum: 20, maximum: 21, read: [{ send: "IN2" }, { ask: "RD?", pattern: "^B(.*)$" }] },
      Short: { type: "int", maximum: 9, minimum: 0, read: { ask: "S?", pattern: "^\\d$", length: 1 } },
      Set: {
        initial: 1,
        write: [{ send: "EN", answer: "^1$", length: 1 }, { send: "V {value:.1f}", answer: "^v" }],
        read: "V?",
      },
    },
    commands: {
      go: { summary: "Go", send: [{ send: "GO", answer: "^gone$" }], doneWhen: { ask: "D?", pattern: "^done" } },
    },
  };
  const running = [around, steps].map((description) => {
    const simulator = simulated(description);
    assert.deepEqual(simulator.missing, []);
    return simulateTcp(simulator, 0);
  });
  try {
    await using bench = await ServedBench.of({
      instruments: [
        { title: "Around", port: running[0]!.address, pollInterval: 0.2, ...around },
        { title: "Steps", port: running[1]!.address, pollInterval: 0.2, ...steps },
      ],
    });
    for (const title of ["around", "steps"]) {
      for (const field of bench.server.bench.find(title)!.allFields) {
        await eventually(() => field.quality === "good", `${title}: ${field.title}: ${field.reason}`);
      }
    }
    assert.equal(await bench.ask("around.set Limit 7.25"), "OK");
    assert.equal(await bench.ask("around.get Limit"), "OK 7.25");
    assert.equal(await bench.ask("around.reset"), "OK");
    assert.equal(await bench.ask("steps.set Set 3.5"), "OK");
    assert.equal(await bench.ask("steps.get Set"), "OK 3.5");
    assert.equal(await bench.ask("steps.go"), "OK");
    assert.ok((bench.field("steps", "A").value as number) <= 11 && (bench.field("steps", "B").value as number) >= 20);
  } finally {
    for (const each of running) await each.close();
  }
});

Deno.test("described simulator: registers, coils, bits of a word and blocks are simulated too", async () => {
  const plc = (unit: number) => ({
    title: `PLC ${unit}`,
    port: "modbus+tcp://10.0.0.9",
    pollInterval: 0.1,
    line: { unit },
    handshake: { ask: "holding 122 2", pattern: "holding 0c90 [0-9a-f]{4}$" },
    fields: {
      Level: { register: 40001, kind: "float32", order: "cdab", minimum: 2, maximum: 4 },
      Limit: { register: "holding 4", kind: "int16", scale: 0.1, initial: -5, writable: true },
      Valve: { type: "switch", register: "coil 3", writable: true },
      Door: { type: "switch", register: 10001 },
      Name: { type: "text", register: "input 10", registers: 6 },
      Mode: { type: "choice", register: "holding 7", bits: [0, 1], choices: { Auto: 2, Hand: 1 }, writable: true },
      Alarm: { type: "switch", register: "holding 7", bits: 4 },
      Trim: { type: "int", register: "holding 8", bits: [4, 7], signed: true, initial: -3, writable: true },
    },
    commands: { reset: { summary: "Reset", send: "holding 90 = 0001" } },
  });
  const status = {
    title: "Status",
    port: "tcp://10.0.0.8:1",
    pollInterval: 0.1,
    fields: {
      Running: { type: "switch", base: "hexadecimal", bits: 0, read: "ST" },
      State: { type: "choice", base: "hexadecimal", bits: [4, 6], choices: { Ramping: 5, Idle: 0 }, read: "ST" },
    },
    commands: {
      curve: { summary: "Curve", ask: { ask: "CURV?", block: true, pattern: "^#3(\\d{3})[\\s\\S]{200}$" } },
    },
  };
  const folder = await Deno.makeTempDir();
  const file = `${folder}/bench.json`;
  await Deno.writeTextFile(file, JSON.stringify({ instruments: [plc(1), plc(2), status] }));
  await using simulators = new Simulators();
  const { instruments } = await loadBench(file, simulators.redirect);
  await Deno.remove(folder, { recursive: true });
  assert.deepEqual(simulators.missing, []);
  await using server = startServer({ instruments, poll: true });
  using client = await RawClient.connect(server.commandServer.port);
  for (const instrument of instruments) {
    for (const field of instrument.allFields) {
      await eventually(() => field.quality === "good", `${instrument.title}: ${field.title}: ${field.reason}`);
    }
  }
  const told = async (...lines: string[]) => {
    const replies = [];
    for (const line of lines) replies.push(await client.ask(line));
    return replies.join("|").replaceAll("OK ", "");
  };
  assert.equal(await told("plc_1.get Mode", "plc_1.get Trim", "plc_1.get Limit"), "Auto|-3|-5.0");
  assert.equal(await told("status.get State", "status.get Running"), "Ramping|Off");
  const sets = ["Limit 12.5", "Valve On", "Mode Hand", "Trim -8"].map((set) => `plc_2.set ${set}`);
  assert.equal(await told(...sets, "plc_2.reset"), "OK|OK|OK|OK|OK");
  const gets = ["Limit", "Valve", "Mode", "Alarm", "Trim"];
  assert.equal(await told(...gets.map((field) => `plc_2.get ${field}`)), "12.5|On|Hand|Off|-8");
  // The other unit on the line keeps its own.
  assert.equal(await told(...gets.map((field) => `plc_1.get ${field}`)), "-5.0|Off|Auto|Off|-3");
  assert.match(await client.ask("status.curve"), /^OK .*200/);
});

Deno.test("described simulator: what it cannot simulate is said by name, and the rest is", () => {
  const simulator = simulated({
    fields: {
      Good: { read: "G?" },
      Odd: { read: { ask: "O?", pattern: "^(\\d+)\\b\\d$" } },
    },
  });
  assert.deepEqual(simulator.missing.length, 1);
  assert.match(simulator.missing[0]!, /^the field Odd: no answer was found that its pattern matches/);
  assert.match(simulator.answer("G?")!, /^\d/);
  assert.throws(
    () => simulated({ line: { sendEnd: "" }, fields: { Good: { read: "G?" } } }),
    /its commands have no end/,
  );
});

Deno.test("example answers: each is matched by its pattern, with the text in its group", () => {
  const cases: readonly (readonly [string, string | number, string])[] = [
    ["^VM:([CAO])$", 1, "A"],
    ["^\\s*@001ACK>?(\\S+)$", 1, "8.01E+01"],
    ["^(?:ERR (?<error>\\d+)|OK (?<value>-?\\d+\\.\\d))$", "value", "-1.5"],
    ["^[^,]*,([^,]+),[^,]*,(?:\\d{3}|x)*$", 1, "b c"],
    ["(?i:julabo) v([0-9.]+)", 1, "1.2"],
    ["^\\x02(\\d\\d)S(?:;(\\d+))?\\x03$", 2, "7"],
  ];
  for (const [source, group, text] of cases) {
    const answer = exampleAnswer(source, new Map([[group, text]]));
    assert.equal(pattern(source).value(answer, group), text, `${source}: ${answer}`);
  }
});
