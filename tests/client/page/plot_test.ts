/** The page's plot in a real Chromium: what a person sees of the last hour, and does with it. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { defineInstrument } from "../../../mod.ts";
import { History } from "../../../protocol/history.ts";
import type { JournalLine } from "../../../client/page/journal/journal.ts";
import { gridOf, joined, rangeOf, summaryOf } from "../../../client/page/plots/plot_data.ts";
import { marksOf } from "../../../client/page/plots/plot_marks.ts";
import { Recent, recentColumns } from "../../../client/page/plots/recent.ts";
import { axisTimes, cursorTime } from "../../../client/page/plots/axis_times.ts";
import { startServer } from "../../fixture.ts";
import type { BrowserPage } from "./browser.ts";
import { field, inBrowsers, poorContrasts, unnamedControls } from "./page_fixture.ts";
import { ask, base } from "../../server/faces/web/web_fixture.ts";

const hour = 3600;

function newGauge() {
  return defineInstrument({
    title: "Gauge",
    fields: {
      Level: { type: "float", unit: "mm", decimals: 1, access: "readout" },
      Pressure: { type: "float", unit: "mbar", access: "readout" },
      Target: { type: "int", initial: 5, write: () => {} },
      Name: { type: "text", initial: "one", access: "readout" },
    },
  });
}

/** As if it had been read each second for an hour: its level is how many seconds there were before. */
function feed(gauge: ReturnType<typeof newGauge>): { begin: number } {
  const clock = Date.now;
  const begin = Math.floor(clock() / 1000) * 1000 - hour * 1000;
  try {
    for (let second = 0; second < hour; second++) {
      Date.now = () => begin + second * 1000;
      gauge.fields.Level.update(second);
      gauge.fields.Pressure.update(Math.sin(second / 100));
    }
  } finally {
    Date.now = clock;
  }
  return { begin };
}

/** Makes the page keep what it saves instead of a file. */
const catchSaved = `{
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => (globalThis.saved = blob, make(blob));
}`;

/** Clicks one of the plot's buttons by its text. */
async function press(page: BrowserPage, text: string): Promise<void> {
  await page.evaluate(
    `[...document.querySelectorAll(".plot button")].find((each) => each.textContent === "${text}").click()`,
  );
}

/** What the page saves as CSV: its head, and its rows. */
async function savedTable(page: BrowserPage): Promise<[head: string, rows: string[][]]> {
  await press(page, "CSV");
  const [head, ...rows] = (await page.evaluate("saved.text()")).trimEnd().split("\r\n");
  return [head, rows.map((row: string) => row.split(","))];
}

const pressed = (text: string) =>
  `[...document.querySelectorAll(".plot button")].find((each) => each.textContent === "${text}").ariaPressed === "true"`;
const legend = (name: string) => `.plot .legend li[data-field='${name}']`;
const level = `Number(document.querySelector("${legend("gauge.level")} .text").textContent)`;
const rectOf = (selector: string) =>
  `JSON.stringify(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`;

/** The middle of an element, or another part of it, in the window. */
async function placeOf(page: BrowserPage, selector: string, share = 0.5): Promise<{ x: number; y: number }> {
  const place = await page.evaluate(`(() => {
    const { left, top, width, height } = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
    return { x: left + width * ${share}, y: top + height / 2 };
  })()`);
  return place;
}

async function mouse(page: BrowserPage, type: string, place: { x: number; y: number }, beside = {}): Promise<void> {
  await page.send("Input.dispatchMouseEvent", { type, ...place, button: "left", buttons: 1, clickCount: 1, ...beside });
}

/** Drags from one part of the plot to another. */
async function dragOver(page: BrowserPage, from: number, to: number, beside = {}): Promise<void> {
  await mouse(page, "mousePressed", await placeOf(page, ".u-over", from), beside);
  await mouse(page, "mouseMoved", await placeOf(page, ".u-over", to), beside);
  await mouse(page, "mouseReleased", await placeOf(page, ".u-over", to), beside);
}

/** Waits until what follows a change has been drawn. */
async function twoFrames(page: BrowserPage): Promise<void> {
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
}

