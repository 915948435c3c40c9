/** A stop does not wait for an answer: it is sent between or over what is under way, and the line is in step after it. */
import assert from "node:assert/strict";
import { parseAddress } from "../../../server/devices/transports/address.ts";
import { type LineFormat, Port, type Question } from "../../../server/devices/transports/port.ts";
import { openHttp } from "../../../server/devices/transports/http.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { modbusTcpDevice, words } from "./fakes/modbus_device.ts";
import { type Device, goodValues, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

const windows = Deno.build.os === "windows";
const lines: LineFormat = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };

/** A sweep that is not over until it is aborted: then also the question that waits for its end is answered. */
class Sweeper {
  #waiting: ((text: string) => void) | undefined;
  readonly behaviour = (command: string, send: (text: string) => void): string | undefined => {
    if (command === "*OPC?") this.#waiting = send;
    if (command === "ABOR") {
      this.#waiting?.("1");
      this.#waiting = undefined;
    }
    return command === "POW?" ? "-10.0" : command === "STAT?" ? "7" : undefined;
  };
}

/** The fields and commands of a sweeper. */
const sweeper = {
  title: "Sweeper",
  pollInterval: 0.2,
  fields: { Power: { unit: "dBm", read: "POW?" } },
  commands: {
    sweep: {
      summary: "Sweep and wait",
      send: "INIT",
      ask: { ask: "*OPC?", pattern: "^1$", timeout: 90 },
      deadline: 100,
    },
    stop: { summary: "Stop at once", send: "ABOR", immediate: true },
    status: { summary: "Tell the status", ask: "STAT?", immediate: true, returns: { type: "int" } },
  },
};

async function stops(device: Device, line: Record<string, unknown>): Promise<void> {
  await using bench = await ServedBench.one({ ...sweeper, port: device.address, line });
  const contact = bench.server.bench.find("sweeper")!.contact!;
  await eventually(() => bench.field("sweeper", "Power").quality === "good", "the first reading");
  const seen = goodValues(bench, "sweeper");
  for (const [command, sent] of [["stop", "ABOR"], ["status", "STAT?"]] as const) {
    using sweeping = await RawClient.connect(bench.server.commandServer.port);
    const asked = device.commands.filter((each) => each === "*OPC?").length;
    const swept = sweeping.ask("sweeper.sweep");
    await eventually(() => device.commands.filter((each) => each === "*OPC?").length > asked, "the question");
    const before = device.commands.length;
    assert.match(await bench.ask(`sweeper.${command}`), command === "stop" ? /^OK$/ : /^OK 7$/);
    await eventually(() => device.commands.length > before, "what was sent");
    // A reading may come before the sweep's question is under way, and never between that and the stop.
    assert.equal(device.commands[before], sent);
    assert.match(await swept, /^ERROR .*Sweeper: interrupted by an immediate command before "\*OPC\?" was answered/);
  }
  const { readAt } = bench.field("sweeper", "Power");
  await eventually(() => bench.field("sweeper", "Power").readAt > readAt, "a reading after it");
  assert.deepEqual([...seen.get("Power") ?? [-10]], [-10], "the answer to the interrupted question is no reading");
  assert.equal(contact.state, "connected");
}

Deno.test("TCP: a stop is sent while *OPC? is unanswered, whose answer is nobody's, and a status interrupts too", async () => {
  await using device = tcpDevice(new Sweeper().behaviour);
  await stops(device, {});
});

Deno.test({
  name: "serial: a stop is sent while *OPC? is unanswered, whose answer is nobody's, and a status interrupts too",
  ignore: windows,
  async fn() {
    await using device = await ptyDevice(new Sweeper().behaviour);
    await stops(device, { sendEnd: "\r", receiveEnd: "\r" });
  },
});

function question(text: string): Question {
  return { text, timeout: 60, accepts: (answer) => /^\d+$/.test(answer), expected: "been a number" };
}

