/** What `image` tells of FITS files: of those that the camera writes, and of odd ones. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { drawPreview, PreviewMaker } from "../../cli/image_preview.ts";
import { medianOf, PixelSum } from "../../cli/pixel_statistics.ts";
import { demoInstruments } from "../../server/config/demo_bench.ts";
import { readFits, readPixels } from "../../server/camera/fits/read.ts";
import type { SimulatedCameraOptions } from "../../server/camera/simulated/camera.ts";
import { run } from "../cli_fixture.ts";
import { dashboardClient, startServer } from "../fixture.ts";

/** A folder for as long as the work takes. */
async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "heliograph-image-" });
  try {
    await work(folder.replaceAll("\\", "/"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** An image that the simulated camera has taken. */
async function exposed(folder: string, options: SimulatedCameraOptions = {}): Promise<string> {
  const camera = { imageFolders: [folder], readoutRate: 1e8, flushSeconds: 0.01, ...options };
  await using server = startServer({ instruments: demoInstruments({ camera }) });
  await server.ready;
  await using client = dashboardClient(server);
  await client.call("exposure", "expose", [0.1, "flat", "Dome flat"]);
  return `${folder}/test.fits`;
}

/** The bytes of an HDU, from its cards and the bytes of its data. */
function hduBytes(cards: readonly string[], data: Uint8Array = new Uint8Array()): Uint8Array {
  const padded = (length: number) => Math.ceil(length / 2880) * 2880;
  const header = [...cards, "END"].map((card) => card.padEnd(80)).join("");
  const bytes = new Uint8Array(padded(header.length) + padded(data.length));
  bytes.fill(0x20, 0, padded(header.length));
  bytes.set(new TextEncoder().encode(header));
  bytes.set(data, padded(header.length));
  return bytes;
}

/** An image of bytes, its rows from the bottom up. */
function imageBytes(rows: readonly (readonly number[])[], extension: boolean, cards: readonly string[] = []) {
  return hduBytes([
    extension ? "XTENSION= 'IMAGE   '" : "SIMPLE  =                    T",
    "BITPIX  =                    8",
    "NAXIS   =                    2",
    `NAXIS1  = ${rows[0]!.length}`,
    `NAXIS2  = ${rows.length}`,
    ...(extension ? ["PCOUNT  = 0", "GCOUNT  = 1"] : []),
    ...cards,
  ], Uint8Array.from(rows.flat()));
}

const primary = hduBytes(["SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 0"]);

async function write(path: string, ...parts: Uint8Array[]): Promise<string> {
  await Deno.writeFile(path, new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
  return path;
}

/** The statistics of a section, from all of its pixels at once. */
async function statisticsOf(path: string, number: number, [x1, x2, y1, y2]: readonly [number, number, number, number]) {
  const bytes = await Deno.readFile(path);
  const source = {
    size: bytes.length,
    read: (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length)),
  };
  const hdu = (await readFits(source))[number - 1]!;
  const found: number[] = [];
  for await (const { firstRow, rows, values } of readPixels(hdu, source)) {
    for (let row = 0; row < rows; row++) {
      if (firstRow + row + 1 < y1 || firstRow + row + 1 > y2) continue;
      const start = row * hdu.image!.columns;
      found.push(...values.subarray(start + x1 - 1, start + x2));
    }
  }
  return expectedOf(found);
}

function expectedOf(pixels: readonly number[]) {
  const values = pixels.filter(Number.isFinite).sort((one, other) => one - other);
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return {
    pixels: count,
    blank: pixels.length - count,
    minimum: values[0]!,
    maximum: values.at(-1)!,
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count),
    median: (values[Math.floor((count - 1) / 2)]! + values[Math.floor(count / 2)]!) / 2,
  };
}

function near(actual: Record<string, number>, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected)) {
    ok(Math.abs(actual[name]! - value) <= 1e-9 * Math.abs(value), `${name} is ${actual[name]}, and should be ${value}`);
  }
}

Deno.test("image: tells headers with their units, and the statistics of data and overscan", async () => {
  await withFolder(async (folder) => {
    const path = await exposed(folder);
    const { code, out, err } = await run(["image", path, "--no-preview"]);
    deepStrictEqual([code, err], [0, ""]);
    match(
      out,
      /^.*test\.fits: 2,1\d\d,\d{3} bytes, 1 HDU\n\nhdu {2}kind {5}name {2}pixels {7}stored {12}checksums\n/,
    );
    match(
      out,
      /\n1 {4}primary {8}1056 × 1024 {2}16-bit, unsigned {2}right\n\nkeyword +value +unit\nOBJECT {4}Dome flat\n/,
    );
    match(
      out,
      /\nEXPTIME +0\.1\d* +s\n.*\nGAIN +\d\.\d+ +electron\/adu\nRDNOISE .*\nDATASEC +\[1:1024,1:1024\]\n/s,
    );
    match(
      out,
      /\nhdu {2}part {2}section +minimum {2}maximum +mean {2}median {2}std dev\n1 {4}data {2}.*\n1 {4}bias {2}\[1025:1056,1:1024\] .*\n$/,
    );
    const { hdus: [report] } = JSON.parse((await run(["image", path, "--json"])).out);
    near(report.data, await statisticsOf(path, 1, [1, 1024, 1, 1024]));
    near(report.bias, await statisticsOf(path, 1, [1025, 1056, 1, 1024]));
    const object = report.header.find(({ keyword }: { keyword: string }) => keyword === "OBJECT");
    deepStrictEqual([object.value, report.checksum, report.datasum], ["Dome flat", "right", "right"]);
  });
});

