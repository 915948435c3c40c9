/** The hub of a bench: what happens is published once, and no subscriber harms another. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Bench } from "../../../server/bench/bench.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import { Faults } from "../../../server/bench/faults.ts";
import { Hub } from "../../../server/bench/hub.ts";
import { eventually } from "../../fixture.ts";

interface Numbers {
  readonly number: number;
  readonly other: number;
}

Deno.test("hub: who subscribes hears the events of that type, in order, until it unsubscribes", () => {
  const hub = new Hub<Numbers>();
  const heard: number[] = [];
  strictEqual(hub.hears("number"), false);
  const unsubscribe = hub.subscribe("number", (event) => heard.push(event));
  strictEqual(hub.hears("number"), true);
  for (const event of [1, 2]) hub.publish("number", event);
  hub.publish("other", 3);
  unsubscribe();
  hub.publish("number", 4);
  deepStrictEqual(heard, [1, 2]);
  strictEqual(hub.hears("number"), false);
});

Deno.test("hub: a subscriber that throws is told, and the others hear everything", () => {
  const hub = new Hub<Numbers>();
  const faults = new Faults("Heater");
  const heard: number[] = [];
  hub.subscribe("number", () => {
    throw new TypeError("not now");
  }, { name: "the plotter" });
  hub.subscribe("number", (event) => heard.push(event));
  hub.publish("number", 1, faults);
  hub.publish("number", 2, faults);
  deepStrictEqual(heard, [1, 2]);
  match(faults.last, /^the plotter failed: TypeError: not now .*, 2 times by now$/);
});

Deno.test("hub: one that takes its time gets one event after another, and of too many the newest", async () => {
  const hub = new Hub<Numbers>();
  const faults = new Faults("Heater");
  const [heard, atOnce]: [number[], number[]] = [[], []];
  const gates: (() => void)[] = [];
  hub.subscribe("number", async (event) => {
    heard.push(event);
    await new Promise<void>((resolve) => gates.push(resolve));
  }, { name: "the database", most: 3 });
  hub.subscribe("number", (event) => atOnce.push(event));
  for (let event = 1; event <= 6; event++) hub.publish("number", event, faults);
  deepStrictEqual(heard, [1]);
  deepStrictEqual(atOnce, [1, 2, 3, 4, 5, 6]);
  for (let done = 1; done <= 4; done++) {
    await eventually(() => gates.length === done, `event ${done}`);
    gates[done - 1]!();
  }
  // It is called at once again when nothing waits.
  await eventually(() => {
    if (heard.at(-1) !== 7) hub.publish("number", 7, faults);
    return heard.at(-1) === 7;
  }, "the next event");
  deepStrictEqual(heard.slice(0, 4), [1, 4, 5, 6]);
  match(
    faults.last,
    /^the database failed: Error: it is too slow: of more than 3 events that wait, the oldest are left out/,
  );
});

Deno.test("hub: one whose promise rejects is told and goes on", async () => {
  const hub = new Hub<Numbers>();
  const faults = new Faults("Heater");
  const heard: number[] = [];
  hub.subscribe("number", async (event) => {
    heard.push(event);
    await Promise.reject(new RangeError("disk full"));
  }, { name: "the database" });
  hub.publish("number", 1, faults);
  hub.publish("number", 2, faults);
  await eventually(() => heard.length === 2, "both events");
  await eventually(() => faults.last.includes("2 times"), "both faults");
  match(faults.last, /^the database failed: RangeError: disk full/);
});

Deno.test("hub: every reading is published, changes only where something changed", async () => {
  const thermometer = defineInstrument({
    title: "Thermometer",
    pollInterval: 0.02,
    fields: { Temperature: { type: "float", unit: "K", read: () => 77 } },
  });
  await using bench = new Bench([thermometer]);
  const [readings, changes]: [unknown[], unknown[]] = [[], []];
  bench.hub.subscribe("reading", ({ instrument, field }) => readings.push([instrument.name, field.name, field.value]));
  bench.hub.subscribe("change", ({ field }) => changes.push(field.value));
  await bench.start();
  await eventually(() => readings.length >= 5, "five readings");
  deepStrictEqual(readings[4], ["thermometer", "temperature", 77]);
  deepStrictEqual(changes, [77]);
});
