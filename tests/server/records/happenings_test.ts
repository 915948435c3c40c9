/** What the journal is told that nobody asked for in a command. */
import { deepStrictEqual } from "node:assert/strict";
import { Sessions } from "../../../server/access/sessions.ts";
import { Bench } from "../../../server/bench/bench.ts";
import { defineInstrument } from "../../../server/bench/define_instrument.ts";
import { Happenings } from "../../../server/records/happenings.ts";
import { Journal } from "../../../server/records/journal.ts";

Deno.test("happenings: of an instrument that was taken off the bench nothing is told any more, and nothing waits", {
  sanitizeOps: true,
}, async () => {
  const journal = new Journal();
  const instrument = defineInstrument({
    title: "Lamp",
    fields: { Power: { type: "int", initial: 1, write: () => {} } },
  });
  const bench = new Bench([instrument]);
  new Happenings(bench, new Sessions(), journal);
  const set = (value: number) => instrument.set("Power", value, new AbortController().signal);
  await set(2);
  // It is told later, since one was told just now; a timer that was left would fail this test.
  await set(3);
  await bench.remove(instrument, "it goes");
  deepStrictEqual(journal.kept("info").map(({ text }) => text), ["Power: 1 → 2"]);
});

Deno.test("happenings: what becomes of an alarm is told as an alarm, of the instrument that it is about", () => {
  const journal = new Journal();
  const bench = new Bench([]);
  const happenings = new Happenings(bench, new Sessions(), journal);
  const alarm = {
    name: "too_warm",
    title: "Too warm",
    severity: "high",
    text: "Open the window",
    state: "unacknowledged",
    active: true,
    reason: "oven.t is 301 °C",
    since: "2026-11-29T00:00:00Z",
    raised: "2026-11-29T00:00:00Z",
    times: 1,
    fields: ["oven.t", "oven.p"],
    acknowledged: null,
    setAside: null,
    shelvedUntil: null,
  } as const;
  const deed = { by: "ana", at: alarm.since, reason: "seen" };
  bench.hub.publish("alarm", { alarm, from: "normal", by: "" });
  bench.hub.publish("alarm", {
    alarm: { ...alarm, state: "acknowledged", acknowledged: deed },
    from: "unacknowledged",
    by: "ana",
  });
  bench.hub.publish("alarm", { alarm: { ...alarm, state: "suppressed" }, from: "acknowledged", by: "" });
  bench.hub.publish("alarm", {
    alarm: { ...alarm, state: "normal", fields: ["a.b", "c.d"] },
    from: "returned",
    by: "",
  });
  happenings.stop();
  deepStrictEqual(
    journal.kept("debug").map(({ kind, level, client, instrument, text }) => [kind, level, client, instrument, text]),
    [
      ["alarm", "warning", "", "oven", "Alarm Too warm (high): oven.t is 301 °C; Open the window"],
      ["alarm", "info", "ana", "oven", "Alarm Too warm is acknowledged: seen"],
      ["alarm", "info", "", "", "Alarm Too warm is normal"],
    ],
  );
});
