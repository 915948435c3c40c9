/** Nothing that nobody asked for becomes a value: second lines of answers, errors told by themselves, blocks of bytes. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import assert from "node:assert/strict";
import { parseAddress } from "../../../server/devices/transports/address.ts";
import { type LineFormat, Port } from "../../../server/devices/transports/port.ts";
import { eventually } from "../../fixture.ts";
import { type Device, goodValues, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

/** What the log says while the work goes on. */
async function logOf(work: () => Promise<void>): Promise<string[]> {
  const said: string[] = [];
  await configure({
    sinks: { kept: ({ message }) => void said.push(message.join("")) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "info" },
    ],
  });
  try {
    await work();
  } finally {
    await reset();
  }
  return said;
}

/** A piezo controller that ends every reply with a line of its own, a little later: OK or ERROR. */
class Piezo {
  voltage = 10;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly behaviour = (command: string, send: (text: string) => void): undefined => {
    const later = (text: string) => this.#timers.add(setTimeout(() => send(text), 20));
    const [word, , value] = command.split(" ");
    if (word === "getv") {
      send(`voltage = ${this.voltage.toFixed(6)} V`);
      later("OK");
    } else if (word === "setv" && Number(value) > 60) {
      send("Axis in wrong mode");
      later("ERROR");
    } else if (word === "setv") {
      this.voltage = Number(value);
      later("OK");
    } else if (word === "ver") {
      send("controller version 1.2.2");
      send("console");
      send("OK");
    } else later("ERROR");
  };

  [Symbol.dispose](): void {
    this.#timers.forEach((timer) => clearTimeout(timer));
  }
}

async function secondLines(piezo: Piezo, device: Device, line: Record<string, unknown>): Promise<void> {
  const said = await logOf(async () => {
    await using bench = await ServedBench.one({
      title: "Piezo",
      port: device.address,
      pollInterval: 0.2,
      line,
      fields: {
        Voltage: {
          unit: "V",
          maximum: 150,
          read: { ask: "getv 1", pattern: "^voltage = (\\S+) V$" },
          write: { send: "setv 1 {value:.3f}", answer: "^OK$" },
        },
      },
      commands: { version: { summary: "Version", ask: "ver" } },
    });
    await eventually(() => bench.field("piezo", "Voltage").quality === "good", "the first reading");
    await eventually(() => device.commands.length >= 3, "more of them");
    const contact = bench.server.bench.find("piezo")!.contact!;
    for (let time = 0; time < 4; time++) {
      assert.match(
        await bench.ask("piezo.set Voltage 100"),
        /answered "Axis in wrong mode"( and "ERROR")? to "setv 1 100\.000", and should have matched \^OK\$/,
      );
      assert.equal(await bench.ask("piezo.version"), "OK controller version 1.2.2");
      assert.equal(await bench.ask(`piezo.set Voltage ${20 + time}`), "OK");
      assert.equal(piezo.voltage, 20 + time);
      await eventually(() => bench.field("piezo", "Voltage").value === 20 + time, "the readback");
    }
    assert.equal(contact.state, "connected");
  });
  const told = said.filter((each) => each.includes("nobody asked for it"));
  assert.equal(told.length, 1, told.join("\n"));
  assert.match(told[0]!, /"OK" came after "getv 1", and nobody asked for it: it is no answer\. .*"ignore" or "listen"/);
}

Deno.test("TCP: the second line of an answer acknowledges no other command, and is told once", async () => {
  using piezo = new Piezo();
  await using device = tcpDevice(piezo.behaviour, { commandEnd: "\r\n", answerEnd: "\r\n" });
  await secondLines(piezo, device, { sendEnd: "\r\n", receiveEnd: "\r\n" });
});

Deno.test({
  name: "serial: the second line of an answer acknowledges no other command, and is told once",
  ignore: Deno.build.os === "windows",
  async fn() {
    using piezo = new Piezo();
    await using device = await ptyDevice(piezo.behaviour);
    await secondLines(piezo, device, { sendEnd: "\r", receiveEnd: "\r" });
  },
});

