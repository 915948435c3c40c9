/** The examples, each run as a user would. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadBench } from "../server/config/bench_file.ts";
import { builtInDrivers } from "../server/devices/drivers/drivers.ts";
import { type RunningSimulator, simulateTcp } from "../server/devices/simulators/serve.ts";
import { run } from "./cli_fixture.ts";
import { canRun, eventually, RawClient, runProgram, startServer, top } from "./fixture.ts";
import { tcpDevice } from "./server/devices/devices.ts";

Deno.test("examples: an instrument of one's own is served on both wires", async () => {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "examples/own_instrument.ts", "0", "0"],
    cwd: top,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const [commandPort, dashboardPort] = /lines on (\d+), PyOpticon on (\d+)/.exec(value!)!.slice(1).map(Number);
  using line = await RawClient.connect(commandPort!);
  strictEqual(await line.ask("stage.move 3.5"), "OK moved to 3.50 mm at 1 mm/s");
  match(await line.ask("stage.move 30"), /^ERROR Cannot call stage\.move with to 30: above its maximum of 25 mm$/);
  using dashboard = await RawClient.connect(dashboardPort!);
  const { ok, value: position, unit } = await dashboard.request({
    id: 1,
    cmd: "Get",
    instrument: "Stage",
    field: "Position",
  });
  deepStrictEqual([ok, position, unit], [true, 3.5, "mm"]);
  strictEqual(await line.ask("exit"), "OK");
  strictEqual((await child.status).code, 0);
  await reader.cancel();
});

const python = await canRun("python3");

Deno.test({
  name: "examples: plain Python speaks both wires",
  ignore: !python, // needs python3 on this machine
  fn: async () => {
    await using server = startServer();
    const ports = [server.commandServer.port, server.dashboardServer.port].map(String);
    deepStrictEqual(await runProgram("python3", ["examples/plain_socket.py", ...ports]), {
      code: 0,
      stdout: "OK -100.0\n0\n",
      stderr: "",
    });
  },
});

Deno.test({
  name: "examples: a client that does what PyOpticon's does (no terminator, one recv of 1024) needs no change",
  ignore: !python, // needs python3 on this machine
  fn: async () => {
    await using server = startServer({ poll: true, sandbox: {} });
    const script = `
import inspect, json, socket, sys
s = socket.socket(); s.connect(("127.0.0.1", int(sys.argv[1]))); s.settimeout(5)
def query(**message):
    s.send(json.dumps(message).encode())
    return s.recv(1024).decode()
print(query(cmd="Get", widget_nickname="UV Light", field_name="Status Selection", printout=True))
print(query(cmd="Set", widget_nickname="UV Light", field_name="Status Selection", new_value="On", printout=False))
print(query(cmd="Confirm", widget_nickname="UV Light", printout=False))
print(query(cmd="Get", widget_nickname="UV Light", field_name="Actual Status", printout=False))
print(query(cmd="Eval", code="str(get_dashboard().serial_connected)", printout=True))
def switch_off():
    d = get_dashboard()
    do_threadsafe(lambda: d.set_field("UV Light", "Status Selection", "Off"))
l = lambda: print("Hello")
for fn in [switch_off, l]:
    print(query(cmd="Exec", code=inspect.getsource(fn), printout=False))
print(query(cmd="Get", widget_nickname="UV Light", field_name="Status Selection", printout=False))
print(query(cmd="Get", widget_nickname="Nope", field_name="x", printout=False)[:5])
s.send(json.dumps({"cmd": "Close"}).encode())
print(repr(s.recv(1024)))
`;
    // A file, since inspect finds no source otherwise.
    const file = await Deno.makeTempFile({ suffix: ".py" });
    await Deno.writeTextFile(file, script);
    const { stdout, stderr } = await runProgram("python3", [file, String(server.dashboardServer.port)]);
    await Deno.remove(file);
    deepStrictEqual([stdout, stderr], ["Off\nSuccess\nSuccess\nOn\nTrue\nSuccess\nSuccess\nOff\nError\nb''\n", ""]);
  },
});

Deno.test("examples: warm_up.py runs on the server, through the command line", async () => {
  await using server = startServer({ sandbox: {} });
  const file = fileURLToPath(new URL("examples/warm_up.py", top));
  const words = ["exec", file, "--show-output", "--port", String(server.dashboardServer.port)];
  deepStrictEqual(await run(words), { code: 0, out: "light On at 30\n", err: "" });
});

Deno.test("mod.ts: can be imported by URL, where our deno.json is not seen and the page is not built", async () => {
  const folder = await Deno.makeTempDir();
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/page_assets.ts")) return new Response(null, { status: 404 });
    const type = { "content-type": "application/typescript" };
    return new Response(await Deno.readFile(new URL(`.${pathname}`, top)), { headers: type });
  });
  const { port } = site.addr;
  const script = `import { demoInstruments, HeliographServer } from "http://127.0.0.1:${port}/mod.ts";
    import { AzcamClient } from "http://127.0.0.1:${port}/client/mod.ts";
    await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0 });
    server.start();
    await using client = new AzcamClient({ port: server.commandServer.port });
    console.log(await client.command("exposure.get_exposureflag"));
    const page = await fetch("http://127.0.0.1:" + server.webServer.port);
    console.log((await page.text()).includes("deno task page"));`;
  await Deno.writeTextFile(`${folder}/script.ts`, script);
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    `--allow-import=127.0.0.1:${port}`,
    "--allow-net=127.0.0.1",
    "script.ts",
  ];
  const { code, stdout, stderr } = await runProgram(Deno.execPath(), args, { cwd: folder });
  await Deno.remove(folder, { recursive: true });
  deepStrictEqual([code, stdout], [0, '[ "OK", "0", "NONE" ]\ntrue\n'], stderr);
});

/** The example benches: which simulator plays which instrument, and what is tried on them. */
const benches: Readonly<
  Record<string, { readonly plays?: Record<string, string>; readonly tries: readonly (readonly [string, RegExp])[] }>
