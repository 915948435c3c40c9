/** Arranging the cards in a real browser: with the mouse, a finger, and by the keyboard alone; what others see. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { Browser, BrowserPage } from "./browser.ts";
import { ask } from "../../server/faces/web/web_fixture.ts";
import {
  asObserver,
  card,
  hostile,
  inBrowsers,
  outsiders,
  poorContrasts,
  ready,
  unnamedControls,
  withServer,
} from "./page_fixture.ts";

/** The names of the tiles or cards in a section of that name, or of all of them, in order. */
const order = (section = "main", what = "[data-tile]") =>
  `[...document.querySelectorAll(${JSON.stringify(`${section} ${what}`)})]
    .map((each) => each.dataset.tile ?? each.getAttribute("aria-labelledby").slice(5)).join(" ")`;
const group = (index: number | "none") => `[data-group='${index}']`;
const control = (name: string) => `[data-focus='${name}']`;
const focused = `document.activeElement.dataset.focus`;
/** The way to arranging, in the menu of the page. */
const menu = "#open-menu";
const toggle = "#arrange";

async function arrange(page: BrowserPage): Promise<void> {
  await page.click(menu);
  await page.click(toggle);
  await page.until(`document.querySelectorAll("[data-tile]").length >= 12`);
}

/** Presses a pointer on a tile's grip and lets go of it over the upper part of another thing. */
async function drag(page: BrowserPage, tile: string, onto: string, finger = false): Promise<void> {
  const middle = (selector: string) =>
    page.evaluate(`(() => {
      const { left, top, width, height } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
      return [left + width / 2, top + Math.min(height / 2, 8)];
    })()`);
  const [from, to] = [await middle(`[data-tile=${tile}] .grip`), await middle(onto)];
  const places = [from, [from[0], from[1] + 20], to];
  for (const [index, [x, y]] of places.entries()) {
    if (finger) {
      const type = index === 0 ? "touchStart" : "touchMove";
      await page.send("Input.dispatchTouchEvent", { type, touchPoints: [{ x, y }] });
    } else {
      const type = index === 0 ? "mousePressed" : "mouseMoved";
      await page.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1, clickCount: 1 });
    }
  }
  ok(await page.evaluate(`!!document.querySelector("[data-drop], .group.over")`), "it is shown where it would go");
  if (finger) return void await page.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  const [x, y] = to;
  await page.send("Input.dispatchMouseEvent", { type: "mouseReleased", x, y, button: "left", clickCount: 1 });
}

inBrowsers({
  name: "page: cards are arranged for everybody",
  // Firefox does not press the button that has just taken the focus.
  browsers: ["chromium"],
  fn: arranges,
});

