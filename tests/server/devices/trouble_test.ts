/** Trouble that costs a night: late answers, power cycles, readbacks, neighbours, goodbyes. No value is ever wrong. */
import assert from "node:assert/strict";
import { builtInDrivers } from "../../../server/devices/drivers/drivers.ts";
import { ValueCodec } from "../../../server/devices/described/value_codec.ts";
import { parseAddress } from "../../../server/devices/transports/address.ts";
import { type LineFormat, Port, type Question } from "../../../server/devices/transports/port.ts";
import { simulateTcp } from "../../../server/devices/simulators/serve.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { goodValues, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const windows = Deno.build.os === "windows";
const lines: LineFormat = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };

/** A question whose answer is a number. */
function digits(text: string): Question {
  return { text, timeout: 0.2, accepts: (answer) => /^\d+$/.test(answer), expected: "been a number" };
}

Deno.test({
  name: "serial: whatever comes late by up to five seconds, each field has its own values only",
  ignore: windows,
  async fn() {
    const numbers: Record<string, string> = { "A?": "1", "B?": "2", "C?": "3" };
    let asked = 0;
    let queue = Promise.resolve();
    // One answer after another, as instruments do; now and then they take their time.
    await using device = await ptyDevice((command, send) => {
      const late = ++asked % 4 === 0 ? [0.35, 0.7, 1.3][asked % 3]! : 0;
      queue = queue.then(() => wait(late)).then(() => send(numbers[command] ?? "?"));
      return undefined;
    });
    {
      await using bench = await ServedBench.one({
        title: "Slow",
        port: device.address,
        pollInterval: 0.1,
        line: { sendEnd: "\r", receiveEnd: "\r", timeout: 0.25 },
        reconnect: { first: 0.05, longest: 0.2 },
        fields: { A: { type: "int", read: "A?" }, B: { type: "int", read: "B?" }, C: { type: "int", read: "C?" } },
      });
      const seen = goodValues(bench, "slow");
      await eventually(() => seen.size === 3, "a reading of every field");
      await wait(6);
      assert.deepEqual(Object.fromEntries([...seen].map(([title, values]) => [title, [...values]])), {
        A: [1],
        B: [2],
        C: [3],
      });
    }
    await queue;
  },
});

Deno.test({
  name: "serial: an answer that may be left out and comes late is no reading",
  ignore: windows,
  async fn() {
    const timers: Promise<void>[] = [];
    let flow = "5";
    await using device = await ptyDevice((command, send) => {
      if (command === "FLOW?") return flow;
      if (!command.startsWith("SET ")) return undefined;
      timers.push(wait(0.5).then(() => send(command.slice(4))));
      return undefined;
    });
    {
      await using bench = await ServedBench.one({
        title: "MFC",
        port: device.address,
        pollInterval: 0.1,
        line: { sendEnd: "\r", receiveEnd: "\r", timeout: 0.3 },
        fields: {
          Flow: { read: "FLOW?" },
          Setpoint: { write: { send: "SET {value}", answer: "^\\d+$", answerIsOptional: true } },
        },
      });
      const seen = goodValues(bench, "mfc");
      await eventually(() => seen.has("Flow"), "the first reading");
      assert.equal(await bench.ask("mfc.set Setpoint 100"), "OK");
      await wait(1.5);
      flow = "6";
      await eventually(() => seen.get("Flow")!.has(6), "a new reading");
      assert.deepEqual([...seen.get("Flow")!], [5, 6]);
    }
    await Promise.all(timers);
  },
});