async function key(page: BrowserPage, name: string, modifiers = 0): Promise<void> {
  const event = { key: name, code: name, modifiers, ...(name.length === 1 ? { text: name } : {}) };
  await page.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
  await page.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
}

Deno.test("plot: what is drawn holds each value, loses no spike and no gap, and ends where nothing is known", () => {
  const points = new History();
  points.add(0, 1);
  points.add(10_300, 5);
  for (let step = 0; step < 100; step++) points.add(20_000 + step, step === 50 ? 1000 : 2);
  points.add(30_000, NaN);
  points.add(40_000, 3);
  const { times, lines: [line] } = gridOf([points], { from: 5000, to: 55_000 }, 47_000, 50);
  const at = (time: number) => line!.slice(times.indexOf(time), times.indexOf(time) + 2);
  deepStrictEqual([times[0], times.at(-1)], [5000, 55_500]);
  deepStrictEqual([at(5000), at(10_000), at(11_000)], [[1, 1], [1, 5], [5, 5]]);
  deepStrictEqual([at(20_000), at(21_000)], [[2, 1000], [2, 2]]);
  deepStrictEqual([at(30_000), at(39_000), at(40_000)], [[2, null], [null, null], [null, 3]]);
  deepStrictEqual([at(47_000), at(48_000)], [[3, 3], [null, null]]);
  // However coarse it is.
  deepStrictEqual(rangeOf(gridOf([points], { from: 0, to: 50_000 }, 50_000, 3).lines), { min: -98.9, max: 1099.9 });
});

Deno.test("plot: a sparkline's ten minutes keep each spike and gap, and forget what is older", () => {
  const recent = new Recent();
  const begin = 1_000_000 * 5000;
  recent.add(begin, 1);
  recent.add(begin + 301_000, 9);
  recent.add(begin + 302_000, 2);
  recent.add(begin + 400_000, NaN);
  recent.add(begin + 500_000, 3);
  recent.advance(begin + 599_000);
  const columns = () =>
    Array.from({ length: recentColumns }, (_, at) => [recent.lowest(at), recent.highest(at)] as const);
  const at = (seconds: number) => columns()[seconds / 5];
  deepStrictEqual([at(0), at(295), at(300), at(305)], [[1, 1], [1, 1], [1, 9], [2, 2]]);
  deepStrictEqual([at(400), at(405), at(495), at(500), at(595)], [[2, 2], [NaN, NaN], [NaN, NaN], [3, 3], [3, 3]]);
  recent.advance(begin + 900_000);
  deepStrictEqual([columns()[0], columns()[119]], [[2, 2], [3, 3]]);
  // After a long sleep there is nothing but what holds.
  recent.advance(begin + 1e9);
  ok(columns().every(([low, high]) => low === 3 && high === 3));
});

Deno.test("plot: times always say when, and what is seen is summed up over its time", () => {
  const noon = new Date(2026, 10, 26, 12).getTime();
  const day = 86_400_000;
  strictEqual(cursorTime(noon, "local", noon), "12:00:00");
  strictEqual(cursorTime(noon - day, "local", noon), "25 Nov 12:00:00");
  const ticks = [-2, 0, 2].map((hours) => new Date(2026, 10, 26, hours).getTime() / 1000);
  deepStrictEqual(axisTimes(ticks, 7200, "local", noon), ["22:00\n25 Nov", "00:00\n26 Nov", "02:00"]);
  deepStrictEqual(axisTimes([noon / 1000 + 5], 5, "local", noon), ["12:00:05"]);
  const utc = Date.UTC(2026, 10, 26, 12);
  deepStrictEqual(axisTimes([utc / 1000, utc / 1000 + 60], 60, "utc", utc), ["12:00\nUTC", "12:01"]);
  strictEqual(cursorTime(utc, "utc", utc), "12:00:00 UTC");
  const points = new History();
  points.add(1000, 1);
  points.add(4000, 5);
  points.add(5000, NaN);
  deepStrictEqual(summaryOf(points, { from: 0, to: 9000 }), { lowest: 1, highest: 5, mean: 2 });
  deepStrictEqual(summaryOf(points, { from: 6000, to: 9000 }), {
    lowest: undefined,
    highest: undefined,
    mean: undefined,
  });
});

