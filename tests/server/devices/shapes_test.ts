/** Answers of every shape: without an end, of a length, blocks, after an echo and before a prompt, with check sums. */
import assert from "node:assert/strict";
import { AnswerUnclear } from "../../../server/bench/answer_errors.ts";
import { parseAddress } from "../../../server/devices/transports/address.ts";
import { withSum } from "../../../server/devices/transports/check_sum.ts";
import { Port } from "../../../server/devices/transports/port.ts";
import { codeBlocks } from "../../documents.ts";
import { eventually, RawClient } from "../../fixture.ts";
import { type ByteDevice, ended, type Handle, ptyBytes, tcpBytes } from "./byte_devices.ts";
import { goodValues, ServedBench } from "./devices.ts";

const windows = Deno.build.os === "windows";

/** An instrument as the documents describe it, at a device. */
async function documented(title: string, device: ByteDevice): Promise<ServedBench> {
  const blocks = await codeBlocks("docs/describe-your-instrument.md");
  const found = blocks.filter(({ language, code }) => language === "json" && code.includes(`"title": "${title}"`));
  assert.equal(found.length, 1, title);
  return await ServedBench.one({ ...JSON.parse(found[0]!.code), port: device.address, pollInterval: 0.1 });
}

const soon = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** One test on TCP, and the same on a serial line. */
function onBoth(name: string, make: () => Handle, test: (device: ByteDevice, handle: Handle) => Promise<void>): void {
  Deno.test(`TCP: ${name}`, async () => {
    const handle = make();
    await using device = tcpBytes(handle);
    await test(device, handle);
  });
  Deno.test({
    name: `serial: ${name}`,
    ignore: windows,
    async fn() {
      const handle = make();
      await using device = await ptyBytes(handle);
      await test(device, handle);
    },
  });
}

/** A mount that speaks LX200: most answers end with #, those to settings and moves are one character without an end. */
function mount(): Handle {
  const [ra, dec] = ["05:34:32", "+22\xdf00:52"];
  let target = "";
  return ended("#", (command, send) => {
    if (command === ":GR") void send(`${ra}#`);
    else if (command === ":GD") void send(`${dec}#`);
    else if (command.startsWith(":Sr")) void send(command.slice(3, 5) < "24" ? "1" : "0");
    else if (command.startsWith(":Sd")) {
      const good = Math.abs(Number(command.slice(3, 6))) <= 90;
      if (good) target = command.slice(3);
      void send(good ? "1" : "0");
    } else if (command === ":MS") void send(target.startsWith("-") ? "1Object Below Horizon #" : "0");
    else if (command.startsWith(":SC")) {
      void send("1Updating        planetary data. #").then(() => soon(50)).then(() => send(" ".repeat(32) + "#"));
    }
  });
}

onBoth("a mount answers with one character, with an end, or twice, and nothing is mixed up", mount, async (device) => {
  await using bench = await documented("Mount", device);
  await eventually(() => bench.field("mount", "Dec").quality === "good", "the first readings");
  const seen = goodValues(bench, "mount");
  for (let time = 0; time < 3; time++) {
    assert.equal(await bench.ask('mount.set "Target RA" 05:40:00'), "OK");
    assert.match(
      await bench.ask('mount.set "Target RA" 25:40:00'),
      /answered "0" to ":Sr25:40:00", and should have matched \^1\$/,
    );
    assert.match(await bench.ask('mount.set "Target Dec" +99*00:00'), /answered "0"/);
    assert.equal(await bench.ask('mount.set "Target Dec" -10*00:00'), "OK");
    assert.equal(await bench.ask("mount.slew"), "OK 1Object Below Horizon");
    assert.equal(await bench.ask('mount.set "Target Dec" +10*00:00'), "OK");
    assert.equal(await bench.ask("mount.slew"), "OK 0");
    assert.equal(await bench.ask("mount.date 11/27/26"), "OK 1");
  }
  const { readAt } = bench.field("mount", "Dec");
  await eventually(() => bench.field("mount", "Dec").readAt > readAt, "readings after them");
  assert.equal(bench.field("mount", "RA").quality, "good");
  assert.deepEqual([...seen.get("RA")!], ["05:34:32"]);
  assert.deepEqual([...seen.get("Dec")!], ["+22\xdf00:52"]);
  assert.equal(bench.server.bench.find("mount")!.contact!.state, "connected");
});

