/** `otherwise` beside what holds steps: where one within fails, the whole is left, and the run goes on. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { systemClock } from "../../../server/camera/clock.ts";
import { delay } from "../../../server/devices/transports/delay.ts";
import { eventually } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";

Deno.test("runs: where a step of a repeat, a forEach or a parallel fails, the whole is left and its otherwise is done", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder);
    lab.refuses.add(50).add(60);
    const otherwise = (value: number) => ({ otherwise: [{ set: "oven.setpoint", to: value }] });
    const id = await lab.run({
      steps: [
        // The first round fails: there is no second.
        { repeat: 2, steps: [{ set: "oven.setpoint", to: 1 }, { set: "oven.setpoint", to: 50 }], ...otherwise(2) },
        // A step's own otherwise goes first, and then nothing is left.
        { forEach: [50, 3], steps: [{ set: "oven.setpoint", to: "${row.value}", ...otherwise(4) }], ...otherwise(99) },
        // What holds it in between has none.
        { repeat: 2, steps: [{ parallel: [[{ set: "oven.setpoint", to: 60 }], [{ wait: "1h" }]] }], ...otherwise(5) },
        {
          parallel: [
            [{ wait: "0.01s" }, { set: "oven.setpoint", to: 50 }, { note: "never" }],
            [{ repeat: "forever", every: "1h", steps: [{ set: "oven.flow", to: 1 }], ...otherwise(98) }],
            [{ waitUntil: "oven.temperature > 90" }, { set: "oven.setpoint", to: 97 }],
          ],
          ...otherwise(6),
        },
        { set: "oven.setpoint", to: 7 },
      ],
      finally: [{ set: "oven.flow", to: 0 }],
    });
    await lab.ended(id, "done");
    deepStrictEqual(
      lab.told,
      [1, 2, 4, 3, 5].map((value) => `setpoint ${value}`).concat("flow 1", "setpoint 6", "setpoint 7", "flow 0"),
    );
    const lines = (await lab.show(id)).lines.map(({ text }) => text);
    ok(
      lines.includes(
        "“2 times: set Setpoint of Oven to 1 °C, set Setpoint of Oven to 50 °C” failed: “set Setpoint of Oven to 50 °C” failed: the oven is hot; instead " +
          "set Setpoint of Oven to 2 °C",
      ),
      lines.join("\n"),
    );
  }));

Deno.test("runs: what fails in the otherwise of a whole is decided by a person, and finally does all of it and then its otherwise", () =>
  inFolder(async (folder) => {
    // What is tried again in finally is so at once.
    const runClock = {
      ...systemClock,
      now: () => systemClock.now() * 100,
      wait: (seconds: number) => delay(seconds / 100),
    };
    await using lab = await serve(folder, {}, { runClock });
    lab.refuses.add(50).add(60);
    const id = await lab.run({
      steps: [{
        repeat: 3,
        steps: [{ set: "oven.setpoint", to: 50 }],
        otherwise: [{ set: "oven.setpoint", to: 60 }, { set: "oven.setpoint", to: 8 }],
      }],
      finally: [{
        parallel: [[{ set: "oven.setpoint", to: 50 }, { set: "oven.setpoint", to: 9 }], [{ set: "oven.flow", to: 0 }]],
        otherwise: [{ set: "oven.setpoint", to: 10 }],
      }],
    });
    await lab.is("paused");
    match((await lab.show()).reason, /^“set Setpoint of Oven to 60 °C” failed: .* resume tries it again/);
    lab.refuses.delete(60);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => (await lab.show(id)).ended !== null, "it has ended");
    strictEqual((await lab.show(id)).state, "failed", "finally was not done");
    deepStrictEqual(lab.told, ["setpoint 60", "setpoint 8", "flow 0", "setpoint 9", "setpoint 10"]);
  }));
