/** Code from clients: what it sees, what comes of it, and whose turn it is. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { command, CommandServer, defineInstrument, demoInstruments, type HeliographServer } from "../../../mod.ts";
import { admit } from "../../../server/access/admit.ts";
import { Dispatcher } from "../../../server/requests/dispatcher.ts";
import { Evaluator } from "../../../server/requests/evaluator.ts";
import { pyopticonSource } from "../../../server/code/pyopticon_source.ts";
import type { Sandbox } from "../../../server/code/sandbox.ts";
import { Services } from "../../../server/services.ts";
import { dashboardClient, eventually, RawClient, startServer } from "../../fixture.ts";

/** A raw client, as PyOpticon's is. */
class Original {
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async connect(server: HeliographServer): Promise<Original> {
    return new Original(await RawClient.connect(server.dashboardServer.port));
  }

  async send(cmd: "Eval" | "Exec", code: string): Promise<string> {
    await this.#client.send(JSON.stringify({ cmd, code, printout: false }));
    return await this.#client.until((text) => text !== "");
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

Deno.test("code: JavaScript sees PyOpticon's dashboard, in both spellings, with typed values", async () => {
  await using server = startServer({ sandbox: {}, name: "bench of the test" });
  await using client = dashboardClient(server);
  const value = (code: string) => client.doEval(code);
  strictEqual(await value("get_dashboard().get_field('UV Light', 'Actual Status')"), "No Reading");
  strictEqual(await value("getDashboard().getField('uv_light', 'status_selection')"), "Off");
  strictEqual(await value("getDashboard().getField('Methane MFC', 'Setpoint Entry') + 1"), 1);
  strictEqual(await value("get_dashboard().name"), "bench of the test");
  strictEqual(await value("get_dashboard().serial_connected"), false);
  strictEqual(await value("getDashboard().serialConnected || getDashboard().checkSerialConnected()"), false);
  strictEqual(await value("get_dashboard().check_serial_connected()"), false);
  strictEqual(await value("Object.keys(get_dashboard().get_widgets_by_nickname()).includes('UV Light')"), true);
  strictEqual(await value("getDashboard().getWidgetsByNickname()['UV Light'].name"), "UV Light");
  strictEqual(await value("getDashboard().getWidgetByNickname('Reactor TC').name"), "Reactor Thermocouple");
  const widget = "get_dashboard().get_widget_by_nickname('Methane MFC')";
  strictEqual(await value(`${widget}.log_data()['Setpoint Entry']`), 0);
  strictEqual(await value(`${widget}.logData()['Gas Selection']`), "Ar");
  strictEqual(await client.doExec(`${widget}.set_field('Setpoint Entry', 12.5); ${widget}.confirm();`), "Success");
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), 12.5);
  strictEqual(await value("getDashboard().call('tempcon', 'get_control_temperature')"), -100);
  strictEqual(await value("await Promise.resolve(7)"), 7);
});

Deno.test("code: set_field confirms unless told otherwise, in both languages", async () => {
  await using server = startServer({ sandbox: {} });
  await using client = dashboardClient(server);
  const staged = async () => (await client.describe("uv_light")).fields[0]!.staged ?? false;
  await client.doExec("get_dashboard().set_field('UV Light', 'Status Selection', 'On', false)");
  strictEqual(await staged(), true);
  await client.doExec("get_dashboard().set_field('UV Light', 'Status Selection', 'On')");
  strictEqual(await staged(), false);
  await client.doExec("get_dashboard().set_field('UV Light', 'Status Selection', 'Off', confirm=False)", {
    language: "python",
  });
  strictEqual(await staged(), true);
  await client.doExec("get_dashboard().set_field('UV Light', 'Status Selection', 'Off')", { language: "python" });
  strictEqual(await staged(), false);
});

