/** The page's plot over the records: ranges of days, with every spike, gaps, the last night, and addresses that tell it. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { dayOf, dayText, lastNight, wholeDay } from "../../../client/page/plots/days.ts";
import { defineInstrument } from "../../../mod.ts";
import { startServer } from "../../fixture.ts";
import { inBrowsers } from "./page_fixture.ts";

Deno.test("days: the last night is from noon to noon with the last midnight in it; a day from midnight to midnight", () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  for (const now of ["2026-11-28T02:00", "2026-11-28T10:00", "2026-11-28T21:00"]) {
    deepStrictEqual(lastNight(at(now), "utc"), { from: at("2026-11-27T12:00"), to: at("2026-11-28T12:00") }, now);
  }
  deepStrictEqual(dayOf("2026-12-31", "utc"), { from: at("2026-12-31T00:00"), to: at("2027-01-01T00:00") });
  strictEqual(dayOf("yesterday", "utc"), undefined);
  strictEqual(dayText(at("2026-11-28T23:59"), "utc"), "2026-11-28");
  const day = dayOf("2026-11-28", "utc")!;
  strictEqual(wholeDay(day, "utc"), "2026-11-28");
  strictEqual(wholeDay({ ...day, to: day.to - 1000 }, "utc"), "2026-11-28");
  strictEqual(wholeDay({ ...day, from: day.from + 1 }, "utc"), "");
});

const minute = 60_000;
const days = 3;

function gauge() {
  return defineInstrument({
    title: "Gauge",
    fields: { Pressure: { type: "float", unit: "mbar", decimals: 1, access: "readout" } },
  });
}

inBrowsers({
  name: "page: a plot goes back as far as there are records, and no spike is lost",
  async fn(_, browser) {
    const folder = await Deno.makeTempDir();
    try {
      const instrument = gauge();
      const [pressure] = instrument.allFields as [(typeof instrument.allFields)[number]];
      const clock = Date.now;
      const end = clock();
      let now = end - days * 24 * 60 * minute;
      Date.now = () => now;
      const options = { instruments: [instrument], records: { folder }, webPort: 0 };
      await using server = startServer(options);
      await server.ready;
      // A spike of a single reading, two days ago; and half a day without any value.
      const spike = end - 2 * 24 * 60 * minute;
      for (; now < end; now += minute) {
        if (Math.abs(now - spike) < minute / 2) pressure.update(777);
        else if (now > end - 24 * 60 * minute && now < end - 12 * 60 * minute) pressure.fail("the line is cut");
        else pressure.update(10);
      }
      Date.now = clock;
      pressure.update(10);
      await using page = await browser.open(
        `http://127.0.0.1:${server.webServer.port}/#/plots?f=gauge.pressure&last=7d`,
        1280,
        800,
      );
      const press = (text: string) =>
        page.evaluate(
          `[...document.querySelectorAll(".plot button")].find((each) => each.textContent === "${text}").click()`,
        );
      await page.until(`document.querySelector(".plot-summary") !== null`);
      await page.evaluate(`document.querySelector(".plot-summary").open = true`);
      const seen = (column: number) => `document.querySelector(".plot-summary tbody tr")?.cells[${column}].textContent`;
      await page.until(`${seen(3)} === "777.0"`);
      strictEqual(await page.evaluate(seen(2)), "10.0");
      // The last day has neither the spike nor, for half of it, any value: the mean is that of the rest.
      await press("24 h");
      await page.until(`${seen(3)} === "10.0" && ${seen(4)} === "10"`);
      await press("Last night");
      await page.until(`/[?&]from=/.test(location.hash) && /[?&]to=/.test(location.hash)`);
      const address: string = await page.evaluate("location.href");
      // Whoever is sent the address sees the same.
      await using other = await browser.open(address, 390, 800);
      await other.until(`document.querySelector(".plot button[aria-pressed=true]")?.textContent === "Last night"`);
      await press("Live");
      await page.until(`/last=24h/.test(location.hash)`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