Deno.test("plot: commands and contact of the plotted instruments are marked, and notes; of many the newest", () => {
  const line = { key: "1", mine: true, level: "info", client: "Ada", session: 1 } as const;
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const lines: JournalLine[] = [
    { ...line, kind: "command", time: at(10), instrument: "gauge", text: "gauge.set Target 5" },
    { ...line, kind: "command", time: at(11), instrument: "gauge", text: "gauge.zap", level: "warning" },
    { ...line, kind: "command", time: at(12), instrument: "other", text: "other.zap" },
    { ...line, kind: "command", time: at(99), instrument: "gauge", text: "gauge.zap" },
    { ...line, kind: "log", time: at(13), client: "", instrument: "Gauge", text: "Gauge is there again" },
    { ...line, kind: "log", time: at(14), instrument: "", text: "said something" },
    { ...line, kind: "setting", time: at(15), instrument: "gauge", text: "Target: 4 → 5" },
    { ...line, kind: "note", time: at(16), instrument: "", text: "opened the window" },
    { ...line, kind: "note", time: at(17), instrument: "other", text: "it glows" },
  ];
  const names = new Set(["gauge", "Gauge"]);
  deepStrictEqual(marksOf(lines, names, { from: 0, to: 50_000 }), {
    marks: [
      { time: 10_000, text: "gauge.set Target 5 (Ada)", failed: false },
      { time: 11_000, text: "gauge.zap (Ada)", failed: true },
      { time: 13_000, text: "Gauge is there again", failed: false },
      { time: 16_000, text: "opened the window (Ada)", failed: false },
    ],
    more: 0,
  });
  const many = Array.from({ length: 203 }, () => lines[0]!);
  const { marks, more } = marksOf(many, names, { from: 0, to: 50_000 });
  deepStrictEqual([marks.length, more], [200, 3]);
});

Deno.test("plot: a table has each time at which a number changed, and what the others held then", () => {
  const [one, other] = [new History(), new History()];
  one.add(1000, 1);
  one.add(3000, NaN);
  other.add(2000, -1);
  other.add(3000, -2);
  deepStrictEqual(joined([one, other]), { times: [1000, 2000, 3000], lines: [[1, 1, null], [null, -1, -2]] });
});

