/**
 * A server that is killed at any moment of a run: it knows after its start where the run stood, and nothing is done twice.
 * HELIOGRAPH_KILLS says how often it is killed.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { RunDetails } from "../../../protocol/runs.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";
import { inFolder, Lab } from "../guards/lab.ts";

const kills = Number(Deno.env.get("HELIOGRAPH_KILLS") ?? 2);
/** How many values are set; each is set once. */
const values = 20 * (kills + 1);

Deno.test({
  name:
    "runs: a server that is killed at random moments sets each value of a run once, and asks about what it cannot know",
  ignore: Deno.build.os === "windows", // the signal
  fn: () =>
    inFolder(async (folder) => {
      await using mfc = new Lab({});
      const file = join(folder, "lab.json");
      await Deno.writeTextFile(
        file,
        JSON.stringify({
          instruments: [{
            title: "MFC",
            port: mfc.device.address,
            reconnect: { first: 0.1, longest: 0.2 },
            fields: { Flow: { type: "float", decimals: 0, write: "SET S {value}" } },
          }],
        }),
      );
      await Deno.writeTextFile(
        join(folder, "night.run.json"),
        JSON.stringify({
          steps: [{
            forEach: Array.from({ length: values }, (_, at) => at + 1),
            steps: [{ set: "mfc.flow", to: "${row.value}" }, { wait: "0.002s" }],
          }],
          finally: [{ set: "mfc.flow", to: 0 }],
        }),
      );
      const program = { ...programs[0]!, server: [...programs[0]!.client, "server"] };
      const start = async () => {
        const server = new ServerProcess(program, ["--bench", file, "--image-folder", join(folder, "images")]);
        const lines = await RawClient.connect((await server.ports())[0]);
        const show = async (): Promise<RunDetails> =>
          JSON.parse((await lines.ask("automation.show")).replace(/^OK /, ""));
        return { server, lines, show };
      };
      let asked = 0;
      let { server, lines, show } = await start();
      try {
        match(await lines.ask("automation.load night.run.json"), /^OK 1$/);
        await eventually(async () =>
          (await lines.ask("mfc.get Flow")) !== "" &&
          /connected/.test(await lines.ask("status")), "it is there");
        strictEqual(await lines.ask("automation.start"), "OK");
        for (let kill = 0; kill < kills; kill++) {
          const before = mfc.told.length;
          const more = 1 + Math.floor(Math.random() * 18);
          await eventually(() => mfc.told.length >= before + more, `it goes on from ${before}: ${server.err}`);
          // Anywhere between one step and the next.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
          server.kill("SIGKILL");
          await server.end();
          lines[Symbol.dispose]();
          const told = mfc.told.map((each) => Number(each.split(" ")[2]));
          deepStrictEqual(told, told.map((_, at) => at + 1), "each once, in order");
          ({ server, lines, show } = await start());
          await eventually(async () => (await show()).state === "paused", "it asks");
          strictEqual(mfc.told.length, told.length, "it does nothing by itself");
          const { reason } = await show();
          const unsure = /^it is not known whether “set Flow of MFC to (\d+)” was done/.exec(reason);
          if (unsure === null) match(reason, /the server was restarted while it was at “for each of/);
          else asked++;
          const value = Number(unsure?.[1] ?? 0);
          ok(
            unsure === null || value === told.length || value === told.length + 1,
            `${reason}; ${told.at(-1)} was set`,
          );
          await eventually(async () => /"state":\s*"connected"/.test(await lines.ask("status")), "the line is open");
          // Whoever looks at the instrument sees whether it was done.
          const word = value === told.length ? "skip" : "resume";
          strictEqual(await lines.ask(`automation.${word}`), "OK");
        }
        await eventually(() => mfc.told.at(-1) === "SET S 0", `it is done: ${server.err}`);
        deepStrictEqual(
          mfc.told,
          [...Array.from({ length: values }, (_, at) => `SET S ${at + 1}`), "SET S 0"],
          `after ${kills} kills, ${asked} of them with a question`,
        );
      } finally {
        lines[Symbol.dispose]();
        await server[Symbol.asyncDispose]();
      }
    }),
});
