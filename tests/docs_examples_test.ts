/** The examples in the documents, each run as its reader would, with the ports of a server of the test's own. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadBench } from "../server/config/bench_file.ts";
import { demoInstruments } from "../server/config/demo_bench.ts";
import type { Instrument } from "../server/bench/instrument.ts";
import { Simulators } from "../server/config/simulators.ts";
import { builtInDrivers } from "../server/devices/drivers/drivers.ts";
import { parseAddress } from "../server/devices/transports/address.ts";
import { type RunningSimulator, simulateTcp } from "../server/devices/simulators/serve.ts";
import type { HeliographServer } from "../server/server.ts";
import { run } from "./cli_fixture.ts";
import { type CodeBlock, codeBlocks, documents, readFile } from "./documents.ts";
import { tcpDevice } from "./server/devices/devices.ts";
import { modbusTcpDevice, words } from "./server/devices/fakes/modbus_device.ts";
import { busInstrument, gpibController } from "./server/devices/fakes/gpib_controller.ts";
import { hislipServer } from "./server/devices/fakes/hislip_server.ts";
import { vxi11Server } from "./server/devices/fakes/vxi11_server.ts";
import { canRun, eventually, RawClient, runProgram, startServer, top } from "./fixture.ts";

/** The demo bench as `heliograph server` serves it, with a folder of its own for images. */
class DemoServer {
  readonly server: HeliographServer;
  readonly folder: string;

  private constructor(folder: string, code: boolean) {
    this.folder = folder;
    const instruments = demoInstruments({ camera: { imageFolders: [`${folder}/images`] } });
    this.server = startServer({ instruments, poll: true, ...(code ? { sandbox: {} } : {}) });
  }

  static async start(code = false): Promise<DemoServer> {
    const server = new DemoServer(await Deno.makeTempDir(), code);
    await server.server.prepare();
    return server;
  }

