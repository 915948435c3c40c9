/** `heliograph talk`: on real sockets and pseudo terminals, in this process, in a pipe, and at a terminal. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { canRun, eventually, noColours, runProgram, top } from "../fixture.ts";
import { run } from "../cli_fixture.ts";
import { ptyDevice, ServedBench, tcpDevice } from "../server/devices/devices.ts";
import { source } from "../server_process.ts";
import { Terminal } from "../terminal.ts";

/** A port on which no server is. */
const nobody = ["--port", "1"];

const meter = (command: string): string | undefined =>
  command === "*IDN?" ? "ACME,Meter\r" : command === "DEG?" ? "20 \xb0C" : undefined;

Deno.test("talk: --send prints the answer, and the exit code says whether one came", async () => {
  await using device = tcpDevice(meter);
  const talk = (...words: string[]) => run(["talk", device.address, ...nobody, ...words]);
  deepStrictEqual(await talk("--send", "*IDN?"), { code: 0, out: "ACME,Meter\n", err: "" });
  strictEqual((await talk("--send", "*IDN?", "--hex")).out, "41 43 4D 45 2C 4D 65 74 65 72 0D 0A\n");
  match((await talk("--send", "*IDN?", "--timestamps")).out, /^\d\d:\d\d:\d\d\.\d{3} {2}ACME,Meter\n$/);
  const json = await talk("--send", "*IDN?", "--json");
  deepStrictEqual(JSON.parse(json.out), {
    answer: "ACME,Meter",
    bytes: "41 43 4D 45 2C 4D 65 74 65 72 0D 0A",
    ended: true,
  });
  const none = await talk("--send", "MEAS", "--timeout", "0.05");
  const silence = "no answer to MEAS within 0.05 s";
  deepStrictEqual(none, { code: 4, out: "", err: `${silence}; it was ended by "\\n": try --end CR and --end CRLF\n` });
  strictEqual((await talk("--send", "MEAS", "--timeout", "0.05", "--end", "LF")).err, `${silence}\n`);
  match((await run(["talk"])).err, /^Say where: tcp:/);
  // What came without its end is printed, with what its end seems to be.
  const cut = await talk("--send", "*IDN?\\n", "--timeout", "0.2", "--send-end", "NONE", "--receive-end", ";");
  deepStrictEqual([cut.code, cut.out], [4, "ACME,Meter\\r\\n\n"]);
  match(
    cut.err,
    /not the end of an answer, ";"; it seems to be "\\r\\n": say --receive-end "\\r\\n" \(within 0\.2 s\)/,
  );
  // A pause ends what has no end, and bytes are sent as they are typed.
  const paused = await talk("--send", "*IDN?\\x0A", "--send-end", "none", "--receive-end", "none");
  deepStrictEqual([paused.code, paused.out], [0, "ACME,Meter\\r\\n\n"]);
  strictEqual((await talk("--send", "DEG?", "--encoding", "utf8")).out, "20 °C\n");
  strictEqual((await talk("--send", "DEG?")).out, "20 \xc2\xb0C\n");
  deepStrictEqual(device.commands.includes("*IDN?"), true);
});

