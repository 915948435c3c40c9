/** Interlocks over real sockets and real lines: what they forbid, what they do, and that they fail closed. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { BenchFileError, loadBench } from "../../../mod.ts";
import { dashboardClient, eventually, RawClient, startServer } from "../../fixture.ts";
import { benchOf, Devices, inFolder, serve } from "./lab.ts";

Deno.test("guards: a temperature too high closes gases, interrupts what runs, and forbids over every way in until it is reset", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, oven, gas } = devices;
    await using lab = await serve(
      folder,
      benchOf(devices, {
        interlocks: {
          "Too hot": {
            when: "probe.temperature > 300",
            until: "probe.temperature < 290",
            latched: true,
            forbids: ["oven.ramp", { set: "oven.power", above: 50 }, "oven.program", "gas"],
            trips: [{ set: "oven.program", to: 0 }, { set: "gas.setpoint", to: 0 }, { call: "gas.close" }],
          },
        },
      }),
    );
    const { server, lines } = lab;
    await lab.until("too_hot", "clear");
    strictEqual(await lines.ask("oven.set Power 80"), "OK");
    strictEqual(await lines.ask("oven.set Program 7"), "OK", "it waits for confirm");

    await using client = dashboardClient(server);
    const ramp = rejects(client.call("oven", "ramp", [400]), /ramp of oven was interrupted by interlock Too hot/);
    const waits = rejects(client.call("oven", "ramp", [500]), /interlock Too hot forbids ramp of Oven/);
    await eventually(() => oven.told.includes("RAMP 400"), "it ramps");
    // Whoever has control does not keep a guard from it.
    match(await lines.ask("register ana"), /^OK/);
    match(await lines.ask("take oven"), /^OK/);
    probe.values.T = "301";
    await ramp;
    await eventually(() => gas.told.includes("CLOSE"), "the gas is closed");
    deepStrictEqual(oven.told, ["SET P 80", "RAMP 400", "HALT", "SET N 0"], "the ramp is told to stop first");
    deepStrictEqual(gas.told, ["SET S 0", "CLOSE"]);
    strictEqual(server.bench.find("oven")!.field("program").staged, false);

    const refusal = await lines.ask("oven.set Power 51");
    match(
      refusal,
      /^ERROR Cannot set oven: interlock Too hot forbids Power of Oven above 50: Temperature of Probe is 301.* °C; it trips when probe.temperature > 300, and returns when probe.temperature < 290; then it has to be reset$/,
    );
    strictEqual(await lines.ask("oven.set Power 50"), "OK", "it may be less");
    match(await lines.ask("oven.ramp 20"), /interlock Too hot forbids ramp of Oven/);
    match(await lines.ask("gas.set Setpoint 1"), /interlock Too hot forbids whatever drives Gas/);
    match(await lines.ask("oven.confirm"), /interlock Too hot forbids Program of Oven/);
    match(await lines.ask("gas.get Setpoint"), /^OK 0/);
    strictEqual(await lines.ask("oven.abort"), "OK", "to stop something is never forbidden");
    strictEqual(await lines.ask("release oven"), "OK");
    using framed = await RawClient.connect(server.dashboardServer.port);
    const refused = await framed.request({ cmd: "Set", id: 1, instrument: "oven", field: "Power", new_value: 60 });
    strictEqual((refused.error as { code: string }).code, "forbidden");
    await framed.send(JSON.stringify({ cmd: "Set", widget_nickname: "Oven", field_name: "Power", new_value: "60" }));
    match(await framed.until((text) => text !== ""), /^Error: Cannot set oven: interlock Too hot forbids/);
    const web = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/instruments/gas/commands/close`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const body = await web.text();
    strictEqual(web.status, 409, body);
    match(body, /forbidden/);

    match(
      await lines.ask("guards.reset 'Too hot'"),
      /^ERROR Cannot reset interlock Too hot: Temperature of Probe is 301/,
    );
    probe.values.T = "295";
    await eventually(async () => (await lab.interlock("too_hot")).parts[0]!.so === false, "it is below the limit");
    strictEqual((await lab.interlock("too_hot")).state, "tripped", "hysteresis");
    probe.values.T = "289";
    await lab.until("too_hot", "latched");
    match(
      await lines.ask("gas.close"),
      /it tripped at .* \(Temperature of Probe is 301.*\), and is as it should be now; "guards.reset too_hot" lets it go/,
    );
    strictEqual(await lines.ask("guards.reset too_hot"), "OK");
    strictEqual(await lines.ask("gas.close"), "OK");
    await waits;
  }));

Deno.test("guards: what is not known is not safe: a field that falls silent trips, also where another part would decide alone", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { water, gas } = devices;
    await using lab = await serve(
      folder,
      benchOf(devices, {
        interlocks: {
          Water: {
            must: "probe.temperature < 100 || water.flow > 2",
            grace: "0s",
            forbids: ["oven.power"],
            trips: [{ call: "gas.close" }],
          },
          Alive: {
            when: 'age(water.flow) > 30 || quality(water.flow) == "error"',
            grace: "0s",
            forbids: ["gas.setpoint"],
          },
        },
      }),
    );
    await lab.until("water", "clear");
    water.silent.add("F");
    await lab.until("water", "tripped");
    match(
      (await lab.interlock("water")).reason,
      /it is not known whether it is safe: Flow of Water: not read for more than/,
    );
    await eventually(() => gas.told.includes("CLOSE"), "its step is done");
    const { parts } = await lab.interlock("water");
    deepStrictEqual(parts.map(({ text, so }) => [text, so]), [["probe.temperature < 100", true], [
      "water.flow > 2",
      null,
    ]]);
    match(await lab.lines.ask("oven.set Power 1"), /interlock Water forbids Power of Oven: it is not known/);
    water.silent.delete("F");
    await lab.until("water", "clear");
    strictEqual((await lab.interlock("water")).parts[1]!.distance, 3);
    strictEqual((await lab.interlock("water")).parts[1]!.value, "5.0 L/min");
    strictEqual(await lab.lines.ask("oven.set Power 1"), "OK");
  }));

Deno.test("guards: a bench file is told what is wrong with its guards, and where", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const file = join(folder, "lab.json");
    const problems = async (guards: Record<string, unknown>) => {
      await Deno.writeTextFile(file, JSON.stringify(benchOf(devices, guards)));
      const error = await loadBench(file).then(() => undefined, (error) => error);
      ok(error instanceof BenchFileError, `${JSON.stringify(guards)} is taken`);
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    };
    const one = (words: Record<string, unknown>) => problems({ interlocks: { Hot: { forbids: ["gas"], ...words } } });
    deepStrictEqual(await one({ when: "probe.temprature > 3" }), [
      "interlocks.Hot.when: Probe has no field temprature (did you mean temperature?); it has temperature",
    ]);
    deepStrictEqual(await one({ when: "probe.temperature > gas.pressure" }), [
      "interlocks.Hot.when: probe.temperature > gas.pressure: probe.temperature is in °C, and gas.pressure in bar: convert one of them",
    ]);
    deepStrictEqual(await one({ when: 'mean(probe.temperature, "5m") > 300 && (water.flow + gas.pressure) > 2' }), [
      "interlocks.Hot.when: water.flow + gas.pressure: water.flow is in L/min, and gas.pressure in bar: convert one of them",
    ]);
    deepStrictEqual(await one({ when: "probe.temperature" }), [
      "interlocks.Hot.when: its value is a number, and should be true or false",
    ]);
    match(
      (await one({ when: 'probe.temperature > "x"' }))[0]!,
      /^interlocks.Hot.when: .*> cannot take a number and text/,
    );
    match(
      (await one({ when: 'mean(probe.temperature, "x") > 1' }))[0]!,
      /mean takes a time such as "10s", "5m" or "1h"/,
    );
    match(
      (await one({ when: 'mean(probe.temperature + 1, "5m") > 1' }))[0]!,
      /mean takes a field, such as mean\(oven.temperature\)/,
    );
    match((await one({ when: "flow > 1" }))[0]!, /flow stands alone: write INSTRUMENT.FIELD/);
    match((await one({}))[0]!, /^interlocks.Hot: says no condition/);
    const hot = { when: "probe.temperature > 1" };
    match((await problems({ interlocks: { Hot: hot } }))[0]!, /^interlocks.Hot: does nothing/);
    deepStrictEqual(await one({ ...hot, forbids: ["oven.abort"] }), [
      "interlocks.Hot.forbids[0]: abort of Oven is never forbidden: it stops something, or only reads",
    ]);
    deepStrictEqual(await one({ ...hot, forbids: [{ set: "water.flow", above: 3 }, "gas.clos"] }), [
      "interlocks.Hot.forbids[0].set: Flow of Water is a readout; it has no settings",
      "interlocks.Hot.forbids[1]: Gas has no setting and no command clos (did you mean close?); it has close, setpoint",
    ]);
    deepStrictEqual(
      await one({
        ...hot,
        trips: ["safe state", { set: "oven.power", to: 200 }, { call: "gas.close", arguments: [1] }],
      }),
      [
        'interlocks.Hot.trips[0]: there is no safe state: say "safeState": [ … ] in the bench file',
        "interlocks.Hot.trips[1].to: Cannot set Power of Oven to 200: above its maximum of 100",
        "interlocks.Hot.trips[2].arguments: Cannot call gas.close with 1 arguments: it takes none; usage: gas.close (quote an argument that holds spaces)",
      ],
    );
    match((await one({ ...hot, delay: "soon" }))[0]!, /^interlocks.Hot.delay: must be a time such as/);
    match(
      (await problems({ watchdogs: { Night: { within: "10m" } } }))[0]!,
      /^watchdogs.Night.then\[0\]: there is no safe state/,
    );
  }));

Deno.test("guards: a program that hands on none has those of its bench file all the same", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const file = join(folder, "lab.json");
    const interlocks = { Never: { must: "probe.temperature > 1000", forbids: ["gas"], grace: "0s" } };
    await Deno.writeTextFile(file, JSON.stringify(benchOf(devices, { interlocks })));
    const { instruments } = await loadBench(file);
    const server = startServer({ instruments, poll: false });
    await server.prepare();
    try {
      match(await server.commandServer.command("gas.close"), /^ERROR .*interlock Never forbids whatever drives Gas/);
    } finally {
      await server.stop();
    }
  }));
