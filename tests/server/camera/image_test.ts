/** The last image as people look at it: put together from its amplifiers, at a scale, and never mixed with another. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import {
  amplifierReadouts,
  type DetectorFormat,
  type Region,
  sectionsOf,
  wholeDetector,
} from "../../../server/camera/geometry.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { headerText, ImageHeader, paddedLength } from "../../../server/camera/fits/header.ts";
import { type Mosaic, mosaicOf } from "../../../server/camera/fits/mosaic.ts";
import { encodePixels } from "../../../server/camera/fits/pixels.ts";
import { type FitsSource, readFits } from "../../../server/camera/fits/read.ts";
import { histogramOf, statisticsOf } from "../../../server/camera/fits/statistics.ts";
import { checkTile, levelsOf, readTile } from "../../../server/camera/fits/tile.ts";
import { ImageReplaced, NoImage } from "../../../server/bench/images.ts";
import { demoInstruments } from "../../../server/config/demo_bench.ts";
import { startServer } from "../../fixture.ts";
import { CameraServer, quick, readImage, ServedCamera } from "./camera.ts";

const format: DetectorFormat = {
  columns: 40,
  darkColumns: 0,
  underscanColumns: 2,
  overscanColumns: 5,
  rows: 24,
  darkRows: 0,
  underscanRows: 0,
  overscanRows: 3,
  frameTransferRows: 0,
};
/** What overscan holds, which is no pixel's value. */
const overscan = 60_000;
/** The value of a pixel of the whole image. */
const valueAt = (x: number, y: number) => 100 * x + y;
const never = new AbortController().signal;

function memory(bytes: Uint8Array): FitsSource {
  return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)) };
}

/** A file in which every pixel's value says where it belongs, as a camera writes it. */
function cameraFile(amplifiersX: number, amplifiersY: number, configuration: string, region: Region): FitsSource {
  const plane = { detectorsX: 1, detectorsY: 1, amplifiersX, amplifiersY, configuration };
  const readouts = amplifierReadouts(format, plane, region);
  const blocks: Uint8Array[] = [];
  const add = (header: string, pixels = new Uint16Array()) => {
    const data = new Uint8Array(paddedLength(2 * pixels.length));
    encodePixels(pixels, data);
    blocks.push(new ImageHeader(header).bytes(0), data);
  };
  const single = readouts.length === 1;
  if (!single) add(headerText({ kind: "primary", extensions: true, cards: [] }));
  for (const readout of readouts) {
    const { columns, rows, underscanColumns, dataColumns, dataRows, startColumn, startRow } = readout;
    const { columnStep, rowStep, columnBinning, rowBinning } = readout;
    // The lowest of the detector's pixels that are one of the image.
    const lowest = (start: number, step: number, binning: number, index: number) =>
      step > 0 ? start + index * binning : start - (index + 1) * binning + 1;
    const pixels = new Uint16Array(columns * rows).fill(overscan);
    for (let row = 0; row < dataRows; row++) {
      for (let column = 0; column < dataColumns; column++) {
        const x = (lowest(startColumn, columnStep, columnBinning, column) - region.firstColumn) / columnBinning + 1;
        const y = (lowest(startRow, rowStep, rowBinning, row) - region.firstRow) / rowBinning + 1;
        pixels[row * columns + underscanColumns + column] = valueAt(x, y);
      }
    }
    const cards = Object.entries(sectionsOf(readout)).map(([keyword, value]) => ({ keyword, value }));
    add(headerText({ kind: single ? "primary" : "extension", columns, rows, cards }), pixels);
  }
  return memory(new Uint8Array(blocks.flatMap((block) => [...block])));
}

/** An image file of floats, as other programs write it. */
function floatFile(columns: number, values: readonly number[]): FitsSource {
  const cards = ["SIMPLE  =                    T", "BITPIX  =                  -32", "NAXIS   =                    2"];
  const axes = [columns, values.length / columns].map((axis, index) =>
    `NAXIS${index + 1}  = ${String(axis).padStart(20)}`
  );
  const text = [...cards, ...axes, "END"].map((card) => card.padEnd(80)).join("");
  const bytes = new Uint8Array(paddedLength(text.length) + paddedLength(4 * values.length)).fill(0x20);
  bytes.set(new TextEncoder().encode(text));
  const view = new DataView(bytes.buffer, paddedLength(text.length));
  values.forEach((value, index) => view.setFloat32(4 * index, value));
  return memory(bytes);
}

async function mosaic(source: FitsSource): Promise<Mosaic> {
  return mosaicOf(await readFits(source));
}

