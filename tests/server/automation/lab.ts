/** What the tests of runs share: a served bench with an oven, on which runs are loaded, started and looked at. */
import { match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import type { RunDetails, RunsDescription } from "../../../protocol/runs.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

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

/** Serves it. @param options What the server is told beside it. @param parts What it is made of. */
export async function serve(
  folder: string,
  options: Parameters<typeof startServer>[0] = {},
  parts: Parameters<typeof startServer>[1] = {},
) {
  const lab = oven();
  const server = startServer({
    ...options,
    instruments: [lab.instrument, ...options.instruments ?? []],
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  }, parts);
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
    history: async (): Promise<RunDetails[]> => (await json("automation.history")).runs,
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
