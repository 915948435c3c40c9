/** Rehearsals on the command line: what they tell, what they meet, and that they end as a run by the clock does. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../mod.ts";
import type { Rehearsal } from "../../protocol/rehearsal.ts";
import { Simulators } from "../../server/config/simulators.ts";
import { run } from "../cli_fixture.ts";
import { codeBlocks } from "../documents.ts";
import { eventually, RawClient, startServer } from "../fixture.ts";
import { inFolder } from "../server/guards/lab.ts";

/** The bench and the run of the page. */
async function ofPage(folder: string): Promise<string> {
  const [bench, night] = (await codeBlocks("docs/runs.md")).filter(({ language }) => /^jsonc?$/.test(language));
  await Deno.writeTextFile(join(folder, "lab.json"), bench!.code);
  await Deno.writeTextFile(join(folder, "night.run.json"), night!.code);
  return join(folder, "night.run.json");
}

/** A furnace with an interlock, a limit and an alarm. */
const furnace = {
  instruments: [{
    title: "Furnace",
    port: "tcp://192.0.2.1:5025",
    fields: {
      Setpoint: { type: "float", minimum: 0, maximum: 100, initial: 20, read: "S?", write: "S {value}" },
      Gas: { type: "float", minimum: 0, maximum: 50, initial: 0, read: "G?", write: "G {value}" },
      Heater: { type: "switch", initial: false, write: "H {value}" },
      Level: { type: "float", minimum: 0, maximum: 10, read: "L?" },
    },
  }],
  interlocks: { "No gas when hot": { must: "furnace.setpoint < 80.0", forbids: [{ set: "furnace.gas", above: 0 }] } },
  alarms: { Warm: { when: "furnace.setpoint > 60.0", text: "look at it" } },
  limits: { "furnace.heater": { duty: { on: "1m", in: "1h" } } },
};

async function rehearse(folder: string, steps: object, ...words: string[]) {
  const file = join(folder, "night.run.json");
  await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(furnace));
  await Deno.writeTextFile(file, JSON.stringify(steps));
  const { code, out, err } = await run(["rehearse", "--json", file, ...words]);
  return { code, err, told: (out === "" ? undefined : JSON.parse(out)) as Rehearsal };
}

Deno.test("rehearse: the run of the page shows when it does what, its readings, and with which values it ends", () =>
  inFolder(async (folder) => {
    const night = await ofPage(folder);
    const { code, out, err } = await run(["rehearse", night, "flow=30"]);
    deepStrictEqual([code, err], [0, ""]);
    match(out, /^ 0:00:00 set Setpoint of Reactor TC to 35 °C\n/);
    match(out, / 0:20:30 3 times \(30m\)\n/);
    match(out, /\nreactor_tc\.temperature, °C\n +\d+ ┤/);
    match(out, /\n {2}mfc\.flow: 0\.0 sccm\ndone: Oxygen steps, in 1h 20m 3\ds\n$/);
    match((await run(["rehearse", night, "flow=30", "hold=7h"])).out, /done: Oxygen steps, in 8h 3\ds\n$/);
    match((await run(["rehearse", night])).err, /night\.run\.json:4:5: parameters\.flow: /);
    const wrong = await run(["rehearse", night, "flow=51"]);
    deepStrictEqual([wrong.code, wrong.out], [5, ""]);
    match(wrong.err, /night\.run\.json:4:5: parameters\.flow: cannot be 51: above its maximum of 50 sccm\n$/);
    match(
      (await run(["rehearse", join(folder, "script.py")])).err,
      /a run that is a file of steps, night\.run\.json; “.* check .*script\.py” tells the steps/,
    );
  }));

Deno.test("rehearse: the timeline names the interlock, the limit, the alarm and the time-out that a run meets", () =>
  inFolder(async (folder) => {
    const met = await rehearse(folder, {
      steps: [
        { set: "furnace.heater", to: true },
        { waitUntil: "furnace.level > 1000.0", timeout: "5m", otherwise: [{ note: "it stays low" }] },
        { askPerson: "Is the valve open?" },
        { ramp: "furnace.setpoint", from: 20, to: 90, over: "20m", every: "10s" },
        { wait: "10m" },
        { set: "furnace.gas", to: 10 },
      ],
      finally: [{ set: "furnace.setpoint", to: 20 }],
    });
    strictEqual(met.code, 1);
    match(met.err, /night would pause at step 6: “set Gas of Furnace to 10” failed: .*interlock No gas when hot/);
    const { state, step, seconds, events, values } = met.told;
    deepStrictEqual([state, step], ["paused", 6]);
    ok(Math.abs(seconds - (300 + 1800)) < 60, `it took ${seconds} s`);
    const of = (kind: string) => events.filter((each) => each.kind === kind).map(({ text }) => text);
    match(of("timeout").join(), /furnace\.level > 1000\.0 was not so within 5m/);
    match(of("limit").join(), /Heater of Furnace was on for 1 ?m.*set Heater of Furnace to false|was on for/);
    match(of("interlock").join(), /No gas when hot TRIPPED/);
    match(of("alarm").join(), /Warm/);
    match(of("refused").join(), /interlock No gas when hot/);
    match(of("told").join(), /was answered by the rehearsal: yes/);
    const tripped = events.find(({ kind }) => kind === "interlock")!.at;
    ok(tripped > 300 + 60 / 70 * 1200 - 60 && tripped < 300 + 1200, `it tripped at ${tripped} s`);
    strictEqual(values.find(({ field }) => field === "heater")!.text.toLowerCase(), "off");

    const forever = await rehearse(folder, { steps: [{ repeat: "forever", steps: [{ wait: "1h" }] }] }, "--for", "5h");
    deepStrictEqual([forever.code, forever.told.state, forever.told.seconds], [0, "under way", 18_000]);
    const busy = await rehearse(folder, { steps: [{ repeat: "forever", steps: [{ note: "again" }] }] });
    match(busy.err, /would fail at step 1: it does \d+ steps without any time between them/);
  }));

Deno.test("rehearse: it ends with the values with which the same run by the clock ends", () =>
  inFolder(async (folder) => {
    const steps = [
      { set: "furnace.setpoint", to: 40 },
      { waitUntil: "furnace.setpoint > 39.0", held: "1s", timeout: "1m" },
      { ramp: "furnace.setpoint", from: 40, to: 50, over: "1s", every: "0.2s" },
      { parallel: [[{ set: "furnace.gas", to: 7 }], [{ wait: "0.3s" }]] },
    ];
    const { told } = await rehearse(folder, { steps, finally: [{ set: "furnace.heater", to: false }] });
    strictEqual(told.state, "done");
    await using simulators = new Simulators();
    const { instruments, guards } = await loadBench(join(folder, "lab.json"), simulators.redirect);
    await using server = startServer({
      instruments,
      guards,
      poll: true,
      runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
    });
    await server.prepare();
    using lines = await RawClient.connect(server.commandServer.port);
    await eventually(async () => /^OK [\d.]+$/.test(await lines.ask("furnace.get Level")), "it is read");
    strictEqual(await lines.ask("automation.load night.run.json"), "OK 1");
    strictEqual(await lines.ask("automation.start 1"), "OK");
    await eventually(async () => /"state": ?"done"/.test(await lines.ask("automation.history")), "it is done");
    for (const { field, text } of told.values) {
      if (field !== "level") strictEqual(await lines.ask(`furnace.get ${field}`), `OK ${text}`);
    }
  }));
