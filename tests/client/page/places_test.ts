/** Every place of the page as everybody can use it: by WCAG 2.2 AA, at all widths, enlarged, and with a finger. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { base } from "../../server/faces/web/web_fixture.ts";
import { violations } from "./accessible.ts";
import type { BrowserPage } from "./browser.ts";
import { inBrowsers, outsiders, ready, withServer } from "./page_fixture.ts";

/** The places that are offered, and what is reached from the menu. */
const places = `[...[...document.querySelectorAll("nav.places a")].map((each) => each.hash), "#/edit"]`;

/** What opens over a place, by what is clicked for it. */
const sheets = ["#open-search", "#open-people", "#open-menu"];

/** Whether the drawing is there, in a tree of its own. */
const drawnLinks = `!!document.querySelector(".overview-drawing")?.shadowRoot?.querySelector("[role=link]")`;

/** What can be pressed and is smaller than so many pixels; links within a text, and what lies under a sheet, may be. */
const smallTargets = (least: number) =>
  `[...document.querySelectorAll("button, a, input, select, summary, [role=switch], [role=option]")]
  .filter((each) => {
    const { width, height } = (each.closest("label") ?? each).getBoundingClientRect();
    const within = each.localName === "a" && getComputedStyle(each).display === "inline";
    const seen = each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return seen && !within && width > 1 && (width < ${least} - 0.5 || height < ${least} - 0.5) && !each.closest(".skip, .unseen");
  })
  .map((each) => {
    const { width, height } = each.getBoundingClientRect();
    return Math.round(width) + " x " + Math.round(height) + " " + each.outerHTML.slice(0, 160);
  })`;

const sideways = `document.documentElement.scrollWidth > document.documentElement.clientWidth`;

async function goTo(page: BrowserPage, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.until(`document.querySelector("#place")?.textContent.trim() !== ""`);
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
}

inBrowsers({
  name: "page: every place, sheet and menu is accessible by WCAG 2.2 AA, dark and light, on a phone and beside it",
  // Firefox cannot be told to be dark, and the rules are the same.
  browsers: ["chromium"],
  // The first image that is written loads a library of the system, which stays.
  sanitizeResources: false,
  async fn(t, browser) {
    await withServer(async (server) => {
      await server.commandServer.command("exposure.expose 0.1 object stars");
      await using page = await browser.open(base(server));
      await ready(page);
      await page.until(`${places}.includes("#/overview")`);
      for (const hash of await page.evaluate(places)) {
        await t.step(hash, async () => {
          await goTo(page, hash);
          if (hash === "#/overview") await page.until(drawnLinks);
          const found = new Set<string>();
          for (const width of [1280, 390]) {
            await page.resize(width, 800);
            for (const scheme of ["dark", "light"]) {
              await page.prefer({ "prefers-color-scheme": scheme });
              for (const each of await violations(page)) found.add(`${width} ${scheme} ${each}`);
            }
          }
          deepStrictEqual([...found], []);
        });
      }
      for (const opener of sheets) {
        await t.step(opener, async () => {
          await goTo(page, "#/bench");
          for (const width of [1280, 390]) {
            await page.resize(width, 800);
            await page.click(opener);
            await page.until(`!!document.querySelector("dialog[open]")`);
            deepStrictEqual(await violations(page), [], `${width}`);
            await page.press("Escape");
            await page.until(`!document.querySelector("dialog[open]")`);
          }
        });
      }
      await t.step("a card's menu, and a command's form", async () => {
        await goTo(page, "#/bench");
        await page.click("[aria-label^='More for Argon']");
        await page.until(`!!document.querySelector("[aria-label^='Take control of Argon']")`);
        deepStrictEqual(await violations(page), [], "the menu");
        await page.press("Escape");
        await goTo(page, "#/bench/telescope/get_focus");
        await page.until(`!!document.querySelector("[data-command=get_focus] form")`);
        deepStrictEqual(await violations(page), [], "the command");
      });
      deepStrictEqual(page.complaints, []);
    }, true);
  },
});

inBrowsers({
  name: "page: no place is cut or scrolls sideways on a phone or at 200 %, and each target can be hit",
  async fn(t, browser) {
    await withServer(async (server) => {
      await using page = await browser.open(base(server));
      await ready(page);
      for (const hash of await page.evaluate(places)) {
        await t.step(hash, async () => {
          await goTo(page, hash);
          // Half of 1280 is what is left of it at 200 %.
          for (const [width, height] of [[390, 844], [640, 400], [1280, 800], [2560, 1440]] as const) {
            await page.resize(width, height);
            await page.until(`innerWidth === ${width} && ${outsiders}.length === 0`).catch(async () =>
              deepStrictEqual(await page.evaluate(outsiders), [], `at a width of ${width}`)
            );
            ok(!await page.evaluate(sideways), `nothing scrolls sideways at a width of ${width}`);
          }
          deepStrictEqual(await page.evaluate(smallTargets(24)), []);
        });
      }
    }, true);
  },
});

/** What says that it is chosen or on by its background alone, which forced colours take away. */
const unseenStates =
  `[...document.querySelectorAll("[aria-pressed=true], [aria-current], [aria-selected=true], [aria-checked=true]")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 1)
  .filter((each) => {
    const other = [...each.parentElement.children].find((one) => one !== each && one.localName === each.localName);
    const looks = (one) => ["color", "backgroundColor", "borderTopColor", "borderTopWidth", "borderBottomColor", "outlineStyle",
      "fontWeight", "textDecorationLine"].map((name) => getComputedStyle(one)[name]).join();
    return other !== undefined && looks(each) === looks(other) && getComputedStyle(each, "::after").content === "none" &&
      getComputedStyle(each, "::before").content === "none";
  })
  .map((each) => each.outerHTML.slice(0, 160))`;

/** What moves by itself, or would if it were used. */
const moving = `[...document.querySelectorAll("*")].flatMap((each) => {
  const { animationName, animationDuration, animationIterationCount, transitionDuration } = getComputedStyle(each);
  const long = (text) => text.split(",").some((one) => parseFloat(one) > 0.02);
  return animationName !== "none" && long(animationDuration) || long(transitionDuration)
    ? [animationName + " " + transitionDuration + " " + each.outerHTML.slice(0, 120)] : [];
})`;

inBrowsers({
  name: "page: a finger has targets of 44 pixels, and forced colours and reduced motion are heeded",
  // Firefox cannot be told of them.
  browsers: ["chromium"],
  sanitizeResources: false,
  async fn(t, browser) {
    await withServer(async (server) => {
      await server.commandServer.command("exposure.expose 0.1 object stars");
      await using page = await browser.open(base(server));
      await ready(page);
      const all: string[] = await page.evaluate(places);
      await t.step("forced colours", async () => {
        await page.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
        for (const hash of all) {
          await goTo(page, hash);
          deepStrictEqual(await page.evaluate(unseenStates), [], hash);
        }
      });
      await t.step("reduced motion", async () => {
        await page.prefer({ "prefers-reduced-motion": "reduce" });
        for (const hash of all) {
          await goTo(page, hash);
          deepStrictEqual(await page.evaluate(moving), [], hash);
        }
      });
      await t.step("a finger", async () => {
        await page.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 5 });
        await page.send("Emulation.setDeviceMetricsOverride", {
          width: 390,
          height: 844,
          deviceScaleFactor: 1,
          mobile: true,
        });
        await page.until(`matchMedia("(pointer: coarse)").matches`);
        for (const hash of all) {
          await goTo(page, hash);
          deepStrictEqual(await page.evaluate(smallTargets(44)), [], hash);
        }
      });
    }, true);
  },
});
