/** Rehearsals by a server, each in a process of its own: what comes of them, and that they end when nobody wants them. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { loadBench } from "../../../mod.ts";
import type { Rehearsal } from "../../../protocol/rehearsal.ts";
import { AccessStore } from "../../../server/access/access_store.ts";
import { Access } from "../../../server/access/admit.ts";
import type { ServerParts } from "../../../server/server.ts";
import { shortened } from "../../../server/rehearsal/shortened.ts";
import { run } from "../../cli_fixture.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { linux, startedFrom } from "../../linux_processes.ts";
import { base } from "../faces/web/web_fixture.ts";
import { inFolder } from "../guards/lab.ts";
import { furnace } from "./furnace.ts";

const files = {
  "lab.json": JSON.stringify(furnace),
  "night.run.json": JSON.stringify({
    parameters: { gas: { minimum: 0, maximum: 50 } },
    steps: [
      { set: "furnace.setpoint", to: 40 },
      { forEach: "gases.csv", steps: [{ set: "furnace.gas", to: "${row.gas}" }, { wait: "1h" }] },
      { set: "furnace.gas", to: "${gas}" },
      { ramp: "furnace.setpoint", from: 40, to: 90, over: "10m", every: "10s" },
      { wait: "10m" },
      { set: "furnace.gas", to: 10 },
    ],
    finally: [{ set: "furnace.heater", to: false }],
  }),
  "gases.csv": "gas\n3\n4\n",
  "night.py": `
def feed(dashboard):
    dashboard.set_field('Furnace', 'Gas', float(dashboard.get_field('Furnace', 'Setpoint')) / 10)
schedule_action('Furnace', 'Setpoint', 40)
schedule_await_condition(lambda d: float(d.get_field('Furnace', 'Setpoint')) > 39)
schedule_function(feed)
schedule_delay('1:00:00')
`,
  "wrong.run.json": `{\n  "steps": [\n    { "set": "furnace.gass", "to": 1 }\n  ]\n}`,
  "long.run.json": JSON.stringify({
    steps: [{ repeat: "forever", steps: [{ set: "furnace.gas", to: 1 }, { wait: "1s" }] }],
  }),
};

/** A server of the furnace, whose instruments nobody answers for: a rehearsal needs none. */
async function serve(folder: string, parts: ServerParts = {}) {
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
  const bench = join(folder, "lab.json");
  const { instruments, guards } = await loadBench(bench);
  const server = startServer({
    instruments,
    guards,
    webPort: 0,
    sandbox: { languages: ["python", "javascript"] },
    runFiles: { state: join(folder, "lab.state", "runs.json"), folder },
  }, { ...parts, rehearsals: { bench, startsDrivers: false } });
  await server.prepare();
  return server;
}

/** What does not depend on when it was. */
function comparable(rehearsal: Rehearsal) {
  const { title, state, reason, step, seconds, events, values, series } = shortened(rehearsal);
  return {
    title,
    state,
    reason,
    step,
    seconds: Math.round(seconds / 10),
    events: events.map(({ kind, text }) => `${kind}: ${text}`),
    values: values.filter(({ field }) => field !== "level"),
    series: series.map(({ instrument, field }) => `${instrument}.${field}`),
  };
}

/** The processes of rehearsals that this one has started. */
async function rehearsing(): Promise<number> {
  return (await startedFrom("rehearsal/host.ts")).length;
}

Deno.test("rehearsals: a server tells of a file of steps and of a script what the command line tells, and drives nothing", () =>
  inFolder(async (folder) => {
    await using server = await serve(folder);
    using lines = await RawClient.connect(server.commandServer.port);
    strictEqual(JSON.parse((await lines.ask("automation.list")).slice(3)).noRehearsal, "");
    for (const [name, ...words] of [["night.run.json", "gas=5"], ["night.py"]] as const) {
      const { out } = await run(["rehearse", "--json", join(folder, name), ...words]);
      const answer = await server.commandServer.command(`automation.rehearse ${name} ${words.join(" ")}`);
      match(answer, /^OK /);
      const told = JSON.parse(answer.slice(3)) as Rehearsal;
      deepStrictEqual(comparable(told), comparable(JSON.parse(out)));
      strictEqual(told.state, name === "night.py" ? "done" : "paused");
      ok(told.series.some(({ field, last }) => field === "setpoint" && last.length > 0));
    }
    strictEqual(await lines.ask("furnace.get Gas"), "OK 0.0");
    match(
      await lines.ask("automation.rehearse wrong.run.json"),
      /wrong\.run\.json:3:\d+: .*did you mean gas\?/,
    );
    match(await lines.ask("automation.rehearse night.run.json gas=51"), /above its maximum of 50/);
    match(await lines.ask("automation.rehearse none.run.json"), /there is no such file in the bench.s folder/);
    // What a browser sends of its own PC; the CSV file is that of the bench's folder.
    const text = '{"steps": [{"forEach": "gases.csv", "steps": [{"set": "furnace.gas", "to": "${row.gas}"}]}]}';
    const call = { cmd: "Call", instrument: "automation", command: "rehearse", args: ["own.run.json", text] };
    using framed = await RawClient.connect(server.dashboardServer.port);
    const { value } = await framed.request({ id: 1, ...call }) as { value: Rehearsal };
    deepStrictEqual([value.state, value.values.find(({ field }) => field === "gas")!.text], ["done", "4.0"]);
    ok(!linux || await rehearsing() === 0);
  }));