/** A scope, some of whose blocks hold line feeds and come in two pieces. */
function scope(): Handle {
  const block = "\n1\n3.5\n\xf0\x80\n".repeat(20);
  return ended("\n", (command, send) => {
    if (command === "CURV?") {
      const whole = `#3${block.length}${block}\n`;
      void send(whole.slice(0, 100)).then(() => soon(30)).then(() => send(whole.slice(100)));
    } else void send({ "VOLT?": "1.000\n", "NAME?": "scope\n", "OUTP?": "0\n", "EMPTY?": "#10\n" }[command]!);
  });
}

onBoth("a declared block is read whole, and nothing of it is taken for another answer", scope, async (device) => {
  await using bench = await documented("Scope", device);
  await eventually(() => bench.field("scope", "Name").quality === "good", "the first readings");
  const seen = goodValues(bench, "scope");
  for (let time = 0; time < 4; time++) {
    assert.equal(await bench.ask("scope.curve"), "OK 200");
    assert.equal(await bench.ask("scope.empty"), "OK #10");
    const { readAt } = bench.field("scope", "Name");
    await eventually(() => bench.field("scope", "Name").readAt > readAt, "readings after it");
  }
  assert.deepEqual(Object.fromEntries([...seen].map(([title, values]) => [title, [...values]])), {
    Volt: [1],
    Output: [false],
    Name: ["scope"],
  });
  // No question had to be asked twice, and the line stayed open.
  assert.equal(bench.server.bench.find("scope")!.contact!.state, "connected");
});

/** A temperature controller that repeats each command, ends lines with CR, and then writes a prompt without an end. */
function echoing(): Handle {
  let set = 30;
  let before = Promise.resolve();
  return ended("\r", (command, send) => {
    const say = (text: string) => {
      before = before.then(() => send(`${command}\r`)).then(() => soon(5)).then(() => send(`${text}> `));
    };
    if (command === "tact?") say("23.5 Celsius\r");
    else if (command === "tset?") say(`${set.toFixed(1)} Celsius\r`);
    else if (command === "*idn?") say("THORLABS TC\r");
    else if (command.startsWith("tset=")) {
      const value = Number(command.slice(5));
      if (value <= 200) set = value;
      say(value > 200 ? "CMD_ARG_INVALID\r" : "");
    } else say(command === "stop" ? "" : "CMD_NOT_DEFINED\r");
  });
}

onBoth("an echo is dropped, and a prompt says that a command is done", echoing, async (device) => {
  await using bench = await documented("TC", device);
  await eventually(() => bench.field("tc", "Setpoint").quality === "good", "the first readings");
  const seen = goodValues(bench, "tc");
  for (let time = 0; time < 3; time++) {
    assert.match(await bench.ask("tc.set Setpoint 250"), /refused "tset=250\.0": the controller does not know it/);
    assert.equal(await bench.ask(`tc.set Setpoint ${50 + time}`), "OK");
    await eventually(() => bench.field("tc", "Setpoint").value === 50 + time, "the readback");
    assert.equal(await bench.ask("tc.stop"), "OK");
    const { readAt } = bench.field("tc", "Setpoint");
    await eventually(() => bench.field("tc", "Setpoint").readAt > readAt, "readings after the stop");
  }
  assert.deepEqual([...seen.get("Id")!], ["THORLABS TC"]);
  assert.deepEqual([...seen.get("Temperature")!], [23.5]);
  assert.equal(bench.server.bench.find("tc")!.contact!.state, "connected");
});

/** A sensor with an address before, and a check sum behind everything; every third answer has a wrong one. */
function summed(): Handle {
  let asked = 0;
  const sum = { kind: "xor", skip: 1, after: "*" } as const;
  return ended("\r\n", (command, send) => {
    if (command !== withSum(command.slice(0, -3), sum)) return;
    const [address, said] = [command.slice(0, 3), command.slice(3, -3)];
    if (address !== "$07") return void send(`${withSum("$08OTHER", sum)}\r\n`);
    const answer = withSum(`$07${said === "T" ? "21.5" : "?"}`, sum);
    void send(`${++asked % 3 === 0 ? answer.replace("21", "29") : answer}\r\n`);
  });
}

