/** The examples, each run as a user would. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "./cli_fixture.ts";
import { canRun, RawClient, runProgram, startServer, top } from "./fixture.ts";

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
  deepStrictEqual(await run(words), { code: 0, out: "light On at 30.0\n", err: "" });
});

Deno.test("mod.ts: can be imported by URL, where our deno.json is not seen", async () => {
  const folder = await Deno.makeTempDir();
  await using site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const type = { "content-type": "application/typescript" };
    return new Response(await Deno.readFile(new URL(`.${pathname}`, top)), { headers: type });
  });
  const { port } = site.addr;
  const script = `import { CommandServer, AzcamClient, demoInstruments } from "http://127.0.0.1:${port}/mod.ts";
    await using server = new CommandServer({ port: 0, instruments: demoInstruments() });
    server.start();
    await using client = new AzcamClient({ port: server.port });
    console.log(await client.command("exposure.get_image_types"));`;
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
  deepStrictEqual([code, stdout], [0, '[ "OK", "zero", "object", "flat", "dark" ]\n'], stderr);
});
