/** Drivers from the disk, each in a process of its own: all that an instrument can do, and what harms nobody else. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchFileError, HeliographError, loadBench } from "../../../mod.ts";
import { loadBenchWith } from "../../../server/config/bench_file.ts";
import { admit } from "../../../server/access/admit.ts";
import { driverApi } from "../../../server/devices/driver_process/driver_api.ts";
import { Dispatcher } from "../../../server/requests/dispatcher.ts";
import { command, type Role } from "../../../server/bench/command.ts";
import { driverSourceCommand } from "../../../server/devices/driver_process/host_command.ts";
import { DriverProcesses } from "../../../server/devices/driver_process/driver_processes.ts";
import { Processes } from "../../../server/processes/processes.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import { readFits } from "../../../server/camera/fits/read.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import type { HeliographServer } from "../../../server/server.ts";
import { ownCamera } from "../../own_camera.ts";
import { dashboardClient, eventually, RawClient, startServer, top } from "../../fixture.ts";
import { fileSource } from "../camera/camera.ts";
import { goodValues, ptyDevice, tcpDevice } from "./devices.ts";

/** A bench of drivers that is served, and a client of it. */
class Lab implements AsyncDisposable {
  readonly folder: string;
  readonly server: HeliographServer;
  readonly client: RawClient;

  private constructor(folder: string, server: HeliographServer, client: RawClient) {
    this.folder = folder;
    this.server = server;
    this.client = client;
  }

  static async start(files: Record<string, string>, bench: unknown, others: Instrument[] = []): Promise<Lab> {
    const folder = await labFolder(files, bench);
    const { instruments } = await loadBench(join(folder, "bench.json"));
    const server = startServer({ instruments: [...instruments, ...others], poll: true });
    await server.ready;
    return new Lab(folder, server, await RawClient.connect(server.commandServer.port));
  }

  ask(line: string): Promise<string> {
    return this.client.ask(line);
  }

  instrument(name: string): Instrument {
    return this.server.bench.find(name)!;
  }