/** A stretch of the whole image as it must be. */
function expected(x: number, y: number, width: number, height: number): number[] {
  return Array.from({ length: width * height }, (_, at) => valueAt(x + at % width, y + Math.floor(at / width)));
}

Deno.test("image: one amplifier or several, whichever way they read, are one image without overscan", async () => {
  const planes = [[1, 1, "0"], [1, 1, "3"], [2, 2, "0123"], [2, 2, "3210"], [4, 1, "0101"], [1, 3, "020"]] as const;
  for (const [x, y, configuration] of planes) {
    const source = cameraFile(x, y, configuration, wholeDetector(format));
    const image = await mosaic(source);
    const size = { width: format.columns, height: format.rows };
    deepStrictEqual({ width: image.width, height: image.height }, size, configuration);
    const { columns, rows, pixels } = await readTile(image, source, { x: 1, y: 1, ...size, scale: 1 });
    deepStrictEqual([columns, rows, [...pixels]], [40, 24, expected(1, 1, 40, 24)], configuration);
    // Over the edges of the amplifiers.
    const part = await readTile(image, source, { x: 8, y: 5, width: 25, height: 14, scale: 1 });
    deepStrictEqual([...part.pixels], expected(8, 5, 25, 14), configuration);
  }
});

Deno.test("image: binned, and of a region only, its pixels are those of the file", async () => {
  const region = { firstColumn: 5, lastColumn: 36, firstRow: 3, lastRow: 22, columnBinning: 2, rowBinning: 1 };
  const source = cameraFile(2, 2, "0123", region);
  const image = await mosaic(source);
  deepStrictEqual([image.width, image.height], [16, 20]);
  const { pixels } = await readTile(image, source, { x: 1, y: 1, width: 16, height: 20, scale: 1 });
  deepStrictEqual([...pixels], expected(1, 1, 16, 20));
});

Deno.test("image: at a scale each pixel is the mean of those it stands for, and the last ones of what there is", async () => {
  const source = cameraFile(2, 2, "0123", wholeDetector(format));
  const image = await mosaic(source);
  const { columns, rows, pixels } = await readTile(image, source, { x: 3, y: 2, width: 38, height: 23, scale: 4 });
  deepStrictEqual([columns, rows], [10, 6]);
  for (const [column, row] of [[0, 0], [4, 2], [9, 5]] as const) {
    const [left, below] = [3 + 4 * column, 2 + 4 * row];
    const values = expected(left, below, Math.min(4, 41 - left), Math.min(4, 25 - below));
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    strictEqual(pixels[row * columns + column], mean, `${column}, ${row}`);
  }
});

Deno.test("image: without a place on the detector all of it is shown; pixels without a value are none", async () => {
  const source = floatFile(4, [1.5, NaN, 2.5, -1, 4, NaN, Infinity, 7]);
  const image = await mosaic(source);
  deepStrictEqual([image.width, image.height], [4, 2]);
  const one = await readTile(image, source, { x: 1, y: 1, width: 4, height: 2, scale: 1 });
  deepStrictEqual([...one.pixels], [1.5, NaN, 2.5, -1, 4, NaN, NaN, 7]);
  const two = await readTile(image, source, { x: 1, y: 1, width: 4, height: 2, scale: 2 });
  deepStrictEqual([...two.pixels], [2.75, 8.5 / 3].map(Math.fround));
  deepStrictEqual((await levelsOf(image, source)).full, [-1, 7]);
  deepStrictEqual((await levelsOf(await mosaic(floatFile(1, [NaN])), floatFile(1, [NaN]))).full, [0, 0]);
  throws(() => mosaicOf([]), /has no image/);
});

Deno.test("image: the levels leave out the few that are brightest, and no overscan counts", async () => {
  const source = cameraFile(2, 2, "0123", wholeDetector(format));
  const { automatic: [black, white], wide, full } = await levelsOf(await mosaic(source), source);
  deepStrictEqual(full, [valueAt(1, 1), valueAt(40, 24)]);
  ok(full[0] < black && black < 300 && 3900 < white && white < full[1], `${black} to ${white}`);
  ok(wide[0] <= black && white <= wide[1], `${wide}`);
});

