/** The sandbox: whose turn it is, what becomes of its processes, what the operator grants. */
import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import type { SandboxOptions } from "../../mod.ts";
import { Sandbox } from "../../server/sandbox/sandbox.ts";
import { dashboardClient, eventually, startServer } from "../fixture.ts";
import { linux, sandboxes } from "../linux_processes.ts";

Deno.test({
  name: "sandbox: a process that dies loses only the evaluation inside it, and another takes its place",
  ignore: !linux, // finds the processes in /proc
  fn: async () => {
    await using server = startServer({ sandbox: { atOnce: 3, deadline: 20 } });
    await using client = dashboardClient(server);
    strictEqual(await client.doEval("1"), 1);
    const [victim] = await sandboxes();
    let entered = false;
    const lost = client.doExec("print('in'); for (;;);", { output: (text) => entered = text === "in\n" });
    lost.catch(() => {});
    await eventually(() => entered, "the code runs");
    await using other = dashboardClient(server);
    const unhurt = other.doEval("new Promise((done) => setTimeout(done, 500, 'unhurt'))");
    await eventually(async () => (await sandboxes()).length > 1, "a second process has been started");
    Deno.kill(victim!, "SIGKILL");
    await rejects(lost, { code: "code_failed", message: /The sandbox ended while it ran the code$/ });
    strictEqual(await unhurt, "unhurt");
    strictEqual(await client.doEval("2"), 2);
    // Killed while idle, all of them: the next evaluation does not notice.
    for (const pid of await sandboxes()) Deno.kill(pid, "SIGKILL");
    strictEqual(await client.doEval("3"), 3);
  },
});

Deno.test({
  name: "sandbox: stopping the server ends evaluations and processes; without code there is no process at all",
  ignore: !linux, // finds the processes in /proc
  fn: async () => {
    const server = startServer({ sandbox: { deadline: 60 } });
    const client = dashboardClient(server);
    let entered = false;
    const stopped = client.doExec("print('in'); for (;;);", { output: () => entered = true });
    stopped.catch(() => {});
    await eventually(() => entered, "the code runs");
    await server.stop();
    await rejects(stopped, { code: /stopping|connection_lost/ });
    await client.close();
    await eventually(async () => (await sandboxes()).length === 0, "every process has ended");

    await using none = startServer({ sandbox: { languages: [] } });
    await using asking = dashboardClient(none);
    await rejects(asking.doEval("1"), { code: "unavailable", message: /this server evaluates none \(--eval none\)$/ });
    deepStrictEqual(await sandboxes(), []);
  },
});

