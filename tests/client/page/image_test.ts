/** The place of a camera's images, in a real browser. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  canvasSize,
  fitView,
  pannedView,
  pixelAt,
  seenTile,
  showsAllOf,
  toImage,
  wholeTile,
  zoomedView,
} from "../../../client/page/images/image_geometry.ts";
import { eventually } from "../../fixture.ts";
import type { BrowserPage } from "./browser.ts";
import { type ReadImage, readImage } from "../../server/camera/camera.ts";
import { card, inBrowsers, outsiders, poorContrasts, ready, unnamedControls, withServer } from "./page_fixture.ts";
import { type Curve, shade } from "../../../client/page/images/image_stretch.ts";
import { base } from "../../server/faces/web/web_fixture.ts";

const preview = ".images-place";
const canvas = `document.querySelector(${JSON.stringify(`${preview} .image-body canvas`)})`;

/** What the canvas shows, as one number; 0 where it is blank or of one shade. */
const shades = `(() => {
  const { width, height } = ${canvas};
  const data = new Uint32Array(${canvas}.getContext("2d").getImageData(0, 0, width, height).data.buffer);
  return new Set(data).size < 8 ? 0 : data.reduce((sum, each) => (31 * sum + each) >>> 0, 7);
})()`;

/** Waits until all that is seen has been fetched and drawn. @returns What the canvas shows. */
async function settledShades(page: BrowserPage): Promise<unknown> {
  await page.until(`${canvas}.getAttribute("aria-busy") === "false"`);
  return await page.evaluate(shades);
}

/** The shade in the middle of the canvas. */
const middleShade = `${canvas}.getContext("2d").getImageData(${canvas}.width / 2, ${canvas}.height / 2, 1, 1).data[0]`;

/** The place of the middle of the canvas in the window. */
async function middleOf(page: BrowserPage): Promise<{ x: number; y: number }> {
  const [x, y] = await page.evaluate(`(() => {
    ${canvas}.scrollIntoView({ block: "center" });
    const { left, top, width, height } = ${canvas}.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  })()`);
  return { x, y };
}

/** Points at the middle of the canvas. @returns Which pixel is there, and its value as the page tells it. */
async function pointed(page: BrowserPage): Promise<{ x: number; y: number; value: number }> {
  await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", ...await middleOf(page) });
  return await told(page);
}

async function told(page: BrowserPage): Promise<{ x: number; y: number; value: number }> {
  const text = await page.until(
    `/^x \\d+, y \\d+: [\\d.]+$/.exec(document.querySelector("${preview} .pixel-value").textContent)?.[0]`,
  );
  const [x, y, value] = text.match(/[\d.]+/g)!.map(Number);
  return { x, y, value };
}

async function valueIn(image: ReadImage, { x, y }: { x: number; y: number }): Promise<number> {
  const { values, columns } = await image.pixels();
  return values[(y - 1) * columns + x - 1]!;
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}

function key(page: BrowserPage, name: string): Promise<unknown> {
  return page.evaluate(
    `${canvas}.dispatchEvent(new KeyboardEvent("keydown", { key: "${name}", bubbles: true, cancelable: true }))`,
  );
}

Deno.test("page: an image stays under the pointer while it is zoomed, and no tile is larger than the server sends", () => {
  const image = { width: 4096, height: 4000 };
  const canvas = canvasSize({ width: 1600, height: 900 }, 2);
  ok(canvas.width * canvas.height < 2 ** 20 && Math.abs(canvas.width / canvas.height - 16 / 9) < 0.01);
  const at = { x: 700, y: 200 };
  let view = fitView(image, canvas);
  const whole = wholeTile(image, canvas);
  deepStrictEqual(whole, { x: 1, y: 1, ...image, scale: 5 });
  const left = (canvas.width - image.width * view.zoom) / 2;
  const corner = pixelAt(view, image, canvas, { x: left + 0.1, y: canvas.height - 0.1 });
  deepStrictEqual(corner, { x: 1, y: 1 }, "the first row is at the bottom");
  strictEqual(pixelAt(view, image, canvas, { x: 5, y: 5 }), undefined);
  const near = zoomedView(view, 1, image, canvas, at);
  const before = toImage(near, canvas, at);
  for (let step = 0; step < 12; step++) {
    view = zoomedView(step === 0 ? near : view, 2 ** (step / 2), image, canvas, at);
    const after = toImage(view, canvas, at);
    ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-6, JSON.stringify({ step, before, after }));
    const tile = seenTile(view, image, canvas);
    ok(tile.scale === 1 && tile.width * tile.height <= 2 ** 20, JSON.stringify(tile));
    ok(!showsAllOf(whole, tile) && showsAllOf(tile, { ...tile, x: tile.x + 1, width: tile.width - 1 }));
  }
  // It is not moved off the canvas.
  const far = pannedView(near, { x: 1e6, y: -1e6 }, image, canvas);
  deepStrictEqual(toImage(far, canvas, { x: 0, y: canvas.height }), { x: 0, y: 0 });
});

