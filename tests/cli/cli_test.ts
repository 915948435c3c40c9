import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { watch } from "../../cli/commands/bench.ts";
import { command, defineInstrument, version } from "../../mod.ts";
import { PyOpticonSocketClient } from "../../client/mod.ts";
import { originalCommandServer } from "../client/original_servers.ts";
import { contextOf, run } from "../cli_fixture.ts";
import { startServer } from "../fixture.ts";

/** Runs subcommands against a server with the demo bench. */
function against(port: number) {
  return (...words: string[]) => run([words[0]!, "--port", String(port), ...words.slice(1)]);
}

Deno.test("cli: get, set, confirm and call, for people and for scripts", async () => {
  await using server = startServer();
  const cli = against(server.dashboardServer.port);
  deepStrictEqual(await cli("get", "uv_light", "Actual Status"), {
    code: 0,
    out: "No Reading\n",
    err: "stale: not read yet\n",
  });
  deepStrictEqual(await cli("set", "Methane MFC", "setpoint_entry", "30", "--confirm"), { code: 0, out: "", err: "" });
  deepStrictEqual(await cli("get", "methane_mfc", "Setpoint Entry"), { code: 0, out: "30.0\n", err: "" });
  const json = async (...words: string[]) => {
    const { code, out, err } = await cli(...words);
    const { time, ...reading } = JSON.parse(out);
    match(time, /^\d{4}-\d\d-\d\dT/);
    return [code, reading, err];
  };
  deepStrictEqual(await json("get", "--json", "methane_mfc", "Setpoint Entry"), [
    0,
    { value: 30, text: "30.0", quality: "good", unit: "sccm" },
    "",
  ]);
  deepStrictEqual(await json("set", "--json", "tempcon", "control_temperature", "-80"), [
    0,
    { value: -80, text: "-80.00", quality: "good", unit: "°C" },
    "",
  ]);
  deepStrictEqual(await cli("confirm", "methane_mfc"), { code: 0, out: "", err: "" });
  deepStrictEqual(await cli("call", "exposure", "set_exposuretime", "exposure_time=2.5"), {
    code: 0,
    out: "",
    err: "",
  });
  deepStrictEqual(await cli("call", "exposure", "get_exposuretime"), { code: 0, out: "2.5\n", err: "" });
  deepStrictEqual(await cli("call", "exposure", "get_image_types"), {
    code: 0,
    out: "zero\nobject\nflat\ndark\nHeNe\nAr\n",
    err: "",
  });
  deepStrictEqual(await cli("call", "--json", "exposure", "get_roi"), {
    code: 0,
    out: "[1,1024,1,1024,1,1]\n",
    err: "",
  });
  match((await cli("call", "exposure", "get_status")).out, /^name +value\nmessage\n.*\nexposuretime +2\.5\n/s);
});

Deno.test("cli: list, describe and status are aligned tables, or JSON", async () => {
  await using server = startServer();
  const cli = against(server.dashboardServer.port);
  const { out } = await cli("list");
  const lines = out.trimEnd().split("\n");
  match(lines[0]!, /^name +title +caption +fields +commands +what it is$/);
  const column = lines[0]!.indexOf("title");
  for (const line of lines) strictEqual(line[column - 1], " ", `aligned: ${line}`);
  strictEqual(JSON.parse((await cli("list", "--json")).out).length, server.bench.instruments.length);
  match(
    (await cli("describe", "UV Light")).out,
    /^UV Light \(uv_light\): .*\n\nfield +value +unit +access +allowed +read back by\nStatus Selection +Off +setting, needs confirm +Off\|On +Actual Status within 10 s\n/,
  );
  match((await cli("describe", "Argon MFC")).out, /^Setpoint Entry .* Device Setpoint ± 0\.1 within 10 s$/m);
  const { fields } = JSON.parse((await cli("describe", "--json", "UV Light")).out);
  deepStrictEqual(fields.map(({ readback }: { readback?: object }) => readback), [
    { field: "actual_status", tolerance: 0, within: 10 },
    undefined,
  ]);
  strictEqual(JSON.parse((await cli("describe", "--json", "tempcon")).out).fields[2].name, "control_temperature");
  match(
    (await cli("status", "--name", "alice")).out,
    /^heliograph \d+\.\d+\.\d+, up for \d+ s\n\nlistener +address\nline +127\.0\.0\.1:\d+\n.*alice +127\.0\.0\.1:\d+ +dashboard +admin/s,
  );
  strictEqual(JSON.parse((await cli("status", "--json")).out).server, "heliograph");
});