inBrowsers({
  name: "page: the plot shows the last hour, and what people look for in it",
  // A drag and drop is made by Chromium's DevTools.
  browsers: ["chromium"],
  async fn(t, browser) {
    const gauge = newGauge();
    await using server = startServer({ instruments: [gauge], webPort: 0 });
    const { begin } = feed(gauge);
    await using page = await browser.open(base(server), 1280, 900, catchSaved);
    await page.shows("header", "Connected");

    await t.step("a field is picked by the keyboard, and its last hour is there at once", async () => {
      await page.click("[data-place=plots]");
      await page.fill("[aria-label='Add a field']", "gauge");
      await page.until(`document.querySelectorAll("[role=option]").length === 3`);
      await page.press("ArrowDown");
      await page.shows("[aria-selected=true]", "Gauge: Pressure (mbar)");
      await page.press("ArrowUp");
      await page.press("Enter");
      await page.shows(".plot.whole", "Gauge Level");
      // It is beside the bench, too.
      await page.click("[data-place=bench]");
      await page.shows(legend("gauge.level"), "Gauge Level");
      await page.shows(legend("gauge.level"), "3599.0");
      let table: Awaited<ReturnType<typeof savedTable>> | undefined;
      for (let tries = 0; tries < 100 && (table?.[1].length ?? 0) < 3590; tries++) table = await savedTable(page);
      const [head, rows] = table!;
      strictEqual(head, 'time,"gauge.level (mm)"');
      for (const [time, value] of rows) strictEqual((Date.parse(time!) - begin) / 1000, Number(value));
      deepStrictEqual(rows.at(-1)![1], "3599");
      ok(rows.length >= 3590, `${rows.length} rows`);
    });

    await t.step("a readout is dragged onto the plot's place", async () => {
      await page.send("Input.setInterceptDrags", { enabled: true });
      const start = await placeOf(page, `${field("gauge", "pressure")} .label`, 0.1);
      await mouse(page, "mousePressed", start);
      for (const way of [5, 20]) await mouse(page, "mouseMoved", { x: start.x + way, y: start.y + way });
      await page.shows(".drop-target", "Gauge Pressure");
      const data = { items: [{ mimeType: "text/plain", data: "gauge.pressure" }], dragOperationsMask: 1 };
      for (const type of ["dragEnter", "dragOver", "drop"]) {
        await page.send("Input.dispatchDragEvent", { type, ...await placeOf(page, ".drop-target"), data });
      }
      await mouse(page, "mouseReleased", start);
      await page.shows(legend("gauge.pressure"), "Gauge Pressure");
      await page.until(`document.querySelector(".drop-target") === null`);
      await page.send("Input.setInterceptDrags", { enabled: false });
    });

    await t.step(
      "each unit has a strip; they share one axis of time, below the lowest, and can change places",
      async () => {
        const units = `[...document.querySelectorAll(".strip")].map((each) => each.dataset.unit).join()`;
        await page.until(`${units} === "mm,mbar" && document.querySelectorAll(".strip .u-over").length === 2`);
        await twoFrames(page);
        const axes = `[...document.querySelectorAll(".strip .u-over")].map((each) => {
        const { left, width, height } = each.getBoundingClientRect();
        return [left, width, height];
      })`;
        await page.until(`(([[left, width, height], other]) =>
        left === other[0] && width === other[1] && Math.abs(height - other[2]) < 8)(${axes})`);
        await page.click("[aria-label='Move mm down']");
        await page.until(`${units} === "mbar,mm"`);
        await page.click("[aria-label='Move mm up']");
        await page.until(`${units} === "mm,mbar" && document.querySelectorAll(".strip .u-over").length === 2`);
      },
    );

    await t.step("a drag zooms, and the cursor reads the values by mouse and by keys", async () => {
      await press(page, "1 h");
      // What is drawn follows a frame later.
      await page.until(`(${pressed("Live")}) && document.querySelector(".plot canvas").width > 100`);
      await twoFrames(page);
      await dragOver(page, 0.25, 0.5);
      await page.until(`!(${pressed("Live")})`);
      // The second quarter of the hour is seen, and the mouse is in its middle.
      await page.until(`Math.abs(${level} - 1350) < 40`);
      const under = await page.evaluate(level);
      await page.evaluate(`document.querySelector(".strips").focus()`);
      // By a hundredth of a quarter of an hour each.
      for (let presses = 0; presses < 20; presses++) await key(page, "ArrowRight");
      await page.until(`Math.abs(${level} - ${under} - 180) < 3`);
      await key(page, "ArrowLeft");
      await page.until(`Math.abs(${level} - ${under} - 171) < 3`);
      const [time, shown] = await page.evaluate(`[document.querySelector(".cursor-time span").textContent, ${level}]`);
      const [hours, minutes, seconds = 0] = time.split(":").map(Number);
      const read = new Date(begin + shown * 1000);
      // It shows the value that held, told at most a second before.
      ok(
        Math.abs(
          (hours * 60 + minutes) * 60 + seconds - ((read.getHours() * 60 + read.getMinutes()) * 60 + read.getSeconds()),
        ) <= 1,
      );
      await key(page, "Escape");
      await page.until(pressed("Live"));
      await twoFrames(page);
      await page.shows(".cursor-time", "now");
    });

    await t.step(
      "buttons, Shift with a drag, and keys move and zoom it; Live and a double click follow now again",
      async () => {
        await page.click("[aria-label='Zoom in']");
        await page.until(`!(${pressed("Live")})`);
        await page.evaluate(`document.querySelector(".strips").focus()`);
        // Two thirds of an hour are seen; after two presses it begins with the hour.
        for (let presses = 0; presses < 2; presses++) await key(page, "ArrowLeft", 8);
        await key(page, "-");
        await key(page, "+");
        const right = { x: (await placeOf(page, ".u-over", 1)).x - 2, y: (await placeOf(page, ".u-over")).y };
        await mouse(page, "mouseMoved", right, { buttons: 0 });
        await page.until(`Math.abs(${level} - 3000) < 60`);
        await press(page, "Live");
        await page.until(pressed("Live"));
        await dragOver(page, 0.4, 0.6, { modifiers: 8 });
        await page.until(`!(${pressed("Live")})`);
        const middle = await placeOf(page, ".u-over");
        await page.doubleClick(middle);
        await page.until(pressed("Live"));
        await mouse(page, "mouseMoved", { x: 5, y: 5 }, { buttons: 0 });
        await page.shows(".cursor-time", "now");
      },
    );

    await t.step("a finger reads the value under it, and two zoom", async () => {
      const touch = async (type: string, ...shares: number[]) => {
        const touchPoints = await Promise.all(shares.map((share) => placeOf(page, ".u-over", share)));
        await page.send("Input.dispatchTouchEvent", { type, touchPoints });
      };
      await touch("touchStart", 0.7);
      await touch("touchMove", 0.75);
      await page.until(`Math.abs(${level} - 2700) < 60`);
      await touch("touchEnd");
      await touch("touchStart", 0.5, 0.6);
      await touch("touchMove", 0.3, 0.7);
      await page.until(`!(${pressed("Live")})`);
      await touch("touchEnd");
      await press(page, "Live");
      await page.until(`${level} === 3599`);
    });

    await t.step("Pause keeps what is seen, while values are still kept; Live catches up", async () => {
      await press(page, "Pause");
      gauge.fields.Level.update(9999);
      await page.shows(field("gauge", "level"), "9999");
      strictEqual(await page.evaluate(level), 3599);
      strictEqual((await savedTable(page))[1].at(-1)![1], "9999");
      await press(page, "Pause");
      await page.until(`${level} === 9999`);
    });

    await t.step("it is saved as a picture", async () => {
      await page.evaluate("globalThis.saved = undefined");
      await press(page, "PNG");
      await page.until("saved?.type === 'image/png'");
      const bytes: number[] = await page.evaluate("saved.arrayBuffer().then((buffer) => [...new Uint8Array(buffer)])");
      const view = new DataView(new Uint8Array(bytes).buffer);
      strictEqual(view.getBigUint64(0), 0x89504e470d0a1a0an);
      const [width, height] = [view.getUint32(16), view.getUint32(20)];
      ok(width >= 1000 && height >= 500, `${width} x ${height}`);
      // Above the legend, how many pixels have about the colour of the first line.
      const drawn = await page.evaluate(`(async () => {
        const image = await createImageBitmap(saved);
        const canvas = new OffscreenCanvas(image.width, image.height / 2);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const swatch = getComputedStyle(document.querySelector(".legend .colour-0")).backgroundColor;
        const colour = swatch.match(/\\d+/g).map(Number);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) {
          if (colour.every((channel, which) => Math.abs(data[at + which] - channel) < 40)) count++;
        }
        return count;
      })()`);
      ok(drawn > 300, `${drawn} pixels of the line are on it`);
    });

    await t.step("what happened while the connection was lost is filled in", async () => {
      const [client] = (await ask(server, "GET", "/api/v1/clients")).json;
      await ask(server, "DELETE", `/api/v1/clients/${client.session}`);
      gauge.fields.Level.update(-5);
      await new Promise((resolve) => setTimeout(resolve, 2));
      gauge.fields.Level.update(11);
      await page.shows("header", "Connection lost");
      await page.shows("header", "Connected");
      let rows: string[][] = [];
      for (let tries = 0; tries < 200 && !rows.some(([, value]) => value === "-5"); tries++) {
        [, rows] = await savedTable(page);
      }
      const values = rows.map(([, value]) => value);
      deepStrictEqual(values.slice(-3), ["9999", "-5", "11"]);
      const times = rows.map(([time]) => Date.parse(time!));
      ok(times.every((time, at) => at === 0 || time > times[at - 1]!), "times run forwards");
    });

    await t.step("a reload shows the same again", async () => {
      await page.send("Page.reload");
      await page.shows(legend("gauge.level"), "Gauge Level");
      await page.shows(legend("gauge.pressure"), "Gauge Pressure");
      ok(await page.evaluate(pressed("1 h")));
    });

    await t.step("the address tells what is plotted, and over how long, so that it can be sent", async () => {
      await page.click(".dock-actions a");
      await page.until(`location.hash === "#/plots?f=gauge.level&f=gauge.pressure&last=1h"`);
      await page.until(`document.querySelectorAll(".plot.whole .u-over").length === 2`);
      await press(page, "10 min");
      await page.until(`location.hash === "#/plots?f=gauge.level&f=gauge.pressure&last=10min"`);
      await using other = await browser.open(
        `${base(server)}/#/plots?f=gauge.pressure&f=gauge.target&last=1h`,
        1280,
        900,
      );
      await other.shows(legend("gauge.pressure"), "Gauge Pressure");
      await other.shows(legend("gauge.target"), "Gauge Target");
      ok(await other.evaluate(pressed("1 h")));
      await other.click("[aria-label='Remove Gauge Target from the plot']");
      await other.until(`location.hash === "#/plots?f=gauge.pressure&last=1h"`);
      await other.click(".plot-summary summary");
      await other.shows(".plot-summary tbody", "Gauge Pressure");
      deepStrictEqual(other.complaints, []);
      await press(page, "1 h");
      await page.evaluate("void (location.hash = '#/bench')");
      await page.shows(".plot.dock", "Gauge Level");
    });

    await t.step("every control has a name, its texts contrast, and nothing is clipped on a phone", async () => {
      await page.click("[aria-label='Add a field']");
      deepStrictEqual(await page.evaluate(unnamedControls), []);
      for (const value of ["dark", "light"]) {
        await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
        deepStrictEqual(await page.evaluate(poorContrasts), [], value);
      }
      await page.resize(360, 740);
      await page.until(`innerWidth === 360 && [...document.querySelectorAll(".plot *")].every((each) => {
        const { left, right, width } = each.getBoundingClientRect();
        return width < 2 || each.closest(".u-wrap, .plot-buttons") || (left >= 0 && right <= 360);
      })`);
      await page.until(`document.querySelector(".u-wrap").getBoundingClientRect().right <= 360`);
    });

    await t.step("a number is plotted and taken away by a click on it, and all are removed at once", async () => {
      await page.resize(1280, 900);
      await page.until("innerWidth === 1280");
      await twoFrames(page);
      const colour = `document.querySelector("${legend("gauge.pressure")} .swatch").className`;
      const before = await page.evaluate(colour);
      await page.click(`${field("gauge", "level")} button`);
      await page.until(`document.querySelectorAll(".plot .legend li").length === 1`);
      strictEqual(await page.evaluate(colour), before, "a field keeps its colour");
      await page.click(`${field("gauge", "level")} button`);
      await page.shows(legend("gauge.level"), "Gauge Level");
      await press(page, "Remove all");
      await page.shows(".plot", "Click a number");
      const sparkline = "[aria-label='Plot Level (mm) of Gauge']";
      const drawn = `(() => {
        const canvas = document.querySelector("${sparkline} canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width || 1, canvas.height || 1);
        return data.filter((_, at) => at % 4 === 3 && data[at] > 0).length;
      })()`;
      await page.until(`${drawn} > 50`);
      // Two numbers over the last hour in three steps.
      await page.click(sparkline);
      await page.click(`${field("gauge", "pressure")} button`);
      await press(page, "1 h");
      await page.shows(legend("gauge.level"), "Gauge Level");
      await page.shows(legend("gauge.pressure"), "Gauge Pressure");
      await press(page, "Remove all");
      await page.shows(".plot", "Click a number");
      deepStrictEqual(page.complaints, []);
      match(await page.evaluate("localStorage.getItem('heliograph.plot')"), /"names":\[\]/);
    });
  },
});