inBrowsers({
  name: "page: the last image is shown, with zoom, stretch and the values of its pixels",
  // Firefox takes other colours and moves for the pixels and fingers that are compared here.
  browsers: ["chromium"],
  async fn(t, browser) {
    await withServer(async (server) => {
      await using page = await browser.open(base(server));
      await ready(page);
      await page.evaluate(`location.hash = "#/images"`);
      const camera = preview;
      const exposure = server.bench.find("exposure")!;
      const file = () => readImage(exposure.field("lastfile").value as string);
      const pixels = `performance.getEntriesByType("resource").filter(({ name }) => name.includes("/pixels")).length`;

      await t.step("before the first exposure it says that there is none, and asks for none", async () => {
        await page.shows(preview, "No image has been written yet.");
        strictEqual(await page.evaluate(pixels), 0);
      });

      await t.step("an exposure that is taken on the page is one of the sky, and shown, whole", async () => {
        await page.fill(`${camera} .exposuretime input`, "0.1");
        await page.click(`${camera} .expose`);
        await page.shows(`${camera} .image-name`, "test.fits");
        strictEqual(exposure.field("imagetype").value, "object", "azcam's zero shows a newcomer nothing");
        match(await page.evaluate(`document.querySelector(".image-name a").href`), /\/image\/file\?identity=/);
        await page.until(`${shades} !== 0`);
        match(await page.evaluate(`${canvas}.ariaLabel`), /test\.fits, 1024 × 1024 pixels/);
        await page.shows(`${preview} .image-header`, "IMAGETYP");
        strictEqual(await page.evaluate(`document.querySelector("${preview} .image-status") === null`), true);
      });

      await t.step("the value under the pointer is that of the file, also while the image is small", async () => {
        const pixel = await pointed(page);
        ok(pixel.x > 500 && pixel.x < 530 && pixel.y > 500 && pixel.y < 530, JSON.stringify(pixel));
        strictEqual(pixel.value, await valueIn(await file(), pixel));
      });

      await t.step("the wheel zooms with Ctrl, and alone it scrolls the page", async () => {
        const zoom = `document.querySelector("${preview} .zoom").textContent`;
        const before = await page.evaluate(zoom);
        const at = await middleOf(page);
        const wheel = { type: "mouseWheel", ...at, deltaX: 0, deltaY: -60 };
        await page.send("Input.dispatchMouseEvent", wheel);
        await page.send("Input.dispatchMouseEvent", { ...wheel, modifiers: 2 });
        await page.until(`${zoom} !== "${before}"`);
        // Each is a rounded one.
        ok(Math.abs(parseInt(await page.evaluate(zoom)) - parseInt(before) * Math.exp(60 / 300)) < 1.5);
        await page.click(`${preview} [aria-label^="1:1"]`);
        await page.until(`${zoom} === "100 %"`);
      });

      await t.step("a drag moves the image, and two fingers zoom it", async () => {
        const before = await pointed(page);
        const { x, y } = await middleOf(page);
        const mouse = (type: string, left: number, above: number) =>
          page.send("Input.dispatchMouseEvent", { type, x: x - left, y: y - above, button: "left", buttons: 1 });
        await mouse("mousePressed", 0, 0);
        await mouse("mouseMoved", 20, 10);
        await mouse("mouseMoved", 40, 30);
        await mouse("mouseReleased", 40, 30);
        const after = await pointed(page);
        deepStrictEqual([after.x - before.x, after.y - before.y], [40, -30]);
        const fingers = (type: string, ...apart: number[]) =>
          page.send("Input.dispatchTouchEvent", {
            type,
            touchPoints: apart.map((from, id) => ({ x: x + (id === 0 ? -from : from), y, id })),
          });
        await fingers("touchStart", 30);
        await fingers("touchStart", 30, 30);
        for (const apart of [40, 50, 60]) await fingers("touchMove", apart, apart);
        await fingers("touchEnd");
        await page.shows(`${preview} .zoom`, "200 %");
        await page.click(`${preview} [aria-label="Zoom out"]`);
      });

      await t.step("near by, pixels are shown as they are in the file", async () => {
        for (let step = 0; step < 4; step++) await page.click(`${preview} [aria-label="Zoom in"]`);
        await page.shows(`${preview} .zoom`, "1600 %");
        const pixel = await pointed(page);
        const value = await valueIn(await file(), pixel);
        strictEqual(pixel.value, value);
        const level = (which: string) =>
          page.evaluate(`Number(document.querySelector("#image-${which}-exposure").value)`);
        const [black, white] = [await level("black"), await level("white")];
        const shade = 255 * Math.min(Math.max((value - black) / (white - black), 0), 1);
        await page.until(`Math.abs(${middleShade} - ${shade}) <= 1`);
      });

      await t.step("the stretch, and levels that are entered, change the shades", async () => {
        const linear = await settledShades(page);
        await page.choose(".image-curve", "logarithmic");
        await page.until(`${shades} !== ${linear}`);
        await page.choose(".image-curve", "linear");
        await page.until(`${shades} === ${linear}`);
        const { value } = await pointed(page);
        await page.fill("#image-black-exposure", String(value - 10));
        await page.press("Enter");
        await page.fill("#image-white-exposure", String(value + 10));
        await page.press("Enter");
        await page.until(`${middleShade} === 127 || ${middleShade} === 128`);
        strictEqual(await page.evaluate(`document.querySelector("${preview} .image-levels").value`), "manual");
        await page.choose(".image-levels", "automatic");
        await page.until(`${shades} === ${linear}`);
        await page.click(`${preview} .image-invert input`);
        await page.until(`![0, ${linear}].includes(${shades})`);
        await page.click(`${preview} .image-invert input`);
      });

      await t.step("the next image takes its place, seen as near as before", async () => {
        const { value: before, ...place } = await pointed(page);
        const first = await settledShades(page);
        await page.choose(".image-curve", "linear");
        await server.commandServer.command("exposure.expose 0.1 flat");
        const next = await file();
        const value = await valueIn(next, place);
        ok(value > before + 100, "a flat is brighter");
        await page.until(`![0, ${first}].includes(${shades})`);
        await page.shows(`${preview} .pixel-value`, `x ${place.x}, y ${place.y}: ${value}`);
        await page.shows(`${preview} .zoom`, "1600 %");
        await page.shows(`${preview} .image-header`, "flat");
      });

      await t.step("the keyboard moves a crosshair, and fits", async () => {
        await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", x: 1, y: 1 });
        await page.shows(`${preview} .pixel-value`, "Point at a pixel");
        await page.evaluate(`${canvas}.focus()`);
        await page.press("ArrowUp");
        const above = await told(page);
        await page.press("ArrowDown");
        await page.shows(`${preview} .pixel-value`, `x ${above.x}, y ${above.y - 1}: `);
        const pixel = await told(page);
        strictEqual(pixel.value, await valueIn(await file(), pixel));
        await key(page, "0");
        await page.until(`document.querySelector("${preview} .image-bar [aria-pressed=true]")?.textContent === "Fit"`);
        await key(page, "Escape");
        await page.shows(`${preview} .pixel-value`, "Point at a pixel");
      });

      await t.step("nothing large is fetched on the bench, and the newest image when one comes back", async () => {
        await page.evaluate(`location.hash = "#/bench"`);
        await page.until(`document.querySelector("${preview}") === null`);
        const before = await page.evaluate(pixels);
        await server.commandServer.command("exposure.expose 0.1 dark hidden");
        // The card names it; its thumbnail is fetched where that can be seen.
        await page.shows(`${card("exposure")} .last-image`, "test.fits");
        ok(await page.evaluate(pixels) <= before + 1);
        await page.evaluate(`location.hash = "#/images/exposure"`);
        await page.shows(`${preview} .image-header`, "hidden");
      });

      await t.step("an image that has been removed is not shown for the last one", async () => {
        await page.evaluate(`location.hash = "#/bench"`);
        await page.until(`document.querySelector("${preview}") === null`);
        await server.commandServer.command("exposure.expose 0.1 dark");
        await Deno.remove(exposure.field("lastfile").value as string);
        await page.evaluate(`location.hash = "#/images"`);
        await page.shows(`${preview} .image-status`, "moved or removed");
        strictEqual(await page.evaluate(`${canvas}.clientWidth`), 0);
        await server.commandServer.command("exposure.expose 0.1 object again");
        await page.shows(`${preview} .image-header`, "again");
      });

      await t.step("levels are dragged on the histogram, and moved by keys", async () => {
        const level = `Number(document.querySelector("#image-white-exposure").value)`;
        await page.until(`document.querySelector("${preview} .histogram path") !== null`);
        const before = await page.evaluate(level);
        const [x, y] = await page.evaluate(`(() => {
          const { left, top, width, height } = document.querySelector(".histogram-handle.white").getBoundingClientRect();
          return [left + width / 2, top + height / 2];
        })()`);
        const mouse = (type: string, by: number) =>
          page.send("Input.dispatchMouseEvent", { type, x: x + by, y, button: "left", buttons: 1, clickCount: 1 });
        await mouse("mousePressed", 0);
        await mouse("mouseMoved", 30);
        await mouse("mouseReleased", 30);
        await page.until(`${level} > ${before}`);
        const dragged = await page.evaluate(level);
        await page.press("ArrowDown");
        await page.until(`${level} < ${dragged}`);
        strictEqual(await page.evaluate(`document.querySelector("${preview} .image-levels").value`), "manual");
        await page.choose(".image-levels", "automatic");
      });

      await t.step("the statistics of a region that is dragged are those of the file's pixels", async () => {
        const { x, y } = await middleOf(page);
        const mouse = (type: string, by: number) =>
          page.send("Input.dispatchMouseEvent", {
            type,
            x: x + by,
            y: y + by,
            button: "left",
            buttons: 1,
            modifiers: 8,
          });
        await mouse("mousePressed", -30);
        await mouse("mouseMoved", 10);
        await mouse("mouseMoved", 40);
        await mouse("mouseReleased", 40);
        const parts = () =>
          page.evaluate(
            `[...document.querySelectorAll("${preview} .region-parts input")].map(({ valueAsNumber }) => valueAsNumber)`,
          );
        await page.until(`document.querySelector("${preview} .region-found") !== null`);
        ok((await parts()).every((part: number) => part > 50), "about twice as many pixels as the drag is long");
        // By keyboard, too.
        for (const [at, text] of ["401", "402", "31", "20"].entries()) {
          await page.fill(`${preview} .region-parts label:nth-child(${at + 1}) input`, text);
          await page.press("Enter");
        }
        const found =
          `[...document.querySelectorAll("${preview} .region-found dd")].map((each) => Number(each.textContent))`;
        await page.until(`${found}[5] === 620`);
        const { values, columns } = await (await file()).pixels();
        const some = Array.from(
          { length: 620 },
          (_, at) => values[(401 + Math.floor(at / 31)) * columns + 400 + at % 31]!,
        )
          .sort((a, b) => a - b);
        const [mean, median, deviation, minimum, maximum] = await page.evaluate(found);
        deepStrictEqual([median, minimum, maximum], [(some[309]! + some[310]!) / 2, some[0], some[619]]);
        const exact = some.reduce((sum, each) => sum + each) / 620;
        const spread = Math.sqrt(some.reduce((sum, each) => sum + (each - exact) ** 2, 0) / 619);
        ok(Math.abs(mean - exact) < 0.01 && Math.abs(deviation - spread) < 0.01, `${mean} ${deviation}`);
      });

      await t.step("all cards of the header can be searched", async () => {
        await page.click(`${preview} .image-header-panel summary`);
        await page.shows(`${preview} .image-header-panel pre`, "SIMPLE  =                    T");
        await page.fill(`${preview} .header-search input`, "exptime");
        await page.until(`document.querySelector("${preview} pre").textContent.startsWith("EXPTIME =")`);
        await page.shows(`${preview} .header-search`, "1 card");
      });

      await t.step(
        "the last images stay in a row; another one is shown, two are blinked, and both look alike",
        async () => {
          await page.click(`${preview} .keep-images input`);
          await page.shows(`${preview} .keep-images`, "next: image0001.fits");
          for (const [type, title] of [["object", "first"], ["flat", "second"]]) {
            await server.commandServer.command(`exposure.expose 0.1 ${type} ${title}`);
          }
          await page.shows(`${preview} .image-strip li:first-child`, "image0002.fits");
          await page.shows(`${preview} .image-header`, "second");
          await page.click(`${preview} .image-strip li:nth-child(2) button`);
          await page.shows(`${preview} .image-name`, "image0001.fits");
          const first = await settledShades(page);
          await page.click(`${preview} .image-strip-head [aria-pressed]`);
          const level = await page.evaluate(`document.querySelector("#image-white-exposure").value`);
          for (const [name, same] of [["test.fits", false], ["image0001.fits", true]] as const) {
            await page.press(" ");
            await page.shows(`${preview} .image-name`, name);
            strictEqual(await settledShades(page) === first, same, name);
            strictEqual(await page.evaluate(`document.querySelector("#image-white-exposure").value`), level);
          }
          // An exposure that is taken here shows by itself, whatever was looked at.
          await page.click(`${preview} .expose`);
          await page.shows(`${preview} .image-name`, "image0003.fits");
          await Deno.remove(exposure.field("lastfile").value as string);
          await server.commandServer.command("exposure.expose 0.1 object last");
          await page.shows(`${preview} .image-strip li:first-child`, "image0004.fits");
          await page.shows(`${preview} .image-strip li:nth-child(2)`, "image0002.fits");
        },
      );

      await t.step("on a phone nothing is clipped, and all of it can be read and named", async () => {
        await page.resize(360, 700);
        // The row of the last images is one that is scrolled.
        const clipped = async () => (await page.evaluate(
          `[...document.querySelectorAll(".image-strip ul")].map((each) => each.remove())`,
        ),
          await page.evaluate(outsiders));
        await eventually(async () => (await clipped()).length === 0, "everything is in the window");
        for (const value of ["dark", "light"]) {
          await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
          deepStrictEqual(await page.evaluate(poorContrasts), [], value);
        }
        deepStrictEqual(await page.evaluate(unnamedControls), []);
      });

      await t.step(
        "a server that has been started anew shows the newest of its folder, and that they are gone",
        async () => {
          exposure.field("imageswritten").update(0);
          await page.shows(`${preview} .image-name`, "image0004.fits");
          for (const { name } of Deno.readDirSync(folderOf(exposure.field("lastfile").value as string))) {
            await Deno.remove(`${folderOf(exposure.field("lastfile").value as string)}/${name}`);
          }
          await page.evaluate(`location.hash = "#/bench"`);
          await page.until(`document.querySelector("${preview}") === null`);
          await page.evaluate(`location.hash = "#/images"`);
          await page.shows(preview, "No image has been written yet.");
          strictEqual(await page.evaluate(`${canvas}.clientWidth`), 0);
        },
      );

      deepStrictEqual(page.complaints, []);
    });
  },
});

Deno.test("page: between black and white, pixels are as light as their curve says; what has no value is not drawn", () => {
  const pixels = new Float32Array([0, 50, 100, NaN, 200, -5]);
  const shades = (curve: Curve, inverted = false) => {
    const picture = new Uint32Array(6);
    shade(pixels, 3, { black: 0, white: 100, curve, inverted }, picture);
    // The uppermost row first; of each pixel whether it is drawn, and how light.
    return [...picture].map((colour) => colour === 0 ? undefined : colour & 255);
  };
  deepStrictEqual(shades("linear"), [undefined, 255, 0, 0, 127, 255]);
  deepStrictEqual(shades("linear", true), [undefined, 0, 255, 255, 128, 0]);
  deepStrictEqual(shades("square root"), [undefined, 255, 0, 0, 180, 255]);
  deepStrictEqual(shades("logarithmic"), [undefined, 255, 0, 0, 222, 255]);
});
