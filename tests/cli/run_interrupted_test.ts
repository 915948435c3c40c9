/** Ctrl-C at `heliograph run`: a process of its own, and a signal. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { eventually } from "../fixture.ts";
import { ProgramProcess, programs } from "../server_process.ts";
import { serve } from "../server/automation/lab.ts";
import { inFolder } from "../server/guards/lab.ts";

for (const program of programs) {
  Deno.test({
    name:
      `${program.name}: Ctrl-C leaves a run going and says how to stop it; with --attached it stops it, with finally`,
    ignore: Deno.build.os === "windows", // Windows knows no signals between processes
    fn: () =>
      inFolder(async (folder) => {
        await using lab = await serve(folder);
        const file = join(folder, "night.run.json");
        await Deno.writeTextFile(
          file,
          JSON.stringify({ steps: [{ wait: "1h" }], finally: [{ set: "oven.flow", to: 0 }] }),
        );
        const port = String(lab.server.dashboardServer.port);
        const start = async (...flags: string[]) => {
          const process = new ProgramProcess(program, [...program.client, "run", file, "--port", port, ...flags]);
          await eventually(() => /wait 1h\n/.test(process.out), `it waits: ${process.out}${process.err}`);
          return process;
        };
        const left = await start();
        left.kill("SIGINT");
        strictEqual(await left.end(), 0, left.err);
        match(left.out, new RegExp(`The run goes on; to end it: .*heliograph runs stop 1 --port ${port}\n$`));
        await lab.is("running");
        deepStrictEqual(lab.told, []);
        strictEqual(await lab.lines.ask("automation.abort"), "OK");
        await lab.ended(1, "aborted");

        const attached = await start("--attached");
        attached.kill("SIGINT");
        strictEqual(await attached.end(), 1, attached.out);
        match(attached.err, /Run 2 night is not done, but stopped: .* stopped it\n$/);
        match(attached.out, /finally, since .* stopped it\n.*set Flow of Oven to 0\n$/);
        strictEqual((await lab.show(2)).state, "stopped");
        deepStrictEqual(lab.told, ["flow 0"]);

        // One that waits for its turn is taken from the queue.
        const first = await lab.run({ steps: [{ wait: "2h" }] });
        await Deno.writeTextFile(file, JSON.stringify({ steps: [{ wait: "1h" }] }));
        const waiting = new ProgramProcess(program, [...program.client, "run", file, "--port", port, "--attached"]);
        await eventually(() => /Run 4 waits for its turn\n$/.test(waiting.out), `it waits: ${waiting.err}`);
        waiting.kill("SIGINT");
        strictEqual(await waiting.end(), 0, waiting.err);
        deepStrictEqual((await lab.list()).runs.map(({ id }) => id), [first]);
      }),
  });
}
