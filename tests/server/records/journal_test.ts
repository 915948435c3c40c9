/** The journal: what everybody asks and is answered, and the server's log, for whoever follows. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { configure, getLogger, type LogRecord, reset } from "npm:@logtape/logtape@2.4.2";
import type { HeliographServer } from "../../../mod.ts";
import type { JournalEntry } from "../../../protocol/description.ts";
import { command, defineInstrument, demoInstruments } from "../../../mod.ts";
import { Hub, isFollowed } from "../../../server/bench/hub.ts";
import { Journal } from "../../../server/records/journal.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { programs, ServerProcess } from "../../server_process.ts";
import { ask } from "../faces/web/web_fixture.ts";

/** What followers are told in the order in which it comes. */
class Follower {
  readonly client: RawClient;

  private constructor(client: RawClient) {
    this.client = client;
  }

  static async start(port: number, level?: string): Promise<Follower> {
    const client = await RawClient.connect(port);
    const follow = { id: "journal", cmd: "Follow", ...(level === undefined ? {} : { level }) };
    deepStrictEqual(await client.request(follow), { id: "journal", ok: true, value: null });
    return new Follower(client);
  }

  /** The next entries of what is asked and logged. */
  async entries(count: number): Promise<JournalEntry[]> {
    const found: JournalEntry[] = [];
    while (found.length < count) found.push(...(await this.whatever(1)).filter(isAsked));
    return found;
  }

