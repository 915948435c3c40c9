/** What the log tells of instruments that are there, lost, or come and go. */
import { configure, reset } from "npm:@logtape/logtape@2.4.2";
import assert from "node:assert/strict";
import type { Contact } from "../../../server/bench/contact.ts";
import { ContactLog } from "../../../server/bench/contact_log.ts";

Deno.test("log: what is known is told once, and of what comes and goes once a minute how often, and how it ended", async () => {
  const told: string[] = [];
  await configure({
    sinks: { kept: ({ level, message }) => void told.push(`${level}: ${message.join("")}`) },
    loggers: [
      { category: ["logtape"], sinks: [] },
      { category: ["heliograph"], sinks: ["kept"], lowestLevel: "info" },
    ],
  });
  try {
    let now = 0;
    const log = new ContactLog(() => now);
    const instrument = { title: "Lamp" };
    const become = (state: Contact["state"], reason = "") => {
      log.changed(instrument, { state, reason, address: "tcp://lamp:1" } as Contact);
      return told.splice(0);
    };
    const lost = (reason: string) => [
      `warning: Lamp is not connected on tcp://lamp:1: ${reason}; it is tried again and again`,
    ];
    const there = ["info: Lamp is connected on tcp://lamp:1"];
    assert.deepEqual(become("connected"), there);
    assert.deepEqual(become("lost", "no answer"), lost("no answer"));
    assert.deepEqual(become("lost", "no answer"), [], "the same at the next try");
    assert.deepEqual(become("lost", "nothing listens"), lost("nothing listens"), "something else");
    assert.deepEqual(become("connected"), there);
    for (let times = 0; times < 7; times++) {
      now += 1000;
      assert.deepEqual(become("lost", "no answer"), []);
      assert.deepEqual(become("connected"), []);
    }
    now += 60_000;
    assert.deepEqual(become("lost", "late"), [
      "warning: Lamp comes and goes on tcp://lamp:1: it was lost 8 times; the last time: late",
    ]);
    assert.deepEqual(become("connected"), there);
    now += 1000;
    assert.deepEqual(become("lost", "off"), [], "it may come back at once");
    now += 30_000;
    assert.deepEqual(become("lost", "off"), []);
    now += 30_000;
    assert.deepEqual(become("lost", "off"), lost("off"), "one that stays away is told");
    assert.deepEqual(become("lost", "off"), []);
  } finally {
    await reset();
  }
});
