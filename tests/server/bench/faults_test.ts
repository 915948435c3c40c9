/** Faults in instruments and in those who listen to them: told once with file and line, and nobody else notices. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import { command, defineInstrument, type Instrument, PortContact, type ValueType } from "../../../mod.ts";
import { Bench } from "../../../server/bench/bench.ts";
import type { InstrumentSpec } from "../../../server/bench/instrument.ts";
import type { Contact } from "../../../server/bench/contact.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { run } from "../../cli_fixture.ts";
import { dashboardClient, eventually, RawClient, read, runProgram, startServer } from "../../fixture.ts";

/** What the log says while the work goes on. */
async function logOf(work: (lines: string[]) => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  await configure({
    sinks: { kept: ({ message }) => void lines.push(message.join("")) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "info" },
    ],
  });
  try {
    await work(lines);
  } finally {
    await reset();
  }
  return lines;
}

function counter(title: string): Instrument {
  let count = 0;
  return defineInstrument({ title, pollInterval: 0.02, fields: { Count: { type: "int", read: () => ++count } } });
}

const here = /faults_test\.ts:\d+:\d+\)/;

Deno.test("faults: a listener of changes that throws or rejects is told once, and the others hear everything", async () => {
  const lines = await logOf(async () => {
    await using bench = new Bench([counter("Counter")]);
    const heard: unknown[] = [];
    bench.onChange(() => {
      throw new TypeError("no listener");
    });
    bench.onChange(() => Promise.reject(new RangeError("too late")));
    bench.onChange((_, field) => heard.push(field.value));
    void bench.start();
    await eventually(() => heard.length >= 5, "five readings");
    deepStrictEqual(heard.slice(0, 5), [1, 2, 3, 4, 5]);
    match(
      bench.find("counter")!.faults.last,
      /^a listener of its changes failed: .*faults_test\.ts.*, \d+ times by now$/,
    );
  });
  const told = lines.filter((line) => line.startsWith("Counter: a listener of its changes failed: "));
  strictEqual(told.length, 2, lines.join("\n"));
  match(told[0]!, /TypeError: no listener \(/);
  match(told[1]!, /RangeError: too late \(/);
  ok(told.every((line) => here.test(line)));
});

Deno.test("faults: a step that throws is told, and simulated time passes for the others", async () => {
  let steps = 0;
  await logOf(async (lines) => {
    await using bench = new Bench([
      defineInstrument({
        title: "Broken",
        step: () => {
          throw new Error("no step");
        },
      }),
      defineInstrument({ title: "Whole", step: () => void steps++ }),
    ]);
    for (let time = 0; time < 3; time++) bench.step(0.1);
    strictEqual(steps, 3);
    strictEqual(lines.length, 1);
    match(lines[0]!, /^Broken: its step failed: Error: no step \(.*faults_test\.ts:\d+:\d+\)$/);
    match(bench.find("broken")!.faults.last, /3 times by now$/);
  });
});

const contactOf = (over: Partial<Contact>): Contact => ({
  address: "nowhere",
  state: "connected",
  reason: "",
  start: () => {},
  stop: () => Promise.resolve(),
  ...over,
});

Deno.test("faults: stops and goodbyes that reject or never end keep nobody from stopping", async () => {
  let stopped = 0;
  await logOf(async (lines) => {
    const bench = new Bench([
      defineInstrument({ title: "Rejects", stop: () => Promise.reject(new Error("not now")) }),
      defineInstrument({
        title: "Throws",
        stop: () => {
          throw new Error("not at all");
        },
        // Its goodbye is said all the same.
        contact: contactOf({ stop: () => Promise.resolve(void stopped++) }),
      }),
      defineInstrument({ title: "Never", stop: () => new Promise(() => {}) }),
      defineInstrument({ title: "Never Says", contact: contactOf({ stop: () => new Promise(() => {}) }) }),
      defineInstrument({ title: "Ends", stop: () => Promise.resolve(void stopped++) }),
    ]);
    await bench.stop();
    strictEqual(stopped, 2);
    const said = lines.join("\n");
    match(said, /^Rejects: stopping failed: Error: not now \(/m);
    match(said, /^Throws: stopping failed: Error: not at all \(/m);
    match(said, /^Never: stopping failed: it had not ended after 10 s$/m);
    match(said, /^Never Says: ending its contact failed: it had not ended after 10 s$/m);
  });
});

const garbage: readonly (readonly [string, ValueType, unknown, RegExp])[] = [
  ["NaN", "float", NaN, /^its driver read NaN, and it should be a number$/],
  ["infinity", "float", Infinity, /^its driver read Infinity, and it should be a number$/],
  ["text for a number", "float", "abc", /^its driver read the text "abc", and it should be a number$/],
  ["nothing", "float", undefined, /^its driver read nothing, and it should be a number$/],
  ["a fraction for a whole number", "int", 1.5, /^its driver read 1\.5, and it should be a whole number$/],
  ["a number for text", "text", 5, /^its driver read 5, and it should be text$/],
  ["an object", "text", {}, /^its driver read a value of type object, and it should be text$/],
  ["what is no choice", "choice", "Half", /^its driver read the text "Half", and it should be one of Open, Closed$/],
  ["a number for a switch", "switch", 1, /^its driver read 1, and it should be true or false$/],
];
for (const [what, type, value, reason] of garbage) {
  Deno.test(`faults: a reading of ${what} is an error with a reason, published and logged once`, async () => {
    for (const later of [false, true]) {
      const choices = type === "choice" ? { choices: ["Open", "Closed"] } : {};
      const instrument = defineInstrument({
        title: "Meter",
        fields: { V: { type, ...choices, read: (later ? () => Promise.resolve(value) : () => value) as () => never } },
      });
      const lines = await logOf(async () => {
        const bench = new Bench([instrument]);
        let published = 0;
        bench.onChange(() => published++);
        for (let poll = 0; poll < 3; poll++) await read(instrument);
        strictEqual(published, 1);
        await bench.stop();
      });
      const [field] = instrument.allFields;
      deepStrictEqual([field!.quality, field!.text], ["error", "Read Error"]);
      match(field!.reason, reason);
      strictEqual(lines.length, 1);
      match(lines[0]!, /^Meter: reading V failed: its driver read /);
    }
  });
}

Deno.test("faults: a handler that updates a field with NaN makes it an error, published once", async () => {
  const meter = defineInstrument({ title: "Meter", fields: { V: { type: "float", initial: 1 } } });
  await using bench = new Bench([meter]);
  let published = 0;
  bench.onChange(() => published++);
  for (let time = 0; time < 3; time++) meter.fields.V.update(NaN);
  deepStrictEqual([published, meter.allFields[0]!.reason], [1, "its driver said NaN, and it should be a number"]);
});

Deno.test("faults: a read that throws at once or later is told with its place, and the next field is read", async () => {
  const meter = defineInstrument({
    title: "Meter",
    fields: {
      Now: {
        type: "float",
        read: () => {
          throw new TypeError("no reader");
        },
      },
      Later: { type: "float", read: () => Promise.reject("only text") },
      Thenable: { type: "float", read: () => ({ then: (done: (value: number) => void) => done(5) }) as never },
      Good: { type: "float", read: () => 1 },
    },
  });
  const lines = await logOf(async () => {
    for (let poll = 0; poll < 3; poll++) await read(meter);
  });
  deepStrictEqual(meter.allFields.map(({ value, reason }) => [value, reason]), [
    [undefined, "no reader"],
    [undefined, "only text"],
    [5, ""],
    [1, ""],
  ]);
  strictEqual(lines.length, 2);
  match(lines[0]!, /^Meter: reading Now failed: TypeError: no reader \(.*faults_test\.ts:\d+:\d+\)$/);
  match(lines[1]!, /^Meter: reading Later failed: only text$/);
});

Deno.test("faults: whatever a write returns, the field holds what was set; what has to be waited for is", async () => {
  let done = false;
  const then = (resolve: (value: unknown) => void) => setTimeout(() => resolve(done = true), 10);
  const writes: readonly ((value: number) => unknown)[] = [() => NaN, () => "garbage", () => null, () => ({ then })];
  for (const write of writes) {
    const lamp = defineInstrument({ title: "Lamp", fields: { Power: { type: "float", write } } });
    await lamp.set("Power", 5, new AbortController().signal);
    strictEqual(lamp.fields.Power.value, 5);
  }
  ok(done);
});

Deno.test("faults: a listener of contact that throws harms neither the contact nor the other listeners", async () => {
  await using bench = new Bench([
    defineInstrument({
      title: "Meter",
      contact: contactOf({
        start: (changed) => {
          changed();
          changed();
        },
      }),
    }),
  ]);
  let heard = 0;
  bench.onContact(() => {
    throw new TypeError("no listener");
  });
  bench.onContact(() => void heard++);
  await bench.start();
  strictEqual(heard, 2);
  match(bench.find("meter")!.faults.last, /^a listener of its contact failed: TypeError: no listener \(/);
});

Deno.test("faults: whatever a greeting throws is a reason, and the instrument is tried again", async () => {
  await using device = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response());
  const format = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
  for (const thrown of [undefined, "only text", new TypeError("no greeting")]) {
    let tries = 0;
    const port = new Port({ kind: "tcp", host: "127.0.0.1", port: device.addr.port }, format);
    const contact = new PortContact(port, {
      title: "Meter",
      greet: () => {
        tries++;
        throw thrown;
      },
      shortestWait: 0.01,
      longestWait: 0.01,
    });
    contact.start(() => {});
    await eventually(() => tries >= 3, "three tries");
    match(contact.reason, /^(?:undefined|only text|no greeting)$/);
    await contact.stop();
  }
});

Deno.test("faults: a command that fails unexpectedly is told with its place; clients and describe see it", async () => {
  const lines = await logOf(async () => {
    const stage = defineInstrument({
      title: "Stage",
      commands: {
        now: command({
          summary: "Fail at once",
          run: () => {
            throw new TypeError("no stage");
          },
        }),
        later: command({ summary: "Fail later", run: () => Promise.reject(new RangeError("no end")) }),
      },
    });
    await using server = startServer({ instruments: [stage] });
    using client = await RawClient.connect(server.commandServer.port);
    for (let time = 0; time < 3; time++) {
      match(await client.ask("stage.now"), /no stage/);
      match(await client.ask("stage.later"), /no end/);
    }
    await using dashboard = dashboardClient(server);
    const { fault } = await dashboard.describe("stage");
    match(fault!, /^its command later failed: RangeError: no end \(.*faults_test\.ts:\d+:\d+\), 3 times by now$/);
    const { out } = await run(["describe", "stage", "--port", String(server.dashboardServer.port)]);
    match(out, /^Stage \(stage\)\nits command later failed: RangeError: no end \(/);
  });
  const told = lines.filter((line) => line.includes("failed"));
  strictEqual(told.length, 2, told.join("\n"));
});

Deno.test("faults: a program that outlives its faults goes on, and tells each once with its place", async () => {
  const script = `
    import { outliveFaults } from "${new URL("../../../mod.ts", import.meta.url)}";
    import { configureSync } from "npm:@logtape/logtape@2.4.2";
    configureSync({
      sinks: { out: ({ message }) => console.log(message.join("")) },
      loggers: [{ category: ["logtape"], sinks: [] }, { category: ["heliograph"], sinks: ["out"] }],
    });
    using _faults = outliveFaults();
    for (let time = 0; time < 3; time++) {
      setTimeout(() => { throw new TypeError("from a timer"); });
      void Promise.reject(new RangeError("from a promise"));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log("it goes on");
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const { code, stdout } = await runProgram(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      "--lock=deno.lock",
      "--frozen",
      file,
    ]);
    strictEqual(code, 0);
    const lines = stdout.trim().split("\n");
    strictEqual(lines.length, 3, stdout);
    match(stdout, /^heliograph: code that nobody waited for failed: TypeError: from a timer \(.*:10:\d+\)$/m);
    match(stdout, /^heliograph: a promise that nobody waited for failed: RangeError: from a promise \(.*:11:\d+\)$/m);
    strictEqual(lines.at(-1), "it goes on");
  } finally {
    await Deno.remove(file);
  }
});

type Spec = InstrumentSpec<Record<string, ValueType>>;
const field = (declared: unknown) => ({ title: "Meter", fields: { Volts: declared } }) as Spec;
const declared: readonly (readonly [what: string, spec: unknown, message: RegExp])[] = [
  [
    "a type that there is not",
    field({ type: "flaot" }),
    /^Cannot declare Volts of Meter: type is the text "flaot", and should be one of float, int, .* \(did you mean float\?\)$/,
  ],
  ["no type", field({}), /^Cannot declare Volts of Meter: type is missing, and should be one of float, /],
  [
    "a text where a function is meant",
    field({ type: "float", write: "S {value}" }),
    /^Cannot declare Volts of Meter: write is the text "S \{value\}", and should be a function, such as \(value, signal\) => .*described in the bench file$/,
  ],
  [
    "a word that there is not",
    field({ type: "float", unti: "V" }),
    /^Cannot declare Volts of Meter: unti is not known here \(did you mean unit\?\)$/,
  ],
  [
    "a field that is none",
    field("float"),
    /^Cannot declare Volts of Meter: it is the text "float", and should be an object$/,
  ],
  [
    "a value to begin with of another type",
    field({ type: "float", initial: "abc" }),
    /^Cannot declare Volts of Meter: initial is the text "abc", and it should be a number$/,
  ],
  [
    "limits that exclude all",
    field({ type: "float", minimum: 5, maximum: 1 }),
    /its minimum 5 is above its maximum 1$/,
  ],
  ["a choice without choices", field({ type: "choice" }), /^Cannot declare Volts of Meter: a choice needs "choices"/],
  ["a keyword that FITS does not have", field({ type: "float", keyword: "camtemp" }), /keyword is .*write CAMTEMP\)$/],
  ["no title", {}, /^Cannot declare an instrument: title is missing, and should be text$/],
  ["nothing", undefined, /^Cannot declare an instrument: it is nothing, and should be an object$/],
  [
    "a word of the instrument that there is not",
    { title: "Meter", feilds: {} },
    /^Cannot declare Meter: feilds is not known here \(did you mean fields\?\)$/,
  ],
  [
    "a port as its contact",
    { title: "Meter", contact: {} },
    /contact is .*, and should be what keeps it in contact, such as new PortContact/,
  ],
  [
    "a command that is a function",
    { title: "Meter", commands: { home: () => {} } },
    /^Cannot declare home of Meter: it is a function, and should be command\(\{ summary, run \}\)$/,
  ],
];
for (const [what, spec, message] of declared) {
  Deno.test(`declarations: ${what} is told with what would be right`, () => {
    throws(() => defineInstrument(spec as Spec), { name: "DeclarationError", message });
  });
}

Deno.test("declarations: a command's words are checked too", () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ summary: "Go" }, /^Cannot declare the command "Go": run is missing, and should be a function, such as /],
    [
      { summary: "Go", run: () => {}, role: "amdin" },
      /role is the text "amdin", and should be one of .*did you mean admin\?/,
    ],
    [
      { summary: "Go", run: () => {}, arguments: { to: { type: "flaot" } } },
      /^Cannot declare to of the command "Go": type is /,
    ],
    [
      { summary: "Go", run: () => {}, arguments: { to: { type: "float", default: "home" } } },
      /^Cannot declare to of the command "Go": default is the text "home", and it should be a number$/,
    ],
    [{ summary: "Go", run: () => {}, immediat: true }, /immediat is not known here \(did you mean immediate\?\)$/],
  ];
  for (const [spec, message] of wrong) throws(() => command(spec as never), { name: "DeclarationError", message });
});