for (const ignore of [[], ["^\\*\\*ERROR"]]) {
  const how = ignore.length === 0 ? "is no value" : "can be ignored";
  Deno.test(`an error that an instrument tells by itself beside its error register ${how}`, async () => {
    let [esr, volt, output] = [0, 1, 1];
    let queue = Promise.resolve();
    await using device = tcpDevice((command, send) => {
      const say = (text: string) => {
        queue = queue.then(() => new Promise((resolve) => setTimeout(resolve, 5))).then(() => send(text));
      };
      const [word, value] = command.split(" ");
      if (word === "VOLT" && Number(value) > 5) {
        esr = 16;
        say('**ERROR: -222,"Data out of range"');
      } else if (word === "VOLT") volt = Number(value);
      else if (word === "OUTP") output = Number(value);
      else if (word === "*ESR?") {
        say(String(esr));
        esr = 0;
      } else say(word === "VOLT?" ? volt.toFixed(3) : word === "OUTP?" ? String(output) : "ACME,PSU,1,2");
    });
    {
      await using bench = await ServedBench.one({
        title: "Supply",
        port: device.address,
        pollInterval: 0.1,
        line: { ignore },
        afterWrite: { ask: "*ESR?", pattern: "^0$" },
        fields: {
          Output: { type: "switch", read: "OUTP?", write: "OUTP {value}" },
          Voltage: { unit: "V", maximum: 30, read: "VOLT?", write: "VOLT {value:.3f}" },
          Identity: { type: "text", read: "*IDN?" },
        },
      });
      await eventually(() => bench.field("supply", "Identity").quality === "good", "the first readings");
      const seen = goodValues(bench, "supply");
      const reason = ignore.length === 0 ? /refused "VOLT 12\.000": \*\*ERROR: -222/ : /refused "VOLT 12\.000": 16/;
      for (let time = 0; time < 3; time++) {
        assert.match(await bench.ask("supply.set Voltage 12"), reason);
        const { readAt } = bench.field("supply", "Identity");
        await eventually(() => bench.field("supply", "Identity").readAt > readAt, "readings after it");
      }
      assert.deepEqual(Object.fromEntries([...seen].map(([title, values]) => [title, [...values]])), {
        Output: [true],
        Voltage: [1],
        Identity: ["ACME,PSU,1,2"],
      });
    }
    await queue;
  });
}

Deno.test("a block of bytes with line feeds in it is an error, and nothing of it is a value", async () => {
  const block = "\n1\n3.5\n~-\n".repeat(20);
  const timers: ReturnType<typeof setTimeout>[] = [];
  await using device = tcpDevice((command, send) => {
    const answers: Record<string, string> = {
      "VOLT?": "1.000\n",
      "NAME?": "scope\n",
      "OUTP?": "0\n",
      "EMPTY?": "#10\n",
    };
    if (command !== "CURV?") return send(answers[command]!);
    // Two segments, as any long block.
    const whole = `#3${block.length}${block}\n`;
    send(whole.slice(0, 100));
    timers.push(setTimeout(() => send(whole.slice(100)), 30));
  }, { answerEnd: "" });
  await using bench = await ServedBench.one({
    title: "Scope",
    port: device.address,
    pollInterval: 0.1,
    fields: {
      Volt: { read: "VOLT?" },
      Output: { type: "switch", read: "OUTP?" },
      Name: { type: "text", read: "NAME?" },
    },
    commands: {
      curve: { summary: "Curve", ask: { ask: "CURV?", pattern: "^#\\d[\\s\\S]*" } },
      text: { summary: "Curve as text", ask: "CURV?" },
      empty: { summary: "Empty", ask: "EMPTY?" },
    },
  });
  await eventually(() => bench.field("scope", "Name").quality === "good", "the first readings");
  const seen = goodValues(bench, "scope");
  assert.equal(await bench.ask("scope.empty"), "OK #10");
  for (const command of ["curve", "text", "curve"]) {
    assert.match(await bench.ask(`scope.${command}`), /answered "#3200" and .*should have been one line: a block of/);
  }
  const { readAt } = bench.field("scope", "Name");
  await eventually(() => bench.field("scope", "Name").readAt > readAt, "readings after it");
  assert.deepEqual(Object.fromEntries([...seen].map(([title, values]) => [title, [...values]])), {
    Volt: [1],
    Output: [false],
    Name: ["scope"],
  });
  timers.forEach((timer) => clearTimeout(timer));
});

Deno.test("what comes again and again without being asked is no answer to what it could be one to", async () => {
  const lines: LineFormat = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
  await using device = tcpDevice((command) => command === "ID?" ? "meter" : "2");
  const port = new Port(parseAddress(device.address), lines);
  await port.join();
  const ask = (text: string, pattern: RegExp) =>
    port.use(
      "command",
      undefined,
      (turn) => turn.ask({ text, timeout: 1, accepts: (answer) => pattern.test(answer), expected: "" }),
    );
  assert.equal(await ask("N?", /^\d$/), "2");
  const talking = setInterval(() => device.send("7"), 10);
  try {
    await eventually(async () => {
      try {
        return await ask("ID?", /^meter$/) === "meter" && await ask("N?", /^\d$/) === "never";
      } catch (error) {
        assert.match(
          String(error),
          /"N\?" was not asked: "7" comes again and again .*; say "ignore" or "listen" for it/,
        );
        return true;
      }
    }, "it is noticed");
    assert.equal(await ask("ID?", /^meter$/), "meter", "what cannot be confused is asked");
  } finally {
    clearInterval(talking);
  }
  assert.equal(await ask("N?", /^\d$/), "2", "once it is quiet");
  port.leave();
});