onBoth(
  "check sums and addresses are sent, and an answer with a wrong one is asked for again",
  summed,
  async (device) => {
    await using bench = await documented("Sensor", device);
    await eventually(() => bench.field("sensor", "Temperature").quality === "good", "the first reading");
    const seen = goodValues(bench, "sensor");
    const count = device.commands.length;
    await eventually(() => device.commands.length > count + 12, "more of them");
    assert.deepEqual([...seen.get("Temperature")!], [21.5]);
    assert.equal(bench.field("sensor", "Temperature").quality, "good");
    assert.match(await bench.ask("sensor.odd"), /refused "X": unknown \(it answered "\?"\)/);
    assert.ok(
      device.commands.every((command) => /^\$07(T|X)\*[0-9A-F]{2}\r\n$/.test(command)),
      device.commands.join(),
    );
  },
);

/** A device whose answers have no end, and say by their third byte how long they are; or come in bursts. */
function binary(): Handle {
  return (come, send) => {
    if (come.length < 3) return 0;
    const [, code, count] = come;
    if (code === "R") void send(`\x01R${count}${"\n".repeat(count!.charCodeAt(0))}!`);
    else if (code === "Q") void send("a\nb").then(() => soon(5)).then(() => send("\nc"));
    else if (code === "L") void send("one\r\ntwo\r").then(() => soon(5)).then(() => send("\nthree\r\n"));
    return 3;
  };
}

onBoth("a length that an answer says, a pause and a number of lines end it", binary, async (device) => {
  await using bench = await documented("Binary", device);
  await eventually(() => bench.server.bench.find("binary")!.contact!.state === "connected", "contact");
  for (let time = 0; time < 2; time++) {
    assert.match(await bench.ask("binary.read"), /^OK/);
    assert.equal(await bench.ask("binary.lines"), "OK three");
    assert.equal(await bench.ask("binary.burst"), "OK 'a\\nb\\nc'");
  }
});

/** Answers A with one character after a while, and B at once with a number. */
function slow(late: number): Handle {
  let before = Promise.resolve();
  return ended("\r", (command, send) => {
    before = before.then(() => soon(command === "A" ? late : 0)).then(() => send(command === "A" ? "1" : "17\r"));
  });
}

for (const late of [150, 400]) {
  Deno.test({
    name: `serial: a late answer without an end is no part of the next one: ${late} ms`,
    ignore: windows,
    async fn() {
      await using device = await ptyBytes(slow(late));
      const format = { sendEnd: "\r", receiveEnd: "\r", gap: 0, settle: 0, gateway: false };
      const port = new Port(parseAddress(device.address), format);
      await port.join();
      const character = { text: "A", timeout: 0.1, shape: { length: 1 }, accepts: (said: string) => /^\d$/.test(said) };
      const line = { text: "B", timeout: 1, accepts: (said: string) => /^\d+$/.test(said), expected: "been a number" };
      await assert.rejects(
        port.use("command", undefined, (turn) => turn.ask({ ...character, expected: "been a digit" })),
        /no answer to "A" within 0\.1 s/,
      );
      let answer: string | undefined;
      let unclear = 0;
      while (answer === undefined) {
        answer = await port.use("poll", undefined, (turn) => turn.ask(line)).catch((error: unknown) => {
          assert.ok(error instanceof AnswerUnclear, String(error));
          unclear++;
          return soon(20).then(() => undefined);
        });
      }
      // Never 117, nor 1.
      assert.equal(answer, "17");
      assert.ok(unclear > 0);
      assert.equal(await port.use("poll", undefined, (turn) => turn.ask(line)), "17");
      port.leave();
    },
  });
}

