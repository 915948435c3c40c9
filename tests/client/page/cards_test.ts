/** The cards in a real browser: what matters is large, a setting and its readback are one row, trouble is said once. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { command, defineInstrument } from "../../../mod.ts";
import { readNumber, stepped } from "../../../client/page/bench/number_entry.ts";
import { loadBench } from "../../../server/config/bench_file.ts";
import { startServer } from "../../fixture.ts";
import { tcpDevice } from "../../server/devices/devices.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import { card, field, inBrowsers, outsiders, poorContrasts, unnamedControls } from "./page_fixture.ts";

Deno.test("page: a number is read in the reader's own format where that is safe", () => {
  const flow = { type: "float", unit: "sccm", minimum: 0, maximum: 100, decimals: 1 } as const;
  const read = (typed: string, comma: boolean, spec: Parameters<typeof readNumber>[0] = flow) =>
    readNumber(spec, typed, comma);
  deepStrictEqual(read("12.5", false), { value: 12.5, reformatted: false });
  deepStrictEqual(read("12.5", true), { value: 12.5, reformatted: false });
  deepStrictEqual(read("12,5", true), { value: 12.5, reformatted: true });
  deepStrictEqual(read("12,5", false), { problem: "write 12.5" });
  // A thousand, or one and a bit?
  deepStrictEqual(read("1,234", true), { problem: "write 1.234 or 1234" });
  deepStrictEqual(read("0,125", true), { value: 0.125, reformatted: true });
  deepStrictEqual(read("1 000", false, { type: "float" }), { value: 1000, reformatted: true });
  deepStrictEqual(read("−3", false, { type: "int" }), { value: -3, reformatted: true });
  deepStrictEqual(read("1e-3", false), { value: 0.001, reformatted: false });
  deepStrictEqual(read("100.1", false), { problem: "above 100 sccm" });
  deepStrictEqual(read("-1", false), { problem: "below 0 sccm" });
  deepStrictEqual(read("2.5", false, { type: "int" }), { problem: "whole numbers only" });
  for (const typed of ["", "x", "1.2.3", "Infinity", "0,1,2"]) {
    deepStrictEqual(read(typed, true), { problem: "not a number" }, typed);
  }
  strictEqual(stepped(flow, "99.95", 1), "100.0");
  strictEqual(stepped(flow, "1", -1), "0.9");
  strictEqual(stepped(flow, "x", 1), "x");
});

/** An instrument whose device makes of its settings what a test wants. */
function bed() {
  const device = { setpoint: 0, deaf: false };
  const ran: unknown[] = [];
  const busy = Promise.withResolvers<string>();
  const instrument = defineInstrument({
    title: "Bed",
    main: ["Flow"],
    fields: {
      Flow: { type: "float", unit: "sccm", decimals: 1, read: () => device.setpoint },
      "Setpoint Entry": {
        type: "float",
        unit: "sccm",
        decimals: 3,
        minimum: 0,
        maximum: 2000,
        initial: 1234.5,
        needsConfirm: true,
        readback: { field: "Device Setpoint", tolerance: 0.1, within: 0.1 },
        write: (value) => void (device.deaf || (device.setpoint = value)),
      },
      "Device Setpoint": { type: "float", unit: "sccm", decimals: 1, read: () => device.setpoint },
      Lid: { type: "switch", initial: false, write: () => {} },
    },
    commands: {
      erase: command({
        summary: "Erase the chip",
        confirm: "What it holds is lost.",
        run: () => ran.push("erase") && "erased",
      }),
      move: command({
        summary: "Move there",
        arguments: { to: { type: "float", unit: "mm", minimum: 0, maximum: 25 } },
        run: ({ to }) => ran.push(to) && `at ${to}`,
      }),
      wait: command({ summary: "Wait for the end", run: () => busy.promise }),
      stop: command({ summary: "Stop", immediate: true, run: () => busy.resolve("stopped") }),
      one: command({ summary: "One", run: () => {} }),
      two: command({ summary: "Two", run: () => {} }),
    },
  });
  return { instrument, device, ran };
}

