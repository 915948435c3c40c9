/** Runs on a served bench: steps, waits, failures, control, the queue, and what a restart makes of them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import type { RunDetails, RunsDescription } from "../../../protocol/runs.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { inFolder } from "../guards/lab.ts";

/** An oven whose temperature a test sets, with a flow that needs a confirm. */
function oven() {
  const told: string[] = [];
  const refuses = new Set<number>();
  const instrument = defineInstrument({
    title: "Oven",
    fields: {
      Temperature: { type: "float", unit: "°C", initial: 20 },
      Setpoint: {
        type: "float",
        unit: "°C",
        minimum: 0,
        maximum: 100,
        initial: 20,
        readback: { field: "Temperature" },
        write: (value: number) => {
          if (refuses.has(value)) throw new Error("the oven is hot");
          told.push(`setpoint ${value}`);
        },
      },
      Flow: {
        type: "float",
        initial: 0,
        needsConfirm: true,
        write: (value: number) => void told.push(`flow ${value}`),
      },
    },
  });
  return { instrument, told, refuses, temperature: instrument.fields.Temperature };
}

async function serve(folder: string) {
  const lab = oven();
  const server = startServer({
    instruments: [lab.instrument],
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  });
  await server.prepare();
  const lines = await RawClient.connect(server.commandServer.port);
  const json = async (line: string) => JSON.parse((await lines.ask(line)).replace(/^OK /, ""));
  const show = (id = 0): Promise<RunDetails> => json(`automation.show ${id}`);
  return {
    ...lab,
    server,
    lines,
    show,
    list: (): Promise<RunsDescription> => json("automation.list"),
    history: (): Promise<RunDetails[]> => json("automation.history"),
    /** Writes a run's file, loads it, and starts it. */
    async run(run: Record<string, unknown>, given = ""): Promise<number> {
      await Deno.writeTextFile(join(folder, "night.run.json"), JSON.stringify(run));
      const answer = await lines.ask(`automation.load night.run.json ${given}`);
      match(answer, /^OK \d+$/);
      const id = Number(answer.slice(3));
      strictEqual(await lines.ask(`automation.start ${id}`), "OK");
      return id;
    },
    ended: (id: number, state: string) =>
      eventually(async () => {
        const run = await show(id);
        if (run.ended === null) return false;
        strictEqual(run.state, state, run.reason);
        return true;
      }, `run ${id} is ${state}`),
    is: (state: string) => eventually(async () => (await show()).state === state, `it is ${state}`),
    async [Symbol.asyncDispose]() {
      lines[Symbol.dispose]();
      await server.stop();
    },
  };
}

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