inBrowsers({
  name: "page: where nothing is plotted, what matters most is offered, and what the address names in vain is said",
  // Nothing here is of one browser alone.
  browsers: ["chromium"],
  async fn(_, browser) {
    const gauge = defineInstrument({
      title: "Gauge",
      fields: {
        Level: { type: "float", unit: "mm", access: "readout", read: () => 3 },
        Remark: { type: "text", access: "readout", initial: "dry" },
      },
    });
    await using server = startServer({ instruments: [gauge], poll: true, webPort: 0 });
    await server.ready;
    await using page = await browser.open(`${base(server)}/#/plots?f=gauge.lvel&last=1h`);
    await page.shows(".plot-missing", "Not plotted: gauge.lvel. This bench has no number of that name.");
    deepStrictEqual(
      await page.evaluate(`[...document.querySelectorAll(".plot-offers button")].map((each) => each.textContent)`),
      ["Gauge Level"],
    );
    await page.click(".plot-offers button");
    await page.shows(legend("gauge.level"), "Gauge Level");
    await page.until(`document.querySelector(".plot-missing, .plot-offers") === null`);
    await page.until(`location.hash === "#/plots?f=gauge.level&last=1h"`);
    deepStrictEqual(page.complaints, []);
  },
});

inBrowsers({
  name: "page: small numbers are readable on cards, in boxes and on axes, and an axis can be logarithmic",
  async fn(_, browser) {
    const gauge = defineInstrument({
      title: "Ion Gauge",
      fields: {
        Pressure: { type: "float", unit: "mbar", access: "readout" },
        Foreline: { type: "float", unit: "mbar", access: "readout" },
        Leak: { type: "float", unit: "mbar", access: "readout", initial: -1e-6 },
        Setpoint: { type: "float", decimals: 3, initial: 1234.5, write: () => {} },
        Limit: { type: "float", decimals: 1, format: "scientific", initial: 2.24e-6, write: () => {} },
        Mask: { type: "int", format: "hexadecimal", initial: 31, write: () => {} },
        Flow: { type: "float", decimals: 2, format: "scientific", access: "readout", initial: 12345 },
      },
    });
    await using server = startServer({ instruments: [gauge], webPort: 0 });
    const clock = Date.now;
    const now = clock();
    for (const [at, value] of [3.5e-6, 2e-6, 2.24e-6].entries()) {
      Date.now = () => now - 30_000 + 10_000 * at;
      gauge.fields.Pressure.update(value);
      gauge.fields.Foreline.update(value * 1e4);
    }
    Date.now = clock;
    // Keeps the texts that are written on canvases.
    const canvasTexts = `{
      globalThis.written = [];
      const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        written.push(text);
        return write.call(this, text, ...place);
      };
    }`;
    await using page = await browser.open(base(server), 1280, 900, canvasTexts);
    await page.shows("header", "Connected");
    await page.shows(field("ion_gauge", "pressure"), "2.24e-6");
    strictEqual((await ask(server, "GET", "/api/v1/instruments/ion_gauge/fields/pressure")).json.text, "2.24e-6");

    const box = `document.querySelector("${field("ion_gauge", "setpoint")} input")`;
    const whole = `${box}.scrollWidth <= ${box}.clientWidth`;
    strictEqual(await page.evaluate(`${box}.value`), "1234.500");
    await page.until(whole);
    gauge.fields.Setpoint.update(-123456.789);
    await page.until(`${box}.value === "-123456.789" && ${whole}`);
    await page.shows(field("ion_gauge", "flow"), "1.23e4");
    const held = (name: string) => page.evaluate(`document.querySelector("${field("ion_gauge", name)} input").value`);
    deepStrictEqual([await held("limit"), await held("mask")], ["0.00000224", "0x1F"]);
    strictEqual((await ask(server, "GET", "/api/v1/instruments/ion_gauge/fields/limit")).json.text, "2.2e-6");

    const texts = async () => {
      await page.evaluate("written.length = 0");
      await page.until("written.length > 0");
      await twoFrames(page);
      const all: string[] = await page.evaluate("[...new Set(written)]");
      return all.filter((text) => !text.includes(":") && text !== "");
    };
    const card = rectOf(field("ion_gauge", "pressure"));
    const place = await page.evaluate(card);
    await page.click(`${field("ion_gauge", "pressure")} button`);
    await page.shows(legend("ion_gauge.pressure"), "2.24e-6");
    strictEqual(await page.evaluate(card), place, "opening the plot moves nothing");
    const linear = await texts();
    ok(linear.includes("2.50e-6") && linear.includes("3.50e-6"), linear.join(" "));
    deepStrictEqual(linear.filter((text) => !/^\d\.\d\de-6$/.test(text)), []);

    await page.click(`${field("ion_gauge", "foreline")} button`);
    await page.click(`${field("ion_gauge", "leak")} button`);
    await page.shows(legend("ion_gauge.leak"), "-1e-6");
    const log = "[aria-label='Log mbar']";
    await page.click(log);
    await page.until(`document.querySelector("${log}").ariaPressed === "true"`);
    await page.shows(legend("ion_gauge.leak"), "not on a log axis");
    const decades = await texts();
    deepStrictEqual(["1e-6", "1e-4", "1e-2"].filter((text) => !decades.includes(text)), []);

    await page.send("Page.reload");
    await page.shows(legend("ion_gauge.leak"), "not on a log axis");
    ok(await page.evaluate(`document.querySelector("${log}").ariaPressed === "true"`));
    deepStrictEqual(await page.evaluate(unnamedControls), []);
    deepStrictEqual(page.complaints, []);
  },
});

