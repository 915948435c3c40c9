/** Instruments that close their connection after each answer, and those that take one connection, which others want too. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import assert from "node:assert/strict";
import { eventually } from "../../fixture.ts";
import { ServedBench, tcpDevice } from "./devices.ts";

/** A thermometer with a small TCP stack: one connection at a time, and what it does with it is up to the test. */
class OneSocket implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #serving: Promise<void>;
  readonly #closesAfterAnswer: boolean;
  readonly commands: string[] = [];
  connections = 0;
  open = 0;
  /** Whether a question is left without an answer. */
  silent = false;
  #connection: Deno.Conn | undefined;

  constructor(closesAfterAnswer: boolean, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#closesAfterAnswer = closesAfterAnswer;
    this.#serving = this.#serve();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async #serve(): Promise<void> {
    // One after another: who comes meanwhile waits.
    for await (const connection of this.#listener) {
      this.connections++;
      this.open++;
      this.#connection = connection;
      await this.#talk(connection).catch(() => {});
      this.open--;
      try {
        connection.close();
      } catch {
        // Closed by the other end.
      }
    }
  }

  async #talk(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(1000);
    let rest = "";
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      const lines = (rest + new TextDecoder().decode(buffer.subarray(0, count))).split("\r\n");
      rest = lines.pop()!;
      for (const line of lines) {
        this.commands.push(line);
        if (this.silent) continue;
        if (line !== "STOP") await connection.write(new TextEncoder().encode(line === "T?" ? "21.5\r\n" : "OK\r\n"));
        if (this.#closesAfterAnswer) return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    try {
      this.#connection?.close();
    } catch {
      // Closed already.
    }
    await this.#serving.catch(() => {});
  }
}

const thermometer = {
  title: "Thermo",
  fields: {
    T: { unit: "°C", read: "T?" },
    S: { unit: "°C", needsConfirm: false, write: { send: "S {value:.1f}", answer: "^OK$" } },
  },
  commands: { stop: { summary: "Stop", send: "STOP", immediate: true } },
};

Deno.test("connection: each question has its own, where the instrument closes it after the answer, and nothing is lost", async () => {
  await using device = new OneSocket(true);
  const warnings: string[] = [];
  const states: string[] = [];
  await configure({
    sinks: { kept: ({ message }) => void warnings.push(message.join("")) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "warning" },
    ],
  });
  try {
    await using bench = await ServedBench.one({
      ...thermometer,
      port: `tcp://127.0.0.1:${device.port}`,
      pollInterval: 0.05,
      line: { sendEnd: "\r\n", connection: "each question" },
    });
    bench.server.bench.onContact(({ contact }) => states.push(contact!.state));
    await eventually(() => bench.field("thermo", "T").value === 21.5, "the first reading");
    for (const value of [20, 21, 22]) assert.equal(await bench.ask(`thermo.set S ${value}`), "OK");
    const { length } = device.commands;
    await eventually(() => device.commands.length > length + 5, "more readings");
    assert.equal(await bench.ask("thermo.stop"), "OK");
    await eventually(() => device.commands.includes("STOP"), "a command without an answer");
    const { readAt } = bench.field("thermo", "T");
    await eventually(() => bench.field("thermo", "T").readAt > readAt, "a reading after it");
    assert.ok(device.connections >= 9, `${device.connections} connections`);
    assert.deepEqual(states.filter((state) => state === "lost"), []);
    // A stop goes over a question that is not answered, on a connection of its own.
    device.silent = true;
    const asked = device.commands.length;
    await eventually(() => device.commands.length > asked, "a question without an answer");
    const stops = () => device.commands.filter((command) => command === "STOP").length;
    assert.equal(await bench.ask("thermo.stop"), "OK");
    await eventually(() => stops() === 2, "the stop");
    device.silent = false;
  } finally {
    await reset();
  }
  assert.deepEqual(warnings, []);
});

Deno.test("connection: is given back while nothing is asked, so that another program has its turn", async () => {
  await using device = new OneSocket(false);
  await using bench = await ServedBench.one({
    ...thermometer,
    port: `tcp://127.0.0.1:${device.port}`,
    pollInterval: 0.6,
    line: { sendEnd: "\r\n", connection: { releaseAfter: 0.2 } },
  });
  await eventually(() => bench.field("thermo", "T").value === 21.5, "the first reading");
  await eventually(() => device.open === 0, "that it is given back");
  const other = await Deno.connect({ hostname: "127.0.0.1", port: device.port });
  await other.write(new TextEncoder().encode("S 1.0\r\n"));
  const buffer = new Uint8Array(100);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, await other.read(buffer) ?? 0)), "OK\r\n");
  // Several questions share a connection.
  other.close();
  assert.equal(await bench.ask("thermo.set S 2"), "OK");
  const { readAt } = bench.field("thermo", "T");
  await eventually(() => bench.field("thermo", "T").readAt > readAt, "a reading");
  assert.ok(device.connections < device.commands.length, `${device.connections} for ${device.commands.length}`);
  assert.equal(bench.server.bench.find("thermo")!.contact!.state, "connected");
});