Deno.test({
  name: "serial: one answer that is lost for ever costs ten fields no error, although each looks like the other",
  ignore: windows,
  async fn() {
    let lose = 25;
    await using device = await ptyDevice((command) => --lose === 0 ? undefined : command.slice(1, 2));
    const titles = Array.from({ length: 10 }, (_, index) => `F${index}`);
    await using bench = await ServedBench.one({
      title: "Ten",
      port: device.address,
      pollInterval: 0.2,
      staleAfter: 4,
      errorAfter: 10,
      line: { sendEnd: "\r", receiveEnd: "\r", timeout: 0.3, retries: 0 },
      fields: Object.fromEntries(titles.map((title) => [title, { type: "int", read: `${title}?` }])),
    });
    const seen = goodValues(bench, "ten");
    const errors: string[] = [];
    bench.server.bench.onChange((_, field) => {
      if (field.quality === "error") errors.push(`${field.title}: ${field.reason}`);
    });
    await eventually(() => lose < 0, "the loss");
    const since = performance.now();
    await eventually(
      () => titles.every((title) => bench.field("ten", title).readAt > since),
      "a reading of every field after it",
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(Object.fromEntries([...seen].map(([title, values]) => [title, [...values]])), {
      ...Object.fromEntries(titles.map((title, index) => [title, [index]])),
    });
  },
});

Deno.test({
  name: "serial: what switches off is sent at once after a lost answer, and at the end; it is told what is not known",
  ignore: windows,
  async fn() {
    let on = true;
    let lose = false;
    const offs: number[] = [];
    await using device = await ptyDevice((command) => {
      if (command === "OUTP 0") {
        on = false;
        offs.push(performance.now());
      }
      if (command === "MEAS?" && lose) {
        lose = false;
        return undefined;
      }
      return command === "MEAS?" ? "1.5" : command === "ERR?" ? '0,"No error"' : command === "ID?" ? "lamp" : undefined;
    });
    const lamp = {
      title: "Lamp",
      port: device.address,
      pollInterval: 0.2,
      line: { sendEnd: "\r", receiveEnd: "\r", timeout: 0.3, retries: 0 },
      handshake: { ask: "ID?", pattern: "^lamp$" },
      shutdown: ["OUTP 0"],
      afterWrite: { ask: "ERR?", pattern: "^0," },
      fields: { Current: { unit: "A", read: "MEAS?" } },
      commands: {
        off: { summary: "Switch off", send: "OUTP 0", immediate: true },
        stop: { summary: "Stop, and tell how", ask: "STOP?", immediate: true },
      },
    };
    const bench = await ServedBench.one(lamp);
    try {
      await eventually(() => bench.field("lamp", "Current").quality === "good", "the first reading");
      lose = true;
      await eventually(() => !lose, "the loss");
      await wait(0.4);
      assert.match(
        await bench.ask("lamp.off"),
        /^(OK|ERROR Lamp: sent "OUTP 0", and it is not known whether it was done: .* late answer to something else)/,
      );
      assert.equal(on, false);
      await bench.ask("lamp.stop");
      assert.ok(device.commands.includes("STOP?"), "also what has an answer");
      on = true;
      lose = true;
      await eventually(() => !lose, "another loss");
      await wait(0.4);
    } finally {
      await bench[Symbol.asyncDispose]();
    }
    await eventually(() => !on, "the goodbye");
  },
});

Deno.test({
  name: "serial: a silent neighbour whose answers look the same does not keep the other from being read",
  ignore: windows,
  async fn() {
    let silent = false;
    await using device = await ptyDevice((command) =>
      command === "B?" && silent ? undefined : command === "A?" ? "1" : "2"
    );
    const instrument = (title: string, ask: string) => ({
      title,
      port: device.address,
      pollInterval: 0.3,
      staleAfter: 10,
      errorAfter: 12,
      line: { sendEnd: "\r", receiveEnd: "\r", timeout: 0.2 },
      fields: { Value: { type: "int", read: ask } },
    });
    await using bench = await ServedBench.of({ instruments: [instrument("Sound", "A?"), instrument("Silent", "B?")] });
    const sound = bench.field("sound", "Value");
    await eventually(() => sound.quality === "good" && bench.field("silent", "Value").quality === "good", "readings");
    silent = true;
    await eventually(() => bench.server.bench.find("silent")!.contact!.state === "lost", "the loss");
    const since = performance.now();
    await eventually(() => sound.readAt > since + 1000, "a reading of the other one after it");
    assert.notEqual(sound.quality, "error");
    assert.equal(sound.value, 1);
  },
});

Deno.test("a serial server that drops the connection still has the late answer, and it is nobody's", async () => {
  const numbers: Record<string, string> = { "A?": "1", "B?": "2", "C?": "3" };
  let queue = Promise.resolve();
  let slow = false;
  // The gateway: answers go to whichever connection there is then.
  await using gateway = tcpDevice((command) => {
    const late = slow && command === "B?" ? 0.9 : 0.01;
    if (late > 0.5) {
      slow = false;
      setTimeout(() => gateway.hangUp(), 50);
    }
    queue = queue.then(() => wait(late)).then(() => gateway.send(numbers[command] ?? "?"));
  });
  {
    await using bench = await ServedBench.one({
      title: "Three",
      port: gateway.address,
      pollInterval: 0.1,
      line: { gateway: true, timeout: 1 },
      reconnect: { first: 0.1, longest: 0.2 },
      fields: { A: { type: "int", read: "A?" }, B: { type: "int", read: "B?" }, C: { type: "int", read: "C?" } },
    });
    const seen = goodValues(bench, "three");
    await eventually(() => seen.size === 3, "a reading of every field");
    slow = true;
    await eventually(() => !slow, "the late answer");
    const since = performance.now() + 1500;
    await eventually(() => bench.field("three", "B").readAt > since, "a reading after it");
    assert.deepEqual([...seen.values()].map((values) => [...values]), [[1], [2], [3]]);
  }
  await queue;
});

Deno.test("after an immediate command the fields are read again at once", async () => {
  let output = "1";
  await using device = tcpDevice((command) => {
    if (command === "OUTP 0") output = "0";
    return command === "OUTP?" ? output : undefined;
  });
  await using bench = await ServedBench.one({
    title: "Lamp",
    port: device.address,
    pollInterval: 60,
    fields: { Output: { type: "switch", read: "OUTP?" } },
    commands: { off: { summary: "Switch off", send: "OUTP 0", immediate: true } },
  });
  await eventually(async () => await bench.ask("lamp.get Output") === "OK On", "the first reading");
  assert.equal(await bench.ask("lamp.off"), "OK");
  await eventually(async () => await bench.ask("lamp.get Output") === "OK Off", "the readback");
});

Deno.test("TCP: a line that is none of the answer does not pay for the answer that is late", async () => {
  const timers: Promise<void>[] = [];
  await using device = tcpDevice((command, send) => {
    if (command !== "X?") return "2";
    send("busy");
    timers.push(wait(0.4).then(() => send("1")));
    return undefined;
  });
  const port = new Port(parseAddress(device.address), lines);
  await port.join();
  const ask = (text: string) => port.use("command", undefined, (turn) => turn.ask(digits(text)));
  await assert.rejects(ask("X?"), /answered "busy" to "X\?", and should have been a number/);
  for (let count = 0; count < 6; count++) {
    assert.equal(await ask("Y?"), "2");
    await wait(0.1);
  }
  port.leave();
  await Promise.all(timers);
});

Deno.test("TCP: half an answer that came before is not put in front of the next one", async () => {
  await using device = tcpDevice((command, send) => send(command === "X?" ? "1\n9" : "2\n"), { answerEnd: "" });
  const port = new Port(parseAddress(device.address), lines);
  await port.join();
  for (const [question, expected] of [["X?", "1"], ["Y?", "2"]] as const) {
    assert.equal(await port.use("command", undefined, (turn) => turn.ask(digits(question))), expected);
    await wait(0.1);
  }
  port.leave();
});

Deno.test("an instrument that was switched off and on is made ready again before anything it says counts", async () => {
  let kelvin = true;
  let off = false;
  await using device = tcpDevice((command) => {
    if (off) return undefined;
    if (command === "UNITS C") kelvin = false;
    return command === "*IDN?" ? "cryostat" : command === "T?" ? kelvin ? "178" : "-95" : undefined;
  });
  await using bench = await ServedBench.one({
    title: "Cryostat",
    port: device.address,
    pollInterval: 0.1,
    line: { timeout: 0.2 },
    handshake: { ask: "*IDN?", pattern: "cryostat" },
    initialize: ["UNITS C"],
    reconnect: { first: 0.05, longest: 0.2 },
    fields: { Temperature: { unit: "°C", read: "T?" } },
  });
  const seen = goodValues(bench, "cryostat");
  await eventually(() => seen.size > 0, "the first reading");
  for (const seconds of [0.4, 0.5, 0.7, 1.2]) {
    // The line stays up, as behind a serial server.
    off = true;
    await wait(seconds);
    kelvin = true;
    off = false;
    await wait(0.5);
    await eventually(() => bench.field("cryostat", "Temperature").quality === "good", "a reading again");
  }
  assert.deepEqual([...seen.get("Temperature")!], [-95]);
});

Deno.test("a readback after a setting is never from before it, also where fields share an answer", async () => {
  const memory = { A: 0, B: 0 };
  await using device = tcpDevice((command, send) => {
    const set = /^([AB]) (\d+)$/.exec(command);
    if (set !== null) memory[set[1] as "A" | "B"] = Number(set[2]);
    if (command === "ALL?") setTimeout(() => send(`${memory.A},${memory.B}`), 3);
    return undefined;
  });
  const pattern = "^(\\d+),(\\d+)$";
  await using bench = await ServedBench.one({
    title: "Pair",
    port: device.address,
    pollInterval: 0.01,
    fields: {
      A: { type: "int", read: { ask: "ALL?", pattern, group: 1 }, write: "A {value}" },
      B: { type: "int", read: { ask: "ALL?", pattern, group: 2 }, write: "B {value}" },
    },
  });
  await eventually(() => bench.field("pair", "B").quality === "good", "the first reading");
  for (let value = 1; value <= 60; value++) {
    assert.equal(await bench.ask(`pair.set B ${value}`), "OK");
    assert.equal(await bench.ask("pair.get B"), `OK ${value}`);
    await wait(Math.random() / 100);
    assert.equal(await bench.ask("pair.get B"), `OK ${value}`);
  }
  await bench.server.stop();
  await wait(0.05);
});

Deno.test("dead instruments on a shared port do not keep the others from being read", async () => {
  const running = simulateTcp(builtInDrivers["mks-946"]!.simulator(), 0);
  try {
    const device = (address: string) => ({
      title: `MFC ${address}`,
      driver: "mks-946",
      port: "shared",
      parameters: { device: address },
      pollInterval: 0.5,
      line: { timeout: 0.5 },
    });
    await using bench = await ServedBench.of({
      ports: { shared: running.address },
      instruments: [device("001"), device("002"), device("003")],
    });
    const alive = bench.server.bench.find("MFC 001")!;
    await eventually(() => alive.contact!.state === "connected", "contact with the one that is there");
    const qualities = new Set<string>();
    bench.server.bench.onChange((instrument, field) => {
      if (instrument === alive && field.spec.read !== undefined) qualities.add(field.quality);
    });
    await wait(9);
    assert.deepEqual([...qualities], ["good"]);
    assert.match(bench.server.bench.find("MFC 002")!.contact!.reason, /no answer to "@002QSFA1\?;FF"/);
  } finally {
    await running.close();
  }
});

Deno.test("one question that is never answered is that field's trouble only", async () => {
  await using device = tcpDevice((command) => command === "V?" ? "1.5" : command === "*IDN?" ? "meter" : undefined);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    pollInterval: 0.1,
    staleAfter: 1,
    errorAfter: 2,
    line: { timeout: 0.1 },
    handshake: { ask: "*IDN?", pattern: "meter" },
    fields: { Voltage: { read: "V?" }, Temperature: { read: "TEMP?" } },
  });
  const contact = bench.server.bench.find("meter")!.contact!;
  await eventually(() => bench.field("meter", "Temperature").quality === "error", "the error");
  assert.match(
    bench.field("meter", "Temperature").reason,
    /^not read for more than 2 s: Meter: no answer to "TEMP\?" within 0\.1 s/,
  );
  assert.equal(contact.state, "connected");
  assert.equal(bench.field("meter", "Voltage").quality, "good");
  const before = device.commands.filter((command) => command === "TEMP?").length;
  await wait(1);
  const often = device.commands.filter((command) => command === "TEMP?").length - before;
  assert.ok(often <= 2, `asked ${often} times in a second`);
});

