/** A bench that is changed while a server runs as people run it: from its source, and as the executable. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import type { BenchEdit, EditableBench } from "../../protocol/bench_edit.ts";
import { simulateTcp } from "../../server/devices/simulators/serve.ts";
import { run } from "../cli_fixture.ts";
import { eventually, RawClient } from "../fixture.ts";
import { programs, ServerProcess } from "../server_process.ts";

const meter = { commandEnd: "\n", answerEnd: "\n", answer: (text: string) => text === "V?" ? "4.25" : undefined };

for (const program of programs) {
  Deno.test(`editing: a server that has given up its permissions changes its bench, and frees a port (${program.name})`, async () => {
    const folder = await Deno.makeTempDir();
    const simulator = simulateTcp(meter, 0);
    try {
      const file = join(folder, "lab.json");
      const before =
        `{\r\n  // mine\r\n  "overview": "lab.svg",\r\n  "instruments": [{ "title": "Telescope", "driver": "simulated-telescope" }]\r\n}\r\n`;
      await Deno.writeTextFile(file, before);
      const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><g data-open="telescope"/></svg>';
      await Deno.writeTextFile(join(folder, "lab.svg"), drawing);
      if (Deno.build.os !== "windows") await Deno.chmod(file, 0o640);
      const entry = { title: "Meter", port: simulator.address, fields: { Voltage: { read: "V?" } } };
      await using server = new ServerProcess({ ...program, server: [...program.client, "server"] }, ["--bench", file]);
      const [, dashboard] = await server.ports();
      using client = await RawClient.connect(dashboard);
      let id = 0;
      const ask = async (message: Record<string, unknown>) => {
        const { value, error } = await client.request({ id: ++id, ...message });
        strictEqual(error, undefined, server.err);
        return value;
      };
      strictEqual(Array.isArray(await ask({ cmd: "Ports" })), true);
      const { digest } = await ask({ cmd: "BenchFile" }) as EditableBench;
      const edit = await ask({ cmd: "EditBench", change: { kind: "add", entry }, digest, save: true }) as BenchEdit;
      deepStrictEqual([edit.problems, edit.saved, edit.later], [[], true, ""]);
      const added = `, ${JSON.stringify(entry).replace(/[{,:](?!\/|\d)/g, "$& ").replaceAll("}", " }")}]`;
      strictEqual(await Deno.readTextFile(file), before.replace("]", added));
      strictEqual(await Deno.readTextFile(join(folder, "lab.previous.json")), before);
      if (Deno.build.os !== "windows") strictEqual((await Deno.stat(file)).mode! & 0o777, 0o640);
      const there = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      deepStrictEqual(there, ["lab.json", "lab.previous.json", "lab.svg"]);
      const remove = { kind: "remove", instrument: "telescope" };
      const { problems } = await ask({
        cmd: "EditBench",
        change: remove,
        digest: edit.digest,
        save: true,
      }) as BenchEdit;
      match(problems[0]!.message, /^lab\.svg has <g> in line 1: data-open names telescope, and there is no such/);

      const cli = (...words: string[]) => run([...words, "--port", String(dashboard)], { clientName: "ana" });
      await eventually(async () => (await cli("get", "meter", "Voltage")).out === "4.25\n", "the meter is read");
      match((await cli("off", "meter")).out, /^Meter is switched off by ana .* at \d\d:\d\d; its port is free\n$/);
      match((await cli("off", "telescope")).err, /Cannot switch off Telescope: it has no port that could be freed/);
      match((await cli("set", "meter", "Voltage", "1")).err, /Cannot call meter\.set: Meter is switched off by ana/);
      deepStrictEqual(await cli("on", "meter"), { code: 0, out: "", err: "" });
      await eventually(async () => (await cli("get", "meter", "Voltage")).out === "4.25\n", "the meter is read again");
    } finally {
      await simulator.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