  async connected(name: string): Promise<void> {
    await eventually(() => this.instrument(name).contact!.state === "connected", `contact with ${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function labFolder(files: Record<string, string>, bench: unknown): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
  await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
  return folder;
}

/** What is wrong with a driver, without its folder's name. */
async function problemsOf(text: string, entry: Record<string, unknown> = {}): Promise<string> {
  const folder = await labFolder({ "meter.js": text }, {
    instruments: [{ title: "Meter", driver: "./meter.js", ...entry }],
  });
  try {
    const bench = await loadBench(join(folder, "bench.json"));
    await bench.close();
    return "nothing";
  } catch (error) {
    ok(error instanceof BenchFileError, String(error));
    return error.message.replaceAll(join(folder, "x").slice(0, -1), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const full = `
export default ({ defineInstrument, command, InstrumentError }, { title, options }) => {
  let position = 0, stopped = "", steps = 0, heard, passes = [];
  return defineInstrument({
    title,
    summary: "a stage of one's own",
    pollInterval: 0.05,
    settingsBeside: true,
    fields: {
      Position: { type: "float", unit: "mm", decimals: 2, keyword: "STAGEPOS", read: () => position },
      Moves: { type: "int", log: false, initial: 0 },
      Speed: { type: "float", unit: "mm/s", minimum: 0.1, maximum: 5, initial: 1, write: () => {} },
      Mode: { type: "choice", choices: ["Slow", "Fast"], needsConfirm: true, initial: "Slow", write: (value) => { if (value === "Fast" && options.slow) throw new InstrumentError("it is slow"); } },
      Lamp: { type: "switch", initial: false, write: async (value, signal) => { await 0; signal.throwIfAborted(); } },
      Name: { type: "text", initial: "", write: () => {} },
      First: { type: "int", read: (signal, pass) => { passes.push(pass); return 1; } },
      Same: { type: "switch", read: (signal, pass) => passes.at(-1) === pass },
      Steps: { type: "int", read: () => steps },
      Heard: { type: "int", listens: true },
    },
    step: () => void steps++,
    start: async () => { heard = true; },
    stop: async () => { console.log("stopped", title); },
    commands: ({ Speed, Moves, Mode, Heard }) => ({
      move: command({
        summary: "Move the stage",
        arguments: { to: { type: "float", unit: "mm", minimum: 0, maximum: 25 }, gently: { type: "switch", default: false } },
        run: ({ to, gently }) => {
          position = to;
          Moves.update(Moves.value + 1);
          return \`moved to \${to} at \${Speed.value} mm/s\${gently ? " gently" : ""}, \${Mode.value}\`;
        },
      }),
      hear: command({ summary: "Hear", run: () => Heard.update(7) }),
      list: command({ summary: "List", role: "observer", immediate: true, run: () => [1, "a b", true] }),
      table: command({ summary: "Table", run: async () => ({ a: { b: [1.5] }, none: null, left: undefined }) }),
      number: command({ summary: "Number", returns: "float", run: () => 1 }),
      pair: command({ summary: "Pair", returns: "tuple", run: async () => ["a b", 1] }),
      nothing: command({ summary: "Nothing", run: () => {} }),
      started: command({ summary: "Started", run: () => heard === true }),
      rest: command({ summary: "Rest", takesMore: true, run: (_, { more, moreKeywords, role, caller }) => [more, Object.fromEntries(moreKeywords), role, caller.role] }),
      wait: command({ summary: "Wait", deadline: 0.2, run: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => { stopped = signal.reason.code; reject(signal.reason); })) }),
      stopped: command({ summary: "Tell", run: () => stopped }),
      other: command({ summary: "Other", role: "observer", arguments: { command: { type: "text" } }, run: ({ command }, { call }) => call("lamp", command, 5) }),
      later: command({ summary: "Later", run: (_, { callInBackground }) => void callInBackground("lamp", "brighten", 3) }),
      neighbour: command({ summary: "Look around", run: () => String(me.surroundings.find("Lamp")?.allFields[0].value) }),
      refuse: command({ summary: "Refuse", run: () => { throw new InstrumentError("not today", "out_of_limits"); } }),
      keyword: command({ summary: "Say in headers", run: () => { me.keywords.set("OBSERVER", "Ada", "who", "str"); } }),
    }),
  });
  var me;
};
`.replace("return defineInstrument", "return me = defineInstrument");

function lamp(): Instrument {
  let brightness = 0;
  return defineInstrument({
    title: "Lamp",
    pollInterval: 0.05,
    fields: { Brightness: { type: "int", read: () => brightness } },
    commands: {
      brighten: commandOf("operator", (by) => `brightness ${brightness += by}`),
      look: commandOf("observer", (by) => brightness + by),
    },
  });
}

function commandOf(role: Role, run: (by: number) => unknown) {
  return command({ summary: "Do it", role, arguments: { by: { type: "int" } }, run: ({ by }) => run(by) });
}

Deno.test("driver process: all that an instrument declares and does goes on to work", async () => {
  const instruments = [{ title: "Stage", driver: "./stage.js", options: { slow: true } }];
  await using lab = await Lab.start({ "stage.js": full }, { instruments }, [lamp()]);
  const ask = (line: string) => lab.ask(line);
  await lab.connected("stage");
  strictEqual(await ask("stage.move 3.5"), "OK moved to 3.5 at 1 mm/s, Slow");
  await eventually(async () => await ask("stage.get Position") === "OK 3.50", "the readback");
  strictEqual(await ask("stage.get Moves"), "OK 1");
  match(await ask("stage.move 26"), /above its maximum of 25 mm$/);
  strictEqual(await ask("stage.set Speed 2"), "OK");
  match(await ask("stage.set Speed 6"), /above its maximum of 5 mm\/s$/);
  strictEqual(await ask("stage.move 1 gently=on"), "OK moved to 1 at 2 mm/s gently, Slow");
  // Staged, as the driver's handlers see it too.
  strictEqual(await ask("stage.set Mode Fast"), "OK");
  match(await ask("stage.move 1"), /Fast$/);
  match(await ask("stage.confirm"), /^ERROR .*it is slow/);
  strictEqual(await ask("stage.revert"), "OK");
  match(await ask("stage.move 1"), /Slow$/);
  strictEqual(await ask("stage.set Lamp on"), "OK");
  strictEqual(await ask("stage.get Lamp"), "OK On");
  strictEqual(await ask("stage.set Name 'a b'"), "OK");
  strictEqual(await ask("stage.get Name"), "OK a b");
  strictEqual(await ask("stage.list"), "OK 1 'a b' True");
  strictEqual(await ask("stage.table"), 'OK {"a": {"b": [1.5]}, "none": null}');
  strictEqual(await ask("stage.number"), "OK 1.0");
  strictEqual(await ask("stage.pair"), "OK ('a b', 1)");
  strictEqual(await ask("stage.nothing"), "OK");
  strictEqual(await ask("stage.started"), "OK True");
  match(await ask("stage.rest 1 two x=3"), /^OK .*two.*"x": "3".* admin admin$/);
  match(await ask("stage.refuse"), /^ERROR not today$/);
  // What it calls is called as whoever called it may, and through the same queue.
  strictEqual(await ask("stage.other brighten"), "OK brightness 5");
  strictEqual(await ask("stage.other look"), "OK 10");
  match(await ask("stage.other dim"), /^ERROR Lamp has no command "dim"/);
  const dispatcher = new Dispatcher(lab.server.bench);
  const asObserver = (args: unknown[]) =>
    dispatcher.run(
      { instrument: "stage", command: "other", args, keywords: new Map() },
      admit({ by: "program" }).deputy({ role: "observer" }),
    );
  strictEqual(await asObserver(["look"]), 10);
  await rejects(asObserver(["brighten"]) as Promise<unknown>, { code: "not_allowed" });
  strictEqual(await ask("stage.later"), "OK");
  await eventually(async () => await ask("lamp.get Brightness") === "OK 8", "what it began in the background");
  // A deadline is kept by the server, and told to the driver.
  match(await ask("stage.wait"), /^ERROR Cannot finish wait of stage within 0\.2 s; it was told to stop$/);
  await eventually(async () => await ask("stage.stopped") === "OK deadline_exceeded", "the signal");
  // Fields that are read in one go share an object; a simulation is stepped; what listens is heard.
  strictEqual(await ask("stage.get Same"), "OK On");
  await eventually(() => (lab.instrument("stage").field("Steps").value as number) > 2, "steps");
  strictEqual(await ask("stage.hear"), "OK");
  strictEqual(await ask("stage.get Heard"), "OK 7");
  await ask("stage.neighbour");
  await eventually(async () => await ask("stage.neighbour") === "OK 8", "what another instrument's field holds");
  // Another takes its place.
  const bright = defineInstrument({ title: "Lamp", fields: { Brightness: { type: "int", initial: 77 } } });
  await lab.server.bench.replace(lab.instrument("lamp"), bright, "Lamp is changed");
  await eventually(async () => await ask("stage.neighbour") === "OK 77", "what the new instrument's field holds");
  await ask("stage.keyword");
  const cards = lab.instrument("stage").keywords.cards();
  deepStrictEqual(cards.map(({ keyword }) => keyword), ["STAGEPOS", "OBSERVER"]);
  await using dashboard = dashboardClient(lab.server);
  const { summary, commands, fields, contact } = await dashboard.describe("stage");
  strictEqual(summary, "a stage of one's own");
  deepStrictEqual(
    commands.slice(0, 1).map(({ arguments: args }) => args.map(({ name, unit, maximum }) => [name, unit, maximum]))[0],
    [["to", "mm", 25], ["gently", undefined, undefined]],
  );
  strictEqual(fields.find(({ name }) => name === "moves")!.log, false);
  deepStrictEqual(contact, { address: join(lab.folder, "stage.js"), state: "connected", reason: "" });
  deepStrictEqual(fields.filter(({ quality }) => quality !== "good").map(({ name }) => name), []);
});

Deno.test("driver process: its port is spoken on over the server, on TCP and a serial line", async () => {
  const driver = `export default ({ defineInstrument, command, PortContact }, { title, port }) => {
    const ask = (turn, text) => turn.ask({ text, timeout: 1, accepts: (line) => /^\\d+$/.test(line), expected: "been a number" });
    const contact = new PortContact(port, { title, greet: async (turn) => void await ask(turn, "ID"), farewell: (turn) => turn.send("BYE"), shortestWait: 0.05 });
    return defineInstrument({ title, contact, pollInterval: 0.05, fields: {
      V: { type: "int", read: async (signal) => Number(await contact.use("poll", signal, (turn) => ask(turn, "V"))) },
    } });
  };`;
  let value = 1;
  const behaviour = (line: string) => line === "BYE" ? undefined : line === "V" ? String(value) : "0";
  await using tcp = tcpDevice(behaviour);
  await using pty = Deno.build.os === "windows" ? undefined : await ptyDevice(behaviour, { answerEnd: "\n" });
  const addresses = [tcp.address, ...(pty === undefined ? [] : [pty.address])];
  {
    const instruments = addresses.map((port, at) => ({
      title: `Meter ${at}`,
      driver: "./meter.js",
      port,
      line: { sendEnd: port.startsWith("serial") ? "\r" : "\n", receiveEnd: "\n" },
    }));
    await using lab = await Lab.start({ "meter.js": driver }, { instruments });
    for (const at of addresses.keys()) {
      await lab.connected(`meter_${at}`);
      await eventually(async () => await lab.ask(`meter_${at}.get V`) === "OK 1", "a reading");
    }
    value = 2;
    for (const at of addresses.keys()) {
      await eventually(async () => await lab.ask(`meter_${at}.get V`) === "OK 2", "another reading");
    }
    tcp.hangUp();
    const meter = lab.instrument("meter_0");
    await eventually(() => meter.contact!.state === "lost" || value > 2, "the loss");
    await lab.connected("meter_0");
  }
  await eventually(() => tcp.commands.includes("BYE"), "the goodbye");
});

Deno.test("driver process: one that loops is ended, says why, and is started again; all others keep their pace", async () => {
  const looping = `export default ({ defineInstrument, command }, { title }) => {
    let count = 0;
    return defineInstrument({ title, pollInterval: 0.05, fields: { Count: { type: "int", read: () => ++count }, Kept: { type: "int", initial: 1, write: () => {} } }, commands: {
      loop: command({ summary: "Loop", deadline: 1, run: () => { for (;;); } }),
    } });
  };`;
  let ticks = 0;
  const ticking = defineInstrument({
    title: "Ticking",
    pollInterval: 0.05,
    fields: { Ticks: { type: "int", read: () => ++ticks } },
  });
  const instruments = [
    { title: "Looping", driver: "./looping.js" },
    { title: "Beside", driver: "./looping.js" },
    { title: "Apart", driver: "./looping.js", memory: 600 },
  ];
  await using lab = await Lab.start({ "looping.js": looping }, { instruments }, [ticking]);
  for (const name of ["looping", "beside", "apart"]) await lab.connected(name);
  await lab.ask("looping.set Kept 5");
  const apart = goodValues(lab as never, "apart");
  const [before, since] = [ticks, performance.now()];
  // The command's own deadline is kept meanwhile.
  match(await lab.ask("looping.loop"), /^ERROR Cannot finish loop of looping within 1 s; it was told to stop$/);
  strictEqual(lab.instrument("looping").contact!.state, "connected", "that was told before the driver was ended");
  await eventually(() => lab.instrument("looping").contact!.state === "lost", "the loss");
  const lasted = (performance.now() - since) / 1000;
  const why = /^its driver did not answer for 5 s, and was ended: does it loop\?$/;
  match(lab.instrument("looping").contact!.reason, why);
  // They run in the same process.
  match(lab.instrument("beside").contact!.reason, why);
  match(await lab.ask("beside.loop"), /^ERROR Beside is not connected: its driver did not answer for 5 s/);
  strictEqual(lab.instrument("apart").contact!.state, "connected");
  ok(ticks - before > lasted * 10, `${ticks - before} readings in ${lasted} s`);
  ok(apart.get("Count")!.size > lasted * 5);
  await lab.connected("looping");
  await lab.connected("beside");
  await eventually(async () => /^OK [1-9]$/.test(await lab.ask("looping.get Count")), "it begins anew");
  strictEqual(await lab.ask("looping.get Kept"), "OK 5");
});

Deno.test("driver process: one that ends, grows, says nonsense or floods is ended, with the reason, and comes again", async () => {
  const driver = `export default ({ defineInstrument, command }, { title }) => defineInstrument({ title, commands: {
    hello: command({ summary: "Hello", run: () => "there" }),
    grow: command({ summary: "Grow", run: () => { const kept = []; for (;;) kept.push(new Uint8Array(5_000_000).fill(1)); } }),
    deep: command({ summary: "Grow", run: () => { let list = []; for (;;) list = [list, list, {}]; } }),
    nonsense: command({ summary: "Nonsense", run: () => { postMessage("{}"); return new Promise(() => {}); } }),
    object: command({ summary: "Nonsense", run: () => { postMessage({ tell: "up" }); return new Promise(() => {}); } }),
    forge: command({ summary: "Nonsense", run: () => { postMessage('{"tell":"field","instrument":0,"field":0,"number":1,"state":{"value":{"toString":1},"quality":"good","reason":"","staged":false}}'); return new Promise(() => {}); } }),
    flood: command({ summary: "Flood", run: () => { for (;;) postMessage('{"tell":"log","level":"info","text":"flood"}'); } }),
    close: command({ summary: "Close", run: () => { self.close(); return new Promise(() => {}); } }),
  } });`;
  const reasons: readonly (readonly [string, RegExp])[] = [
    ["grow", /it used more than the \d+ MiB of memory that its process has|its process ended with/],
    ["nonsense", /its driver said what is no message: /],
    ["object", /it sent what is no message, or one that is too long/],
    ["forge", /its driver said what is no message: /],
    ["flood", /did not answer for 5 s|used more than|its process ended with/],
  ];
  // Each in a process of its own.
  const instruments = reasons.map(([what], at) => ({ title: what, driver: "./meter.js", memory: 300 + at }));
  await using lab = await Lab.start({ "meter.js": driver }, { instruments });
  for (const [what, expected] of reasons) {
    await lab.connected(what);
    using other = await RawClient.connect(lab.server.commandServer.port);
    const failed = lab.ask(`${what}.${what}`);
    let answers = 0;
    for (let done = false; !done; answers++) {
      strictEqual(await other.ask("echo here"), "OK here");
      done = await Promise.race([
        failed.then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, 5, false)),
      ]);
    }
    match(await failed, expected, what);
    ok((await failed).startsWith(`ERROR ${what} is not connected: `));
    // It floods for seconds.
    if (what === "flood") ok(answers > 1, "another client is answered meanwhile");
  }
  for (const [what] of reasons) {
    await lab.connected(what);
    strictEqual(await lab.ask(`${what}.hello`), "OK there");
  }
});

Deno.test("driver process: what it throws where nobody waits, and what it prints, is told; it goes on", async () => {
  const driver = `export default ({ defineInstrument, command }, { title }) => defineInstrument({
    title,
    pollInterval: 0.05,
    fields: title === "Meter" ? { Text: { type: "float", read: () => "abc" }, Throws: { type: "float", read: () => { throw new TypeError("no reader"); } } } : {},
    commands: {
      later: command({ summary: "Fail later", run: () => { setTimeout(() => { throw new RangeError("too late"); }); } }),
      hello: command({ summary: "Hello", run: () => "there" }),
      now: command({ summary: "Fail", run: () => {
        throw new TypeError("not now");
      } }),
    },
  });`;
  await using lab = await Lab.start({ "meter.js": driver }, {
    instruments: [{ title: "Meter", driver: "./meter.js" }, { title: "Late", driver: "./meter.js" }],
  });
  const meter = lab.instrument("meter");
  await eventually(() => meter.field("Text").quality === "error", "a bad reading");
  strictEqual(meter.field("Text").reason, 'its driver read the text "abc", and it should be a number');
  await eventually(() => meter.field("Throws").reason === "no reader", "a reader that throws");
  const late = lab.instrument("late");
  match(await lab.ask("late.now"), /not now/);
  match(late.faults.last, /^its command now failed: TypeError: not now \(.*meter\.js:9:15\)/);
  strictEqual(await lab.ask("late.later"), "OK");
  await eventually(() => /RangeError: too late \(.*meter\.js:\d+:\d+\)/.test(late.faults.last), "the late fault");
  strictEqual(await lab.ask("late.hello"), "OK there");
});

const meter = (fields: string) =>
  `export default ({ defineInstrument }, { title }) => defineInstrument({ title, fields: {\n${fields}\n} });`;
const mistakes: readonly (readonly [what: string, text: string, expected: RegExp, entry?: Record<string, unknown>])[] =
  [
    [
      "a type that there is not",
      meter('Volts: { type: "flaot" }'),
      /^meter\.js:1:\d+: Cannot declare Volts of Meter: type is the text "flaot", and should be one of .* \(did you mean float\?\)$/,
    ],
    [
      "a text where a function is meant",
      meter('Volts: { type: "float", write: "S {value}" }'),
      /^meter\.js:1:\d+: Cannot declare Volts of Meter: write is the text "S \{value\}", and should be a function, such as /,
    ],
    [
      "a file that it may not read",
      'export default () => {\n  Deno.readTextFileSync("/etc/hostname");\n};',
      /^meter\.js:2:8: failed to make Meter: NotCapable: a driver may not read files unless .*"permissions": \{ "read": \["\/etc\/hostname"\] \}/,
    ],
    [
      "an image folder that it may not write",
      'export default ({ azcamExposure }, { title, imageFolders }) => azcamExposure({ title, summary: "x", detector: {}, imageFolders });',
      /Cannot write images: its instrument in the bench file has to say "permissions": \{ "read": \[".*images"\], "write": \[".*images"\] \}$/,
    ],
    [
      "a loop",
      "for (;;);",
      /^meter\.js: cannot be loaded: its driver did not answer for 5 s, and was ended: does it loop\?$/,
    ],
    [
      "more memory than there is",
      "const kept = []; for (;;) kept.push(new Uint8Array(5_000_000).fill(1));",
      /^meter\.js: cannot be loaded: (?:it used more than the 512 MiB of memory|its process ended with)/,
    ],
    ["its own end", "self.close(); export default 1;", /^meter\.js: /],
    [
      "a permission that there is not",
      "export default 1;",
      /permissions\.nett: is not known here \(did you mean net\?\); there is net, read, write$/,
      { permissions: { nett: [] } },
    ],
    [
      "an address that is none",
      "export default 1;",
      /permissions\.net\[0\]: write HOST or HOST:PORT.*it is "http:\/\/x\/"$/,
      { permissions: { net: ["http://x/"] } },
    ],
  ];
for (const [what, text, expected, entry] of mistakes) {
  Deno.test(`driver process: ${what}, as a driver is loaded, is told with its file`, async () => {
    match(await problemsOf(text, entry), expected);
  });
}

Deno.test("driver process: permissions have a meaning beside code only, and a port is shared within one process only", async () => {
  const folder = await labFolder({ "meter.js": meter("V: { type: 'int' }") }, {
    instruments: [
      { title: "Relay", driver: "iot-relay", port: "tcp://127.0.0.1:1", permissions: {} },
      { title: "A", driver: "./meter.js", port: "tcp://127.0.0.1:2" },
      { title: "B", driver: "./meter.js", port: "tcp://127.0.0.1:2", permissions: { net: ["x:1"] } },
    ],
  });
  const error = await loadBench(join(folder, "bench.json")).catch((error) => error);
  await Deno.remove(folder, { recursive: true });
  ok(error instanceof BenchFileError);
  match(error.message, /instruments\[0\]\.permissions: has a meaning only beside a driver that is code/);
  match(error.message, /instruments\[2\]\.port: B and A share this port, and do not run in the same process: /);
});

Deno.test("driver process: a camera with a driver's own detector writes images, says the bench in their headers, and shows them", async () => {
  const permissions = { read: ["images"], write: ["images"] };
  const instruments = [
    { title: "exposure", driver: "./camera.js", permissions },
    { title: "parameters", driver: "azcam-parameters" },
  ];
  const lampOf = defineInstrument({
    title: "Lamp",
    fields: { Brightness: { type: "int", keyword: "LAMPBRI", initial: 7, write: () => {} } },
  });
  await using lab = await Lab.start({ "camera.js": ownCamera }, { instruments }, [lampOf]);
  await lab.connected("exposure");
  strictEqual(await lab.ask("lamp.set Brightness 9"), "OK");
  lampOf.keywords.set("LAMPNAME", "Ada", "who made it", "str");
  strictEqual(await lab.ask("exposure.set_keyword OBSERVER Grace"), "OK");
  strictEqual(await lab.ask("exposure.expose 0.05 object 'first light'"), "OK");
  const file = lab.instrument("exposure").field("lastfile").value as string;
  ok(file.startsWith(join(lab.folder, "images").replaceAll("\\", "/")), file);
  strictEqual((await readFits(await fileSource(file))).length, 1);
  const header = await Deno.readTextFile(file).then((text) => text.slice(0, 2880 * 3));
  match(header, /LAMPBRI = +9 /);
  match(header, /LAMPNAME= 'Ada/);
  match(header, /OBSERVER= 'Grace/);
  // azcam's parameters are those of this camera, with their types.
  const parameters = ["imagetitle", "imageautoname", "exposuretime", "imagesizex", "numpiximage", "imagefiletype"];
  const told = [];
  for (const name of parameters) told.push(await lab.ask(`get_par ${name} azcamconsole`));
  deepStrictEqual(told, ["OK 'first light'", "OK 0", "OK 0.05", "OK 20", "OK 240", "OK 0"]);
  strictEqual(await lab.ask("set_par imageroot own. azcamconsole"), "OK");
  strictEqual(await lab.ask("get_par imageroot"), "OK own.");
  const { images } = lab.instrument("exposure");
  const signal = AbortSignal.timeout(10_000);
  const seen = await images!.describe(signal);
  deepStrictEqual([seen.width, seen.height, seen.file], [16, 12, file]);
  const tile = await images!.tile({ x: 1, y: 1, width: 16, height: 12, scale: 4 }, seen.identity, signal);
  deepStrictEqual([tile.columns, tile.rows, [...new Set(tile.pixels)]], [4, 3, [1009]]);
  const gone = await images!.tile({ x: 1, y: 1, width: 1, height: 1, scale: 1 }, "another", signal).catch((error) =>
    error
  );
  strictEqual(gone.constructor.name, "ImageReplaced");
  const [recent, ...others] = await images!.recent(signal);
  deepStrictEqual([recent!.file, recent!.identity, others], [file, seen.identity, []]);
  strictEqual((await images!.describe(signal, seen.identity)).file, file);
  const region = { x: 2, y: 3, width: 5, height: 4 };
  const statistics = await images!.ask({ about: "statistics", region }, seen.identity, signal);
  deepStrictEqual(statistics, { count: 20, mean: 1009, median: 1009, deviation: 0, minimum: 1009, maximum: 1009 });
  const histogram = await images!.ask({ about: "histogram", from: 1000, to: 1010, bins: 10 }, undefined, signal);
  deepStrictEqual(histogram, { from: 1000, to: 1010, below: 0, above: 0, counts: [...Array(9).fill(0), 16 * 12] });
  const [primary] = await images!.ask({ about: "header" }, undefined, signal);
  match(primary!.cards.join("\n"), /^OBSERVER= 'Grace/m);
  const piece = await images!.ask({ about: "piece", offset: 2880, length: 100 }, undefined, signal);
  deepStrictEqual(piece, (await Deno.readFile(file)).subarray(2880, 2980));
  // An exposure is aborted by a command that waits for nothing.
  const exposing = lab.ask("exposure.expose 60");
  using other = await RawClient.connect(lab.server.commandServer.port);
  await eventually(async () => /1 |EXPOSING/i.test(await other.ask("exposure.get_exposureflag")), "the exposure");
  strictEqual(await other.ask("exposure.abort"), "OK");
  match(await exposing, /^ERROR .*Exposure aborted/);
  deepStrictEqual(lab.instrument("exposure").faults.last, "");
});

Deno.test("driver process: a driver that is changed while the server runs is told of when it is started again", async () => {
  const driver = (unit: string) =>
    `export default ({ defineInstrument, command }, { title }) => defineInstrument({ title, fields: { V: { type: "float", unit: "${unit}", read: () => 1 } }, commands: {
      end: command({ summary: "End", run: () => { postMessage("no message"); return new Promise(() => {}); } }) } });`;
  await using lab = await Lab.start({ "meter.js": driver("V") }, {
    instruments: [{ title: "Meter", driver: "./meter.js" }],
  });
  await lab.connected("meter");
  await Deno.writeTextFile(join(lab.folder, "meter.js"), driver("mV"));
  match(await lab.ask("meter.end"), /its driver said what is no message/);
  const { contact } = lab.instrument("meter");
  await eventually(() => /declares something else than before/.test(contact!.reason), "what is said then");
});

Deno.test("driver process: a server that stops waits for no driver that does not, and ends its process", async () => {
  const driver = `export default ({ defineInstrument }, { title }) =>
    defineInstrument({ title, stop: () => title === "Never" ? new Promise(() => {}) : Promise.reject(new Error("not now")) });`;
  const instruments = ["Never", "Rejects"].map((title) => ({ title, driver: "./meter.js" }));
  const lab = await Lab.start({ "meter.js": driver }, { instruments });
  await lab.connected("never");
  await lab.connected("rejects");
  const { faults } = lab.instrument("rejects");
  const since = performance.now();
  await lab[Symbol.asyncDispose]();
  ok(performance.now() - since < 30_000);
  match(faults.last, /^stopping failed: Error: not now \(.*meter\.js:2:\d+\)$/);
});

Deno.test("driver process: where this program may start none, it says so", async () => {
  const starter = {
    start: () => Promise.reject(new Error("this program may not start any process (--allow-run)")),
  };
  const folder = await labFolder({ "meter.js": "" }, { instruments: [{ title: "Meter", driver: "./meter.js" }] });
  await using processes = new Processes(starter);
  const loading = loadBenchWith(new DriverProcesses({ processes }), join(folder, "bench.json"));
  await rejects(loading, {
    name: "BenchFileError",
    message: `${join(folder, "meter.js")}: cannot be loaded: Cannot start its process: ` +
      "this program may not start any process (--allow-run)",
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("driver process: of several that are loaded in one process, the one that loops is named", async () => {
  const folder = await labFolder({ "good.js": meter("V: { type: 'int' }"), "loops.js": "for (;;);" }, {
    instruments: [{ title: "Good", driver: "./good.js" }, { title: "Loops", driver: "./loops.js" }],
  });
  const error = await loadBench(join(folder, "bench.json")).catch((error) => error);
  await Deno.remove(folder, { recursive: true });
  match(error.message, /^[^\n]*loops\.js: cannot be loaded: its driver did not answer for 5 s[^\n]*$/);
});

Deno.test("driver process: from source a registry is asked only where a driver imports packages", () => {
  const permissions = { net: [], read: [], write: [] };
  const grants = permissions;
  const lock = driverSourceCommand(permissions, grants, false)!.filter((flag) => /lock|frozen/.test(flag));
  deepStrictEqual(lock, [`--lock=${fileURLToPath(new URL("deno.lock", top))}`, "--frozen"]);
  ok(driverSourceCommand(permissions, grants, true)!.includes("--no-lock"));
});

Deno.test("driver API: an InstrumentError of 0.1 is a HeliographError, its message first", () => {
  const { InstrumentError } = driverApi;
  const error = new InstrumentError("the stage ends at 25 mm");
  ok(error instanceof HeliographError);
  strictEqual(error.message, "the stage ends at 25 mm");
  strictEqual(error.code, "command_failed");
  strictEqual(new InstrumentError("too far", "out_of_limits").code, "out_of_limits");
  // What a port throws is caught by the name that a driver of 0.1 knows; a driver's own errors stay apart.
  ok(new HeliographError("not_connected", "no answer") instanceof InstrumentError);
  class StageError extends InstrumentError {}
  ok(new StageError("stuck") instanceof StageError);
  ok(!(error instanceof StageError));
});