Deno.test("cli: an instrument is found by what stands over its card, unless that stands over several", async () => {
  const fields = { Temperature: { type: "float", initial: 21.5 } } as const;
  await using server = startServer({
    instruments: [
      defineInstrument({ title: "Reactor TC", caption: "Reactor Thermocouple", fields }),
      defineInstrument({ title: "A", caption: "Spare", fields }),
      defineInstrument({ title: "B", caption: "Spare", fields }),
      defineInstrument({ title: "C", caption: "A", fields: {} }),
    ],
  });
  const cli = against(server.dashboardServer.port);
  strictEqual((await cli("get", "Reactor Thermocouple", "Temperature")).out, "21.5\n");
  strictEqual((await cli("get", "A", "Temperature")).out, "21.5\n", "a title comes before a caption");
  match((await cli("get", "Spare", "Temperature")).err, /No instrument is called Spare/);
  match((await cli("get", "Reactor Thermocuple", "Temperature")).err, /did you mean Reactor Thermocouple\?/);
  match((await cli("list")).out, /^name +title +caption .*\nreactor_tc +Reactor TC +Reactor Thermocouple +1 /);
  strictEqual(JSON.parse((await cli("list", "--json")).out)[0].caption, "Reactor Thermocouple");
  const at = ["--port", String(server.dashboardServer.port)];
  strictEqual((await run(["__complete", "get", ...at, "Reactor Th"])).out, "Reactor Thermocouple\n");
  strictEqual((await run(["__complete", "get", ...at, "Reactor Thermocouple", "T"])).out, "Temperature\n");
});