Deno.test("a stop goes over another one's question too, the rest of what it interrupts is not sent, and no stop is lost", async () => {
  await using device = tcpDevice((command) => command === "1" || command.startsWith("S") ? undefined : command);
  const port = new Port(parseAddress(device.address), lines);
  await port.join();
  const send = (text: string) => port.use("immediate", undefined, (turn) => turn.send(text));
  const stop = (text: string) =>
    port.use("immediate", undefined, async (turn) => {
      await turn.send(text);
      return await turn.ask(question("1"));
    });
  let rest: Promise<void> | undefined;
  const command = port.use("command", undefined, async (turn) => {
    await turn.send("S1");
    await turn.ask(question("1")).finally(() => {
      rest = turn.send("S2");
    });
  });
  await eventually(() => device.commands.length === 2, "the question");
  // Both of them are sent, although each waits for an answer that never comes.
  const both = Promise.allSettled([stop("S3"), stop("S4")]);
  await assert.rejects(command, { code: "command_failed", message: /before "1" was answered/ });
  await assert.rejects(rest!, { code: "command_failed", message: /"S2" was not sent/ });
  await eventually(() => device.commands.filter((each) => each === "S3" || each === "S4").length === 2, "two stops");
  assert.deepEqual(device.commands, ["S1", "1", "S3", "S4"], "the second does not wait until the line is opened anew");
  await send("S5");
  await eventually(() => device.commands.includes("S5"), "a third one");
  for (const { status } of await both) assert.equal(status, "rejected");
  assert.ok(!device.commands.includes("S2"), device.commands.join(" "));
  const poll = port.use("poll", undefined, (turn) => turn.ask(question("1")));
  await eventually(() => device.commands.at(-1) === "1", "a reading");
  await send("S6");
  await assert.rejects(poll, { code: "not_connected" }, "a reading keeps its value");
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("22"))), "22");
  port.leave();
});

Deno.test("a stop does not wait for the greeting, and keeps the gap between two commands", async () => {
  const times: number[] = [];
  await using device = tcpDevice((command) => {
    if (command !== "*IDN?") times.push(performance.now());
    return undefined;
  });
  await using bench = await ServedBench.one({
    ...sweeper,
    port: device.address,
    line: { gap: 0.2, timeout: 60 },
    handshake: { ask: "*IDN?", pattern: "sweeper" },
  });
  await eventually(() => device.commands.includes("*IDN?"), "the greeting");
  const begun = performance.now();
  assert.deepEqual(await Promise.all([bench.ask("sweeper.stop"), bench.ask("sweeper.stop")]), ["OK", "OK"]);
  assert.deepEqual(device.commands.slice(0, 3), ["*IDN?", "ABOR", "ABOR"]);
  // The first may have been read late by the device, and not before it was asked for.
  assert.ok(times[1]! - begun > 190, `${times[1]! - begun} ms`);
});

/** Two stops at once, each with an answer that never comes, on a bench: how they end. @param sent What came there of them. */
async function twoAnswered(instrument: Record<string, unknown>, sent: () => string[]): Promise<void> {
  await using bench = await ServedBench.one({
    title: "Stage",
    pollInterval: 60,
    line: { timeout: 120 },
    ...instrument,
  });
  await eventually(() => bench.field("stage", "T").quality === "good", "the first reading");
  using other = await RawClient.connect(bench.server.commandServer.port);
  const first = bench.ask("stage.first");
  await eventually(() => sent().length === 1, "the first stop");
  const second = other.ask("stage.second");
  // Neither waits for two minutes.
  await eventually(() => sent().length === 2, "the second stop, while the first is not answered");
  assert.match(await first, /^ERROR .*Stage: interrupted by an immediate command before .* was answered/);
  const third = bench.ask("stage.first");
  await eventually(() => sent().length === 3, "a third one");
  assert.match(await second, /^ERROR .*interrupted by an immediate command/);
  // Ends what waits for the third.
  await bench.server.bench.stop();
  assert.match(await third, /^ERROR/);
  assert.deepEqual(sent(), [sent()[0], sent()[1], sent()[0]], "each is sent once");
}