Deno.test("image: of several amplifiers it tells once what they share, and puts the preview together", async () => {
  await withFolder(async (folder) => {
    const path = await exposed(folder, { amplifiersX: 2, amplifiersY: 2 });
    const { out } = await run(["image", path]);
    match(out, /\nCCDSUM +1 1\nBUNIT +adu\nDATASEC +\[1:512,1:512\]\n/);
    match(
      out,
      /\nhdu {2}GAIN \[electron\/adu\] {2}RDNOISE \[electron\] {2}DETSEC\n2 .*\[1:512,1:512\]\n3 .*\[1024:513,1:512\]\n/,
    );
    strictEqual(out.match(/^\d {4}data /gm)?.length, 4);
    match(
      out,
      /\nHDUs 2 to 5 put together: black -?\d.* adu, white \d.* adu above the bias; a character is 12\.8 columns\n$/,
    );
    const only = await run(["image", path, "--hdu", "3"]);
    match(only.out, /\nHDU 3: black \d/);
    strictEqual(only.out.match(/^\d {4}data /gm)?.length, 1);
    deepStrictEqual(JSON.parse((await run(["image", path, "--hdu", "3", "--json"])).out).hdus[0].name, "im2");
  });
});

Deno.test("image: --verify fails where a checksum is wrong or missing; otherwise it is only told", async () => {
  await withFolder(async (folder) => {
    const path = await exposed(folder, { chip: { columns: 64, rows: 48 } });
    deepStrictEqual((await run(["image", path, "--verify"])).code, 0);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 2000]! ^= 1;
    const damaged = await write(`${folder}/damaged.fits`, bytes);
    const told = await run(["image", damaged]);
    deepStrictEqual([told.code, told.err], [0, ""]);
    match(told.out, /16-bit, unsigned {2}wrong: the data\n/);
    const verified = await run(["image", damaged, "--verify"]);
    deepStrictEqual([verified.code, verified.out], [1, told.out]);
    strictEqual(
      verified.err,
      "HDU 1: the data are not those of its DATASUM\nHDU 1: header and data do not add up to its CHECKSUM\n",
    );
    strictEqual(JSON.parse((await run(["image", damaged, "--json"])).out).hdus[0].datasum, "wrong");
    const without = await run(["image", await write(`${folder}/none.fits`, primary), "--verify"]);
    deepStrictEqual([without.code, without.err], [1, "HDU 1: there is no CHECKSUM\n"]);
  });
});