Deno.test("the goodbye is said although a long reading is under way, and is told when nobody hears it", async () => {
  await using device = tcpDevice((command) => command === "*IDN?" ? "smu" : undefined);
  const smu = {
    title: "SMU",
    port: device.address,
    line: { timeout: 10 },
    handshake: { ask: "*IDN?", pattern: "smu" },
    shutdown: ["OUTP OFF"],
    fields: { Current: { read: "MEAS?" } },
  };
  const bench = await ServedBench.one(smu);
  await eventually(() => device.commands.includes("MEAS?"), "the reading to begin");
  const before = performance.now();
  await bench[Symbol.asyncDispose]();
  assert.ok(performance.now() - before < 5000, "it does not wait for the reading");
  await eventually(() => device.commands.at(-1) === "OUTP OFF", "the goodbye");
  await using gone = await ServedBench.one({ ...smu, port: "tcp://127.0.0.1:1" });
  const contact = gone.server.bench.find("smu")!.contact!;
  await eventually(() => contact.state === "lost", "the loss");
  await gone.server.stop();
  assert.match(contact.reason, /^SMU is not connected: cannot connect to tcp:.*nothing listens there/);
});

Deno.test("errors from before a command are not blamed on it", async () => {
  const errors: string[] = ['-113,"from the front panel"'];
  await using device = tcpDevice((command) => {
    if (command === "SYST:ERR?") return errors.shift() ?? '+0,"No error"';
    return command === "*IDN?" ? "supply" : undefined;
  });
  await using bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    handshake: { ask: "*IDN?", pattern: "supply" },
    afterWrite: { ask: "SYST:ERR?", pattern: "^[+]?0," },
    fields: { Voltage: { write: "VOLT {value}" } },
  });
  assert.equal(await bench.ask("supply.set Voltage 5"), "OK");
  assert.deepEqual(errors, []);
});