Deno.test("rehearsals: one at a time; it ends when it is cancelled, when whoever asked has gone, and with the server", () =>
  inFolder(async (folder) => {
    await using server = await serve(folder);
    using lines = await RawClient.connect(server.commandServer.port);
    const begins = () => eventually(async () => !linux || await rehearsing() === 1, "its process is there");
    const ends = () => eventually(async () => !linux || await rehearsing() === 0, "its process has gone");
    const long = server.commandServer.command("automation.rehearse long.run.json");
    await begins();
    match(
      await lines.ask("automation.rehearse night.py"),
      /^ERROR Cannot rehearse night\.py now: a rehearsal of long\.run\.json for .* is under way.*one at a time/,
    );
    strictEqual(await lines.ask("automation.cancel_rehearsal"), "OK");
    match(await long, /^ERROR The rehearsal was cancelled by /);
    await ends();
    strictEqual(await lines.ask("automation.cancel_rehearsal"), "OK");

    const leaving = new AbortController();
    const left = fetch(`${base(server)}/api/v1/instruments/automation/commands/rehearse`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ args: ["long.run.json"] }),
      signal: leaving.signal,
    }).catch(() => "left");
    await begins();
    leaving.abort();
    strictEqual(await left, "left");
    await ends();
    const free = async () => !/is under way/.test(await lines.ask("automation.rehearse night.run.json"));
    await eventually(free, "the next one is not refused");

    const last = server.commandServer.command("automation.rehearse long.run.json");
    await begins();
    const stopped = server.stop();
    match(await last, /^ERROR The server is stopping/);
    await stopped;
    await ends();
  }));

Deno.test("rehearsals: an operator rehearses steps, and no code; a server that was told no bench file says why it does not", () =>
  inFolder(async (folder) => {
    const store = new AccessStore();
    const token = await store.add({ name: "ana", role: "operator" });
    await using server = await serve(folder, { access: new Access({ store, loopback: "token" }) });
    using lines = await RawClient.connect(server.commandServer.port);
    strictEqual(await lines.ask(`auth ${token}`), "OK");
    match(await lines.ask("automation.rehearse night.py"), /^ERROR .*you may not evaluate code/);
    match(await lines.ask("automation.rehearse night.run.json gas=5"), /"state": ?"paused"/);

    const runFiles = { state: join(folder, "lab.state", "runs.json"), folder };
    await using other = startServer({ runFiles });
    match(await other.commandServer.command("automation.list"), /"noRehearsal": ?"its bench has no file"/);
    match(await other.commandServer.command("automation.rehearse night.run.json"), /^ERROR .*: its bench has no file/);
  }));

Deno.test("rehearsals: what is told of a long one is short, with its end and all that it meets", () => {
  const events = Array.from({ length: 20_000 }, (_, at) => ({
    at,
    kind: at === 9000 ? "interlock" : "step",
    text: `step ${at} ${"x".repeat(2000)}`,
  } as const));
  const numbers = Array.from({ length: 1000 }, (_, at) => at / 3);
  const series = Array.from({ length: 30 }, (_, at) => ({
    instrument: "furnace",
    field: `field_${at}`,
    unit: "",
    times: numbers,
    lowest: numbers,
    highest: numbers,
    first: numbers,
    last: numbers,
  }));
  const short = shortened({
    title: "long",
    state: "done",
    reason: "",
    step: null,
    began: "2026-01-01T00:00:00.000Z",
    seconds: 20_000,
    events,
    more: 5,
    series,
    values: [],
    notSimulated: [],
  });
  ok(JSON.stringify(short).length <= 350_000);
  ok(short.events.some(({ kind }) => kind === "interlock"));
  match(short.events.at(-1)!.text, /^step 19999 /);
  strictEqual(short.events.length + short.more, 20_005);
  const [first] = short.series;
  deepStrictEqual([first!.first[0], first!.last.at(-1), first!.highest.at(-1)], [0, 333, 333]);
});