  /** The next entries, of whatever kind. */
  async whatever(count: number): Promise<JournalEntry[]> {
    return (await this.client.lines(count)).map((line) => {
      const { id, event, entry } = JSON.parse(line);
      deepStrictEqual([id, event], ["journal", "journal"]);
      return entry;
    });
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

/** Whether it is none of a setting's change, or of somebody who comes or goes: the tests of the records are about these. */
function isAsked({ kind }: JournalEntry): boolean {
  return kind !== "setting" && kind !== "client";
}

/** What of an entry is the same each time. */
function essence({ kind, level, client, session, instrument, text, answer }: JournalEntry): unknown[] {
  return [kind, level, client.replace(/:\d+/, ""), session, instrument, text, answer];
}

function follow(server: HeliographServer, level?: string): Promise<Follower> {
  return Follower.start(server.dashboardServer.port, level);
}

Deno.test("journal: what is done over any wire is told as an azcam line, when it begins and when it is answered", async () => {
  await using server = startServer();
  using robot = await RawClient.connect(server.commandServer.port);
  await robot.ask("register robot");
  using follower = await follow(server);
  using original = await RawClient.connect(server.dashboardServer.port);

  await robot.ask("tempcon.set_control_temperature temperature=-90.5");
  const [begun, ended] = await follower.entries(2);
  const line = "tempcon.set_control_temperature temperature=-90.5";
  deepStrictEqual(essence(begun!), ["command", "info", "robot (client 1)", 1, "tempcon", line, undefined]);
  deepStrictEqual(essence(ended!), ["command", "info", "robot (client 1)", 1, "tempcon", line, "OK"]);
  strictEqual(ended!.number, begun!.number);
  ok(ended!.seconds! >= 0 && Math.abs(Date.parse(begun!.time) - Date.now()) < 60_000);

  const field = { widget_nickname: "UV Light", field_name: "Status Selection" };
  await original.send(JSON.stringify({ cmd: "Set", ...field, new_value: "On" }));
  strictEqual(await original.until((text) => text !== ""), "Success");
  deepStrictEqual(essence((await follower.entries(2))[1]!), [
    "command",
    "info",
    "client 3 (127.0.0.1)",
    3,
    "uv_light",
    'uv_light.set "Status Selection" On',
    "OK",
  ]);

  await ask(server, "POST", "/api/v1/instruments/telescope/commands/set_focus", { kwargs: { focus_position: "far" } }, {
    "X-Heliograph-Name": "tablet",
  });
  const [, refused] = await follower.entries(2);
  match(refused!.answer!, /^ERROR .*far/);
  deepStrictEqual(
    essence({ ...refused!, answer: "" }),
    ["command", "warning", "tablet (HTTP, 127.0.0.1)", 0, "telescope", "telescope.set_focus focus_position=far", ""],
  );
});

Deno.test("journal: what only reads is told to whoever asks for the level debug", async () => {
  await using server = startServer();
  using robot = await RawClient.connect(server.commandServer.port);
  using quiet = await follow(server);
  using all = await follow(server, "debug");
  await robot.ask("tempcon.get_temperatures");
  await robot.ask("tempcon.set_control_temperature -80");
  const [read] = await all.entries(4);
  // Nor is it kept, whoever has looked.
  deepStrictEqual(
    (await ask(server, "GET", "/api/v1/journal?level=debug")).json.filter(isAsked).map(({ text }: JournalEntry) =>
      text
    ),
    [
      "tempcon.set_control_temperature -80",
    ],
  );
  deepStrictEqual([read!.level, read!.text], ["debug", "tempcon.get_temperatures"]);
  strictEqual((await quiet.entries(1))[0]!.text, "tempcon.set_control_temperature -80");
  using original = await RawClient.connect(server.dashboardServer.port);
  await original.send(JSON.stringify({ cmd: "Get", widget_nickname: "UV Light", field_name: "Actual Status" }));
  await original.until((text) => text !== "");
  const [, get] = await all.entries(2);
  deepStrictEqual([get!.level, get!.text, get!.answer], ["debug", 'uv_light.get "Actual Status"', "OK No Reading"]);
});

Deno.test("journal: commands that only read are published only while somebody follows the level debug", () => {
  const [hub, journal] = [new Hub(), new Journal()];
  journal.keep(hub);
  const followed = () => [isFollowed(hub, false), isFollowed(hub, true)];
  deepStrictEqual(followed(), [true, false]);
  const ends = (["info", "debug", "debug"] as const).map((level) => journal.follow(level, () => {}));
  deepStrictEqual(followed(), [true, true]);
  for (const end of ends) end();
  deepStrictEqual(followed(), [true, false]);
});

Deno.test("journal: whoever comes later is told the newest 500 that were done, over HTTP as well", async () => {
  await using server = startServer();
  using robot = await RawClient.connect(server.commandServer.port);
  for (let at = 0; at < 510; at++) await robot.ask(`tempcon.set_control_temperature ${-at / 10}`);
  using follower = await follow(server);
  const told = await follower.whatever(500);
  match(told[0]!.text, /^tempcon\.set_control_temperature -[1-9]/);
  deepStrictEqual(told.filter(isAsked).at(-1)!.text, "tempcon.set_control_temperature -50.9");
  strictEqual(told.filter(isAsked).at(-1)!.answer, "OK");
  // What the server logs meanwhile is beside the point.
  const asked = (entries: readonly JournalEntry[]) => entries.filter(({ kind }) => kind === "command");
  const over = async (query: string) => asked((await ask(server, "GET", `/api/v1/journal${query}`)).json).slice(-200);
  deepStrictEqual(await over(""), asked(told).slice(-200));
  strictEqual((await over("")).length, 200);
  deepStrictEqual(await over("?level=error"), []);
  const { status, json } = await ask(server, "GET", "/api/v1/journal?level=loud");
  deepStrictEqual([status, json.error.message], [
    400,
    'Cannot tell the journal: "level" must be one of debug, info, warning, error',
  ]);
});

Deno.test("journal: whoever comes when the lines are long is told the newest of them", async () => {
  const say = command({ summary: "Say it", arguments: { text: { type: "text" } }, run: () => {} });
  await using server = startServer({ instruments: [defineInstrument({ title: "odd", commands: { say } })] });
  using robot = await RawClient.connect(server.commandServer.port);
  for (let at = 0; at < 300; at++) await robot.ask(`odd.say ${at}-${"x".repeat(900)}`);
  using follower = await follow(server);
  const missed = JSON.parse((await follower.client.lines(1))[0]!);
  strictEqual(missed.event, "journal-missed");
  const told = await follower.entries(300 - missed.count);
  match(told.at(-1)!.text, /^odd\.say 299-/);
  match(told[0]!.text, new RegExp(`^odd\\.say ${missed.count}-`));
});

Deno.test("journal: what fails later, and code that fails, are told as failed", async () => {
  const odd = defineInstrument({
    title: "odd",
    commands: { fail: command({ summary: "Fail", run: () => Promise.reject(new Error("the belt slips")) }) },
  });
  await using server = startServer({ instruments: [odd], sandbox: {} });
  using robot = await RawClient.connect(server.commandServer.port);
  using follower = await follow(server);
  await robot.ask("odd.fail");
  const [, failed] = await follower.entries(2);
  deepStrictEqual([failed!.level, failed!.answer], ["warning", "ERROR AzcamError('the belt slips')"]);
  await robot.ask("eval 1 +");
  const [code, wrong] = await follower.entries(2);
  deepStrictEqual([code!.kind, code!.text, wrong!.level, wrong!.number], ["code", "1 +", "warning", code!.number]);
  match(wrong!.answer!, /SyntaxError/);
});

Deno.test("journal: what only reads stays at debug where it fails; nothing that is told has two lines", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  using quiet = await follow(server);
  using all = await follow(server, "debug");
  await client.request({ id: 1, cmd: "Get", instrument: "tempcon", field: "nonsense" });
  await client.request({
    id: 2,
    cmd: "Call",
    instrument: "tempcon",
    command: "set_control_temperature",
    args: ["one\ntwo"],
    kwargs: { "x\ntelescope.set_focus 5\n# ": 1 },
  });
  const [, read, call] = await all.entries(4);
  deepStrictEqual([read!.level, read!.text], ["debug", "tempcon.get nonsense"]);
  strictEqual(call!.text, 'tempcon.set_control_temperature "one two" x_telescope_set_focus_5_=1');
  strictEqual((await quiet.entries(1))[0]!.text, call!.text);
});

Deno.test("journal: a command that ends after many others changes none of them", async () => {
  const slow = Promise.withResolvers<void>();
  const odd = defineInstrument({
    title: "odd",
    commands: { wait: command({ summary: "Wait", run: () => slow.promise }) },
  });
  await using server = startServer({ instruments: [odd, ...demoInstruments()] });
  using client = await RawClient.connect(server.dashboardServer.port);
  await client.send('{"id":1,"cmd":"Call","instrument":"odd","command":"wait"}');
  using robot = await RawClient.connect(server.commandServer.port);
  for (let at = 0; at < 500; at++) await robot.ask(`tempcon.set_control_temperature ${-at / 10}`);
  slow.resolve();
  await client.lines(1);
  const kept: JournalEntry[] = (await ask(server, "GET", "/api/v1/journal")).json;
  strictEqual(kept.length, 500);
  ok(kept.filter(isAsked).every(({ text }) => text.startsWith("tempcon.")));
});

Deno.test("journal: Unwatch ends it, and what it needs is checked", async () => {
  await using server = startServer();
  using follower = await follow(server);
  const { client } = follower;
  deepStrictEqual((await client.request({ id: "journal", cmd: "Follow" })).ok, false);
  match(
    JSON.stringify(await client.request({ id: 2, cmd: "Follow", level: "loud" })),
    /\\"level\\" must be one of debug, info, warning, error/,
  );
  strictEqual((await client.request({ id: 3, cmd: "Unwatch", watch: "journal" })).ok, true);
  using robot = await RawClient.connect(server.commandServer.port);
  await robot.ask("tempcon.set_control_temperature -70");
  strictEqual((await client.request({ id: 4, cmd: "Ping" })).id, 4);
});

Deno.test("journal: what is very long is cut, and what cannot be written harms nobody", async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const odd = defineInstrument({
    title: "odd",
    commands: {
      say: command({ summary: "Say it", arguments: { text: { type: "text" } }, run: ({ text }) => text }),
      circular: command({ summary: "Go round", run: () => circular }),
    },
  });
  await using server = startServer({ instruments: [odd] });
  using client = await RawClient.connect(server.dashboardServer.port);
  using follower = await follow(server);
  await client.request({ id: 1, cmd: "Call", instrument: "odd", command: "say", args: ["x".repeat(5000)] });
  const [begun, ended] = await follower.entries(2);
  deepStrictEqual([begun!.text.length, ended!.answer!.length], [1001, 1001]);
  await client.request({ id: 2, cmd: "Call", instrument: "odd", command: "circular" });
  match((await follower.entries(2))[1]!.answer!, /^\(it cannot be written: /);
});

Deno.test("journal: a follower that does not read is told how much it has missed, and the others go on", async () => {
  const say = command({ summary: "Say it", arguments: { text: { type: "text" } }, run: () => {} });
  await using server = startServer({ instruments: [defineInstrument({ title: "odd", commands: { say } })] });
  using slow = await follow(server);
  using robot = await RawClient.connect(server.commandServer.port);
  // More than the buffers of a connection hold.
  const count = 12_000;
  for (let at = 0; at < count; at += 100) {
    await robot.send(`odd.say ${"x".repeat(900)}\n`.repeat(100));
    await robot.lines(100);
  }
  let [told, missed] = [0, 0];
  while (missed === 0) {
    for (const line of await slow.client.lines(1)) {
      const event = JSON.parse(line);
      if (event.event === "journal-missed") missed = event.count;
      else told++;
    }
  }
  // Where all of that takes longer than a short visit, the journal tells that the two came, too.
  const came = told + missed - 2 * count;
  ok(came >= 0 && came <= 2, `${came} more than were asked for`);
  await robot.ask("odd.say again");
  let [entry] = await slow.entries(1);
  while (entry!.kind === "client") [entry] = await slow.entries(1);
  strictEqual(entry!.text, "odd.say again");
});

Deno.test("journal: a line of the log is told whatever its properties are called; what clients ask is not told twice", async () => {
  const journal = new Journal();
  await using server = startServer({}, { journal });
  const log: LogRecord[] = [];
  const sinks = { log: (record: LogRecord) => void log.push(record), journal: journal.log };
  await configure({
    reset: true,
    sinks,
    loggers: [
      { category: "heliograph", lowestLevel: "debug", sinks: ["log", "journal"] },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  const told: JournalEntry[] = [];
  const unfollow = journal.follow("debug", (entry) => void told.push(entry));
  try {
    for (const property of ["request", "reply", "line", "message", "client"]) {
      getLogger(["heliograph", "bench"]).warning(`The device took {${property}} amiss`, { [property]: "MOVE 3" });
    }
    // One that calls itself as the part of the log that tells what clients ask.
    getLogger(["heliograph", "requests"]).info("Told");
    const lines = told.filter(({ kind }) => kind === "log").map(({ text }) => text);
    deepStrictEqual(lines, [...Array(5).fill("The device took MOVE 3 amiss"), "Told"]);
    told.length = 0;
    using robot = await RawClient.connect(server.commandServer.port);
    using original = await RawClient.connect(server.dashboardServer.port);
    await robot.ask("tempcon.get control_temperature");
    await original.request({ id: 1, cmd: "Get", instrument: "tempcon", field: "control_temperature" });
    await eventually(
      () => log.filter(({ category }) => category.at(-1) === "requests").length === 3,
      "they are logged",
    );
    deepStrictEqual(told.filter(({ kind, text }) => kind === "log" && text.includes("control_temperature")), []);
    // azcam's parameter tells what has come since it was asked before.
    const asked = [await robot.ask("get_par logdata azcamconsole"), await robot.ask("get_par logdata")];
    deepStrictEqual(asked, [`OK ${"'The device took MOVE 3 amiss' ".repeat(5)}Told`, "OK"]);
  } finally {
    unfollow();
    await reset();
  }
});

for (const program of programs) {
  Deno.test(`journal, ${program.name}: the server's log is told too`, async () => {
    await using process = new ServerProcess(program, ["--web-port", "0"]);
    const [command, dashboard] = await process.ports();
    using robot = await RawClient.connect(command);
    await robot.ask("take tempcon");
    using follower = await Follower.start(dashboard);
    const until = async (wanted: RegExp) => {
      const texts: string[] = [];
      do texts.push((await follower.entries(1))[0]!.text); while (!wanted.test(texts.at(-1)!));
      return texts;
    };
    await until(/ took tempcon for 600 s$/);
    // What a PyOpticon client reads, again and again, stands in the log and drives nothing out of the journal.
    using original = await RawClient.connect(dashboard);
    await original.send(JSON.stringify({ cmd: "Get", widget_nickname: "UV Light", field_name: "Actual Status" }));
    await original.until((text) => text !== "");
    await eventually(() => process.err.includes("Get Actual Status in UV Light"), "the log tells what is read");
    using page = await RawClient.connect(dashboard);
    await page.send("GET / HTTP/1.1\r\n\r\n");
    ok((await until(/it speaks HTTP/)).every((text) => !text.includes("Actual Status")));
  });
}
