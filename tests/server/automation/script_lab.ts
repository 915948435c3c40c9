/** A bench that PyOpticon scripts run on, served with its runs in a folder. */
import { match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import type { RunDetails } from "../../../protocol/runs.ts";
import type { ServerParts } from "../../../server/server.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

/** A gas, a valve that waits for a confirm, and a thermocouple whose temperature a test sets. */
function bench() {
  const told: string[] = [];
  /** Values that the gas refuses. */
  const refuses = new Set<number>();
  const write = (what: string) => (value: number | string | boolean) => {
    if (refuses.has(Number(value))) throw new Error("the valve is stuck");
    told.push(`${what} ${value}`);
  };
  const mfc = defineInstrument({
    title: "O2 MFC",
    fields: { Flow: { type: "float", unit: "sccm", minimum: 0, maximum: 100, initial: 0, write: write("flow") } },
  });
  const valve = defineInstrument({
    title: "Bypass Valve",
    fields: {
      Position: {
        type: "choice",
        choices: ["Open", "Closed"],
        initial: "Closed",
        needsConfirm: true,
        write: write("valve"),
      },
      Purge: { type: "switch", initial: false, write: write("purge") },
    },
  });
  const reactor = defineInstrument({
    title: "Reactor TC",
    caption: "Reactor Thermocouple",
    fields: {
      Temperature: { type: "float", unit: "°C", decimals: 1, initial: 20 },
      Setpoint: { type: "float", unit: "°C", minimum: 0, maximum: 80, initial: 20, write: write("setpoint") },
    },
  });
  return { instruments: [mfc, valve, reactor], told, refuses, temperature: reactor.fields.Temperature };
}

/** Serves it. @param parts What is not as usual. */
export async function serveScripts(folder: string, parts: ServerParts = {}) {
  const lab = bench();
  const server = startServer({
    instruments: lab.instruments,
    poll: true,
    sandbox: { languages: ["python", "javascript"] },
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  }, parts);
  await server.prepare();
  const lines = await RawClient.connect(server.commandServer.port);
  const json = async (line: string) => JSON.parse((await lines.ask(line)).replace(/^OK /, ""));
  const show = (id = 0): Promise<RunDetails> => json(`automation.show ${id}`);
  /** Loads a script. @returns What is answered. */
  const load = async (source: string, more = ""): Promise<string> => {
    await Deno.writeTextFile(join(folder, "night.py"), source);
    // A sandbox may take longer to start than a raw client waits for a reply.
    return await server.commandServer.command(`automation.load night.py ${more}`);
  };
  return {
    ...lab,
    server,
    lines,
    show,
    load,
    /** What it has told, without times. */
    lined: async (id = 0) => (await show(id)).lines.map(({ text }) => text),
    async run(source: string, more = ""): Promise<number> {
      const answer = await load(source, more);
      match(answer, /^OK \d+$/);
      const id = Number(answer.slice(3));
      strictEqual(await lines.ask(`automation.start ${id}`), "OK");
      return id;
    },
    is: (state: string, reason = /(?:)/) =>
      eventually(async () => {
        const { runs } = await json("automation.list");
        return runs[0]?.state === state && reason.test(runs[0].reason);
      }, `it is ${state}: ${reason}`),
    ended: (id: number, state: string) =>
      eventually(async () => (await show(id)).state === state, `run ${id} is ${state}`),
    async [Symbol.asyncDispose]() {
      lines[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
