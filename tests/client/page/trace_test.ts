/** The fold at a card that shows what goes over the instrument's line, in a real Chromium. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loadBench } from "../../../server/config/bench_file.ts";
import { startServer } from "../../fixture.ts";
import { tcpDevice } from "../../server/devices/devices.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { card, hostile, inBrowsers, outsiders, poorContrasts } from "./page_fixture.ts";

inBrowsers({
  name: "page: what goes over an instrument's line is shown where somebody looks, as text, and goes on",
  async fn(_, browser) {
    await using device = tcpDevice((command) => command === "V?" ? "1.5\r" : command === "N?" ? hostile : undefined);
    const folder = await Deno.makeTempDir();
    const meter = {
      title: "Meter",
      port: device.address,
      pollInterval: 0.2,
      fields: { Voltage: { read: "V?" }, Name: { type: "text", read: "N?" } },
    };
    const lamp = { title: "Telescope", driver: "simulated-telescope" };
    await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [meter, lamp] }));
    const { instruments } = await loadBench(`${folder}/bench.json`);
    await Deno.remove(folder, { recursive: true });
    await using server = startServer({ instruments, poll: true, webPort: 0 });
    await using page = await browser.open(base(server));
    await page.shows(card("meter"), "Voltage");
    await page.shows(card("telescope"), "Telescope");
    // What is simulated has no line.
    strictEqual(await page.evaluate(`document.querySelectorAll(".trace").length`), 1);
    strictEqual(await page.evaluate(`document.querySelectorAll(".trace-rows").length`), 0);
    await page.click(`${card("meter")} .trace > summary`);
    await page.shows(".trace-rows", "V?\\n");
    await page.shows(".trace-rows", "1.5\\r\\n");
    await page.shows(".trace-rows", "Voltage = 1.5");
    await page.shows(".trace-rows", `Name = ${hostile}`);
    ok(await page.evaluate(`document.title`) !== "taken");
    // It goes on, the newest at the end of the box.
    const count = await page.evaluate(`document.querySelectorAll(".trace-rows li").length`);
    await page.until(`document.querySelectorAll(".trace-rows li").length > ${count}`);
    strictEqual(
      await page.evaluate(`(() => {
        const [first, second] = document.querySelectorAll(".trace-rows li");
        return first.getBoundingClientRect().top > second.getBoundingClientRect().top;
      })()`),
      true,
    );
    deepStrictEqual(await page.evaluate(outsiders), []);
    deepStrictEqual(await page.evaluate(poorContrasts), []);
    // Nobody asks for it once the fold is closed.
    await page.click(`${card("meter")} .trace > summary`);
    await page.until(`document.querySelectorAll(".trace-rows").length === 0`);
  },
});