Deno.test("TCP: a stop goes out at once over a prompt that does not come, and its own is no other's", async () => {
  let answers = true;
  await using device = tcpBytes(ended("\r", (command, send) => {
    if (command === "home" || !answers) return void (answers = command !== "home" && answers);
    void send(`${command === "pos?" ? "12\r" : ""}> `);
  }));
  await using bench = await ServedBench.one({
    title: "Axis",
    port: device.address,
    pollInterval: 0.1,
    line: { sendEnd: "\r", receiveEnd: "\r", prompt: "> ", timeout: 20 },
    fields: { Position: { type: "int", read: "pos?" } },
    commands: {
      home: { summary: "Home", send: "home" },
      stop: { summary: "Stop", send: "stop", immediate: true },
    },
  });
  await eventually(() => bench.field("axis", "Position").quality === "good", "the first reading");
  const homing = bench.ask("axis.home");
  await eventually(() => device.commands.includes("home\r"), "the command");
  const client = await RawClient.connect(bench.server.commandServer.port);
  assert.equal(await client.ask("axis.stop"), "OK");
  assert.match(await homing, /interrupted by an immediate command before "home" was answered/);
  answers = true;
  const { readAt } = bench.field("axis", "Position");
  await eventually(() => bench.field("axis", "Position").readAt > readAt, "readings after it");
  assert.equal(bench.field("axis", "Position").value, 12);
  client[Symbol.dispose]();
});

Deno.test("a bench file's shapes that cannot be are told at their places", async () => {
  const problem = async (instrument: Record<string, unknown>) => {
    const whole = { title: "Odd", port: "tcp://127.0.0.1:9", fields: { A: { read: "A?" } }, ...instrument };
    try {
      await (await ServedBench.one(whole))[Symbol.asyncDispose]();
    } catch (error) {
      return (error as Error).message.replace(/^.*?: (?=instruments)/, "");
    }
    return "nothing";
  };
  const read = (words: Record<string, unknown>) => problem({ fields: { A: { read: { ask: "A?", ...words } } } });
  assert.match(await read({ length: 2, block: true }), /A\.read\.block: does not go with "length"/);
  assert.match(await read({ receiveEnd: "" }), /A\.read\.receiveEnd: is empty: say "length", "answerEnds" or "quiet"/);
  assert.match(await read({ answerEnds: "a\\b" }), /A\.read\.answerEnds: has \\b, which looks at what comes next/);
  assert.match(await read({ lines: 2, length: 4 }), /A\.read\.lines: does not go with "length"/);
  assert.match(await read({ pattern: "^a\\n$" }), /A\.read\.pattern: never matches/);
  assert.equal(await read({ pattern: "^a\\nb$", lines: 2 }), "nothing");
  assert.match(await problem({ line: { receiveEnd: "" } }), /line\.receiveEnd: is empty/);
  assert.match(await problem({ line: { length: 2, answerEnds: "#" } }), /line\.answerEnds: does not go with "length"/);
  assert.match(
    await problem({ line: { checkSum: { kind: "xor" }, encoding: "utf8" } }),
    /line\.checkSum: counts bytes/,
  );
  assert.match(await problem({ line: { sendStart: "{adress}" } }), /line\.sendStart: .*place \{adress\}/);
  const write = { send: "A{value}", length: 1 };
  assert.match(await problem({ fields: { A: { write } } }), /A\.write\.length: has a meaning only beside "answer"/);
});

Deno.test("an answer that is too short, or is without its echo, is told with what came", async () => {
  await using device = tcpBytes(ended("\n", (command, send) => void send(command === "S" ? "ab" : "5\n")));
  const format = { sendEnd: "\n", receiveEnd: "\n", gap: 0, settle: 0, gateway: false };
  const asked = async (text: string, more: object, line: object) => {
    const port = new Port(parseAddress(device.address), { ...format, ...line });
    await port.join();
    try {
      const question = {
        text,
        timeout: 0.3,
        accepts: (said: string) => said.length > 0,
        expected: "been there",
        ...more,
      };
      return await port.use("command", undefined, (turn) => turn.ask(question));
    } finally {
      port.leave();
    }
  };
  await assert.rejects(
    asked("S", { shape: { length: 3 } }, {}),
    /no answer to "S" within 0\.3 s: 2 bytes came, "ab", and an answer to it does not end there by its "length"/,
  );
  await assert.rejects(
    asked("X", {}, { echo: true }),
    /answered "5" to "X", and should have repeated what was sent before that, since "echo" is said in "line"/,
  );
  assert.equal(await asked("S", {}, { receiveEnd: "", shape: { quiet: 0.05 } }), "ab");
  assert.equal(await asked("S", { shape: { quiet: 0.05 } }, {}), "ab");
});
