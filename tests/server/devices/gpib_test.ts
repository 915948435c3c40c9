/** Instruments behind GPIB controllers: one bus with one queue, answers that are fetched, and what goes wrong there. */
import assert from "node:assert/strict";
import { parseAddress, portName } from "../../../server/devices/transports/address.ts";
import { poller } from "../../../server/devices/transports/unix_poller.ts";
import { byteText } from "../../../server/devices/transports/line_codec.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { eventually } from "../../fixture.ts";
import { busInstrument, gpibController, gpibControllerOnPty } from "./fakes/gpib_controller.ts";
import { ServedBench, tcpDevice } from "./devices.ts";

const format = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
const question = (text: string, timeout = 2) => ({ text, timeout, accepts: () => true, expected: "come" });

/** Asks one question on a port. */
const ask = (port: Port, text: string, timeout?: number) =>
  port.use("command", undefined, (turn) => turn.ask(question(text, timeout)));

Deno.test("gpib: instruments on one controller are driven from a bench file, with a secondary address and a serial poll", async () => {
  const meter = busInstrument((command) =>
    command === "*IDN?" ? "Meter\n" : command === "READ" ? "+1.5E-3\r\n" : undefined
  );
  const scanner = busInstrument((command) => command === "S?" ? "2+2\n" : undefined);
  scanner.status = 65;
  await using controller = gpibController({ instruments: { "14": meter, "9 97": scanner } });
  await using bench = await ServedBench.of({
    instruments: [
      {
        title: "Meter",
        port: controller.address,
        handshake: { ask: "*IDN?", pattern: "Meter" },
        // No question mark says that it has an answer: the field does.
        fields: { Reading: { type: "float", read: "READ" }, Range: { write: "R+{value}" } },
      },
      {
        title: "Scanner",
        port: `gpib://${controller.host}/9,1`,
        fields: { Sum: { type: "text", read: "S?" }, Status: { type: "int", read: "++spoll" } },
      },
    ],
  });
  await eventually(() => bench.field("meter", "Reading").quality === "good", "a reading");
  await eventually(() => bench.field("scanner", "Status").quality === "good", "a serial poll");
  await eventually(() => bench.field("scanner", "Sum").quality === "good", "an answer");
  assert.equal(bench.field("meter", "Reading").value, 0.0015);
  assert.equal(bench.field("scanner", "Sum").value, "2+2");
  assert.equal(bench.field("scanner", "Status").value, 65);
  assert.equal(await bench.ask("meter.set Range 3"), "OK");
  assert.ok(meter.told.includes("R+3\n"), "a plus reaches the instrument");
  for (const setting of ["++savecfg 0", "++mode 1", "++auto 0", "++eos 3", "++eot_enable 1"]) {
    assert.equal(controller.commands.filter((command) => command === setting).length, 1, setting);
  }
});

Deno.test("gpib: an instrument that is silent, or slow, does not keep the bus from another", async () => {
  const slow = busInstrument((command, send) => void (command === "*OPC?" && setTimeout(() => send("1\n"), 1500)));
  const quick = busInstrument((command) => command);
  await using controller = gpibController({ instruments: { "14": slow, "5": quick } });
  const ports = [14, 5].map((at) => new Port(parseAddress(`gpib://${controller.host}/${at}`), format));
  const [one, other] = [ports[0]!, ports[1]!];
  for (const port of ports) await port.join();
  let done = false;
  const waiting = ask(one, "*OPC?", 10).then((answer) => {
    done = true;
    return answer;
  });
  assert.equal(await ask(other, "A"), "A");
  assert.equal(await ask(other, "B"), "B");
  assert.equal(done, false, "they came in between");
  assert.equal(await waiting, "1");
  // Its late answer is cleared away, and never taken for the next one.
  await assert.rejects(ask(one, "SILENT?", 0.6), /no answer to "SILENT\?" within 0\.6 s/);
  slow.output.push("late\n");
  assert.equal(await ask(other, "C"), "C");
  assert.equal(await ask(one, "*OPC?", 10), "1");
  assert.equal(slow.clears, 1);
  for (const port of ports) port.leave();
});

Deno.test("gpib: any byte reaches the instrument, and comes back", async () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10));
  const echo = busInstrument(() => `${all}\n`);
  await using controller = gpibController({ instruments: { "14": echo } });
  const port = new Port(parseAddress(controller.address), format);
  await port.join();
  assert.equal(await ask(port, all), all);
  // An answer without a question, as a program of one's own takes it.
  const heard = await port.use("command", undefined, async (turn) => {
    for await (const answer of turn.receive({ text: "GO", timeout: 2 })) return byteText(answer);
  });
  assert.equal(heard, all);
  assert.equal(echo.told[0], `${all}\n`);
  port.leave();
});

Deno.test({
  name: "gpib: a controller on a serial port, and an instrument that ends its answers by a byte instead of EOI",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const old = busInstrument(() => "17\n");
    {
      const version = "AR488 GPIB controller, ver. 0.51.29, 18/03/2024";
      await using controller = await gpibControllerOnPty({ instruments: { "3": old }, version });
      const port = new Port(parseAddress(`gpib://${controller.path}/3?readEnd=10`), format);
      await port.join();
      assert.equal(await ask(port, "X"), "17");
      port.leave();
    }
    await poller.idle();
  },
});

Deno.test("gpib: what is no controller is told, and so is a controller that is gone", async () => {
  await using device = tcpDevice(() => '-113,"Undefined header"');
  const wrong = new Port(parseAddress(device.address.replace("tcp:", "gpib:") + "/14"), format);
  await assert.rejects(
    wrong.join(),
    /127\.0\.0\.1:\d+ is no Prologix or AR488 controller: asked \+\+ver, it says "-113,/,
  );
  const port = new Port(parseAddress("gpib://127.0.0.1:9/14"), format);
  await assert.rejects(port.join(), /cannot connect to tcp:\/\/127\.0\.0\.1:9: nothing listens there/);
});

Deno.test("gpib: addresses", () => {
  const { controller } = parseAddress("gpib://10.0.0.7/14") as never;
  assert.deepEqual(controller, { kind: "tcp", host: "10.0.0.7", port: 1234 });
  assert.equal(portName(parseAddress("gpib:///dev/ttyUSB0/14,1?baud=9600")), "gpib:///dev/ttyUSB0/14,97");
  assert.equal(portName(parseAddress("gpib://com3/30/")), "gpib://COM3/30");
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["gpib://10.0.0.7:1234", /the instrument's GPIB address is missing at its end; give gpib:/],
    ["gpib://10.0.0.7/31", /the GPIB address is 31, and should be 0 to 30/],
    ["gpib://10.0.0.7/3,50", /the secondary address is 50, and should be 0 to 30, or 96 to 126/],
    ["gpib://10.0.0.7/3?baud=9600", /baud is a setting of serial lines/],
    ["gpib:///14", /the controller's serial port is missing/],
    ["gpib://10.0.0.7/3?clear=maybe", /clear is maybe, and should be yes or no/],
  ];
  for (const [address, expected] of wrong) assert.throws(() => parseAddress(address), expected);
});
