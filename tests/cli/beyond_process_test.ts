/** A server that other PCs reach, as a process: its first start, what it prints, and pairing with it while it runs. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { run } from "../cli_fixture.ts";
import { eventually } from "../fixture.ts";
import { ofTask, ProgramProcess, programs } from "../server_process.ts";

for (const program of programs) {
  Deno.test(`${program.name}: a server beyond this PC makes its keys, says what to do next, and tells no secret twice`, async () => {
    const folder = await Deno.makeTempDir();
    const bench = join(folder, "lab.json");
    const home = { serversFile: join(folder, "home", "servers.json") };
    await Deno.writeTextFile(
      bench,
      '{"name": "The lab", "instruments": [{"title": "Meter", "port": "tcp://127.0.0.1:9", "fields": {"Level": {"read": "L?"}}}]}',
    );
    // The task `start` may listen on this PC only.
    const server = program.name === "source" ? [...ofTask("heliograph"), "server"] : program.server;
    const started = () => {
      const ports = ["--command-port", "--dashboard-port", "--web-port"].flatMap((flag) => [flag, "0"]);
      return new ProgramProcess(program, [...server, "--bench", bench, "--host", "0.0.0.0", ...ports]);
    };
    let running = started();
    try {
      const ready = /0\.0\.0\.0:(\d+)[\s\S]*?0\.0\.0\.0:(\d+)[\s\S]*?https:\/\/[^:\s]+:(\d+)[\s\S]*Ctrl-C/;
      const ports = async () => {
        await eventually(() => ready.test(running.out), `the server is ready: ${running.out}${running.err}`);
        return ready.exec(running.out)!.slice(1).map(Number) as [number, number, number];
      };
      const link = /https:\/\/\S+\/#\/sign-in\?secret=(hg_[\w-]{43})\n/;
      const [, dashboard] = await ports();
      await eventually(() => link.test(running.out), "it gives a link for the first admin");
      const [, secret] = link.exec(running.out)!;
      match(running.out, /heliograph pair --bench \S*lab\.json\n/);
      match(running.out, /access add NAME --role operator --bench/);
      deepStrictEqual(
        [...Deno.readDirSync(join(folder, "lab.keys"))].map(({ name }) => name).sort(),
        ["authority.pem", "keys.pem"],
      );
      const { code } = JSON.parse((await run(["pair", "notebook", "--bench", bench, "--json"])).out);
      const flags = ["--port", String(dashboard), "--as", "lab"];
      // The running server takes the code from the file in its own time.
      let paired = await run(["connect", "127.0.0.1", code, ...flags], home);
      await eventually(async () => {
        if (paired.code !== 0) paired = await run(["connect", "127.0.0.1", code, ...flags], home);
        return paired.code === 0;
      }, `it is paired: ${paired.err}`);
      match(paired.out, /Paired with The lab/);
      const { lab: { token } } = JSON.parse(await Deno.readTextFile(home.serversFile));
      match((await run(["list", "--server", "lab"], home)).out, /meter/);

      running.kill("SIGTERM");
      strictEqual(await running.end(), 0);
      running = started();
      await ports();
      // The same keys, and somebody who has a token: no link any more.
      strictEqual(link.test(running.out), false);
      const [, again] = await ports();
      const known = JSON.parse(await Deno.readTextFile(home.serversFile));
      // Any free ports are others than before.
      known.lab.ports = { dashboard: again };
      await Deno.writeTextFile(home.serversFile, JSON.stringify(known));
      match((await run(["list", "--server", "lab"], home)).out, /meter/);
      running.kill("SIGTERM");
      await running.end();

      // Nothing that is kept beside the bench, and no log, holds a token or a code.
      const texts: string[] = [running.err];
      const collect = async (path: string): Promise<void> => {
        for await (const { name, isDirectory } of Deno.readDir(path)) {
          if (name === "home") continue;
          if (isDirectory) await collect(join(path, name));
          else texts.push(new TextDecoder("latin1").decode(await Deno.readFile(join(path, name))));
        }
      };
      await collect(folder);
      ok(texts.length > 4);
      for (const hidden of [token, secret!, code]) ok(!texts.some((text) => text.includes(hidden)), "a secret is kept");
    } finally {
      try {
        running.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await running.end();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