async function arranges(test: Deno.TestContext, browser: Browser): Promise<void> {
  await withServer(async (server) => {
    const url = `http://127.0.0.1:${server.webServer.port}/`;
    await using page = await browser.open(url);
    await ready(page);

    await test.step("the keyboard alone makes a group, names it, and moves cards into it; the focus stays", async () => {
      await page.until(`(document.querySelector("${menu}").focus(), true)`);
      await page.press("Enter");
      await page.until(`(document.querySelector("${toggle}").focus(), true)`);
      await page.press("Enter");
      await page.until(`(document.querySelector("${control("tempcon group")}")?.focus(), ${focused})`);
      // The last of the list is "New group…".
      await page.press("End");
      await page.press("Enter");
      await page.until(`${focused} === "group 0 title"`);
      await page.type(hostile);
      await page.press("Enter");
      await page.until(`document.querySelector("${group(0)}").ariaLabel === ${JSON.stringify(hostile)}`);
      strictEqual(await page.evaluate(order(group(0))), "tempcon");
      await page.until(`(document.querySelector("${control("reactor_tc up")}").focus(), true)`);
      await page.press("Enter");
      await page.until(`${order(group(0))} === "tempcon reactor_tc" && ${focused} === "reactor_tc up"`);
      await page.press("Enter");
      await page.until(`${order(group(0))} === "reactor_tc tempcon" && ${focused} === "reactor_tc up"`);
      // It is the first: there is nowhere to go, and the focus is not lost.
      await page.press("Enter");
      strictEqual(await page.evaluate(focused), "reactor_tc up");
      strictEqual(
        await page.evaluate(`document.querySelector(".arrange-bar [role=status]").textContent`),
        `Reactor TC is 1 of 2 in ${hostile}`,
      );
    });

    await using other = await browser.open(url);
    await ready(other);
    const cards = (section?: string) => order(section, "article");

    await test.step("another page has it, and whatever the group is called is text", async () => {
      await other.until(`${cards("main section:first-of-type")} === "reactor_tc tempcon"`);
      const heading = `document.querySelector("main h2").textContent`;
      ok((await other.evaluate(heading)).includes(hostile));
      strictEqual(await other.evaluate(`document.querySelectorAll("main img").length`), 0);
    });

    await test.step("the mouse drags a card between two others, and into another group", async () => {
      await drag(page, "uv_light", "[data-tile=tempcon]");
      await page.until(`${order(group(0))} === "reactor_tc uv_light tempcon"`);
      await other.until(`${cards("main section:first-of-type")} === "reactor_tc uv_light tempcon"`);
      await drag(page, "tempcon", "[data-tile=methane_mfc]");
      await page.until(
        `${order(group(0))} === "reactor_tc uv_light" && ${order(group("none"))}.startsWith("tempcon ")`,
      );
    });

    await test.step("what is hidden is found all the same, and shown for now", async () => {
      await page.click(control("telescope hide"));
      await other.until(`!document.querySelector("${card("telescope")}")`);
      match(await page.evaluate(focused), /^(?!telescope).+ hide$/, "the focus goes to a neighbour");
      await other.shows(".hidden-note", "telescope");
      // What is no instrument is shown to who asks for it.
      await other.shows(".hidden-note", "parameters");
      await other.click("#open-search");
      await other.fill("[role=combobox]", "telescope");
      await other.press("Enter");
      await other.until(`!!document.querySelector("${card("telescope")}.found")`);
      strictEqual(await other.evaluate(`document.querySelector("${card("telescope")} .badge").textContent`), "hidden");
      // It is gone to for some frames, while what is above it is drawn; who scrolls meanwhile is not pulled back.
      const frame = `new Promise(requestAnimationFrame)`;
      strictEqual(
        await other.evaluate(`(async () => {
          location.hash = "#/bench/exposure";
          while (document.querySelector("${card("exposure")}.found") === null) await ${frame};
          dispatchEvent(new WheelEvent("wheel"));
          scrollTo({ top: 0, behavior: "instant" });
          for (let frames = 0; frames < 10; frames++) await ${frame};
          return scrollY;
        })()`),
        0,
      );
      await other.click(".hidden-note button");
      await other.until(`!document.querySelector("${card("telescope")}")`);
      await page.click(control("telescope show"));
      await other.until(`!document.querySelector(".hidden-note").textContent.includes("telescope")`);
    });

    await test.step("a folded group is folded on this page alone, and stays so", async () => {
      await other.click("main h2 button");
      await other.until(`!document.querySelector("${card("uv_light")}")`);
      await other.send("Page.reload");
      await other.until(`document.querySelector("main h2 button")?.ariaExpanded === "false"`);
      ok(await other.evaluate(`!document.querySelector("${card("uv_light")}")`));
    });

    await test.step("a title that is taken is refused beside the group's tools, and everything is as it was", async () => {
      await page.click(control("new group"));
      await page.until(`${focused} === "group 1 title"`);
      await page.fill(control("group 1 title"), hostile.toUpperCase());
      await page.press("Enter");
      await page.shows(`${group(1)} .complaint`, "there is a group called");
      strictEqual(await page.evaluate(`document.querySelector("${control("group 1 title")}").value`), "Group 2");
    });

    await test.step("at 360 px a finger drags it, all is in reach, named and readable", async () => {
      await page.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 1 });
      await page.resize(360, 740);
      await page.evaluate(`scrollTo(0, 0)`);
      await drag(page, "uv_light", "[data-tile=reactor_tc]", true);
      await page.until(`${order(group(0))} === "uv_light reactor_tc"`);
      for (const value of ["dark", "light"]) {
        await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
        for (const found of [outsiders, poorContrasts, unnamedControls]) {
          deepStrictEqual(await page.evaluate(found), []);
        }
      }
    });

    await test.step("a page that is loaded again has it; it is put back to the bench's order, and that is undone", async () => {
      await page.evaluate(`location.hash = "#/bench"`);
      await page.send("Page.reload");
      await ready(page);
      await page.until(`${cards("main section:first-of-type")} === "uv_light reactor_tc"`);
      await arrange(page);
      await page.click(control("reset"));
      await page.until(`!document.querySelector("${group(0)}") && ${focused} === "undo"`);
      await other.until(`!document.querySelector("main h2 button")`);
      await page.press("Enter");
      await page.until(`${order(group(0))} === "uv_light reactor_tc"`);
      // What somebody else has arranged since is not undone with it.
      await page.click(control("reset"));
      await page.until(`!document.querySelector("${group(0)}") && ${focused} === "undo"`);
      await other.until(`!document.querySelector("main h2 button")`);
      const groups = [{ title: "Lamps", instruments: ["uv_light", "reactor_tc"] }];
      strictEqual((await ask(server, "PUT", "/api/v1/arrangement", { groups })).status, 200);
      await page.until(`${order(group(0))} === "uv_light reactor_tc"`);
      await page.until(`!document.querySelector("[data-focus=undo]")`);
    });

    await test.step("an observer sees the arrangement, and no tools", async () => {
      await using observer = await browser.open(url, 1280, 800, asObserver);
      await ready(observer);
      await observer.until(`${cards("main section:first-of-type")} === "uv_light reactor_tc"`);
      await observer.click(menu);
      await observer.shows("dialog", "Density");
      ok(await observer.evaluate(`!document.querySelector("${toggle}")`));
    });
    deepStrictEqual([...page.complaints, ...other.complaints], []);
  });
}