Deno.test("a clock that is set back does not keep an old value good", async () => {
  const device = tcpDevice((command) => command === "V?" ? "1.5" : undefined);
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    pollInterval: 0.1,
    staleAfter: 0.5,
    errorAfter: 1.5,
    fields: { Voltage: { read: "V?" } },
  });
  const field = bench.field("meter", "Voltage");
  await eventually(() => field.quality === "good", "the first reading");
  const { now } = Date;
  Date.now = () => now() - 600_000;
  try {
    await wait(0.3);
    await device[Symbol.asyncDispose]();
    await eventually(() => field.quality === "error", "the error");
  } finally {
    Date.now = now;
  }
});

Deno.test("settings that nobody sent, or that a lost instrument may have forgotten, are not good", async () => {
  const device = tcpDevice((command) => command === "ID?" ? "x" : undefined);
  await using bench = await ServedBench.one({
    title: "Source",
    port: device.address,
    handshake: { ask: "ID?", pattern: "x" },
    fields: { Level: { initial: 3, write: "L {value}" } },
  });
  const field = bench.field("source", "Level");
  assert.deepEqual([field.value, field.quality, field.reason], [3, "stale", "not sent yet"]);
  assert.equal(await bench.ask("source.set Level 4"), "OK");
  assert.equal(field.quality, "good");
  await device[Symbol.asyncDispose]();
  await eventually(() => field.quality === "stale", "the doubt");
  assert.match(field.reason, /^set before the instrument was lost: /);
  assert.equal(await bench.ask("source.get Level"), "OK 4.0");
});

