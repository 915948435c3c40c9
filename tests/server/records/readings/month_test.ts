/** A plot of many days: right, and made of what the days were by minutes alone. */
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { ReadingsLookup } from "../../../../server/records/readings/lookup.ts";
import { ReadingsStore } from "../../../../server/records/readings/readings_store.ts";
import { makeMonth, monthBegins, monthFields, monthValue } from "../../../../benchmarks/month_of_readings.ts";

Deno.test("readings: a plot of many days and fields tells every spike, and reads no single readings of whole days", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const until = makeMonth(folder, { fields: 40, days: 12, courses: 2 });
    {
      // Whoever reads them finds rubbish.
      using store = new ReadingsStore(folder);
      store.database.exec("UPDATE raw SET data = x'00'");
    }
    const fields = monthFields(40).slice(7, 9).map(({ instrument, field }) => ({ instrument, field }));
    using lookup = new ReadingsLookup(folder, fields);
    const points = 1000;
    const { series } = lookup.history({ fields, since: monthBegins, until, points });
    const seconds = (until - monthBegins) / 1000;
    for (const [at, { points: plot, thinned }] of series.entries()) {
      const course = (at + 7) % 2;
      strictEqual(thinned, false);
      strictEqual(plot!.count.reduce((sum, count) => sum + count), seconds);
      const spike = plot!.highest.findIndex((value) => value! > 60);
      strictEqual(plot!.highest[spike], monthValue(course, 1_000_000));
      ok(Math.abs(plot!.times[spike]! - monthBegins - 1e9) <= (until - monthBegins) / points);
      strictEqual(plot!.first[0], monthValue(course, 0));
      strictEqual(plot!.last.at(-1), monthValue(course, seconds - 1), "the newest is on the spool");
      deepStrictEqual(plot!.gaps, []);
      let lowest = Infinity;
      for (let second = 0; second < seconds; second++) lowest = Math.min(lowest, monthValue(course, second));
      strictEqual(Math.min(...plot!.lowest.map(Number)), lowest);
    }
    // A minute of it does read them.
    throws(() => lookup.history({ fields, since: monthBegins, until: monthBegins + 60_000, points }));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