Deno.test("cli: colour is used where it is wanted, and nowhere else", async () => {
  await using server = startServer();
  const words = ["list", "--port", String(server.dashboardServer.port)];
  // deno-lint-ignore no-control-regex -- an escape character is what is looked for
  const escape = /\x1b\[/;
  ok(!escape.test((await run(words)).out));
  ok(escape.test((await run(words, { colour: true, terminal: true })).out));
});

Deno.test("cli: what an instrument holds does not steer the terminal", async () => {
  const sign = defineInstrument({
    title: "sign",
    fields: { Text: { type: "text", access: "setting" } },
    commands: ({ Text }) => ({ read: command({ summary: "What is on it", run: () => Text.value }) }),
  });
  await using server = startServer({ instruments: [sign] });
  const cli = against(server.dashboardServer.port);
  await cli("set", "sign", "Text", "\u001b[31mred\nnext");
  for (const words of [["get", "sign", "Text"], ["describe", "sign"], ["call", "sign", "read"]]) {
    const { out } = await cli(...words);
    match(out, /\\u001b\[31mred\\nnext/);
    strictEqual(out.includes("\u001b"), false);
  }
  match((await cli("get", "--json", "sign", "Text")).out, /^\{"value":"\\u001b\[31mred\\nnext",/);
});

Deno.test("cli: command sends a line to any azcam-style server", async () => {
  await using server = startServer();
  const cli = against(server.commandServer.port);
  deepStrictEqual(await cli("command", "tempcon.get_control_temperature"), { code: 0, out: "OK -100.0\n", err: "" });
  deepStrictEqual(await cli("command", "nosuch.x"), {
    code: 1,
    out: "ERROR AzcamError('remote call not allowed: nosuch')\n",
    err: "",
  });
  deepStrictEqual(await cli("command", "--json", "echo a b"), {
    code: 0,
    out: '{"status":"OK","reply":"a b"}\n',
    err: "",
  });
  await using original = await originalCommandServer("Welcome");
  deepStrictEqual(await against(original.port)("command", "probe.lst"), {
    code: 0,
    out: "OK 'a b' 1 2.5 c\n",
    err: "",
  });
});

Deno.test("cli: each subcommand is reachable with the word client as well", async () => {
  await using server = startServer();
  const port = String(server.dashboardServer.port);
  deepStrictEqual(await run(["client", "lst"]), {
    code: 2,
    out: "",
    err: 'There is no subcommand lst (did you mean list?); "heliograph --help" lists them\n',
  });
  deepStrictEqual(await run(["client", "get", "--port", port, "uv_light", "actual_status"]), {
    code: 0,
    out: "No Reading\n",
    err: "stale: not read yet\n",
  });
});

Deno.test("cli: get tells people the unit, the quality and the time, and everybody why a value is not good", async () => {
  const gauge = defineInstrument({
    title: "gauge",
    fields: { pressure: { type: "float", unit: "mbar", decimals: 2, initial: 5 } },
  });
  await using server = startServer({ instruments: [gauge] });
  const words = ["get", "gauge", "pressure", "--port", String(server.dashboardServer.port)];
  deepStrictEqual(await run(words), { code: 0, out: "5.00\n", err: "" });
  const person = { terminal: true };
  match((await run(words, person)).out, /^5\.00 mbar {2}\(good, \d\d:\d\d:\d\d\)\n$/);
  gauge.field("pressure").quality = "stale";
  gauge.field("pressure").reason = "not read for more than 5 s";
  const stale = "stale: not read for more than 5 s\n";
  deepStrictEqual(await run(words), { code: 0, out: "5.00\n", err: stale });
  const seen = await run(words, person);
  match(seen.out, /^5\.00 {2}\(stale, \d\d:\d\d:\d\d\)\n$/);
  strictEqual(seen.err, stale);
  gauge.field("pressure").fail("the cable is\nout");
  deepStrictEqual(await run(words), { code: 1, out: "Read Error\n", err: "error: the cable is\\nout\n" });
  const json = await run([...words, "--json"]);
  deepStrictEqual([json.code, JSON.parse(json.out).quality, JSON.parse(json.out).reason], [
    1,
    "error",
    "the cable is\nout",
  ]);
});

Deno.test("cli: errors go to the error stream with documented exit codes", async () => {
  await using server = startServer();
  const cli = against(server.dashboardServer.port);
  deepStrictEqual(await cli("set", "tempcon", "control_temperature", "80"), {
    code: 1,
    out: "",
    err: "Cannot set control_temperature of tempcon to 80: above its maximum of 50 °C\n",
  });
  const { code, out, err } = await cli("get", "--json", "tempcom", "x");
  deepStrictEqual([code, out, JSON.parse(err)], [1, "", {
    error: {
      code: "unknown_instrument",
      message: 'No instrument is called tempcom (did you mean tempcon?); "list" tells what there is',
    },
  }]);
  deepStrictEqual(await run(["gte"]), {
    code: 2,
    out: "",
    err: 'There is no subcommand gte (did you mean get?); "heliograph --help" lists them\n',
  });
  deepStrictEqual([await run(["--port", "1", "list"]), await run(["help", "tempcon"])], [
    { code: 2, out: "", err: 'Flags come after a subcommand, as in "heliograph list --port 12345"\n' },
    {
      code: 2,
      out: "",
      err:
        'There is no subcommand tempcon; "heliograph --help" lists them; "heliograph describe tempcon" tells of an instrument\n',
    },
  ]);
  match((await run(["get", "--hlp"])).err, /^There is no flag --hlp \(did you mean --help\?\)\n/);
  const usage = 'usage: heliograph get INSTRUMENT FIELD [FLAGS]\n"heliograph get --help" tells more\n';
  deepStrictEqual(await run(["get", "tempcon"]), { code: 2, out: "", err: `Expected argument for FIELD\n${usage}` });
  deepStrictEqual(
    (await run(["client", "get", "UV", "Light", "x"])).err,
    [
      '"x" is one word too many: quote a title or a text that holds spaces, as in "UV Light"\n',
      usage,
    ].join(""),
  );
  for (const flag of ["--comand-port", "--commandPrt"]) {
    match(
      (await run(["server", flag, "1"])).err,
      new RegExp(`^There is no flag --com[a-z]*-p[a-z]* .did you mean --command-port.`),
    );
  }
  match(
    (await run(["server", "--log-level", "inof"])).err,
    /^inof is nothing for --log-level \(did you mean info\?\): give debug, info/,
  );
  match((await run(["list", "--port", "99999"])).err, /99999 is not a port: give a number from 0 to 65535/);
  match((await run(["list", "--timeout", "soon"])).err, /soon is not a time: give seconds/);
  deepStrictEqual(await run(["list", "--port", "1"]), {
    code: 3,
    out: "",
    err: "Cannot reach 127.0.0.1:1: nothing listens there; is the server running?\n",
  });
  // A listener that never answers.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const late = await run(["list", "--port", String(silent.addr.port), "--timeout", "0.2"]);
  strictEqual(late.code, 4);
  match(
    late.err,
    /has not said within 0\.2 s what it is, and list was not sent: an original .* one client at a time\n$/,
  );
  deepStrictEqual((await run(["server", "--host", "192.0.2.1", "--insecure-open"])).code, 5);
  const taken = await run(["server", "--command-port", String(server.commandServer.port)]);
  deepStrictEqual(taken.code, 5);
  match(taken.err, /another program uses port \d+/);
});

Deno.test("cli: watch writes the snapshot and the changes, also as JSON lines", async () => {
  await using server = startServer();
  await using client = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
  const watchUntil = async (json: boolean, last: RegExp): Promise<string> => {
    let out = "";
    const abort = new AbortController();
    const write = (text: string) => {
      out += text;
      if (last.test(out)) abort.abort();
    };
    const context = { ...contextOf(), process: { stdout: { write }, stderr: { write } } };
    await watch(context, client, json, "UV Light", undefined, abort.signal);
    return out;
  };
  const lines = (await watchUntil(true, /end-of-snapshot/)).trim().split("\n").map((line) => JSON.parse(line));
  deepStrictEqual(lines.map(({ event, field }) => field ?? event), [
    "Status Selection",
    "Actual Status",
    "end-of-snapshot",
  ]);
  setTimeout(() => void server.commandServer.command('"UV Light".set status_selection On'), 50);
  match(
    await watchUntil(false, /staged/),
    /^[\d:]{8} {2}uv_light {2}Status Selection {2}Off\n +uv_light {2}Actual Status {5}No Reading {2}\(stale: not read yet\)\n[\d:]{8} {2}uv_light {2}Status Selection {2}On {2}\(staged\)\n$/,
  );
});

Deno.test("cli: completions for each shell, and what they propose", async () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    match((await run(["completions", shell])).out, /heliograph __complete/);
  }
  match((await run(["completions", "tcsh"])).err, /tcsh is not a shell it knows: give bash, zsh, fish, powershell/);
  strictEqual((await run(["__complete", "se"])).out, "server\nset\n");
  match((await run(["__complete", "list", "--ho"])).out, /^--host\n/);
  strictEqual((await run(["__complete", "completions", "f"])).out, "fish\n");
  strictEqual((await run(["__complete", "help", "descr"])).out, "describe\n");
  strictEqual((await run(["__complete", "client", "li"])).out, "list\n");
  match((await run(["__complete", "client", "list", "--ho"])).out, /^--host\n/);
  strictEqual((await run(["__complete", "client", "serv"])).out, "", "the server is no client");
  for (const subcommand of ["exec", "image", "check", "init"]) {
    strictEqual((await run(["__complete", subcommand, ""])).out, "", "the shell completes files");
  }
  match((await run(["__complete", "exec", "run.py", ""])).out, /^--host\n/);
});

Deno.test("cli: version and help", async () => {
  ok((await run(["version"])).out.startsWith(`heliograph ${version} (Deno `));
  strictEqual(JSON.parse((await run(["version", "--json"])).out).version, "0.2.0");
  const { out: help } = await run(["--help"], { program: "./heliograph" });
  match(help, /^heliograph [\d.]+: .*\n\nTYPE FIRST\n {2}\.\/heliograph server .*\n {2}\.\/heliograph list /);
  deepStrictEqual([await run([]), await run(["help"])], [await run(["--help"]), await run(["-h"])]);
  // Every subcommand is in it once, and helps with itself in both ways.
  const listed = help.split("\n\n").slice(2, -1).flatMap((group) => group.trim().split("\n").slice(1));
  const names = listed.map((line) => line.trim().split(" ")[0]!);
  deepStrictEqual(names.toSorted(), [...new Set(names)].sort());
  for (const proposed of (await run(["__complete", ""])).out.trim().split("\n")) {
    if (/^-|^client$/.test(proposed)) continue;
    ok(names.includes(proposed), `${proposed} is in the overview`);
    deepStrictEqual(await run(["help", proposed]), await run([proposed, "--help"]));
  }
  match((await run(["help", "get"])).out, /^USAGE\n {2}heliograph get INSTRUMENT FIELD \[FLAGS\]\n/);
});

Deno.test("cli: eval and exec, the value or the error on the right stream, and what the code prints", async () => {
  await using server = startServer({ sandbox: {} });
  const cli = against(server.dashboardServer.port);
  const success = (out: string, err = "") => ({ code: 0, out, err });
  deepStrictEqual(await cli("eval", "get_dashboard().get_field('UV Light', 'Status Selection')"), success("Off\n"));
  deepStrictEqual(await cli("eval", "[1, 'a b']"), success("1\na b\n"));
  deepStrictEqual(await cli("eval", "--python", "get_dashboard().serial_connected"), success("False\n"));
  deepStrictEqual(await cli("eval", "--python", "1.0"), success("1.0\n"), "a float is no int");
  deepStrictEqual(await cli("eval", "--python", "1e16"), success("1e+16\n"));
  deepStrictEqual(await cli("eval", "--python", "2 ** 40"), success("1099511627776\n"));
  deepStrictEqual(await cli("eval", "--json", "--python", "1.0"), success("1\n"));
  deepStrictEqual(await cli("eval", "--json", "({ a: [1.5] })"), success('{"a":[1.5]}\n'));
  deepStrictEqual(
    await cli("eval", "--python", "print('\\x1b[31m') or 1", "--show-output"),
    success("1\n", "\\u001b[31m\n"),
  );
  deepStrictEqual(await cli("eval", "missing"), {
    code: 1,
    out: "",
    err: "ReferenceError: missing is not defined (line 1)\n",
  });
  match((await cli("eval", "--json", "missing")).err, /^\{"error":\{"code":"code_failed","message":"ReferenceError/);

  const folder = await Deno.makeTempDir();
  const file = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const python = await file("steps.py", "for n in range(2):\n\tprint(n, '\\t|')\n");
  deepStrictEqual(await cli("exec", python, "--show-output"), success("0 \t|\n1 \t|\n"));
  deepStrictEqual(await cli("exec", python), success(""));
  const javascript = await file("steps.js", "console.log(await Promise.resolve(5));");
  deepStrictEqual(await cli("exec", javascript, "--show-output"), success("5\n"));
  const typescript = await file(
    "steps.ts",
    "interface Step {\n  readonly value: number;\n}\nconst step: Step = { value: 5 };\nconsole.log(step.value satisfies number);\nnull!.x;\n",
  );
  deepStrictEqual(await cli("exec", typescript, "--show-output"), {
    code: 1,
    out: "5\n",
    err: "TypeError: Cannot read properties of null (reading 'x') (line 6)\n",
  });
  const standardInput = (text: string, ...words: string[]) =>
    run(["exec", "-", "--show-output", "--port", String(server.dashboardServer.port), ...words], {
      readInput: () => Promise.resolve(text),
    });
  deepStrictEqual(await standardInput("console.log(1)"), success("1\n"));
  deepStrictEqual(await standardInput("print(1)", "--python"), success("1\n"));
  const wrong: [file: string, err: RegExp][] = [
    [`${folder}/none.py`, /^Cannot read .*none\.py: there is no such file\n$/],
    [await file("steps.txt", ""), /it must end in \.js, \.ts or \.py \(or give --python\)\n$/],
    [await file("broken.ts", "const = 5;"), /^Cannot read .*broken\.ts as TypeScript: .*1:7/],
    [folder, /it must end in/],
  ];
  for (const [path, err] of wrong) {
    const failed = await cli("exec", path);
    match(failed.err, err);
    deepStrictEqual([failed.code, failed.out], [2, ""], path);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("cli: a server with flags that cannot be says so, and does not start", async () => {
  const wrong: [words: string[], err: RegExp][] = [
    [["--eval", "ruby"], /ruby is not a language: give none, javascript, python or javascript,python/],
    [["--eval-memory", "10"], /^Cannot run evaluations with memory 10: it is a number of MiB from 192 to 65536\n$/],
    [["--eval-deadline", "0"], /0 is not a time/],
    [["--eval-at-once", "many"], /many is not a whole number/],
    [["--web-name", "http://pc1:2403"], /"http:\/\/pc1:2403" must be a name without http:\/\/ and port/],
  ];
  for (const [words, err] of wrong) {
    const failed = await run(["server", "--command-port", "0", "--dashboard-port", "0", ...words]);
    match(failed.err, err);
    strictEqual(failed.code, 2);
  }
});