Deno.test("values: what is no finite number is none, and codes that differ are told apart", () => {
  const number = new ValueCodec({ type: "float" } as never);
  assert.equal(number.understands("1E400"), false);
  assert.throws(() => new ValueCodec({ type: "float", scale: 1e300 } as never).decode("9.9E37"), /too large a number/);
  const prefix = new ValueCodec({ type: "choice", choices: { Milli: "m", Mega: "M" } } as never);
  assert.deepEqual(["m", "M"].map((said) => prefix.decode(said)), ["Milli", "Mega"]);
  const width = new ValueCodec({ type: "choice", choices: { One: "1", Padded: "01" } } as never);
  assert.deepEqual(["1", "01", "+1.0"].map((said) => width.decode(said)), ["One", "Padded", "One"]);
  assert.throws(() => new ValueCodec({ type: "switch", on: "1", off: "+1" } as never), /on and off are the same/);
  const counts = new ValueCodec({ type: "int", scale: 0.7 } as never);
  assert.equal(counts.decode("90"), 63);
  assert.throws(() => counts.decode("91"), /should have been a whole number/);
});

Deno.test("two instruments hear the same line, and a CR LF may be described as a CR", async () => {
  await using device = tcpDevice(() => undefined, { answerEnd: "\r\n" });
  const listener = (title: string, group: number) => ({
    title,
    port: device.address,
    line: { receiveEnd: "\r" },
    fields: { Value: { listen: { pattern: "^(\\d+) (\\d+)$", group } } },
  });
  await using bench = await ServedBench.of({ instruments: [listener("One", 1), listener("Two", 2)] });
  const talking = setInterval(() => device.send("3 4"), 20);
  try {
    await eventually(async () => await bench.ask("one.get Value") === "OK 3.0", "the first");
    await eventually(async () => await bench.ask("two.get Value") === "OK 4.0", "the second");
  } finally {
    clearInterval(talking);
  }
});

