/** A bench that clients change while it runs: its file, what may be changed in it, and what follows. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { dirname, join } from "node:path";
import type { BenchChange, BenchEdit, EditableBench } from "../../../protocol/bench_edit.ts";
import { besideBench } from "../../../server/config/beside.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { EditedText } from "../../../server/config/editing/edited_text.ts";
import { difference } from "../../../server/config/editing/difference.ts";
import { simulateTcp } from "../../../server/devices/simulators/serve.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { admit } from "../../../server/access/admit.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { Services } from "../../../server/services.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

const meter = {
  commandEnd: "\n",
  answerEnd: "\n",
  answer: (command: string) => ({ "V?": "4.25", "I?": "0.5" })[command],
};

/** An admin, and what they see and change. */
class Admin {
  readonly #client: RawClient;
  #id = 0;
  seen: EditableBench | undefined;

  constructor(client: RawClient) {
    this.#client = client;
  }

  // deno-lint-ignore no-explicit-any -- tests take it apart
  async ask(message: Record<string, unknown>): Promise<any> {
    const { ok, value, error } = await this.#client.request({ id: ++this.#id, ...message });
    return ok ? value : error;
  }

  async look(): Promise<EditableBench> {
    return this.seen = await this.ask({ cmd: "BenchFile" });
  }

  async edit(change: BenchChange | unknown, save = true): Promise<BenchEdit & { code?: string; message?: string }> {
    const { digest } = await this.look();
    return await this.ask({ cmd: "EditBench", change, digest, save });
  }
}

/** Serves a bench file that may be changed; METER in its text is the address of a meter. */
async function editing(
  text: string,
  work: (
    parts: { admin: Admin; file: string; server: HeliographServer; meterAt: string; read(): Promise<string> },
  ) => Promise<void>,
  drawing?: string,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const simulator = simulateTcp(meter, 0);
  try {
    const file = join(folder, "lab.json");
    if (drawing !== undefined) await Deno.writeTextFile(join(folder, "lab.svg"), drawing);
    await Deno.writeTextFile(file, text.replaceAll("METER", simulator.address));
    const loaded = await loadBench(file);
    const { previous } = besideBench(file);
    await using server = startServer(
      {
        instruments: loaded.instruments,
        poll: true,
        webPort: 0,
        ...(loaded.overview && { overview: loaded.overview }),
      },
      { edited: { file, previous, loaded } },
    );
    using client = await RawClient.connect(server.dashboardServer.port);
    await server.ready;
    const read = () => Deno.readTextFile(file);
    await work({ admin: new Admin(client), file, server, meterAt: simulator.address, read });
  } finally {
    await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const lab = `{
  // The lab at the end of the corridor.
  "name": "Corridor",
  "instruments": [
    // Bought in 2019.
    {
      "title": "Meter", // on the shelf
      "port": "METER",
      "fields": {
        "Voltage": { "unit": "V", "read": "V?" } /* checked */
      },
      "commands": { "clear": { "summary": "Clear it", "send": "*CLS" } }
    },
    { "title": "Double", "fields": { "Twice": { "compute": "2 * meter.voltage" } } }
  ]
}
`;

const current = (port: string) => ({
  title: "Current",
  port,
  fields: { "Current": { unit: "A", read: "I?" } },
});

Deno.test("edited text: what is not changed stays as it is: comments, indents, line ends, marks and odd commas", () => {
  const edited = (text: string, work: (text: EditedText) => void) => {
    const to = new EditedText(text);
    work(to);
    return to.text;
  };
  for (
    const [text, value, expected] of [
      ['{"a":[\r\n\t1, // one\r\n\t2 // two\r\n]}', 3, '{"a":[\r\n\t1, // one\r\n\t2, // two\r\n\t3\r\n]}'],
      ['\ufeff{ "a": [1, 2] }', { b: [] }, '\ufeff{ "a": [1, 2, { "b": [] }] }'],
      ['{\n    "a": [\n        1,\n    ],\n}', "x", '{\n    "a": [\n        1,\n        "x",\n    ],\n}'],
      ['{\n  "a": []\n}', 1, '{\n  "a": [\n    1\n  ]\n}'],
      ['{ "a": [1 // one\n] }', 2, '{ "a": [1, 2 // one\n] }'],
      ['{ "a": [1 /* one */ , /* two */ 2] }', 3, '{ "a": [1 /* one */ , /* two */ 2, 3] }'],
    ] as const
  ) strictEqual(edited(text, (to) => to.append(["a"], value)), expected);
  for (
    const [text, path, expected] of [
      ['{\n  "a": 1, // one\n  "b": 2\n}', ["b"], '{\n  "a": 1 // one\n}'],
      ['{\n  // first\n  "a": 1,\n  "b": 2,\n}', ["a"], '{\n  // first\n  "b": 2,\n}'],
      ['{ "a": [1, 2, 3] }', ["a", 1], '{ "a": [1, 3] }'],
      ['{ "a": [1, 2] }', ["a", 1], '{ "a": [1] }'],
      ['{ "a": [1] }', ["a", 0], '{ "a": [] }'],
    ] as const
  ) strictEqual(edited(text, (to) => to.remove(path)), expected);
  const long = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`a long name ${at}`, at]));
  match(edited('{\n  "a": {}\n}', (to) => to.change([], { a: {} }, { a: long })), /"a": \{\n {4}"a long name 0": 0,\n/);
  deepStrictEqual(
    difference("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nD\ne\nf\ng\n").map(({ kind, line, text }) => `${kind}${line}${text}`),
    ["=2b", "=3c", "-4d", "+4D", "=5e", "=6f", "+7g", "=8"],
  );
});

