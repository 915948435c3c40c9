/** One exchange at a time on a port, and a late answer is never the answer to the next question. */
import assert from "node:assert/strict";
import { parseAddress } from "../../../../server/devices/transports/address.ts";
import { type LineFormat, Port, type Question } from "../../../../server/devices/transports/port.ts";
import { AnswerUnclear } from "../../../../server/bench/answer_errors.ts";
import { ptyDevice, tcpDevice } from "../devices.ts";

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const lines: LineFormat = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
const serialLines: LineFormat = { sendEnd: "\r", receiveEnd: "\r", gap: 0, settle: 0, gateway: false };
const windows = Deno.build.os === "windows";

function question(text: string, timeout = 1): Question {
  return { text, timeout, accepts: (answer) => /^\d+$/.test(answer), expected: "been a number" };
}

/** Answers a number with itself, but the number 1 only after a while. */
function lateOnce(seconds: number) {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const behaviour = (command: string, send: (text: string) => void) => {
    if (command !== "1") return command;
    timers.add(setTimeout(() => send("1"), seconds * 1000));
  };
  return { behaviour, [Symbol.dispose]: () => timers.forEach((timer) => clearTimeout(timer)) };
}

/** Asks again and again while it cannot be known whose an answer is. */
async function untilClear(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      assert.ok(error instanceof AnswerUnclear, String(error));
      await wait(0.1);
    }
  }
}

/** Answers numbers with themselves one after another, the number 1 only after a while: what comes next waits for it. */
function slowOnce(seconds: number) {
  const answered: Promise<void>[] = [];
  let queue = Promise.resolve();
  const behaviour = (command: string, send: (text: string) => void) => {
    answered.push(queue = queue.then(() => wait(command === "1" ? seconds : 0.05)).then(() => send(command)));
  };
  return { behaviour, [Symbol.asyncDispose]: () => Promise.all(answered).then(() => {}) };
}

async function joined(address: string, format: LineFormat): Promise<Port> {
  const port = new Port(parseAddress(address), format);
  await port.join();
  return port;
}

for (const lateness of [0.15, 0.4, 0.7, 1.5]) {
  Deno.test(`a late answer is not taken for the next one on TCP: ${lateness} s`, async () => {
    await using late = slowOnce(lateness);
    await using device = tcpDevice(late.behaviour);
    const port = await joined(device.address, lines);
    await assert.rejects(port.use("command", undefined, (turn) => turn.ask(question("1", 0.1))), /no answer to "1"/);
    for (const next of ["22", "33", "44", "55"]) {
      assert.equal(await port.use("command", undefined, (turn) => turn.ask(question(next, 3))), next);
    }
    port.leave();
  });

  Deno.test({
    name: `a late answer is not taken for the next one on a serial port: ${lateness} s`,
    ignore: windows,
    async fn() {
      using late = lateOnce(lateness);
      await using device = await ptyDevice(late.behaviour);
      const port = await joined(device.address, serialLines);
      await assert.rejects(port.use("command", undefined, (turn) => turn.ask(question("1", 0.1))), /no answer to "1"/);
      for (const next of ["22", "33", "44", "55"]) {
        const answer = await untilClear(() => port.use("command", undefined, (turn) => turn.ask(question(next, 0.5))));
        assert.equal(answer, next);
      }
      port.leave();
    },
  });
}

Deno.test({
  name: "an answer that never comes costs the next question time, but not its answer",
  ignore: windows,
  async fn() {
    await using device = await ptyDevice((command) => command === "1" ? undefined : command);
    const port = await joined(device.address, serialLines);
    await assert.rejects(port.use("command", undefined, (turn) => turn.ask(question("1", 0.1))));
    const before = performance.now();
    const asking = () => port.use("command", undefined, (turn) => turn.ask(question("22", 0.3)));
    assert.equal(await untilClear(asking), "22");
    assert.ok(performance.now() - before > 2000, "it is not guessed whether the late one comes");
    const after = performance.now();
    assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("33", 5))), "33");
    assert.ok(performance.now() - after < 4000, "the line is in step again");
    port.leave();
  },
});

Deno.test("a command that is given up leaves no answer to the next", async () => {
  using late = lateOnce(0.3);
  await using device = tcpDevice(late.behaviour);
  const port = await joined(device.address, lines);
  const signal = AbortSignal.timeout(100);
  await assert.rejects(port.use("command", signal, (turn) => turn.ask(question("1", 5))), /timed out|Timeout/);
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("7"))), "7");
  port.leave();
});

Deno.test("one at a time: the urgent first, over what is under way, then commands, then polls, each in the order they came", async () => {
  await using device = tcpDevice((command, send) => void setTimeout(() => send(command), 50));
  const port = await joined(device.address, lines);
  const order = [["poll", 1], ["poll", 2], ["command", 3], ["poll", 4], ["immediate", 5], ["command", 6]] as const;
  const results = await Promise.allSettled(
    order.map(([urgency, number]) => port.use(urgency, undefined, (turn) => turn.ask(question(`${number}`)))),
  );
  assert.deepEqual(device.commands, ["1", "5", "3", "6", "2", "4"]);
  assert.deepEqual(results.map(({ status }) => status === "fulfilled"), [false, true, true, true, true, true]);
  port.leave();
});