Deno.test("talk: says what is wrong with what it is told", async () => {
  const wrong = async (...words: string[]) => {
    const { code, err } = await run(["talk", ...words, ...nobody]);
    return `${code} ${err.split("\n")[0]}`;
  };
  match(
    await wrong("10.0.0.5:5025"),
    /^2 Cannot use the address "10\.0\.0\.5:5025": write tcp:\/\/10\.0\.0\.5:5025, or udp/,
  );
  match(await wrong("tpc://10.0.0.5:5025"), /there is no tpc:\/\/ \(did you mean tcp\?\); give tcp:\/\//);
  match(
    await wrong("tcp://127.0.0.1:1", "--send", "x"),
    /^1 cannot connect to tcp:\/\/127\.0\.0\.1:1: nothing listens/,
  );
  match(
    await wrong("tcp://127.0.0.1:1", "--end", "CRFL"),
    /^2 .*CRFL is no end: give CR, LF, CRLF, NONE, or its bytes/,
  );
  match(await wrong("tcp://127.0.0.1:1", "--end", "\\q"), /^2 .*\\q is no escape/);
  await using device = tcpDevice(meter);
  match(await wrong(device.address, "--send", "a\\y"), /^2 Cannot send a\\y: \\y is no escape: there is \\r, \\n/);
  match(await wrong(device.address, "--send", "5 Ω"), /^1 .*Latin-1 is without "Ω"/);
});

Deno.test("talk: takes address, ends and encoding from a bench file", async () => {
  await using device = await ptyDevice((command) => command === "R" ? "1.5" : undefined);
  const folder = await Deno.makeTempDir();
  const file = `${folder}/lab.json`;
  const gauge = {
    title: "Gauge",
    port: device.address,
    line: { sendEnd: "\r", receiveEnd: "\r" },
    fields: { Pressure: { read: "R" } },
  };
  const lamp = { title: "Telescope", driver: "simulated-telescope" };
  await Deno.writeTextFile(file, JSON.stringify({ instruments: [gauge, lamp] }));
  const talk = (...words: string[]) => run(["talk", "--bench", file, ...words, ...nobody]);
  match((await talk()).err, /^Say which instrument of \S+: it has \w+ \(/);
  deepStrictEqual(await talk("gauge", "--send", "R"), { code: 0, out: "1.5\n", err: "" });
  match(
    (await talk("Gouge", "--send", "R")).err,
    /^There is no Gouge in .*did you mean Gauge\?.*it has Gauge, Telescope/,
  );
  const { error } = JSON.parse((await talk("Gouge", "--send", "R", "--json")).err);
  strictEqual(error.code, "unknown_instrument");
  match(error.message, /did you mean Gauge\?/);
  match((await talk("telescope", "--send", "R")).err, /^Cannot talk to Telescope: it has no "port"/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("talk: refuses a port that a running server holds, and shows that server's trace", async () => {
  await using device = tcpDevice((command) => command === "V?" ? "1.5" : undefined);
  await using bench = await ServedBench.one({
    title: "My Meter",
    port: device.address,
    fields: { Voltage: { read: "V?" } },
  });
  await eventually(() => bench.field("my_meter", "Voltage").quality === "good", "it is read");
  const port = String(bench.server.dashboardServer.port);
  const local = device.address.replace("127.0.0.1", "localhost");
  const { code, out, err } = await run(["talk", local, "--send", "*RST", "--port", port]);
  strictEqual(code, 1);
  ok(
    err.startsWith(
      `${local} is held by the server on 127.0.0.1:${port}, for My Meter: "heliograph off my_meter --port ${port}" frees it`,
    ),
  );
  match(err, new RegExp(`"heliograph trace my_meter --follow --port ${port}" shows more`));
  match(out, /^\S+ {2}→ {2}V\?\\n\n\S+ {2}← {2}1\.5\\n {3}\(Voltage = 1\.5\)$/m);
  ok(!device.commands.includes("*RST"));
});

Deno.test("trace: says so where nothing has gone over the line yet", async () => {
  await using bench = await ServedBench.one({
    title: "My Meter",
    port: "tcp://127.0.0.1:1",
    fields: { Voltage: { read: "V?" } },
  });
  const port = String(bench.server.dashboardServer.port);
  const { code, out, err } = await run(["trace", "my_meter", "--port", port]);
  deepStrictEqual([code, out, err], [0, "", "Nothing has gone over the line of my_meter so far\n"]);
});

Deno.test("talk: in a pipe bytes are typed in the encoding that the bench file says", async () => {
  await using device = tcpDevice((command) => command === "\xfe" ? "1.5" : undefined);
  const folder = await Deno.makeTempDir();
  const gauge = { title: "Gauge", port: device.address, line: { encoding: "utf8" }, fields: { P: { read: "R" } } };
  await Deno.writeTextFile(`${folder}/lab.json`, JSON.stringify({ instruments: [gauge] }));
  const process = new Deno.Command(source.path, {
    args: [...source.client, "talk", "gauge", "--bench", `${folder}/lab.json`, "--timeout", "0.2", "--json", ...nobody],
    cwd: top,
    stdin: "piped",
    stdout: "piped",
    env: noColours,
  }).spawn();
  const input = process.stdin.getWriter();
  await input.write(new TextEncoder().encode("\\xFE\n"));
  await input.close();
  strictEqual(JSON.parse(new TextDecoder().decode((await process.output()).stdout)).sent, "\\xFE\\n");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("talk: in a pipe each line is sent when the one before is answered, or no answer has come", async () => {
  await using device = tcpDevice(meter);
  const process = new Deno.Command(source.path, {
    args: [...source.client, "talk", device.address, "--timeout", "0.3", ...nobody],
    cwd: top,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: noColours,
  }).spawn();
  const input = process.stdin.getWriter();
  await input.write(new TextEncoder().encode("*IDN?\nSET 1\n*IDN?\nwrong \\q\n"));
  await input.close();
  const { code, stdout, stderr } = await process.output();
  const text = new TextDecoder();
  deepStrictEqual([code, text.decode(stdout)], [2, "ACME,Meter\nACME,Meter\n"]);
  match(text.decode(stderr), /^no answer to SET 1\\n within 0\.3 s\nCannot send wrong \\q: \\q is no escape/);
  deepStrictEqual(device.commands, ["*IDN?", "SET 1", "*IDN?"]);
});

Deno.test({
  name: "talk: at a terminal what is typed is sent, what comes is shown with its ends, and arrow-up brings a line back",
  ignore: Deno.build.os !== "linux" || !await canRun("script"), // needs util-linux' script
  fn: async () => {
    await using device = tcpDevice(meter);
    const folder = await Deno.makeTempDir();
    const command = [source.path, ...source.client, "talk", device.address, ...nobody].join(" ");
    const env = { HELIOGRAPH_HISTORY: `${folder}/history` };
    {
      await using terminal = new Terminal(command, env);
      await terminal.type("", /Ctrl-D leaves\s+> $/);
      await terminal.type("*IDN?\r", /→ {2}\*IDN\?\\n\s+(> )?\s*← {2}ACME,Meter\\r\\n\s+> $/);
      device.send("!hello");
      await terminal.type("", /!hello\\n\s+> $/);
      await terminal.type("\x1b[A\r", /← {2}ACME,Meter\\r\\n\s+> $/);
      await terminal.type("\\x02R\r", /→ {2}\\x02R\\n/);
      await terminal.type("\x04", /$/);
      await eventually(async () => (await runProgram("cat", [`${folder}/history_talk`])).code === 0, "it is kept");
      // Whoever leaves is not told so as a fault.
      ok(!(await terminal.ended()).includes("was closed"));
    }
    deepStrictEqual(device.commands, ["*IDN?", "*IDN?", "\x02R"]);
    match(await Deno.readTextFile(`${folder}/history_talk`), /^\*IDN\?\n\\x02R\n$/);
    {
      await using terminal = new Terminal(command, env);
      await terminal.type("", /Ctrl-D leaves\s+> $/);
      device.hangUp();
      await terminal.type("", /was closed by the other end/);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
