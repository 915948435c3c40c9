/** A bench that changes while it runs: instruments come, go, take another's place, and are switched off. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { command } from "../../../server/bench/command.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import type { Contact } from "../../../server/bench/contact.ts";
import type { Instrument } from "../../../server/bench/instrument.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";

/** A contact that notes what is done with it. */
function noted(notes: string[], name: string): Contact {
  let state: Contact["state"] = "off";
  return {
    address: "tcp://here:1",
    get state() {
      return state;
    },
    reason: "",
    restarts: true,
    start(changed) {
      notes.push(`${name} begins`);
      state = "connected";
      changed();
    },
    stop() {
      notes.push(`${name} ends`);
      state = "off";
      return Promise.resolve();
    },
    gone: () => void notes.push(`${name} is gone`),
  };
}

function lamp(notes: string[], { title = "Lamp", unit = "A", level = 1 } = {}): Instrument {
  return defineInstrument({
    title,
    contact: noted(notes, `${title} ${unit}`),
    pollInterval: 0.05,
    fields: { "Current": { type: "float", unit, read: () => level } },
    commands: {
      burn: command({
        summary: "Burn until told to stop",
        run: (_, { signal }) =>
          new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      }),
    },
  });
}

Deno.test("bench: an instrument comes, another takes its place and it goes while clients watch, and each is told", async () => {
  const notes: string[] = [];
  const sum = defineInstrument({ title: "Sum", fields: { "Double": { type: "float", compute: "2 * lamp.current" } } });
  const first = lamp(notes);
  await using server = startServer({ instruments: [first, sum], poll: true });
  const { bench } = server;
  using watcher = await RawClient.connect(server.dashboardServer.port);
  await watcher.send('{"cmd":"Watch","id":1}');
  await watcher.until((text) => text.includes("end-of-snapshot") && text.includes('"value":2'));
  using asking = await RawClient.connect(server.commandServer.port);

  // What runs ends with the reason, and the port is closed before the new one begins.
  await asking.send("lamp.burn\n");
  await eventually(() => first.queue.running?.name === "burn", "the lamp burns");
  const second = lamp(notes, { unit: "mA", level: 7 });
  await bench.replace(first, second, "Lamp is being changed by ana");
  match((await asking.lines(1))[0]!, /^ERROR .*Lamp is being changed by ana/);
  deepStrictEqual(notes, ["Lamp A begins", "Lamp A ends", "Lamp A is gone", "Lamp mA begins"]);
  strictEqual(bench.find("lamp"), second);
  deepStrictEqual(bench.instruments.map(({ title }) => title).slice(0, 2), ["Lamp", "Sum"]);
  const told = await watcher.until((text) => text.includes('"value":14'));
  const placed = told.split("\n").find((line) => line.includes('"event":"instrument"'))!;
  const { instrument, place, description } = JSON.parse(placed);
  deepStrictEqual([instrument, place, description.fields[0].unit, description.holder], ["lamp", 0, "mA", null]);
  strictEqual(await asking.ask("lamp.get Current"), "OK 7.0");

  // One that comes is polled at once, and stands before nobody.
  bench.add(lamp(notes, { title: "Torch", level: 3 }), 1);
  deepStrictEqual(bench.instruments.map(({ title }) => title), ["Lamp", "Torch", "Sum", "api"]);
  await watcher.until((text) => /"instrument":"torch","event":"field","field":"Current","value":3/.test(text));
  throws(() => bench.add(lamp(notes, { title: "Torch" })), /two instruments called Torch/);
  await rejects(bench.replace(second, lamp(notes, { title: "Torch" }), "why"), /two instruments called Torch/);

  await bench.remove(bench.find("torch")!, "Torch is being removed by ana");
  await watcher.until((text) => /"instrument":"torch","event":"instrument","description":null/.test(text));
  match(await asking.ask("torch.get Current"), /torch/);
  ok(!bench.names().includes("Torch"));
});

Deno.test("bench: one that is switched off has its port closed, says by whom, takes no command, and is switched on", async () => {
  const notes: string[] = [];
  const one = lamp(notes);
  await using server = startServer({ instruments: [one, defineInstrument({ title: "Note" })], poll: true });
  using asking = await RawClient.connect(server.commandServer.port);
  await eventually(() => one.field("Current").quality === "good", "it was read");
  using burning = await RawClient.connect(server.commandServer.port);
  await burning.send("lamp.burn\n");
  await eventually(() => one.queue.running?.name === "burn", "the lamp burns");
  await server.bench.switchOff(one, "switched off by ana at 14:02");
  match((await burning.lines(1))[0]!, /Lamp is switched off by ana at 14:02/);
  deepStrictEqual(notes, ["Lamp A begins", "Lamp A ends"]);
  match(
    await asking.ask("lamp.burn"),
    /^ERROR .*Cannot call lamp\.burn: Lamp is switched off by ana at 14:02; its port is free/,
  );
  match(
    await asking.ask("lamp.get Current"),
    /^ERROR Cannot read Current of Lamp: Lamp is switched off by ana at 14:02/,
  );
  const { contact, fields } = JSON.parse((await asking.ask("lamp.describe")).replace(/^OK /, ""));
  deepStrictEqual([contact.state, contact.reason], ["off", "switched off by ana at 14:02; its port is free"]);
  deepStrictEqual([fields[0].value, fields[0].quality], [null, "stale"]);
  server.bench.switchOn(one);
  await eventually(() => one.field("Current").quality === "good", "it is read again");
  await rejects(
    server.bench.switchOff(server.bench.find("note")!, "switched off"),
    /Cannot switch off Note: it has no port that could be freed/,
  );
});

Deno.test("bench: a reading that is under way when its instrument is switched off leaves no good value behind", async () => {
  for (const fails of [false, true]) {
    const readings: PromiseWithResolvers<number>[] = [];
    const slow = defineInstrument({
      title: "Slow",
      contact: noted([], "Slow"),
      pollInterval: 0.05,
      fields: {
        "Current": {
          type: "float",
          read: () => {
            readings.push(Promise.withResolvers());
            return readings.at(-1)!.promise;
          },
        },
      },
    });
    await using server = startServer({ instruments: [slow], poll: true });
    await eventually(() => readings.length === 1, "it is read");
    readings[0]!.resolve(1);
    await eventually(() => readings.length === 2, "it is read again");
    const field = slow.field("Current");
    strictEqual(field.quality, "good");
    await server.bench.switchOff(slow, "switched off by ana at 14:02");
    const withheld = ["stale", "Slow is switched off by ana at 14:02"];
    deepStrictEqual([field.quality, field.reason], withheld);
    if (fails) readings[1]!.reject(new Error("nothing answers"));
    else readings[1]!.resolve(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    deepStrictEqual([field.quality, field.reason], withheld);
  }
});