> = {
  "power_supply.json": {
    plays: { "Lamp Supply": "scpi-power-supply" },
    tries: [
      ["lamp_supply.set Voltage 5.5", /^OK$/],
      ["lamp_supply.set Output On", /^OK$/],
      ['lamp_supply.get "Lamp Current"', /^OK 0\.55\d*$/],
      ["lamp_supply.set Voltage 12.5", /above its maximum of 12 V$/],
      ["lamp_supply.off", /^OK$/],
      ['lamp_supply.get "Lamp Current"', /^OK 0\.0+$/],
    ],
  },
  "flow_controller.json": {
    plays: { "Argon MFC": "aalborg-dpc" },
    tries: [
      ["argon_mfc.set Setpoint 48.2", /^OK$/],
      ["argon_mfc.get Setpoint", /^OK 48\.2$/],
      ["argon_mfc.set Valve Setpoint", /^OK$/],
      ["argon_mfc.get Flow", /^OK 4[78]\.\d$/],
      ["argon_mfc.set Setpoint 98", /above its maximum of 97\.5 sccm$/],
    ],
  },
  "reactor.json": {
    tries: [
      ['"Reactor Valve".set "Position Selection" "Thru Reactor"', /^OK$/],
      ['"Reactor Valve".confirm', /^OK$/],
      ['"Reactor Valve".get "Actual Position"', /^OK Thru Reactor$/],
      ['"Oxygen MFC".get "Device Mode"', /^OK Closed$/],
      ['Picarro.get "CO2 (ppm)"', /^OK 4\d\d\.\d{4}$/],
      ['"UV Light".get "Actual Status"', /^OK Off$/],
    ],
  },
  "observatory.json": {
    tries: [
      ["tempcon.set_control_temperature -110", /^OK$/],
      ["get_control_temperature", /^OK -110\.0$/],
      ["tempcon.set_control_temperature -121", /below its minimum of -120 °C$/],
      ["tempcon.get_temperatures", /^OK -?\d+\.\d+ -?\d+\.\d+$/],
      ["bench_meter.measure resistance", /means overload/],
      ["bench_meter.measure dc_current", /^OK 0\.1\d+$/],
    ],
  },
};

