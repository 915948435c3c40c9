/** Conditions on fields of other PCs, with PCs as programs: checked, waited for by a run, and when a PC is killed. */
import { match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { run } from "../cli_fixture.ts";
import { eventually } from "../fixture.ts";
import { hasNats, NatsServer } from "../nats.ts";
import { programs, ServerProcess } from "../server_process.ts";
import { inFolder } from "../server/guards/lab.ts";

const oven = {
  title: "Oven",
  port: "tcp://127.0.0.1:5025",
  fields: {
    Temperature: { type: "float", unit: "°C", read: "T?" },
    Power: { type: "float", minimum: 0, maximum: 80, write: "P {value}" },
  },
};

Deno.test({
  name: "cli: an interlock and a run that look at another PC's field: check says what it could not, a kill trips it",
  ignore: !hasNats,
  fn: () =>
    inFolder(async (folder) => {
      await using broker = await NatsServer.start();
      const program = { ...programs[0]!, server: [...programs[0]!.client, "server"] };
      const fleet = (name: string) => ({ broker: `nats://127.0.0.1:${broker.port}`, name, roles: { "*": "operator" } });
      const temperature = 'field("cold-lab/oven", "temperature")';
      const write = async (name: string, words: object) => {
        await Deno.mkdir(join(folder, name), { recursive: true });
        const file = join(folder, name, "lab.json");
        await Deno.writeTextFile(file, JSON.stringify({ name, instruments: [oven], fleet: fleet(name), ...words }));
        return file;
      };
      const coldFile = await write("cold-lab", {});
      const warmFile = await write("warm-lab", {
        interlocks: {
          "Too hot": { must: `${temperature} < 5000`, grace: "1s", trips: [{ set: "oven.power", to: 1 }] },
        },
      });
      const runFile = join(folder, "warm-lab", "wait.run.json");
      await Deno.writeTextFile(
        runFile,
        JSON.stringify({
          steps: [{ waitUntil: `${temperature} > -1000`, timeout: "60s" }, { set: "oven.power", to: 33 }],
        }),
      );
      for (const file of [warmFile, runFile]) {
        const { code, out, err } = await run(["check", file]);
        strictEqual(code, 0, err);
        match(
          out,
          /warning: field\("cold-lab\/oven", "temperature"\) is another PC's: .* is checked when that PC is in/,
        );
      }
      // Without a fleet it is a mistake.
      const alone = await write("alone", {
        fleet: undefined,
        interlocks: { "Too hot": { must: `${temperature} < 5000`, forbids: ["oven"] } },
      });
      match((await run(["check", alone])).err, /there is no instrument cold-lab\/oven/);

      const start = (file: string) =>
        new ServerProcess(program, ["--bench", file, "--simulate", "--web-port", "0", "--tls-port", "0"]);
      await using warm = await start(warmFile);
      const [, port] = await warm.ports();
      const ask = (...words: string[]) => run([...words, "--port", String(port)]);
      const power = async () => (await ask("get", "oven", "power")).out;
      const begun = ask("run", runFile);
      {
        await using cold = await start(coldFile);
        await cold.ports();
        const { code, err } = await begun;
        strictEqual(code, 0, err);
        await eventually(async () => /^33/.test(await power()), "the run went on once the other PC was there");
        await eventually(async () => /Too hot.*clear/.test((await ask("guards")).out), "the interlock is clear");
        cold.kill("SIGKILL");
        await eventually(async () => /^1\./.test(await power()), "the interlock has tripped");

        match(
          (await ask("guards")).out,
          /tripped since[^]*(?:cold-lab has not told it for more than 7 s|cold-lab is not connected)/,
        );
      }
    }),
});