Deno.test("a turn is not interrupted, and one that is given up while it waits is never sent", async () => {
  await using device = tcpDevice((command, send) => void setTimeout(() => send(command), 30));
  const port = await joined(device.address, lines);
  const both = port.use(
    "poll",
    undefined,
    async (turn) => [await turn.ask(question("1")), await turn.ask(question("2"))],
  );
  const given = port.use("command", AbortSignal.timeout(10), (turn) => turn.ask(question("3")));
  const last = port.use("command", undefined, (turn) => turn.ask(question("4")));
  await assert.rejects(given);
  assert.deepEqual(await both, ["1", "2"]);
  assert.equal(await last, "4");
  assert.deepEqual(device.commands, ["1", "2", "4"]);
  port.leave();
});

Deno.test("the gap between two commands is kept, also after an answer", async () => {
  const times: number[] = [];
  await using device = tcpDevice((command) => {
    times.push(performance.now());
    return command;
  });
  const port = await joined(device.address, { ...lines, gap: 0.1 });
  for (const next of ["1", "2", "3"]) await port.use("poll", undefined, (turn) => turn.ask(question(next)));
  await port.use("poll", undefined, (turn) => turn.send("4"));
  await port.use("poll", undefined, (turn) => turn.send("5"));
  while (times.length < 5) await wait(0.01);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  assert.ok(gaps.every((gap) => gap > 90), `gaps of ${gaps.map(Math.round).join(", ")} ms`);
  port.leave();
});

Deno.test("what comes without being asked is no answer, and babble does not fill the memory", async () => {
  await using device = tcpDevice((command) => command);
  const port = await joined(device.address, lines);
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("1"))), "1");
  device.send("99");
  await wait(0.1);
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("2"))), "2");
  for (let piece = 0; piece < 50; piece++) device.send("x".repeat(10_000));
  await wait(0.1);
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("3"))), "3");
  port.leave();
});

Deno.test("an answer that is none says what came and what should have, and noise before it does not hurt", async () => {
  await using device = tcpDevice((command, send) => {
    if (command === "1") send("?noise");
    return command === "2" ? "ERR 12" : command;
  });
  const port = await joined(device.address, lines);
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("1"))), "1");
  await assert.rejects(port.use("command", undefined, (turn) => turn.ask(question("2", 0.2))), {
    code: "command_failed",
    message: 'answered "ERR 12" to "2", and should have been a number',
  });
  assert.equal(await port.use("command", undefined, (turn) => turn.ask(question("3"))), "3");
  port.leave();
});

Deno.test("a line that breaks fails what is asked at once, and is told", async () => {
  await using device = tcpDevice(() => undefined);
  const port = await joined(device.address, lines);
  const reasons: string[] = [];
  port.onBroken((reason) => reasons.push(reason.message));
  const asking = port.use("command", undefined, (turn) => turn.ask(question("1", 30)));
  setTimeout(() => device.hangUp(), 50);
  await assert.rejects(asking, { code: "not_connected", message: /tcp:.*(was closed by the other end|broke)/ });
  assert.equal(reasons.length, 1);
  await assert.rejects(port.use("command", undefined, (turn) => turn.send("2")), /is not open/);
  port.leave();
});

const addresses: readonly (readonly [string, RegExp])[] = [
  ["tcp://host", /its port is missing; give tcp:\/\/HOST:PORT/],
  ["tcp://:5025", /give tcp:\/\/HOST:PORT/],
  ["ftp://host:80", /give tcp:\/\/HOST:PORT/],
  ["COM9", /write serial:\/\/COM9/],
  ["/dev/ttyUSB0", /write serial:\/\/\/dev\/ttyUSB0/],
  ["serial://COM9?baud=fast", /baud is fast, and should be a number of bits per second/],
  ["serial://COM9?parity=mark", /parity is mark, and should be none, even, odd/],
  ["serial://COM9?bauds=9600", /bauds is none of baud, dataBits.*did you mean baud/],
  ["serial://COM9?stopBits=3", /stopBits is 3, and should be 1 or 2/],
  ["serial://dev/ttyUSB0", /a path begins with a third slash: serial:\/\/\/dev\/ttyUSB0/],
  ["serial://", /its port is missing/],
  ["tcp://host:5025/path", /nothing may follow the port/],
];
for (const [address, expected] of addresses) {
  Deno.test(`the address ${address} is refused with what would be right`, () => {
    assert.throws(() => parseAddress(address), expected);
  });
}

Deno.test("addresses say where, and how a serial line is set", () => {
  assert.deepEqual(parseAddress("tcp://[::1]:5025"), { kind: "tcp", host: "::1", port: 5025 });
  assert.deepEqual(parseAddress("udp://cryocon.lab:5001"), { kind: "udp", host: "cryocon.lab", port: 5001 });
  assert.deepEqual(parseAddress("serial://com9?parity=even&dataBits=7", { baud: 38_400 }), {
    kind: "serial",
    serial: { path: "COM9", baud: 38_400, dataBits: 7, parity: "even", stopBits: 1, flowControl: "none" },
  });
  assert.deepEqual(parseAddress("serial:///dev/serial/by-id/usb-FTDI%20x?baud=300", { baud: 38_400 }), {
    kind: "serial",
    serial: {
      path: "/dev/serial/by-id/usb-FTDI x",
      baud: 300,
      dataBits: 8,
      parity: "none",
      stopBits: 1,
      flowControl: "none",
    },
  });
});
