/** Runs as somebody looks at them and changes them: files, what they say, what is still to come, and who is told of it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import type { WatchUpdate } from "../../../client/mod.ts";
import { PyOpticonSocketClient } from "../../../client/mod.ts";
import type { RunCheck, RunDescription, RunDetails } from "../../../protocol/runs.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";

async function serve(folder: string) {
  const told: string[] = [];
  const oven = (title: string) =>
    defineInstrument({
      title,
      fields: {
        Temperature: { type: "float", unit: "°C", initial: 20 },
        Setpoint: {
          type: "float",
          minimum: 0,
          maximum: 100,
          initial: 20,
          readback: { field: "Temperature" },
          write: (value: number) => void told.push(`${title} ${value}`),
        },
      },
    });
  const server = startServer({
    instruments: [oven("Oven"), oven("Bath")],
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  });
  await server.prepare();
  const lines = await RawClient.connect(server.commandServer.port);
  const json = async (line: string) => JSON.parse((await lines.ask(line)).replace(/^OK /, ""));
  return {
    told,
    server,
    lines,
    json,
    show: (id = 0): Promise<RunDetails> => json(`automation.show ${id}`),
    async [Symbol.asyncDispose]() {
      lines[Symbol.dispose]();
      await server.stop();
    },
  };
}

Deno.test("runs: files are listed, and what one says is told before it begins: parameters, steps, problems, fields", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "lab.json"), "{}");
    await Deno.writeTextFile(
      join(folder, "night.run.json"),
      JSON.stringify({
        title: "Night",
        parameters: {
          hot: { unit: "°C", minimum: 1, maximum: 90, summary: "how hot" },
          hold: { type: "text", default: "1m" },
        },
        steps: [{ set: "oven.setpoint", to: "${hot}" }, { wait: "${hold}" }, { waitUntil: "bath.temperature > 30" }],
        finally: [{ set: "oven.setpoint", to: 0 }],
      }),
    );
    await using lab = await serve(folder);
    deepStrictEqual(await lab.json("automation.files"), { files: ["night.run.json"] });
    const bare: RunCheck = await lab.json("automation.check night.run.json");
    deepStrictEqual(bare.parameters, [
      { name: "hot", type: "float", unit: "°C", minimum: 1, maximum: 90, summary: "how hot" },
      { name: "hold", type: "text", default: "1m" },
    ]);
    deepStrictEqual(bare.problems.map(({ where }) => where), ["parameters.hot"]);
    strictEqual(bare.steps.length, 3, "with an example in its place, the steps are told all the same");
    const check: RunCheck = await lab.json("automation.check night.run.json hot=40");
    deepStrictEqual([check.title, check.problems, check.instruments], ["Night", [], ["oven"]]);
    match(check.steps[0]!, /to 40/);
    deepStrictEqual(check.time, { seconds: 60, atLeast: true });
    match((await lab.json("automation.check night.run.json hot=91") as RunCheck).problems[0]!.message, /cannot be 91/);
    deepStrictEqual(
      (await lab.json("automation.check no.run.json") as RunCheck).problems.map(({ message }) => message),
      [
        "there is no such file in the bench's folder",
      ],
    );
    strictEqual(await lab.lines.ask("automation.load night.run.json hot=40"), "OK 1");
    deepStrictEqual((await lab.show(1)).fields, ["oven.setpoint", "oven.temperature", "bath.temperature"]);
    // The file is another meanwhile: what is done again is what was done.
    await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify({ steps: [{ wait: "1s" }] }));
    strictEqual(await lab.lines.ask("automation.load night.run.json again=1 hot=50"), "OK 2");
    const again = await lab.show(2);
    deepStrictEqual([again.title, again.of, again.parameters], ["Night", 3, { hot: 50, hold: "1m" }]);
    match(await lab.lines.ask("automation.load night.run.json again=9"), /There was no run 9/);
  }));

Deno.test("runs: what is still to come is changed, checked whole, and known after a restart; watchers are told", () =>
  inFolder(async (folder) => {
    const run = {
      steps: [
        { set: "oven.setpoint", to: 1 },
        { waitUntil: "oven.temperature > 90" },
        { set: "oven.setpoint", to: 2 },
        { set: "oven.setpoint", to: 3 },
      ],
      afterRestart: "continue",
    };
    await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(run));
    {
      await using lab = await serve(folder);
      await using client = new PyOpticonSocketClient({ socketNumber: lab.server.dashboardServer.port });
      const updates: WatchUpdate[] = [];
      const stop = new AbortController();
      const watching = (async () => {
        for await (const update of client.watch(undefined, undefined, { signal: stop.signal })) updates.push(update);
      })();
      const last = () =>
        (updates.filter(({ event }) => event === "runs").at(-1) as { runs?: RunDescription[] } | undefined)?.runs;
      await eventually(() => updates.some(({ event }) => event === "end-of-snapshot"), "it watches");
      deepStrictEqual(last(), []);
      strictEqual(await lab.lines.ask("automation.load night.run.json"), "OK 1");
      strictEqual(await lab.lines.ask("automation.start 1"), "OK");
      await eventually(async () => (await lab.show()).done === 1, "it waits for the oven");
      await eventually(() => last()?.[0]?.done === 1, "watchers are told");
      const count = updates.length;
      // Time goes on, and only who looks at the values of runs is told.
      await new Promise((resolve) => setTimeout(resolve, 1300));
      strictEqual(
        updates.filter(({ event }) => event === "runs").length,
        updates.slice(0, count).filter(({ event }) => event === "runs").length,
      );

      const { steps } = await lab.show();
      deepStrictEqual(steps.map(({ state }) => state), ["done", "now", "to come", "to come"]);
      ok(Date.parse(steps[0]!.ended!) >= Date.parse(steps[0]!.began!));
      deepStrictEqual([steps[1]!.ended, steps[2]!.began], [null, null]);
      deepStrictEqual(steps[2]!.words, { set: "oven.setpoint", to: 2 });
      const edit = (steps: unknown) => lab.lines.ask(`automation.edit 1 '${JSON.stringify(steps)}'`);
      match(await edit([{ set: "oven.setpoint", to: 200 }]), /Cannot change the steps: .*steps\[2\]\.to: .*200/);
      match(await lab.lines.ask("automation.edit 1 {}"), /give a JSON list/);
      match(await lab.lines.ask("automation.edit 1 ["), /Cannot read the steps/);
      strictEqual((await lab.show()).edits, 0, "what is wrong changes nothing");
      strictEqual(
        await edit([{ set: "bath.setpoint", to: 7 }, { set: "oven.setpoint", to: 3 }, { askPerson: "Well?" }]),
        "OK",
      );
      await eventually(() => last()?.[0]?.edits === 1, "watchers are told");
      match(await lab.lines.ask("bath.set Setpoint 3"), /run night for .* has control of it/);
      stop.abort();
      await watching;
    }
    await using lab = await serve(folder);
    lab.server.bench.find("Oven")!.field("Temperature").update(95);
    await eventually(async () => (await lab.show()).asks === "Well?", "it has gone on as it was changed");
    deepStrictEqual(lab.told, ["Bath 7", "Oven 3"]);
    const { steps, edits } = await lab.show();
    deepStrictEqual([steps.length, edits], [5, 1]);
    ok(steps[3]!.began !== null);
  }));
