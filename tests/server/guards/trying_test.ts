/** Doing for real what a guard does, as a test: who may, what is asked first, and that nothing trips by it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Access } from "../../../server/access/admit.ts";
import type { Principal } from "../../../server/access/principal.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { benchOf, Devices, inFolder, Lab, serve } from "./lab.ts";

const hot = {
  when: "probe.temperature > 300",
  latched: true,
  forbids: ["gas.setpoint"],
  trips: [{ call: "gas.close", otherwise: [{ set: "oven.program", to: 0 }] }, { set: "oven.power", to: 0 }],
};
const guards = {
  interlocks: { "Too hot": hot, Still: { when: "water.flow > 90", forbids: ["gas"] } },
  safeState: [{ set: "gas.setpoint", to: 0 }],
};

Deno.test("guards: what a guard does is done for real after a yes, is in the journal as a test, and trips nothing", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { oven, probe } = devices;
    await using lab = await serve(folder, benchOf(devices, guards));
    const { lines, server } = lab;
    await lab.until("too_hot", "clear");
    const flags = ["--port", String(server.dashboardServer.port), "--name", "ana"];
    const test = ["guards", "test", "Too hot", "--really", ...flags];
    const by = new Set<string>();
    server.bench.hub.subscribe("begun", ({ caller }) => void by.add((caller as Principal).label), { name: "test" });
    const asked: string[] = [];
    const saying = (answer: string) => ({
      ask: (question: string) => {
        asked.push(question);
        return answer;
      },
    });
    match((await run(test)).err, /^Cannot test Too hot for real without asking, and nobody is there: add --yes/);
    match((await run([...test, "--json"], saying("yes"))).err, /nobody is there: add --yes/);
    match((await run(test, saying("y"))).err, /^Nothing was done: that was no yes/);
    match((await run(["guards", "reset", "Too hot", "--really", ...flags])).err, /Cannot reset with --really/);
    match((await run(["guards", "test", "Too hot", "--yes", ...flags])).err, /--yes has a meaning only with --really/);
    match(
      (await run(["guards", "test", "still", "--really", ...flags])).err,
      /test interlock Still .*: it does nothing/,
    );
    deepStrictEqual([devices.gas.told, oven.told], [[], []]);
    deepStrictEqual(await run(test, saying("yes")), {
      code: 0,
      out: "call close of Gas: done\nset Power of Oven to 0: done\n",
      err: "",
    });
    deepStrictEqual(
      asked,
      Array(2).fill(
        "This does, on the REAL instruments:\n  call close of Gas\n" +
          "  where that fails, set Program of Oven to 0 (it is 1 now)\n  set Power of Oven to 0 (it is 10 now)\nType yes:",
      ),
    );
    deepStrictEqual([devices.gas.told, oven.told], [["CLOSE"], ["SET P 0"]]);
    ok([...by].some((each) => /^test of interlock Too hot by ana/.test(each)), `the journal tells it: ${[...by]}`);
    const { state, trips } = await lab.interlock("too_hot");
    deepStrictEqual([state, trips.map(({ state }) => state)], ["clear", ["not done", "not done"]]);
    deepStrictEqual((await lab.described()).trips, []);
    strictEqual((await run(["guards", "test", "safe state", "--really", "--yes", ...flags])).code, 0);
    deepStrictEqual(devices.gas.told, ["CLOSE", "SET S 0"]);

    // Who has control keeps a test away, though no guard; and so does what an interlock forbids now.
    using eve = await RawClient.connect(server.commandServer.port);
    await eve.ask("register eve");
    await eve.ask("take oven");
    match(
      await lines.ask("guards.test_really 'Too hot'"),
      /^ERROR Cannot test interlock Too hot on the real instruments: Cannot set oven: eve .* has control/,
    );
    await eve.ask("release oven");

    // What fails is told to who tests it, with what was done instead, and is not tried again.
    const { port } = devices.gas;
    await devices.gas[Symbol.asyncDispose]();
    const failed = await run([...test, "--yes"]);
    strictEqual(failed.code, 1);
    match(
      failed.err,
      /^The test of interlock Too hot FAILED: call close of Gas: FAILED: .*; instead, set Program of Oven to 0: done; set Power of Oven to 0: done/,
    );
    ok(!(await lab.described()).alarms.some(({ title }) => title.startsWith("Steps of")));
    devices.gas = new Lab({ B: "1" }, port);
    await eventually(async () => (await lines.ask("gas.close")) === "OK", "it is there again");
    probe.values.T = "301";
    await lab.until("too_hot", "tripped");
    match(await lines.ask("guards.test_really 'safe state'"), /Cannot test the safe state .* forbids Setpoint of Gas/);
    strictEqual(await lines.ask("guards.safe"), "OK");
  }));

Deno.test("guards: only who may drive all the instruments of a guard tests it for real", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const store = new AccessStore();
    const token = await store.add({ name: "ana", role: "operator", instruments: ["gas", "guards"] });
    const access = new Access({ store, loopback: "token" });
    await using lab = await serve(folder, benchOf(devices, guards), {}, { access });
    const { lines } = lab;
    match(await lines.ask(`auth ${token}`), /^OK/);
    await lab.until("too_hot", "clear");
    match(
      await lines.ask("guards.test_really 'Too hot'"),
      /^ERROR Cannot test interlock Too hot on the real instruments: Cannot do set: you may drive gas and guards, and not oven/,
    );
    deepStrictEqual(devices.gas.told, []);
    match(await lines.ask("guards.test_really 'safe state'"), /^OK 'set Setpoint of Gas to 0: done'$/);
  }));
