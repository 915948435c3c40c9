/** Modbus: against pymodbus over TCP and as RTU over TCP, and against a device of our own on a pseudo terminal. */
import assert from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { Simulators } from "../../../server/config/simulators.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";
import { type ModbusAsked, modbusRtuDevice, modbusTcpDevice, words } from "./fakes/modbus_device.ts";

const python = "/usr/bin/python3";

async function hasPymodbus(): Promise<boolean> {
  try {
    return (await new Deno.Command(python, { args: ["-c", "import pymodbus"], stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

const fields = {
  Temperature: { register: 40001, kind: "float32", order: "cdab", unit: "°C", writable: true, bad: { "-999": "off" } },
  Power: { register: 40003, kind: "int16", type: "int", writable: true, minimum: -100_000, maximum: 100_000 },
  Count: { register: "holding 3", kind: "uint32", type: "int" },
  Mode: { register: "holding 0x5", bits: [4, 7], type: "int", writable: true, maximum: 99 },
  Ready: { register: "holding 5", bits: 0, type: "switch", writable: true },
  Name: { register: 40007, registers: 3, type: "text", writable: true },
  Wide: { register: 40010, kind: "float64" },
  Raw: { register: 30001, type: "int", scale: 2 },
  Deep: { register: 30002, kind: "int64", type: "int" },
  Pump: { register: "coil 0", type: "switch", writable: true },
  Valve: { register: "coil 3", type: "switch", writable: true, function: 15 },
  Door: { register: 10002, type: "switch" },
  Single: { register: 40021, type: "int", writable: true, function: 16 },
};

Deno.test({
  name: "Modbus: pymodbus' registers and coils of every kind are read and written, over TCP and as RTU over TCP",
  ignore: !await hasPymodbus(),
  async fn() {
    await using server = new Deno.Command(python, {
      args: [new URL("modbus_server.py", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const [tcp, rtu] = (await firstLine(server.stdout)).trim().split(" ");
    for (
      const [address, unit] of [[`modbus+tcp://127.0.0.1:${tcp}`, 1], [`modbus+rtu://127.0.0.1:${rtu}`, 7]] as const
    ) {
      await using bench = await ServedBench.of({
        instruments: [
          { title: "Oven", port: `${address}?unit=${unit}`, pollInterval: 0.1, fields },
          {
            title: "Other",
            port: address,
            line: { unit: unit === 1 ? 7 : 1 },
            pollInterval: 0.1,
            fields: { Power: fields.Power, Beyond: { register: 49_000 } },
            commands: {
              start: { summary: "Start", send: ["coil 5 = 1", "holding 30 = 0102 0304"] },
              level: { summary: "Level", arguments: { at: { type: "int" } }, ask: "holding {at}" },
              wrong: { summary: "Wrong", arguments: { at: { type: "int" } }, send: "coil {at} = 1" },
            },
          },
          { title: "Gone", port: address, line: { unit: 99, timeout: 0.3 }, fields: { Power: fields.Power } },
        ],
      });
      const get = (field: string) => bench.ask(`oven.get ${field}`);
      await eventually(() => bench.field("oven", "Single").quality === "good", "the first poll");
      const read: string[] = [];
      for (const field of Object.keys(fields)) read.push(`${field} ${(await get(field)).replace("OK ", "")}`);
      const power = unit === 1 ? -5 : 700;
      assert.deepEqual(read, [
        "Temperature 21.5",
        `Power ${power}`,
        "Count 70000",
        "Mode 10",
        "Ready On",
        "Name Hello",
        "Wide 3.25",
        "Raw 2468",
        "Deep -2",
        "Pump On",
        "Valve On",
        "Door On",
        "Single 0",
      ]);
      for (
        const [field, value] of [
          ["Temperature", "-12.3"],
          ["Power", "-32768"],
          ["Mode", "3"],
          ["Ready", "Off"],
          ["Name", "Bye"],
          ["Pump", "Off"],
          ["Valve", "Off"],
          ["Single", "65535"],
        ]
      ) {
        assert.equal(await bench.ask(`oven.set ${field} ${value}`), "OK", field);
        await eventually(async () => await get(field!) === `OK ${value}`, `${field} ${value}: ${await get(field!)}`);
      }
      // What stands in the same register as what was written is as it was.
      assert.equal(await get("Mode"), "OK 3");
      assert.match(await bench.ask("oven.set Power 40000"), /^ERROR .*40000: int16 holds -32768 to 32767/);
      assert.match(await bench.ask("oven.set Mode 16"), /^ERROR .*16 does not fit the bits 4 to 7/);
      assert.match(await bench.ask('oven.set Name "Too long a name"'), /^ERROR .*has more than 6 characters/);
      // The other unit on the line is its own instrument: one of its fields is refused in plain words, the others are read.
      assert.equal(await bench.ask("other.get Power"), `OK ${unit === 1 ? 700 : -32768}`);
      const beyond = bench.field("other", "Beyond");
      await eventually(() => beyond.quality === "error", "the refusal");
      assert.match(
        beyond.reason,
        /it has no such register or coil, or not so many there \(it answered "unit \d exception 2/,
      );
      assert.equal(await bench.ask("other.start"), "OK");
      assert.equal(await bench.ask("other.level 31"), "OK 0304");
      assert.match(await bench.ask("other.wrong 70000"), /^ERROR .*addresses end at 65535/);
      assert.match(await bench.ask("other.level 60"), /^ERROR .*it has no such register/);
      await eventually(() => bench.server.bench.find("gone")!.contact!.state === "lost", "nobody is there");
    }
    await server.stdin.close();
    assert.equal((await server.status).success, true);
  },
});

/** The first line of a stream, of which the rest is left. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}

Deno.test({
  name:
    "Modbus: on a serial line neighbours are read in one request, an echo and noise are passed over, a spoilt answer is asked for again",
  ignore: Deno.build.os === "windows",
  async fn() {
    const asked: ModbusAsked[] = [];
    let answers = 0;
    await using device = await modbusRtuDevice((request) => {
      asked.push(request);
      if (request.unit !== 17) return undefined;
      if (request.code === 6) return [...words(request.address).slice(1), ...words(request.count).slice(1)];
      const from = request.address;
      return words(...Array.from({ length: request.count }, (_, index) => from + index));
    }, (frame) => {
      // One answer has a bit that is wrong; noise stands before all.
      if (frame.length > 0 && ++answers === 8) frame[4]! ^= 1;
      return [0x00, 0x11, 0x03, ...frame];
    });
    await using bench = await ServedBench.one({
      title: "Meter",
      port: `${device.address}?baud=19200&unit=17`,
      line: { timeout: 0.2, mostRegisters: 6, retries: 2 },
      pollInterval: 0.05,
      fields: {
        C: { register: "holding 0x102", type: "int" },
        A: { register: "holding 0x100", kind: "uint32", type: "int" },
        // The block would have more than six registers.
        D: { register: "holding 0x103", kind: "int64", type: "int" },
        Apart: { register: "holding 0x200", type: "int", writable: true },
        Input: { register: "input 0x103", type: "int" },
        Seldom: { register: "holding 0x107", type: "int", poll: 60 },
      },
    });
    const all = ["C", "A", "Apart", "Input", "Seldom"].map((field) => bench.field("meter", field));
    await eventually(() => answers > 20 && all.every(({ quality }) => quality === "good"), "polls");
    for (
      const [field, value] of [["C", 0x102], ["A", 0x1000101], ["Apart", 0x200], ["Input", 0x103], ["Seldom", 0x107]]
    ) {
      assert.equal(bench.field("meter", String(field)).value, value, String(field));
    }
    assert.equal(bench.field("meter", "D").quality, "error", "an integer that is too large to be exact");
    const requests = new Set(asked.map(({ code, address, count }) => `${code} ${address.toString(16)} ${count}`));
    assert.deepEqual([...requests].sort(), ["3 100 3", "3 103 4", "3 107 1", "3 200 1", "4 103 1"]);
    for (let answered = ""; answered !== "OK";) answered = await bench.ask("meter.set Apart 77");
    assert.deepEqual(asked.filter(({ code }) => code === 6)[0], { unit: 17, code: 6, address: 0x200, count: 77 });
  },
});

Deno.test("Modbus: a late answer is dropped by its number, and a stop does not wait for it", async () => {
  let value = 0;
  const stops: number[] = [];
  await using device = modbusTcpDevice(({ code, address }) => {
    if (code === 5) {
      stops.push(address);
      return [0, address, 0xff, 0];
    }
    return address === 9 ? undefined : words(++value);
  });
  await using bench = await ServedBench.one({
    title: "Pump",
    port: device.address,
    line: { timeout: 20 },
    pollInterval: 3600,
    fields: { Speed: { register: "holding 0", type: "int" } },
    commands: {
      wait: { summary: "Never answers", ask: "holding 9" },
      stop: { summary: "Stop", send: "coil 3 = 1", immediate: true },
    },
  });
  await eventually(() => bench.field("pump", "Speed").quality === "good", "contact");
  const waiting = bench.ask("pump.wait");
  await eventually(() => value >= 1, "the first reading");
  using other = await RawClient.connect(bench.server.commandServer.port);
  assert.equal(await other.ask("pump.stop"), "OK");
  assert.match(await waiting, /^ERROR .*interrupted/);
  assert.deepEqual(stops, [3]);
  assert.equal(await bench.ask("pump.stop"), "OK", "the line goes on as it was");
});

Deno.test("web APIs and files are without contact where a bench is simulated, and Modbus devices are simulated: the real ones are never spoken to", async () => {
  const folder = await Deno.makeTempDir();
  await using simulators = new Simulators();
  const instruments = [
    { title: "Oven", port: "modbus+tcp://127.0.0.1:2", fields: { A: { register: 40001 } } },
    { title: "Bus", port: "modbus+serial:///dev/nowhere", fields: { A: { register: 40001 } } },
    { title: "Box", port: "https://127.0.0.1:2", fields: { A: { read: "GET /" } } },
    { title: "Log", port: "file:///C:/somewhere/log.csv", fields: { A: { listen: { column: 1 } } } },
  ];
  try {
    await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments }));
    const bench = await loadBench(`${folder}/bench.json`, simulators.redirect);
    assert.deepEqual(simulators.missing, [
      "Box (nothing simulates https://)",
      "Log (nothing simulates file://)",
    ]);
    const [oven, bus, ...others] = bench.instruments.map(({ contact }) => contact!.address);
    for (const each of [oven!, bus!]) assert.match(each, /^modbus\+tcp:\/\/127\.0\.0\.1:\d{4,5}$/);
    assert.deepEqual(others, [
      "https://127.0.0.1:1",
      "file:///no such file",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