  /** An example with this server's ports in the place of the usual ones. */
  here(code: string): string {
    const { commandServer, dashboardServer, webServer } = this.server;
    return code.replace(
      /\b(?:2402|2403|12345)\b/g,
      (port) => String({ 2402: commandServer, 2403: webServer, 12345: dashboardServer }[port]!.port),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Every block of code in the documents that satisfies a condition. */
async function blocks(wanted: (block: CodeBlock) => boolean): Promise<(CodeBlock & { path: string })[]> {
  const found = await Promise.all(
    (await documents()).map(async (path) =>
      (await codeBlocks(path)).filter(wanted).map((block) => ({ path, ...block }))
    ),
  );
  return found.flat();
}

/** What an answer in a document stands for: `…` is anything, a number with decimals any number, a folder any folder. */
function asPattern(answer: string): RegExp {
  const source = answer.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/-?\d+\\\.\d+/g, "-?\\d+(?:\\.\\d+)?")
    .replace("/home/me/images", ".*")
    .replaceAll("…", ".*");
  return new RegExp(`^${source}$`);
}

/** Whether a line of JSON says what the document has; the order of its keys does not count. */
function saysAll(line: string, document: string): boolean {
  const [said, expected] = [JSON.parse(line), JSON.parse(document)];
  return Object.entries(expected).every(([key, value]) =>
    key in said && asPattern(JSON.stringify(value)).test(JSON.stringify(said[key]))
  );
}

/** Answers that tell what is going on, and so may come to be what the document says. */
const tellsState = /^get_status$|\.get |^tempcon\.get_temp/;

Deno.test("docs: azcam's lines are answered as the documents say", async () => {
  const found = await blocks(({ language, code }) =>
    language === "console" && code.startsWith("$ nc 127.0.0.1 2402\n")
  );
  ok(found.length >= 4);
  for (const { path, code } of found) {
    await using demo = await DemoServer.start();
    using client = await RawClient.connect(demo.server.commandServer.port);
    const lines = code.trimEnd().split("\n").slice(1);
    for (let at = 0; at < lines.length; at += 2) {
      const [asked, answer] = [lines[at]!, asPattern(lines[at + 1]!)];
      if (tellsState.test(asked)) {
        await eventually(
          async () => answer.test(await client.ask(asked)),
          `${path}: ${asked} is answered by ${answer}`,
        );
      } else match(await client.ask(asked), answer, `${path}: ${asked}`);
    }
  }
});

Deno.test("docs: PyOpticon's messages and the framed dialect's are answered as the documents say", async () => {
  const found = await blocks(({ language, code }) => language === "console" && code.startsWith("{"));
  ok(found.length >= 2);
  for (const { path, code } of found) {
    await using demo = await DemoServer.start();
    using client = await RawClient.connect(demo.server.dashboardServer.port);
    await demo.server.bench.start();
    for (const line of code.trimEnd().split("\n")) {
      if (line.includes(`"cmd":`)) {
        await client.send(line);
        continue;
      }
      const answer = asPattern(line);
      // What has no end is there when it is the answer; of lines, others may come between.
      if (!line.startsWith("{")) await client.until((text) => answer.test(text));
      else {
        const read: string[] = [];
        do {
          ok(read.length < 20, `${path}: ${line} does not come; these came: ${read.join("\n")}`);
          read.push((await client.lines(1))[0]!);
        } while (!saysAll(read.at(-1)!, line));
      }
    }
  }
});

const curl = await canRun("curl") && await canRun("bash");

Deno.test({
  name: "docs: what curl is told to ask over HTTP is answered as the documents say",
  ignore: !curl, // needs curl and bash on this machine
  fn: async () => {
    const found = await blocks(({ language, code }) => language === "console" && code.startsWith("$ curl"));
    ok(found.length >= 1);
    for (const { path, code } of found) {
      await using demo = await DemoServer.start();
      await demo.server.bench.start();
      for (const step of code.trimEnd().split(/^\$ /m).slice(1)) {
        const [command, ...answer] = demo.here(step).trimEnd().split("\n");
        const { code: exit, stdout, stderr } = await runProgram("bash", ["-c", command!.replace("curl", "curl -sSf")]);
        strictEqual(exit, 0, `${path}: ${command}: ${stderr}`);
        if (answer.length > 0) match(stdout, asPattern(answer.join("\n")), `${path}: ${command}`);
      }
    }
  },
});

/** The words of a shell's line, without its comment. */
function shellWords(line: string): string[] {
  return [...line.replace(/\s#.*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}

/** Subcommands that go on until they are told to stop: that their flags are there is looked at in their help. */
const goOn = ["server", "watch", "shell", "simulate", "ports"];
/** Subcommands that ask no server. */
const alone = ["init", "check", "schema", "completions", "version", "image", "types"];

Deno.test("docs: the command line does what the documents say", async () => {
  const { tasks } = JSON.parse(await readFile("deno.json"));
  // Who may do what, and other PCs, have tests of their own, which run theirs.
  const elsewhere = ["docs/access.md", "docs/connect.md", "docs/fleet.md"];
  const found = (await blocks(({ language }) => language === "sh")).filter(({ path }) => !elsewhere.includes(path));
  ok(found.length >= 4);
  for (const { path, code } of found) {
    await using demo = await DemoServer.start(true);
    for (const line of code.trimEnd().split("\n")) {
      const [deno, task, name, ...given] = shellWords(line);
      if (line === "python3 examples/plain_socket.py") continue; // run by the tests of the examples
      deepStrictEqual([deno, task, name! in tasks], ["deno", "task", true], `${path}: ${line}`);
      if (name !== "heliograph") continue;
      const words = given.map((word) =>
        word.startsWith("examples/")
          ? fileURLToPath(new URL(word, top))
          : word === "bench.json" || word.startsWith("images/")
          ? `${demo.folder}/${word}`
          : word
      );
      const [subcommand] = words;
      // It would write into the folder of the repository.
      if (subcommand === "types") words.push(demo.folder);
      if (goOn.includes(subcommand!)) {
        const { out } = await run([subcommand!, "--help"]);
        for (const flag of words.filter((word) => word.startsWith("--"))) ok(out.includes(flag), `${path}: ${line}`);
        continue;
      }
      const { commandServer, dashboardServer } = demo.server;
      const { port } = subcommand === "command" ? commandServer : dashboardServer;
      const where = alone.includes(subcommand!) ? [] : ["--port", String(port)];
      const { code: exit, out, err } = await run([subcommand!, ...where, ...words.slice(1)], { clientName: "me" });
      strictEqual(exit, 0, `${path}: ${line}: ${out}${err}`);
    }
  }
});

Deno.test("docs: the bench that the tutorial checks is well formed", async () => {
  const [block, ...more] = (await codeBlocks("docs/describe-your-instrument.md"))
    .filter(({ code }) => code.startsWith("$ heliograph check power_supply.json\n"));
  deepStrictEqual(more, []);
  const { out } = await run(["check", fileURLToPath(new URL("examples/benches/power_supply.json", top))]);
  strictEqual(out.trimEnd().split("\n")[0], block!.code.trimEnd().split("\n")[1]);
});

Deno.test("docs: the README's bench is well formed, and drives its instruments' simulators", async () => {
  const [block, ...more] = (await codeBlocks("README.md")).filter(({ language }) => language === "json");
  deepStrictEqual(more, []);
  const folder = await Deno.makeTempDir();
  const running: RunningSimulator[] = [];
  try {
    await Deno.writeTextFile(`${folder}/bench.json`, block!.code);
    strictEqual((await run(["check", `${folder}/bench.json`])).code, 0);
    const { instruments } = await loadBench(`${folder}/bench.json`, (_address, simulator) => {
      running.push(simulateTcp((simulator ?? builtInDrivers["scpi-power-supply"]!.simulator)(), 0));
      return running.at(-1)!.address;
    });
    await using server = startServer({ instruments, poll: true });
    using client = await RawClient.connect(server.commandServer.port);
    for (const { contact, title } of instruments) {
      await eventually(() => contact!.state === "connected", `contact with ${title}`);
    }
    strictEqual(await client.ask('"Lamp Supply".set Voltage 5'), "OK");
    await eventually(async () => await client.ask("lamp_supply.get Voltage") === "OK 5.0", "the readback");
    match(await client.ask("lamp_supply.set Voltage 13"), /above its maximum of 12 V$/);
    strictEqual(await client.ask("lamp_supply.off"), "OK");
    strictEqual(await client.ask("methane_mfc.set 'Setpoint Entry' 30"), "OK");
  } finally {
    for (const simulator of running) await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs: the benches of the page of drivers have contact with simulators, which the page and status are told", async () => {
  const found = (await codeBlocks("docs/drivers.md")).filter(({ language }) => language === "json");
  ok(found.length >= 6);
  const folder = await Deno.makeTempDir();
  const instruments: Instrument[] = [];
  await using simulators = new Simulators();
  try {
    for (const [at, { code }] of found.entries()) {
      await Deno.writeTextFile(`${folder}/${at}.json`, code);
      instruments.push(...(await loadBench(`${folder}/${at}.json`, simulators.redirect)).instruments);
    }
    deepStrictEqual(simulators.missing, []);
    await using server = startServer({ instruments, poll: true, simulated: true });
    for (const { contact, title } of instruments) {
      await eventually(() => contact!.state === "connected", `contact with ${title}: ${contact!.reason}`);
    }
    using client = await RawClient.connect(server.commandServer.port);
    match(await client.ask("status"), /"simulated": true/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Which simulator speaks as the instrument of each bench in the page from a manual to a bench file. */
const fromManuals: Readonly<Record<string, readonly [driver: string, line: string, reply: RegExp]>> = {
  "Cryostat": ["lake-shore-335", "cryostat.set Setpoint 3", /below its minimum of 4 K$/],
  "Lock-In": ["sr830", "lock_in.set Amplitude 2", /^OK$/],
  "Chiller": ["julabo", "chiller.set Running On", /^OK$/],
  "Argon": ["alicat", "argon.close", /^OK HLD$/],
  "Syringe Pump": ["new-era-ne1000", "syringe_pump.run", /^OK I$/],
  "Stage": ["newport-esp300", "stage.move_by 5", /^OK$/],
};

Deno.test("docs: from a manual to a bench file: each drives a simulator of the instrument, and every field is read", async () => {
  const found = (await codeBlocks("docs/from-a-manual.md")).filter(({ language }) => language === "json");
  deepStrictEqual(found.length, Object.keys(fromManuals).length);
  const folder = await Deno.makeTempDir();
  const instruments: Instrument[] = [];
  const running: RunningSimulator[] = [];
  try {
    for (const [at, { code }] of found.entries()) {
      await Deno.writeTextFile(`${folder}/${at}.json`, code);
      const bench = await loadBench(`${folder}/${at}.json`, (_address, _driver, title) => {
        running.push(simulateTcp(builtInDrivers[fromManuals[title]![0]]!.simulator(), 0));
        return running.at(-1)!.address;
      });
      instruments.push(...bench.instruments);
    }
    await using server = startServer({ instruments, poll: true });
    using client = await RawClient.connect(server.commandServer.port);
    for (const { contact, title, allFields } of instruments) {
      await eventually(() => contact!.state === "connected", `contact with ${title}: ${contact!.reason}`);
      for (const field of allFields) {
        await eventually(() => field.quality === "good", `a reading of ${field.title} of ${title}: ${field.reason}`);
      }
      const [, line, reply] = fromManuals[title]!;
      match(await client.ask(line), reply, line);
    }
  } finally {
    for (const simulator of running) await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs: ways in: each address is one, and each example drives an instrument of its kind", async () => {
  const text = await readFile("docs/ways-in.md");
  for (const [address] of text.matchAll(/\b(?:tcp|udp|telnet|serial|gpib|hislip|vxi11|usbtmc):\/\/[^\s`"]+/g)) {
    if (/\d/.test(address)) parseAddress(address.replace(/\/…$/, "/1"));
  }
  const one = (value: string) => (command: string) => command === "*IDN?" ? undefined : value;
  const names: Record<string, string> = {
    "Source Meter": "KEITHLEY INSTRUMENTS,MODEL 2450,04391234,1.7\n",
    "Old Scope": "TEKTRONIX,TDS 3034,0,CF:91.1CT FV:v2.11\n",
  };
  const named = (title: string) => (command: string) => command === "*IDN?" ? names[title]! : "1.5\n";
  const meter = busInstrument((command) => command === "B0X" ? "NDCV+1.5E+0\r\n" : undefined);
  await using controller = gpibController({ instruments: { "14": meter } });
  await using source = hislipServer(named("Source Meter"));
  await using scope = vxi11Server(named("Old Scope"));
  await using bath = tcpDevice(one("1.5"), { commandEnd: "\r\n", answerEnd: "\r\n" });
  await using board = tcpDevice(one("1.5"));
  const at: Record<string, string> = {
    "Valve Board": board.address,
    "Old Meter": controller.address,
    "Source Meter": source.address,
    "Old Scope": scope.address,
    "Bath": bath.address.replace("tcp:", "telnet:"),
  };
  const folder = await Deno.makeTempDir();
  const instruments: Instrument[] = [];
  try {
    for (const [index, { code }] of (await codeBlocks("docs/ways-in.md")).entries()) {
      if (!code.startsWith("{")) continue;
      const file = `${folder}/${index}.json`;
      await Deno.writeTextFile(file, code);
      strictEqual((await run(["check", file])).code, 0);
      // A board has no time to start here.
      await Deno.writeTextFile(file, code.replace('"settle": 2', '"settle": 0'));
      instruments.push(...(await loadBench(file, (_address, _driver, title) => at[title]!)).instruments);
    }
    deepStrictEqual(instruments.map(({ title }) => title), Object.keys(at));
    await using server = startServer({ instruments, poll: true });
    using client = await RawClient.connect(server.commandServer.port);
    for (const { title, allFields } of instruments) {
      for (const field of allFields) {
        await eventually(() => field.quality === "good", `a reading of ${field.title} of ${title}: ${field.reason}`);
        strictEqual(field.value, field.title === "Status Byte" ? 0 : 1.5, title);
      }
    }
    match(await client.ask("old_meter.trigger"), /^OK/);
    ok(controller.commands.includes("++trg"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What runs a language's examples, and what each prints. */
const languages: Readonly<
  Record<
    string,
    { readonly program: string; readonly suffix: string; readonly prints: RegExp; readonly args?: string[] }
  >
> = {
  python: { program: "python3", suffix: ".py", prints: /^OK\nOK -90\.0\n$/ },
  bash: { program: "bash", suffix: ".sh", prints: /^OK\nOK -90\.0\nOK Off\n$/ },
  octave: { program: "octave", suffix: ".m", prints: /^-90\.0\ngood, °C\n$/, args: ["--no-gui", "--quiet", "--norc"] },
};

for (const [language, { program, suffix, prints, args = [] }] of Object.entries(languages)) {
  const there = await canRun(program);
  Deno.test({
    name: `docs: the examples in ${language} drive the bench`,
    ignore: !there || Deno.build.os === "windows", // needs the language's interpreter on this machine
    fn: async () => {
      // The originals' clients are not there; that their messages are understood is tested elsewhere.
      const found = await blocks((block) =>
        block.language === language && !/^from (?:pyopticon|azcam)/.test(block.code)
      ).then((all) => all.filter(({ path }) => path !== "docs/fleet.md")); // run with a broker by the tests of fleets
      ok(found.length >= 1);
      for (const { path, code } of found) {
        await using demo = await DemoServer.start();
        await demo.server.bench.start();
        const file = `${demo.folder}/example${suffix}`;
        await Deno.writeTextFile(file, demo.here(code));
        const { code: exit, stdout, stderr } = await runProgram(program, [...args, file]);
        strictEqual(exit, 0, `${path}: ${stderr}`);
        match(stdout, prints, path);
      }
    },
  });
}

/** A package that does what PyOpticon's does on the wire: a message without an end, 1,024 bytes of reply. */
const pyopticon = `
import inspect, json, socket

class PyOpticonSocketClient:
    def __init__(self, *, socket_number=12345, handle_errors="none"):
        self._errors = handle_errors
        self._socket = socket.create_connection(("127.0.0.1", socket_number), timeout=20)

    def _ask(self, cmd, **rest):
        self._socket.send(json.dumps({"cmd": cmd, **rest}).encode())
        reply = self._socket.recv(1024).decode()
        if reply.startswith("Error") and self._errors == "exception":
            raise Exception("In " + cmd + ", " + reply)
        return reply

    def get_field(self, widget_nickname, field_name, printout=True):
        return self._ask("Get", widget_nickname=widget_nickname, field_name=field_name, printout=printout)

    def set_field(self, widget_nickname, field_name, new_value, printout=True):
        rest = {"field_name": field_name, "new_value": new_value, "printout": printout}
        return self._ask("Set", widget_nickname=widget_nickname, **rest)

    def do_confirm(self, widget_nickname, printout=True):
        return self._ask("Confirm", widget_nickname=widget_nickname, printout=printout)

    def do_eval(self, expression, printout=True):
        return self._ask("Eval", code=expression, printout=printout)

    def do_exec(self, fn, printout=True):
        return self._ask("Exec", code=inspect.getsource(fn), printout=printout)

    def close(self):
        self._socket.send(json.dumps({"cmd": "Close"}).encode())
        self._socket.close()
`;

Deno.test({
  name: "docs: the examples with PyOpticon's client do what they say, by what that client sends",
  ignore: !await canRun("python3"), // needs python3 on this machine
  fn: async () => {
    const found = await blocks(({ language, code }) => language === "python" && code.startsWith("from pyopticon"));
    deepStrictEqual(found.map(({ path }) => path).sort(), ["README.md", "docs/wires.md", "docs/your-own-program.md"]);
    await using demo = await DemoServer.start(true);
    await demo.server.bench.start();
    await Deno.mkdir(`${demo.folder}/pyopticon`);
    await Deno.writeTextFile(`${demo.folder}/pyopticon/socket_client.py`, demo.here(pyopticon));
    for (const { path, code } of found) {
      const file = `${demo.folder}/example.py`;
      await Deno.writeTextFile(file, demo.here(code));
      const { code: exit, stdout, stderr } = await runProgram("python3", [file]);
      strictEqual(exit, 0, `${path}: ${stderr}`);
      match(stdout, /^(On\n(True\n)?)?$/, path);
    }
    strictEqual(demo.server.bench.find("Methane MFC")!.field("Setpoint Entry").value, 30, "do_exec ran the function");
  },
});

/** A package that does what azcam's console does on the wire: a line each way, and the reply split as a shell would. */
const azcamConsole = `
import shlex, socket

class ServerCommunication:
    def connect(self, host="localhost", port=2402):
        self._lines = socket.create_connection((host, port), timeout=20).makefile("rw", newline="\\n")
        return True

    def command(self, line):
        print(line, file=self._lines, flush=True)
        status, *reply = shlex.split(self._lines.readline())
        if status == "ERROR":
            raise Exception(" ".join(reply))
        return reply[0] if len(reply) == 1 else reply
`;

Deno.test({
  name: "docs: the examples with azcam's client do what they say, by what that client sends",
  ignore: !await canRun("python3"), // needs python3 on this machine
  fn: async () => {
    const found = await blocks(({ language, code }) =>
      language === "python" && code.includes("import ServerCommunication")
    );
    ok(found.some(({ path }) => path === "README.md"));
    await using demo = await DemoServer.start(true);
    await demo.server.bench.start();
    await Deno.mkdir(`${demo.folder}/azcam_console`);
    await Deno.writeTextFile(`${demo.folder}/azcam_console/server_comm.py`, azcamConsole);
    for (const { path, code } of found) {
      const file = `${demo.folder}/example.py`;
      await Deno.writeTextFile(file, demo.here(code));
      const { code: exit, stderr } = await runProgram("python3", [file]);
      strictEqual(exit, 0, `${path}: ${stderr}`);
    }
  },
});

Deno.test({
  name: "docs: every example in Python is Python",
  ignore: !await canRun("python3"), // needs python3 on this machine
  fn: async () => {
    for (const { path, code } of await blocks(({ language }) => language === "python")) {
      const { stderr } = await runProgram("python3", [
        "-c",
        "import sys; compile(sys.argv[1], sys.argv[2], 'exec')",
        code,
        path,
      ]);
      strictEqual(stderr, "", path);
    }
  },
});

Deno.test("docs: the clients in TypeScript do what the documents say", async () => {
  const found = await blocks(({ language, code }) =>
    language === "ts ignore" && code.includes("new PyOpticonSocketClient(")
  );
  ok(found.length >= 2);
  for (const { path, code } of found) {
    await using demo = await DemoServer.start(true);
    const { commandServer, dashboardServer } = demo.server;
    const script = code.replace(
      /"[./]+((?:client\/)?mod\.ts)"/,
      (_, module) => JSON.stringify(new URL(module, top).href),
    )
      .replace(`handleErrors: "exception"`, `handleErrors: "exception", socketNumber: ${dashboardServer.port}`)
      .replace("new AzcamClient()", `new AzcamClient({ port: ${commandServer.port} })`);
    const file = `${demo.folder}/example.ts`;
    await Deno.writeTextFile(file, script);
    const config = fileURLToPath(new URL("deno.json", top));
    const { code: exit, stderr } = await runProgram(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      `--config=${config}`,
      "--allow-net=127.0.0.1",
      file,
    ]);
    strictEqual(exit, 0, `${path}: ${stderr}`);
  }
});

Deno.test("docs: Modbus, web APIs and files: each example drives a device of its kind, and every field is read", async () => {
  const found = (await codeBlocks("docs/modbus-web-files.md")).filter(({ language }) => language === "json");
  const folder = await Deno.makeTempDir();
  const registers = [215, 300, 0x0000, 0x41AC, 0x0021];
  const written: string[] = [];
  await using oven = modbusTcpDevice(({ unit, code, address, count }) => {
    if (unit !== 3) return undefined;
    if (code >= 5) {
      written.push(`${code} ${address} ${count}`);
      if (code === 6) registers[address] = count;
      return [address >> 8, address & 255, count >> 8, count & 255];
    }
    return code === 1 ? [1, 1] : words(...registers.slice(address, address + count));
  });
  await using box = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (!request.headers.has("authorization") || !request.headers.has("x-key")) {
      return new Response("", { status: 401 });
    }
    if (request.method !== "GET") written.push(`${request.method} ${pathname}${search} ${await request.text()}`);
    return new Response(
      pathname === "/api/limit" ? "limit: 2.5 A" : JSON.stringify({ outputs: [{ voltage: 5.01, on: true }] }),
    );
  });
  const lines = (await codeBlocks("docs/modbus-web-files.md")).find(({ language }) => language === "text")!.code;
  await Deno.writeTextFile(`${folder}/results.csv`, lines);
  const here: Readonly<Record<string, string>> = {
    "modbus+serial:///dev/ttyUSB0?baud=19200&parity=even&unit=3": `${oven.address}?unit=3`,
    "http://lab:password@10.0.0.9/api": `http://lab:password@127.0.0.1:${box.addr.port}/api`,
    "file:///C:/GC/results.csv": pathToFileURL(`${folder}/results.csv`).href,
  };
  try {
    const instruments: Instrument[] = [];
    for (const [at, { code }] of found.entries()) {
      await Deno.writeTextFile(`${folder}/${at}.json`, code);
      strictEqual((await run(["check", `${folder}/${at}.json`])).code, 0);
      const { port } = JSON.parse(code).instruments[0];
      await Deno.writeTextFile(`${folder}/${at}.json`, code.replace(JSON.stringify(port), JSON.stringify(here[port])));
      instruments.push(...(await loadBench(`${folder}/${at}.json`)).instruments);
    }
    await using server = startServer({ instruments, poll: true });
    using client = await RawClient.connect(server.commandServer.port);
    for (const { title, allFields } of instruments) {
      for (const field of allFields) {
        await eventually(() => field.quality === "good", `a reading of ${field.title} of ${title}: ${field.reason}`);
      }
    }
    const asked: readonly (readonly [string, string])[] = [
      ["oven.get Temperature", "OK 21.5"],
      ["oven.get Power", "OK 21.5"],
      ["oven.get Alarm", "OK On"],
      ["oven.get Program", "OK 2"],
      ["oven.set Setpoint 42", "OK"],
      ["oven.read 1", "OK 01a4"],
      ["oven.stop", "OK"],
      ["power_box.get Voltage", "OK 5.01"],
      ["power_box.set Output Off", "OK"],
      ["power_box.set Limit 1.5", "OK"],
      ["power_box.reset", "OK"],
      ['gc_fid.get "CH4 (ppm)"', "OK 120.0"],
      ['gc_fid.get "CO2 (ppm)"', "OK 310.0"],
      ["gc_fid.get Hour", "OK 9"],
    ];
    for (const [line, answer] of asked) strictEqual(await client.ask(line), answer, line);
    deepStrictEqual(written, [
      "6 1 420",
      "5 0 0",
      'PUT /api/outputs/0 {"on":false}',
      "POST /api/limit?amps=1.50 ",
      "POST /api/reset ",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