Deno.test("code: Python sees PyOpticon's dashboard, with values as text", async () => {
  const pair = defineInstrument({
    title: "Pair",
    commands: {
      both: command({ summary: "Tell both", returns: "tuple", run: () => [1, "a b"] }),
      none: command({ summary: "Tell nothing", returns: "tuple", run: () => {} }),
    },
  });
  const instruments = [...demoInstruments(), pair];
  await using server = startServer({ sandbox: {}, name: "bench of the test", instruments });
  await using client = dashboardClient(server);
  const value = (code: string) => client.doEval(code, { language: "python" });
  strictEqual(await value("get_dashboard().get_field('UV Light', 'Actual Status')"), "No Reading");
  strictEqual(await value("get_dashboard().get_field('Methane MFC', 'Setpoint Entry')"), "0.0");
  strictEqual(await value("get_dashboard().name"), "bench of the test");
  strictEqual(await value("get_dashboard().serial_connected or get_dashboard().check_serial_connected()"), false);
  strictEqual(await value("'UV Light' in get_dashboard().get_widgets_by_nickname()"), true);
  strictEqual(await value("get_dashboard().widgets_by_nickname['UV Light'].nickname"), "UV Light");
  const widget = "get_dashboard().get_widget_by_nickname('Methane MFC')";
  strictEqual(await value(`${widget}.log_data()['Gas Selection']`), "Ar");
  // In the order of the instrument's fields, which a plain dict of MicroPython would lose.
  deepStrictEqual(
    await value(`list(${widget}.log_data().keys())`),
    (await client.describe("methane_mfc")).fields.map(({ title }) => title),
  );
  await client.doExec(`w = ${widget}\nw.set_field('Setpoint Entry', '12.5', hush_warning=True)\nw.confirm()`, {
    language: "python",
  });
  strictEqual(await client.getField("Methane MFC", "Setpoint Entry"), 12.5);
  strictEqual(await value("get_dashboard().call('exposure', 'set_exposuretime', exposure_time=2.5)"), null);
  strictEqual(await value("get_dashboard().call('exposure', 'get_exposuretime')"), 2.5);
  // What a command declares to be a tuple is one, and prints so on azcam's wire; JavaScript and JSON have a list.
  strictEqual(
    await value(`str(get_dashboard().call('pair', 'both')) + str({get_dashboard().call('pair', 'both'): 1})`),
    "(1, 'a b'){(1, 'a b'): 1}",
  );
  strictEqual(await value(`get_dashboard().get_widget_by_nickname('Pair').call('none') is None`), true);
  deepStrictEqual(await client.doEval("getDashboard().call('pair', 'both')"), [1, "a b"]);
  deepStrictEqual(await client.call("pair", "both"), [1, "a b"]);
  strictEqual(await server.commandServer.command("pair.both"), "OK (1, 'a b')");
  const unknown = "try:\n  get_dashboard().get_field('Nope', 'x')\nexcept KeyError as e:\n  print('caught', e.code)";
  let printed = "";
  await client.doExec(unknown, { language: "python", output: (text) => printed += text });
  strictEqual(printed, "caught unknown_instrument\n");
});