inBrowsers({
  name: "page: a plot is kept by name for everybody, found, put in another's place, and forgotten",
  // Nothing here is of one browser alone.
  browsers: ["chromium"],
  async fn(_, browser) {
    await using server = startServer({ instruments: [newGauge()] });
    await using page = await browser.open(`${base(server)}/#/plots?f=gauge.level&last=10min`);
    await using other = await browser.open(`${base(server)}/#/plots`);
    await page.shows(".kept-plots", "Keep this plot");
    await press(page, "Keep this plot…");
    await page.fill("#kept-plot-name", "Night");
    await page.press("Enter");
    await page.until(`document.querySelector(".kept-plots [aria-current]")?.textContent === "Night"`);
    deepStrictEqual(await page.evaluate(unnamedControls), []);
    // Who has nothing plotted opens it.
    await other.shows(".kept-plots", "Night");
    await other.click(".kept-plots a");
    await other.until(`location.hash === "#/plots?f=gauge.level&last=10min"`);
    await other.shows(".plot", "Level");
    // Arranging the bench loses none of them.
    await ask(server, "PUT", "/api/v1/arrangement", { groups: [], others: ["gauge"], hidden: [] });
    await page.evaluate(`location.hash = "#/plots?f=gauge.pressure&last=1h"`);
    await page.until(`document.querySelector(".kept-plots [aria-current]") === null`);
    await page.click("[aria-label='Log mbar']");
    await page.until(`location.hash === "#/plots?f=gauge.pressure&log=mbar&last=1h"`);
    await press(page, "Keep this plot…");
    await page.fill("#kept-plot-name", "night");
    await page.shows(".kept-plots", "Put it in the place of Night");
    await press(page, "Put it in the place of Night");
    await page.until(`document.querySelector(".kept-plots [aria-current]")?.textContent === "night"`);
    const kept = async () => (await ask(server, "GET", "/api/v1/arrangement")).json.arrangement.plots;
    deepStrictEqual(await kept(), { night: "f=gauge.pressure&log=mbar&last=1h" });
    // The search leads there, too.
    await other.click("#open-search");
    await other.fill("[role=combobox]", "night");
    await other.press("Enter");
    await other.until(`location.hash === "#/plots?f=gauge.pressure&log=mbar&last=1h"`);
    const isLogarithmic = `document.querySelector("[aria-label='Log mbar']")?.getAttribute("aria-pressed") === "true"`;
    await other.until(isLogarithmic);
    // Colours that are not the first ones are those that somebody else sees.
    for (const [colours, colour] of [["&colours=3", 3], ["", 0]] as const) {
      const address = `#/plots?f=gauge.pressure&log=mbar${colours}&last=1h`;
      await other.evaluate(`location.hash = "${address}"`);
      await other.until(`document.querySelector("[data-field='gauge.pressure'] .colour-${colour}") !== null`);
      await other.until(`location.hash === "${address}"`);
    }
    await press(other, "Forget night…");
    await press(other, "Forget night");
    await page.until(`document.querySelector(".kept-plots a") === null`);
    strictEqual(await kept(), undefined);
  },
});
