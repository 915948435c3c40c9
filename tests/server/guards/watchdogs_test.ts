/** Watchdogs with steps of their own: what is typed, who may, what is kept, and what is done where that cannot be done any more. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Access } from "../../../server/access/admit.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { readSteps } from "../../../server/guards/step_text.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { benchOf, Devices, inFolder, serve } from "./lab.ts";

Deno.test("guards: steps that are typed are those of a bench file", () => {
  deepStrictEqual(
    readSteps("set oven.power 0; call valve.move 'to the left' 3;Safe State ; set \"UV Light.Mode\" to 'a; b';").map((
      { words },
    ) => words),
    [
      { set: "oven.power", to: "0" },
      { call: "valve.move", arguments: ["to the left", "3"] },
      "safe state",
      { set: "UV Light.Mode", to: "a; b" },
    ],
  );
});

Deno.test("guards: a watchdog does the steps that were typed for it, also after a restart, and is told what is wrong with them", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { oven, gas, probe } = devices;
    const interlocks = {
      Hot: {
        when: "probe.temperature > 300",
        forbids: [{ set: "oven.power", above: 50 }, { call: "oven.ramp", above: 100 }, "gas.close"],
      },
    };
    const bench = benchOf(devices, { interlocks });
    const then = "set oven.power 0; call gas.close; pause runs";
    {
      await using lab = await serve(folder, bench);
      await lab.until("hot", "clear");
      const { lines, server } = lab;
      const port = ["--port", String(server.dashboardServer.port)];
      const begin = async (steps: string) => {
        const { code, err } = await run(["watchdog", "run", "10m", "--then", steps, ...port]);
        strictEqual(code === 0, err === "", err);
        return err.trim();
      };
      const cannot = (step: string, why: string) => `Cannot begin watchdog run: step ${step}: ${why}`;
      const { err } = await run(["watchdog", "run", "10m", ...port]);
      match(err, /there is no safe state; say "safeState".* or what else is done: --then "set oven.power 0"/);
      deepStrictEqual(
        await Promise.all([
          "set ovn.power 0",
          "call gas.close; set oven.powr 0",
          "set oven.power 200",
          "call gas.clos",
          "call gas.close now",
          "safe state",
          "set oven.power 60",
          "call oven.ramp 101",
        ].map(begin)),
        [
          cannot(
            '1, "set ovn.power 0"',
            "there is no instrument ovn (did you mean oven?); there is probe, water, oven, gas",
          ),
          cannot(
            '2, "set oven.powr 0"',
            "Oven has no setting powr (did you mean power?); its settings are power, program",
          ),
          cannot('1, "set oven.power 200"', "Cannot set Power of Oven to 200: above its maximum of 100"),
          cannot('1, "call gas.clos"', "Gas has no command clos (did you mean close?); it has close"),
          cannot(
            '1, "call gas.close now"',
            "Cannot call gas.close with 1 arguments: it takes none; usage: gas.close (quote an argument that holds spaces)",
          ),
          cannot('1, "safe state"', 'there is no safe state: say "safeState": [ … ] in the bench file'),
          // A guard's step is done whatever an interlock says: that is no way around one.
          cannot(
            '1, "set oven.power 60"',
            "interlock Hot forbids Power of Oven above 50 while it is tripped, and this would be done all the same",
          ),
          cannot(
            '1, "call oven.ramp 101"',
            "interlock Hot forbids ramp of Oven with target above 100 while it is tripped, and this would be done all the same",
          ),
        ],
      );
      match(
        await begin("open gas.valve"),
        /^Cannot do "open gas.valve": a step is "set INSTRUMENT.SETTING VALUE", "call/,
      );
      match(await begin("sett oven.power 0"), /\(did you mean set\?\)$/);
      match(await begin("safe stat"), /\(did you mean safe state\?\)$/);
      match(await begin("set oven 0"), /^Cannot do "set oven 0": oven is no place; write "set heater.power 0"$/);
      match(await begin("set oven.power"), /it says not to what; write "set oven.power VALUE"$/);
      match(await begin("set oven.power 0 call gas.close"), /it gives 3 values; quote one .* and put ; between steps$/);
      match(await begin("call 'gas.close"), /a quote \('\) is never closed$/);
      match(await begin(" ; "), /^Cannot find a step in " ; "/);
      match(await begin(" "), /^Cannot do nothing/);
      match((await run(["watchdog", "renew", "run", "--then", "x", ...port])).err, /Cannot renew .* with --then/);
      match(await lines.ask("guards.watchdog run off 'call gas.close'"), /^ERROR Cannot end run with steps/);
      // What somebody may not do now, no watchdog does for them.
      using eve = await RawClient.connect(server.commandServer.port);
      match(await eve.ask("register eve"), /^OK/);
      match(await eve.ask("take gas"), /^OK/);
      match(
        await begin(then),
        /^Cannot begin watchdog run: step 2, "call gas.close": Cannot call gas.close: eve .* has control/,
      );
      strictEqual(await eve.ask("release gas"), "OK");
      probe.values.T = "301";
      await lab.until("hot", "tripped");
      match(await begin(then), /step 2, "call gas.close": Cannot call gas.close: interlock Hot forbids close of Gas/);
      probe.values.T = "20";
      await lab.until("hot", "clear");
      deepStrictEqual((await lab.described()).watchdogs, [], "none of them was begun");

      strictEqual(await begin(then), "");
      match(
        (await run(["guards", ...port])).out,
        /run: watchdog, .* left of 10 min; .*\n {2}1\. set Power of Oven to 0\n {2}2\. call close of Gas\n {2}3\. pause the run/,
      );
      match((await run(["guards", "test", "run", ...port])).out, /^would set Power of Oven to 0 \(it is 10 now\)\n/);
      // Over the other wires, and with another time: it does the same.
      using framed = await RawClient.connect(server.dashboardServer.port);
      const call = { cmd: "Call", id: 1, instrument: "guards", command: "watchdog" };
      strictEqual((await framed.request({ ...call, args: ["short", "1h", "call gas.close"] })).ok, true);
      strictEqual(await lines.ask("guards.watchdog short 2h 'set \"Gas.Setpoint\" 0'"), "OK");
      strictEqual(await lines.ask("guards.watchdog short 3h"), "OK");
      const [, short] = (await lab.described()).watchdogs;
      deepStrictEqual([short!.within, short!.trips.map(({ text }) => text)], [10_800, ["set Setpoint of Gas to 0"]]);
    }
    {
      await using lab = await serve(folder, bench);
      deepStrictEqual(
        (await lab.described()).watchdogs.map(({ trips }) => trips.map(({ text }) => text)),
        [["set Power of Oven to 0", "call close of Gas", "pause the run that is under way"], [
          "set Setpoint of Gas to 0",
        ]],
      );
      strictEqual(await lab.lines.ask("guards.watchdog run 1s"), "OK");
      await eventually(() => gas.told.includes("CLOSE"), "all of it is done");
      deepStrictEqual([oven.told, gas.told], [["SET P 0"], ["CLOSE"]]);
      strictEqual(await lab.lines.ask("guards.watchdog run 1h"), "OK");
    }
    // Meanwhile the valve's command has gone from the bench file, which has a safe state now.
    const changed = structuredClone(bench) as { instruments: Record<string, unknown>[] };
    delete changed.instruments[3]!.commands;
    await using lab = await serve(folder, {
      ...changed,
      interlocks: { Hot: { ...interlocks.Hot, forbids: ["gas"] } },
      safeState: [{ set: "gas.setpoint", to: 1 }],
    });
    deepStrictEqual((await lab.described()).watchdogs[0]!.trips.map(({ text }) => text), [
      "set Power of Oven to 0",
      "pause the run that is under way",
      "set Setpoint of Gas to 1",
    ]);
    const alarm = (await lab.described()).alarms.find(({ title }) => title === "Watchdog run cannot do its steps");
    strictEqual(alarm?.reason, "call gas.close: Gas has no command close; it has none of its own");
    strictEqual(await lab.lines.ask("guards.watchdog run off"), "OK");
    await eventually(
      async () =>
        !(await lab.described()).alarms.some(({ name, state }) => name === alarm.name && state === "unacknowledged"),
      "with the watchdog goes the alarm",
    );
  }));

Deno.test("guards: nobody begins a watchdog whose steps drive what they may not drive", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const store = new AccessStore();
    await store.open();
    const token = await store.add({ name: "ana", role: "operator", instruments: ["oven", "guards"] });
    const access = new Access({ store, loopback: "token" });
    await using lab = await serve(folder, benchOf(devices, { safeState: [{ call: "gas.close" }] }), {}, { access });
    const { lines } = lab;
    match(await lines.ask(`auth ${token}`), /^OK/);
    strictEqual(
      await lines.ask("guards.watchdog run 1h 'set oven.power 0; call gas.close'"),
      'ERROR Cannot begin watchdog run: step 2, "call gas.close": Cannot do close: you may drive oven and guards, and not gas',
    );
    strictEqual(await lines.ask("guards.watchdog run 1h 'set oven.power 0; safe state'"), "OK", "that is everybody's");
    strictEqual((await lab.described()).watchdogs[0]!.trips.length, 2);
  }));