Deno.test("a stop with an answer is on the wire while another one waits for its own: TCP", async () => {
  await using device = tcpDevice((command) => command === "T?" ? "1" : undefined);
  const stop = (send: string) => ({
    summary: send,
    send: { send, answer: "^OK$" },
    immediate: true,
    deadline: 300,
  });
  await twoAnswered({
    port: device.address,
    fields: { T: { read: "T?" } },
    commands: { first: stop("STOP 1"), second: stop("STOP 2") },
  }, () => device.commands.filter((each) => each.startsWith("STOP")));
});

Deno.test("a stop with an answer is on the wire while another one waits for its own: a web API", async () => {
  const asked: string[] = [];
  const ended = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/t") return new Response("1");
    asked.push(pathname);
    await ended.promise;
    return new Response("OK");
  });
  const stop = (path: string) => ({ summary: path, ask: `POST ${path}`, immediate: true, deadline: 300 });
  await twoAnswered({
    port: `http://127.0.0.1:${server.addr.port}`,
    fields: { T: { read: "GET /t" } },
    commands: { first: stop("/stop1"), second: stop("/stop2") },
  }, () => asked);
  ended.resolve();
  await server.shutdown();
});

Deno.test("a stop with an answer is on the wire while another one waits for its own: Modbus over TCP", async () => {
  const written: string[] = [];
  await using device = modbusTcpDevice(({ code, address }) => {
    if (code === 3) return words(1);
    written.push(`coil ${address}`);
    return undefined;
  });
  const stop = (send: string) => ({ summary: send, send, immediate: true, deadline: 300 });
  await twoAnswered({
    port: device.address,
    fields: { T: { register: 40001 } },
    commands: { first: stop("coil 1 = 1"), second: stop("coil 2 = 1") },
  }, () => written);
});

Deno.test("a web API: two stops at once both arrive, and an answer to the one before is not the next one's", async () => {
  const asked: string[] = [];
  await using answering = {
    server: Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      return new Response(pathname.slice(1));
    }),
    [Symbol.asyncDispose]() {
      return this.server.shutdown();
    },
  };
  const line = await openHttp({ kind: "http", base: `http://127.0.0.1:${answering.server.addr.port}` });
  // The first is not on the wire yet when the second is sent.
  await line.write(new TextEncoder().encode("POST /1"));
  await line.write(new TextEncoder().encode("POST /2"));
  assert.match(new TextDecoder().decode((await line.read())!), /^200 2/);
  await eventually(() => asked.length === 2, "both");
  assert.deepEqual(asked.toSorted(), ["/1", "/2"]);
  line.close();
});

Deno.test("two stops with the same answer, which comes for both: the second is done, whichever of them was its own", async () => {
  await using device = tcpDevice((command, send) => {
    if (command !== "S2") return undefined;
    send("OK");
    return "OK";
  });
  const port = new Port(parseAddress(device.address), lines);
  await port.join();
  const stop = (text: string) =>
    port.use(
      "immediate",
      undefined,
      (turn) =>
        turn.ask({ text, timeout: 60, always: true, accepts: (answer) => answer === "OK", expected: "been OK" }),
    );
  const first = assert.rejects(stop("S1"), { message: /"S1" was answered/ });
  await eventually(() => device.commands.includes("S1"), "the first");
  assert.equal(await stop("S2"), "OK");
  await first;
  port.leave();
  await port.delivered;
});

Deno.test("a stop that waited for another one, whose answer did not come, is sent all the same", async () => {
  await using device = tcpDevice((command) => command === "T?" ? "1" : undefined);
  const stop = (send: string) => ({ summary: send, send: { send, answer: "^OK$" }, immediate: true });
  await using bench = await ServedBench.one({
    title: "Stage",
    port: device.address,
    pollInterval: 60,
    line: { timeout: 0.3 },
    fields: { T: { read: "T?" } },
    commands: { first: stop("STOP 1"), second: stop("STOP 2") },
  });
  await eventually(() => device.commands.includes("T?"), "the first reading");
  const [first, second] = await Promise.all([bench.ask("stage.first"), bench.ask("stage.second")]);
  assert.match(first, /no answer to "STOP 1"/);
  assert.match(second, /no answer to "STOP 2"/);
  assert.deepEqual(device.commands.filter((each) => each.startsWith("STOP")), ["STOP 1", "STOP 2"]);
});
