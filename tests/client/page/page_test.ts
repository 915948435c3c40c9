/** The page in a real Chromium: what a person sees and does there. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { assets } from "../../../server/faces/web/assets.ts";
import { eventually, startServer } from "../../fixture.ts";
import {
  asObserver,
  card,
  field,
  hostile,
  inBrowsers,
  outsiders,
  poorContrasts,
  ready,
  unnamedControls,
  withServer,
} from "./page_fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";

const setpoint = "#setting-argon_mfc-setpoint_entry";

Deno.test("page: it is below 150 KB compressed, and has nothing inline and nothing from elsewhere", async () => {
  ok(assets.has("/page.js"), "it is not built: run deno task page");
  let bytes = 0;
  for (const { bytes: content } of assets.values()) {
    const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
    bytes += (await new Response(stream).arrayBuffer()).byteLength;
  }
  ok(bytes < 150_000, `${bytes} bytes`);
  const body = new TextDecoder().decode(assets.get("/")!.bytes);
  deepStrictEqual(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc="\/)/i.exec(body), null);
  for (const [, address] of body.matchAll(/(?:src|href)="([^"?]*)[^"]*"/g)) ok(assets.has(address!), address);
});

inBrowsers({
  name: "page: what people do there, in a real browser",
  async fn(t, browser) {
    await withServer(async (server, fail) => {
      const url = base(server);
      await using page = await browser.open(url);
      await ready(page);

      await t.step("a setting is staged, confirmed, and the readback follows", async () => {
        // Nothing waits, so nothing asks for a confirm.
        strictEqual(await page.evaluate(`document.querySelectorAll("[aria-label^=Confirm]").length`), 0);
        await page.fill(setpoint, "12.5");
        await page.until(`!!document.querySelector("${card("argon_mfc")} .typed")`);
        await page.press("Enter");
        await page.shows(`${card("argon_mfc")} .staged`, "Setpoint Entry");
        await page.shows(card("argon_mfc"), "1 change waits");
        strictEqual(server.bench.find("Argon MFC")!.field("Setpoint Entry").staged, true);
        await page.click("[aria-label='Confirm Argon MFC']");
        await page.shows(field("argon_mfc", "device_setpoint"), "12.5");
        await page.until(`!document.querySelector("${card("argon_mfc")} .staged")`);
      });

      await t.step("Revert puts a staged setting back", async () => {
        await page.fill(setpoint, "77");
        await page.press("Enter");
        await page.shows(field("argon_mfc", "setpoint_entry"), "was 12.5");
        // Also on a page that was opened after the change.
        await using other = await browser.open(url);
        await ready(other);
        await other.shows(field("argon_mfc", "setpoint_entry"), "was 12.5");
        await other.click("[aria-label='Revert Argon MFC']");
        await page.until(`document.querySelector("${setpoint}").value === "12.5"`);
        await page.until(`!document.querySelector("${card("argon_mfc")} .staged")`);
        await page.until(`!document.querySelector("[aria-label='Confirm Argon MFC']")`);
      });

      await t.step("Confirm confirms what was typed, also without Enter", async () => {
        await page.fill(setpoint, "14.5");
        await page.click("[aria-label='Confirm Argon MFC']");
        await page.shows(field("argon_mfc", "device_setpoint"), "14.5");
        await page.until(`!document.querySelector("${card("argon_mfc")} .staged")`);
      });

      await t.step("a refused value shows its error beside it, and Escape takes it back", async () => {
        await page.fill(setpoint, "900");
        await page.press("Enter");
        await page.shows(field("argon_mfc", "setpoint_entry"), "above 200 sccm");
        strictEqual(
          await page.evaluate(`document.getElementById(document.querySelector("${setpoint}")
            .getAttribute("aria-describedby")).textContent.includes("above 200 sccm")`),
          true,
        );
        await page.press("Escape");
        await page.until(`!document.querySelector("${card("argon_mfc")} .complaint")`);
        strictEqual(await page.evaluate(`document.querySelector("${setpoint}").value`), "14.5");
      });

      await t.step("a switch turns at once, a choice without confirm waits for Set", async () => {
        await page.click("#setting-instrument-shutter");
        await page.until(`document.querySelector("#setting-instrument-shutter").ariaChecked === "true"`);
        strictEqual(server.bench.find("instrument")!.field("shutter").value, true);
        await page.choose("#setting-instrument-filter", "i");
        strictEqual(server.bench.find("instrument")!.field("filter").value, "r");
        await page.click("[aria-label='Set Filter']");
        await eventually(() => server.bench.find("instrument")!.field("filter").value === "i", "the filter was set");
      });

      const oddName = server.bench.instruments.find(({ title }) => title.startsWith("Odd"))!.name;
      await t.step("a stale value and an error look so, and say why", async () => {
        await page.shows(field(oddName, "unread"), "–");
        await page.shows(field(oddName, "unread"), "never read");
        fail("the wire is cut");
        await page.shows(`${field(oddName, "broken")}.error`, "–");
        await page.shows(`${field(oddName, "broken")}.error`, " s ago");
        await page.shows(`${card(oddName)} .trouble`, "Broken: the wire is cut");
        const colour = (name: string) =>
          page.evaluate(`getComputedStyle(document.querySelector("${field(oddName, name)} .text")).color`);
        ok(await colour("broken") !== await colour("remark"));
        ok(await colour("unread") !== await colour("remark"));
      });

      await t.step("nothing that an instrument says is taken for HTML", async () => {
        await page.click(`${card(oddName)} .commands summary`);
        await page.click(`${card(oddName)} .command-line`);
        await page.click(`${card(oddName)} .run button`);
        await page.shows(`${card(oddName)} .result`, `reply ${hostile}`);
        for (const text of ["Odd", "summary", "value", "Field", "Say it"]) {
          await page.shows(card(oddName), `${text} ${hostile}`);
        }
        strictEqual(await page.evaluate("document.images.length"), 0);
        strictEqual(await page.evaluate("document.title"), "heliograph");
      });

      await t.step("a command's arguments are filled in, and its error shows under it", async () => {
        await page.click(`${card("tempcon")} .commands summary`);
        await page.click("[data-command=set_control_temperature] .command-line");
        const form = "[aria-label='tempcon: set_control_temperature']";
        await page.fill(`${form} input`, "999");
        await page.press("Enter");
        await page.shows(`${form} .complaint`, "above 50 °C");
        await page.fill(`${form} input`, "-80");
        await page.click(`${form} .run button`);
        await page.shows(`${form} .result`, "OK");
        await page.until(`document.querySelector("#setting-tempcon-control_temperature").value === "-80.00"`);
      });

      await t.step("an exposure is taken with what was entered, and another is aborted", async () => {
        const camera = card("exposure");
        const typed = `${camera} .exposure-settings`;
        await page.fill(`${typed} .imagetitle input`, "first light");
        await page.fill(`${typed} .exposuretime input`, "0.2");
        await page.click(`${camera} .buttons .strong`);
        await page.shows(`${camera} .last-image`, "test.fits");
        await page.shows(`${camera} .state`, "idle");
        const exposure = server.bench.find("exposure")!;
        strictEqual(exposure.field("imagetitle").value, "first light");
        strictEqual(exposure.field("exposuretime").value, 0.2);
        strictEqual(exposure.field("imagetype").value, "object", "azcam's zero shows a newcomer nothing");
        await page.choose(`${typed} select`, "dark");
        await page.fill(`${typed} .exposuretime input`, "600");
        await page.click(`${camera} .buttons .strong`);
        await page.shows(`${camera} .state`, "exposing");
        await page.shows(`${camera} .remaining`, "min");
        const press = (text: string) =>
          page.until(`(() => {
            const found = [...document.querySelectorAll("${camera} .buttons button")].find((each) => each.textContent === "${text}");
            return found && !found.disabled && (found.click(), true);
          })()`);
        await press("Pause");
        await page.shows(`${camera} .state`, "paused");
        await press("Resume");
        await page.shows(`${camera} .state`, "exposing");
        await page.click(`${camera} .danger`);
        await page.shows(camera, "Exposure aborted");
        await eventually(() => exposure.field("state").value !== "exposing", "the exposure ended");
        const taken = Number(exposure.field("imageswritten").value);
        await page.fill(`${typed} .exposuretime input`, "0");
        await page.fill(`${camera} .how-many input`, "3");
        await press("Take 3 exposures");
        await eventually(() => exposure.field("imageswritten").value === taken + 3, "three more images");
      });

      await t.step("two pages see the same", async () => {
        await using other = await browser.open(url);
        await ready(other);
        await page.fill(setpoint, "33");
        await page.press("Enter");
        await other.shows(`${card("argon_mfc")} .staged`, "Setpoint Entry");
        await other.until(`document.querySelector("${setpoint}").value === "33.0"`);
        await other.click("[aria-label='Confirm Argon MFC']");
        await page.shows(field("argon_mfc", "device_setpoint"), "33.0");
        await other.click("[aria-label='More for Argon MFC']");
        await other.click("[aria-label='Take control of Argon MFC']");
        await other.shows(card("argon_mfc"), "you drive");
        await page.shows(`${card("argon_mfc")} .holder`, "drives");
        await page.fill(setpoint, "34");
        await page.press("Enter");
        await page.shows(`${field("argon_mfc", "setpoint_entry")} .complaint`, "has control of");
        await page.press("Escape");
        await other.click("[aria-label='More for Argon MFC']");
        await other.click("[aria-label='Release control of Argon MFC']");
        await page.until(`!document.querySelector("${card("argon_mfc")} .holder")`);
      });

      await t.step("who may only read is offered nothing to change", async () => {
        await using other = await browser.open(url, 1280, 800, asObserver);
        await ready(other);
        await other.shows("header", "read only");
        await other.shows(field("argon_mfc", "setpoint_entry"), "33.0");
        // How an image is looked at is everybody's own.
        deepStrictEqual(
          await other.evaluate(`[...document.querySelectorAll("article")].flatMap((each) =>
            [...each.querySelectorAll("input, select, button:not(.value, .sparkline, .more-rows)")]
              .filter((control) => !control.disabled && !control.closest(".image-preview"))
              .map((control) => control.outerHTML))`),
          [],
        );
      });

      await t.step("the age of a value is told to whoever looks", async () => {
        await page.evaluate(`document.querySelector("${field("reactor_tc", "temperature")} button").focus()`);
        await page.shows(field("reactor_tc", "temperature"), " s ago");
        // What stands over a card, and what scripts call it.
        await page.shows(`${card("reactor_tc")} h2`, "Reactor Thermocouple");
        await page.shows(`${card("reactor_tc")} .summary`, "Reactor TC: Omega");
      });

      await t.step("the keyboard alone changes and confirms a setting, with the focus in sight", async () => {
        await using other = await browser.open(url);
        await ready(other);
        const goTo = async (what: string) => {
          for (let presses = 0; presses < 120; presses++) {
            if (await other.evaluate(`document.activeElement.matches(${JSON.stringify(what)})`)) {
              match(await other.evaluate("getComputedStyle(document.activeElement).outlineStyle"), /solid|auto/);
              return;
            }
            await other.press("Tab");
          }
          throw new Error(`the Tab key never came to ${what}`);
        };
        await goTo("#setting-uv_light-status_selection");
        await other.press("ArrowDown");
        await other.shows(`${card("uv_light")} .staged`, "Status Selection");
        await goTo("[aria-label='Confirm UV Light']");
        await other.press(" ");
        await other.shows(field("uv_light", "actual_status"), "On");
      });

      await t.step("every control has a name, and every text enough contrast, dark and light", async () => {
        await page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)");
        await page.until("document.querySelectorAll('.command').length > 50");
        await page.click("[data-command=set_filter] .command-line");
        deepStrictEqual(await page.evaluate(unnamedControls), []);
        for (const value of ["dark", "light"]) {
          await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
          deepStrictEqual(await page.evaluate(poorContrasts), [], value);
          // With the mouse over a button that is pressed.
          await page.click("#open-people");
          deepStrictEqual(await page.evaluate(poorContrasts), [], `${value}, with a sheet`);
          await page.click("[aria-label='Close People']");
        }
        const moves = `getComputedStyle(document.querySelector(".switch .knob"), "::after").transitionProperty`;
        strictEqual(await page.evaluate(moves), "translate");
        if (await page.prefer({ "prefers-reduced-motion": "reduce" })) {
          strictEqual(await page.evaluate(moves), "none");
        }
      });

      await t.step("nothing is clipped or scrolls sideways, from a phone to 4K", async () => {
        for (const [width, height] of [[360, 740], [768, 1024], [1280, 800], [3840, 2160]] as const) {
          await page.resize(width, height);
          await page.until(`innerWidth === ${width}`);
          // The columns follow the window's width a frame or two later.
          await page.until(`${outsiders}.length === 0`).catch(async () =>
            deepStrictEqual(await page.evaluate(outsiders), [], `at a width of ${width}`)
          );
          const sideways = `document.documentElement.scrollWidth > document.documentElement.clientWidth`;
          strictEqual(await page.evaluate(sideways), false, `at a width of ${width}`);
        }
      });

      await t.step("it asked only its server, and broke no rule of the security policy", () => {
        deepStrictEqual(page.complaints, []);
        deepStrictEqual([...page.hosts], [new URL(url).host]);
      });
    });
  },
});

inBrowsers({
  name: "page: a lost server is said, its last values stay, and its return is noticed",
  async fn(_, browser) {
    let server = startServer({ poll: true, webPort: 0 });
    try {
      await server.ready;
      const { port } = server.webServer;
      await using page = await browser.open(base(server));
      await page.shows("header", "Connected");
      await page.shows(field("reactor_tc", "temperature"), "24");
      await server.stop();
      await page.shows("header", "Connection lost");
      await page.shows(field("reactor_tc", "temperature"), "24");
      strictEqual(
        await page.evaluate(`getComputedStyle(document.querySelector("${card("reactor_tc")} .mains")).opacity`),
        "0.6",
      );
      strictEqual(await page.evaluate(`document.querySelector("${setpoint}").disabled`), true);
      strictEqual(await page.evaluate(`document.querySelector(".open-warning, .simulated")`), null);
      server = startServer({ poll: true, webPort: port, host: "0.0.0.0", insecureOpen: "operator", simulated: true });
      await page.shows("header", "Connected");
      await page.shows(".open-warning", "everybody who reaches this server over the network gets in");
      await page.shows(".simulated", "simulated");
      await page.fill(setpoint, "5");
      await page.press("Enter");
      await page.shows(`${card("argon_mfc")} .staged`, "Setpoint Entry");
      await page.click("[aria-label='Confirm Argon MFC']");
      await page.shows(field("argon_mfc", "device_setpoint"), "5.0");
    } finally {
      await server.stop();
    }
  },
});
