/** Rehearsals as they are started by hand. */
import { deepStrictEqual, match } from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../server/guards/lab.ts";
import { furnace } from "../server/rehearsal/furnace.ts";
import { ProgramProcess, programs } from "../server_process.ts";

for (const program of programs) {
  Deno.test(`rehearse (${program.name}): a file of steps, a script and a program, as they are started by hand`, () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(join(folder, "lab.json"), JSON.stringify(furnace));
      const files = {
        "night.run.json": '{"steps": [{"set": "furnace.gas", "to": 5}, {"wait": "1h"}]}',
        "night.py":
          "def gas(d):\n    d.set_field('Furnace', 'Gas', 5)\nschedule_function(gas)\nschedule_delay('1:00:00')",
        "night.run.js": "export default function* () { yield* [{ set: 'furnace.gas', to: 5 }, { wait: '1h' }]; }",
      };
      for (const [name, text] of Object.entries(files)) {
        const file = join(folder, name);
        await Deno.writeTextFile(file, text);
        const rehearsing = new ProgramProcess(program, [...program.client, "rehearse", file]);
        deepStrictEqual([await rehearsing.end(), rehearsing.err], [0, ""]);
        match(rehearsing.out, /\n {2}furnace\.gas: 5\.0\n[\s\S]*\ndone: night, in 1h\n$/, name);
      }
      deepStrictEqual([...Deno.readDirSync(folder)].length, 4);
    }));
}
