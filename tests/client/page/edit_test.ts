/** The place where the bench is changed, in a real browser: by keyboard, with the checks, and what the file becomes. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { besideBench } from "../../../server/config/beside.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { startServer } from "../../fixture.ts";
import { tcpDevice } from "../../server/devices/devices.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { violations } from "./accessible.ts";
import { card, inBrowsers, outsiders, poorContrasts, unnamedControls } from "./page_fixture.ts";

inBrowsers({
  name:
    "page: an instrument is added by keyboard, checked meanwhile, seen in the file before it is written, and shows its value",
  async fn(_, browser) {
    await using device = tcpDevice((command) => command === "V?" ? "1.5\r" : command === "I?" ? "0.25\r" : undefined);
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "lab.json");
      const meter = `{ "title": "Meter", "port": "${device.address}", "fields": { "Voltage": { "read": "V?" } } }`;
      const before = `{\n  // mine\n  "instruments": [\n    ${meter}\n  ]\n}\n`;
      await Deno.writeTextFile(file, before);
      const loaded = await loadBench(file);
      const edited = { file, previous: besideBench(file).previous, loaded };
      await using server = startServer({ instruments: loaded.instruments, poll: true, webPort: 0 }, { edited });
      await server.ready;
      await using page = await browser.open(base(server));
      await page.shows(card("meter"), "Voltage");
      await page.click("#open-menu");
      await page.click("#change-bench");
      await page.shows(".edit-list", "Meter");
      deepStrictEqual(await page.evaluate(unnamedControls), []);
      deepStrictEqual(await page.evaluate(poorContrasts), []);

      await page.evaluate(`document.querySelector(".edit-place .edit-buttons a").focus()`);
      await page.press("Enter");
      // The link to it says the same.
      await page.until(
        `document.activeElement?.matches("h1, h2, h3") && document.activeElement.textContent === "Add an instrument"`,
      );
      const go = (id: string) => `document.getElementById(${JSON.stringify(id)}).focus()`;
      await page.until(`document.getElementById("edit-title") !== null`);
      await page.evaluate(go("edit-title"));
      await page.type("Current");
      await page.shows(".edit-problems", "neither fields nor commands");
      await page.evaluate(go("edit-port"));
      await page.type("file:///etc/passwd");
      await page.shows("#edit-port-wrong", "is a file of this computer");
      await page.evaluate(`document.activeElement.select()`);
      await page.type(device.address);
      await page.evaluate(`[...document.querySelectorAll(".edit-fields > button")].at(-1).focus()`);
      await page.press("Enter");
      await page.until(`document.querySelectorAll(".edit-field").length === 1`);
      await page.evaluate(`document.querySelector("[aria-label='Ask of Field 1']").focus()`);
      await page.type("I?");
      await page.evaluate(`document.querySelector("[aria-label='Unit of Field 1']").focus()`);
      await page.type("A");
      await page.evaluate(`document.querySelector("[aria-label='Title of Field 1']").focus()`);
      await page.type(" b");
      await page.until(`document.querySelector(".edit-form [type=submit]").disabled === false`);
      deepStrictEqual(await page.evaluate(unnamedControls), []);
      deepStrictEqual(await page.evaluate(outsiders), []);
      deepStrictEqual(await page.evaluate(poorContrasts), []);
      deepStrictEqual(await violations(page), [], "the form");
      await page.click(".edit-buttons button:not([type=submit])");
      await page.shows(".edit-tried", "0.25");
      await page.shows(".edit-tried", "I?\\n");
      deepStrictEqual(await page.evaluate(poorContrasts), []);
      await page.evaluate(`document.querySelector(".edit-form [type=submit]").focus()`);
      await page.press("Enter");
      await page.until(`document.activeElement?.textContent === "lab.json will be changed like this"`);
      match(String(await page.evaluate(`document.querySelector(".diff .comes code").textContent`)), /Meter|Current|\{/);
      strictEqual(await Deno.readTextFile(file), before);
      deepStrictEqual(await page.evaluate(poorContrasts), []);
      deepStrictEqual(await violations(page), [], "the lines that will be written");
      await page.evaluate(`document.querySelector(".edit-review .strong").focus()`);
      await page.press("Enter");
      await page.shows(".edit-place", "Current is on the bench as lab.json says now.");
      const after = await Deno.readTextFile(file);
      match(after, /^\{\n {2}\/\/ mine\n/);
      deepStrictEqual(
        JSON.parse(after.replace(/\/\/.*/g, (line) => line.startsWith("// mine") ? "" : line)).instruments[1],
        {
          title: "Current",
          port: device.address,
          fields: { "Field 1 b": { read: "I?", unit: "A" } },
        },
      );
      strictEqual(await Deno.readTextFile(besideBench(file).previous), before);

      // It frees a port, and takes it again.
      await page.click("[aria-label='Free the port of Meter']");
      // Both are on one port, which the other still uses.
      await page.shows(".edit-list", "its port is not free: Current uses it too");
      await page.click("[aria-label='Switch on Meter']");
      await page.until(`document.querySelector("[aria-label='Free the port of Meter']") !== null`);

      await page.evaluate(`location.hash = ""`);
      await page.shows(card("current"), "0.25");
      // The card's menu does the same.
      await page.click(`${card("current")} .menu-button`);
      await page.click("[aria-label='Free the port of Current']");
      await page.shows(card("current"), "Switched off by client");
      await page.click(`${card("current")} [aria-label='Switch on Current']`);
      await page.shows(card("current"), "0.25");
      await page.click(`${card("current")} .menu-button`);
      await page.click("[aria-label='Change Current']");
      await page.until(`document.querySelector("#edit-title")?.value === "Current"`);
      await page.evaluate(`location.hash = "#/edit"`);
      await page.click("[aria-label='Put back the previous file']");
      await page.shows(".edit-review", "Current");
      await page.click(".edit-review .strong");
      await page.until(`!document.querySelector(".edit-list").textContent.includes("Current")`);
      strictEqual(await Deno.readTextFile(file), before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

inBrowsers({
  name: "page: the demo bench says that it has no file to change",
  async fn(_, browser) {
    await using server = startServer({ poll: true, webPort: 0 });
    await using page = await browser.open(`${base(server)}/#/edit`);
    await page.shows(".edit-place", "no file that could be changed");
    strictEqual(await page.evaluate(`document.querySelectorAll(".edit-place button").length`), 0);
  },
});
