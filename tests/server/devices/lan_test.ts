/** Instruments on the network that speak in messages: HiSLIP and VXI-11. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAddress, portName } from "../../../server/devices/transports/address.ts";
import { firstMessageId } from "../../../server/devices/transports/hislip_message.ts";
import { byteText } from "../../../server/devices/transports/line_codec.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { canRun, eventually, runProgram } from "../../fixture.ts";
import { type Behaviour, ServedBench, tcpDevice } from "./devices.ts";
import { hislipServer } from "./fakes/hislip_server.ts";
import { latin1 } from "./fakes/server.ts";
import { vxi11Server } from "./fakes/vxi11_server.ts";

const format = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
const long = Array.from({ length: 3000 }, (_, at) => String.fromCharCode(32 + at % 90)).join("");

const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

/** Answers late when told so, and says back what it is told. */
const behaviour: Behaviour = (command, send) => {
  if (command === "LATE?") return void setTimeout(() => send("late"), 400);
  if (command === "CURVE?") return `#3256${bytes}\n`;
  if (command === "*IDN?") return "Maker,Model,7,1.0\n";
  return command.endsWith("?") || command === "READ" ? command : undefined;
};

const ask = (port: Port, text: string, timeout = 2) =>
  port.use("command", undefined, (turn) => turn.ask({ text, timeout, accepts: () => true, expected: "come" }));

for (const [way, serve] of [["hislip", hislipServer], ["vxi11", vxi11Server]] as const) {
  Deno.test(`${way}: an instrument is driven from a bench file, with answers that have no end but the message's`, async () => {
    await using server = serve(behaviour);
    await using bench = await ServedBench.one({
      title: "Meter",
      port: server.address,
      handshake: { ask: "*IDN?", pattern: "^Maker,Model,7," },
      fields: { Reading: { type: "text", read: "READ" }, Level: { write: "LEVEL {value}" } },
    });
    await eventually(() => bench.field("meter", "Reading").quality === "good", "a reading");
    assert.equal(bench.field("meter", "Reading").value, "READ");
    assert.equal(await bench.ask("meter.set Level 3"), "OK");
    await eventually(() => server.told.includes("LEVEL 3\n"), "it to be told");
    assert.equal(server.clears, 1, "its buffers were cleared first");
  });

  Deno.test(`${way}: a late answer is never taken for the next one, and long messages go in pieces`, async () => {
    await using server = serve(behaviour);
    const port = new Port(parseAddress(server.address), format);
    await port.join();
    await assert.rejects(ask(port, "LATE?", 0.1), /no answer to "LATE\?" within 0\.1 s/);
    assert.equal(await ask(port, "A?"), "A?");
    assert.equal(server.clears, 2, "it was opened anew");
    assert.equal(await ask(port, `${long}?`), `${long}?`);
    assert.ok(server.told.includes(`${long}?\n`));
    const block = await port.use(
      "command",
      undefined,
      (turn) => turn.askBytes({ text: latin1("CURVE?\n"), shape: { block: true }, timeout: 2 }),
    );
    assert.equal(byteText(block), `#3256${bytes}`, "a block of any bytes");
    // What has no answer is no question, and leaves nothing behind.
    await port.use("command", undefined, (turn) => turn.send("OUTPUT ON"));
    assert.equal(await ask(port, "B?"), "B?");
    port.leave();
  });

  Deno.test(`${way}: a stop goes out while a question is under way`, async () => {
    await using server = serve(behaviour);
    const port = new Port(parseAddress(server.address), format);
    await port.join();
    const waiting = assert.rejects(ask(port, "LATE?", 30), /interrupted/);
    await eventually(() => server.told.includes("LATE?\n"), "the question");
    await port.use("immediate", undefined, (turn) => turn.send("STOP"));
    await waiting;
    await eventually(() => server.told.includes("STOP\n"), "the stop");
    assert.equal(await ask(port, "A?"), "A?");
    port.leave();
  });

  Deno.test(`${way}: what speaks something else is told`, async () => {
    await using device = tcpDevice((_command, send) => send('-113,"Undefined header" and more'));
    device.send("");
    const port = new Port(parseAddress(device.address.replace("tcp:", `${way}:`)), format);
    const joined = port.join();
    const speaking = setInterval(() => device.send("x".repeat(100)), 20);
    await assert.rejects(joined, way === "hislip" ? /speaks no HiSLIP/ : /speaks no ONC RPC/);
    clearInterval(speaking);
  });
}

