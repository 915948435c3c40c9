/** Messages of a bench: by webhooks and programs, who is told what, what is kept, and on every wire. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../mod.ts";
import type { MessagesDescription } from "../../../protocol/messages.ts";
import { Processes } from "../../../server/processes/processes.ts";
import { sendWebhook } from "../../../server/messages/webhook.ts";
import { filledCommand } from "../../../server/processes/starter.ts";
import { run } from "../../cli_fixture.ts";
import { toldBy } from "../../certificates.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { benchOf, Devices, inFolder } from "../guards/lab.ts";
import { alarmOf, Alarms, messagesOf, quick, Web } from "./post.ts";

const bodies = (web: Web, path?: string) =>
  web.asked.filter((each) => path === undefined || each.path === path).map(({ body }) => body);

Deno.test("messages: those are told whom the rules say, once each; who comes after them unless somebody acknowledges; the end where that is wanted", async () => {
  await using web = new Web();
  const alarms = new Alarms();
  const hook = (path: string) => ({ url: `${web.origin}/${path}`, body: "{state} {title}: {times}" });
  await using messages = await messagesOf({
    people: { ana: { webhook: hook("ana") }, bob: { webhook: "team" } },
    webhooks: { team: hook("team"), boss: hook("boss") },
    rules: [
      { severity: "high", to: ["ana", "bob"], returns: true },
      { severity: "critical", to: ["ana"] },
      { severity: "high", to: ["boss"], unacknowledged: "1s" },
      { severity: "low", to: ["boss"], between: ["00:00", "00:00"], days: ["sun"] },
    ].slice(0, 3),
    digest: "1s",
  }, alarms);
  const low = { ...alarmOf("Dusty"), severity: "low" } as const;
  alarms.tell(low, "normal");
  const hot = alarms.raise("Too hot", { severity: "critical" });
  const flow = alarms.raise("No flow");
  alarms.tell({ ...flow, state: "acknowledged" }, "unacknowledged", "ana");
  await web.until(2);
  // What came together is told together.
  deepStrictEqual(bodies(web, "/ana"), [" 2 alarms: Too hot, No flow: 2"]);
  deepStrictEqual(bodies(web, "/team"), [" 2 alarms: Too hot, No flow: 2"]);
  // It goes away by itself, and nobody has looked.
  alarms.tell({ ...hot, state: "returned", active: false }, "unacknowledged");
  await eventually(() => bodies(web, "/boss").length === 1, "who comes after them is told");
  deepStrictEqual(bodies(web, "/boss"), ["returned Too hot: 1"]);
  await eventually(() => bodies(web, "/ana").length === 2, "its end is told");
  deepStrictEqual(bodies(web, "/ana")[1], "returned Too hot: 1");
  alarms.tell({ ...flow, state: "normal", active: false }, "acknowledged");
  await eventually(() => bodies(web, "/team").length === 3, "also where it was acknowledged");
  // What is shelved is not told.
  const door = alarms.raise("Door");
  alarms.tell({ ...door, state: "shelved" }, "unacknowledged", "ana");
  alarms.tell({ ...door, state: "normal", active: false }, "shelved");
  await eventually(() => bodies(web, "/team").length === 4, "its coming is told");
  strictEqual(messages.describe().gathering, 0);
  strictEqual(bodies(web).some((body) => body.includes("Dusty")), false);
});

Deno.test("messages: a web address that is busy, has moved, or refuses is told in its words; no secret of the operator's is", () =>
  inFolder(async (folder) => {
    const secretFile = join(folder, "hook.secret");
    await Deno.writeTextFile(secretFile, "T00/B00/sesame", { mode: 0o600 });
    const file = join(folder, "lab.state", "messages.json");
    const told: string[] = [];
    const log = await toldBy(async () => {
      await using web = new Web();
      const alarms = new Alarms();
      const own = { raise: (reason: string) => void told.push(reason), clear: () => void told.push("well") };
      await using messages = await messagesOf(
        {
          webhooks: { team: { url: `${web.origin}/{secret}?a={title}`, body: { text: "{message}" }, secretFile } },
          rules: [{ to: ["team"] }],
          heartbeat: { url: `${web.origin}/beat/{secret}`, every: "10s", secretFile },
        },
        alarms,
        { own, file, times: { ...quick, lasting: 0.05 } },
      );
      await eventually(() => messages.describe().heartbeat?.at !== null, "the heartbeat is taken");
      strictEqual(web.asked[0]!.path, "/beat/T00/B00/sesame");
      web.answer = ({ path }) => {
        const count = web.asked.length;
        if (count <= 4) return new Response(`busy with ${path}`, { status: 503 });
        if (count <= 5) return new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } });
        if (count <= 6) return new Response("bad words", { status: 400 });
        return new Response(`thanks for ${path}`);
      };
      alarms.raise("Too hot & wet");
      await eventually(() => messages.describe().messages[0]?.state === "sent", "it is taken in the end");
      strictEqual(web.asked.at(-1)!.path, "/T00/B00/sesame?a=Too%20hot%20%26%20wet");
      match(JSON.parse(web.asked.at(-1)!.body).text, /^HIGH: Too hot & wet\n/);
      const [message] = messages.describe().messages;
      match(message!.reason, /^200 thanks for \/…\?a=/);
      match(told[0]!, /^127\.0\.0\.1:\d+ does not take it now: 503 busy with \/…\?a/);
      ok(told.some((each) => /has moved, and what is sent goes nowhere else/.test(each)), told.join("\n"));
      ok(told.some((each) => /^team: 127\.0\.0\.1:\d+ refused it: 400 bad words/.test(each)), told.join("\n"));
      strictEqual(told.at(-1), "well");
      told.push(JSON.stringify(messages.describe()));
      web.answer = () => new Response("slowly", { status: 429, headers: { "retry-after": "17" } });
      const delivery = { id: "", values: {}, signal: new AbortController().signal };
      await rejects(sendWebhook({ url: web.origin }, "", delivery), { about: "way", after: 17, lasts: false });
      web.answer = () => new Response("ok");
      // A file that is not there is told, and looked for again.
      await Deno.remove(secretFile);
      alarms.raise("Gone");
      await eventually(() => messages.describe().problem.includes("there is no file"), "it is told");
      await Deno.writeTextFile(secretFile, "T00/B00/sesame", { mode: 0o600 });
      await eventually(() => messages.describe().problem === "", "and all is well");
    });
    ok(![...log, ...told, await Deno.readTextFile(file)].join("\n").includes("sesame"));
  }));

Deno.test("messages: a program of the PC gets its arguments whole, and the message as JSON; what it says at its failure is told", () =>
  inFolder(async (folder) => {
    const script = join(folder, "siren.ts");
    const out = join(folder, "out.json");
    await Deno.writeTextFile(
      script,
      `const input = JSON.parse(await new Response(Deno.stdin.readable).text());
if (input.title === "Fail") { console.error("no siren there"); Deno.exit(3); }
if (input.title === "Hang") await new Promise((resolve) => setTimeout(resolve, 100_000));
Deno.writeTextFileSync(${JSON.stringify(out)}, JSON.stringify([Deno.args, input.reason]));`,
    );
    await using processes = await Processes.launched(false);
    const alarms = new Alarms();
    const command = [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      `--allow-write=${out}`,
      script,
      "{title}",
      "-x",
    ];
    const deadlines = { mail: 1, webhook: 1, command: 2, mqtt: 1 };
    await using messages = await messagesOf(
      { commands: { siren: command }, rules: [{ to: ["siren"] }] },
      alarms,
      { processes, times: { ...quick, waits: [60], deadlines } },
    );
    processes.seal();
    alarms.raise('--allow-all; $(rm) "x"', { reason: "a\nb" });
    await eventually(() => messages.describe().messages[0]?.state === "sent", "it has run");
    deepStrictEqual(JSON.parse(await Deno.readTextFile(out)), [
      ['--allow-all; $(rm) "x"', "-x"].map((each, at) => at === 0 ? ` ${each}` : each),
      "a b",
    ]);
    alarms.raise("Fail");
    await eventually(() => (messages.describe().messages[1]?.reason ?? "") !== "", "it has failed");
    match(messages.describe().messages[1]!.reason, /ended with 3: no siren there$/);
    messages.forget("all");
    alarms.raise("Hang");
    messages.retry();
    await eventually(() => messages.describe().messages.length === 2, "it is its turn");
    messages.retry();
    await eventually(() => (messages.describe().messages[1]?.reason ?? "") !== "", "it is ended");
    match(messages.describe().messages[1]!.reason, /has not ended within the time that it has$/);
    deepStrictEqual(filledCommand(["p{title}", "{title}", "-{title}", "{other}"], { title: "-a" }), [
      "p{title}",
      " -a",
      "--a",
      "{other}",
    ]);
  }));

Deno.test("messages: what is gathered and who comes after are kept over a restart; what cannot be read is set aside, and told", () =>
  inFolder(async (folder) => {
    const file = join(folder, "lab.state", "messages.json");
    await using web = new Web();
    const alarms = new Alarms();
    const words = {
      webhooks: {
        team: { url: `${web.origin}/team`, body: "{title}" },
        boss: { url: `${web.origin}/boss`, body: "{title}" },
      },
      rules: [{ to: ["team"], returns: true }, { to: ["boss"], unacknowledged: "2h" }],
    };
    {
      await using messages = await messagesOf(words, alarms, { file, times: { ...quick, gather: 3600 } });
      alarms.raise("Too hot");
      strictEqual(messages.describe().gathering, 1);
    }
    // Two hours and more have passed, or the clock was set.
    const kept = JSON.parse(await Deno.readTextFile(file));
    kept.escalations[0].at = new Date(0).toISOString();
    const far = {
      ...kept.escalations[0],
      alarm: alarmOf("Door"),
      to: ["team"],
      after: 0.1,
      at: "2099-01-01T00:00:00.000Z",
    };
    kept.escalations.push(far);
    await Deno.writeTextFile(file, JSON.stringify(kept));
    {
      await using _ = await messagesOf(words, alarms, { file });
      const told = (path: string, title: string) => bodies(web, path).some((body) => body.includes(title));
      await eventually(() => told("/team", "Too hot"), "what was gathered is told");
      await eventually(() => told("/boss", "Too hot"), "who comes after is told");
      await eventually(() => told("/team", "Door"), "a clock that was set puts it off no longer than it was");
    }
    // Somebody who is named no more is not told, and that is said.
    const gone = { ...words, webhooks: { boss: words.webhooks.boss }, rules: [{ to: ["boss"] }] };
    web.answer = () => new Response("no", { status: 503 });
    {
      await using messages = await messagesOf(words, alarms, { file });
      alarms.raise("No flow");
      await eventually(
        () => messages.describe().messages.some(({ state, tries }) => state === "waiting" && tries > 0),
        "it is tried",
      );
    }
    {
      await using messages = await messagesOf(gone, alarms, { file });
      // That it cannot be told is told to whoever is named now.
      const lost = messages.describe().messages.filter(({ reason }) => /nobody is reached so any more/.test(reason));
      ok(
        lost.length > 0 && lost.every(({ state }) => state === "failed"),
        JSON.stringify(messages.describe().messages),
      );
    }
    await Deno.writeTextFile(file, '{"last":');
    const log = await toldBy(async () => {
      await using messages = await messagesOf(gone, alarms, { file });
      match(messages.describe().hint, /^Messages that waited before the start are lost: .*it is kept as .*damaged$/);
    });
    match(log.join("\n"), /Messages that waited before the start are lost/);
    strictEqual(await Deno.readTextFile(`${file}.damaged`), '{"last":');
    // A folder that cannot be written: all is sent all the same, and that nothing is kept is told.
    await Deno.remove(join(folder, "lab.state"), { recursive: true });
    await Deno.writeTextFile(join(folder, "lab.state"), "");
    web.answer = () => new Response("ok");
    const before = web.asked.length;
    await toldBy(async () => {
      await using messages = await messagesOf(gone, alarms, { file });
      alarms.raise("No room");
      await web.until(before + 1);
      await eventually(() => messages.describe().hint !== "", "that it is not kept is told");
    });
  }));

Deno.test("messages: every wire lists, tests, retries and forgets; a test tells what was said, and the command line shows it", () =>
  inFolder(async (folder) => {
    await using web = new Web();
    const file = join(folder, "lab.json");
    const messages = {
      people: { ana: { webhook: { url: `${web.origin}/ana`, body: { text: "{message}" } } } },
      webhooks: { team: { url: `${web.origin}/{secret}`, secretFile: "hook.secret" } },
      rules: [{ severity: "high", to: ["ana"] }],
    };
    const bench = {
      name: "lab",
      messages,
      instruments: [{ title: "Telescope", driver: "simulated-telescope" }],
    };
    await Deno.writeTextFile(file, JSON.stringify(bench, null, 2));
    const checked = await run(["check", file]);
    match(checked.err, /lab\.json:\d+:\d+: messages\.webhooks\.team\.secretFile: there is no file .*hook\.secret/);
    await Deno.writeTextFile(file, JSON.stringify({ ...bench, messages: { ...messages, rules: [{ to: ["anna"] }] } }));
    match(
      (await run(["check", file])).err,
      /messages\.rules\[0\]\.to\[0\]: there is no anna \(did you mean ana\?\); there is ana, team/,
    );
    await Deno.writeTextFile(file, JSON.stringify(bench));
    const { close: _, imageFolders: _f, ...loaded } = await loadBench(file);
    await using server = startServer({ instruments: loaded.instruments, messages: loaded.messages, name: "lab" });
    await server.prepare();
    using lines = await RawClient.connect(server.commandServer.port);
    const list = async (): Promise<MessagesDescription> =>
      JSON.parse((await lines.ask("messages.list")).replace(/^OK /, ""));
    match((await list()).problem, /there is no file .*hook\.secret/, "the bench is served all the same");
    await Deno.writeTextFile(join(folder, "hook.secret"), "sesame street", { mode: 0o600 });
    const { commands } = server.bench.find("messages")!;
    deepStrictEqual(["list", "test", "retry", "forget"].map((name) => commands.get(name)!.role), [
      "observer",
      "operator",
      "operator",
      "operator",
    ]);
    match(await lines.ask("messages.test ana"), /^OK .*ana \(webhook\): taken: 200 ok/);
    match(JSON.parse(web.asked[0]!.body).text, /^This is a test: no alarm\. Asked for by /);
    match(
      await lines.ask("messages.test anna"),
      /^ERROR There is nobody called anna \(did you mean ana\?\); there is ana, team$/,
    );
    web.answer = ({ path }) => new Response(`not ${path}`, { status: 403 });
    match(await lines.ask("messages.test team"), /^ERROR .*team: NOT taken: 127\.0\.0\.1:\d+ refused it: 403 not \/…/);
    const at = ["--port", String(server.dashboardServer.port)];
    const shown = await run(["messages", "test", "team", ...at]);
    match(shown.err, /NOT taken/);
    server.bench.hub.publish("alarm", { alarm: alarmOf("Too hot"), from: "normal", by: "" });
    await eventually(async () => (await list()).messages[0]?.tries === 1, "it is refused");
    match(
      (await run(["messages", ...at])).out,
      /Messages cannot be sent: 127[\s\S]*Can be told: ana, team\n[\s\S]*1 .* ana \(webhook\) .*waiting .*\[lab\] HIGH: .*Too hot/,
    );
    web.answer = () => new Response("ok");
    strictEqual((await run(["messages", "retry", ...at])).out, "1 tried again\n");
    await eventually(async () => (await list()).messages[0]!.state === "sent", "it is sent");
    strictEqual((await list()).problem, "");
    match(await lines.ask("messages.forget 7"), /^ERROR There is no message 7 that is not being sent/);
    strictEqual(await lines.ask("messages.forget 1"), "OK");
    deepStrictEqual((await list()).messages, []);
    match(await lines.ask("messages.forget one"), /^ERROR one is no number of a message/);
    match((await run(["messages", "forget", ...at])).err, /Cannot forget without a NUMBER/);
    match(
      (await run(["messages", "shout", ...at])).err,
      /Cannot shout messages: give list, test, retry, forget, or nothing/,
    );
    await using other = startServer();
    match(
      (await run(["messages", "--port", String(other.dashboardServer.port)])).err,
      /This bench tells nobody of its alarms: .*docs\/messages\.md/,
    );
  }));

Deno.test("messages: an alarm of the bench is told, its acknowledgement keeps who comes next in bed, and what cannot be told is an alarm of its own", () =>
  inFolder(async (folder) => {
    await using devices = new Devices();
    const { probe } = devices;
    await using web = new Web();
    const hook = (path: string) => ({ url: `${web.origin}/${path}`, body: "{title}: {text}; {reason}" });
    const file = join(folder, "lab.json");
    const bench = benchOf(devices, {
      alarms: { "Too warm": { when: "probe.temperature > 250", text: "Open the door", severity: "critical" } },
      messages: {
        webhooks: { ana: hook("ana"), boss: hook("boss") },
        rules: [{ severity: "critical", to: ["ana"] }, { severity: "critical", to: ["boss"], unacknowledged: "2s" }],
      },
    });
    await Deno.writeTextFile(file, JSON.stringify(bench));
    const { instruments, guards, messages } = await loadBench(file);
    await using server = startServer({ instruments, guards, messages, name: "lab", poll: true });
    await server.prepare();
    using lines = await RawClient.connect(server.commandServer.port);
    const alarm = async (name: string) => {
      const { alarms } = JSON.parse((await lines.ask("guards.alarms all")).replace(/^OK /, ""));
      return alarms.find((each: { name: string }) => each.name === name);
    };
    await eventually(async () => (await alarm("too_warm")).state === "normal", "it is read");
    probe.values.T = "301";
    await web.until(1);
    match(web.asked[0]!.body, /^Too warm: Open the door; .*301/);
    strictEqual(web.asked[0]!.path, "/ana");
    match(await lines.ask("guards.acknowledge too_warm"), /^OK /);
    // It comes again, and the web address refuses.
    web.answer = () => new Response("no", { status: 403 });
    probe.values.T = "20";
    await eventually(async () => (await alarm("too_warm")).state === "normal", "it is over");
    probe.values.T = "302";
    await eventually(async () => (await alarm("messages_not_sent")).state === "unacknowledged", "that is told");
    match((await alarm("messages_not_sent")).reason, /refused it: 403 no/);
    ok(web.asked.filter(({ path }) => path === "/boss").length > 0, "nobody has acknowledged it this time");
    // The status tells it in a line.
    const status = async () => (await run(["status", "--port", String(server.dashboardServer.port)])).out;
    match(await status(), /^Messages: the last to ana .*; \d waits?; failed last: .* refused it: 403 no/m);
    web.answer = () => new Response("ok");
    match(await lines.ask("messages.retry"), /^OK \d/);
    await eventually(async () => (await alarm("messages_not_sent")).active === false, "all is sent");
    match(await status(), /^Messages: the last to .* at \d.*; none waits; failed last: /m);
  }));
