/** Scripts over a restart: loaded again, compared, and a person decides; and a server that is killed in the midst of one. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { PyOpticonSocketClient } from "../../../client/pyopticon_client.ts";
import type { RunDetails } from "../../../protocol/runs.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";
import { inFolder, Lab } from "../guards/lab.ts";
import { serveScripts } from "./script_lab.ts";

const script = `
import time
count = 0
def counts(dashboard):
    global count
    count += 1
    print('count', count)
schedule_action('O2 MFC', 'Flow', 1)
schedule_function(counts)
schedule_await_condition(lambda d: float(d.get_field('Reactor TC', 'Temperature')) > 30, 'warm')
schedule_function(counts)
schedule_action('O2 MFC', 'Flow', 2)
`;

Deno.test("scripts: after a restart a person is asked, functions begin with fresh variables, and what was done is not repeated", () =>
  inFolder(async (folder) => {
    {
      await using lab = await serveScripts(folder);
      await lab.run(script);
      await eventually(async () => (await lab.show()).now[0] === "await: warm", "it waits");
    }
    await using lab = await serveScripts(folder);
    await lab.is(
      "paused",
      /restarted while it was at “await: warm”.*; it is loaded again for that, and has its variables/,
    );
    match(await lab.lines.ask("o2_mfc.set Flow 3"), /run night for .* has control of it/);
    deepStrictEqual([(await lab.show()).done, (await lab.show()).of], [2, 5]);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => (await lab.show()).waitingFor[0]?.text === "warm", "it looks again");
    lab.temperature.update(31);
    await lab.ended(1, "done");
    ok((await lab.lined(1)).includes("prints: count 1"));
    deepStrictEqual(lab.told, ["flow 2"]);
  }));

Deno.test("scripts: one that schedules others when it is loaded again says so: at its begin it does those, later it asks", () =>
  inFolder(async (folder) => {
    // What it schedules hangs on a reading.
    const steps = (more: string) => `
many = float(get_dashboard().get_field('Reactor TC', 'Temperature')) > 50
if many: schedule_action('O2 MFC', 'Flow', 9)
schedule_action('O2 MFC', 'Flow', 8)
${more}
schedule_function(print)
`;
    const wait = "schedule_await_condition(lambda: False, 'never')";
    {
      await using lab = await serveScripts(folder);
      match(await lab.load(steps(wait)), /^OK 1$/);
      lab.temperature.update(60);
      strictEqual(await lab.lines.ask("automation.start"), "OK");
      await eventually(async () => (await lab.show()).now[0] === "await: never", "it waits");
      deepStrictEqual(lab.told, ["flow 9", "flow 8"]);
      const difference = "“set Flow of O2 MFC to 8” is now “set Flow of O2 MFC to 9”";
      ok(
        (await lab.lined()).includes(
          `it schedules other steps than when it was loaded: ${difference}; it does those of now`,
        ),
        (await lab.lined()).join("\n"),
      );
    }
    await using lab = await serveScripts(folder);
    const differs =
      /the script schedules other steps than when its run began: “set Flow of O2 MFC to 8” is now “await: never”/;
    await lab.is("paused", differs);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await lab.is("paused", /“await: never” failed: the script schedules other steps than when its run began/);
    lab.temperature.update(60);
    strictEqual(await lab.lines.ask("automation.resume"), "OK");
    await eventually(async () => (await lab.show()).waitingFor[0]?.text === "never", "its functions are there again");
    strictEqual(await lab.lines.ask("automation.skip"), "OK");
    await lab.ended(1, "done");
    deepStrictEqual(lab.told, []);
  }));

Deno.test({
  name: "scripts: a server that is killed in the midst of a script knows where it stood, in a process of its own",
  ignore: Deno.build.os === "windows", // the signal
  fn: () =>
    inFolder(async (folder) => {
      await using mfc = new Lab({});
      await using reactor = new Lab({ T: "20" });
      const file = join(folder, "lab.json");
      const line = { reconnect: { first: 0.1, longest: 0.2 }, pollInterval: 0.1 };
      await Deno.writeTextFile(
        file,
        JSON.stringify({
          instruments: [
            {
              title: "O2 MFC",
              port: mfc.device.address,
              ...line,
              fields: { Flow: { type: "float", decimals: 0, write: "SET S {value}" } },
            },
            {
              title: "Reactor TC",
              port: reactor.device.address,
              ...line,
              fields: { Temperature: { type: "float", read: "T?" } },
            },
          ],
        }),
      );
      await Deno.writeTextFile(join(folder, "night.py"), script);
      const program = { ...programs[0]!, server: [...programs[0]!.client, "server"] };
      const start = async () => {
        const server = new ServerProcess(program, ["--bench", file, "--image-folder", join(folder, "images")]);
        const lines = await RawClient.connect((await server.ports())[0]);
        const show = async (): Promise<RunDetails> =>
          JSON.parse((await lines.ask("automation.show 1")).replace(/^OK /, ""));
        return { server, lines, show };
      };
      let { server, lines, show } = await start();
      try {
        const connected = () =>
          eventually(async () => /connected[\s\S]*connected/.test(await lines.ask("status")), "both are there");
        await connected();
        await using client = new PyOpticonSocketClient({
          socketNumber: (await server.ports())[1],
          handleErrors: "exception",
          timeout: 60,
        });
        strictEqual(await client.call("automation", "load", ["night.py"]), 1);
        strictEqual(await lines.ask("automation.start"), "OK");
        await eventually(async () => (await show()).now[0] === "await: warm", `it waits: ${server.err}`);
        const stands = join(folder, "lab.state", "runs.at.json");
        await eventually(async () => (await Deno.readTextFile(stands)).includes('"at":2'), "that is written down");
        server.kill("SIGKILL");
        await server.end();
        lines[Symbol.dispose]();
        ({ server, lines, show } = await start());
        await eventually(async () => (await show()).state === "paused", "it asks");
        match((await show()).reason, /the server was restarted while it was at “await: warm”/);
        await connected();
        reactor.values.T = "31";
        strictEqual(await lines.ask("automation.resume"), "OK");
        await eventually(async () => (await show()).state === "done", `it goes on: ${server.err}`);
        deepStrictEqual(mfc.told, ["SET S 1", "SET S 2"]);
      } finally {
        lines[Symbol.dispose]();
        await server[Symbol.asyncDispose]();
      }
    }),
});
