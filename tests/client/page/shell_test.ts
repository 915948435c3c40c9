/** The page's places, its header, its search and its links, in a real Chromium. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { find, findables } from "../../../client/page/shell/finding.ts";
import { type Contact, defineInstrument } from "../../../mod.ts";
import { startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { Browser } from "./browser.ts";
import { card, chromium, inBrowser, outsiders, ready, unnamedControls, withServer } from "./page_fixture.ts";

const here = `document.querySelector(".places [aria-current]").dataset.place`;

Deno.test({ name: "page: places, search and preferences, in a real browser", ...inBrowser }, async (t) => {
  await using browser = await Browser.start(chromium!);
  await withServer(async (server, fail) => {
    const url = base(server);
    await using page = await browser.open(url);
    await ready(page);

    await t.step("the address says where one is, and goes there", async () => {
      strictEqual(await page.evaluate(here), "bench");
      await page.click("[data-place=journal]");
      await page.shows("main", "Everybody");
      strictEqual(await page.evaluate("location.hash"), "#/journal");
      strictEqual(await page.evaluate("document.activeElement.id"), "place");
      await page.evaluate("history.back()");
      await page.until(`${here} === "bench"`);
      await page.evaluate(`location.hash = "#/nowhere/%zz"`);
      await page.until(`!!document.querySelector("${card("tempcon")}")`);
      strictEqual(await page.evaluate(here), "bench");
    });

    await t.step("a value and a command are found in two steps, and have the focus", async () => {
      await page.press("k", 2);
      await page.until(`document.activeElement.getAttribute("role") === "combobox"`);
      await page.type("temp camtemp");
      await page.shows("#found li:first-child", "tempcon");
      await page.press("Enter");
      await page.until(`document.activeElement.closest("[data-field=camtemp]") !== null`);
      await page.click("#open-search");
      await page.fill("[role=combobox]", "uv status sel");
      await page.shows("#found li:first-child", "Status Selection");
      await page.press("Enter");
      await page.until(`document.activeElement.id === "setting-uv_light-status_selection"`);
      await page.click("#open-search");
      await page.fill("[role=combobox]", "no such thing");
      await page.shows("dialog [role=status]", "Nothing is called that");
      await page.press("Escape");
      await page.until(`document.querySelector("dialog") === null`);
    });

    await t.step("the header says whether all is well, and leads to what is not", async () => {
      fail("the wire is cut");
      await page.shows(".health .ailing", "1 of");
      await page.click(".health .ailing");
      await page.shows("dialog", "the wire is cut");
      await page.click("dialog .ailing-list a");
      await page.until(`document.querySelector("dialog") === null && location.hash.startsWith("#/bench/odd")`);
    });

    await t.step("density, times and colours are chosen in the menu, and kept", async () => {
      await page.click("#open-menu");
      for (const choice of ["Compact", "UTC", "Dark"]) {
        await page.until(`([...document.querySelectorAll(".choice label")]
          .find((each) => each.textContent === "${choice}").click(), true)`);
      }
      await page.until(`JSON.stringify(document.documentElement.dataset) ===
        '{"density":"compact","times":"utc","theme":"dark"}'`);
      deepStrictEqual(await page.evaluate(unnamedControls), []);
      await page.press("Escape");
      await page.click("[data-place=journal]");
      await page.fill("[aria-label='Command line']", "telescope.get_focus");
      await page.press("Enter");
      await page.shows(".log", "UTC");
      await page.fill("[aria-label='Find in the journal']", "GET_FOC");
      await page.until(`document.querySelectorAll(".log li").length === 1 && location.hash === "#/journal?q=GET_FOC"`);
      strictEqual(await page.evaluate(`localStorage.getItem("heliograph.theme")`), "dark");
    });

    await t.step("a link without controls offers none, and a wall shows only the bench and its state", async () => {
      await using visitor = await browser.open(`${url}?readonly`);
      await ready(visitor);
      await visitor.shows("header", "read only");
      strictEqual(await visitor.evaluate(`document.querySelectorAll("article input:enabled").length`), 0);
      await using wall = await browser.open(`${url}?view=wall`);
      await wall.shows("header", "1 of");
      strictEqual(await wall.evaluate("document.documentElement.dataset.density"), "wall");
      strictEqual(await wall.evaluate(`document.querySelector(".places, #open-menu")`), null);
    });

    await t.step("on a phone the places are at the bottom, and a sheet is dragged away", async () => {
      await page.resize(390, 844);
      await page.until("innerWidth === 390");
      const bar = `document.querySelector(".places").getBoundingClientRect()`;
      ok(await page.evaluate(`${bar}.bottom === 844 && ${bar}.top > 760`));
      ok(await page.evaluate(`document.querySelector("header").getBoundingClientRect().height < 60`));
      deepStrictEqual(await page.evaluate(outsiders), []);
      await page.click("#open-people");
      await page.shows("dialog", "You may drive the instruments");
      await page.evaluate(`(() => {
        const head = document.querySelector(".sheet-head");
        head.setPointerCapture = () => {};
        for (const [type, clientY] of [["pointerdown", 400], ["pointermove", 600], ["pointerup", 600]]) {
          head.dispatchEvent(new PointerEvent(type, { clientY, bubbles: true }));
        }
      })()`);
      await page.until(`document.querySelector("dialog") === null`);
    });
    deepStrictEqual(page.complaints, []);
  });
});

Deno.test(
  { name: "page: a lost server greys everything, and says since when the values are", ...inBrowser },
  async () => {
    await using browser = await Browser.start(chromium!);
    const contact: Contact = {
      address: "this PC",
      state: "connected",
      reason: "",
      start: (changed) => changed(),
      stop: () => Promise.resolve(),
    };
    const fields = { Level: { type: "float", initial: 0, write: () => {} } } as const;
    const instruments = [defineInstrument({ title: "Lamp", contact, fields })];
    const server = startServer({ webPort: 0, name: "Basement", instruments });
    try {
      await server.ready;
      await using page = await browser.open(base(server));
      await page.shows("h1", "Basement");
      // A setting that nobody has sent yet is no trouble.
      await page.until(`document.querySelector(".stale #setting-lamp-level")`);
      await page.shows(".health", "All well");
      await server.stop();
      await page.shows(".lost-line", "values from today");
      match(await page.evaluate(`getComputedStyle(document.querySelector("main")).filter`), /grayscale\(1\)/);
      for (const width of [1280, 1000, 390]) {
        await page.resize(width, 800);
        // Said whole, and what stands beside it has its one line.
        await page.until(`[...document.querySelectorAll(".lost-line > :last-child, .places span")]
          .every((each) => each.clientWidth >= each.scrollWidth && each.offsetHeight < 30)`);
      }
    } finally {
      await server.stop();
    }
  },
);

Deno.test("search: words fit in any order, by their beginnings, by title and by name", () => {
  const titles = (typed: string) =>
    find(findables([], [{ name: "bench", title: "Bench" }, { name: "plots", title: "Plots" }]), typed).map((
      { title },
    ) => title);
  deepStrictEqual(titles("pl"), ["Plots"]);
  deepStrictEqual(titles(""), ["Bench", "Plots"]);
  deepStrictEqual(titles("bench plots"), []);
});