Deno.test("image: the statistics of a region are those of its pixels, over the edges of amplifiers, whatever they are", async () => {
  const source = cameraFile(2, 2, "0123", wholeDetector(format));
  for (const [x, y, width, height] of [[8, 5, 25, 14], [1, 1, 40, 24], [7, 3, 1, 1], [20, 12, 2, 1]] as const) {
    const values = expected(x, y, width, height).sort((a, b) => a - b);
    const count = values.length;
    const mean = values.reduce((sum, value) => sum + value) / count;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const { deviation, ...said } = await statisticsOf(await mosaic(source), source, { x, y, width, height });
    const median = (values[Math.floor((count - 1) / 2)]! + values[Math.floor(count / 2)]!) / 2;
    deepStrictEqual({ ...said, mean: Math.fround(said.mean!) }, {
      count,
      mean: Math.fround(mean),
      median,
      minimum: values[0],
      maximum: values.at(-1),
    });
    if (count === 1) strictEqual(deviation, null);
    else ok(Math.abs(deviation! - Math.sqrt(squares / (count - 1))) < 1e-9 * deviation!, String(deviation));
  }
  // One that is far beyond all others leaves them in one bin, and the median is still exact.
  const odd = floatFile(5, [1, 2.5, NaN, 3e30, 2]);
  const { count, median, maximum } = await statisticsOf(await mosaic(odd), odd, { x: 1, y: 1, width: 5, height: 1 });
  deepStrictEqual([count, median, maximum], [4, 2.25, Math.fround(3e30)]);
  const none = floatFile(1, [NaN]);
  const without = { count: 0, mean: null, median: null, deviation: null, minimum: null, maximum: null };
  deepStrictEqual(await statisticsOf(await mosaic(none), none, { x: 1, y: 1, width: 1, height: 1 }), without);
});

Deno.test("image: a histogram counts every pixel once", async () => {
  const source = floatFile(4, [0, 1, 1.5, 2, 4, NaN, -3, 9]);
  const histogram = await histogramOf(await mosaic(source), source, { from: 0, to: 4, bins: 4 });
  deepStrictEqual(histogram, { from: 0, to: 4, below: 1, above: 1, counts: [1, 2, 1, 1] });
});

Deno.test("image: what is no part of it, or too large, is refused with what would be right", () => {
  const image = { width: 4096, height: 4096 };
  const wrong = (request: Partial<Parameters<typeof checkTile>[0]>, code: string, text: RegExp) =>
    throws(() => checkTile({ x: 1, y: 1, width: 1, height: 1, scale: 1, ...request }, image), (error) => {
      ok(error instanceof HeliographError);
      match(error.message, text);
      strictEqual(error.code, code);
      return true;
    });
  wrong({ x: 0 }, "bad_argument", /x must be a whole number of at least 1/);
  wrong({ scale: 1.5 }, "bad_argument", /scale must be/);
  wrong({ width: NaN }, "bad_argument", /width must be/);
  wrong({ y: 4000, height: 98 }, "out_of_limits", /rows 4000 to 4097 are not all in the image, .* 4096 rows/);
  wrong({ width: 4096, height: 4096, scale: 3 }, "out_of_limits", /more than 1048576 pixels; .* a scale of 4$/);
  checkTile({ x: 1, y: 1, width: 4096, height: 4096, scale: 4 }, image);
});

Deno.test("image: a camera tells of its last one, whose pixels are those of the file", async () => {
  await using camera = await CameraServer.start();
  const images = camera.server.bench.find("exposure")!.images!;
  strictEqual(camera.server.bench.find("tempcon")!.images, undefined);
  await rejects(
    images.describe(never),
    (error) => error instanceof NoImage && /No image has been written/.test(error.message),
  );
  await camera.tell("exposure.expose 0.1 object M51");
  const image = await images.describe(never);
  deepStrictEqual([image.file, image.width, image.height], [`${camera.folder}/test.fits`, 64, 48]);
  const header = new Map(image.header.map(({ keyword, value }) => [keyword, value]));
  deepStrictEqual([header.get("OBJECT"), header.get("IMAGETYP")], ["M51", "object"]);
  strictEqual((await images.describe(never)).identity, image.identity, "it is the same as long as it is the last one");
  const { values, columns } = await (await readImage(image.file)).pixels();
  const { pixels } = await images.tile({ x: 20, y: 31, width: 3, height: 2, scale: 1 }, image.identity, never);
  const at = (x: number, y: number) => values[(y - 1) * columns + x - 1];
  deepStrictEqual([...pixels], [at(20, 31), at(21, 31), at(22, 31), at(20, 32), at(21, 32), at(22, 32)]);
});

