/** Ways of asking: steps, what is selected, what is written together, waking, deafness, and when it is asked at all. */
import assert from "node:assert/strict";
import { eventually, RawClient } from "../../fixture.ts";
import { ptyDevice, ServedBench, tcpDevice } from "./devices.ts";

const windows = Deno.build.os === "windows";

/** A scanner with one input at a time: `INP n` selects, `RD?` tells, and what is told before it has settled is wrong. */
class Scanner {
  #channel = 0;
  #since = -Infinity;
  readonly readings: Record<number, number> = { 1: 11, 2: 22, 3: 33 };
  readonly behaviour = (command: string): string | undefined => {
    const [word, channel] = command.split(" ");
    if (word === "INP") {
      if (this.#channel !== Number(channel)) this.#since = performance.now();
      this.#channel = Number(channel);
    } else if (word === "RD?") {
      return performance.now() - this.#since < 95 ? "-1" : String(this.readings[this.#channel]);
    } else if (word === "SET") this.readings[this.#channel] = Number(channel);
    return undefined;
  };
}

Deno.test("steps: a reading selects, waits and asks in one turn on the port, with nobody in between", async () => {
  const scanner = new Scanner();
  await using device = tcpDevice(scanner.behaviour);
  const read = (channel: number) => [{ send: `INP ${channel}` }, { wait: 0.1 }, { ask: "RD?", pattern: "^\\d+$" }];
  const instrument = (title: string, channel: number) => ({
    title,
    port: device.address,
    pollInterval: 0.05,
    fields: { Value: { read: read(channel) } },
  });
  await using bench = await ServedBench.of({ instruments: [instrument("One", 1), instrument("Two", 2)] });
  for (const [name, value] of [["one", 11], ["two", 22]] as const) {
    await eventually(() => bench.field(name, "Value").value === value, name);
  }
  await eventually(() => device.commands.length > 12, "more of them");
  for (let at = 0; at + 1 < device.commands.length; at += 2) {
    assert.match(`${device.commands[at]} ${device.commands[at + 1]}`, /^INP [12] RD\?$/);
  }
});

Deno.test("select: is sent before what needs it, only where something else was selected, also by another instrument", async () => {
  const scanner = new Scanner();
  await using device = tcpDevice((command) => {
    const answer = scanner.behaviour(command);
    return command === "RD?"
      ? String(scanner.readings[Number(device.commands.findLast((each) => each.startsWith("INP"))!.slice(4))])
      : answer;
  });
  const channel = (number: number) => ({
    select: `INP ${number}`,
    read: "RD?",
    write: "SET {value}",
    needsConfirm: false,
  });
  await using bench = await ServedBench.of({
    instruments: [
      { title: "Two", port: device.address, pollInterval: 0.1, fields: { "A": channel(1), "B": channel(2) } },
      {
        title: "Third",
        port: device.address,
        pollInterval: 0.1,
        parameters: { channel: "3" },
        select: "INP {channel}",
        handshake: { ask: "RD?", pattern: "^33$" },
        fields: { C: { read: "RD?" } },
        commands: {
          measure: {
            summary: "Measure a channel",
            arguments: { channel: { type: "int" } },
            select: "SUB {channel}",
            ask: "RD?",
            returns: { type: "int" },
          },
        },
      },
    ],
  });
  for (const [name, field, value] of [["two", "A", 11], ["two", "B", 22], ["third", "C", 33]] as const) {
    await eventually(() => bench.field(name, field).value === value, field);
  }
  assert.equal(await bench.ask("two.set B 25"), "OK");
  await eventually(() => bench.field("two", "B").value === 25, "what was set");
  assert.equal(bench.field("two", "A").value, 11);
  assert.equal(await bench.ask("third.measure 7"), "OK 33");
  const { commands } = device;
  // Every question stands behind the selection that it needs, and none is selected twice.
  const selected = commands.filter((command) => command.startsWith("INP"));
  assert.ok(selected.every((each, index) => each !== selected[index + 1]), selected.join(" "));
  assert.ok(commands.length > selected.length + 3, "one selection serves several questions");
  const selectedBefore = (at: number) => commands.slice(0, at).findLast((command) => command.startsWith("INP"));
  assert.equal(selectedBefore(commands.indexOf("SET 25")), "INP 2");
  const at = commands.indexOf("SUB 7");
  assert.deepEqual([selectedBefore(at), commands[at + 1]], ["INP 3", "RD?"]);
});

Deno.test("until: a question is asked again until it is answered so, not for ever, and a stop ends it", async () => {
  let busy = 0;
  await using device = tcpDevice((command) => {
    if (command === "TRIG") busy = 2;
    if (command === "BUSY?") return String(busy > 0 ? busy-- : 0);
    return command === "RD?" ? String(busy) : command === "NEVER?" ? "1" : undefined;
  });
  const step = (ask: string, within: number) => ({ ask, until: "^0$", every: 0.01, within });
  await using bench = await ServedBench.one({
    title: "Meter",
    port: device.address,
    fields: { Value: { read: [{ send: "TRIG" }, step("BUSY?", 5), { ask: "RD?" }], poll: 0.1 } },
    commands: {
      short: { summary: "Wait in vain", send: ["A", step("NEVER?", 0.1), "B"] },
      long: { summary: "Wait for long", send: ["A", step("NEVER?", 20), "B"] },
      stop: { summary: "Stop", send: "STOP", immediate: true },
    },
  });
  await eventually(() => bench.field("meter", "Value").value === 0, "a reading");
  assert.match(await bench.ask("meter.short"), /^ERROR .*Meter: "NEVER\?" is still answered "1" after 0.1 s/);
  // One that has failed is over: what comes now is of the next one.
  using waiting = await RawClient.connect(bench.server.commandServer.port);
  const waited = waiting.ask("meter.long");
  const { length } = device.commands;
  await eventually(() => device.commands.includes("NEVER?", length), "the question");
  assert.equal(await bench.ask("meter.stop"), "OK");
  assert.match(await waited, /^ERROR .*Meter: interrupted by an immediate command/);
  await eventually(() => device.commands.includes("STOP"), "the stop");
  assert.ok(!device.commands.includes("B"));
});

/** A controller with `PID p,i,d` and `P?`, `I?`, `D?`. */
class Controller {
  readonly values: Record<string, number> = { P: 1, I: 2, D: 3 };
  /** What was sent last may not have arrived yet. */
  holds(expected: Record<string, number>): Promise<void> {
    const held = () => JSON.stringify(this.values);
    return eventually(() => held() === JSON.stringify(expected), `${JSON.stringify(expected)}, and not ${held()}`);
  }
  readonly behaviour = (command: string): string | undefined => {
    const question = /^([PID])\?$/.exec(command);
    if (question !== null) return String(this.values[question[1]!]);
    const [, p, i, d] = /^PID 1,(.*),(.*),(.*)$/.exec(command) ?? [];
    if (p !== undefined) Object.assign(this.values, { P: Number(p), I: Number(i), D: Number(d) });
    return undefined;
  };
}

Deno.test("together: what is set is sent with what the others hold, which is read first where it is not known", async () => {
  const controller = new Controller();
  await using device = tcpDevice(controller.behaviour);
  const write = "PID 1,{p},{i},{d}";
  const field = (name: string, more = {}) => ({ read: `${name}?`, write, needsConfirm: false, poll: 0.1, ...more });
  await using bench = await ServedBench.of({
    instruments: [
      { title: "Loop", port: device.address, fields: { P: field("P"), I: field("I"), D: field("D", { poll: 3600 }) } },
      {
        title: "Blind",
        port: device.address,
        handshake: { ask: "P?", pattern: "." },
        fields: {
          P: { write: "PID 1,{value},{i},{d}", needsConfirm: false },
          I: { write, needsConfirm: false },
          D: { write, needsConfirm: false, initial: 9 },
        },
      },
      {
        title: "Staged",
        port: device.address,
        fields: { P: field("P", { needsConfirm: true }), I: field("I", { needsConfirm: true }), D: field("D") },
      },
    ],
  });
  await eventually(() => bench.field("loop", "D").quality === "good", "the first readings");
  assert.equal(await bench.ask("loop.set P 10"), "OK");
  await controller.holds({ P: 10, I: 2, D: 3 });
  await eventually(() => bench.field("loop", "P").value === 10, "what was set");
  const { readAt } = bench.field("loop", "D");
  assert.equal(await bench.ask("loop.set I 20"), "OK");
  await controller.holds({ P: 10, I: 20, D: 3 });
  // What is not known, since reading it has failed, is read first.
  await eventually(() => bench.field("loop", "D").readAt > readAt, "what is read after a setting");
  controller.values.D = 4;
  bench.field("loop", "D").fail("not understood");
  assert.equal(await bench.ask("loop.set P 11"), "OK");
  await controller.holds({ P: 11, I: 20, D: 4 });
  const before = device.commands.length;
  assert.match(
    await bench.ask("blind.set P 5"),
    /^ERROR .*Blind: nothing was sent: what I is goes with it, and nobody has set that yet; set it first, or say "initial"/,
  );
  assert.ok(!device.commands.slice(before).some((command) => command.startsWith("PID")));
  await eventually(() => bench.field("staged", "D").quality === "good", "what does not wait for confirm");
  for (const line of ["staged.set P 6", "staged.set I 7"]) assert.equal(await bench.ask(line), "OK");
  // What waits for confirm is not sent with what does not.
  assert.equal(await bench.ask("staged.set D 8"), "OK");
  await controller.holds({ P: 11, I: 20, D: 8 });
  const { length } = device.commands;
  assert.equal(await bench.ask("staged.confirm"), "OK");
  await controller.holds({ P: 6, I: 7, D: 8 });
  // Both were changed, and say the same: it is sent once in a confirm, and again in the next one.
  const sent = () => device.commands.slice(length).filter((command) => command.startsWith("PID"));
  assert.deepEqual(sent(), ["PID 1,6,7,8"]);
  assert.equal(await bench.ask("staged.confirm"), "OK");
  await eventually(() => sent().length === 2, "the second confirm");
});

/** Sleeps after a while of silence; what comes while it sleeps only wakes it. Line feed and CR stand before answers too. */
class Vane {
  set = 1;
  readonly #sleepsAfter: number;
  #last = -Infinity;
  #awakeAt = 0;
  /** What was lost, since it slept or was just waking. */
  readonly lost: string[] = [];
  constructor(sleepsAfter: number) {
    this.#sleepsAfter = sleepsAfter;
  }
  readonly behaviour = (command: string, send: (text: string) => void): undefined => {
    const now = performance.now();
    const asleep = now - this.#last > this.#sleepsAfter;
    this.#last = now;
    if (asleep) {
      this.#awakeAt = now + 90;
      if (command !== "") this.lost.push(command);
      send("\n\r");
      return undefined;
    }
    if (now < this.#awakeAt) return void this.lost.push(command);
    if (command === "TEMP") send("\n\r21.5\n\r");
    else if (command === "SET?") send(`\n\r${this.set.toFixed(1)}\n\r`);
    else if (command.startsWith("SET ")) this.set = Number(command.slice(4));
  };
}

async function wakes(kind: "tcp" | "serial"): Promise<void> {
  const vane = new Vane(700);
  const ends = { commandEnd: "\n", answerEnd: "" };
  await using device = kind === "tcp" ? tcpDevice(vane.behaviour, ends) : await ptyDevice(vane.behaviour, ends);
  await using bench = await ServedBench.one({
    title: "Vane",
    port: device.address,
    pollInterval: 1,
    line: { sendEnd: "\n", receiveEnd: "\n\r", wake: { wait: 0.3, after: 0.3 } },
    fields: { T: { unit: "°C", read: "TEMP" }, S: { needsConfirm: false, read: "SET?", write: "SET {value:.1f}" } },
    commands: { stop: { summary: "Stop", send: "SET 0.0", immediate: true } },
  });
  await eventually(() => bench.field("vane", "T").value === 21.5 && bench.field("vane", "S").value === 1, "readings");
  assert.equal(await bench.ask("vane.set S 7"), "OK");
  await eventually(() => bench.field("vane", "S").value === 7, "what was set");
  const { readAt } = bench.field("vane", "T");
  await eventually(() => bench.field("vane", "T").readAt > readAt, "a reading after it slept");
  // One that sleeps is woken for a stop too.
  await eventually(() => device.commands.at(-1) === "", "the wake-up for the next poll");
  assert.equal(await bench.ask("vane.stop"), "OK");
  await eventually(() => vane.set === 0, "the stop is heard");
  assert.deepEqual(vane.lost, []);
  assert.ok(device.commands.filter((command) => command === "").length >= 2, "woken again and again");
  assert.equal(bench.server.bench.find("vane")!.contact!.state, "connected");
}

Deno.test("wake: a sleeping instrument is woken before the first question, and after silence", () => wakes("tcp"));

Deno.test({
  name: "wake: a sleeping instrument on a serial line is woken before the first question, and after silence",
  ignore: windows,
  fn: () => wakes("serial"),
});

Deno.test("deaf: nothing is sent while the instrument hears nothing, not even a stop; a wait is ended by one", async () => {
  let deafUntil = -Infinity;
  const unheard: string[] = [];
  const behaviour = (command: string): string | undefined => {
    const now = performance.now();
    if (now < deafUntil) return void unheard.push(command);
    // What it gets a little later than it was sent is heard all the same: the description says more.
    if (command === "*RST") deafUntil = now + 100;
    if (command.startsWith("SLOW")) deafUntil = now + 20;
    return command.endsWith("?") ? "1" : undefined;
  };
  await using device = tcpDevice(behaviour);
  await using bench = await ServedBench.one({
    title: "Supply",
    port: device.address,
    pollInterval: 0.05,
    line: { deaf: 0.15 },
    fields: { V: { read: "V?" }, Slow: { write: "SLOW {value}", needsConfirm: false } },
    commands: {
      reset: { summary: "Reset", send: [{ send: "*RST", deaf: 0.4 }, { send: "SLOW", deaf: 0.15 }] },
      blink: { summary: "Blink", send: ["ON", { wait: 60 }, "OFF"], deadline: 100 },
      stop: { summary: "Stop", send: "STOP", immediate: true },
    },
  });
  await eventually(() => bench.field("supply", "V").quality === "good", "the first reading");
  assert.equal(await bench.ask("supply.reset"), "OK");
  assert.equal(await bench.ask("supply.set Slow 3"), "OK");
  using other = await RawClient.connect(bench.server.commandServer.port);
  const sent = device.commands.length;
  const resetting = other.ask("supply.reset");
  await eventually(() => device.commands.includes("*RST", sent), "the deafness");
  assert.equal(await bench.ask("supply.stop"), "OK");
  assert.match(await resetting, /^OK|^ERROR .*interrupted by an immediate command: "SLOW" was not sent/);
  await eventually(() => device.commands.includes("STOP"), "the stop");
  assert.deepEqual(unheard, []);
  const blinking = other.ask("supply.blink");
  await eventually(() => device.commands.at(-1) === "ON", "the wait");
  assert.equal(await bench.ask("supply.stop"), "OK");
  await eventually(() => device.commands.includes("STOP", device.commands.lastIndexOf("ON")), "the stop over the wait");
  assert.match(await blinking, /^ERROR .*Supply: interrupted by an immediate command: "OFF" was not sent/);
});

Deno.test("when: a field is asked only while others are as it says, and tells why it has no value", async () => {
  let output = "0";
  let moving = "0";
  await using device = tcpDevice((command) => {
    if (command.startsWith("OUTP ")) output = command.slice(5);
    if (command === "MOVE") moving = "1";
    if (command === "HALT") moving = "0";
    if (command === "OUTP?") return output;
    if (command === "MOV?") return moving;
    return command === "CURR?" ? (output === "1" ? "0.5" : undefined) : command === "POS?" ? "12" : undefined;
  });
  await using bench = await ServedBench.one({
    title: "Lamp",
    port: device.address,
    pollInterval: 0.05,
    fields: {
      Current: { unit: "A", read: "CURR?", when: { Output: "On" } },
      Output: { type: "switch", read: "OUTP?", write: "OUTP {value}", needsConfirm: false },
      Moving: { type: "switch", read: "MOV?" },
      Position: { read: "POS?", poll: { every: 0.05, while: { moving: "On" }, otherwise: 3600 } },
    },
    commands: { move: { summary: "Move", send: "MOVE" }, halt: { summary: "Halt", send: "HALT" } },
  });
  const current = bench.field("lamp", "Current");
  await eventually(() => current.reason === "not asked while Output is Off", "why it is not asked");
  assert.deepEqual([current.quality, current.value, current.text], ["stale", undefined, "No Reading"]);
  assert.ok(!device.commands.includes("CURR?"));
  assert.equal(await bench.ask("lamp.set Output On"), "OK");
  await eventually(() => current.value === 0.5 && current.quality === "good", "the current");
  assert.equal(await bench.ask("lamp.set Output Off"), "OK");
  await eventually(() => current.value === undefined, "no current");
  current.age(0, 0);
  assert.equal(current.quality, "stale", "what is not asked does not grow old");
  assert.equal(bench.server.bench.find("lamp")!.contact!.state, "connected");
  // It is read more often only while it moves: besides that after commands.
  const asked = () => device.commands.filter((command) => command === "POS?").length;
  const polls = async () => {
    const count = () => device.commands.filter((command) => command === "MOV?").length;
    const before = count();
    await eventually(() => count() > before + 2, "polls");
  };
  // What is read after a command is over then.
  await polls();
  const still = asked();
  await polls();
  assert.equal(asked(), still);
  assert.equal(await bench.ask("lamp.move"), "OK");
  await eventually(() => asked() > still + 4, "it is read while it moves");
  assert.equal(await bench.ask("lamp.halt"), "OK");
  await eventually(() => bench.field("lamp", "Moving").value === false, "it stands");
});