Deno.test("watch: whether an instrument answers is told in the snapshot, and when it is lost and comes back", async () => {
  let device = tcpDevice(() => "1");
  const port = Number(device.address.split(":").at(-1));
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    pollInterval: 0.1,
    line: { timeout: 0.3, retries: 0 },
    fields: { Volt: { type: "float", read: "V?" } },
  });
  using watcher = await RawClient.connect(bench.server.dashboardServer.port);
  await watcher.send(JSON.stringify({ id: 1, cmd: "Watch" }));
  const until = async (state: string) => {
    for (;;) {
      const event = JSON.parse((await watcher.lines(1))[0]!);
      if (event.event === "contact" && event.contact.state === state) return event;
    }
  };
  assert.deepEqual((await until("connected")).instrument, "meter");
  await device[Symbol.asyncDispose]();
  assert.match((await until("lost")).contact.reason, /./);
  device = tcpDevice(() => "1", {}, port);
  await until("connected");
  await device[Symbol.asyncDispose]();
});

Deno.test("revert: a setting whose instrument was lost while it waited is in doubt when it is put back", async () => {
  const device = tcpDevice((command) => command.endsWith("?") ? "1" : undefined);
  await using bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    pollInterval: 0.1,
    line: { timeout: 0.3, retries: 0 },
    fields: {
      Volt: { type: "float", read: "V?" },
      Limit: { type: "float", write: "L {value}", needsConfirm: true },
    },
  });
  await eventually(() => bench.field("supply", "Volt").quality === "good", "it answers");
  await bench.ask("supply.set Limit 3");
  await bench.ask("supply.confirm");
  await bench.ask("supply.set Limit 4");
  await device[Symbol.asyncDispose]();
  await eventually(() => bench.server.bench.find("supply")!.contact!.state === "lost", "it is lost");
  bench.server.bench.find("supply")!.markStale();
  assert.equal(await bench.ask("supply.revert"), "OK");
  const { value, quality, reason } = bench.field("supply", "Limit");
  assert.deepEqual([value, quality], [3, "stale"]);
  assert.match(reason, /set before the instrument was lost/);
});