Deno.test("editing: an instrument is added, changed and removed while clients watch, and the file is as a person would have it", async () => {
  await editing(lab, async ({ admin, file, server, meterAt, read }) => {
    const before = await read();
    using watcher = await RawClient.connect(server.dashboardServer.port);
    await watcher.send('{"cmd":"Watch","id":1}');
    await watcher.until((text) => text.includes('"value":8.5'));
    const seen = await admin.look();
    deepStrictEqual([seen.file, seen.fixed, seen.previous], ["lab.json", "", ""]);
    deepStrictEqual(seen.instruments.map(({ title, fixed }) => [title, fixed]), [["Meter", ""], ["Double", ""]]);
    ok(
      seen.drivers.some(({ name, address, summary }) => name === "eurotherm-3200" && address !== "" && summary !== ""),
    );

    // A check writes nothing.
    const checked = await admin.edit({ kind: "add", entry: current(meterAt) }, false);
    deepStrictEqual([checked.problems, checked.saved, await read()], [[], false, before]);
    deepStrictEqual(checked.diff.filter(({ kind }) => kind === "-").map(({ text }) => text.trim()), [
      '{ "title": "Double", "fields": { "Twice": { "compute": "2 * meter.voltage" } } }',
    ]);

    const added = await admin.edit({ kind: "add", entry: current(meterAt) });
    deepStrictEqual([added.problems, added.saved, added.later], [[], true, ""]);
    strictEqual(
      await read(),
      before.replace(
        '"2 * meter.voltage" } } }\n',
        `"2 * meter.voltage" } } },
    {
      "title": "Current",
      "port": "${meterAt}",
      "fields": { "Current": { "unit": "A", "read": "I?" } }
    }\n`,
      ),
    );
    await watcher.until((text) => /"instrument":"current","event":"field","field":"Current","value":0.5/.test(text));
    strictEqual(await Deno.readTextFile(besideBench(file).previous), before);

    // Only what is changed is written anew; what computes from it goes on.
    const entry = {
      ...seen.instruments[0]!.entry,
      title: "Voltmeter",
      fields: { "Voltage": { unit: "V", read: "V?", maximum: 5 } },
    };
    const broken = await admin.edit({ kind: "change", instrument: "meter", entry });
    match(JSON.stringify(broken.problems), /instruments.*1.*compute.*meter/);
    const { title: _, ...rest } = entry;
    const changed = await admin.edit({ kind: "change", instrument: "meter", entry: { ...rest, title: "Meter" } });
    deepStrictEqual([changed.problems, changed.saved], [[], true]);
    match(
      await read(),
      /"Meter", \/\/ on the shelf[^]*"Voltage": \{ "unit": "V", "read": "V\?", "maximum": 5 \} \/\* checked/,
    );
    await watcher.until((text) => text.includes('"maximum":5') && text.includes('"value":4.25'));
    strictEqual(await server.commandServer.command("double.get Twice"), "OK 8.5");

    const removed = await admin.edit({ kind: "remove", instrument: "current" });
    strictEqual(removed.saved, true);
    await watcher.until((text) => /"instrument":"current","event":"instrument","description":null/.test(text));
    // And back again.
    strictEqual((await admin.look()).previous, "lab.previous.json");
    strictEqual((await admin.edit({ kind: "restore" })).saved, true);
    match(await read(), /"Current"/);
    strictEqual(server.bench.find("current")?.title, "Current");
    const told = JSON.stringify(await admin.ask({ cmd: "BenchFile" }));
    ok(!told.includes("null,null"));
  });
});

