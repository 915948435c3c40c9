/** Bench files in the program as people run it: from its source, and as the executable. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { eventually, RawClient, runProgram } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { type Program, programs, ServerProcess } from "../server_process.ts";

const windows = Deno.build.os === "windows";

/** A folder with files, for as long as the work takes. */
async function withFiles(files: Record<string, string>, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The server subcommand with the permissions of a task that may read bench files. */
function benchServer(program: Program): Program {
  return { ...program, server: [...program.client, "server"] };
}

Deno.test("init: writes a bench file that checks, and leaves what is there; schema is what editors get", async () => {
  await withFiles({}, async (folder) => {
    const file = join(folder, "bench.json");
    const written = await run(["init", file]);
    strictEqual(written.code, 0, written.err);
    match(
      written.out,
      /^Wrote .*bench\.json, and .*heliograph\.schema\.json for editors\. Next:\n {2}heliograph check /,
    );
    deepStrictEqual(
      JSON.parse(await Deno.readTextFile(join(folder, "heliograph.schema.json"))),
      JSON.parse((await run(["schema"])).out),
    );
    const again = await run(["init", file]);
    strictEqual(again.code, 2);
    match(again.err, /bench\.json is there already, and is left as it is; give another name: heliograph init FILE/);
    match((await run(["init", join(folder, "bench.ts")])).err, /a bench file's name ends in \.json/);
    match((await run(["init", join(folder, "gone", "bench.json")])).err, /there is no such folder/);
    const checked = await run(["check", file]);
    strictEqual(checked.code, 0);
    match(
      checked.out,
      /^well formed: My lab, 3 instruments\nname +title +port +fields +commands\nmethane_mfc +Methane MFC +\/dev\/ttyUSB0 /,
    );
    const json = JSON.parse((await run(["check", file, "--json"])).out);
    deepStrictEqual(json.instruments.map(({ name }: { name: string }) => name), [
      "methane_mfc",
      "argon_mfc",
      "oxygen_mfc",
    ]);
  });
});

Deno.test("check: says how soon a stop is on the wire", async () => {
  const off = { summary: "Switch off", send: "OFF", immediate: true };
  const lamp = (title: string, gap: number, port = `tcp://${title}:1`) => ({
    title,
    port,
    line: { gap },
    commands: { off },
  });
  const bus = (address: number) => `gpib://192.168.1.5/${address}`;
  const instruments = [
    lamp("Lamp", 0),
    lamp("Slow", 0.5),
    lamp("Serial", 0, "serial:///dev/ttyNone"),
    lamp("One", 0, bus(1)),
    lamp("Two", 0, bus(2)),
    lamp("Far", 0, "vxi11://far"),
    lamp("Usb", 0, "usbtmc:///dev/usbtmc9"),
    { ...lamp("Web", 0, "http://web"), commands: { off: { ...off, send: "POST /off" } } },
    { ...lamp("Once", 0), line: { connection: "each question" } },
    { ...lamp("Bus", 0, "modbus+serial:///dev/ttyOther?baud=300"), commands: { off: { ...off, send: "coil 1 = 0" } } },
  ];
  await withFiles(
    { "bench.json": JSON.stringify({ instruments }) },
    async (at) => {
      const { out } = await run(["check", join(at, "bench.json")]);
      const anew = ", or 5.4 s where its last question had no answer, or a late one could be taken for its own: " +
        "the line is opened anew first";
      deepStrictEqual(out.split("\n").filter((line) => line.startsWith("at once: ")), [
        `at once: lamp.off: on the wire within 20 ms while the port is open${anew}`,
        `at once: slow.off: on the wire within 520 ms while the port is open${anew.replace("5.4", "5.9")}`,
        "at once: serial.off: on the wire within 20 ms while the port is open",
        // Each of those on a bus may have its turn before.
        `at once: one.off: on the wire within 1 s while the port is open${anew.replace("5.4", "6.4")}`,
        `at once: two.off: on the wire within 1 s while the port is open${anew.replace("5.4", "6.4")}`,
        // An answer is fetched in slices of half a second.
        `at once: far.off: on the wire within 520 ms while the port is open${anew.replace("5.4", "5.9")}`,
        `at once: usb.off: on the wire within 20 ms while the port is open${anew}; a question under way is answered ` +
        "before, or its timeout is over",
        `at once: web.off: on the wire within 20 ms while the port is open${anew}; a connection may be made before`,
        `at once: once.off: on the wire within 20 ms while the port is open${anew}; a connection may be made before`,
        // Frames stand three and a half characters apart.
        "at once: bus.off: on the wire within 148 ms while the port is open",
      ]);
    },
  );
});

Deno.test("check: says what is wrong with its place, for people and for scripts", async () => {
  await withFiles({
    "bench.json": '{\n  "instruments": [{ "title": "A", "driver": "iot-rely", "port": "tcp://x:1" }]\n}',
  }, async (folder) => {
    const file = join(folder, "bench.json");
    const plain = await run(["check", file]);
    strictEqual(plain.code, 5);
    match(
      plain.err,
      /bench\.json:2:35: instruments\[0\]\.driver: there is no driver iot-rely \(did you mean iot-relay\?\)/,
    );
    const { problems } = JSON.parse((await run(["check", file, "--json"])).err);
    deepStrictEqual([problems[0].line, problems[0].column, problems[0].where], [2, 35, "instruments[0].driver"]);
  });
});

Deno.test("check: a description by itself is checked as one, and all that is wrong in it is told at its place", async () => {
  const right = {
    parameters: { unit: { summary: "its address", pattern: "[1-9]" } },
    line: { serial: { baud: 19200 } },
    fields: { Bath: { unit: "°C", read: "{unit}T" } },
    commands: { stop: { summary: "Stop", send: "{unit}S" } },
  };
  const wrong = `{ "fields": {\n"A": { "read": "A?", "scale": 0 },\n"B": { "compute": "a +" } } }`;
  const registers = { fields: { Level: { register: 40001 } } };
  const files = { "bath.json": JSON.stringify(right), "wrong.json": wrong, "plc.json": JSON.stringify(registers) };
  await withFiles(files, async (folder) => {
    const check = (name: string, ...flags: string[]) => run(["check", join(folder, name), ...flags]);
    const { code, out } = await check("bath.json");
    strictEqual(code, 0, out);
    match(out, /^well formed: a description of one instrument\n[^]*Bath +stop\n[^]*"driver": "bath\.json", "port"/);
    deepStrictEqual(JSON.parse((await check("plc.json", "--json")).out).fields, ["Level"]);
    const told = await check("wrong.json");
    strictEqual(told.code, 5);
    match(
      told.err,
      /wrong\.json:2:\d+: fields\.A\.scale: 0 would[^]*\n.*wrong\.json:3:\d+: fields\.B\.compute: it ends/,
    );
  });
});

Deno.test("check: warns of a command that is called as if it stopped something, and is only immediate", async () => {
  const [now, summary] = [{ immediate: true, send: "X" }, "Do it"];
  const commands = {
    close: { summary, ...now },
    laserOff: { summary, ...now },
    beep: { summary, ...now },
    offset: { summary, ...now },
    abort: { summary, send: "A", stop: true },
    stop_later: { summary, send: "L" },
    halt_state: { summary, immediate: true, role: "observer", ask: "H?" },
  };
  const valve = { fields: { Level: { read: "L?" } }, commands };
  const bench = { instruments: [{ title: "Valve", port: "tcp://127.0.0.1:5025", ...valve }] };
  await withFiles({ "lab.json": JSON.stringify(bench), "valve.json": JSON.stringify(valve) }, async (folder) => {
    const { code, out } = await run(["check", join(folder, "lab.json")]);
    strictEqual(code, 0, "it only warns");
    const warnings = out.split("\n").filter((line) => line.startsWith("warning"));
    deepStrictEqual(warnings.map((line) => line.split(" ")[1]), ["valve.close", "valve.laserOff"]);
    match(warnings[0]!, /whoever has control of Valve keeps others from it.*write "stop": true instead/);
    for (const file of ["lab.json", "valve.json"]) {
      strictEqual(JSON.parse((await run(["check", join(folder, file), "--json"])).out).warnings.length, 2, file);
    }
  });
});

Deno.test("simulate: says what there is, and where it may run", async () => {
  for (
    const [words, expected] of [
      [["lakeshore"], /Cannot simulate lakeshore \(did you mean lake-shore-335\?\): there is/],
      [["examples/benches/power_suply.jsn"], /Cannot simulate .*\.jsn \(did you mean power_supply\.json\?\)/],
      [["iot-rely", "--port", "0"], /Cannot simulate iot-rely \(did you mean iot-relay\?\): there is aalborg-dpc, /],
      [["nowhere.json"], /nowhere\.json: there is no such file/],
      [["iot-relay", "--parameter", "x"], /x is no parameter: give NAME=VALUE/],
      [["iot-relay", "--serial", "tcp://x:1"], /that is no serial port/],
      [["iot-relay", "--serial", "COM5"], /Cannot use the address "COM5"/],
      [["iot-relay", "--port", "0", "--fault", "sleepy"], /sleepy/],
      [["iot-relay", "--port", "0", "--fault-share", "2"], /2 is no share: give more than 0 and at most 1/],
    ] as const
  ) {
    const { code, err } = await run(["simulate", ...words]);
    strictEqual(code, words[0].endsWith(".json") ? 5 : 2, err);
    match(err, expected);
  }
});

Deno.test("the log says once that an instrument is lost and why, however often it is tried", async () => {
  const gone = {
    title: "Gone",
    driver: "iot-relay",
    port: "tcp://127.0.0.1:1",
    reconnect: { first: 0.02, longest: 0.05 },
  };
  await withFiles({ "bench.json": JSON.stringify({ instruments: [gone] }) }, async (folder) => {
    const args = ["--bench", join(folder, "bench.json"), "--log-level", "debug"];
    await using server = new ServerProcess(benchServer(programs[0]!), args);
    await eventually(() => server.err.split("still not connected").length > 5, "five more tries");
    strictEqual(server.err.split(/Gone is not connected on tcp:.*nothing listens there; it is tried again/).length, 2);
  });
});

const stage = `
import { factor } from "./parts/factor.ts";
interface Setup { title: string; options: { speed: number } }
// deno-lint-ignore no-explicit-any
export default function ({ defineInstrument, command, InstrumentError }: any, { title, options }: Setup) {
  let position: number = 0;
  return defineInstrument({
    title,
    fields: { Position: { type: "float", unit: "mm", decimals: 1, read: () => position } },
    commands: {
      move: command({
        summary: "Move the stage",
        arguments: { to: { type: "float", unit: "mm" } },
        run: ({ to }: { to: number }) => {
          if (to > 25) throw new InstrumentError("the stage ends at 25 mm");
          position = to * factor * options.speed;
        },
      }),
    },
  });
}
`;

for (const program of programs) {
  Deno.test(`${program.name}: server --bench --simulate runs the starter without its hardware`, async () => {
    await withFiles({}, async (folder) => {
      const file = join(folder, "bench.json");
      strictEqual((await run(["init", file])).code, 0);
      await using server = new ServerProcess(benchServer(program), ["--bench", file, "--simulate"]);
      const [port] = await server.ports();
      match(
        server.out,
        /^heliograph \S+ serves My lab \(.*bench\.json\): 3 instruments, simulated: no hardware is touched\n/,
      );
      using client = await RawClient.connect(port);
      await eventually(async () => await client.ask('argon_mfc.get "Device Mode"') === "OK Closed", "contact");
      strictEqual(await client.ask('"Methane MFC".set "Setpoint Entry" 30'), "OK");
      match(await client.ask('"Methane MFC".set "Setpoint Entry" 101'), /above its maximum of 100 sccm$/);
      strictEqual(await client.ask('"Methane MFC".confirm'), "OK");
      await eventually(async () => await client.ask('methane_mfc.get "Device Setpoint"') === "OK 30.0", "the readback");
      match(server.err, /Methane MFC is connected on tcp:/);
    });
  });

  Deno.test(`${program.name}: a file that another program writes is read after the server gave up reading`, async () => {
    await withFiles({ "gc.csv": "CH4,CO2\n1,2\n", "other.csv": "x\n" }, async (folder) => {
      const file = join(folder, "bench.json");
      const instrument = (title: string, path: string) => ({
        title,
        port: pathToFileURL(path).href,
        reconnect: { longest: 0.5 },
        fields: { CO2: { listen: { column: 2 } } },
      });
      await Deno.writeTextFile(
        file,
        JSON.stringify({
          instruments: [instrument("GC", join(folder, "gc.csv")), instrument("Later", join(folder, "l"))],
        }),
      );
      await using server = new ServerProcess(benchServer(program), ["--bench", file]);
      const [port] = await server.ports();
      using client = await RawClient.connect(port);
      await eventually(async () => await client.ask("gc.get CO2") === "OK 2.0", "the last line");
      await Deno.writeTextFile(join(folder, "gc.csv"), "3,4\n", { append: true });
      await eventually(async () => await client.ask("gc.get CO2") === "OK 4.0", "the next line");
      await Deno.writeTextFile(join(folder, "l"), "a,b\n5,6\n");
      await eventually(async () => await client.ask("later.get CO2") === "OK 6.0", "a file that was not there");
    });
  });

  Deno.test(`${program.name}: a description is simulated alone, and a whole bench with what is described in it`, async () => {
    const chiller = {
      parameters: { unit: { summary: "its address" } },
      line: { sendEnd: "\r", receiveEnd: "\r" },
      handshake: { ask: "{unit}ID", pattern: "^CHILLER \\d$" },
      fields: {
        Bath: {
          unit: "°C",
          decimals: 1,
          minimum: 5,
          maximum: 35,
          read: { ask: "{unit}T", pattern: "^T=([+-]\\d\\d\\.\\d)$" },
        },
        Setpoint: { unit: "°C", decimals: 1, initial: 20, read: "{unit}S", write: "{unit}S {value:.1f}" },
        Odd: { read: { ask: "{unit}O", pattern: "^(\\d+)\\b\\d$" } },
      },
    };
    const described = {
      title: "Chiller",
      driver: "chiller.json",
      port: "serial:///dev/nowhere",
      parameters: { unit: "7" },
    };
    const bench = {
      name: "Basement",
      instruments: [
        described,
        // Two on one port, and a built-in driver with a field of one's own.
        { ...described, title: "Other Chiller", parameters: { unit: "8" } },
        {
          title: "Lock-In",
          driver: "sr830",
          port: "tcp://x:1",
          line: { receiveEnd: "\n" },
          fields: { Key: { type: "int", read: "KCLK?" } },
        },
        { title: "Stage", driver: "./stage.ts", port: "tcp://x:2", options: { speed: 2 } },
      ],
    };
    const files = {
      "chiller.json": JSON.stringify(chiller),
      "bench.json": JSON.stringify(bench),
      "stage.ts":
        "export default ({ defineInstrument, PortContact }: any, { title, port }: any) => defineInstrument({ title, " +
        "fields: { Position: { type: 'float', read: () => 1 } }, commands: {}, " +
        "contact: new PortContact(port, { title, greet: (turn: any) => turn.send('HELLO') }) });",
    };
    await withFiles(files, async (folder) => {
      const [driver, file] = ["chiller.json", "bench.json"].map((name) => join(folder, name)) as [string, string];
      const simulate = { ...program, server: [...program.client, "simulate"] };
      {
        await using simulator = new ServerProcess(simulate, [driver, "--parameter", "unit=7"], []);
        await eventually(() => simulator.out.includes("Ctrl-C"), `the simulator to run: ${simulator.err}`);
        const [, address] = /^.*chiller\.json is simulated on (tcp:\S+)\n/.exec(simulator.out)!;
        match(
          simulator.err,
          /^Not simulated: chiller\.json: the field Odd: no answer was found that its pattern matches/,
        );
        const one = { instruments: [{ ...described, port: address }] };
        await Deno.writeTextFile(join(folder, "one.json"), JSON.stringify(one));
        await using server = new ServerProcess(benchServer(program), ["--bench", join(folder, "one.json")]);
        const [port] = await server.ports();
        using client = await RawClient.connect(port);
        await eventually(async () => /^OK \d+\.\d$/.test(await client.ask("chiller.get Bath")), "a reading");
        strictEqual(await client.ask("chiller.set Setpoint 12.5"), "OK");
        await eventually(async () => await client.ask("chiller.get Setpoint") === "OK 12.5", "the readback");
      }
      // A driver of one's own stands beside them, which the executable runs too.
      const several = await runProgram(program.path, [...program.client, "simulate", file]);
      strictEqual(several.code, 2, several.stderr);
      match(
        several.stderr,
        /has several; choose with --instrument \(Chiller, Other Chiller, Lock-In, Stage\), or simulate/,
      );
      match(
        (await run(["simulate", file, "--instrument", "Chillr"])).err,
        /Cannot simulate Chillr \(did you mean Chiller\?\)/,
      );
      await using server = new ServerProcess(benchServer(program), ["--bench", file, "--simulate"]);
      const [port, dashboard] = await server.ports();
      match(server.out, /serves Basement \(.*\): 4 instruments, simulated: no hardware is touched\n/);
      match(
        server.err,
        /Not simulated: Chiller: the field Odd: .*; Other Chiller: the field Odd: .*; Stage \(its driver is code\)/,
      );
      using client = await RawClient.connect(port);
      for (const [title, value] of [["chiller", 12], ["other_chiller", 17]] as const) {
        await eventually(
          async () => /^OK \d+\.\d$/.test(await client.ask(`${title}.get Bath`)),
          `a reading of ${title}`,
        );
        strictEqual(await client.ask(`${title}.set Setpoint ${value}`), "OK");
      }
      await eventually(async () => await client.ask("chiller.get Setpoint") === "OK 12.0", "its own setpoint");
      await eventually(async () => await client.ask("lock_in.get Phase") === "OK 30.00", "the built-in simulator");
      await eventually(async () => /^OK \d+$/.test(await client.ask("lock_in.get Key")), "what the file adds to it");
      // Whoever asks for the state is told that nothing of it is real, and that what is code is not there at all.
      const status = (await run(["status", "--port", String(dashboard)])).out;
      match(status, /up for .*\n+Simulated: simulators stand in the place of the instruments\n/);
      match(status, /not connected +on +because *\n.*stage +tcp:\/\/x:2 +not simulated: its driver is code *\n/);
      const contact = { address: "tcp://x:2", state: "off", reason: "not simulated: its driver is code" };
      const told = JSON.parse((await run(["describe", "stage", "--json", "--port", String(dashboard)])).out);
      deepStrictEqual(told.contact, contact);
      match(await client.ask("stage.get Position"), /not simulated: its driver is code/);
    });
  });

  Deno.test(`${program.name}: a bench with a driver of one's own, in TypeScript from the disk with a file beside it`, async () => {
    const bench = { instruments: [{ title: "Stage", driver: "./stage.ts", options: { speed: 2 } }] };
    await withFiles({ "bench.json": JSON.stringify(bench), "stage.ts": stage }, async (folder) => {
      await Deno.mkdir(join(folder, "parts"));
      await Deno.writeTextFile(join(folder, "parts", "factor.ts"), "export const factor: number = 3;\n");
      await using server = new ServerProcess(benchServer(program), ["--bench", join(folder, "bench.json")]);
      const [port] = await server.ports();
      using client = await RawClient.connect(port);
      strictEqual(await client.ask("stage.move 2"), "OK");
      await eventually(async () => await client.ask("stage.get Position") === "OK 12.0", "the readback");
      match(await client.ask("stage.move 26"), /the stage ends at 25 mm/);
    });
  });

  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ["has a mistake", "export default function ( {", /stage\.ts(?::\d+:\d+)?: .*(\d+:\d+|Expected|Unexpected)/],
    ["throws", "throw new Error('boom');", /stage\.ts:1:7: cannot be loaded: Error: boom/],
    ["imports what is not there", 'import "./gone.ts"; export default 1;', /stage\.ts(?::\d+:\d+)?: .*gone\.ts/],
    [
      "imports heliograph",
      'import { command } from "heliograph"; export default () => command;',
      /stage\.ts(?::\d+:\d+)?: cannot be loaded: it need not import heliograph/,
    ],
    ["returns nothing", "export default () => {};", /stage\.ts: returned no instrument/],
  ];
  for (const [what, text, expected] of mistakes) {
    Deno.test(`${program.name}: a driver that ${what} is told, and the server does not start`, async () => {
      const bench = { instruments: [{ title: "Stage", driver: "./stage.ts" }] };
      await withFiles({ "bench.json": JSON.stringify(bench), "stage.ts": text }, async (folder) => {
        const server = new ServerProcess(benchServer(program), ["--bench", join(folder, "bench.json")]);
        strictEqual(await server.end(), 5);
        match(server.err, expected);
        ok(!server.err.includes("heliograph-"), `no temporary folder is named: ${server.err}`);
      });
    });
  }

  Deno.test({
    name: `${program.name}: a simulator on a pty, driven, ended and started again; status and the log say so`,
    ignore: windows,
    fn: async () => {
      const simulator = async () => {
        const process = new ServerProcess(
          { ...program, server: [...program.client, "simulate", "iot-relay", "--pty"] },
          [],
          [],
        );
        await eventually(() => process.out.includes("Ctrl-C"), `the simulator to run: ${process.err}`);
        return { process, path: /serial:\/\/(\S+)\n/.exec(process.out)![1]! };
      };
      const first = await simulator();
      await withFiles({}, async (folder) => {
        const link = join(folder, "relay");
        await Deno.symlink(first.path, link);
        const bench = {
          instruments: [{ title: "UV Light", driver: "iot-relay", port: `serial://${link}`, line: { settle: 0.1 } }],
        };
        await Deno.writeTextFile(join(folder, "bench.json"), JSON.stringify(bench));
        await using server = new ServerProcess(benchServer(program), ["--bench", join(folder, "bench.json")]);
        const [port, dashboard] = await server.ports();
        using client = await RawClient.connect(port);
        await eventually(async () => await client.ask('uv_light.get "Actual Status"') === "OK Off", "contact");
        await client.ask('uv_light.set "Status Selection" On');
        strictEqual(await client.ask("uv_light.confirm"), "OK");
        await eventually(async () => await client.ask('uv_light.get "Actual Status"') === "OK On", "the readback");
        await first.process[Symbol.asyncDispose]();
        await eventually(() => /UV Light is not connected on .*relay: /.test(server.err), "the loss in the log");
        match(
          (await run(["status", "--port", String(dashboard)])).out,
          /not connected +on +because\nuv_light +\S*relay /,
        );
        match(await client.ask("uv_light.confirm"), /^ERROR UV Light is not connected: /);
        const second = await simulator();
        await Deno.remove(link);
        await Deno.symlink(second.path, link);
        // The new one is off: what it says counts, not what was set before.
        await eventually(async () => await client.ask('uv_light.get "Actual Status"') === "OK Off", "contact again");
        await second.process[Symbol.asyncDispose]();
      });
    },
  });
}
