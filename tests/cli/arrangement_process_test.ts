/** The page's arrangement of a server as people run it: from its source, and as the executable. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { watch } from "../../cli/commands/bench.ts";
import { PyOpticonSocketClient } from "../../client/mod.ts";
import { contextOf } from "../cli_fixture.ts";
import { programs, ServerProcess } from "../server_process.ts";

const bench = JSON.stringify({
  name: "a lab",
  instruments: [
    { title: "One", driver: "simulated-camera" },
    { title: "Two", driver: "simulated-camera" },
  ],
});

/** What the page of a server is arranged like, after it was perhaps arranged anew. */
async function arranged(web: string, arrangement?: unknown) {
  const put = { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(arrangement) };
  const reply = await fetch(`${web}/api/v1/arrangement`, arrangement === undefined ? {} : put);
  strictEqual(reply.status, 200);
  return await reply.json();
}

for (const program of programs) {
  Deno.test(`arrangement: a server that is started again has it (${program.name})`, async () => {
    const folder = await Deno.makeTempDir();
    const withBench = { ...program, server: [...program.client, "server"] };
    const args = ["--bench", join(folder, "lab.json"), "--image-folder", join(folder, "images")];
    try {
      await Deno.writeTextFile(join(folder, "lab.json"), bench);
      const arrangement = { groups: [{ title: "Left", instruments: ["two"] }], others: [], hidden: ["one"] };
      for (const run of ["first", "second"]) {
        await using server = new ServerProcess(withBench, args);
        const [, dashboard] = await server.ports();
        const web = /http:\/\/127\.0\.0\.1:\d+/.exec(server.out)![0];
        // It has given up its own permission to write by now.
        const state = await arranged(web, run === "first" ? arrangement : undefined);
        deepStrictEqual([state.arrangement, state.kept, state.hint], [arrangement, true, ""], server.err);
        // The original's client, and heliograph's own, are not concerned.
        await using client = new PyOpticonSocketClient({ socketNumber: dashboard });
        deepStrictEqual((await client.describe()).map(({ name }) => name), ["one", "two", "api", "automation"]);
        const events = new Set<string>();
        const abort = new AbortController();
        const write = (line: string) => {
          const { event } = JSON.parse(line);
          events.add(event);
          if (event === "end-of-snapshot") abort.abort();
        };
        const context = { ...contextOf(), process: { stdout: { write }, stderr: { write } } };
        await watch(context, client, true, undefined, undefined, abort.signal);
        deepStrictEqual([...events], ["field", "end-of-snapshot"]);
      }
      const file = join(folder, "lab.page.json");
      match(await Deno.readTextFile(file), /^\{\n {2}"version": 1,\n {2}"groups": \[\n/);
      await Deno.writeTextFile(file, "not any more");
      await using server = new ServerProcess(withBench, args);
      await server.ports();
      match(server.err, /Cannot use the page's arrangement: .*lab\.page\.json:1:1: .*renames that file to .*\.damaged/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
