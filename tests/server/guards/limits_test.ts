/** Limits of a bench file, on a real server with devices on lines. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { BenchFileError, loadBench } from "../../../mod.ts";
import { run } from "../../cli_fixture.ts";
import { eventually } from "../../fixture.ts";
import { benchOf, Devices, inFolder, serve } from "./lab.ts";

type Instruments = { fields: Record<string, Record<string, unknown>> }[];

/** The laboratory with limits, and a gas whose setpoint is read back. */
function limited(devices: Devices, limits: unknown) {
  const bench = benchOf(devices, { limits });
  const instruments = bench.instruments as unknown as Instruments;
  instruments[3]!.fields["Heat"] = { type: "switch", on: "1", off: "0", write: "SET H {value}" };
  instruments[3]!.fields["Setpoint"]!["readback"] = { field: "Taken", tolerance: 0.5, within: 60 };
  instruments[3]!.fields["Taken"] = { type: "float", read: { ask: "S?", timeout: 0.2 } };
  devices.gas.values["S"] ??= "20";
  return bench;
}

Deno.test("limits: what is too fast, too long or too often is refused on every way in, with what would be allowed, and over a restart", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const bench = limited(devices, {
      "oven.power": { slew: { up: "5/min" } },
      "Oven.Program": { slew: "1/h" },
      "gas.heat": { duty: { on: "1s", in: "1h" } },
      "gas.close": { often: { times: 1, in: "10m" } },
    });
    {
      await using lab = await serve(folder, bench);
      const { lines } = lab;
      match(
        await lines.ask("oven.set power 16"),
        /^ERROR Cannot set oven: Power of Oven may be changed by 5 in 1 min up; now at most 15 is allowed, and that takes several steps$/,
      );
      strictEqual(await lines.ask("oven.set power 14"), "OK");
      match(await lines.ask("oven.set power 16"), /now at most 15 is allowed, and 16 is allowed at \d/);
      strictEqual(await lines.ask("oven.set power 0"), "OK", "down is not limited");
      deepStrictEqual(devices.oven.told, ["SET P 14", "SET P 0"]);
      strictEqual(await lines.ask("oven.set program 5"), "OK", "what waits for confirm is not sent");
      match(await lines.ask("oven.confirm"), /^ERROR Cannot confirm oven: Program of Oven may be changed by 1 in 1 h;/);
      strictEqual(await lines.ask("oven.abort"), "OK", "what stops something is never forbidden");
      strictEqual(await lines.ask("gas.close"), "OK");
      match(
        await lines.ask("gas.close"),
        /^ERROR Cannot call gas.close: close of Gas may be called once in 10 min; it may be again at \d/,
      );
      strictEqual(await lines.ask("gas.set heat 1"), "OK");
      await eventually(() => devices.gas.told.includes("SET H 0"), "it is set off by itself");
      match(
        await lines.ask("gas.set heat 1"),
        /^ERROR Cannot set gas: Heat of Gas may be on for 1 s in 1 h, and was; it may be on again at \d/,
      );
      await eventually(async () => (await lab.described()).limits[2]!.then[0]!.state === "done", "and that is told");
      const { limits } = await lab.described();
      deepStrictEqual(limits.map(({ title, text }) => `${title}: ${text}`), [
        "Power of Oven: changed by at most 5 in 1 min up",
        "Program of Oven: changed by at most 1 in 1 h",
        "Heat of Gas: on for at most 1 s in 1 h",
        "close of Gas: called at most once in 10 min",
      ]);
      match(
        (await run(["guards", "--port", String(lab.server.dashboardServer.port)])).out,
        /^Power of Oven: changed by at most 5 in 1 min up; at most 5 is allowed\n.*\nHeat of Gas: on for .*; off, was on for \d+ s\n {2}1\. set Heat of Gas to false: done\n/ms,
      );
    }
    const told = devices.gas.told.length;
    await using lab = await serve(folder, bench);
    match(await lab.lines.ask("gas.close"), /^ERROR .* may be called once in 10 min/, "restarts forget nothing");
    match(await lab.lines.ask("gas.set heat 1"), /^ERROR .* may be on for 1 s in 1 h/);
    match(await lab.lines.ask("oven.set power 12"), /^ERROR .* at most 5 is allowed/);
    strictEqual(devices.gas.told.length, told);
  }));

Deno.test("limits: a readback that does not follow its setting is an alarm, until it does", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    await using lab = await serve(folder, limited(devices, { "gas.setpoint": { follow: { time: "1s" } } }));
    const alarm = async () =>
      (await lab.described()).alarms.find(({ title }) => title === "Setpoint of Gas does not follow");
    // The device takes it.
    strictEqual(await lab.lines.ask("gas.set setpoint 30"), "OK");
    // A cable to its valve is pulled: it answers, and does not do it.
    devices.gas.values["S"] = "20";
    await eventually(async () => (await alarm())?.active === true, "commanded, no response");
    match((await alarm())!.reason, /^Setpoint of Gas is 30, and Taken is 20.* after 1 s$/);
    devices.gas.values["S"] = "30";
    await eventually(async () => (await alarm())?.active === false, "it follows");
  }));

Deno.test("limits: what is damaged counts as used up", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    await Deno.mkdir(join(folder, "lab.state"));
    await Deno.writeTextFile(join(folder, "lab.state", "guards.json"), "{");
    await using lab = await serve(folder, limited(devices, { "gas.close": { often: { times: 3, in: "10m" } } }));
    match(await lab.lines.ask("gas.close"), /^ERROR .* may be called 3 times in 10 min/);
  }));

Deno.test("limits: what is wrong with them is told with its place", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const problems = async (limits: unknown) => {
      const file = join(folder, "wrong.json");
      await Deno.writeTextFile(file, JSON.stringify(limited(devices, limits)));
      const error = await loadBench(file).then(() => undefined, (error) => error);
      ok(error instanceof BenchFileError, `${JSON.stringify(limits)} is taken`);
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    };
    deepStrictEqual(
      await problems({
        "oven.power": { follow: {}, duty: { on: "1h", in: "1h" } },
        "gas.heat": { slew: "5/min" },
        "oven.abort": { often: { times: 1, in: "1h" } },
        "water.flow": { slew: "1/s" },
        "gas.close": {},
      }),
      [
        'limits["oven.power"].follow: needs a readback, and Power of Oven has none',
        'limits["oven.power"].duty: says not when Power is on: give "above"',
        'limits["oven.power"].duty: says not what is done when its time is over: give "then"',
        'limits["oven.power"].duty.on: must be less than in, or it limits nothing',
        'limits["gas.heat"].slew: is about numbers, and Heat is a switch',
        'limits["oven.abort"]: abort of Oven is never forbidden: it stops something, or only reads',
        'limits["water.flow"]: Flow of Water is a readout; it has no settings',
        'limits["gas.close"]: limits nothing: say "slew", "duty" or "follow" of a setting, "often" of a command',
      ],
    );
    match((await problems({ "oven.power": { slew: "fast" } }))[0]!, /must be a change in a time, such as 5\/min/);
  }));
