/** Guards whose conditions speak of runs: in a bench file, as it is checked and as it is served. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../mod.ts";
import { eventually } from "../../fixture.ts";
import { benchOf, Devices, inFolder, serve } from "../guards/lab.ts";

Deno.test("runs: guards look at what automation shows: what only a run may set, and a run that is too long", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const bench = benchOf(devices, {
      interlocks: {
        "Runs only": { when: "automation.state != 'running'", grace: "0s", forbids: ["gas.setpoint"] },
        "Too long": {
          when: "automation.state == 'running' && automation.time_left > 3600.0",
          grace: "0s",
          trips: ["pause runs"],
        },
      },
    });
    const runFiles = { state: join(folder, "lab.state", "runs.json"), folder };
    await using lab = await serve(folder, bench, { runFiles });
    const ask = (line: string) => lab.lines.ask(line);
    await eventually(async () => /"state":\s*"connected"/.test(await ask("status")), "it is connected");
    await lab.until("runs_only", "tripped");
    match(await ask("gas.set Setpoint 5"), /^ERROR .*interlock Runs only forbids Setpoint of Gas/);
    const start = async (steps: object[]) => {
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify({ steps }));
      match(await ask("automation.load night.run.json"), /^OK \d+$/);
      strictEqual(await ask("automation.start"), "OK");
    };
    // A run's first step comes when it is known to run.
    await start([{ waitUntil: "automation.state == 'running'" }, { set: "gas.setpoint", to: 7 }, { wait: "30m" }]);
    await eventually(() => devices.gas.told.includes("SET S 7"), "the run may");
    await lab.until("runs_only", "clear");
    strictEqual(await ask("automation.stop"), "OK");
    await lab.until("runs_only", "tripped");
    await start([{ wait: "2h" }]);
    await eventually(async () => /Too long.* paused it/.test(await ask("automation.get Reason")), "it is paused");
    strictEqual(await ask("automation.abort"), "OK");

    const wrong = { interlocks: { Typo: { when: "automation.stat == 'running'", forbids: ["gas"] } } };
    const file = join(folder, "wrong.json");
    await Deno.writeTextFile(file, JSON.stringify(benchOf(devices, wrong)));
    const problem = await loadBench(file).then(() => "none", ({ message }: Error) => message);
    match(problem, /automation has no field stat \(did you mean state\?\); it has state, reason, step, of, time_left/);
    deepStrictEqual(devices.oven.told, []);
  }));