inBrowsers({
  name: "page: a card has what matters large, settings with their readback, and commands that ask",
  async fn(t, browser) {
    const { instrument, device, ran } = bed();
    await using server = startServer({ instruments: [instrument], webPort: 0, poll: true });
    await using page = await browser.open(base(server));
    const input = "#setting-bed-setpoint_entry";
    const back = `${field("bed", "setpoint_entry")} .back`;
    await page.shows(`${card("bed")} .main-value`, "0.0");

    await t.step("the main value is large and has no row; a readback has none either; nothing is cut off", async () => {
      const size = `parseFloat(getComputedStyle(document.querySelector(".main-value .text")).fontSize)`;
      ok(await page.evaluate(size) >= 24);
      const rows = `[...document.querySelectorAll(".rows > .row")].map((each) => each.dataset.field)`;
      deepStrictEqual(await page.evaluate(rows), ["setpoint_entry", "lid"]);
      strictEqual(await page.evaluate(`document.querySelector("${input}").value`), "1234.500");
      ok(
        await page.evaluate(`(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(
        document.querySelector("${input}"))`),
      );
      for (const [density, least] of [["wall", 40], ["compact", 20], ["comfortable", 24]] as const) {
        await page.evaluate(`document.documentElement.dataset.density = "${density}"`);
        await page.until(`${size} >= ${least}`);
        deepStrictEqual(await page.evaluate(outsiders), []);
      }
      await page.evaluate(`document.documentElement.dataset.density = "wall"`);
      strictEqual(await page.evaluate(`document.querySelector("${input}").checkVisibility()`), false);
      await page.evaluate(`delete document.documentElement.dataset.density`);
    });

    await t.step("what the device does not say is marked, and confirmed it agrees: three steps", async () => {
      await page.until(`document.querySelector("${back}.differs")?.textContent.includes("≠")`);
      strictEqual(await page.evaluate(`document.querySelectorAll(".confirm-bar").length`), 0);
      await page.fill(input, "12.5");
      await page.press("Enter");
      await page.shows(".confirm-bar", "1 change waits");
      // Confirm is next for who goes on by the keyboard.
      await page.press("Tab");
      match(await page.evaluate(`document.activeElement.ariaLabel`), /^Confirm Bed$/);
      await page.press("Enter");
      await page.until(`document.querySelector("${back}.agrees")?.textContent.includes("12.5")`);
      await page.until(`!document.querySelector(".confirm-bar")`);
      device.deaf = true;
      await page.fill(input, "20");
      await page.click("[aria-label='Confirm Bed']");
      await page.shows(`${back}.differs`, "12.5");
      device.deaf = false;
    });

    await t.step("a command is found, opened alone, and wants what must be given", async () => {
      await page.click(`${card("bed")} .commands summary`);
      await page.fill(".find-command", "there");
      await page.until(`document.querySelectorAll(".command").length === 1`);
      await page.click("[data-command=move] .command-line");
      await page.until(`document.activeElement.matches("[data-command=move] input")`);
      await page.press("Enter");
      await page.shows("[data-command=move]", "is needed");
      await page.type("26");
      await page.shows("[data-command=move]", "above 25 mm");
      deepStrictEqual(ran, []);
      await page.fill("[data-command=move] input", "7");
      await page.press("Enter");
      await page.shows("[data-command=move] .result", "OK at 7");
      await page.shows("[data-command=move] .run", "Run again");
      await page.evaluate(`document.querySelector(".find-command").focus()`);
      await page.fill(".find-command", "e");
      await page.click("[data-command=erase] .command-line");
      strictEqual(await page.evaluate(`document.querySelectorAll(".command-form").length`), 1);
      // Its last answer is there when it is opened again.
      await page.fill(".find-command", "move");
      await page.click("[data-command=move] .command-line");
      await page.shows("[data-command=move] .result", "OK at 7");
      strictEqual(await page.evaluate(`document.querySelector("[data-command=move] input").value`), "7");
      await page.fill(".find-command", " ");
    });

    await t.step("one that cannot be undone asks first; a running one can be stopped", async () => {
      await page.click("[data-command=erase] .command-line");
      await page.click("[data-command=erase] .run button");
      await page.shows("[data-command=erase] .sure", "What it holds is lost.");
      await page.press("Escape");
      await page.click("[data-command=erase] .run button");
      deepStrictEqual(ran, [7]);
      await page.click("[data-command=erase] .sure .danger");
      await page.shows("[data-command=erase] .result", "OK erased");
      deepStrictEqual(ran, [7, "erase"]);
      await page.click("[data-command=wait] .command-line");
      await page.click("[data-command=wait] .run button");
      await page.shows("[data-command=wait] .run", "running");
      deepStrictEqual(await page.evaluate(unnamedControls), []);
      await page.click("[data-command=wait] .run .danger");
      await page.shows("[data-command=wait] .result", "OK stopped");
    });

    await t.step("operators choose what is large, for everybody, and the address leads to a row", async () => {
      await page.click("[aria-label='More for Bed']");
      await page.until(`[...document.querySelectorAll(".card-menu button")].some((each) =>
        each.textContent.startsWith("Choose") && (each.click(), true))`);
      await page.until(`[...document.querySelectorAll(".card-menu label")].some((each) =>
        each.textContent.includes("Lid") && (each.click(), true))`);
      await using other = await browser.open(`${base(server)}#/bench/bed/lid`);
      await other.until(`document.querySelectorAll(".main-value").length === 2`);
      await other.until(`document.activeElement.id === "setting-bed-lid"`);
      await other.evaluate(`location.hash = "#/bench/bed/move"`);
      await other.until(`document.activeElement.closest("[data-command=move]") !== null`);
      deepStrictEqual(other.complaints, []);
    });
    deepStrictEqual(page.complaints, []);
  },
});