Deno.test("sandbox: 32 clients at once each get their own values", async () => {
  await using server = startServer({ sandbox: { deadline: 30 } });
  const clients = Array.from({ length: 32 }, () => dashboardClient(server));
  const values = await Promise.all(
    clients.map((client, number) =>
      client.doEval(`${number} * 2`, { language: number % 2 === 0 ? "javascript" : "python" })
    ),
  );
  deepStrictEqual(values, clients.map((_, number) => number * 2));
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("sandbox: a client that floods it keeps nobody else from it", async () => {
  await using server = startServer({ sandbox: { atOnce: 2, deadline: 10 } });
  await using greedy = dashboardClient(server, "greedy");
  await using modest = dashboardClient(server, "modest");
  deepStrictEqual([await greedy.doEval("0"), await modest.doEval("0")], [0, 0]);
  const flood = Array.from({ length: 2 }, () => greedy.doEval("new Promise((done) => setTimeout(done, 1000, 1))"));
  let finished = 0;
  for (const one of flood) one.then(() => finished++, () => {});
  await eventually(async () => (await greedy.status()).sessions.some((one) => one.lastRequest === "Eval"), "it floods");
  strictEqual(await modest.doEval("1 + 1"), 2);
  strictEqual(finished, 0, "one place was kept for others");
  await Promise.all(flood);
});

const ownProcess = new URL("../../server/processes/own_process.ts", import.meta.url).href;
const rendezvous = new URL("../../server/processes/rendezvous.ts", import.meta.url).href;

Deno.test("sandbox: code that a process has not begun with when it ends is run in another", async () => {
  const folder = await Deno.makeTempDir();
  const host = new URL("../../server/sandbox/host.ts", import.meta.url).href;
  // The first process says that it is idle, and ends when it is given code; the second is a real one.
  await Deno.writeTextFile(
    `${folder}/host.ts`,
    `const first = await Deno.mkdir(${JSON.stringify(`${folder}/begun`)}).then(() => true, () => false);
    if (first) {
      const { connectToServer } = await import(${JSON.stringify(ownProcess)});
      const { channel } = await connectToServer();
      channel.send({ idle: true });
      for await (const _message of channel.messages()) Deno.exit(0);
    }
    await (await import(${JSON.stringify(host)})).runSandboxHost();`,
  );
  const hostCommand = [Deno.execPath(), "run", "-A", "--unstable-worker-options", `${folder}/host.ts`] as const;
  await using server = startServer({ sandbox: { hostCommand, languages: ["javascript"], atOnce: 1 } });
  await using client = dashboardClient(server);
  strictEqual(await client.doEval("6 * 7"), 42);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sandbox: a process that says what cannot be read is replaced, and its code's sender told", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/host.ts`,
    `import { connectTo } from ${JSON.stringify(rendezvous)};
    const { rendezvous, token } = JSON.parse(await new Response(Deno.stdin.readable).text());
    const connection = await connectTo(rendezvous);
    const say = (text) => connection.write(new TextEncoder().encode(text + "\\n"));
    await say(JSON.stringify(token) + '\\n{"idle":true}');
    await connection.read(new Uint8Array(1000));
    await say('{"began":true}');
    for (;;) await say("no JSON" + "x".repeat(100_000));`,
  );
  const hostCommand = [Deno.execPath(), "run", "-A", `${folder}/host.ts`] as const;
  await using server = startServer({ sandbox: { hostCommand, resultBytes: 1024 } });
  await using client = dashboardClient(server);
  await rejects(client.doEval("1"), { code: "code_failed", message: /The code ended its sandbox: .*JSON/ });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sandbox: what waits too long for its turn is told so", async () => {
  await using server = startServer({ sandbox: { atOnce: 1, deadline: 1.5 } });
  await using client = dashboardClient(server);
  strictEqual(await client.doEval("0"), 0);
  const [first, second] = [client.doEval("new Promise(() => {})"), client.doEval("1")];
  await Promise.allSettled([first, second]);
  await rejects(first, { code: "deadline_exceeded", message: /it did not finish within [\d.]+ s$/ });
  await rejects(second, { code: "deadline_exceeded" });
});

Deno.test("sandbox: the operator grants files, folders and connections, and nothing beyond them", async () => {
  const folder = await Deno.makeTempDir({ prefix: "granted, with a comma" });
  await Deno.writeTextFile(`${folder}/reading.txt`, "5.5");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const accepted = listener.accept();
  await using server = startServer({
    sandbox: { permissions: { read: [folder], write: [`${folder}/out`], net: [`127.0.0.1:${port}`] } },
  });
  await using client = dashboardClient(server);
  const at = JSON.stringify(folder);
  strictEqual(await client.doEval(`Deno.readTextFileSync(${at} + "/reading.txt")`), "5.5");
  await client.doExec(`Deno.writeTextFileSync(${at} + "/out", "written");`);
  strictEqual(await Deno.readTextFile(`${folder}/out`), "written");
  await client.doExec(`(await Deno.connect({ hostname: "127.0.0.1", port: ${port} })).close();`);
  (await accepted).close();
  const refused = [
    [`Deno.readTextFileSync(${at} + "/../passwd")`, /--eval-read/],
    [`Deno.writeTextFileSync(${at} + "/reading.txt", "6")`, /--eval-write/],
    [`await Deno.connect({ hostname: "127.0.0.1", port: ${server.commandServer.port} })`, /--eval-net/],
    ["Deno.env.get('HOME')", /TypeError/],
  ] as const;
  for (const [code, message] of refused) await rejects(client.doEval(code), { message }, code);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sandbox: numbers that cannot be, and a process that cannot start, are told with the reason", async () => {
  const cases: [Partial<SandboxOptions>, RegExp][] = [
    [{ memory: 10 }, /Cannot run evaluations with memory 10: it is a number of MiB from 192 to 65536/],
    [{ deadline: 0.1 }, /deadline 0\.1: it is a number of s from 1 to 3600/],
    [{ atOnce: NaN }, /atOnce NaN: it is a number of evaluations from 1 to 64/],
    [{ languages: ["ruby" as "python"] }, /in ruby: there is javascript and python/],
  ];
  for (const [options, message] of cases) throws(() => new Sandbox(options), { code: "bad_argument", message });
  const broken: [SandboxOptions["hostCommand"] & object, RegExp][] = [
    [["no-such-program-here"], /Cannot start a sandbox: .*no-such-program-here/],
    [[Deno.execPath(), "eval", "console.error('first'); throw new Error('broken')"], /it ended with 1: .*broken/],
    [[Deno.execPath(), "eval", "await new Response(Deno.stdin.readable).text()"], /it ended with 0: $/],
  ];
  for (const [hostCommand, message] of broken) {
    await using server = startServer({ sandbox: { hostCommand, deadline: 2 } });
    await using client = dashboardClient(server);
    await rejects(client.doEval("1"), { code: "unavailable", message });
    // Everything else goes on.
    strictEqual(await client.getField("uv_light", "status_selection"), "Off");
  }
});
