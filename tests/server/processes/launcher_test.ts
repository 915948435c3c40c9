/** The launcher: what it starts, what it refuses, and what becomes of both when the server ends or hangs. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { Launcher, sourceLauncher } from "../../../server/processes/launcher.ts";
import { eventually, runProgram } from "../../fixture.ts";
import { linux, runs } from "../../linux_processes.ts";

const deno = Deno.execPath();
const [program, ...args] = sourceLauncher([])!;

/** A program that tells what it reads, on its standard error, and ends with 3. */
const teller = [
  deno,
  "eval",
  "console.error('read ' + await new Response(Deno.stdin.readable).text()); Deno.exit(3)",
] as const;
/** A program that does not end by itself. */
const sleeper = [deno, "eval", "setInterval(() => {}, 1000)"] as const;

/** A program of its own that has a launcher, as a server has. @param body What it does with `launcher`. */
async function writeServer(folder: string, body: string): Promise<string> {
  const module = new URL("../../../server/processes/launcher.ts", import.meta.url).href;
  const file = `${folder}/server.ts`;
  await Deno.writeTextFile(
    file,
    `import { Launcher, sourceLauncher } from ${JSON.stringify(module)};
    const folder = ${JSON.stringify(`${folder}/socket`)};
    const [program, ...args] = sourceLauncher([folder]);
    const launcher = new Launcher([program, ...args, "--hang-seconds=2"], Deno.args.includes("json"));
    ${body}`,
  );
  return file;
}

Deno.test("launcher: it starts a process, hands it what it reads, and tells how it ended", async () => {
  const launcher = new Launcher([program, ...args], false);
  const started = await launcher.start(teller, "some text");
  ok(started.pid > 0);
  deepStrictEqual(await started.ended, { ended: 1, code: 3, complaint: "read some text" });
  const killed = await launcher.start(sleeper, "");
  killed.kill();
  ok((await killed.ended).code !== 0);
  await rejects(launcher.start(["no-such-program-here"], ""), /no-such-program-here/);
  await launcher.close();
});

Deno.test("launcher: once it is sealed it starts what was named before, and nothing else", async () => {
  const launcher = new Launcher([program, ...args], false);
  launcher.allow(teller);
  launcher.seal();
  strictEqual((await (await launcher.start(teller, "")).ended).code, 3);
  const message = `${deno} is not one of the programs that this server said it would start`;
  await rejects(launcher.start(sleeper, ""), { message });
  // What comes after the seal is not its operator's word any more.
  launcher.allow(sleeper);
  await rejects(launcher.start(sleeper, ""), { message });
  await rejects(launcher.start([...teller, "more"], ""), { message });
  await launcher.close();
  await rejects(launcher.start(teller, ""), /the launcher, which starts processes, has ended/);
});

Deno.test("launcher: when it ends, what it has started ends too", async () => {
  const launcher = new Launcher([program, ...args], false);
  const started = await Promise.all([launcher.start(sleeper, ""), launcher.start(sleeper, "")]);
  await launcher.close();
  for (const { ended } of started) ok((await ended).code !== 0);
});

Deno.test({
  name: "launcher: a server that is killed takes its processes and its folder with it",
  ignore: !linux, // looks at processes in /proc
  fn: async () => {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/socket`);
    const file = await writeServer(
      folder,
      `launcher.removeAtEnd(folder);
      const { pid } = await launcher.start(${JSON.stringify(sleeper)}, "");
      console.log(pid);`,
    );
    const server = new Deno.Command(deno, { args: ["run", "-A", file], stdout: "piped", stderr: "inherit" }).spawn();
    const reader = server.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    ok(await runs(pid));
    server.kill("SIGKILL");
    await server.status;
    await reader.cancel();
    await eventually(async () => !await runs(pid), "the process has ended");
    await eventually(
      () => Deno.stat(`${folder}/socket`).then(() => false, () => true),
      "the folder has gone",
    );
    await Deno.remove(folder, { recursive: true });
  },
});

for (const json of [false, true]) {
  Deno.test(`launcher: a server whose main thread hangs is ended, with a word in its ${json ? "JSON " : ""}log`, async () => {
    const folder = await Deno.makeTempDir();
    const file = await writeServer(folder, `launcher.seal(); setTimeout(() => { for (;;); }, 100);`);
    const { code, stderr } = await runProgram(deno, ["run", "-A", file, ...json ? ["json"] : []], {
      env: { NO_COLOR: "1" },
    });
    ok(code !== 0, stderr);
    const said =
      "The server's main thread has not turned for 2 s: the server is ended, so that it can be started again";
    if (!json) return match(stderr, new RegExp(`\\[ERR\\] heliograph·server: ${said}\n`));
    const { message, level, logger } = JSON.parse(stderr);
    deepStrictEqual([message, level, logger], [said, "ERROR", "heliograph.server"]);
    await Deno.remove(folder, { recursive: true });
  });
}
