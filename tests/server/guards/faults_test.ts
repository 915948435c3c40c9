/** The table of docs/guards.md: what happens at each fault. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { configure, type LogRecord, reset } from "npm:@logtape/logtape@2.4.2";
import { join } from "node:path";
import type { GuardsDescription } from "../../../protocol/guards.ts";
import { HeliographServer, loadBench } from "../../../mod.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";
import { benchOf, Devices, inFolder, Lab, serve } from "./lab.ts";

const hot = {
  when: "probe.temperature > 300",
  latched: true,
  forbids: ["gas.setpoint"],
  trips: [{ call: "gas.close" }],
} as const;
const safeState = [{ set: "gas.setpoint", to: 0 }, { set: "oven.program", to: 0 }];

Deno.test("guards: an action that fails is tried again, then escalates, and is done once its cable is back; the next goes on", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, oven, gas } = devices;
    const trips = [{ call: "gas.close", otherwise: [{ set: "oven.power", to: 0 }] }, { set: "oven.program", to: 0 }];
    await using lab = await serve(folder, benchOf(devices, { interlocks: { Hot: { ...hot, trips } } }));
    await lab.until("hot", "clear");
    const { port } = gas;
    const logged: string[] = [];
    await configure({
      sinks: { logged: ({ level, message }: LogRecord) => void logged.push(`${level}: ${message.join("")}`) },
      loggers: [
        { category: ["heliograph", "guards"], sinks: ["logged"], lowestLevel: "warning" },
        { category: ["logtape", "meta"], lowestLevel: "error" },
      ],
      reset: true,
    });
    await gas[Symbol.asyncDispose]();
    probe.values.T = "301";
    await eventually(() => oven.told.includes("SET N 0"), "the next step is done all the same");
    deepStrictEqual(oven.told, ["SET P 0", "SET N 0"], "first what is done instead");
    const [closing] = (await lab.interlock("hot")).trips;
    strictEqual(closing!.state, "failed");
    ok(closing!.reason !== "");
    await reset();
    strictEqual(logged.filter((each) => /^warning: .*Call close of Gas.* failed: /i.test(each)).length, 3);
    match(
      logged.find((each) => each.startsWith("error"))!,
      /call close of Gas FAILED 3 times: .*; instead, set Power/i,
    );
    devices.gas = new Lab({ B: "1" }, port);
    await eventually(() => devices.gas.told.includes("CLOSE"), "it is done once the cable is back");
    await eventually(async () => (await lab.interlock("hot")).trips[0]!.state === "done", "and that is told");
  }));

Deno.test("guards: an action that does not end fails at its deadline, and escalates; the next does not wait so long", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, oven, gas } = devices;
    const trips = [{
      call: "oven.ramp",
      arguments: [0],
      within: "0.1s",
      otherwise: [{ set: "oven.power", to: 0 }],
    }, { call: "gas.close" }];
    const bench = benchOf(devices, { interlocks: { Hot: { ...hot, trips } } });
    const { ramp } = bench.instruments[2]!.commands as unknown as { ramp: { doneWhen: { within: number } } };
    ramp.doneWhen.within = 0.5;
    await using lab = await serve(folder, bench);
    await lab.until("hot", "clear");
    probe.values.T = "301";
    await eventually(() => gas.told.includes("CLOSE"), "the next step is done");
    ok(!oven.told.includes("SET P 0"), "while the first is under way");
    await eventually(() => oven.told.includes("SET P 0"), "then what is to be done instead");
    deepStrictEqual(oven.told.filter((each) => each === "RAMP 0").length, 3);
    const [ramping] = (await lab.interlock("hot")).trips;
    match(ramping!.reason, /0\.5 s/);
    const { alarms } = await lab.described();
    deepStrictEqual(alarms.find(({ title }) => title === "Steps of interlock Hot")?.severity, "critical");
  }));

Deno.test("guards: after a restart what was latched, bypassed or watched is so still; a damaged or unwritable state fails closed", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe, gas } = devices;
    const bench = benchOf(devices, {
      interlocks: { Hot: hot, Flow: { must: "water.flow > 9", grace: "0s", forbids: ["oven"] } },
      safeState,
      watchdogs: { Night: { within: "1h" } },
    });
    {
      await using lab = await serve(folder, bench);
      const { lines } = lab;
      await lab.until("hot", "clear");
      await lab.until("flow", "tripped");
      probe.values.T = "301";
      await lab.until("hot", "tripped");
      await eventually(() => gas.told.length === 1, "it is closed");
      match(await lines.ask("guards.bypass Flow 30m ''"), /^ERROR Cannot bypass Flow without a reason: say why$/);
      match(await lines.ask("guards.bypass Flow 48h 'sensor'"), /^ERROR 48h is no time/);
      strictEqual(await lines.ask("guards.bypass Flow 30m 'the sensor is changed'"), "OK");
      strictEqual(await lines.ask("oven.set Power 1"), "OK", "a bypassed one forbids nothing");
      deepStrictEqual(JSON.parse((await lines.ask("status")).replace(/^OK /, "")).guards, {
        tripped: ["Hot"],
        bypassed: ["Flow"],
        expired: [],
        // Each of the two that have tripped is one too, also while it is bypassed: nobody has said that they know.
        alarms: { low: 0, medium: 0, high: 2, critical: 0, unacknowledged: 2, setAside: 0 },
      });
      strictEqual(await lines.ask("guards.watchdog run 20m"), "OK");
      match(await lines.ask("guards.watchdog night 20m"), /Cannot change watchdog Night: the bench file says its time/);
    }
    probe.values.T = "20";
    const clock = Date.now;
    try {
      // The PC's clock is set back by a day: that makes no bypass longer, and no watchdog.
      Date.now = () => clock() - 86_400_000;
      await using lab = await serve(folder, bench);
      await lab.until("hot", "latched");
      match(
        await lab.lines.ask("gas.set Setpoint 3"),
        /interlock Hot forbids Setpoint of Gas: it tripped at .*\(Temperature of Probe is 301/,
      );
      const { bypass, state } = await lab.interlock("flow");
      deepStrictEqual([state, bypass!.reason], ["bypassed", "the sensor is changed"]);
      const { watchdogs } = await lab.described();
      deepStrictEqual(watchdogs.map(({ name, within }) => [name, within]), [["night", 3600], ["run", 1200]]);
      ok(watchdogs.every(({ left, within }) => left > 0 && left <= within));
      strictEqual(await lab.lines.ask("guards.end_bypass Flow"), "OK");
      match(await lab.lines.ask("oven.set Power 1"), /interlock Flow forbids whatever drives Oven/);
      strictEqual(await lab.lines.ask("guards.watchdog run off"), "OK");
    } finally {
      Date.now = clock;
    }
    const state = join(folder, "lab.state", "guards.json");
    await Deno.writeTextFile(state, "half of i");
    {
      await using lab = await serve(folder, bench);
      await lab.until("hot", "latched");
      match((await lab.interlock("hot")).reason, /it is not known whether it had tripped: what was kept of it is lost/);
      strictEqual(await Deno.readTextFile(`${state}.damaged`), "half of i");
    }
    // Where nothing can be written, it is told, and everything else is as ever.
    await Deno.remove(join(folder, "lab.state"), { recursive: true });
    await Deno.writeTextFile(join(folder, "lab.state"), "in the way");
    await using lab = await serve(folder, bench);
    probe.values.T = "301";
    await lab.until("hot", "tripped");
    await eventually(() => gas.told.length === 2, "it is closed again");
    await eventually(async () => /NOT kept over a restart/.test((await lab.described()).hint), "that is told");
    await eventually(
      async () => (await lab.described()).alarms.some(({ title }) => title === "Guards not kept"),
      "and is an alarm",
    );
  }));

Deno.test("guards: a watchdog is renewed by a message alone, and says who was the last; the safe state passes everything that waits", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { oven, gas } = devices;
    await using lab = await serve(folder, benchOf(devices, { safeState }));
    const { server, lines } = lab;
    const port = ["--port", String(server.dashboardServer.port)];
    const flags = [...port, "--name", "ana"];
    // Somebody else's code has the bench for itself, and somebody has control: neither keeps it from being safe.
    const holder = { gone: false };
    const release = await server.bench.gate.hold(holder, 60);
    strictEqual((await run(["take", "gas", ...port, "--name", "eve"])).code, 0);
    strictEqual((await run(["take", "guards", ...port, "--name", "eve"])).code, 0);
    const { code, out, err } = await run(["safe", ...flags]);
    deepStrictEqual([code, out], [0, "The bench is in its safe state\n"], err);
    deepStrictEqual([gas.told, oven.told], [["SET S 0"], ["SET N 0"]]);
    release();
    strictEqual(await lines.ask("guards.safe"), "OK");
    strictEqual(gas.told.length, 2);
    using open = await RawClient.connect(server.dashboardServer.port);
    const called = await open.request({ cmd: "Call", id: 1, instrument: "guards", command: "safe" });
    strictEqual(called.ok, true);

    match((await run(["watchdog", "renew", "run", ...flags])).err, /There is no watchdog run; the bench has none/);
    strictEqual((await run(["watchdog", "run", "2s", ...flags])).code, 0);
    const before = gas.told.length;
    strictEqual((await run(["watchdog", "renew", "run", ...flags])).code, 0);
    await eventually(async () => (await lab.described()).watchdogs[0]!.state === "expired", "it expires");
    match((await lab.described()).watchdogs[0]!.renewedBy, /^ana/);
    await eventually(() => gas.told.length > before, "the bench is safe");
    deepStrictEqual(JSON.parse((await lines.ask("status")).replace(/^OK /, "")).guards.expired, ["run"]);
    strictEqual(await lines.ask("guards.renew run"), "OK");
    strictEqual(await lines.ask("guards.watchdog run 1h"), "OK");
    strictEqual((await lab.described()).watchdogs[0]!.state, "waiting");

    // The wires of the originals have no guards among their widgets.
    deepStrictEqual(server.bench.find("guards")!.allFields, []);
    const shown = await run(["guards", ...flags]);
    match(
      shown.out,
      /^run: watchdog, .* left of 1 h 0 min; renewed by .*\n {2}1\. set Setpoint of Gas to 0.*\n {2}2\. set Program of Oven to 0/s,
    );
    match(
      (await run(["guards", "test", "safe state", ...flags])).out,
      /^would set Setpoint of Gas to 0 \(it is 0 now\)\nwould set Program/,
    );
    match(
      (await run(["guards", "bypass", "x", ...flags])).err,
      /without an end and a reason: give --for 30m --reason TEXT/,
    );
    match((await run(["guards", "shut", "x", ...flags])).err, /Cannot do shut with guards: give test, reset/);
  }));

Deno.test("guards: an instrument that is switched off, or away, trips what depends on it; a delay forbids at once", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    await using lab = await serve(
      folder,
      benchOf(devices, {
        interlocks: {
          Probe: {
            must: "probe.temperature < 300",
            grace: "0s",
            forbids: [{ set: "oven.power", above: 5 }],
            trips: [{ call: "gas.close" }],
          },
          Late: { must: "water.flow > 2", delay: "1h", forbids: ["gas"], trips: [{ set: "oven.power", to: 0 }] },
        },
      }),
    );
    await lab.until("probe", "clear");
    await lab.until("late", "clear");
    strictEqual(await lab.lines.ask("switch_off gas"), "OK");
    strictEqual(await lab.lines.ask("switch_off probe"), "OK");
    await lab.until("probe", "tripped");
    await eventually(
      async () => (await lab.described()).alarms.some(({ title }) => title === "Steps of interlock Probe"),
      "the step on an instrument that is off fails, and is an alarm",
    );
    match((await lab.interlock("probe")).trips[0]!.reason, /Gas is switched off/);
    strictEqual(await lab.lines.ask("switch_on gas"), "OK");
    await eventually(() => devices.gas.told.includes("CLOSE"), "it is tried again");
    match(
      await lab.lines.ask("oven.set Power 6"),
      /it is not known whether it is safe: Temperature of Probe: Probe is switched off by/,
    );
    strictEqual(await lab.lines.ask("oven.set Power 5"), "OK");
    devices.water.values.F = "1";
    await lab.until("late", "pending");
    match(
      await lab.lines.ask("gas.close"),
      /interlock Late forbids whatever drives Gas: Flow of Water is 1.0 L\/min; it must be that water.flow > 2/,
    );
    deepStrictEqual(devices.oven.told, ["SET P 5"], "it has not tripped yet");
    const shown = await run(["guards", "--port", String(lab.server.dashboardServer.port)]);
    match(
      shown.out,
      /Late: pending since .*\n {2}Flow of Water is 1.0 L\/min\n {2}must be: water.flow > 2\n {4}water.flow > 2: not so \(1.0 L\/min; 1 from the other side\)\n/,
    );
    match(
      (await run(["guards", "test", "late", "--port", String(lab.server.dashboardServer.port)])).out,
      /^would forbid whatever drives Gas\nwould set Power of Oven to 0 \(it is 5 now\)\n$/,
    );
    const none = new HeliographServer({
      instruments: [],
      commandPort: 0,
      dashboardPort: 0,
      sandbox: { languages: [] },
    });
    none.start();
    const told = await run(["safe", "--port", String(none.dashboardServer.port)]);
    await none.stop();
    match(told.err, /This bench has no guards: .* are described in docs\/guards.md/);
  }));

for (const program of programs) {
  Deno.test({
    name:
      `guards: a server that is killed in the middle of an action's steps does all of them after its start (${program.name})`,
    ignore: Deno.build.os === "windows", // the signal
    fn: () =>
      inFolder(async (folder) => {
        await using devices = new Devices();
        const { probe, oven, gas } = devices;
        // The first step never ends, so that the second one waits.
        const trips = [{ set: "gas.setpoint", to: 0 }, { call: "oven.ramp", arguments: [0], within: "1h" }, {
          call: "gas.close",
        }];
        const file = join(folder, "lab.json");
        await Deno.writeTextFile(file, JSON.stringify(benchOf(devices, { interlocks: { Hot: { ...hot, trips } } })));
        const withBench = { ...program, server: [...program.client, "server"] };
        const args = ["--bench", file, "--image-folder", join(folder, "images")];
        const described = async (dashboard: number) =>
          JSON.parse((await run(["guards", "--json", "--port", String(dashboard)])).out) as GuardsDescription;
        {
          const server = new ServerProcess(withBench, args);
          const [, dashboard] = await server.ports();
          await eventually(async () => (await described(dashboard)).interlocks[0]!.state === "clear", "it is clear");
          probe.values.T = "301";
          await eventually(() => oven.told.includes("RAMP 0"), "it is in the middle");
          await eventually(
            () =>
              Deno.readTextFile(join(folder, "lab.state", "guards.json")).then((text) => text.includes('"hot"'), () =>
                false),
            "it is written down",
          );
          server.kill("SIGKILL");
          await server.end();
        }
        deepStrictEqual(gas.told, ["SET S 0"]);
        probe.values.T = "20";
        oven.values.R = "0";
        await using server = new ServerProcess(withBench, args);
        const [, dashboard] = await server.ports();
        await eventually(() =>
          gas.told.includes("CLOSE"), `all of them are done: ${server.err}`);
        deepStrictEqual(gas.told, ["SET S 0", "SET S 0", "CLOSE"]);
        match(server.err, /Interlock Hot: the server ended before all of its steps were done/);
        await eventually(async () => (await described(dashboard)).interlocks[0]!.state === "latched", "it is latched");
      }),
  });
}

Deno.test("guards: a bench that is changed while it runs keeps its guards, and none of their instruments can be taken away", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const bench = benchOf(devices, {
      interlocks: {
        // The first step never ends.
        Hot: { ...hot, trips: [{ call: "oven.ramp", arguments: [0], within: "0.1s" }, ...hot.trips] },
      },
    });
    await using lab = await serve(folder, bench);
    await lab.until("hot", "clear");
    const { bench: running } = lab.server;
    const old = running.find("probe")!;
    const { instruments } = await loadBench(join(folder, "lab.json"));
    await running.replace(old, instruments.find(({ name }) => name === "probe")!, "it is changed");
    devices.probe.values.T = "301";
    await lab.until("hot", "tripped");
    await eventually(() => devices.gas.told.includes("CLOSE"), "it looks at the new one");
    await running.remove(running.find("probe")!, "it is taken away");
    await lab.until("hot", "tripped");
    match((await lab.interlock("hot")).reason, /it is not known whether it is safe: there is no instrument probe/);
  }));
