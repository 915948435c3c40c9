/** Modbus: against pymodbus over TCP and as RTU over TCP, and against a device of our own on a pseudo terminal. */
import assert from "node:assert/strict";
import { decodeRegisters, encodeRegisters } from "../../../server/devices/described/registers.ts";
import { openPty } from "../../../server/devices/transports/pty.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";
import { eventually } from "../../fixture.ts";
import { ServedBench } from "./devices.ts";

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
  Name: { register: 40007, kind: "text", registers: 3, type: "text", writable: true },
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
      assert.match(await bench.ask("oven.set Power 40000"), /^ERROR .*40000 does not fit int16/);
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
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0]!;
}
