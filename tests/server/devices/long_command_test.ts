/** Commands that take long: they end when the instrument says so, show how far they are, and are stopped. */
import assert from "node:assert/strict";
import { eventually, RawClient } from "../../fixture.ts";
import { type Device, ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

const windows = Deno.build.os === "windows";

/** A stage: `PA n` moves it, `MD?` says whether it has arrived, and it refuses to go beyond its end. */
class Stage {
  position = 0;
  target = 0;
  /** Whether it moves by itself; otherwise it never arrives. */
  moves = true;
  /** Whether it says nothing at all. */
  silent = false;
  readonly behaviour = (command: string): string | undefined => {
    if (command.startsWith("PA ")) {
      const target = Number(command.slice(3));
      if (target > 100) return "?RANGE";
      this.target = target;
      return ">";
    }
    if (command === "ST") this.target = this.position;
    if (this.silent) return undefined;
    if (command === "TP?") return String(this.position);
    if (command === "V?") return "V7";
    if (command !== "MD?") return undefined;
    if (this.moves && this.position < this.target) this.position++;
    return this.position === this.target ? "1" : "0";
  };
}

const described = {
  title: "Stage",
  pollInterval: 0.05,
  line: { refused: { "^\\?RANGE": "out of range" } },
  fields: { Position: { unit: "mm", read: "TP?" } },
  commands: {
    move: {
      summary: "Move",
      arguments: { to: { unit: "mm" } },
      send: { send: "PA {to:.0f}", answer: "^>$" },
      doneWhen: { ask: "MD?", pattern: "^1$", every: 0.02, within: 20 },
      stop: "ST",
      ask: "TP?",
      returns: { unit: "mm" },
    },
    short: {
      summary: "Move, and give up soon",
      arguments: { to: {} },
      send: { send: "PA {to:.0f}", answer: "^>$" },
      doneWhen: { ask: "MD?", pattern: "^1$", every: 0.02, within: 0.2 },
      stop: "ST",
    },
    late: {
      summary: "Move until the deadline",
      send: [{ send: "PA 50", answer: "^>$" }],
      doneWhen: { ask: "MD?", pattern: "^1$", every: 0.02, within: 0.3 },
      deadline: 0.3,
      stop: "ST",
    },
    velocity: { summary: "Tell the velocity", ask: { ask: "V?", pattern: "^V(\\d)$" }, immediate: true },
    light: { summary: "Switch the light on", send: "LT", immediate: true },
    halt: { summary: "Halt", send: "ST", immediate: true },
  },
};

/** Fails only where it is waited for. */
function unwatched<T>(reply: Promise<T>): Promise<T> {
  reply.catch(() => {});
  return reply;
}

async function takesLong(device: Device, stage: Stage, line: Record<string, unknown>): Promise<void> {
  await using bench = await ServedBench.one({
    ...described,
    port: device.address,
    line: { ...described.line, ...line },
  });
  const position = bench.field("stage", "Position");
  const { queue } = bench.server.bench.find("stage")!;
  await eventually(() => position.quality === "good", "the first reading");
  const seen = new Set<unknown>();
  const unsubscribe = bench.server.bench.onChange((_, field) => seen.add(field.value));
  assert.equal(await bench.ask("stage.move 5"), "OK 5.0");
  unsubscribe();
  assert.ok(seen.size >= 2, `its fields are read while it moves: ${[...seen]}`);
  assert.equal(queue.progress, "");
  assert.ok(!device.commands.includes("ST"), "what is done is not stopped");
  assert.match(await bench.ask("stage.move 101"), /^ERROR .*Stage: refused "PA 101": out of range/);
  assert.ok(!device.commands.includes("ST"), "what has not begun is not stopped");

  // A question in between does not end it; a stop does, at once, and is not sent twice.
  stage.moves = false;
  using moving = await RawClient.connect(bench.server.commandServer.port);
  const moved = unwatched(moving.ask("stage.move 50"));
  await eventually(() => queue.progress === '"MD?" is answered "0"', "how far it is");
  assert.match(await bench.ask("api.status"), /move: \\"MD\?\\" is answered/);
  assert.equal(await bench.ask("stage.velocity"), "OK 7");
  assert.equal(queue.running?.name, "move");
  const sent = device.commands.length;
  assert.equal(await bench.ask("stage.halt"), "OK");
  assert.match(await moved, /^ERROR .*interrupted by an immediate command before "MD\?" said done/);
  const stops = () => device.commands.filter((command) => command === "ST").length;
  await eventually(() => stops() === 1, "the stop");
  assert.ok(device.commands.indexOf("ST", sent) - sent <= 2, "it is sent at once");

  // Whatever else is sent at once ends it too, and then it is told to stop.
  const again = unwatched(moving.ask("stage.move 50"));
  await eventually(() => queue.progress !== "", "the next one");
  assert.equal(await bench.ask("stage.light"), "OK");
  assert.match(await again, /^ERROR .*interrupted by an immediate command/);
  await eventually(() => stops() === 2, "the second stop: the first was not sent twice");
  assert.deepEqual(device.commands.slice(device.commands.lastIndexOf("LT")).filter((each) => /LT|ST/.test(each)), [
    "LT",
    "ST",
  ]);

  // One that is not done in time is told to stop, also where nothing answers any more.
  assert.match(
    await bench.ask("stage.short 50"),
    /^ERROR .*not done within 0.2 s: "MD\?" is still answered "0"/,
  );
  await eventually(() => stops() === 3, "the third stop");
  const late = unwatched(moving.ask("stage.late"));
  await eventually(() => queue.progress !== "", "the last one");
  stage.silent = true;
  assert.match(await late, /^ERROR .*Cannot finish late of stage within 0.3 s; it was told to stop/);
  await eventually(() => stops() === 4, "the last stop");
  stage.silent = false;
  await eventually(() => queue.running?.name !== "late", "that it has ended");
}

Deno.test("TCP: a long command is polled until it is done, shows how far it is, and is stopped when it is interrupted", async () => {
  const stage = new Stage();
  await using device = tcpDevice(stage.behaviour);
  await takesLong(device, stage, {});
});

Deno.test({
  name: "serial: a long command is polled until it is done, shows how far it is, and is stopped when it is interrupted",
  ignore: windows,
  async fn() {
    const stage = new Stage();
    await using device = await ptyDevice(stage.behaviour);
    await takesLong(device, stage, { sendEnd: "\r", receiveEnd: "\r" });
  },
});

Deno.test("a long command is told to stop when the server ends", async () => {
  const stage = new Stage();
  stage.moves = false;
  await using device = tcpDevice(stage.behaviour);
  {
    await using bench = await ServedBench.one({ ...described, port: device.address, shutdown: ["BYE"] });
    await eventually(() => bench.field("stage", "Position").quality === "good", "the first reading");
    using moving = await RawClient.connect(bench.server.commandServer.port);
    unwatched(moving.ask("stage.move 50"));
    await eventually(() => device.commands.includes("MD?"), "that it is under way");
    await bench.server.bench.stop();
  }
  await eventually(() => device.commands.includes("BYE"), "the goodbye");
  assert.deepEqual(device.commands.filter((command) => command === "ST" || command === "BYE"), ["ST", "BYE"]);
});
