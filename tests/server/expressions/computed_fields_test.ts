/** Fields that are computed from others: when, from what is so then, and over every wire. */
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { defineInstrument, loadBench } from "../../../mod.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import { PyOpticonSocketClient } from "../../../client/mod.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { tcpDevice } from "../devices/devices.ts";
import { ask } from "../faces/web/web_fixture.ts";

function supply(): Instrument {
  return defineInstrument({
    title: "Supply",
    fields: {
      Voltage: { type: "float", access: "readout" },
      Current: { type: "float", access: "readout" },
      Gain: { type: "float", initial: 2, needsConfirm: true, write: () => {} },
      Power: { type: "float", unit: "W", decimals: 1, compute: "voltage * current" },
      Scaled: { type: "float", compute: "power * gain" },
      Steps: { type: "int", compute: "voltage / 0.1" },
      State: { type: "choice", choices: ["low", "high"], compute: 'power > 5 ? "high" : "low"' },
    },
  });
}

const held = (instrument: Instrument, ...names: string[]) =>
  names.map((name) => {
    const { value, quality, reason } = instrument.field(name);
    return quality === "good" ? value : `${quality}: ${reason}`;
  });

Deno.test("computed fields: they follow what they are computed from at once, each once, and from what is so then", async () => {
  const instrument = supply();
  await using server = startServer({ instruments: [instrument] });
  deepStrictEqual(held(instrument, "power", "scaled"), [
    "stale: Voltage of Supply: not read yet",
    "stale: Power of Supply: Voltage of Supply: not read yet",
  ]);
  const [voltage, current] = [instrument.field("voltage"), instrument.field("current")];
  voltage.update(3);
  current.update(2);
  deepStrictEqual(held(instrument, "power", "scaled", "steps", "state"), [6, 12, 30, "high"]);
  const changes: string[] = [];
  using _stop = { [Symbol.dispose]: server.bench.onChange((_, field) => changes.push(`${field.name} ${field.text}`)) };
  voltage.update(2);
  deepStrictEqual(changes.sort(), ["power 4.0", "scaled 8.0", "state low", "steps 20", "voltage 2.0"]);
  changes.length = 0;
  voltage.update(2);
  deepStrictEqual(changes, [], "nothing changed");

  using robot = await RawClient.connect(server.commandServer.port);
  await robot.ask("supply.set Gain 10");
  strictEqual(instrument.field("scaled").value, 8, "what waits for confirm is not at the device yet");
  await robot.ask("supply.confirm");
  strictEqual(instrument.field("scaled").value, 40);

  voltage.update(1 / 3);
  deepStrictEqual([voltage.text, instrument.field("scaled").text], ["0.333333333333333", "6.666667"], "seven digits");
  voltage.update(0.05);
  deepStrictEqual(held(instrument, "steps"), [
    "error: its value would be 0.5, and it should be a whole number",
  ]);
  current.fail("overload");
  deepStrictEqual(held(instrument, "power", "scaled", "steps"), [
    "error: Current of Supply: overload",
    "error: Power of Supply: Current of Supply: overload",
    "error: its value would be 0.5, and it should be a whole number",
  ]);
});

Deno.test("computed fields: they are as old as the oldest reading, and the history has each of their changes", async () => {
  const instrument = supply();
  const clock = Date.now;
  try {
    let now = clock() - 60_000;
    const begin = now;
    Date.now = () => now;
    await using server = startServer({ instruments: [instrument], webPort: 0 });
    const [voltage, current, power] = ["voltage", "current", "power"].map((name) => instrument.field(name));
    current!.update(2);
    for (const volts of [1, 2, 3]) {
      now += 1000;
      voltage!.update(volts);
    }
    strictEqual(power!.time, begin);
    // It was read again, and nothing changed.
    current!.update(2);
    strictEqual(power!.time, begin + 3000);
    deepStrictEqual(instrument.field("scaled").time, begin + 3000, "what is set holds, however long ago that was");
    const { json } = await ask(server, "GET", "/api/v1/instruments/supply/fields/power/history");
    deepStrictEqual(json, { times: [1, 2, 3].map((second) => (begin + second * 1000) / 1000), values: [2, 4, 6] });
  } finally {
    Date.now = clock;
  }
});

