/** The page's console and its list of clients, in a real Chromium. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { eventually, RawClient } from "../../fixture.ts";
import { card, hostile, inBrowsers, ready, withServer } from "./page_fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";

/** What the journal shows, without times and buttons. */
const shownLines = `[...document.querySelectorAll(".log li")].map((each) => each.innerText.replace(/\\s+/g, " "))`;

/** Whether an entry of the journal tells something; who comes and goes may stand behind it. */
function told(part: string, text: string): string {
  return `[...document.querySelectorAll(".log li${part}")].some(({ textContent }) => textContent.includes(${
    JSON.stringify(text)
  }))`;
}

inBrowsers({
  name: "page: the console and the clients, in a real browser",
  async fn(t, browser) {
    await withServer(async (server) => {
      const url = base(server);
      await using page = await browser.open(url);
      await ready(page);

      await t.step("the console completes, answers azcam lines, and remembers them", async () => {
        await page.click("[data-place=journal]");
        await page.fill("[aria-label='Command line']", "tele");
        await page.press("Tab");
        await page.type("get_foc");
        await page.press("Tab");
        strictEqual(await page.evaluate("document.activeElement.value"), "telescope.get_focus");
        await page.press("Enter");
        await page.until(told("", "telescope.get_focus"));
        await page.until(told(" .answer", "1200"));
        await page.type("telescope.set_focus 'a");
        await page.press("Enter");
        await page.shows(".console .complaint", "never closed");
        await page.press("ArrowUp");
        strictEqual(await page.evaluate("document.activeElement.value"), "telescope.get_focus");
        await page.fill("[aria-label='Command line']", "telescope.nonsense");
        await page.press("Enter");
        await page.until(told(".warning", "has no command"));
        await page.click("[data-place=bench]");
      });

      await t.step("a data log is begun and ended, and a table is asked for by its range and form", async () => {
        await page.click("[data-place=journal]");
        await page.click(".keeping summary");
        await page.fill("[aria-label='Name of the data log']", "../a");
        await page.click(".keeping [type=submit]");
        await page.shows(".keeping .complaint", 'Cannot name a data log "../a"');
        await page.fill("[aria-label='Name of the data log']", "reactor");
        await page.click(".keeping [type=submit]");
        await page.shows(".keeping summary", "reactor.csv, 1 row");
        await page.shows(".keeping", "a row every 0:00:10");
        await page.click(".keeping [type=submit]");
        await page.shows(".keeping summary", "not written");
        await page.choose("[aria-label='Range of the table']", "The last hour");
        await page.choose("[aria-label='Form of the table']", "jsonl");
        const path = await page.evaluate(`document.querySelector(".keeping a.button").getAttribute("href")`);
        match(path, /^\/api\/v1\/export\?since=\d+&until=\d+&format=jsonl$/);
        await page.click(".keeping summary");
        await page.click("[data-place=bench]");
      });

      await t.step("what others do is told live, and what was done before the console was opened", async () => {
        using robot = await RawClient.connect(server.commandServer.port);
        await robot.ask("register <svg/onload=alert(1)>");
        await robot.ask("tempcon.set_control_temperature -70");
        await page.click("[data-place=journal]");
        await page.shows(".log", "tempcon.set_control_temperature -70");
        await page.until(told(" .who", "<svg/onload=alert(1)>"));
        await robot.ask("tempcon.set_control_temperature -999");
        await page.until(told(".warning .answer", "below its minimum"));
        strictEqual(await page.evaluate(`document.querySelectorAll(".log svg").length`), 0);
        // What is set names its field only: the page says of which instrument.
        await robot.ask(`uv_light.set "Status Selection" On`);
        await robot.ask("uv_light.confirm");
        await page.until(told("", "UV Light Status Selection: Off → On"));
        const came = `[...document.querySelectorAll(".log .told > span")].some((each) => each.textContent === "came")`;
        strictEqual(await page.evaluate(came), false);
        await page.click(".coming input");
        await page.until(came);
        await page.click(".coming input");
        await page.until(`!(${came})`);

        await page.choose("[aria-label=Level]", "debug");
        // Readings are told to whoever looks, and are not kept: it takes a moment until the page does.
        await eventually(async () => {
          await robot.ask("tempcon.get_temperatures");
          return await page.evaluate(`${shownLines}.some((line) => line.includes("tempcon.get_temperatures"))`);
        }, "a reading in the journal");
        await page.choose("[aria-label=Level]", "warning");
        await page.until(`document.querySelectorAll(".log li:not(.warning)").length === 0`);
        await page.choose("[aria-label=Level]", "info");

        await robot.ask("telescope.set_focus 900");
        await page.until(`${shownLines}.some((line) => line.includes("telescope.set_focus 900"))`);
        await page.choose("[aria-label=Instrument]", "telescope");
        await page.until(`${shownLines}.every((line) => /telescope\\.|focus:/.test(line))`);
        await page.choose("[aria-label=Client]", "this page");
        await page.until(`${shownLines}.every((line) => !line.includes("set_focus 900"))`);
        await page.choose("[aria-label=Instrument]", "");
        await page.choose("[aria-label=Client]", "");
      });

      await t.step("a line is copied as what a script says; several are copied with comments for the log", async () => {
        await page.evaluate(`{
          globalThis.copied = [];
          navigator.clipboard.writeText = async (text) => void copied.push(text);
        }`);
        await page.evaluate(`[...document.querySelectorAll(".log .asked .copy")].at(-1).click()`);
        await page.until(`copied[0] === "telescope.set_focus 900"`);
        await page.until(`[...document.querySelectorAll(".log .asked .copy")].at(-1).textContent.includes("Copied")`);
        // Code is no command: among commands it is a comment, as the log is.
        using robot = await RawClient.connect(server.commandServer.port);
        await robot.ask("eval 1 + 1");
        await page.until(told("", "1 + 1"));
        // Firefox gives a copy that nobody made no clipboard.
        if (page.browser === "firefox") return await page.click("[data-place=bench]");
        const several = await page.evaluate(`(() => {
          const items = [...document.querySelectorAll(".log li.asked")].slice(-2);
          getSelection().setBaseAndExtent(items[0], 0, items[1], items[1].childNodes.length);
          const data = new DataTransfer();
          const event = new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true });
          items[1].dispatchEvent(event);
          getSelection().removeAllRanges();
          return data.getData("text/plain");
        })()`);
        match(several, /^telescope\.set_focus 900\n(# .*\n)*# 1 \+ 1\n$/);
        await page.click("[data-place=bench]");
      });

      await t.step("who is connected is told, by the name they take", async () => {
        await page.click("#open-people");
        await page.fill("[aria-label^='Your name']", hostile);
        await page.press("Enter");
        await page.shows(".clients", hostile);
        await page.shows(".clients", "this page");
        {
          using robot = await RawClient.connect(server.commandServer.port);
          await robot.ask("register robot");
          await page.shows(".clients", "azcam line");
          await page.click("[aria-label='Disconnect robot']");
          strictEqual(await robot.rest(), "");
          await page.until(`!document.querySelector(".clients").textContent.includes("azcam line")`);
        }
        await page.click("[aria-label='Close People']");
      });

      await t.step("control is taken over and handed over", async () => {
        using robot = await RawClient.connect(server.commandServer.port);
        await robot.ask("register robot");
        await robot.ask("take tempcon 1h");
        await page.click("#open-people");
        await page.shows(".clients", "holds tempcon");
        await page.shows(".clients", "take tempcon 1h");
        await page.click("[aria-label='Take tempcon from them']");
        await page.shows(card("tempcon"), "you drive");
        const session = await page.evaluate(`[...document.querySelectorAll(".clients li")]
          .find((each) => each.querySelector("strong").textContent === "robot").dataset.session`);
        await page.choose("[aria-label='Hand tempcon over to']", session);
        await page.click("[aria-label='Hand tempcon over']");
        await page.shows(card("tempcon"), "robot drives");
        await page.click("[aria-label='Close People']");
        strictEqual(await robot.ask("tempcon.set_control_temperature -60"), "OK");
        await page.click("[aria-label='More for tempcon']");
        await page.click("[aria-label='Take control over: tempcon']");
        await page.shows(card("tempcon"), "you drive");
        await page.click("[aria-label='More for tempcon']");
        await page.click("[aria-label='Release control of tempcon']");
        await page.until(`!document.querySelector("${card("tempcon")} .holder")`);
        deepStrictEqual(page.complaints, []);
      });
    });
  },
});
