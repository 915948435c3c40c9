/** Control of instruments: whose it is, who may not drive meanwhile, and how it ends. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { configure, type LogRecord, reset } from "npm:@logtape/logtape@2.4.2";
import { command, defineInstrument, type HeliographServer } from "../../../mod.ts";
import { type Lease, PyOpticonSocketClient, type ServerStatus } from "../../../client/mod.ts";
import { admit } from "../../../server/access/admit.ts";
import { Principal } from "../../../server/access/principal.ts";
import type { ClientConnection } from "../../../server/network/connection.ts";
import { Control } from "../../../server/access/control.ts";
import { Session, Sessions } from "../../../server/access/sessions.ts";
import { LoopTurns } from "../../../server/network/loop_turns.ts";
import { eventually, outsideAddress, RawClient, startServer } from "../../fixture.ts";

/** A client of azcam's wire, with a name if one is given. */
async function lines(server: HeliographServer, name = ""): Promise<RawClient> {
  const client = await RawClient.connect(server.commandServer.port);
  if (name !== "") strictEqual(await client.ask(`register ${name}`), "OK");
  return client;
}

/** A client of the framed dialect, with a name if one is given. */
async function framed(server: HeliographServer, name = ""): Promise<RawClient> {
  const client = await RawClient.connect(server.dashboardServer.port);
  strictEqual((await client.request({ id: 0, cmd: "Hello", name })).ok, true);
  return client;
}

/** Who has control of tempcon, as the server's own program is told. */
function holder(server: HeliographServer, instrument = "tempcon"): Promise<Lease["holder"] | null> {
  return server.commandServer.command("status").then((reply) =>
    JSON.parse(reply.slice(3)).instruments.find(({ name }: { name: string }) => name === instrument).holder
  );
}

const set = { cmd: "Set", instrument: "tempcon", field: "control_temperature", new_value: -90 };

/** What is wrong with a reply of the framed dialect. */
function errorOf(reply: Record<string, unknown>): { code: string; message: string } {
  return reply.error as { code: string; message: string };
}