Deno.test("editing: what is not for clients is refused, with the place, and neither the file nor the bench changes", async () => {
  await editing(lab, async ({ admin, server, meterAt, read }) => {
    const before = await read();
    const { instruments: [first] } = await admin.look();
    const add = (more: Record<string, unknown>) => ({ kind: "add", entry: { ...current(meterAt), ...more } });
    const change = (more: Record<string, unknown>) => ({
      kind: "change",
      instrument: "meter",
      entry: { ...first!.entry, ...more },
    });
    for (
      const [wanted, place, message] of [
        [add({ port: "file:///etc/passwd" }), ["port"], /(?:file|path) of this computer/],
        [add({ port: "serial:///etc/passwd" }), ["port"], /is no serial port: \/etc\/passwd/],
        [add({ port: "serial:///dev/ttyS0/../../etc/passwd" }), ["port"], /is no serial port/],
        [add({ port: "usbtmc:///dev/sda" }), ["port"], /is no serial port/],
        [add({ driver: "../other.ts" }), ["driver"], /none of heliograph's own/],
        [add({ driver: "x.json" }), ["driver"], /none of heliograph's own/],
        [add({ permissions: { read: ["/"] } }), ["permissions"], /in the bench file itself/],
        [add({ commands: { on: { summary: "On", send: "ON" } } }), ["commands"], /in the bench file itself/],
        [add({ initialize: ["*RST"] }), ["initialize"], /in the bench file itself/],
        [add({ line: { headers: { Authorization: "x" } } }), ["line", "headers"], /in the bench file itself/],
        [
          add({ fields: { Current: { read: "I?", calibration: "/etc/passwd" } } }),
          ["fields", "Current", "calibration"],
          /named in the bench file itself/,
        ],
        [add({ title: "Meter" }), ["title"], /Meter is called meter, as is Meter/],
        [add({ fields: { Current: { read: "I?", unti: "A" } } }), ["fields", "Current", "unti"], /did you mean unit/],
        [add({ port: "tcp://nowhere" }), ["port"], /port is missing/],
        [change({ commands: {} }), ["commands"], /in the bench file itself/],
        [change({ port: 5 }), ["port"], /should be text/],
        [JSON.parse('{"kind":"add","entry":{"title":"P","__proto__":{"port":"x"}}}'), [], /neither fields nor/],
        [{ kind: "remove", instrument: "meter" }, undefined, /meter/],
      ] as const
    ) {
      const { problems, saved } = await admin.edit(wanted);
      ok(problems !== undefined, JSON.stringify(wanted));
      strictEqual(saved, false);
      match(problems.map(({ message }) => message).join("\n"), message);
      if (place !== undefined) deepStrictEqual(problems[0]!.path, place);
    }
    for (
      const wanted of [5, { kind: "write", path: "/etc/passwd" }, { kind: "add" }, { kind: "restore", file: "/x" }]
    ) {
      match((await admin.edit(wanted)).message!, /^Cannot take the change/);
    }
    match((await admin.edit({ kind: "restore" })).message!, /no lab\.previous\.json to put back/);
    deepStrictEqual([await read(), server.bench.instruments.length], [before, 3]);
  });
});

Deno.test("editing: a bench with a drawing can be changed, and what the drawing names stays", async () => {
  const drawing = (words: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">\n<text id="t" ${words}>0</text>\n</svg>`;
  const text = `{ "overview": "lab.svg", "instruments": [
    { "title": "Meter", "port": "METER", "fields": { "Voltage": { "read": "V?" } } }
  ] }`;
  await editing(text, async ({ admin, file, server, meterAt }) => {
    const svg = join(dirname(file), "lab.svg");
    const shown = async () => {
      const response = await fetch(`http://127.0.0.1:${server.webServer.port}/api/v1/overview`);
      const { problem, drawing } = await response.json();
      return { problem, binding: drawing.children.find((child: unknown) => typeof child === "object").binding };
    };
    const added = await admin.edit({ kind: "add", entry: current(meterAt) });
    deepStrictEqual([added.problems, added.saved], [[], true]);
    const { entry } = (await admin.look()).instruments[0]!;
    // With such a file the next start of the server would fail.
    const { problems, saved } = await admin.edit({
      kind: "change",
      instrument: "meter",
      entry: { ...entry, title: "Other" },
    });
    deepStrictEqual([saved, problems.length, problems[0]?.path], [false, 1, []]);
    match(problems[0]!.message, /^lab\.svg has <text id="t"> in line 2: data-field names Meter, and there is no such/);
    await Deno.writeTextFile(svg, drawing('data-open="current"'));
    await eventually(async () => (await shown()).binding?.open === "current", "the drawing was read anew");
    // One that names what is not there keeps nobody from the rest, and fits as soon as it is there.
    await Deno.writeTextFile(svg, drawing('data-open="later"'));
    await eventually(async () => (await shown()).problem !== "", "the drawing named what is not there");
    ok((await admin.edit({ kind: "add", entry: { ...current(meterAt), title: "Later" } })).saved);
    deepStrictEqual(await shown(), { problem: "", binding: { open: "later" } });
  }, drawing('data-field="Meter.Voltage"'));
});

Deno.test("editing: what is changed in the file only does not give way to what has stood there", async () => {
  const text = `{ "instruments": [
    { "title": "Fixed", "port": "METER", "fields": { "V": { "read": "V?", "calibration": "lab.svg" } } },
    { "title": "Meter", "port": "METER", "fields": { "I": { "read": "I?" } } }
  ] }`;
  await editing(text, async ({ admin, read }) => {
    const [, meter] = (await admin.look()).instruments;
    ok((await admin.edit({ kind: "remove", instrument: "meter" })).saved);
    const before = await read();
    const { problems, saved } = await admin.edit({ kind: "change", instrument: "fixed", entry: meter!.entry });
    deepStrictEqual([saved, await read()], [false, before]);
    match(problems[0]!.message, /^Fixed is changed in the bench file itself, not here: the calibration of V/);
  }, "0 0\n1 2\n");
});

Deno.test("editing: a file that was changed on the disk, or by somebody else, is left as it is", async () => {
  await editing(lab, async ({ admin, file, server, meterAt, read }) => {
    const { digest } = await admin.look();
    const add = { kind: "add", entry: current(meterAt) };
    await admin.edit(add);
    const second = { kind: "add", entry: { ...current(meterAt), title: "Other" } };
    match(
      (await admin.ask({ cmd: "EditBench", change: second, digest, save: true })).message,
      /somebody else has changed it meanwhile/,
    );
    if (Deno.build.os !== "windows") {
      const before = await read();
      await Deno.chmod(file, 0o444);
      match((await admin.edit(second)).message!, /^Cannot write lab\.json: it is read-only/);
      await Deno.chmod(file, 0o644);
      deepStrictEqual([await read(), server.bench.instruments.length], [before, 4]);
    }
    const byHand = (await read()).replace("Corridor", "Cellar");
    await Deno.writeTextFile(file, byHand);
    const { message } = await admin.ask({ cmd: "EditBench", change: second, digest, save: true });
    match(message, /lab\.json was changed on the disk since the server read it: start the server again/);
    match((await admin.look()).fixed, /was changed on the disk/);
    strictEqual(await read(), byHand);
  });
});

Deno.test("editing: what somebody else controls is not changed, what begins later says so, and polling is switched off by file", async () => {
  await editing(lab, async ({ admin, server, read }) => {
    using other = await RawClient.connect(server.dashboardServer.port);
    await other.request({ id: 1, cmd: "Hello", name: "ana" });
    await other.request({ id: 2, cmd: "Take", instrument: "meter", seconds: 600 });
    const { digest, instruments: [meter] } = await admin.look();
    const entry = { ...meter!.entry, polling: false };
    const reset = { title: "Reset", port: meter!.entry.port, fields: { Reset: { read: "*RST" } } };
    match(
      (await admin.ask({ cmd: "TryInstrument", change: { kind: "add", entry: reset }, digest })).message,
      /Cannot try meter: ana .* has control/,
    );
    match(
      (await admin.edit({ kind: "change", instrument: "meter", entry })).message!,
      /Cannot change meter: ana .* has control/,
    );
    match((await admin.ask({ cmd: "Switch", instrument: "meter", on: false })).message, /Cannot switch off meter: ana/);
    await other.request({ id: 3, cmd: "Release", instrument: "meter" });
    strictEqual((await admin.edit({ kind: "change", instrument: "meter", entry })).saved, true);
    match(await read(), /"polling": false/);
    const { contact } = await admin.ask({ cmd: "Describe", instrument: "meter" });
    deepStrictEqual([contact.state, contact.reason], ["off", "switched off in the bench file; its port is free"]);
    match(
      (await admin.ask({ cmd: "Call", instrument: "meter", command: "clear" })).message,
      /switched off in the bench file/,
    );
    strictEqual(await admin.ask({ cmd: "Switch", instrument: "meter", on: true }), null);
    await eventually(() => server.bench.find("meter")!.field("Voltage").quality === "good", "it is read again");

    const camera = await admin.edit({ kind: "add", entry: { title: "Camera", driver: "simulated-camera" } });
    strictEqual(camera.saved, true);
    match(camera.later, /^Camera begins after the next start of the server/);
    strictEqual(server.bench.find("camera"), undefined);
    const { instruments } = await admin.look();
    match(instruments.find(({ title }) => title === "Camera")!.later, /after the next start/);
  });
});

Deno.test("editing: a draft is tried without a change, on the line of what runs, which goes on", async () => {
  await editing(lab, async ({ admin, server, meterAt, read }) => {
    const before = await read();
    const { digest, instruments: [first] } = await admin.look();
    const ask = (change: BenchChange) => admin.ask({ cmd: "TryInstrument", change, digest });
    deepStrictEqual(await ask({ kind: "add", entry: current(meterAt) }), [
      { field: "Current", asked: "I?\\n", answered: "0.5\\n", value: "0.5 A", reason: "" },
    ]);
    const fields = { Voltage: { read: { ask: "V?", pattern: "^U(.*)" } } };
    const [tried] = await ask({ kind: "change", instrument: "meter", entry: { ...first!.entry, fields } });
    deepStrictEqual([tried.asked, tried.value], ["V?\\n", ""]);
    match(tried.reason, /4\.25/);
    const line = { sendEnd: "\r" };
    const other = await ask({ kind: "change", instrument: "meter", entry: { ...first!.entry, line } });
    match(other.message, /^Cannot try it while it runs: .*speak on it differently; free its port first/);
    match((await ask({ kind: "add", entry: { title: "X" } })).message, /^Cannot try it: X has neither fields/);
    match((await ask({ kind: "remove", instrument: "meter" })).message, /^Cannot try to remove/);
    deepStrictEqual([await read(), server.bench.instruments.length], [before, 3]);
    strictEqual(server.bench.find("meter")!.field("Voltage").text, "4.25");
  });
});

Deno.test("editing: only admins may, and a bench without a file says so", async () => {
  await using server = startServer();
  using client = await RawClient.connect(server.dashboardServer.port);
  const { value } = await client.request({ id: 1, cmd: "BenchFile" });
  match((value as EditableBench).fixed, /no file that could be changed/);
  const { error } = await client.request({ id: 2, cmd: "EditBench", change: { kind: "restore" }, digest: "x" });
  match((error as { message: string }).message, /no file that could be changed/);
  const services = new Services(demoInstruments());
  try {
    const operator = admit({ by: "line", id: 1, hostname: "127.0.0.1" }).deputy({ role: "operator" });
    for (
      const request of [
        { cmd: "BenchFile" },
        { cmd: "Ports" },
        { cmd: "EditBench", change: { kind: "restore" }, digest: "", save: true },
        { cmd: "TryInstrument", change: { kind: "restore" }, digest: "" },
        { cmd: "Switch", instrument: "tempcon", on: false },
      ] as const
    ) {
      await rejects(
        async () => await services.requests.run(request, operator),
        /it needs the role admin, and you are operator/,
      );
    }
  } finally {
    await services.arrangement.stop();
  }
});