Deno.test("code: any value comes back, typed where it is plain data and readable everywhere", async () => {
  await using server = startServer({ sandbox: {} });
  await using client = dashboardClient(server);
  using original = await Original.connect(server);
  const javascript: [code: string, value: unknown][] = [
    ["1 + 1", 2],
    ["'é€😀' + '\\n'", "é€😀\n"],
    ["[1, 'a', null, true, { a: [2.5] }]", [1, "a", null, true, { a: [2.5] }]],
    ["undefined", null],
    ["NaN", "NaN"],
    ["[Infinity, 10n ** 20n]", ["Infinity", "100000000000000000000"]],
    ["new Map([['a', new Set([1])]])", { a: [1] }],
    ["new Map([[1, 'a'], ['1', 'b']])", [[1, "a"], ["1", "b"]]],
    ["/x/g", "/x/g"],
    ["((resourceURL) => resourceURL)(1)", 1],
    ["new Uint8Array([1, 2]).buffer", [1, 2]],
    ["'\\\\import'", "\\import"],
    [
      "'import export sourceMappingURL=' + /import/.test('import') + `export` /* import */",
      "import export sourceMappingURL=trueexport",
    ],
    ["new Float64Array([1.5, 2])", [1.5, 2]],
    ["new Date(0)", "1970-01-01T00:00:00.000Z"],
    ["function named() {}", "[Function: named]"],
    ["new RangeError('far')", "RangeError: far"],
    ["{ a: 1 }", { a: 1 }],
    ["2 // a comment at the end", 2],
  ];
  for (const [code, value] of javascript) deepStrictEqual(await client.doEval(code), value, code);
  const python: [code: string, value: unknown, text: string][] = [
    ["1 + 1", 2, "2"],
    ["1.0", 1, "1.0"],
    ["'é€😀\\n'", "é€😀\n", "é€😀\n"],
    ["[1, 'a', None, True, {'a': (2.5,)}]", [1, "a", null, true, { a: [2.5] }], "[1, 'a', None, True, {'a': (2.5,)}]"],
    ["None", null, "None"],
    ["True", true, "True"],
    ["2 ** 70", "1180591620717411303424", "1180591620717411303424"],
    ["float('nan')", "nan", "nan"],
    ["[float('inf')]", "[inf]", "[inf]"],
    ["{1: 2}", "{1: 2}", "{1: 2}"],
    ["b'a'", "b'a'", "b'a'"],
    ["get_dashboard()", "<Dashboard 'heliograph'>", "<Dashboard 'heliograph'>"],
    ["  'stripped'", "stripped", "stripped"],
    ["''", "", " "],
  ];
  for (const [code, value, text] of python) {
    deepStrictEqual(await client.doEval(code, { language: "python" }), value, code);
    strictEqual(await original.send("Eval", code), text, code);
  }
  match(await original.send("Eval", "'x' * 2000"), /^Error: the reply is over 1024 bytes/);
});

