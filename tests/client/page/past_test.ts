/** The page's plot over the records: ranges of days, with every spike, gaps, the last night, and addresses that tell it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { dayOf, dayText, lastNight, wholeDay } from "../../../client/page/plots/days.ts";
import { defineInstrument } from "../../../mod.ts";
import { RawClient, startServer } from "../../fixture.ts";
import { violations } from "./accessible.ts";
import { inBrowsers, outsiders, poorContrasts } from "./page_fixture.ts";

type Field = ReturnType<typeof gauge>["allFields"][number];

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
    fields: {
      Pressure: { type: "float", unit: "mbar", decimals: 1, access: "readout" },
      Valve: { type: "switch", access: "readout" },
      Unread: { type: "float", access: "readout" },
    },
  });
}

inBrowsers({
  name: "page: a plot goes back as far as there are records, and no spike is lost",
  async fn(_, browser) {
    const folder = await Deno.makeTempDir();
    try {
      const instrument = gauge();
      const [pressure, valve] = instrument.allFields as [Field, Field];
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
        valve.update(now < end - 24 * 60 * minute);
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
      {
        // Closed again: a page behind another asks for nothing.
        await using other = await browser.open(address, 390, 800);
        await other.until(`document.querySelector(".plot button[aria-pressed=true]")?.textContent === "Last night"`);
      }
      await press("Live");
      await page.until(`/last=24h/.test(location.hash)`);

      // The whole bench as it was: from the cursor of a plot, by the keyboard and by the mouse.
      const then = (field: string) => `document.querySelector(".then [data-field=${field}]")?.innerText`;
      const iso = (time: number) => new Date(time).toISOString();
      const at = `Date.parse(new URLSearchParams(location.hash.split("?")[1]).get("at"))`;
      await page.evaluate(`document.querySelector(".strips").focus()`);
      await page.press("ArrowLeft");
      await page.press("Enter");
      await page.until(`location.hash.startsWith("#/then?at=") && ${then("pressure")}?.includes("10.0 mbar")`);
      ok(await page.evaluate(`${at} < ${end}`));
      const range = new URLSearchParams({ from: iso(end - 24 * 60 * minute), to: iso(end) });
      await page.evaluate(`location.hash = "#/plots?${range}"`);
      await page.until(`document.querySelector(".strip-chart .u-over") !== null`);
      const middle = await page.evaluate(`(() => {
        const { left, top, width, height } = document.querySelector(".strip-chart .u-over").getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2 };
      })()`);
      await page.mouse("mousePressed", middle);
      await page.mouse("mouseReleased", middle);
      // The cursor stays where it was clicked while the mouse goes to the button.
      await page.mouse("mouseMoved", { x: middle.x + 200, y: middle.y });
      await page.click(".then-button");
      await page.until(`location.hash.startsWith("#/then?at=")`);
      ok(await page.evaluate(`Math.abs(${at} - ${end - 12 * 60 * minute}) < ${20 * minute}`));

      // By a date and a time, in the chosen zone; what was not good has no number, and nothing is a control.
      const show = async (time: number) => {
        const text = new Date(time).toISOString().slice(0, 19);
        await page.until(`document.querySelector("#then-at") !== null`);
        await page.evaluate(`(() => {
          const input = document.querySelector("#then-at");
          input.value = ${JSON.stringify(text)};
          input.dispatchEvent(new Event("input", { bubbles: true }));
        })()`);
        await page.evaluate(`document.querySelector(".then form").requestSubmit()`);
        await page.until(`location.hash.includes(encodeURIComponent(${JSON.stringify(text)}))`);
      };
      await page.evaluate(`localStorage.setItem("heliograph.times", "utc")`);
      await page.reload();
      await show(end - 18 * 60 * minute);
      await page.until(`${then("pressure")}?.includes("error")`);
      ok(!await page.evaluate(`/\\d \\?mbar|777/.test(${then("pressure")})`));
      await show(spike + minute / 2);
      await page.until(`${then("pressure")}?.includes("777.0 mbar")`);
      match(await page.evaluate(then("pressure")), /good, (2\d|3\d|\d) s/);
      match(await page.evaluate(then("valve")), /On/);
      match(await page.evaluate(then("unread")), /not read/);
      match(
        await page.evaluate(`document.querySelector(".then-head").innerText`),
        /UTC[^]*Not live[^]*ago[^]*Back to now/,
      );
      strictEqual(await page.evaluate(`document.querySelectorAll(".then-bench :is(button, input, select)").length`), 0);
      for (const width of [390, 1280]) {
        await page.resize(width, 844);
        for (const scheme of ["light", "dark"]) {
          if (!await page.prefer({ "prefers-color-scheme": scheme })) continue;
          deepStrictEqual(await violations(page), [], `${width} ${scheme}`);
          deepStrictEqual(await page.evaluate(poorContrasts), [], `${width} ${scheme}`);
          deepStrictEqual(await page.evaluate(outsiders), [], `${width} ${scheme}`);
        }
      }
      await page.click("#then-back");
      await page.until(`location.hash === "#/bench"`);

      // An entry of the journal leads to its time.
      await page.evaluate(`location.hash = "#/journal"`);
      await page.until(`document.querySelector(".log time a") !== null`);
      const told: string = await page.evaluate(`document.querySelector(".log time").dateTime`);
      await page.evaluate(`document.querySelector(".log time a").click()`);
      await page.until(`location.hash.startsWith("#/then?at=") && ${at} === Date.parse(${JSON.stringify(told)})`);

      // Marks of what happened before this page was opened come from the records: of the newest 200, and how many more.
      using robot = await RawClient.connect(server.commandServer.port);
      const noted = Date.now();
      for (let each = 0; each < 205; each++) strictEqual(await robot.ask(`note argon ${each}`), "OK");
      await page.reload();
      const near = new URLSearchParams({ from: iso(noted - minute), to: iso(noted + minute) });
      await page.evaluate(`location.hash = "#/plots?${near}"`);
      await page.until(`document.querySelector(".marks-more")?.textContent === "the newest 200 of 205 marks"`);
      const place = await page.evaluate(`(() => {
        const { left, top, width, height } = document.querySelector(".strip-chart .u-over").getBoundingClientRect();
        return { x: left + width / 2 + 2, y: top + height / 2 };
      })()`);
      await page.mouse("mouseMoved", place);
      await page.until(`/^argon \\d+/.test(document.querySelector(".strip-chart .mark")?.textContent)`);

      await page.evaluate(`location.hash = "#/then?at=yesterday"`);
      await page.shows(".then [role=alert]", "“yesterday” is no moment");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
