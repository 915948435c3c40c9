/** The overview drawing, in a real browser. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { defineInstrument } from "../../../mod.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { demoOverview } from "../../../server/config/demo_overview.ts";
import { startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { inBrowsers } from "./page_fixture.ts";

const drawing = `document.querySelector(".overview-drawing").shadowRoot`;
const found = (selector: string) => `${drawing}?.querySelector(${JSON.stringify(selector)})`;

inBrowsers({
  name: "page: the drawing shows values and states, opens instruments, and asks about commands",
  async fn(t, browser) {
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "lab.svg");
      await Deno.writeTextFile(file, demoOverview);
      const odd = defineInstrument({
        title: "Odd",
        fields: { Unread: { type: "float", unit: "V", access: "readout" } },
      });
      await using server = startServer({
        poll: true,
        webPort: 0,
        instruments: [...demoInstruments(), odd],
        overview: { svg: demoOverview, file },
      });
      await server.ready;
      const tell = async (line: string) => match(await server.commandServer.command(line), /^OK/);
      await using page = await browser.open(`${base(server)}/#/overview`);
      const lamp = found("g[data-value]:has(circle)");

      await t.step("values with their units, and colours by state", async () => {
        await page.until(
          `/^\\d+ °C$/.test(${found("[aria-description='Open Reactor Thermocouple'] .value")}?.firstChild.data)`,
        );
        await page.until(`${lamp}?.dataset.value === "Off" && ${lamp}.style.color === "rgb(138, 148, 163)"`);
        await tell(`uv_light.set "Status Selection" On`);
        await tell("uv_light.confirm");
        await page.until(`${lamp}.dataset.value === "On" && ${lamp}.style.color === "rgb(245, 196, 0)"`);
        match(await page.evaluate(`${found(".value title")}.textContent`), /Argon MFC: Actual Flow/);
      });

      await t.step("a screen reader has a list of what it shows", async () => {
        await page.until(
          `document.querySelector("ul[aria-label='Values of the drawing']").textContent.includes("UV Light, Actual Status: On")`,
        );
      });

      await t.step("a click opens an instrument, and so does the keyboard", async () => {
        const open = found("[aria-description='Open Picarro']");
        strictEqual(await page.evaluate(`${open}.tabIndex`), 0);
        await page.evaluate(`${open}.focus()`);
        await page.press("Enter");
        await page.until(`location.hash === "#/bench/picarro"`);
        await page.evaluate(`location.hash = "#/overview"`);
        const [x, y] = await page.until(`(() => {
          const box = ${found("[aria-description='Open Argon MFC']")}?.getBoundingClientRect();
          return box?.width > 0 && [box.left + box.width / 2, box.top + box.height / 2];
        })()`);
        for (const type of ["mousePressed", "mouseReleased"]) {
          await page.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
        }
        await page.until(`location.hash === "#/bench/argon_mfc"`);
        await page.evaluate(`location.hash = "#/overview"`);
      });

      await t.step("on a phone it is as high as its words need, and one scrolls to its side", async () => {
        await page.resize(390, 844);
        const scroll = `document.querySelector(".overview-scroll")`;
        await page.until(
          `${scroll}.scrollWidth > 700 && ${scroll}.clientWidth <= 390 && ${scroll}.clientHeight >= 400`,
        );
        strictEqual(await page.evaluate(`document.documentElement.scrollWidth`), 390);
        await page.resize(1280, 800);
      });

      await t.step("a file that is changed is shown anew, and what is hostile in it does nothing", async () => {
        const hostile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" onload="document.title='taken'">
          <script>document.title = "taken"</script>
          <style>@import url(https://example.org/a.css); .a { fill: url(https://example.org/a) } rect { fill: #123456 }</style>
          <foreignObject width="50" height="50"><img xmlns="http://www.w3.org/1999/xhtml" src="https://example.org/x" onerror="document.title='taken'"/></foreignObject>
          <image href="https://example.org/picture.png" width="9" height="9"/>
          <use href="https://example.org/x.svg#a"/>
          <a href="javascript:document.title='taken'"><text y="20">link</text></a>
          <rect id="r" class="a" width="10" height="10" style="stroke:url(https://example.org/b);stroke-width:3" onclick="document.title='taken'"/>
          <g data-command="exposure.set imagetitle 'of the drawing'"><circle cx="50" cy="50" r="20"/></g>
          <text id="unread" y="70" data-field="odd.unread">0</text>
          <text y="90" data-field="nobody.nothing">0</text>
        </svg>`;
        await Deno.writeTextFile(file, hostile);
        await page.until(`${found("#r")} != null`);
        await page.evaluate(`${found("#r")}.dispatchEvent(new MouseEvent("click", { bubbles: true }))`);
        await page.evaluate(`${found("text")}.dispatchEvent(new MouseEvent("click", { bubbles: true }))`);
        deepStrictEqual(
          await page.evaluate(`[getComputedStyle(${found("#r")}).fill, getComputedStyle(${found("#r")}).strokeWidth]`),
          ["rgb(18, 52, 86)", "3px"],
          "its own harmless style holds",
        );
        strictEqual(await page.evaluate(`document.title`), await page.evaluate(`document.title.replace("taken", "")`));
        strictEqual(
          await page.evaluate(
            `${drawing}.querySelectorAll("script, style, foreignObject, img, a, [onclick], [onload]").length`,
          ),
          0,
        );
        deepStrictEqual([...page.hosts], [new URL(base(server)).host], "nothing is asked of anybody else");
        await page.shows(".overview-problem", "data-field names nobody, and there is no such instrument");
      });

      await t.step("a value that is not good is a dimmed dash, which says why", async () => {
        await page.until(`${found("#unread.not-good")}?.firstChild.data === "–"`);
        match(await page.evaluate(`${found("#unread title")}.textContent`), /^Odd: Unread: not read yet/);
      });

      await t.step("a command is asked about, and runs", async () => {
        await page.until(`${found("[role=button]")} != null`);
        await page.evaluate(`${found("[role=button]")}.focus()`);
        await page.press("Enter");
        await page.shows("dialog", "exposure.set imagetitle");
        await page.click("dialog .strong");
        await page.until(`document.querySelector("dialog") === null`);
        strictEqual(server.bench.find("exposure")!.field("imagetitle").value, "of the drawing");
      });

      deepStrictEqual(page.complaints, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