Deno.test("code: errors come back with type, message and line, in the sender's own language", async () => {
  // On a slow machine it takes a while to fill Python's memory.
  await using server = startServer({ sandbox: { deadline: 60 } });
  await using client = dashboardClient(server);
  const javascript: [code: string, mode: "doEval" | "doExec", message: RegExp][] = [
    ["nonsense(", "doEval", /^In Eval, Error: SyntaxError: Unexpected token \(an expression is wanted.*\) \(line 1\)$/],
    [
      "const x = 5",
      "doEval",
      /SyntaxError: Unexpected token \(an expression is wanted; exec takes statements\) \(line 1\)$/,
    ],
    ["1); (2", "doEval", /SyntaxError: this is more than one expression \(exec takes statements\)$/],
    ["missing", "doEval", /: ReferenceError: missing is not defined \(line 1\)$/],
    ["const a = 1;\n\nconst b = = 2;\n", "doExec", /: SyntaxError: Unexpected token \(line 3\)$/],
    ["function f() {\n  null.x;\n}\nf();", "doExec", /TypeError: Cannot read properties of null .*\(line 2\)$/],
    [
      "const text = 'import';\n\nconst value = (text).import;",
      "doExec",
      /SyntaxError: Cannot use "import": .*\(line 3\)$/,
    ],
    ["const text = '\\import';", "doExec", /SyntaxError: Cannot use "import"/],
    ["\r\u2028throw new Error('data:text/x:9:9');", "doExec", /Error: data:text\/x:9:9 \(line 3\)$/],
    ["throw 'text';", "doExec", /Error: Uncaught text$/],
    ["throw null;", "doExec", /Error: Uncaught $/],
    [
      "\nget_dashboard().get_field('Nope', 'x')",
      "doExec",
      /HeliographError: No instrument is called Nope.*\(line 2\)$/,
    ],
    ["\n\nPromise.reject(new Error('later')); await new Promise(() => {});", "doExec", /Error: later \(line 3\)$/],
    [
      "setTimeout(() => { throw new Error('timer'); }); await new Promise(() => {});",
      "doExec",
      /Error: timer \(line 1\)$/,
    ],
    [`${"(".repeat(20_000)}1${")".repeat(20_000)}`, "doEval", /SyntaxError: it is too long or nested too deep/],
    [
      "getDashboard().setField('Methane MFC', 'Setpoint Entry', NaN)",
      "doEval",
      /RangeError: Cannot send NaN as a value/,
    ],
  ];
  for (const [code, mode, message] of javascript) await rejects(client[mode](code), { message }, code.slice(0, 99));
  const python: [code: string, mode: "doEval" | "doExec", message: RegExp][] = [
    ["nonsense(", "doEval", /^In Eval, Error: SyntaxError: invalid syntax \(line 1\)$/],
    ["x = 1", "doEval", /: SyntaxError: invalid syntax \(line 1\)$/],
    ["missing", "doEval", /: NameError: name 'missing' isn't defined \(line 1\)$/],
    ["a = 1\ndef f():\n    return 1 / 0\n\nf()", "doExec", /: ZeroDivisionError: divide by zero \(line 3\)$/],
    ["x = 1\n  y = 2", "doExec", /: IndentationError: unexpected indent \(line 2\)$/],
    ["\nget_dashboard().get_field('Nope', 'x')", "doExec", /: KeyError: No instrument is called Nope.*\(line 2\)$/],
    ["get_dashboard().set_field('Methane MFC', 'Setpoint Entry', 'x')", "doExec", /: ValueError: Cannot set Setpoint/],
    ["raise RuntimeError", "doExec", /: RuntimeError \(line 1\)$/],
    [
      "for i in range(10000000):\n    i * i * i",
      "doExec",
      // A process of Windows' Deno, and of 2.4, needs more memory itself: it may come to its own limit first.
      Deno.build.os === "windows" || Deno.version.deno.startsWith("2.4.")
        ? /: MemoryError: Python's memory of 89 MiB is full|it used more than the 256 MiB/
        : /: MemoryError: Python's memory of 89 MiB is full; it is freed only/,
    ],
    ["[0] * 10 ** 9", "doEval", /: MemoryError: memory allocation failed.*\(line 1\)$/],
    ["import sys\nsys.exit(1)", "doExec", /: SystemExit: 1 \(line 2\)$/],
  ];
  for (const [code, mode, message] of python) {
    await rejects(client[mode](code, { language: "python" }), { message }, code);
  }
  await rejects(client.doEval("get_dashboard().get_field('Nope', 'x')"), { code: "unknown_instrument" });
  await rejects(client.doEval("missing"), { code: "code_failed" });
});

Deno.test("code: PyOpticon's rules for Exec: functions and lambdas are called, the rest is run", async () => {
  await using server = startServer({ sandbox: {} });
  using original = await Original.connect(server);
  const field = ["uv_light", "status_selection"] as const;
  await using client = dashboardClient(server);
  const set = (value: string) => `get_dashboard().set_field('UV Light', 'Status Selection', '${value}')`;
  const cases: [source: string, value: string][] = [
    [`def switch_on():\n    ${set("On")}\n`, "On"],
    [`    def switch_off(status='Off'):\n        ${set("Off")}\n`, "Off"],
    [`l = lambda: ${set("On")}\n`, "On"],
    [`    l = lambda: ${set("Off")}\n`, "Off"],
    [`values = sorted(['On', 'Off'], key=lambda value: len(value))\n${set("On")}\n`, "On"],
    [`def one_line(): ${set("Off")}\n`, "Off"],
  ];
  for (const [source, value] of cases) {
    strictEqual(await original.send("Exec", source), "Success", source);
    strictEqual(await client.getField(...field), value, source);
  }
  match(await original.send("Exec", "def fails():\n    return 1 / 0\n"), /^Error: ZeroDivisionError.*\(line 2\)$/);
  // Who says what language it is means the text as it stands.
  await client.doExec(`def never_called():\n    ${set("On")}\n`, { language: "python" });
  strictEqual(await client.getField(...field), "Off");
  throws(() => pyopticonSource("s.do_exec(lambda: 1)"), /^HeliographError: Ignoring do_exec\(\) call: Not allowed/);
});

Deno.test("code: what it prints reaches the client that asked for it, in order, before the reply", async () => {
  await using server = startServer({ sandbox: {} });
  using client = await RawClient.connect(server.dashboardServer.port);
  const exec = async (id: number, language: string, code: string, output: boolean) => {
    await client.send(JSON.stringify({ id, cmd: "Exec", language, code, output }));
    const received: Record<string, unknown>[] = [];
    while (!("ok" in (received.at(-1) ?? {}))) received.push(JSON.parse((await client.lines(1))[0]!));
    return [
      received.slice(0, -1).map(({ text }) => text).join(""),
      received.at(-1)!.ok,
      received.every((one) => one.id === id),
    ];
  };
  const javascript =
    "console.log('a %s', { b: 1 }, [2]); console.error('é'); console.time('t'); console.assert(1, 'no'); console.dir('€', {}); getDashboard().name; print(1);";
  deepStrictEqual(await exec(1, "javascript", javascript, true), ["a { b: 1 } [ 2 ]\né\n€\n1\n", true, true]);
  deepStrictEqual(await exec(2, "python", "print('é€😀', end='')\nprint(1, [2])", true), ["é€😀1 [2]\n", true, true]);
  deepStrictEqual(await exec(3, "python", "print('unheard')", false), ["", true, true]);
  deepStrictEqual(await exec(4, "python", "print('last words')\n1 / 0", true), ["last words\n", false, true]);
});

Deno.test("code: on azcam lines, eval answers as Python prints, in order with other commands", async () => {
  await using server = startServer({ sandbox: {} });
  using client = await RawClient.connect(server.commandServer.port);
  await client.send(
    "eval get_dashboard().get_field('UV Light', 'Status Selection') # a comment\r\necho between\r\n" +
      "EVAL [1, 'a b', \"it's\"]\r\neval 1/0\r\neval\r\neval 'x\\ny'\r\n",
  );
  deepStrictEqual(await client.lines(6), [
    "OK Off",
    "OK between",
    // As azcam's client, which splits as a shell does, gets it back.
    `OK "[1, 'a b', \\"it's\\"]"`,
    "ERROR ZeroDivisionError: divide by zero (line 1)",
    "ERROR SyntaxError: invalid syntax (line 1)",
    "OK 'x\\ny'",
  ]);
  match(await client.ask("help"), /eval EXPRESSION/);
  strictEqual(await server.commandServer.command("eval 6 * 7"), "OK 42");
  await using alone = new CommandServer({ port: 0 });
  alone.start();
  strictEqual(await alone.command("eval 1"), "ERROR Cannot run code: this server evaluates none (--eval none)");
});

Deno.test("code: only an admin's is run, and only in the languages that the operator allows", async () => {
  const services = new Services(demoInstruments(), { sandbox: { languages: ["javascript"] } });
  const code = { language: "javascript", mode: "eval", source: "1" } as const;
  for (const role of ["observer", "operator"] as const) {
    const evaluated = services.evaluator.evaluate(code, admit({ by: "program" }).deputy({ role }), services.requests);
    await rejects(evaluated, { code: "not_allowed", message: /it needs the role admin, and you are op|you are obs/ });
  }
  strictEqual(services.evaluator.usualLanguage, "javascript");
  await using server = startServer({ sandbox: { languages: ["javascript"] } });
  await using client = dashboardClient(server);
  strictEqual(await client.doEval("1 + 1"), 2);
  await rejects(client.doEval("1", { language: "python" }), {
    code: "unavailable",
    message: /Cannot run python: this server evaluates javascript only \(--eval javascript\)/,
  });
  await rejects(client.doEval("1", { language: "ruby" as "python" }), {
    code: "bad_argument",
    message: /Cannot run ruby: code is javascript or python/,
  });
  using line = await RawClient.connect(server.commandServer.port);
  strictEqual(await line.ask("eval [1, undefined]"), "OK [1,null]");
});

Deno.test("code: what a command returns that JSON cannot hold is an error, and the server goes on", async () => {
  const circular: unknown[] = [];
  circular.push(circular);
  const returning = (value: unknown) => command({ summary: "Return it", run: () => value });
  const odd = defineInstrument({ title: "odd", commands: { big: returning(5n), circular: returning(circular) } });
  await using server = startServer({ instruments: [odd], sandbox: {} });
  await using client = dashboardClient(server);
  await rejects(client.doEval("getDashboard().call('odd', 'big')"), { message: /serialize a BigInt.*\(line 1\)$/ });
  await rejects(client.doEval("getDashboard().call('odd', 'circular')"), { message: /circular/i });
  strictEqual(await client.doEval("1 + 1"), 2);
});

/** Instruments whose command takes a while and notes when it began, on one list. */
function notingInstruments(notes: string[]) {
  return ["first", "second"].map((title) =>
    defineInstrument({
      title,
      commands: {
        note: command({
          summary: "Note a word",
          arguments: { word: { type: "text" } },
          run: async ({ word }) => {
            notes.push(word);
            await new Promise((resolve) => setTimeout(resolve, 5));
          },
        }),
      },
    })
  );
}

for (const language of ["javascript", "python"] as const) {
  Deno.test(`code: do_threadsafe runs after the code, with no other client's command between its steps (${language})`, async () => {
    const notes: string[] = [];
    await using server = startServer({ instruments: notingInstruments(notes), sandbox: {} });
    await using client = dashboardClient(server);
    await using other = dashboardClient(server);
    let running = true;
    const hammering = ["first", "second"].map(async (instrument) => {
      while (running) await other.call(instrument, "note", ["other"]);
    });
    await eventually(() => notes.length > 4, "the other client drives both");
    await client.doExec(
      language === "python"
        ? "def steps():\n  for n in range(5):\n    for name in ['first', 'second']:\n      get_dashboard().call(name, 'note', 'step')\n" +
          "do_threadsafe(steps)\nget_dashboard().call('first', 'note', 'code')"
        : "doThreadsafe(() => { for (let n = 0; n < 5; n++) for (const name of ['first', 'second'])" +
          " getDashboard().call(name, 'note', 'step'); }); getDashboard().call('first', 'note', 'code');",
      { language },
    );
    const seen = notes.length;
    await eventually(() => notes.length > seen + 4, "the other client goes on");
    running = false;
    await Promise.all(hammering);
    const from = notes.indexOf("step");
    ok(notes.indexOf("code") < from, `the code comes first: ${notes}`);
    deepStrictEqual(notes.slice(from, from + 10), Array(10).fill("step"));
  });
}

Deno.test("code: the bench is free again when code that holds it fails, is stopped, or leaves", async () => {
  const notes: string[] = [];
  await using server = startServer({ instruments: notingInstruments(notes), sandbox: { deadline: 3 } });
  await using other = dashboardClient(server);
  // Starting the first process may take longer than that on a busy PC.
  await eventually(() => other.doEval("1").then(() => true, () => false), "the sandbox has started");
  for (const ending of ["throw new Error('failed')", "for (;;)"]) {
    await using client = dashboardClient(server);
    await rejects(client.doExec(`do_threadsafe(() => { get_dashboard().call('first', 'note', 'held'); ${ending}; });`));
    await other.call("first", "note", ["free"]);
  }
  {
    const client = dashboardClient(server);
    const left = client.doExec("do_threadsafe(() => { get_dashboard().call('first', 'note', 'left'); for (;;); });");
    left.catch(() => {});
    await eventually(() => notes.includes("left"), "the code holds the bench");
    await client.close();
  }
  await other.call("second", "note", ["free"]);
  deepStrictEqual(notes, ["held", "free", "held", "free", "left", "free"]);
});

Deno.test("code: one that holds the bench waits for a command that runs, which may call others", async () => {
  const notes: string[] = [];
  const caller = defineInstrument({
    title: "caller",
    commands: {
      both: command({
        summary: "Call both, slowly",
        run: async (_, { call }) => {
          for (const name of ["first", "second"]) {
            await new Promise((resolve) => setTimeout(resolve, 100));
            await call(name, "note", `nested ${name}`);
          }
        },
      }),
    },
  });
  await using server = startServer({ instruments: [...notingInstruments(notes), caller], sandbox: {} });
  await using client = dashboardClient(server);
  await using other = dashboardClient(server);
  const both = other.call("caller", "both");
  const held = client.doExec("do_threadsafe(() => { getDashboard().call('caller', 'both'); });");
  await both;
  await held;
  strictEqual(notes.length, 4);
});

Deno.test("code: is stopped in time for a PyOpticon client, however long others may take", async () => {
  await using server = startServer({ sandbox: { deadline: 60 } });
  using original = await Original.connect(server);
  await using client = dashboardClient(server);
  const longer = client.doEval("new Promise((done) => setTimeout(done, 5200, 'done'))");
  longer.catch(() => {});
  match(
    await original.send("Exec", "while True: pass"),
    /^Error: The code was stopped: it did not finish within 4\.5 s/,
  );
  strictEqual(await longer, "done");
});

Deno.test("evaluator: asks that are none, from code that has found a way to speak for its Worker, are errors", async () => {
  const services = new Services(demoInstruments());
  let answers: unknown[] = [];
  const asks = [
    {},
    null,
    5,
    "get",
    { ask: "nope" },
    { ask: "get" },
    { ask: "get", instrument: {}, field: [] },
    {
      ask: "call",
      instrument: "tempcon",
      command: "get_temperatures",
      args: "x",
      keywords: null,
    },
    { ask: "instruments", instrument: 5 },
    { ask: "get", instrument: "__proto__", field: "constructor" },
  ];
  const sandbox = {
    options: { languages: ["javascript"] },
    evaluate: async (_code: unknown, sender: { answer: (ask: never) => Promise<unknown> }) => {
      answers = await Promise.all(asks.map((ask) => sender.answer(ask as never)));
      return { text: "", value: null };
    },
  } as unknown as Sandbox;
  const evaluator = new Evaluator(services.bench, new Dispatcher(services.bench), sandbox, "test");
  await evaluator.evaluate(
    { language: "javascript", mode: "exec", source: "" },
    admit({ by: "program" }),
    services.requests,
  );
  strictEqual(answers.length, asks.length);
  for (const answer of answers) ok("error" in (answer as object), JSON.stringify(answer));
});

Deno.test("evaluator: code whose sender has gone gets nothing done any more, and holds nothing", async () => {
  const services = new Services(demoInstruments());
  let gone = false;
  const client = admit({ by: "program", gone: () => gone });
  const asks = [
    { ask: "hold" },
    { ask: "set", instrument: "uv_light", field: "status_selection", value: "On" },
    { ask: "call", instrument: "tempcon", command: "get_temperatures", args: [], keywords: {} },
  ];
  const sandbox = {
    options: { languages: ["javascript"], deadline: 60 },
    evaluate: async (_code: unknown, sender: { answer: (ask: never) => Promise<unknown> }) => {
      strictEqual("value" in (await sender.answer(asks[0] as never) as object), true);
      strictEqual(services.bench.gate.passes({}, false), false);
      gone = true;
      for (const ask of asks) {
        const { error } = await sender.answer(ask as never) as { error: { code: string; message: string } };
        strictEqual(error.code, "aborted");
        strictEqual(error.message, `Cannot do ${ask.ask}: whoever sent the code has gone`);
      }
      await eventually(() => services.bench.gate.passes({}, false), "the bench is free, though the code runs on");
      return { text: "", value: null };
    },
  } as unknown as Sandbox;
  const evaluator = new Evaluator(services.bench, new Dispatcher(services.bench), sandbox, "test");
  await evaluator.evaluate({ language: "javascript", mode: "exec", source: "" }, client, services.requests);
  strictEqual(services.bench.find("uv_light")!.field("status_selection").text, "Off");
});