inBrowsers({
  name: "page: trouble is said once, with what to do, and values that are not good are dashes with their age",
  async fn(_, browser) {
    const answer = (asked: string) => asked.endsWith("?") ? "1.5\r" : "";
    let device: ReturnType<typeof tcpDevice> | undefined = tcpDevice(answer);
    const port = Number(device.address.split(":").pop());
    const folder = await Deno.makeTempDir();
    const fields = Object.fromEntries(["A", "B", "C", "D", "E"].map((name) => [name, { read: `${name}?` }]));
    // Nobody waits for the next try here.
    const never = { reconnect: { first: 3600, longest: 3600 } };
    const meter = { title: "Meter", port: device.address, pollInterval: 0.1, staleAfter: 0.3, fields, ...never };
    await Deno.writeTextFile(`${folder}/bench.json`, JSON.stringify({ instruments: [meter] }));
    const { instruments } = await loadBench(`${folder}/bench.json`);
    await Deno.remove(folder, { recursive: true });
    await using server = startServer({ instruments, poll: true, webPort: 0 });
    try {
      await using page = await browser.open(base(server));
      await page.shows(card("meter"), "1.5");
      await page.until(`!document.querySelector(".trouble") && !!document.querySelector(".contact.connected")`);
      await device[Symbol.asyncDispose]();
      device = undefined;
      await page.shows(".trouble", "No contact");
      await page.shows(".trouble .to-do", "Check its power and its cable; it is tried again by itself");
      await page.until(
        `[...document.querySelectorAll("[data-field] .text")].every(({ textContent }) => textContent === "–")`,
      );
      await page.until(`document.querySelectorAll("[data-field] .age").length === 5`);
      strictEqual(await page.evaluate(`document.querySelectorAll(".trouble").length`), 1);
      const reason = instruments[0]!.contact!.reason;
      const text = await page.evaluate(`document.querySelector("${card("meter")}").innerText`);
      strictEqual(text.split(reason).length, 2, text);
      for (const value of ["dark", "light"]) {
        await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
        deepStrictEqual(await page.evaluate(poorContrasts), [], value);
      }
      device = tcpDevice(answer, {}, port);
      await page.click("[aria-label='Try now: Meter']");
      await page.until(`!document.querySelector(".trouble") && !!document.querySelector(".contact.connected")`);
    } finally {
      await device?.[Symbol.asyncDispose]();
    }
  },
});
