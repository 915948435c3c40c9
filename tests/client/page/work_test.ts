/** Real work on the page, counted in steps: once with the pointer, and once by keyboard alone. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { startServer } from "../../fixture.ts";
import { base } from "../../server/faces/web/web_fixture.ts";
import type { BrowserPage } from "./browser.ts";
import { card, field, inBrowsers, ready, withServer } from "./page_fixture.ts";

/** More presses of Tab than any way on the page takes. */
const farthest = 400;

/**
 * Somebody at work, whose steps are counted: a click, a key that acts, or text entered in a box. To look for the next
 * place, by moving the pointer or by Tab, is none.
 */
interface Worker {
  steps: number;
  /** Presses a button or a link. */
  press(selector: string): Promise<void>;
  /** Enters text in a box. */
  enter(selector: string, text: string): Promise<void>;
}

class ByPointer implements Worker {
  steps = 0;
  readonly #page: BrowserPage;
  constructor(page: BrowserPage) {
    this.#page = page;
  }
  async press(selector: string) {
    this.steps++;
    await this.#page.click(selector);
  }
  async enter(selector: string, text: string) {
    this.steps++;
    // The mouse puts the caret there, and what was there is marked.
    await this.#page.click(selector);
    await this.#page.until(`document.activeElement.matches("input")`);
    await this.#page.press("a", 2);
    await this.#page.type(text);
  }
}

class ByKeyboard implements Worker {
  steps = 0;
  readonly #page: BrowserPage;
  constructor(page: BrowserPage) {
    this.#page = page;
  }
  async #goTo(selector: string) {
    // The number and its sparkline are one button twice, of which Tab comes to one.
    const sought = `[...document.querySelectorAll(${JSON.stringify(selector)})].find(({ tabIndex }) => tabIndex >= 0)`;
    await this.#page.until(`!!${sought}`);
    // As somebody who sees where it is: forwards, or back with Shift.
    const way = `document.activeElement === ${sought} ? "there" :
      document.activeElement.compareDocumentPosition(${sought}) & Node.DOCUMENT_POSITION_PRECEDING ? "before" : "after"`;
    for (let presses = 0; presses < farthest; presses++) {
      const to = await this.#page.evaluate(way);
      if (to === "there") return;
      await this.#page.press("Tab", to === "before" ? 8 : 0);
    }
    throw new Error(`the Tab key never came to ${selector}`);
  }
  async press(selector: string) {
    await this.#goTo(selector);
    this.steps++;
    await this.#page.press("Enter");
  }
  async enter(selector: string, text: string) {
    await this.#goTo(selector);
    this.steps++;
    await this.#page.type(text);
  }
}

/** The value of a field on its card as a number, where it is one. */
const number = (selector: string) =>
  `(/^-?[\\d.]+$/.test(document.querySelector("${selector} .text")?.textContent.trim()))`;
/** What the canvas of the images shows, as one number; 0 where that is nothing. */
const imageSeen = `(() => {
  const canvas = document.querySelector(".images-place .image-body canvas");
  if (!canvas || canvas.getAttribute("aria-busy") !== "false") return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const shades = new Uint32Array(data.buffer);
  return new Set(shades).size < 8 ? 0 : shades.reduce((sum, each) => (31 * sum + each) >>> 0, 7);
})()`;
const spanOfHour = `.plot [aria-label="Time shown"] button:nth-child(3)`;

inBrowsers({
  name: "page: common work takes few steps, with the pointer and by keyboard alone",
  // The first image that is written loads a library of the system, which stays.
  sanitizeResources: false,
  async fn(t, browser) {
    await withServer(async (server) => {
      for (const Way of [ByPointer, ByKeyboard]) {
        await using page = await browser.open(base(server));
        const work = async (name: string, most: number, run: (worker: Worker) => Promise<void>) => {
          await t.step(`${Way.name}: ${name} in ${most}`, async () => {
            const worker = new Way(page);
            await run(worker);
            ok(worker.steps <= most, `it took ${worker.steps} steps`);
          });
        };
        await work("the first value is seen", 0, async () => {
          await page.until(number(".main-value"));
        });
        await ready(page);
        await work("a setting is changed and confirmed", 3, async (worker) => {
          const flow = Way === ByPointer ? "12" : "21";
          await worker.enter("#setting-argon_mfc-setpoint_entry", flow);
          await worker.press("[aria-label^='Confirm Argon']");
          await page.shows(`${card("argon_mfc")} [data-field=device_setpoint]`, flow);
        });
        await work("two fields are plotted over the last hour", 3, async (worker) => {
          await worker.press(`${field("tempcon", "camtemp")} button`);
          await worker.press(`${field("tempcon", "dewtemp")} button`);
          await worker.press(spanOfHour);
          await page.until(`document.querySelectorAll(".plot .legend li").length === 2 &&
            document.querySelector('${spanOfHour}').ariaPressed === "true" &&
            document.querySelector(".plot canvas")?.width > 100`);
        });
        await work("an exposure is taken and seen", 2, async (worker) => {
          await worker.press("[data-place=images]");
          await page.until(`!!document.querySelector(".images-place .expose")`);
          // The one before, where there is one, is no answer.
          const before = Way === ByPointer ? 0 : await page.until(imageSeen);
          await worker.press(".images-place .expose");
          await page.until(`![0, ${before}].includes(${imageSeen})`);
        });
        deepStrictEqual(page.complaints, []);
      }
    });
  },
});