Deno.test("a serial number in the handshake refuses an instrument that was swapped, and says which is there", async () => {
  await using server = hislipServer(behaviour);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: server.address,
    handshake: { ask: "*IDN?", pattern: "^Maker,Model,8," },
    fields: { Reading: { type: "text", read: "READ" } },
  });
  const contact = bench.server.bench.find("meter")!.contact!;
  await eventually(() => contact.reason !== "", "the refusal");
  assert.match(contact.reason, /Maker,Model,7,1\.0.*should have matched \^Maker,Model,8,; is it another instrument\?/);
  assert.ok(!server.told.includes("READ\n"));
});

Deno.test("hislip: messages are numbered, and each says whether the last answer has come", async () => {
  await using server = hislipServer(behaviour);
  const port = new Port(parseAddress(`hislip://127.0.0.1:${server.port}`), format);
  await port.join();
  assert.deepEqual([await ask(port, "A?"), await ask(port, "B?")], ["A?", "B?"]);
  assert.deepEqual(server.ids, [firstMessageId, 0, firstMessageId + 2, 1]);
  assert.deepEqual(server.subAddresses, ["hislip0"]);
  port.leave();
});

Deno.test("vxi11: a link is destroyed when it is not needed, and a device that is not there is told", async () => {
  await using server = vxi11Server(behaviour);
  const port = new Port(parseAddress(server.address), format);
  await port.join();
  assert.equal(server.links.size, 1);
  port.leave();
  await eventually(() => server.links.size === 0, "the end of the link");
  const none = new Port(parseAddress(`vxi11://127.0.0.1:${server.port}/none`), format);
  await assert.rejects(none.join(), /vxi11:\/\/127\.0\.0\.1:\d+\/none: the device is not accessible/);
  // A gateway's clear may set an old instrument back to its defaults.
  const behind = new Port(parseAddress(`vxi11://127.0.0.1:${server.port}/gpib0,14`), format);
  await behind.join();
  assert.deepEqual([server.devices.at(-1), server.clears], ["gpib0,14", 1]);
  behind.leave();
});

// Debian's: what stands first on the path may be another Python.
const python = "/usr/bin/python3";
const hasPyvisa = Deno.build.os === "linux" && await canRun(python) &&
  (await runProgram(python, ["-c", "import pyvisa_py.protocols.vxi11"])).code === 0;

Deno.test({
  name: "vxi11: a server by pyvisa-py (Debian's python3-pyvisa-py) understands it, and is understood",
  ignore: !hasPyvisa,
  async fn() {
    const script = fileURLToPath(new URL("fakes/pyvisa_vxi11.py", import.meta.url));
    const server = new Deno.Command(python, { args: [script], stdout: "piped", stderr: "inherit" }).spawn();
    let said = "";
    const saying = (async () => {
      for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) said += text;
    })();
    try {
      await eventually(() => said.includes("\n"), "its port");
      const port = new Port(parseAddress(`vxi11://127.0.0.1:${said.trim()}`), format);
      await port.join();
      assert.equal(await ask(port, "*IDN?"), "Python,server,1,2");
      await port.use("command", undefined, (turn) => turn.send(`OUTP ${"x".repeat(100)}`));
      port.leave();
      await eventually(() => said.includes("destroy 7\n"), "the end of the link");
    } finally {
      // It does not see the end of a connection.
      server.kill("SIGKILL");
      await saying;
      await server.status;
    }
    assert.deepEqual(said.trim().split("\n").slice(1), [
      "link False inst0",
      "clear 7",
      "write 7 8 b'*IDN?\\n'",
      `write 7 0 b'OUTP ${"x".repeat(59)}'`,
      `write 7 8 b'${"x".repeat(41)}\\n'`,
      "destroy 7",
    ]);
  },
});

Deno.test("hislip, vxi11: addresses", () => {
  assert.equal(portName(parseAddress("hislip://10.0.0.8")), "hislip://10.0.0.8:4880/hislip0");
  assert.equal(portName(parseAddress("vxi11://meter.lab")), "vxi11://meter.lab/inst0");
  assert.equal(portName(parseAddress("vxi11://[::1]:620/gpib0,14")), "vxi11://[::1]:620/gpib0,14");
  assert.throws(() => parseAddress("hislip:///hislip0"), /its host is missing; give hislip:\/\/HOST\/hislip0/);
  assert.throws(() => parseAddress("vxi11://h/a/b"), /behind the host stands one name; give vxi11:\/\/HOST\/inst0/);
  assert.throws(() => parseAddress("vxi11://h?clear=1"), /clear is 1, and should be yes or no/);
});
