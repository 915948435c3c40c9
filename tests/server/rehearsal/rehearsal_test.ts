/** Rehearsals on the command line: what they tell, what they meet, and that they end as a run by the clock does. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../mod.ts";
import type { Rehearsal } from "../../../protocol/rehearsal.ts";
import { Simulators } from "../../../server/config/simulators.ts";
import { run } from "../../cli_fixture.ts";
import { codeBlocks } from "../../documents.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { furnace } from "./furnace.ts";

/** The bench and the run of the page. */
async function ofPage(folder: string): Promise<string> {
  const [bench, night] = (await codeBlocks("docs/runs.md")).filter(({ language }) => /^jsonc?$/.test(language));
  await Deno.writeTextFile(join(folder, "lab.json"), bench!.code);
  await Deno.writeTextFile(join(folder, "night.run.json"), night!.code);
  return join(folder, "night.run.json");
}

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
    match(out, / 0:20:30 3 times: set Flow of MFC to 15 sccm, wait 10m \(30m\)\n/);
    match(out, /\nreactor_tc\.temperature, °C\n +\d+ ┤/);
    match(out, /\n {2}mfc\.flow: 0\.0 sccm\ndone: Oxygen steps, in 1h 20m 3\ds\n$/);
    match((await run(["rehearse", night, "flow=30", "hold=7h"])).out, /done: Oxygen steps, in 8h 3\ds\n$/);
    match((await run(["rehearse", night])).err, /night\.run\.json:4:5: parameters\.flow: /);
    const wrong = await run(["rehearse", night, "flow=51"]);
    deepStrictEqual([wrong.code, wrong.out], [5, ""]);
    match(wrong.err, /night\.run\.json:4:5: parameters\.flow: cannot be 51: above its maximum of 50 sccm\n$/);
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

Deno.test("rehearse: a script's functions and conditions are called, what they read is fresh, and an error is told", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(furnace));
    const script = async (source: string, ...words: string[]) => {
      await Deno.writeTextFile(join(folder, "night.py"), source);
      const { code, out, err } = await run(["rehearse", "--json", join(folder, "night.py"), ...words]);
      return { code, err, told: (out === "" ? undefined : JSON.parse(out)) as Rehearsal };
    };
    const { code, err, told } = await script(`
warm = 0
started = float(get_dashboard().get_field('Furnace', 'Setpoint'))
def feed(dashboard):
    global warm
    warm = dashboard.get_field('Furnace', 'Setpoint')
    dashboard.set_field('Furnace', 'Gas', 7)
schedule_action('Furnace', 'Setpoint', 40)
schedule_await_condition(lambda d: float(d.get_field('Furnace', 'Setpoint')) > 39, 'it is warm')
schedule_delay('7:30:00')
schedule_function(feed)
schedule_delay('0:30:00')
schedule_function(lambda: print('it was', warm, 'and', started))
`);
    deepStrictEqual([code, err, told.state], [0, "", "done"]);
    ok(Math.abs(told.seconds - 8 * 3600) < 10, `it took ${told.seconds} s`);
    const texts = told.events.map(({ kind, text }) => `${kind}: ${text}`);
    for (
      const line of [
        "step: set Setpoint of Furnace to 40",
        "step: await: it is warm",
        "step: wait 7h 30m",
        "step: call feed",
        "told: sets Gas of Furnace to 7",
        "step: call a function without a name",
        "told: prints: it was 40 and 20.0",
      ]
    ) ok(texts.includes(line), `${line} is not in\n${texts.join("\n")}`);
    const gas = told.series.find(({ field }) => field === "gas")!;
    deepStrictEqual([gas.first[0], gas.last.at(-1)], [0, 7]);

    const wrong = await script("schedule_delay('1:00:00')\ndef no():\n    return 1 / 0\nschedule_function(no)");
    strictEqual(wrong.code, 1);
    match(wrong.err, /night would pause at step 1: “call no” failed: ZeroDivisionError: .* \(line 3\); /);
    match((await script("schedule_action('Furnace', 'Gas', 51)")).err, /"line":1,.*above its maximum of 50/);
    const never = await script("schedule_await_condition(lambda: False)", "--for", "10m");
    deepStrictEqual([never.told.state, never.told.seconds], ["under way", 600]);
  }));

/** What a run by the clock ends with is what its rehearsal ends with. */
async function endsAlike(folder: string, file: string, text: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(furnace));
  await Deno.writeTextFile(join(folder, file), text);
  const { out } = await run(["rehearse", "--json", join(folder, file)]);
  const told = JSON.parse(out) as Rehearsal;
  strictEqual(told.state, "done");
  await using simulators = new Simulators();
  const { instruments, guards } = await loadBench(join(folder, "lab.json"), simulators.redirect);
  await using server = startServer({
    instruments,
    guards,
    poll: true,
    sandbox: { languages: ["python", "javascript"] },
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  });
  await server.prepare();
  using lines = await RawClient.connect(server.commandServer.port);
  await eventually(async () => /^OK [\d.]+$/.test(await lines.ask("furnace.get Level")), "it is read");
  strictEqual(await server.commandServer.command(`automation.load ${file}`), "OK 1");
  strictEqual(await lines.ask("automation.start 1"), "OK");
  await eventually(async () => /"state": ?"done"/.test(await lines.ask("automation.history")), "it is done");
  for (const { field, text } of told.values) {
    if (field !== "level") strictEqual(await lines.ask(`furnace.get ${field}`), `OK ${text}`);
  }
}

Deno.test("rehearse: it ends with the values with which the same run by the clock ends: a file of steps", () =>
  inFolder((folder) =>
    endsAlike(
      folder,
      "night.run.json",
      JSON.stringify({
        steps: [
          { set: "furnace.setpoint", to: 40 },
          { waitUntil: "furnace.setpoint > 39.0", held: "1s", timeout: "1m" },
          { ramp: "furnace.setpoint", from: 40, to: 50, over: "1s", every: "0.2s" },
          { parallel: [[{ set: "furnace.gas", to: 7 }], [{ wait: "0.3s" }]] },
        ],
        finally: [{ set: "furnace.heater", to: false }],
      }),
    )
  ));

Deno.test("rehearse: it ends with the values with which the same run by the clock ends: a script and a program", async () => {
  await inFolder((folder) =>
    endsAlike(
      folder,
      "night.py",
      `
def feed(dashboard):
    dashboard.set_field('Furnace', 'Gas', float(dashboard.get_field('Furnace', 'Setpoint')) / 10)
schedule_action('Furnace', 'Setpoint', 40)
schedule_await_condition(lambda d: float(d.get_field('Furnace', 'Setpoint')) > 39)
schedule_function(feed)
schedule_delay('0:00:01')
schedule_action('Furnace', 'Setpoint', 30)
`,
    )
  );
  await inFolder((folder) =>
    endsAlike(
      folder,
      "night.run.ts",
      `
export const parameters = { flow: { default: 8 } };
export default function* ({ flow }: { flow: number }) {
  const now = Number(getDashboard().getField("Furnace", "Setpoint"));
  for (const part of [1, 2]) yield* [{ set: "furnace.gas", to: flow / part + now / 10 }, { wait: "0.2s" }];
}
export function* atEnd() { yield { set: "furnace.heater", to: false }; }
`,
    )
  );
});