Deno.test("connection: where it cannot be made, the reason says that another program may have it, and it is tried again", async () => {
  const device = new OneSocket(false);
  const { port } = device;
  await device[Symbol.asyncDispose]();
  await using bench = await ServedBench.one({
    ...thermometer,
    port: `tcp://127.0.0.1:${port}`,
    line: { sendEnd: "\r\n", connection: "each question" },
    reconnect: { first: 0.1 },
  });
  const { contact } = bench.server.bench.find("thermo")!;
  await eventually(() => contact!.state === "lost", "that it is not there");
  assert.match(
    contact!.reason,
    /nothing listens there; if it takes one connection at a time, another program may have it/,
  );
  await using _again = new OneSocket(true, port);
  await eventually(() => bench.field("thermo", "T").value === 21.5, "a reading once it is there");
  assert.equal(await bench.ask("thermo.set S 20"), "OK");
});

Deno.test("connection: one that is lost is tried at once where an operator asks for it, and the answer says where there is nothing to try", async () => {
  const device = new OneSocket(false);
  const { port } = device;
  await device[Symbol.asyncDispose]();
  await using bench = await ServedBench.one({
    ...thermometer,
    port: `tcp://127.0.0.1:${port}`,
    line: { sendEnd: "\r\n", connection: "each question" },
    // Nobody waits for the next try here.
    reconnect: { first: 3600, longest: 3600 },
  });
  const contact = bench.server.bench.find("thermo")!.contact!;
  await eventually(() => contact.state === "lost", "that it is not there");
  const { nextTry } = contact;
  assert.equal(await bench.ask("api.try_now thermo"), "OK");
  await eventually(() => contact.nextTry !== nextTry, "another try");
  await eventually(() => contact.state === "lost", "that it is not there yet");
  await using _again = new OneSocket(true, port);
  assert.equal(await bench.ask("try_now thermo"), "OK");
  await eventually(() => bench.field("thermo", "T").value === 21.5, "a reading");
  assert.match(await bench.ask("try_now thermo"), /^ERROR AzcamError\('Cannot try .* now: it answers'\)$/);
  assert.match(await bench.ask("try_now api"), /^ERROR AzcamError\('Cannot try .* now: it has no port'\)$/);
});

Deno.test("connection: where each is closed after its answer and nothing says so, the reason says what to say", async () => {
  await using device = new OneSocket(true);
  await using bench = await ServedBench.one({
    ...thermometer,
    port: `tcp://127.0.0.1:${device.port}`,
    line: { sendEnd: "\r\n" },
  });
  const { contact } = bench.server.bench.find("thermo")!;
  await eventually(() => contact!.state === "lost", "that it is lost");
  assert.match(contact!.reason, /closed by the other end after its first answer: .* say "connection": "each question"/);
});

Deno.test("connection: one that comes and goes, and works in between, is back at once each time, and the log tells it once", async () => {
  let answers = 0;
  await using device = tcpDevice(() => {
    // It is switched off and on again behind every third answer.
    if (++answers % 3 === 0) queueMicrotask(() => device.hangUp());
    return "21.5";
  });
  const logged: string[] = [];
  await configure({
    sinks: { kept: ({ message }) => void logged.push(message.join("")) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "info" },
    ],
  });
  try {
    await using bench = await ServedBench.one({
      title: "Thermo",
      port: device.address,
      pollInterval: 0.02,
      fields: { T: { read: "T?" } },
      reconnect: { first: 0.02, longest: 3600 },
    });
    let times = 0;
    bench.server.bench.onContact(({ contact }) => void (contact!.state === "connected" && times++));
    // Twice as long each time, that would take a day.
    await eventually(() => times > 20, "twenty connections");
  } finally {
    await reset();
  }
  const told = logged.filter((line) => /connected/.test(line));
  assert.equal(told.filter((line) => /is not connected/.test(line)).length, 1, told.join("\n"));
  assert.ok(told.length <= 3, told.join("\n"));
});
