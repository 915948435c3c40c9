/** An instrument's way to say no is said once for its line, and is the error of the command that it refuses, at once. */
import assert from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { type Device, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

/** A controller that acknowledges some commands, is silent after others, and refuses both in its own words. */
function controller() {
  let setpoint = "20";
  return (command: string): string | undefined => {
    const [word, value = ""] = command.split(" ");
    if (word === "SP?") return setpoint;
    if (word === "STOP") return "OK";
    if ((word === "SP" || word === "QUIET") && Number(value) > 100) return "*C904 5";
    if (word === "SP" || word === "QUIET") setpoint = value;
    return word === "SP" ? "OK" : word === "QUIET" ? undefined : "?NA";
  };
}

async function refuses(device: Device, line: Record<string, unknown>): Promise<void> {
  await using bench = await ServedBench.one({
    title: "Controller",
    port: device.address,
    pollInterval: 0.1,
    // Nothing of this test would end in time if a timeout were waited for.
    line: { timeout: 100, refused: { "^\\?NA$": "not available", "^\\*C904 (\\d)$": "out of range" }, ...line },
    fields: {
      Setpoint: { read: "SP?", write: { send: "SP {value}", answer: "^OK$" } },
      Quiet: { read: "SP?", write: "QUIET {value}" },
      Name: { type: "text", read: "NAME?" },
    },
    commands: {
      curve: { summary: "What it has none of", ask: "CURVE?" },
      stop: { summary: "Stop", ask: { ask: "STOP", pattern: "^OK$" }, immediate: true },
    },
  });
  const contact = bench.server.bench.find("controller")!.contact!;
  await eventually(() => bench.field("controller", "Name").quality === "error", "a refused reading");
  assert.equal(
    bench.field("controller", "Name").reason,
    'Controller: refused "NAME?": not available (it answered "?NA")',
  );
  for (
    const [command, reply] of [
      ["set Setpoint 101", `ERROR AzcamError('Controller: refused "SP 101": out of range (it answered "*C904 5")')`],
      ["stop", "OK"],
      ["set Quiet 102", `ERROR AzcamError('Controller: refused "QUIET 102": out of range (it answered "*C904 5")')`],
      ["curve", `ERROR AzcamError('Controller: refused "CURVE?": not available (it answered "?NA")')`],
      ["set Setpoint 30", "OK"],
      ["set Quiet 31", "OK"],
    ] as const
  ) assert.equal(await bench.ask(`controller.${command}`), reply);
  await eventually(() => bench.field("controller", "Quiet").value === 31, "the readback");
  assert.equal(bench.field("controller", "Setpoint").quality, "good");
  assert.equal(contact.state, "connected");
}

Deno.test("TCP: what is refused is the command's error at once, whether it has an answer or not", async () => {
  await using device = tcpDevice(controller());
  await refuses(device, {});
});

Deno.test({
  name: "serial: what is refused is the command's error at once, and the line is not blind after it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using device = await ptyDevice(controller());
    await refuses(device, { sendEnd: "\r", receiveEnd: "\r" });
  },
});

Deno.test({
  name:
    "serial: a refusal that comes late, to a question that a stop interrupted, is no doubt about what is asked next",
  ignore: Deno.build.os === "windows",
  async fn() {
    let late: ((text: string) => void) | undefined;
    await using device = await ptyDevice((command, send) => {
      if (command === "NAME?") late = send;
      if (command === "STOP") late!("?NA");
      return command === "SP?" ? "20" : command === "CURVE?" ? "?NA" : undefined;
    });
    await using bench = await ServedBench.one({
      title: "Controller",
      port: device.address,
      line: { timeout: 100, refused: { "^\\?NA$": "not available" }, sendEnd: "\r", receiveEnd: "\r" },
      fields: { Setpoint: { read: "SP?" } },
      commands: {
        name: { summary: "Its name", ask: "NAME?", deadline: 100 },
        curve: { summary: "What it has none of", ask: "CURVE?" },
        stop: { summary: "Stop", send: "STOP", immediate: true },
      },
    });
    await eventually(() => bench.field("controller", "Setpoint").quality === "good", "the first reading");
    using client = await RawClient.connect(bench.server.commandServer.port);
    const name = client.ask("controller.name");
    await eventually(() => late !== undefined, "the question");
    assert.equal(await bench.ask("controller.stop"), "OK");
    assert.match(await name, /interrupted by an immediate command/);
    assert.match(await bench.ask("controller.curve"), /refused "CURVE\?": not available/);
    const { readAt } = bench.field("controller", "Setpoint");
    await eventually(() => bench.field("controller", "Setpoint").readAt > readAt, "a reading after it");
  },
});

Deno.test("a refusal that is no pattern is a mistake of the bench file, with its place", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const fields = { A: { read: "A?" } };
  await Deno.writeTextFile(
    file,
    JSON.stringify({ instruments: [{ title: "A", port: "tcp://a:1", line: { refused: { "(": "no" } }, fields }] }),
  );
  try {
    await assert.rejects(loadBench(file), /line\.refused/);
  } finally {
    await Deno.remove(file);
  }
});