Deno.test("control: others read but do not drive, on both wires, and are told who and until when", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using bob = await lines(server, "bob");
  using carol = await framed(server, "carol");
  using original = await RawClient.connect(server.dashboardServer.port);
  strictEqual(await alice.ask("take tempcon 10m"), "OK");
  const refusal =
    /^ERROR Cannot set tempcon: alice \(client 1, 127\.0\.0\.1\) has control of it until (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC([+-]\d\d:\d\d)?; ask alice to release it, or take it over with ”take tempcon 10m force=True” \(which needs the right to take over\)$/;
  const plain = (text: string) => text.replaceAll('"', "”");
  match(plain(await bob.ask("tempcon.set control_temperature -90")), refusal);
  match(await bob.ask("tempcon.confirm"), /^ERROR Cannot confirm tempcon: alice/);
  match(
    await bob.ask("tempcon.set_control_temperature -90"),
    /^ERROR Cannot call tempcon\.set_control_temperature: alice/,
  );
  match(await bob.ask("set_control_temperature -90"), /^ERROR Cannot call tempcon\.set_control_temperature: alice/);
  match(await bob.ask("take tempcon"), /^ERROR Cannot take tempcon: alice/);
  match(await bob.ask("release tempcon"), /^ERROR Cannot release tempcon: alice/);
  match(await bob.ask("take tempcon 5m"), /^ERROR Cannot take tempcon: alice/);
  strictEqual(await bob.ask("tempcon.get control_temperature"), "OK -100.00");
  match(await bob.ask("tempcon.describe"), /^OK \{/);
  match(await bob.ask("tempcon.help"), /^OK tempcon/);
  strictEqual(await bob.ask("exposure.set_exposuretime 2"), "OK");
  const failed = errorOf(await carol.request({ id: 1, ...set }));
  strictEqual(failed.code, "held");
  match(`ERROR ${plain(failed.message)}`, refusal);
  strictEqual(errorOf(await carol.request({ id: 2, cmd: "Confirm", instrument: "tempcon" })).code, "held");
  strictEqual(errorOf(await carol.request({ id: 3, cmd: "Take", instrument: "tempcon" })).code, "held");
  strictEqual((await carol.request({ id: 4, cmd: "Get", instrument: "tempcon", field: "camtemp" })).ok, true);
  await original.send(JSON.stringify({ ...set, id: undefined, widget_nickname: "tempcon", field_name: set.field }));
  match(await original.until((text) => text !== ""), /^Error: Cannot set tempcon: alice \(client 1/);
  strictEqual(await alice.ask("tempcon.set control_temperature -90"), "OK");
  strictEqual(await alice.ask("release tempcon"), "OK");
  strictEqual(await bob.ask("release tempcon"), "OK");
  strictEqual(await bob.ask("tempcon.set control_temperature -91"), "OK");
});

Deno.test("control: staging a setting is driving", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using bob = await framed(server, "bob");
  strictEqual(await alice.ask('take "UV Light"'), "OK");
  const stage = { cmd: "Set", instrument: "uv_light", field: "Status Selection", new_value: "On" };
  match(errorOf(await bob.request({ id: 1, ...stage })).message, /^Cannot set uv_light: alice/);
  strictEqual(await alice.ask('uv_light.get "Status Selection"'), "OK Off");
});

Deno.test("control: a name holds from one PC, whichever connection and wire; another name does not", async () => {
  await using server = startServer();
  using once = await framed(server, "alice");
  const taken = await once.request({ id: 1, cmd: "Take", instrument: "tempcon", seconds: 60, force: false });
  const { value } = taken as { value: { instrument: string; holder: Lease["holder"]; until: string } };
  deepStrictEqual([value.instrument, value.holder.name, value.holder.session, value.holder.address], [
    "tempcon",
    "alice",
    1,
    "127.0.0.1",
  ]);
  strictEqual(value.until, value.holder.until);
  const left = new Date(value.until).getTime() - Date.now();
  ok(left > 55_000 && left <= 60_000, `${left} ms are left`);
  await once.send('{"cmd":"Close"}');
  await once.rest();
  using again = await lines(server, "alice");
  strictEqual(await again.ask("tempcon.set control_temperature -90"), "OK");
  // The one who took it has gone: who is there now is the one to ask.
  strictEqual((await holder(server))?.session, 2);
  using nameless = await lines(server);
  match(await nameless.ask("tempcon.set control_temperature -91"), /^ERROR Cannot set tempcon: alice/);
  // The same name from another address is somebody else. Linux takes all of 127/8 for this PC, and Deno 2.4 ignores
  // localAddress.
  if (Deno.build.os === "linux" && !Deno.version.deno.startsWith("2.4.")) {
    const { port } = server.commandServer;
    using elsewhere = new Elsewhere(port);
    deepStrictEqual((await elsewhere.ask(["register alice", "tempcon.set control_temperature -91"])).slice(0, 1), [
      "OK",
    ]);
    match(elsewhere.last, /^ERROR Cannot set tempcon: alice \(client 2, 127\.0\.0\.1\)/);
  }
  // Whoever takes another name keeps what they took, as it is they who took it.
  strictEqual(await again.ask("take telescope"), "OK");
  strictEqual(await again.ask("register bob"), "OK");
  match(await nameless.ask("telescope.confirm"), /^ERROR Cannot confirm telescope: bob/);
  strictEqual((await holder(server, "telescope"))?.name, "bob");
});

/** A client of azcam's wire from 127.0.0.2, by a program that can choose its address. */
class Elsewhere {
  last = "";
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(commands: readonly string[]): Promise<string[]> {
    const { createConnection } = await import("node:net");
    const socket = createConnection({ host: "127.0.0.1", port: this.#port, localAddress: "127.0.0.2" });
    let text = "";
    const done = Promise.withResolvers<void>();
    socket.on("data", (data) => {
      text += data.toString();
      if (text.split("\r\n").length > commands.length) done.resolve();
    });
    socket.on("error", done.reject);
    socket.write(commands.map((each) => `${each}\n`).join(""));
    await done.promise;
    socket.destroy();
    const replies = text.trimEnd().split("\r\n");
    this.last = replies.at(-1)!;
    return replies;
  }

  [Symbol.dispose](): void {}
}

Deno.test("control: a nameless holder loses it with the connection, on both wires; a named one does not", async () => {
  await using server = startServer();
  using other = await lines(server, "other");
  for (const connect of [lines, framed]) {
    using nameless = await connect(server);
    const take = connect === lines
      ? nameless.ask("take tempcon")
      : nameless.request({ id: 1, cmd: "Take", instrument: "tempcon" });
    await take;
    match(await other.ask("tempcon.set control_temperature -90"), /: client \d+ \(127\.0\.0\.1\) has .*; ask them to /);
    nameless.connection.close();
    await eventually(async () => await holder(server) === null, "control ends with the connection");
    strictEqual(await other.ask("tempcon.set control_temperature -90"), "OK");
  }
  {
    using named = await lines(server, "alice");
    strictEqual(await named.ask("take tempcon"), "OK");
  }
  const sessions = async () => JSON.parse((await server.commandServer.command("status")).slice(3)).sessions.length;
  await eventually(async () => await sessions() === 1, "alice has gone");
  match(await other.ask("tempcon.set control_temperature -90"), /: alice \(client \d+, /);
});

Deno.test("control: it expires when nothing is asked, and each request renews it", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using bob = await lines(server, "bob");
  strictEqual(await alice.ask("take tempcon 1s"), "OK");
  const begun = performance.now();
  while (performance.now() - begun < 2000) {
    // Reading another instrument shows as well that she is there.
    strictEqual(await alice.ask("exposure.get_exposuretime"), "OK 1.0");
    match(await bob.ask("tempcon.set control_temperature -90"), /^ERROR Cannot set tempcon: alice/);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await eventually(async () => await holder(server) === null, "control expires");
  strictEqual(await bob.ask("tempcon.set control_temperature -90"), "OK");
  strictEqual(await bob.ask("take tempcon"), "OK");
  match(await alice.ask("tempcon.set control_temperature -90"), /^ERROR Cannot set tempcon: bob/);
});

Deno.test("control: taking it again changes the time", async () => {
  await using server = startServer();
  using alice = await framed(server, "alice");
  const until = async (seconds: number) => {
    const reply = await alice.request({ id: 1, cmd: "Take", instrument: "tempcon", seconds });
    return new Date((reply.value as { until: string }).until).getTime() - Date.now();
  };
  ok(await until(7200) > 7_000_000);
  ok(await until(60) <= 60_000);
});

Deno.test("control: it does not expire while a request of its holder is being worked on", async () => {
  const release = Promise.withResolvers<void>();
  const camera = defineInstrument({
    title: "camera",
    commands: {
      expose: command({ summary: "Exposes", run: () => release.promise }),
      now: command({ summary: "Answers", run: () => "now" }),
    },
  });
  await using server = startServer({ instruments: [camera] });
  using alice = await framed(server, "alice");
  using bob = await lines(server, "bob");
  // Begun before it is taken: that counts as well.
  await alice.send('{"id":1,"cmd":"Call","instrument":"camera","command":"expose"}');
  strictEqual((await alice.request({ id: 2, cmd: "Take", instrument: "camera", seconds: 0.2 })).ok, true);
  await new Promise((resolve) => setTimeout(resolve, 700));
  match(await bob.ask("camera.now"), /^ERROR Cannot call camera\.now: alice/);
  ok(new Date((await holder(server, "camera"))!.until).getTime() > Date.now(), "its end lies ahead");
  release.resolve();
  strictEqual(JSON.parse((await alice.lines(1))[0]!).id, 1);
  match(await bob.ask("camera.now"), /^ERROR Cannot call camera\.now: alice/);
  await eventually(async () => await holder(server, "camera") === null, "it expires after the exposure");
  strictEqual(await bob.ask("camera.now"), "OK now");
});

Deno.test("control: what was queued before it was taken still runs", async () => {
  const release = Promise.withResolvers<void>();
  const slow = defineInstrument({
    title: "slow",
    commands: {
      work: command({ summary: "Works", run: () => release.promise }),
      next: command({ summary: "Answers", run: () => "done" }),
    },
  });
  await using server = startServer({ instruments: [slow] });
  using alice = await framed(server, "alice");
  using bob = await framed(server, "bob");
  await bob.send('{"id":1,"cmd":"Call","instrument":"slow","command":"work"}');
  await bob.send('{"id":2,"cmd":"Call","instrument":"slow","command":"next"}');
  const status = async () => JSON.parse((await server.commandServer.command("status")).slice(3)).instruments[0];
  await eventually(async () => (await status()).waiting === 1, "the second command waits");
  strictEqual((await alice.request({ id: 1, cmd: "Take", instrument: "slow" })).ok, true);
  await bob.send('{"id":3,"cmd":"Call","instrument":"slow","command":"next"}');
  strictEqual(JSON.parse((await bob.lines(1))[0]!).error.code, "held");
  release.resolve();
  deepStrictEqual((await bob.lines(2)).map((line) => JSON.parse(line)), [
    { id: 1, ok: true, value: null },
    { id: 2, ok: true, value: "done" },
  ]);
});

Deno.test("control: a command that stops something always passes, for safety; one that only overtakes does not", async () => {
  let stopped = 0;
  const stage = defineInstrument({
    title: "stage",
    commands: {
      stop: command({ summary: "Stops", stop: true, run: () => void stopped++ }),
      nudge: command({ summary: "Moves at once", immediate: true, run: () => {} }),
      move: command({ summary: "Moves", run: () => {} }),
    },
  });
  await using server = startServer({ instruments: [stage] });
  using alice = await lines(server, "alice");
  using bob = await lines(server, "bob");
  strictEqual(await alice.ask("take stage"), "OK");
  strictEqual(await bob.ask("stage.stop"), "OK");
  match(await bob.ask("stage.move"), /^ERROR Cannot call stage\.move: alice/);
  match(await bob.ask("stage.nudge"), /^ERROR Cannot call stage\.nudge: alice/);
  strictEqual(stopped, 1);
});

Deno.test("control: an admin takes over and releases by force", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using bob = await framed(server, "bob");
  strictEqual(await alice.ask("take tempcon"), "OK");
  const take = { cmd: "Take", instrument: "tempcon", seconds: 60 };
  strictEqual(errorOf(await bob.request({ id: 1, ...take })).code, "held");
  strictEqual((await bob.request({ id: 2, ...take, force: true })).ok, true);
  match(await alice.ask("tempcon.set control_temperature -90"), /^ERROR Cannot set tempcon: bob/);
  strictEqual(await alice.ask("take tempcon 10m force=True"), "OK");
  strictEqual(errorOf(await bob.request({ id: 3, cmd: "Release", instrument: "tempcon" })).code, "held");
  deepStrictEqual(await bob.request({ id: 4, cmd: "Release", instrument: "tempcon", force: true }), {
    id: 4,
    ok: true,
    value: null,
  });
  strictEqual((await bob.request({ id: 5, ...set })).ok, true);
});

Deno.test("control: force is for admins, and a name is one holder on one PC only", () => {
  const control = new Control();
  const person = (name: string, role: "operator" | "admin", hostname = "10.0.0.1") =>
    new Principal({ by: "line", id: 1, name, hostname }, role);
  control.take("stage", person("alice", "operator"), 600);
  const bob = person("bob", "operator");
  for (const attempt of [() => control.take("stage", bob, 600, true), () => control.release("stage", bob, true)]) {
    let code = "";
    try {
      attempt();
    } catch (error) {
      ({ code } = error as { code: string });
    }
    strictEqual(code, "held");
  }
  // The same name on another PC is somebody else.
  let elsewhere = "";
  try {
    control.check("stage", person("alice", "operator", "10.0.0.2"), "move");
  } catch (error) {
    elsewhere = (error as Error).message;
  }
  match(elsewhere, /^Cannot call stage\.move: alice \(client 1, 10\.0\.0\.1\) has control of it/);
  control.check("stage", person("alice", "operator"), "move");
  control.take("stage", person("bob", "admin"), 600, true);
  strictEqual(control.holder("stage")?.name, "bob");
  control.stop();
});

Deno.test("control: code obeys like whoever sent it", async () => {
  await using server = startServer({ sandbox: {} });
  const options = { socketNumber: server.dashboardServer.port, handleErrors: "exception", timeout: 30 } as const;
  await using alice = new PyOpticonSocketClient({ ...options, name: "alice" });
  await using bob = new PyOpticonSocketClient({ ...options, name: "bob" });
  await alice.take("tempcon");
  const code = "getDashboard().setField('tempcon', 'control_temperature', -90)";
  await rejects(bob.doExec(code), { code: "held", message: /Cannot set tempcon: alice \(client \d+, 127/ });
  const python = "get_dashboard().set_field('tempcon', 'control_temperature', '-90')";
  await rejects(bob.doExec(python, { language: "python" }), { message: /Cannot set tempcon: alice/ });
  strictEqual(await bob.doEval("getDashboard().getField('tempcon', 'control_temperature')"), -100);
  strictEqual(await alice.doExec(code), "Success");
  // What code takes belongs to its sender, and lasts as long.
  await bob.doExec("getDashboard().call('api', 'take', 'telescope')");
  strictEqual((await alice.describe("telescope")).holder?.name, "bob");
  // While code of the holder runs, control does not expire.
  await alice.take("tempcon", { seconds: 0.2 });
  const running = alice.doExec("await new Promise((resolve) => setTimeout(resolve, 800))");
  await new Promise((resolve) => setTimeout(resolve, 600));
  await rejects(bob.setField("tempcon", "control_temperature", -90), { code: "held" });
  await running;
});

Deno.test("control: what a command calls in turn counts as its caller's", async () => {
  const lamp = defineInstrument({
    title: "lamp",
    commands: { flash: command({ summary: "Flashes", run: () => "on" }) },
  });
  const robot = defineInstrument({
    title: "robot",
    commands: {
      dance: command({ summary: "Dances", run: (_, { call }) => call("lamp", "flash") }),
      grab: command({ summary: "Takes the lamp", run: (_, { call }) => call("api", "take", "lamp") }),
    },
  });
  await using server = startServer({ instruments: [lamp, robot] });
  using alice = await lines(server, "alice");
  using bob = await lines(server, "bob");
  strictEqual(await bob.ask("robot.dance"), "OK on");
  strictEqual(await alice.ask("robot.grab"), "OK");
  strictEqual((await holder(server, "lamp"))?.name, "alice");
  match(await bob.ask("robot.dance"), /^ERROR .*Cannot call lamp\.flash: alice/);
  strictEqual(await alice.ask("robot.dance"), "OK on");
});

Deno.test("control: watchers are told when it changes, and in the snapshot where it is held", async () => {
  await using server = startServer();
  using watcher = await framed(server);
  using alice = await lines(server, "alice");
  const events = async (count: number) => (await watcher.lines(count)).map((line) => JSON.parse(line));
  await watcher.send('{"id":1,"cmd":"Watch","instrument":"tempcon"}');
  deepStrictEqual((await events(5)).map(({ ok, event }) => event ?? ok), [
    true,
    "field",
    "field",
    "field",
    "end-of-snapshot",
  ]);
  strictEqual(await alice.ask("take telescope"), "OK");
  strictEqual(await alice.ask("take tempcon 30s"), "OK");
  const [taken] = await events(1);
  const { until } = taken.holder;
  deepStrictEqual(taken, {
    id: 1,
    event: "control",
    instrument: "tempcon",
    holder: { name: "alice", session: 2, address: "127.0.0.1", until },
  });
  match(until, /^\d{4}-\d\d-\d\dT.*Z$/);
  await watcher.send('{"id":2,"cmd":"Watch","instrument":"tempcon"}');
  const snapshot = await events(6);
  deepStrictEqual(snapshot.map(({ ok, event }) => event ?? ok), [
    true,
    "field",
    "field",
    "field",
    "control",
    "end-of-snapshot",
  ]);
  strictEqual(snapshot[4].holder.name, "alice");
  strictEqual((await watcher.request({ id: 3, cmd: "Unwatch", watch: 2 })).ok, true);
  strictEqual(await alice.ask("release tempcon"), "OK");
  deepStrictEqual(await events(1), [{ id: 1, event: "control", instrument: "tempcon", holder: null }]);
  // It is told also when it ends by itself, though nobody asks anything.
  const begun = performance.now();
  strictEqual(await alice.ask("take tempcon 0.2s"), "OK");
  const [again, expired] = await events(2);
  deepStrictEqual([again.holder.name, expired.holder], ["alice", null]);
  ok(performance.now() - begun > 150, "not before its time");
});

Deno.test("control: a renewed end is told before the last one that was told has passed", async () => {
  await using server = startServer();
  using watcher = await framed(server);
  using alice = await lines(server, "alice");
  await watcher.send('{"id":1,"cmd":"Watch","instrument":"telescope"}');
  await watcher.until((text) => text.includes("end-of-snapshot"));
  strictEqual(await alice.ask("take telescope 2s"), "OK");
  const first = JSON.parse((await watcher.lines(1))[0]!).holder.until;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  strictEqual(await alice.ask("list").then((reply) => reply.startsWith("OK")), true);
  const second = JSON.parse((await watcher.lines(1))[0]!).holder.until;
  ok(second > first, `${second} is after ${first}`);
  strictEqual(JSON.parse((await watcher.lines(1))[0]!).holder, null);
});

Deno.test("control: Describe and Status tell who has it", async () => {
  await using server = startServer();
  await using alice = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port, name: "alice" });
  strictEqual((await alice.describe("tempcon")).holder, null);
  const lease = await alice.take("tempcon", { seconds: 60 });
  deepStrictEqual([lease.instrument, lease.holder.name], ["tempcon", "alice"]);
  strictEqual((await alice.describe("tempcon")).holder?.name, "alice");
  const held = (await alice.describe()).filter(({ holder }) => holder !== null).map(({ name }) => name);
  deepStrictEqual(held, ["tempcon"]);
  const { instruments } = await alice.status();
  deepStrictEqual(instruments.filter(({ holder }) => holder !== null).map(({ name }) => name), ["tempcon"]);
  strictEqual(await alice.release("tempcon"), undefined);
  strictEqual((await alice.describe("tempcon")).holder, null);
});

Deno.test("control: a client's name is known before the first request that drives", async () => {
  await using server = startServer();
  using first = await lines(server, "alice");
  strictEqual(await first.ask("take tempcon"), "OK");
  const options = { socketNumber: server.dashboardServer.port, handleErrors: "exception" } as const;
  await using named = new PyOpticonSocketClient({ ...options, name: "alice" });
  strictEqual(await named.setField("tempcon", "control_temperature", -90), "Success");
  await using other = new PyOpticonSocketClient({ ...options, name: "bob" });
  await rejects(other.setField("tempcon", "control_temperature", -90), { code: "held" });
});

Deno.test("control: what cannot be taken, and for how long not", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using client = await framed(server, "alice");
  strictEqual(
    await alice.ask("take tempcom"),
    "ERROR AzcamError('remote call not allowed: tempcom (did you mean tempcon?)')",
  );
  strictEqual(await alice.ask("release nothing"), "ERROR AzcamError('remote call not allowed: nothing')");
  match(errorOf(await client.request({ id: 1, cmd: "Take", instrument: "tempcom" })).message, /did you mean tempcon\?/);
  match(await alice.ask("take api"), /^ERROR Cannot take or release api: it drives nothing, and everybody needs it; /);
  match(await alice.ask("take"), /^ERROR Cannot call api\.take: instrument is missing; usage: api\.take INSTRUMENT/);
  for (const [duration, seconds] of [["90", 90], ["90s", 90], ["10m", 600], ["2h", 7200], ["24h", 86_400]] as const) {
    strictEqual(await alice.ask(`take tempcon ${duration}`), "OK");
    const left = new Date((await holder(server))!.until).getTime() - Date.now();
    ok(Math.abs(left - seconds * 1000) < 5000, `${duration}: ${left} ms`);
  }
  strictEqual(await alice.ask("take tempcon"), "OK");
  ok(Math.abs(new Date((await holder(server))!.until).getTime() - Date.now() - 600_000) < 5000, "10 minutes");
  const wrong =
    /^ERROR Cannot take control for \S+: give a time such as 90, 90s, 10m or 2h, more than 0 and at most 24h$/;
  for (const duration of ["25h", "86401", "0", "-5", "2d", "soon", "1e3", "5M"]) {
    match(await alice.ask(`take tempcon ${duration}`), wrong);
  }
  const code = async (message: Record<string, unknown>) =>
    errorOf(await client.request({ id: 2, cmd: "Take", instrument: "tempcon", ...message })).code;
  strictEqual(await code({ seconds: 86_401 }), "bad_argument");
  strictEqual(await code({ seconds: "10m" }), "bad_message");
  strictEqual(await code({ force: "yes" }), "bad_message");
  strictEqual(await code({ instrument: undefined }), "bad_message");
});

Deno.test("control: the log says who took, took over, released and lost it", async () => {
  const told: string[] = [];
  const sink = (record: LogRecord) => void told.push(record.message.join(""));
  await configure({
    sinks: { told: sink },
    loggers: [
      { category: ["heliograph", "control"], sinks: ["told"], lowestLevel: "info" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
    reset: true,
  });
  try {
    await using server = startServer();
    using alice = await lines(server, "alice");
    using bob = await framed(server, "bob");
    using nameless = await lines(server);
    const take = { id: 1, cmd: "Take", instrument: "tempcon", force: true, seconds: 0.1 };
    strictEqual(await alice.ask("take tempcon 10m"), "OK");
    strictEqual((await bob.request(take)).ok, true);
    await eventually(() => told.length === 3, "bob's control expires");
    strictEqual(await nameless.ask("take tempcon 10m"), "OK");
    nameless.connection.close();
    await eventually(() => told.length === 5, "the nameless one goes");
    strictEqual(await alice.ask("take tempcon 90"), "OK");
    strictEqual(await alice.ask("release tempcon"), "OK");
    const [a, b, c] = ["alice (client 1, 127.0.0.1)", "bob (client 2, 127.0.0.1)", "client 3 (127.0.0.1)"];
    const lost = "Nobody has control of tempcon any more:";
    deepStrictEqual(told, [
      `${a} took tempcon for 600 s`,
      `${b} took tempcon from ${a} for 0.1 s`,
      `${lost} ${b} asked for nothing for 0.1 s`,
      `${c} took tempcon for 600 s`,
      `${lost} ${c} has gone`,
      `${a} took tempcon for 90 s`,
      `${lost} ${a} released it`,
    ]);
  } finally {
    await reset();
  }
});

Deno.test("control: it is handed over to another client by number or name, and nobody gets in between", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  using bob = await framed(server, "bob");
  using carol = await lines(server, "carol");
  strictEqual(await alice.ask("take tempcon 2h"), "OK");
  match(await carol.ask("hand_over tempcon carol"), /^ERROR Cannot hand over tempcon: alice .* has control of it/);
  strictEqual(await alice.ask("hand_over tempcon bob"), "OK");
  const { session, name, until } = (await holder(server))!;
  deepStrictEqual([session, name], [2, "bob"]);
  // It lasts as long as it was taken for.
  ok(Date.parse(until) - Date.now() > 7_000_000);
  match(await alice.ask("tempcon.set_control_temperature -90"), /^ERROR .*bob .* has control of it/);
  strictEqual((await bob.request({ id: 1, ...set })).ok, true);
  const given = await bob.request({ id: 2, cmd: "HandOver", instrument: "tempcon", session: 3 });
  deepStrictEqual((given.value as { holder: Lease["holder"] }).holder.name, "carol");
  match(errorOf(await bob.request({ id: 3, ...set })).message, /carol .* has control of it/);
  // An admin may hand over what others hold; nobody's may be handed over by anybody.
  strictEqual(await alice.ask("hand_over tempcon 2 force=True"), "OK");
  strictEqual((await holder(server))!.name, "bob");
  strictEqual(await carol.ask("hand_over telescope alice"), "OK");
  strictEqual((await holder(server, "telescope"))!.name, "alice");
});

Deno.test("control: it is handed over only to somebody who is there and is meant", async () => {
  await using server = startServer();
  using alice = await lines(server, "alice");
  match(await alice.ask("hand_over tempcon nobody"), /^ERROR No client has the number or the name nobody; "status"/);
  match(await alice.ask("hand_over tempcon 99"), /^ERROR No client has the number or the name 99/);
  match(await alice.ask("hand_over api alice"), /^ERROR Cannot take or release api/);
  // A number is a number, whatever others call themselves.
  using imposter = await lines(server, "99");
  match(await alice.ask("hand_over tempcon 99"), /^ERROR No client has the number or the name 99/);
  strictEqual(await imposter.ask("hand_over tempcon 1"), "OK");
  const sessions = new Sessions();
  for (const [id, hostname] of [[1, "10.0.0.1"], [2, "10.0.0.2"]] as const) {
    const connection = { hostname, address: `${hostname}:1`, closed: false } as ClientConnection;
    const principal = admit({ by: "line", id, hostname });
    const session = new Session({ principal, connection, turn: new LoopTurns().client() });
    principal.register("twin");
    sessions.add(session);
  }
  throws(() => sessions.called("twin"), {
    message: "Cannot tell which twin is meant: give one's number, 1 (10.0.0.1), 2 (10.0.0.2)",
  });
  const control = new Control();
  const reader = new Principal({ by: "line", id: 7, name: "guest", hostname: "10.0.0.7" }, "observer");
  throws(() => control.handOver("tempcon", admit({ by: "program" }), reader, 60), {
    message: "Cannot hand tempcon over to guest (client 7, 10.0.0.7): they may only read, as observer",
  });
});

Deno.test("control: a page that only looks on, by Status and Ping, renews nothing and is not told as at work", async () => {
  await using server = startServer();
  using page = await framed(server);
  using other = await framed(server);
  deepStrictEqual((await page.request({ id: 1, cmd: "Take", instrument: "tempcon", seconds: 0.4 })).ok, true);
  await eventually(async () => {
    await page.request({ id: 2, cmd: "Status" });
    await page.request({ id: 3, cmd: "Ping" });
    const status = (await other.request({ id: 4, cmd: "Status" })).value as ServerStatus;
    strictEqual(status.sessions[0]!.lastRequest, "Take tempcon");
    return status.instruments.every((each) => each.holder === null);
  }, "the end of control of somebody who only looks on");
});

const outside = outsideAddress();

Deno.test({
  name: "control: an operator's Disconnect ends nobody's control, on every wire; an admin's does",
  ignore: outside === undefined,
  fn: async () => {
    await using server = startServer({ host: "0.0.0.0", insecureOpen: "operator" });
    const hostname = outside!;
    const message = (session: number) => JSON.stringify({ id: 1, cmd: "Disconnect", session });
    type Outcome = { code: string; message: string } | undefined;
    /** Asks for somebody's end over one of the wires. */
    const wires: Record<string, (session: number) => Promise<Outcome>> = {
      dashboard: async (session) => {
        using operator = await RawClient.connect(server.dashboardServer.port, hostname);
        return (await operator.request(JSON.parse(message(session)))).error as Outcome;
      },
      websocket: async (session) => {
        const socket = new WebSocket(`ws://${hostname}:${server.webServer.port}/ws`);
        const reply = new Promise<string>((resolve) => socket.onmessage = ({ data }) => resolve(data));
        socket.onopen = () => socket.send(message(session));
        const { error } = JSON.parse(await reply);
        const closed = new Promise((resolve) => socket.onclose = resolve);
        socket.close();
        await closed;
        return error;
      },
      http: async (session) => {
        const url = `http://${hostname}:${server.webServer.port}/api/v1/clients/${session}`;
        const reply = await (await fetch(url, { method: "DELETE" })).json();
        return reply.error;
      },
    };
    for (const [wire, disconnect] of Object.entries(wires)) {
      for (const connect of [lines, framed]) {
        using nameless = await connect(server);
        if (connect === lines) strictEqual(await nameless.ask("take tempcon"), "OK");
        else await nameless.request({ id: 1, cmd: "Take", instrument: "tempcon" });
        const { session } = (await holder(server))!;
        const refused = await disconnect(session);
        strictEqual(refused?.code, "held", wire);
        const asked = new RegExp(
          `^Cannot disconnect client ${session} \\(127\\.0\\.0\\.1\\): without a name, its control of tempcon would end `,
        );
        match(refused.message, asked);
        strictEqual((await holder(server))?.session, session, wire);
        // One that holds nothing may be disconnected by an operator.
        using other = await framed(server);
        const asHello = await other.request({ id: 2, cmd: "Hello" });
        strictEqual(await disconnect((asHello.value as { session: number }).session), undefined, wire);
        strictEqual(await other.rest(), "");
        using admin = await framed(server);
        strictEqual((await admin.request(JSON.parse(message(session)))).ok, true);
        await eventually(async () => await holder(server) === null, "control ends with an admin's Disconnect");
      }
      // A named one comes back, and has what it had.
      using alice = await lines(server, "alice");
      strictEqual(await alice.ask("take tempcon"), "OK");
      strictEqual(await disconnect((await holder(server))!.session), undefined, wire);
      strictEqual(await alice.rest(), "");
      strictEqual((await holder(server))?.name, "alice");
      using bob = await RawClient.connect(server.commandServer.port, hostname);
      match(await bob.ask("tempcon.set control_temperature -90"), /^ERROR Cannot set tempcon: alice/);
      using back = await lines(server, "alice");
      strictEqual(await back.ask("tempcon.set control_temperature -90"), "OK");
      strictEqual(await back.ask("release tempcon"), "OK");
    }
  },
});
