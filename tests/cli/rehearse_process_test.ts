/** Rehearsals as they are started by hand. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../server/guards/lab.ts";
import { furnace } from "../server/rehearsal/furnace.ts";
import { ProgramProcess, programs, ServerProcess } from "../server_process.ts";

const files = {
  "night.run.json": '{"steps": [{"set": "furnace.gas", "to": 5}, {"wait": "1h"}]}',
  "night.py": "def gas(d):\n    d.set_field('Furnace', 'Gas', 5)\nschedule_function(gas)\nschedule_delay('1:00:00')",
  "night.run.js": "export default function* () { yield* [{ set: 'furnace.gas', to: 5 }, { wait: '1h' }]; }",
};

for (const program of programs) {
  Deno.test(`rehearse (${program.name}): a file of steps, a script and a program, as they are started by hand`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(furnace));
      for (const [name, text] of Object.entries(files)) {
        const file = join(folder, name);
        await Deno.writeTextFile(file, text);
        const rehearsing = new ProgramProcess(program, [...program.client, "rehearse", file]);
        deepStrictEqual([await rehearsing.end(), rehearsing.err], [0, ""]);
        match(rehearsing.out, /\n {2}furnace\.gas: 5\.0\n[\s\S]*\ndone: night, in 1h\n$/, name);
      }
      deepStrictEqual([...Deno.readDirSync(folder)].length, 4);
    }));

  Deno.test(`rehearse (${program.name}): a server that gave up its permissions rehearses over HTTP, camera and drivers of one's own too`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(
        join(folder, "own.ts"),
        "export default (heliograph) => heliograph.defineInstrument({ title: 'Own', fields: { X: { type: 'float', initial: 1 } } });",
      );
      for (const drivers of [[], [{ title: "Own", driver: "./own.ts" }]]) {
        const camera = { title: "Exposure", driver: "simulated-camera" };
        const bench = { ...furnace, instruments: [...furnace.instruments, camera, ...drivers] };
        await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(bench));
        const exposing = '{"steps": [{"set": "furnace.gas", "to": 5}, {"expose": 1, "count": 2}, {"wait": "1h"}]}';
        for (const [name, text] of Object.entries({ ...files, "images.run.json": exposing })) {
          await Deno.writeTextFile(join(folder, name), text);
        }
        // As a user starts it, with what a task may.
        const started = { ...program, server: [...program.client, "server"] };
        const web = ["--command-port", "0", "--dashboard-port", "0", "--web-port", "0"];
        await using server = new ServerProcess(started, ["--bench", join(folder, "lab.json")], web);
        await server.ports();
        const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(server.out)![1];
        // With drivers it may start these; without, it may read the folder and little else.
        for (const file of drivers.length > 0 ? ["night.run.json"] : ["images.run.json", "night.py", "night.run.js"]) {
          const response = await fetch(`http://127.0.0.1:${port}/api/v1/instruments/automation/commands/rehearse`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ kwargs: { file } }),
          });
          const told = await response.json();
          strictEqual(response.status, 200, JSON.stringify(told));
          const { state, reason, values, events } = told.value;
          const gas = values.find(({ field }: { field: string }) => field === "gas").text;
          const problems = events.filter(({ kind }: { kind: string }) => kind === "problem");
          deepStrictEqual([file, state, reason, gas, problems], [file, "done", "", "5.0", []]);
        }
      }
      // Images are thrown away.
      const images = await Array.fromAsync(Deno.readDir(join(folder, "images"))).catch(() => []);
      deepStrictEqual([...Deno.readDirSync(folder), ...images].filter(({ name }) => name.endsWith(".fits")), []);
    }));
}
