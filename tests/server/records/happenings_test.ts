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
