/** Runs on a served bench: steps, waits, failures, control, the queue, and what a restart makes of them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually, RawClient } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { serve } from "./lab.ts";

Deno.test("runs: steps are done in order, with parameters, rounds, rows, branches, and finally in any case", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder);
    await Deno.writeTextFile(join(folder, "rows.csv"), 'oxygen,"how"\n5,low\n10,"high, really"\n');
    const id = await lab.run({
      parameters: { flow: { minimum: 0, maximum: 50 }, hot: { type: "int", default: 40 } },
      steps: [
        { set: "oven.flow", to: "${flow}" },
        { set: "oven.setpoint", to: "${hot + 2 * flow}", within: 1 },
        { repeat: 2, every: "0.01s", steps: [{ set: "oven.setpoint", to: 1 }] },
        { forEach: "rows.csv", steps: [{ title: "${row.how}", set: "oven.setpoint", to: "${row.oxygen}" }] },
        { parallel: [[{ wait: "0.01s" }, { note: "one" }], [{ note: "other" }]] },
        { waitUntil: "oven.temperature > 90", held: "0.05s" },
        { ramp: "oven.setpoint", from: 10, to: 12, over: "0.1s", every: "0.05s" },
        { askPerson: "Is the gas open?" },
      ],
      finally: [{ set: "oven.flow", to: 0 }],
    }, "flow=5");
    await eventually(() => lab.told.includes("setpoint 50"), "it waits for the readback");
    match(await lab.lines.ask("oven.set Setpoint 3"), /run night for .* has control of it; "take oven" takes it from/);
    strictEqual((await lab.show()).done, 1);
    lab.temperature.update(49.5);
    await eventually(async () => (await lab.show()).waitingFor[0]?.so === false, "it waits for a condition");
    lab.temperature.update(95);
    await eventually(async () => (await lab.show()).asks === "Is the gas open?", "it asks");
    deepStrictEqual((await lab.lines.ask("automation.get State")).slice(3), "running");
    strictEqual(await lab.lines.ask("automation.answer 'it is'"), "OK");
    await lab.ended(id, "done");
    const ramp = lab.told.slice(6, -1);
    deepStrictEqual(lab.told.slice(0, 6), [
      "flow 5",
      "setpoint 50",
      "setpoint 1",
      "setpoint 1",
      "setpoint 5",
      "setpoint 10",
    ]);
    ok(ramp.length >= 3 && ramp[0] === "setpoint 10" && ramp.at(-1) === "setpoint 12", ramp.join());
    strictEqual(lab.told.at(-1), "flow 0");
    const { lines } = await lab.show(id);
    ok(lines.some(({ text }) => text === "high, really") && lines.some(({ text }) => /answered by .*it is/.test(text)));
    strictEqual(await lab.lines.ask("oven.set Setpoint 3"), "OK", "nobody has control any more");
  }));

Deno.test("runs: a step that fails pauses the run; a person retries, skips or stops, otherwise acts, and ifFails stops", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder);
    lab.refuses.add(50).add(60);
    const steps = [
      { set: "oven.setpoint", to: 50 },
      { set: "oven.setpoint", to: 60, otherwise: [{ set: "oven.setpoint", to: 55 }] },
      { waitUntil: "oven.temperature > 90", timeout: "0.05s" },
      { waitUntil: "oven.temperature > 90", timeout: "0.05s", then: "go on" },
      { waitUntil: "oven.temperature > 90" },
      { wait: "8h" },
    ];
    const id = await lab.run({ steps, finally: [{ set: "oven.setpoint", to: 60 }, { set: "oven.flow", to: 0 }] });
    await lab.is("paused");
    match(
      (await lab.show()).reason,
      /“set Setpoint of Oven to 50 °C” failed: .*the oven is hot; resume tries it again/,
    );
    lab.refuses.delete(50);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(
      async () => /was not so within 0.1s|within 0s/.test((await lab.show()).reason),
      "the wait has failed",
    );
    match((await lab.show()).reason, /oven.temperature > 90 was not so within .*: Temperature of Oven is 20.0 °C/);
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await eventually(async () => (await lab.show()).done === 4, "it waits without end");
    strictEqual(await lab.lines.ask("automation.pause"), "OK");
    await lab.is("paused");
    lab.temperature.update(95);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => (await lab.show()).done === 5, "it waits for hours");
    const { left } = await lab.show();
    ok(left.seconds > 28_700 && !left.atLeast, JSON.stringify(left));
    strictEqual(await lab.lines.ask("automation.stop"), "OK");
    lab.refuses.clear();
    await lab.ended(id, "stopped");
    deepStrictEqual(lab.told, ["setpoint 50", "setpoint 55", "setpoint 60", "flow 0"]);

    lab.refuses.add(50);
    const failed = await lab.run({ ifFails: "stop", steps, finally: [{ set: "oven.flow", to: 0 }] });
    await lab.ended(failed, "failed");
    const aborted = await lab.run({ steps: [{ wait: "1h" }], finally: [{ set: "oven.setpoint", to: 1 }] });
    await lab.is("running");
    strictEqual(await lab.lines.ask("automation.abort"), "OK");
    await lab.ended(aborted, "aborted");
    deepStrictEqual(lab.told.slice(4), ["flow 0"], "finally is not done after abort");
    match(await lab.lines.ask("automation.stop"), /Cannot stop: no run is under way/);
  }));

Deno.test("runs: a person takes an instrument from a run, which pauses, and never a run from a person; a guard stops it", () =>
  inFolder(async (folder) => {
    const interlocks = {
      Hot: { when: "oven.temperature > 200", grace: "0s", forbids: ["oven.setpoint"], trips: ["stop runs"] },
      Warm: { when: "oven.temperature > 150", grace: "0s", trips: ["pause runs"] },
    };
    await using lab = await serve(folder, { guards: { interlocks } });
    const run = { steps: [{ wait: "1h" }], finally: [{ set: "oven.flow", to: 0 }] };
    const driving = { ...run, steps: [{ set: "oven.setpoint", to: 5 }, ...run.steps] };
    using ben = await RawClient.connect(lab.server.commandServer.port);
    match(await ben.ask("register ben"), /^OK/);
    strictEqual(await ben.ask("take oven"), "OK");
    await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(driving));
    match(
      await lab.lines.ask("automation.load night.run.json"),
      /^ERROR Cannot run oven|^ERROR .*ben .*has control of it/,
    );
    strictEqual(await ben.ask("release oven"), "OK");
    const id = await lab.run(driving);
    await eventually(async () => (await lab.show()).done === 1, "it waits");
    strictEqual(await ben.ask("take oven"), "OK");
    await lab.is("paused");
    match((await lab.show()).reason, /^ben has taken oven from it$/);
    match(await lab.lines.ask("automation.resume"), /^ERROR .*ben .*has control of it/);
    strictEqual(await ben.ask("oven.set Setpoint 7"), "OK");
    strictEqual(await ben.ask("automation.resume"), "OK", "whoever has it gives it back");
    await lab.is("running");
    lab.temperature.update(160);
    await eventually(async () => /interlock Warm.* paused it/.test((await lab.show()).reason), "a guard pauses it");
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    lab.temperature.update(210);
    await lab.ended(id, "stopped");
    match((await lab.show(id)).reason, /interlock Hot.* stopped it/);
    const forbidden = await lab.run(driving);
    await lab.is("paused");
    match((await lab.show()).reason, /interlock Hot forbids Setpoint of Oven/);
    strictEqual(await lab.lines.ask(`automation.stop ${forbidden}`), "OK");
    await lab.ended(forbidden, "stopped");
  }));

Deno.test("runs: the queue is reordered, and one that is not done stops, skips or lets go on the others", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder);
    const first = await lab.run({ title: "first", steps: [{ wait: "1h" }] });
    const [second, third] = [
      await lab.run({ title: "second", steps: [{ note: "two" }] }),
      await lab.run({ title: "third", steps: [{ note: "three" }] }),
    ];
    const ids = async () => (await lab.list()).runs.map(({ id }) => id);
    deepStrictEqual(await ids(), [first, second, third]);
    strictEqual(await lab.lines.ask(`automation.move ${third} 1`), "OK");
    deepStrictEqual(await ids(), [first, third, second], "the one under way stays the first");
    match(await lab.lines.ask(`automation.remove ${first}`), /it is under way/);
    strictEqual(await lab.lines.ask("automation.stop"), "OK");
    await lab.ended(first, "stopped");
    deepStrictEqual((await lab.list()).runs.map(({ state }) => state), ["loaded", "loaded"], "a person decides");
    match((await lab.list()).runs[0]!.reason, /was not done: it is stopped/);
    strictEqual(await lab.lines.ask(`automation.remove ${third}`), "OK");
    strictEqual(await lab.lines.ask("automation.after_failed 'go on'"), "OK");
    const again = Number((await lab.lines.ask(`automation.repeat ${first}`)).slice(3));
    strictEqual(await lab.lines.ask(`automation.start ${again}`), "OK");
    strictEqual(await lab.lines.ask(`automation.start ${second} 1h`), "OK");
    strictEqual(await lab.lines.ask("automation.abort"), "OK");
    await lab.ended(again, "aborted");
    strictEqual((await lab.show(second)).state, "waiting", "its time is not there");
    strictEqual(await lab.lines.ask(`automation.start ${second}`), "OK");
    await lab.ended(second, "done");
    deepStrictEqual((await lab.history()).map(({ id }) => id), [second, again, first]);
  }));

Deno.test("runs: a file is told all that is wrong with it, with line and column, before anything is done", () =>
  inFolder(async (folder) => {
    await using lab = await serve(folder);
    await Deno.writeTextFile(join(folder, "rows.csv"), "oxygen\n5\n500\n");
    const problems = async (text: string, given = "") => {
      await Deno.writeTextFile(join(folder, "night.run.json"), text);
      const answer = await lab.lines.ask(`automation.check night.run.json ${given}`);
      const { problems } = JSON.parse(answer.replace(/^OK /, ""));
      return (problems as { line: number; column: number; where: string; message: string }[])
        .map(({ line, column, message }) => `${line}:${column} ${message}`);
    };
    deepStrictEqual(
      await problems(
        `{
  // everything is wrong
  "parameters": { "flow": { "maximum": 5, "unit": "sccm" } },
  "steps": [
    { "set": "oven.setpont", "to": 1 },
    { "set": "oven.setpoint", "to": 101 },
    { "set": "ofen.setpoint", "to": 1 },
    { "set": "oven.temperature", "to": 1, "held": "5s" },
    { "waitUntil": "oven.temperature > 'hot'" },
    { "wait": "5 fortnights" },
    { "note": "\${flw}" },
    { "forEach": "rows.csv", "steps": [{ "set": "oven.setpoint", "to": "\${row.oxygen}" }] },
    { "forEach": "none.csv", "steps": [{ "note": "a" }] },
    { "wait": "1s", "note": "two" },
    { "repeat": 2.5, "steps": [{ "call": "oven.fly" }] },
    { "set": "automation.state", "to": 1 },
    {}
  ]
}`,
        "flow=2",
      ),
      [
        "5:7 Oven has no setting setpont (did you mean setpoint?); its settings are setpoint, flow",
        "6:31 Cannot set Setpoint of Oven to 101: above its maximum of 100 °C",
        "7:7 there is no instrument ofen (did you mean oven?); there is oven",
        "8:7 Temperature of Oven is a readout; its settings are setpoint, flow",
        "8:43 has no meaning beside set; there may stand to, confirm, within, readback, timeout",
        "9:7 oven.temperature > 'hot': > cannot take a number and text",
        "10:7 is 5 fortnights, and should be a time such as 90s, 10m or 8h, at most 744h",
        "11:7 ${flw} may speak of parameters, and flw is none (did you mean flow?); there is flow",
        "12:66 Cannot set Setpoint of Oven to 500: above its maximum of 100 °C (in row 2 of rows.csv)",
        "13:7 there is no file none.csv in the bench's folder",
        "14:21 cannot stand beside wait: write a step of its own for each",
        "15:7 is 2.5, and should be a whole number from 1 to 10000000, or forever",
        "15:34 Oven has no command fly; it has none of its own",
        "16:7 automation is heliograph's own, and is not driven",
        "17:5 does nothing: a step is one of set, call, expose, wait, waitUntil, ramp, repeat, forEach, parallel, note, datalog, askPerson",
      ],
    );
    const [inner, ...outer] = await problems(
      '{ "steps": [{ "repeat": 2, "steps": [{ "sett": "a.b" }] }], "final": [] }',
    );
    match(inner!, /^1:40 is not known here \(did you mean set\?\); there is set, /);
    strictEqual(outer.length, 1);
    match(outer[0]!, /^1:61 is not known here \(did you mean finally\?\); there is finally, /);
    const given = '{ "parameters": { "flow": { "maximum": 5, "unit": "sccm" } }, "steps": [{ "note": "a" }] }';
    deepStrictEqual(await problems(given), ["1:19 is not given, and has no default: give flow=VALUE in sccm"]);
    deepStrictEqual(await problems(given, "flow=7 flaw=1"), [
      "1:3 there is no parameter flaw (did you mean flow?); it has flow",
      "1:19 cannot be 7: above its maximum of 5 sccm",
    ]);
    match(
      await lab.lines.ask("automation.load night.run.json flow=7"),
      /^ERROR Cannot load the run: night.run.json:1:19/,
    );
    deepStrictEqual(lab.told, []);
  }));

Deno.test("runs: after a restart a person is asked, finally is done, or it goes on; what may have been done is not repeated", () =>
  inFolder(async (folder) => {
    const wait = { steps: [{ set: "oven.setpoint", to: 5 }, { wait: "1h" }, { set: "oven.setpoint", to: 6 }] };
    const end = { finally: [{ set: "oven.flow", to: 0 }] };
    const restarted = async (
      run: Record<string, unknown>,
      work: (lab: Awaited<ReturnType<typeof serve>>) => Promise<void>,
    ) => {
      let id;
      {
        await using lab = await serve(folder);
        id = await lab.run(run);
        await eventually(async () => (await lab.show()).done === 1, "it waits");
      }
      await using lab = await serve(folder);
      await work(lab);
      await eventually(async () => (await lab.show(id)).ended !== null, "it has ended");
    };
    await restarted({ ...wait, ...end }, async (lab) => {
      await lab.is("paused");
      match((await lab.show()).reason, /the server was restarted while it was at “wait 1h”/);
      match(await lab.lines.ask("oven.set Setpoint 3"), /run night for .* has control of it/);
      strictEqual(await lab.lines.ask("automation.skip"), "OK");
      await eventually(() => lab.told.length === 2, "it goes on");
      deepStrictEqual(lab.told, ["setpoint 6", "flow 0"], "what was done is not done again");
    });
    await restarted({ ...wait, ...end, afterRestart: "finally" }, async (lab) => {
      await eventually(() => lab.told.length === 1, "its end is done");
      deepStrictEqual(lab.told, ["flow 0"]);
    });
    await restarted({ ...wait, afterRestart: "continue" }, async (lab) => {
      await lab.is("running");
      ok((await lab.show()).left.seconds > 3500);
      strictEqual(await lab.lines.ask("automation.stop"), "OK");
    });
    const file = join(folder, "lab.state", "runs.json");
    const kept = JSON.parse(await Deno.readTextFile(file));
    // As a server leaves it that is killed while a step is under way.
    kept.queue = [{ ...kept.history[0], state: "running", ended: null, place: { at: 0, acting: true } }];
    delete kept.queue[0].outcome;
    await Deno.writeTextFile(file, JSON.stringify(kept));
    await using lab = await serve(folder);
    await lab.is("paused");
    match(
      (await lab.show()).reason,
      /not known whether “set Setpoint of Oven to 5 °C” was done before the server ended/,
    );
    deepStrictEqual(lab.told, []);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(() => lab.told.length === 1, "a person had it done");
    await Deno.writeTextFile(file, "no JSON");
  }));

Deno.test("runs: shortly before a wait is over it is on the disk that what comes may be done; a pause takes that back", () =>
  inFolder(async (folder) => {
    const set = (to: unknown) => ({ set: "oven.setpoint", to });
    const runs: [run: Record<string, unknown>, unsure: string][] = [
      [{ steps: [{ wait: "1s" }, set(5), { wait: "1h" }] }, "set Setpoint of Oven to 5 °C"],
      [
        { steps: [{ forEach: [4, 6], steps: [set("${row.value}"), { wait: "1s" }] }, { wait: "1h" }] },
        "set Setpoint of Oven to 6 °C",
      ],
      [{ steps: [{ repeat: 2, every: "1s", steps: [set(7)] }, { wait: "1h" }] }, "set Setpoint of Oven to 7 °C"],
      [{ steps: [{ repeat: 1, steps: [{ wait: "1s" }] }, set(8), { wait: "1h" }] }, "set Setpoint of Oven to 8 °C"],
    ];
    const [state, copy] = [join(folder, "lab.state"), join(folder, "copy")];
    const written = async (): Promise<string> => {
      let at = "";
      await eventually(async () => {
        at = await Deno.readTextFile(join(state, "runs.at.json")).catch(() => "");
        return /"ahead":true/.test(at);
      }, "it is written");
      return at;
    };
    /** What a server says after its start that finds what is on the disk now. */
    const afterKill = async (at: string, look: (reason: string) => void): Promise<void> => {
      await Deno.mkdir(join(copy, "lab.state"), { recursive: true });
      await Deno.writeTextFile(join(copy, "lab.state", "runs.at.json"), at);
      await Deno.copyFile(join(state, "runs.json"), join(copy, "lab.state", "runs.json"));
      await using other = await serve(copy);
      await other.is("paused");
      look((await other.show()).reason);
      deepStrictEqual(other.told, [], "it does nothing by itself");
    };
    for (const [run, unsure] of runs) {
      await using lab = await serve(folder);
      const id = await lab.run(run);
      await afterKill(
        await written(),
        (reason) => match(reason, new RegExp(`not known whether “${unsure}” was done`)),
      );
      await eventually(async () => (await lab.show()).now.includes("wait 1h"), "it goes on");
      strictEqual(await lab.lines.ask("automation.stop"), "OK");
      await lab.ended(id, "stopped");
    }
    await using lab = await serve(folder);
    let at = "";
    for (;;) {
      const id = await lab.run({ steps: [{ wait: "1s" }, set(5), { wait: "1h" }] });
      at = await written();
      strictEqual(await lab.lines.ask("automation.pause"), "OK");
      // On a busy PC the wait may be over before the pause comes.
      if (lab.told.splice(0).length === 0) break;
      strictEqual(await lab.lines.ask("automation.stop"), "OK");
      await lab.ended(id, "stopped");
    }
    await eventually(
      async () => /"paused"/.test(await Deno.readTextFile(join(state, "runs.json"))),
      "it is on the disk",
    );
    await afterKill(at, (reason) => match(reason, /the server was restarted while it was at “wait 1s”/));
    strictEqual(await lab.lines.ask("automation.stop"), "OK");
  }));
