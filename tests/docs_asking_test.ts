/** The examples of "Ways of asking", each driven against an instrument as the manual beside it has it. */
import assert from "node:assert/strict";
import { codeBlocks } from "./documents.ts";
import { eventually, RawClient } from "./fixture.ts";
import { type Behaviour, ServedBench, tcpDevice } from "./server/devices/devices.ts";

/** An example of the page, by its title. */
async function example(title: string): Promise<Record<string, unknown> & { line?: Record<string, unknown> }> {
  const blocks = (await codeBlocks("docs/describe-your-instrument.md")).filter(({ language }) => language === "json");
  const found = blocks.map(({ code }) => JSON.parse(code)).find((value) => value.title === title);
  assert.ok(found, `no example called ${title}`);
  return found;
}

async function drive(
  title: string,
  behaviour: Behaviour,
  use: (bench: ServedBench, commands: string[]) => Promise<void>,
): Promise<void> {
  const instrument = await example(title);
  const end = instrument.line?.sendEnd as string | undefined ?? "\n";
  await using device = tcpDevice(behaviour, { commandEnd: end });
  // What the page has in seconds for an instrument is too long for a test.
  await using bench = await ServedBench.one({ ...instrument, port: device.address, pollInterval: 1 });
  await use(bench, device.commands);
}

Deno.test("docs: the scanner's inputs and channels are selected before they are read", async () => {
  const gains: Record<string, string> = { A: "1.0", B: "2.0" };
  let channel = "";
  let input = "";
  let busy = 0;
  const behaviour = (command: string) => {
    const [word, value] = command.split(" ");
    if (word === "CH") channel = value!;
    else if (word === "INP") input = value!;
    else if (word === "GAIN") gains[channel] = value!;
    else if (word === "TRIG") busy = 2;
    const answers: Record<string, string | undefined> = { "RD?": `30${input}`, "GAIN?": gains[channel], "OFFS?": "0" };
    return word === "BUSY?" ? String(busy > 0 ? busy-- : 0) : answers[command];
  };
  await drive("Scanner", behaviour, async (bench, commands) => {
    const holds = (title: string, value: number) =>
      eventually(() => bench.field("scanner", title).value === value, `${title} is ${value}`);
    await Promise.all([holds("Inlet", 301), holds("Gain A", 1), holds("Gain B", 2), holds("Offset A", 0)]);
    assert.equal(await bench.ask("scanner.set 'Gain A' 3"), "OK");
    await holds("Gain A", 3);
    assert.equal(bench.field("scanner", "Gain B").value, 2);
    assert.equal(await bench.ask("scanner.reset"), "OK");
    await eventually(() => commands.includes("*CLS"), "what follows the reset");
    assert.equal(await bench.ask("scanner.measure"), "OK 301.0");
    const at = commands.indexOf("TRIG");
    assert.deepEqual(commands.slice(at - 1, at + 5), ["INP 1", "TRIG", "BUSY?", "BUSY?", "BUSY?", "RD?"]);
  });
});

Deno.test("docs: the loop's three numbers are set together, and it is woken first", async () => {
  const values: Record<string, number> = { P: 1, I: 2, D: 3 };
  const behaviour = (command: string) => {
    const [, ...given] = /^PID 1,(.*),(.*),(.*)$/.exec(command) ?? [];
    if (given.length > 0) ["P", "I", "D"].forEach((name, at) => values[name] = Number(given[at]));
    return command.endsWith("?") ? String(values[command[0]!]) : undefined;
  };
  await drive("Loop", behaviour, async (bench, commands) => {
    await eventually(() => bench.field("loop", "D").value === 3, "what it holds");
    assert.equal(commands[0], "", "the wake-up");
    for (const [name, value] of [["P", 10], ["I", 20]]) {
      assert.equal(await bench.ask(`loop.set ${name} ${value}`), "OK");
    }
    assert.equal(await bench.ask("loop.confirm"), "OK");
    assert.deepEqual(values, { P: 10, I: 20, D: 3 });
    assert.equal(commands.filter((command) => command === "").length, 1);
  });
});

Deno.test("docs: the stage's command ends when it stands, or is stopped, and its light is measured while the lamp is on", async () => {
  let [position, target, lamp, moves] = [0, 0, "0", true];
  const behaviour = (command: string) => {
    const [word, value] = command.split(" ");
    if (word === "PA") target = Number(value);
    else if (word === "LO") lamp = value!;
    else if (word === "ST") target = position;
    else if (word === "MD?") {
      if (moves && position < target) position++;
      return position === target ? "1" : "0";
    }
    return word === "TP?" ? String(position) : word === "LO?" ? lamp : word === "LT?" ? "0.7" : undefined;
  };
  await drive("Stage", behaviour, async (bench, commands) => {
    const light = bench.field("stage", "Light");
    await eventually(() => light.reason === "not asked while Lamp is Off", "why it has no value");
    assert.equal(await bench.ask("stage.set Lamp On"), "OK");
    await eventually(() => light.value === 0.7, "the light");
    assert.equal(await bench.ask("stage.move 2"), "OK");
    assert.equal(position, 2);
    moves = false;
    using moving = await RawClient.connect(bench.server.commandServer.port);
    const moved = moving.ask("stage.move 50");
    await eventually(() => bench.server.bench.find("stage")!.queue.progress !== "", "that it moves");
    assert.equal(await bench.ask("stage.stop"), "OK");
    assert.match(await moved, /^ERROR .*interrupted by an immediate command/);
    assert.equal(commands.filter((command) => command === "ST").length, 1);
  });
});

for (const [title, field, question] of [["Thermometer", "Temperature", "T?"], ["Chiller", "Bath", "PV?"]] as const) {
  Deno.test(`docs: the ${title.toLowerCase()} is read on a line that is given back`, async () => {
    await drive(title, (command) => command === question ? "20.5" : undefined, async (bench, commands) => {
      const name = title.toLowerCase();
      await eventually(() => bench.field(name, field).value === 20.5, "a reading");
      const { length } = commands;
      await eventually(() => commands.length > length, "another one");
      assert.equal(bench.server.bench.find(name)!.contact!.state, "connected");
    });
  });
}
