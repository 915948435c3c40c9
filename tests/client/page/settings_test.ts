/** What people type, choose and switch on the page, in a real Chromium: what is shown is what is so. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { eventually, RawClient, startServer } from "../../fixture.ts";
import { card, field, inBrowsers } from "./page_fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";

/** An instrument whose settings fail or take their time as a test wants it. */
function bed() {
  const state = { refuses: false, slow: Promise.resolve() };
  const write = () => {
    if (state.refuses) throw new Error("the interlock is open");
    return state.slow;
  };
  const instrument = defineInstrument({
    title: "Bed",
    fields: {
      Valve: { type: "switch", initial: false, write },
      Gas: { type: "choice", choices: ["Ar", "N2", "O2"], initial: "Ar", write },
      Flow: { type: "float", unit: "x", decimals: 1, initial: 0, maximum: 50, write },
      Setpoint: { type: "float", decimals: 1, initial: 1, maximum: 50, needsConfirm: true, write },
      Odd: { type: "float", unit: "__proto__", initial: 1, access: "readout" },
      Cold: { type: "float", minimum: -100, initial: -5, write },
    },
  });
  return { instrument, state };
}

inBrowsers({
  name: "page: what is typed, chosen and switched is shown as what it is",
  async fn(t, browser) {
    const { instrument, state } = bed();
    let server = startServer({ instruments: [instrument], webPort: 0 });
    try {
      const url = base(server);
      const { port } = server.webServer;
      await using page = await browser.open(url);
      using robot = await RawClient.connect(server.commandServer.port);
      const row = (name: string) => field("bed", name);
      const input = (name: string) => `#setting-bed-${name}`;
      const holds = (name: string, value: string) =>
        page.until(`document.querySelector("${input(name)}").value === "${value}"`);
      await page.shows(card("bed"), "Flow");

      await t.step("a switch that is refused shows what it is, and why", async () => {
        state.refuses = true;
        await page.click(input("valve"));
        await page.shows(`${row("valve")} .complaint`, "the interlock is open");
        strictEqual(await page.evaluate(`document.querySelector("${input("valve")}").ariaChecked`), "false");
        state.refuses = false;
        await robot.ask("bed.set Valve On");
        await page.until(`document.querySelector("${input("valve")}").ariaChecked === "true"`);
      });

      await t.step("what is chosen as it was follows again, and Escape takes a choice back", async () => {
        await page.choose(input("gas"), "N2");
        await page.shows(row("gas"), "Set");
        await page.choose(input("gas"), "Ar");
        await robot.ask("bed.set Gas O2");
        await holds("gas", "O2");
        await page.choose(input("gas"), "N2");
        await page.evaluate(`document.querySelector("${input("gas")}").focus()`);
        await page.press("Escape");
        await holds("gas", "O2");
      });

      await t.step("what is typed while a slow setting is sent stays", async () => {
        const slow = Promise.withResolvers<void>();
        state.slow = slow.promise;
        await page.fill(input("flow"), "5");
        await page.press("Enter");
        await eventually(() => instrument.queue.running !== undefined, "the setting is sent");
        await page.type("7");
        slow.resolve();
        state.slow = Promise.resolve();
        await eventually(() => instrument.field("Flow").value === 5, "5 was set");
        await holds("flow", "57");
        await page.press("Escape");
        await holds("flow", "5.0");
      });

      await t.step("after a refusal, what is typed next and confirmed is sent", async () => {
        await page.fill(input("setpoint"), "77");
        await page.press("Enter");
        await page.shows(`${row("setpoint")} .complaint`, "above 50");
        await page.fill(input("setpoint"), "8");
        await page.until(`!document.querySelector("${row("setpoint")} .complaint")`);
        await page.click("[aria-label='Confirm Bed']");
        await eventually(() => instrument.field("Setpoint").value === 8, "8 was confirmed");
      });

      await t.step(
        "what waits is not confirmed while something else stands in its box; Revert takes both",
        async () => {
          await page.fill(input("setpoint"), "12");
          await page.press("Enter");
          await page.shows(card("bed"), "1 change waits");
          await page.fill(input("setpoint"), "77");
          await page.shows(".confirm-bar", "correct Setpoint first");
          strictEqual(await page.evaluate(`document.querySelector("[aria-label='Confirm Bed']").disabled`), true);
          await page.click("[aria-label='Revert Bed']");
          await holds("setpoint", "8.0");
          await page.until(`!document.querySelector("[aria-label='Confirm Bed']")`);
          strictEqual(instrument.field("Setpoint").value, 8);
        },
      );

      await t.step("the wheel scrolls the page and changes no number; a phone can type a minus", async () => {
        await page.evaluate(`document.querySelector("${input("flow")}").focus()`);
        const [x, y] = await page.evaluate(`(() => {
          const { left, top } = document.querySelector("${input("flow")}").getBoundingClientRect();
          return [left + 5, top + 5];
        })()`);
        await page.send("Input.dispatchMouseEvent", { type: "mouseWheel", x, y, deltaX: 0, deltaY: -120 });
        await holds("flow", "5.0");
        const modes = `[...document.querySelectorAll("input.number")].map((each) => each.inputMode)`;
        deepStrictEqual(await page.evaluate(modes), ["", "", ""]);
      });

      await t.step("a number is plotted whatever its unit is called", async () => {
        await page.click(`${row("odd")} button`);
        await page.shows(".plot .legend", "Bed Odd");
        await page.until(`document.querySelector(".plot canvas")?.width > 100`);
        await page.click("[aria-label='Close Plot']");
      });

      await t.step("two quick clicks on Take take it once", async () => {
        await page.click("[aria-label='More for Bed']");
        await page.click("[aria-label='Take control of Bed']");
        await page.shows(card("bed"), "you drive");
        await page.click("[aria-label='More for Bed']");
        await page.until(`document.querySelector("[aria-label='Release control of Bed']")
          ?.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 2 }))`);
        await page.press("Escape");
        await page.until(`!document.querySelector("[aria-label='Release control of Bed']")`);
        await page.shows(card("bed"), "you drive");
      });

      await t.step(
        "the sheet that was opened has the focus, and gives it back; a loss is told to who listens",
        async () => {
          await page.click("#open-menu");
          await page.until(`document.activeElement.closest("dialog") !== null`);
          match(await page.evaluate("document.activeElement.outerHTML"), /Close This page/);
          await page.press("Enter");
          await page.until(`document.activeElement.id === "open-menu"`);
          await server.stop();
          await page.shows("[role=status].unseen", "Connection lost");
        },
      );

      await t.step("a name that another server does not take keeps nobody out", async () => {
        await page.evaluate(`localStorage.setItem("heliograph.name", "x".repeat(70))`);
        server = startServer({ instruments: [bed().instrument], webPort: port });
        await page.shows("[role=status].unseen", "Connected");
        await page.shows(card("bed"), "Flow");
        await page.click("#open-people");
        await page.fill("[aria-label^='Your name']", "y".repeat(65));
        await page.press("Enter");
        await page.shows(".clients-panel .complaint", "1 to 64");
        ok((await page.evaluate(`localStorage.getItem("heliograph.name")`)).startsWith("x"));
        await page.fill("[aria-label^='Your name']", "ada");
        await page.press("Enter");
        await page.until(`localStorage.getItem("heliograph.name") === "ada"`);
      });

      await t.step("without anything that the browser keeps, the page works as well", async () => {
        const script = `Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("disabled"); } });`;
        await using other = await browser.open(url, 1280, 800, script);
        await other.shows(card("bed"), "Flow");
        await other.click("#open-people");
        await other.fill("[aria-label^='Your name']", "eve");
        await other.press("Enter");
        await other.shows(".clients strong", "ada");
        await other.until(`document.querySelector(".clients").textContent.includes("eve")`);
        deepStrictEqual(other.complaints, []);
      });

      deepStrictEqual(page.complaints, []);
    } finally {
      await server.stop();
    }
  },
});
