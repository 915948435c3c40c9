/** The sandbox: whose turn it is, what becomes of its processes, what the operator grants. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import type { SandboxOptions } from "../../../mod.ts";
import { Processes } from "../../../server/processes/processes.ts";
import { Sandbox } from "../../../server/code/sandbox.ts";
import { dashboardClient, eventually, runProgram, startServer } from "../../fixture.ts";
import { linux, sandboxes } from "../../linux_processes.ts";

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
  await using server = startServer({ sandbox: { atOnce: 2, deadline: 30 } });
  await using greedy = dashboardClient(server, "greedy");
  await using modest = dashboardClient(server, "modest");
  deepStrictEqual([await greedy.doEval("0"), await modest.doEval("0")], [0, 0]);
  // The flood goes on until the other one has been answered.
  const until = "getDashboard().getField('UV Light', 'Status Selection') === 'On'";
  const waiting =
    `(async () => { while (!(${until})) await new Promise((done) => setTimeout(done, 50)); return 1; })()`;
  const flood = Array.from({ length: 2 }, () => greedy.doEval(waiting));
  for (const one of flood) one.catch(() => {});
  await eventually(async () => (await greedy.status()).sessions.some((one) => one.lastRequest === "Eval"), "it floods");
  strictEqual(await modest.doEval("1 + 1"), 2, "one place was kept for others");
  await modest.setField("UV Light", "Status Selection", "On");
  deepStrictEqual(await Promise.all(flood), [1, 1]);
});

const ownProcess = new URL("../../../server/processes/own_process.ts", import.meta.url).href;
const rendezvous = new URL("../../../server/processes/rendezvous.ts", import.meta.url).href;

Deno.test("sandbox: code that a process has not begun with when it ends is run in another", async () => {
  const folder = await Deno.makeTempDir();
  const host = new URL("../../../server/code/host.ts", import.meta.url).href;
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

Deno.test("sandbox: what a process says is checked before anything comes of it, and its code's sender always told", async () => {
  const folder = await Deno.makeTempDir();
  // It says whatever the code is.
  await Deno.writeTextFile(
    `${folder}/host.ts`,
    `import { connectTo } from ${JSON.stringify(rendezvous)};
    import { Channel } from ${JSON.stringify(new URL("../../../server/processes/channel.ts", import.meta.url).href)};
    const { rendezvous, token } = JSON.parse(await new Response(Deno.stdin.readable).text());
    const channel = new Channel(await connectTo(rendezvous), 1_000_000);
    channel.send(token);
    channel.send({ idle: true });
    for await (const { run } of channel.messages()) for (const line of JSON.parse(run?.source ?? "[]")) channel.send(line);`,
  );
  const hostCommand = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", `${folder}/host.ts`] as const;
  const sandbox = { hostCommand, resultBytes: 1024, outputBytes: 100, atOnce: 2, deadline: 30 };
  await using server = startServer({ sandbox });
  await using client = dashboardClient(server);
  const began = { began: true };
  const object = { toString: 1, valueOf: 1 };
  const done = { done: { text: "2", json: "2" } };
  const dashboard = { ask: { ask: "dashboard" } };
  const hostile: unknown[][] = [
    [null],
    [5],
    ["text"],
    [[]],
    [{}],
    [{ began: 1 }],
    [{ idle: true, began: true }],
    [{ unknown: true }],
    [{ failed: { code: object, message: "x" } }],
    [{ failed: { code: "__proto__", message: "x" } }],
    [{ failed: { code: "code_failed", message: object } }],
    [{ failed: { code: "code_failed", message: "x".repeat(5000) } }],
    [{ failed: null }],
    [{ failed: { code: "code_failed" } }],
    [{ done: { text: object } }],
    [{ done: { text: "x".repeat(1025) } }],
    [{ done: { text: "1", json: 1 } }],
    [{ done: { text: "1", json: "no JSON" } }],
    [{ done: { text: "1", json: "[".repeat(1001) + "]".repeat(1001) } }],
    [{ done: { text: "1", json: "1", more: "x".repeat(1000) } }],
    [{ done: [] }],
    [{ output: object }],
    [{ output: "x".repeat(101) }],
    Array(3).fill({ output: "x".repeat(40) }),
    [{ ask: null }],
    [{ ask: [] }],
    [{ idle: true }],
  ];
  for (const messages of hostile) {
    const what = JSON.stringify(messages).slice(0, 99);
    const told = { code: "code_failed", message: /: The code ended its sandbox: / };
    await rejects(client.doEval(JSON.stringify([began, ...messages]), { language: "javascript" }), told, what);
  }
  // What is said after the end is nobody's, and the process is given no other code.
  for (const late of [done, dashboard, { output: "x" }, { failed: { code: "code_failed", message: "x" } }]) {
    const said = JSON.stringify([began, done, late]);
    strictEqual(await client.doEval(said, { language: "javascript" }), 2);
  }
  strictEqual(await client.getField("uv_light", "status_selection"), "Off");
  const good = JSON.stringify([began, dashboard, { output: "é" }, { done: { text: "text" } }, { idle: true }]);
  strictEqual(await client.doEval(good, { language: "javascript" }), "text");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("sandbox: evaluations are counted by name and address, whichever connection they come over", async () => {
  const processes = new Processes();
  const sandbox = new Sandbox({ atOnce: 2, deadline: 30, languages: ["javascript"] }, processes);
  sandbox.start();
  try {
    const sender = { answer: () => Promise.resolve({ value: null }), output: () => {} };
    const finished: string[] = [];
    const run = (asker: string, source: string) =>
      sandbox.evaluate({ language: "javascript", mode: "eval", source }, sender, asker, {}).then(({ text }) => {
        finished.push(`${asker} ${text}`);
      });
    await run("first", "0");
    const slow = "new Promise((done) => setTimeout(done, 100, 1))";
    const flood: Promise<void>[] = [];
    const refused = {
      code: "too_many_requests",
      message: /^Cannot run the code: 100 evaluations of yours .* wait already$/,
    };
    throws(() => {
      for (;;) {
        const one = run("first", slow);
        one.catch(() => {});
        flood.push(one);
      }
    }, refused);
    ok(flood.length <= 101, "one may run already");
    await run("second", "2");
    await run("third", "3");
    ok(finished.length < 50, `the others did not wait for the flood: ${finished}`);
    await sandbox.stop();
    strictEqual((await Promise.allSettled(flood)).filter(({ status }) => status === "rejected").length > 50, true);
  } finally {
    await sandbox.stop();
    await processes.close();
  }
});

Deno.test({
  name: "sandbox: Linux refuses its processes what they do not need, and the inspector's signal does nothing",
  ignore: !linux || Deno.build.arch !== "x86_64", // the wall is Linux's on x86-64
  fn: async () => {
    await using server = startServer({ sandbox: { atOnce: 1, deadline: 20 } });
    await using client = dashboardClient(server);
    strictEqual(await client.doEval("1"), 1);
    const [pid] = await sandboxes();
    const status = (await runProgram("cat", [`/proc/${pid}/status`])).stdout;
    match(status, /^NoNewPrivs:\t1$/m);
    match(status, /^Seccomp:\t2$/m);
    // After newer Denos have installed their handler, half a second after the start.
    strictEqual(await client.doEval("new Promise((done) => setTimeout(done, 1500, 2))"), 2);
    Deno.kill(pid!, "SIGUSR1");
    strictEqual(await client.doEval("new Promise((done) => setTimeout(done, 200, 3))"), 3);
    deepStrictEqual(await sandboxes(), [pid]);
    const listening = (await runProgram("cat", [`/proc/${pid}/net/tcp`])).stdout;
    strictEqual(/0100007F:2405 00000000:0000 0A/.test(listening), false, "nothing listens on port 9229");
  },
});

Deno.test("sandbox: what waits too long for its turn is told so", async () => {
  await using server = startServer({ sandbox: { atOnce: 1, deadline: 1.5 } });
  await using client = dashboardClient(server);
  await eventually(() => client.doEval("0").then(() => true, () => false), "the sandbox has started");
  const [first, second] = [client.doEval("new Promise(() => {})"), client.doEval("1")];
  await Promise.allSettled([first, second]);
  await rejects(first, { code: "deadline_exceeded", message: /it did not finish within [\d.]+ s/ });
  await rejects(second, { code: "deadline_exceeded" });
});

Deno.test("sandbox: code that was stopped is told how much of its time it waited", async () => {
  await using server = startServer({ sandbox: { atOnce: 1, deadline: 3 } });
  await using client = dashboardClient(server);
  await eventually(() => client.doEval("0").then(() => true, () => false), "the sandbox has started");
  const first = client.doEval("new Promise((done) => setTimeout(done, 1000))");
  const second = client.doEval("new Promise(() => {})");
  await first;
  await rejects(second, { message: /it did not finish within 2\.5 s, of which it waited [1-2]\.\d s for a sandbox$/ });
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
