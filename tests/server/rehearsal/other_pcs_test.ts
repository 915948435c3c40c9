/** Rehearsals on a bench whose guards and runs look at fields of other PCs. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { Rehearsal } from "../../../protocol/rehearsal.ts";
import { run } from "../../cli_fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { furnace } from "./furnace.ts";

Deno.test("rehearse: what looks at another PC's field is left out, and said once", () =>
  inFolder(async (folder) => {
    const cold = 'field("cold-lab/tempcon", "camtemp") < -80';
    const bench = {
      ...furnace,
      interlocks: {
        Cooling: { must: cold, forbids: ["furnace"] },
        Own: { must: "furnace.setpoint < 95.0", forbids: ["furnace"] },
      },
      alarms: { Warm: { when: 'field("cold-lab/tempcon", "camtemp") > -70' } },
    };
    const wait = { waitUntil: cold, timeout: "1h", otherwise: [{ note: "never" }] };
    const steps = [wait, { repeat: 2, steps: [wait, { set: "furnace.setpoint", to: 30 }] }];
    const rehearse = async (words: object) => {
      await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify({ ...bench, ...words }));
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify({ steps }));
      return await run(["rehearse", "--json", join(folder, "night.run.json")]);
    };
    const { code, out, err } = await rehearse({ fleet: { broker: "nats://127.0.0.1:1", name: "warm-lab" } });
    deepStrictEqual([code, err], [0, ""]);
    const { state, seconds, events, notSimulated } = JSON.parse(out) as Rehearsal;
    deepStrictEqual([state, seconds < 60], ["done", true]);
    const field = 'field("cold-lab/tempcon", "camtemp") is another PC\'s';
    deepStrictEqual(notSimulated, [
      `Cooling: ${field}; the interlock is taken for clear`,
      `Warm: ${field}; the alarm is taken for not raised`,
      `${field}; it is taken at once to be so that ${cold}`,
    ]);
    strictEqual(events.filter(({ text }) => text.startsWith("set Setpoint of Furnace to 30")).length, 2);
    strictEqual(events.some(({ text }) => /never/.test(text)), false);
    // In no fleet it is a mistake.
    match((await rehearse({})).err, /there is no instrument cold-lab\/tempcon/);
  }));