Deno.test("image: what cannot be read is told with the reason, and for scripts as JSON", async () => {
  await withFolder(async (folder) => {
    const whole = imageBytes([[1, 2], [3, 4]], false);
    const text = await write(`${folder}/notes.txt`, new TextEncoder().encode("It was a clear night."));
    const cut = await write(`${folder}/cut.fits`, whole.slice(0, 2882));
    const empty = await write(`${folder}/empty.fits`);
    const wrong: [words: string[], code: number, err: RegExp][] = [
      [[text], 1, /^Cannot read .*notes\.txt: not a FITS file: it begins with "It was a clear night/],
      [[cut], 1, /^Cannot read .*cut\.fits: the FITS file is cut off: it has 2,882 bytes/],
      [
        [await write(`${folder}/a.fits.gz`, Uint8Array.of(0x1f, 0x8b, 8))],
        1,
        /a\.fits\.gz: not a FITS file, but a compressed one: unpack it first, by gunzip\n$/,
      ],
      [[empty], 1, /^Cannot read .*empty\.fits: not a FITS file: it is empty\n$/],
      [[`${folder}/gone.fits`], 1, /^Cannot read .*gone\.fits: there is no such file\n$/],
      [[folder], 1, /^Cannot read .*: it is a folder; name a file in it\n$/],
      [[await write(`${folder}/a.fits`, whole), "--hdu", "2"], 2, /a\.fits has no HDU 2: it has 1 to 1\n$/],
      [[text, "--hdu", "0"], 2, /0 is not the number of an HDU: give a number from 1 /],
      [[text, "--width", "wide"], 2, /wide is not a width: give a number from 4 to 1000/],
    ];
    for (const [words, code, err] of wrong) {
      const failed = await run(["image", ...words]);
      match(failed.err, err);
      deepStrictEqual([failed.code, failed.out], [code, ""], words.join(" "));
    }
    const json = await run(["image", cut, "--json"]);
    deepStrictEqual([json.code, JSON.parse(json.err).error.code], [1, "command_failed"]);
  });
});

Deno.test("image: what is odd about a file is told, and it is read all the same", async () => {
  await withFolder(async (folder) => {
    const cards = [
      "QID     = 55700500000000071282",
      "DATASEC = '[2:1,1:2]'",
      "BIASSEC = '[1:3000,1:2]'",
      "TRIMSEC = 'all'",
    ];
    const whole = imageBytes([[1, 2], [3, 4]], false, cards);
    const path = await write(`${folder}/odd.fits`, whole.slice(0, 2880 + 8));
    const { code, out } = await run(["image", path]);
    strictEqual(code, 0);
    for (
      const note of [
        "HDU 1: the fill of its last block is missing, up to a multiple of 2,880 bytes; no data are",
        "HDU 1: DATASEC [2:1,1:2] runs backwards, and is passed over",
        "HDU 1: BIASSEC [1:3000,1:2] does not lie in the image of 2 × 2, and is passed over",
        "HDU 1: TRIMSEC all is no section, and is passed over",
      ]
    ) ok(out.includes(`${note}\n`), `${note}: ${out}`);
    const { out: json } = await run(["image", path, "--json"]);
    match(json, /\{"keyword":"QID","value":55700500000000071282\}/);
    strictEqual(JSON.parse(json).hdus[0].notes.length, 4);
  });
});

Deno.test("image: what a header says does not steer the terminal", async () => {
  await withFolder(async (folder) => {
    const escape = "\x1b[31m";
    const cards = [`OBJECT  = '${escape}red'`, `EXPTIME = 1.0 / [${escape}] seconds`];
    const path = await write(
      `${folder}/red.fits`,
      primary,
      imageBytes([[1]], true, [`EXTNAME = '${escape}'`, ...cards]),
    );
    const { out } = await run(["image", path]);
    strictEqual(out.includes("\x1b"), false);
    match(out, /OBJECT +\\u001b\[31mred\n/);
  });
});

Deno.test("image: pixels without a value are counted, and an image of nothing else has no statistics", async () => {
  await withFolder(async (folder) => {
    const floats = (...values: number[]) => {
      const view = new DataView(new ArrayBuffer(4 * values.length));
      values.forEach((value, index) => view.setFloat32(4 * index, value));
      const cards = ["BITPIX  = -32", "NAXIS   = 1", `NAXIS1  = ${values.length}`];
      return [cards, new Uint8Array(view.buffer)] as const;
    };
    const [cards, data] = floats(2, NaN, 4, Infinity, 8);
    const [empty, nothing] = floats(NaN, NaN);
    const extension = ["XTENSION= 'IMAGE   '", ...empty, "PCOUNT  = 0", "GCOUNT  = 1"];
    const path = await write(
      `${folder}/floats.fits`,
      hduBytes(["SIMPLE  =                    T", ...cards], data),
      hduBytes(extension, nothing),
    );
    const { out, code } = await run(["image", path]);
    strictEqual(code, 0);
    match(
      out,
      /\n1 {4}data {2}\[1:5,1:1\] {8}2 {8}8 {2}4\.67 {7}4 {5}2\.49\n2 pixels of HDU 1 have no value\n/,
    );
    const { hdus } = JSON.parse((await run(["image", path, "--json"])).out);
    near(hdus[0].data, expectedOf([2, NaN, 4, Infinity, 8]));
    strictEqual(hdus[1].data, null);
  });
});

Deno.test("image: the median is exact however many values there are and however they lie", async () => {
  const count = 2 ** 20 + 2 ** 18;
  let state = 1;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  const kinds: Record<string, (index: number) => number> = {
    "small integers": () => Math.floor(random() * 1000),
    "fractions beside a giant": (index) => index === 5 ? 1e300 : random(),
    "all of the doubles": () => (random() - 0.5) * 2 * Number.MAX_VALUE,
    "the smallest doubles": () => Math.floor(random() * 9) * Number.MIN_VALUE,
    "two values": (index) => index % 2,
    "one value": () => 7,
  };
  for (const [kind, value] of Object.entries(kinds)) {
    for (const length of [count, count + 1, 4]) {
      const values = Float64Array.from({ length }, (_, index) => value(index));
      const sum = new PixelSum();
      sum.add(values, 0, length);
      const median = await medianOf(sum.statistics!, (take) => Promise.resolve(take(values, 0, length)));
      const sorted = values.toSorted();
      strictEqual(median, (sorted[Math.floor((length - 1) / 2)]! + sorted[Math.floor(length / 2)]!) / 2, kind);
    }
  }
});

/** A picture of one image in plain characters, of black 0 and white 9. */
async function drawn(path: string, ...words: string[]): Promise<string[]> {
  const { out } = await run(["image", path, ...words]);
  const [, picture] = /std dev\n(?:\d.*\n)+\n([^]*)\nHDU.*\n$/.exec(out)!;
  return picture!.split("\n");
}

Deno.test("image: row 1 is at the bottom of the preview, and a character is twice as high as it is wide", async () => {
  await withFolder(async (folder) => {
    const rows = [[0, 0, 0, 9], [0, 0, 0, 9], [9, 9, 9, 9], [9, 9, 9, 9], [0, 0, 0, 0], [0, 0, 0, 0]];
    const path = await write(`${folder}/rows.fits`, imageBytes(rows, false));
    deepStrictEqual(await drawn(path), ["", "@@@@", "   @"]);
    deepStrictEqual(await drawn(path, "--width", "4"), ["", "@@@@", "   @"]);
    const large = Array.from({ length: 200 }, (_, row) => Array.from({ length: 400 }, (_, at) => (row + at) % 10));
    const wide = await write(`${folder}/wide.fits`, imageBytes(large, false));
    strictEqual((await drawn(wide)).length, 20);
    strictEqual((await drawn(wide, "--width", "40")).length, 10);
  });
});

Deno.test("image: parts are put where DETSEC says, turned round where it runs backwards", async () => {
  await withFolder(async (folder) => {
    // Each amplifier reads its own corner first, which is bright, and then an overscan column that is not shown.
    const corner = [[9, 0, 0, 0, 5], [9, 0, 0, 0, 5], [0, 0, 0, 0, 5], [0, 0, 0, 0, 5]];
    const part = (detector: string) => imageBytes(corner, true, ["DATASEC = '[1:4,1:4]'", `DETSEC  = '${detector}'`]);
    const path = await write(
      `${folder}/four.fits`,
      primary,
      ...["[1:4,1:4]", "[8:5,1:4]", "[1:4,8:5]", "[8:5,8:5]"].map(part),
    );
    deepStrictEqual(await drawn(path), ["@      @", "", "", "@      @"]);
    deepStrictEqual(await drawn(path, "--hdu", "5"), ["   @", ""]);
    const alone = await write(`${folder}/alone.fits`, primary, imageBytes(corner, true), part("[4:1,1:4]"));
    const { out } = await run(["image", alone]);
    match(out, /\nHDU 2: .*\n\n\n {3}@\nHDU 3: /, "without a place on the detector each is shown alone");
  });
});

Deno.test("image: binned images keep the detector's shape, and cells are averages", () => {
  const maker = new PreviewMaker([{
    data: { firstColumn: 1, lastColumn: 8, firstRow: 1, lastRow: 2 },
    place: { firstColumn: 1, lastColumn: 8, firstRow: 1, lastRow: 8 },
  }], { columns: 4, lines: 10 });
  const part = maker.part({
    data: { firstColumn: 1, lastColumn: 8, firstRow: 1, lastRow: 2 },
    place: { firstColumn: 1, lastColumn: 8, firstRow: 1, lastRow: 8 },
  });
  part.add(1, Float64Array.of(0, 0, 10, 20, 30, NaN, 50, 70), 0);
  part.add(2, Float64Array.of(60, 60, 60, 60, 60, 60, 60, 60), 0);
  part.end(0);
  const { shades, black, white } = maker.preview!;
  deepStrictEqual([black, white], [0, 60]);
  deepStrictEqual(shades.map((row) => [...row]), [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0.25, 0.5, 1], [0, 0.25, 0.5, 1]]);
});

Deno.test("image: with colour two cells are one character in 24-bit greys, and without none of it", async () => {
  const shades = [Float64Array.of(1, 1), Float64Array.of(0, 0.5)];
  strictEqual(
    drawPreview({ shades, black: 0, white: 1, scale: 1 }, true),
    "\x1b[38;2;255;255;255;48;2;0;0;0m▀\x1b[38;2;255;255;255;48;2;128;128;128m▀\x1b[0m\n",
  );
  await withFolder(async (folder) => {
    const path = await write(`${folder}/a.fits`, imageBytes([[0, 9], [9, 0]], false));
    match((await run(["image", path], { colour: true, terminal: true })).out, /38;2;255;255;255;48;2;0;0;0m▀/);
    // deno-lint-ignore no-control-regex -- an escape character is what is looked for
    strictEqual(/\x1b|▀/.test((await run(["image", path])).out), false);
  });
});