Deno.test("computed fields: every wire has them, and none sets them", async () => {
  const instrument = supply();
  const other = defineInstrument({
    title: "Both",
    fields: { Sum: { type: "float", compute: 'supply.power + field("Supply", "Scaled")' } },
  });
  await using server = startServer({ instruments: [other, instrument], webPort: 0 });
  instrument.field("voltage").update(3);
  instrument.field("current").update(2);
  using robot = await RawClient.connect(server.commandServer.port);
  strictEqual(await robot.ask("supply.get power"), "OK 6.0");
  match(
    await robot.ask("supply.set power 1"),
    /^ERROR Cannot set Power of Supply: it is a readout; its settings are Gain$/,
  );
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  strictEqual((await client.getReading("Both", "Sum")).value, 18);
  const { fields } = await client.describe("Both");
  deepStrictEqual([fields[0]!.access, fields[0]!.log, fields[0]!.compute], [
    "readout",
    true,
    'supply.power + field("Supply", "Scaled")',
  ]);
  const { out } = await run(["describe", "--port", String(server.dashboardServer.port), "supply"]);
  match(out, /^Power +6\.0 +W +computed: voltage \* current +float$/m);
  const { json } = await ask(server, "GET", "/api/v1/instruments/both/fields/sum");
  deepStrictEqual([json.value, json.quality], [18, "good"]);
  ok(Date.parse(json.time) <= Date.now());
});

Deno.test("computed fields: a program is told what is wrong with its own", () => {
  const serve = (fields: Record<string, object>) => () =>
    startServer({ instruments: [defineInstrument({ title: "A", fields: fields as never })] });
  const wrong: readonly (readonly [Record<string, object>, RegExp])[] = [
    [{ X: { type: "float", compute: "y" } }, /Cannot declare X of A: compute: A has no field y; it has x$/],
    [
      { X: { type: "float", compute: "y" }, Y: { type: "float", compute: "x + 1" } },
      /compute: is computed from itself: a\.x ← a\.y ← a\.x$/,
    ],
    [
      { X: { type: "text", compute: "1 > 2" } },
      /compute: its value is true or false, and X is of the type text: "type": "switch" would be right$/,
    ],
    [
      { X: { type: "float", compute: "1", read: () => 1 } },
      /Cannot declare X of A: read has no meaning beside "compute"$/,
    ],
  ];
  for (const [fields, message] of wrong) throws(serve(fields), message);
});

Deno.test("computed fields: a bench file has them beside what is read, in drivers of one's own, and without a port", async () => {
  let volts = "12.5";
  await using device = tcpDevice((asked) => asked === "V?" ? volts : asked === "I?" ? "2.0" : undefined);
  const folder = await Deno.makeTempDir();
  const bench = {
    instruments: [
      {
        title: "Sums",
        fields: {
          Total: { unit: "W", decimals: 2, compute: "lamp_supply.power + stage.twice" },
          Warm: { type: "switch", compute: 'field("Lamp Supply", "Power") > 20 && lamp_supply.power < 1000' },
        },
      },
      {
        title: "Lamp Supply",
        port: device.address,
        pollInterval: 0.05,
        fields: {
          Voltage: { unit: "V", read: { ask: "V?", bad: { "9.9E37": "overload" } } },
          Current: { unit: "A", read: "I?" },
          Power: { unit: "W", compute: "voltage * current" },
        },
      },
      { title: "Stage", driver: "./stage.ts", options: {} },
    ],
  };
  await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify(bench));
  await Deno.writeTextFile(
    `${folder}/stage.ts`,
    `export default ({ defineInstrument, command }, { title }) =>
  defineInstrument({ title, fields: {
    Position: { type: "float", initial: 3, write: () => {} },
    Twice: { type: "float", compute: "position * 2" },
  }, commands: ({ Twice }) => ({ twice: command({ summary: "Tell it", run: () => Twice.value }) }) });\n`,
  );
  const { code, out, err } = await run(["check", `${folder}/bench.json`]);
  strictEqual(code, 0, out + err);
  const { instruments } = await loadBench(`${folder}/bench.json`);
  try {
    await using server = startServer({ instruments, poll: true });
    await server.ready;
    const total = server.bench.find("Sums")!.field("Total");
    await eventually(() => total.text === "31.00", "25 W, and twice 3");
    strictEqual(server.bench.find("Sums")!.field("Warm").value, true);
    using robot = await RawClient.connect(server.commandServer.port);
    strictEqual(await robot.ask("stage.set Position 5"), "OK");
    strictEqual(await robot.ask("sums.get total"), "OK 35.00");
    strictEqual(await robot.ask("stage.twice"), "OK 10", "the driver knows it");
    volts = "9.9E37";
    await eventually(() => total.quality === "error", "a bad value makes what depends on it bad");
    strictEqual(total.reason, 'Power of Lamp Supply: Voltage of Lamp Supply: "9.9E37" means overload');
    volts = "10";
    await eventually(() => total.text === "30.00", "and it is good again");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