/** So many instruments are on a large bench. */
const many = 200;

inBrowsers({
  name: "page: one of two hundred instruments is found in two steps",
  async fn(t, browser) {
    const instruments = Array.from({ length: many }, (_, at) =>
      defineInstrument({
        title: `Rig ${at}`,
        fields: { Flow: { type: "float", unit: "sccm", access: "readout", read: () => at } },
      }));
    await using server = startServer({ instruments, webPort: 0, poll: true });
    await server.ready;
    const seen = (name: string) =>
      `(() => {
      const { top, bottom } = document.querySelector("${card(name)}")?.getBoundingClientRect() ?? {};
      return document.querySelector("dialog") === null && top < innerHeight && bottom > 0;
    })()`;
    await t.step(
      "one that is far from what is seen is short, has its text, and is whole where it is used",
      async () => {
        await using page = await browser.open(base(server));
        await page.until(`document.querySelectorAll("article").length === ${many}`);
        const [first, far] = [card("rig_0"), card("rig_199")];
        const value = `document.querySelector("${far} button.value")`;
        await page.until(`document.querySelector("${first} button.value") !== null`);
        deepStrictEqual(await page.evaluate(`${value}`), null);
        ok((await page.evaluate(`document.querySelector("${far}").textContent`)).includes("Flow"));
        ok(await page.evaluate(`document.querySelectorAll("button.value").length`) < many / 2);
        const height = `document.querySelector("${far}").offsetHeight`;
        await page.evaluate(`scrollTo(0, document.body.scrollHeight)`);
        await page.until(`${value} !== null && scrollY > 0`);
        const whole = await page.evaluate(height);
        await page.evaluate(`scrollTo(0, 0)`);
        await page.until(`${value} === null`);
        deepStrictEqual(await page.evaluate(height), whole, "the place that is kept for it is as high");
        await page.evaluate(`scrollTo(0, document.body.scrollHeight)`);
        await page.until(`${value} !== null`);
        await page.click(`${far} .card-head`);
        await page.evaluate(`scrollTo(0, 0)`);
        await page.until(`document.querySelector("${first} button.value") !== null`);
        ok(await page.evaluate(`${value} !== null`), "it was used, and stays");
        deepStrictEqual(page.complaints, []);
      },
    );
    for (const Way of [ByPointer, ByKeyboard]) {
      await t.step(Way.name, async () => {
        await using page = await browser.open(base(server));
        await page.until(`document.querySelectorAll("article").length === ${many}`);
        const name = Way === ByPointer ? "rig_120" : "rig_186";
        await page.until(`!(${seen(name)})`);
        // What is far away is a head that says how it is; the rest is drawn once somebody comes near.
        const far = `document.querySelector("${card("rig_160")}")`;
        strictEqual(await page.evaluate(`${far}.querySelector(".main-value")`), null);
        ok(await page.evaluate(`${far}.offsetHeight > 100`));
        const worker = new Way(page);
        // What looks like a box is one: a click there, or what is typed there, is the beginning of the text.
        await worker.enter("#open-search", name);
        await page.shows("#found li:first-child", `Rig ${name.slice(4)}`);
        if (Way === ByPointer) await worker.press("#found li:first-child");
        else await worker.press("[role=combobox]");
        await page.until(seen(name));
        await page.until(`document.activeElement.closest("${card(name)}") !== null`);
        ok(worker.steps <= 2, `it took ${worker.steps} steps`);
        await page.evaluate(`${far}.scrollIntoView()`);
        await page.until(`${far}.querySelector(".main-value .text")?.textContent.startsWith("160")`);
        deepStrictEqual(page.complaints, []);
      });
    }
  },
});