Deno.test("image: the last ones stay known, also after a restart, and those that are gone are told of no more", async () => {
  await using camera = await CameraServer.start(quick);
  const images = camera.server.bench.find("exposure")!.images!;
  deepStrictEqual(await images.recent(never), []);
  await camera.tell("parameters.set_par imagetest 0", "parameters.set_par imageroot night");
  for (const title of ["one", "two", "three"]) await camera.tell(`exposure.expose 0 zero ${title}`);
  const recent = await images.recent(never);
  const names = (files: readonly { file: string }[]) => files.map(({ file }) => file.slice(camera.folder.length + 1));
  deepStrictEqual(names(recent), ["night0003.fits", "night0002.fits", "night0001.fits"]);
  const oldest = await images.describe(never, recent[2]!.identity);
  deepStrictEqual([oldest.file, oldest.identity], [recent[2]!.file, recent[2]!.identity]);
  strictEqual(oldest.header.find(({ keyword }) => keyword === "OBJECT")?.value, "one");
  const region = { x: 3, y: 4, width: 20, height: 9 };
  const { values, columns } = await (await readImage(oldest.file)).pixels();
  const some = Array.from({ length: 180 }, (_, at) => values[(3 + Math.floor(at / 20)) * columns + 2 + at % 20]!);
  const statistics = await images.ask({ about: "statistics", region }, oldest.identity, never);
  deepStrictEqual([statistics.count, statistics.minimum, statistics.maximum], [
    180,
    Math.min(...some),
    Math.max(...some),
  ]);
  const [primary] = await images.ask({ about: "header" }, oldest.identity, never);
  ok(primary!.cards[0]!.startsWith("SIMPLE  =") && primary!.cards.some((card) => /^OBJECT {2}= 'one/.test(card)));
  const piece = await images.ask({ about: "piece", offset: 0, length: 2880 }, oldest.identity, never);
  deepStrictEqual(piece, (await Deno.readFile(oldest.file)).subarray(0, 2880));
  await rejects(images.ask({ about: "statistics", region: { ...region, x: 50 } }, undefined, never), /not all in the/);
  await rejects(images.ask({ about: "histogram", from: 3, to: 3, bins: 5 }, undefined, never), /from must be less/);
  for (const identity of ["99-x", "x", "", "__proto__"]) {
    await rejects(images.describe(never, identity), ImageReplaced, identity);
  }
  await Deno.remove(recent[1]!.file);
  deepStrictEqual(names(await images.recent(never)), ["night0003.fits", "night0001.fits"]);
  await rejects(images.describe(never, recent[1]!.identity), NoImage);
  // No image of this camera: another file of the folder, and one that leads out of it.
  await Deno.writeTextFile(`${camera.folder}/notes.txt`, "no image");
  if (Deno.build.os !== "windows") await Deno.symlink("/etc/passwd", `${camera.folder}/secret.fits`);
  const instruments = demoInstruments({ camera: { ...quick, imageFolders: [camera.folder] } });
  await using again = new ServedCamera(startServer({ instruments, poll: true }), camera.folder, false);
  await again.connected();
  await again.server.ready;
  const after = again.server.bench.find("exposure")!.images!;
  const kept = await after.recent(never);
  deepStrictEqual(names(kept), ["night0003.fits", "night0001.fits"]);
  strictEqual((await after.describe(never, kept[1]!.identity)).file, oldest.file);
  await rejects(after.describe(never), /since the server began/, "none of them is the last one of this server");
});

Deno.test("image: one that was replaced, by whomever, or removed is not taken for the last one", async () => {
  await using camera = await CameraServer.start(quick);
  const images = camera.server.bench.find("exposure")!.images!;
  const pixel = { x: 1, y: 1, width: 1, height: 1, scale: 1 };
  await camera.tell("exposure.expose 0 zero");
  const first = await images.describe(never);
  await camera.tell("exposure.expose 0 zero");
  strictEqual(camera.field("imageswritten"), 2);
  const second = await images.describe(never);
  strictEqual(second.file, first.file);
  await rejects(images.tile(pixel, first.identity, never), ImageReplaced);
  strictEqual((await images.tile(pixel, second.identity, never)).pixels.length, 1);
  const bytes = await Deno.readFile(second.file);
  await Deno.writeFile(second.file, new Uint8Array([...bytes, ...new Uint8Array(2880)]));
  await rejects(images.tile(pixel, second.identity, never), ImageReplaced);
  const third = await images.describe(never);
  strictEqual((await images.tile(pixel, third.identity, never)).pixels.length, 1);
  await Deno.remove(third.file);
  await rejects(images.tile(pixel, third.identity, never), NoImage);
  await rejects(images.describe(never), (error) => error instanceof NoImage && /moved or removed/.test(error.message));
  await rejects(images.describe(AbortSignal.abort(new Error("gone"))), /gone/);
});