Deno.test("examples: every bench file is tried", async () => {
  const files = (await Array.fromAsync(Deno.readDir(new URL("examples/benches/", top)))).map(({ name }) => name);
  const schemas = ["heliograph.run.schema.json", "heliograph.schema.json"];
  const tried = [...Object.keys(benches), "camera.json", "heater.json", "heater.ts", ...schemas];
  deepStrictEqual(files.sort(), tried.sort());
});

Deno.test("examples: the schemas that they link are the program's", async () => {
  const linked = async (name: string) =>
    JSON.parse(await Deno.readTextFile(new URL(`examples/benches/${name}.schema.json`, top)));
  deepStrictEqual(await linked("heliograph"), JSON.parse((await run(["schema"])).out));
  deepStrictEqual(await linked("heliograph.run"), JSON.parse((await run(["schema", "run"])).out));
});

for (const [file, { plays = {}, tries }] of Object.entries(benches)) {
  Deno.test(`examples: ${file} drives its instruments' simulators, and every field is read`, async () => {
    const running = new Map<string, RunningSimulator>();
    const bench = await loadBench(benchPath(file), (address, simulator, title) => {
      const make = simulator ?? builtInDrivers[plays[title]!]!.simulator;
      if (!running.has(address)) running.set(address, simulateTcp(make(), 0));
      return running.get(address)!.address;
    });
    try {
      await using server = startServer({ instruments: bench.instruments, poll: true });
      using client = await RawClient.connect(server.commandServer.port);
      for (const { contact, allFields, title } of bench.instruments) {
        await eventually(() => contact!.state === "connected", `contact with ${title}`);
        for (const field of allFields) {
          if (field.access === "setting" && field.spec.read === undefined) continue;
          await eventually(() => field.quality === "good", `a reading of ${field.title} of ${title}`);
        }
      }
      for (const [line, expected] of tries) {
        await eventually(async () => expected.test(await client.ask(line)), `${line} is answered by ${expected}`);
      }
    } finally {
      for (const simulator of running.values()) await simulator.close();
    }
  });
}

function benchPath(file: string): string {
  return fileURLToPath(new URL(`examples/benches/${file}`, top));
}

Deno.test("examples: a driver of one's own, whose instrument ends its answers with a check sum", async () => {
  const sum = (text: string) => {
    const total = [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 256;
    return text + total.toString(16).padStart(2, "0").toUpperCase();
  };
  let setpoint = 20;
  let spoil = false;
  await using device = tcpDevice((line) => {
    const command = line.slice(0, -2);
    if (sum(command) !== line) return sum("ERR check sum");
    if (spoil) return "1234";
    if (/^S\d/.test(command)) setpoint = Number(command.slice(1));
    return sum(command === "ID" ? "HEATER" : command === "T" ? "25.5" : command === "S" ? setpoint.toFixed(1) : "OK");
  }, { commandEnd: "\r", answerEnd: "\r" });
  const { instruments } = await loadBench(benchPath("heater.json"), () => device.address);
  await using server = startServer({ instruments, poll: true });
  using client = await RawClient.connect(server.commandServer.port);
  const ask = (line: string) => client.ask(line);
  await eventually(async () => await ask("sample_heater.get Temperature") === "OK 25.5", "the first reading");
  strictEqual(await ask("sample_heater.set Setpoint 299.5"), "OK");
  await eventually(async () => await ask("sample_heater.get Setpoint") === "OK 299.5", "the readback");
  match(await ask("sample_heater.set Setpoint 301"), /above its maximum of 300 °C$/);
  strictEqual(await ask("sample_heater.off"), "OK");
  spoil = true;
  match(await ask("sample_heater.off"), /answered "1234" to "H0\w\w", and should have ended with its check sum/);
});
