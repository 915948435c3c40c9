import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import {
  type AmplifierReadout,
  amplifierReadouts,
  type DetectorFormat,
  usualConfiguration,
  wholeDetector,
} from "../../../server/camera/geometry.ts";
import { ChipExposure } from "../../../server/camera/simulated/chip.ts";
import {
  biasOf,
  type ChipProperties,
  defaultChip,
  gainOf,
  readNoiseOf,
  type Scene,
} from "../../../server/camera/simulated/chip_properties.ts";
import { type Star, starField } from "../../../server/camera/simulated/star_field.ts";

/** A chip without anything that a test does not ask for. */
const plain: ChipProperties = {
  ...defaultChip,
  columns: 200,
  rows: 200,
  gain: 1,
  readNoise: 0,
  bias: 1000,
  hotPixels: 0,
  responseSpread: 0,
  vignetting: 0,
  starsPerMegapixel: 0,
  cosmicRays: 0,
};

const bias: Scene = {
  frame: 1,
  light: "none",
  exposureSeconds: 0,
  darkSeconds: 0,
  temperature: -100,
  transmission: 1,
  blur: 3,
};

const sky: Scene = { ...bias, light: "sky", exposureSeconds: 10, darkSeconds: 10 };

interface Reading {
  configuration?: string;
  amplifiersX?: number;
  amplifiersY?: number;
  underscan?: number;
  overscan?: number;
  /** First column, last column, first row, last row. */
  part?: [number, number, number, number];
  binning?: number;
}

/** What the amplifiers read of a chip. */
function readouts(chip: ChipProperties, reading: Reading = {}): AmplifierReadout[] {
  const { amplifiersX = 1, amplifiersY = 1, underscan = 0, overscan = 0, binning = 1 } = reading;
  const format: DetectorFormat = {
    columns: chip.columns,
    rows: chip.rows,
    darkColumns: underscan,
    underscanColumns: underscan,
    overscanColumns: overscan,
    darkRows: underscan,
    underscanRows: underscan,
    overscanRows: overscan,
    frameTransferRows: 0,
  };
  const configuration = reading.configuration ?? usualConfiguration(amplifiersX, amplifiersY);
  const plane = { detectorsX: 1, detectorsY: 1, amplifiersX, amplifiersY, configuration };
  const { firstColumn, lastColumn, firstRow, lastRow } = wholeDetector(format);
  const part = reading.part ?? [firstColumn, lastColumn, firstRow, lastRow];
  return amplifierReadouts(format, plane, {
    firstColumn: part[0],
    lastColumn: part[1],
    firstRow: part[2],
    lastRow: part[3],
    columnBinning: binning,
    rowBinning: binning,
  });
}

/** The images of all amplifiers. */
function read(chip: ChipProperties, scene: Scene, reading: Reading = {}): Uint16Array[] {
  const exposure = new ChipExposure(chip, scene);
  return readouts(chip, reading).map((readout) => exposure.readOut(readout)!);
}

/** The image of the only amplifier. */
function readOne(chip: ChipProperties, scene: Scene, reading: Reading = {}): Uint16Array {
  const images = read(chip, scene, reading);
  strictEqual(images.length, 1);
  return images[0]!;
}

/** A pixel with its place on the detector; a binned one is in the middle of its pixels. */
interface Pixel {
  readonly column: number;
  readonly row: number;
  readonly value: number;
}

/** The data pixels of all amplifiers, without bias. */
function pixelsOf(chip: ChipProperties, scene: Scene, reading: Reading = {}): Pixel[] {
  const images = read(chip, scene, reading);
  return readouts(chip, reading).flatMap((readout, index) => {
    const pixels: Pixel[] = [];
    for (let y = 0; y < readout.dataRows; y++) {
      for (let x = 0; x < readout.dataColumns; x++) {
        const at = (y + readout.underscanRows) * readout.columns + readout.underscanColumns + x;
        pixels.push({
          column: readout.startColumn + readout.columnStep * ((x + 0.5) * readout.columnBinning - 0.5),
          row: readout.startRow + readout.rowStep * ((y + 0.5) * readout.rowBinning - 0.5),
          value: images[index]![at]! - biasOf(chip, readout.number),
        });
      }
    }
    return pixels;
  });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}

function variance(values: ArrayLike<number>): number {
  const middle = mean(values);
  return mean(Float64Array.from(values, (value) => (value - middle) ** 2));
}

function difference(one: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  return Float64Array.from(one, (value, index) => value - other[index]!);
}

/** How alike two images are, from 0 to 1. */
function correlation(one: ArrayLike<number>, other: ArrayLike<number>): number {
  const middleOfOne = mean(one);
  const middleOfOther = mean(other);
  const products = Float64Array.from(one, (value, index) => (value - middleOfOne) * (other[index]! - middleOfOther));
  return mean(products) / Math.sqrt(variance(one) * variance(other));
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, not ${expected} ± ${tolerance}`);
}

/** The chip with one star that is at least `margin` pixels inside, and none beside it. */
function withOneStar(chip: ChipProperties, rate: number, margin: number): { chip: ChipProperties; star: Star } {
  for (let seed = 1; seed < 5000; seed++) {
    const found = { ...chip, seed, starsPerMegapixel: 15, faintestStar: rate, brightestStar: rate };
    const within = (space: number) => ({ column, row }: Star) =>
      column > space && column <= chip.columns - space && row > space && row <= chip.rows - space;
    const stars = starField(found).filter(within(-60));
    if (stars.length === 1 && stars.every(within(margin))) return { chip: found, star: stars[0]! };
  }
  throw new Error("no seed has one star alone");
}

function centroid(pixels: readonly Pixel[], star: Star, radius: number): { column: number; row: number; sum: number } {
  const around = pixels.filter(({ column, row }) =>
    Math.abs(column - star.column) <= radius && Math.abs(row - star.row) <= radius
  );
  const sum = around.reduce((total, { value }) => total + value, 0);
  return {
    column: around.reduce((total, { column, value }) => total + column * value, 0) / sum,
    row: around.reduce((total, { row, value }) => total + row * value, 0) / sum,
    sum,
  };
}

Deno.test("chip: a bias frame has the bias and the read noise of its amplifier, and no pattern", () => {
  const chip: ChipProperties = {
    ...plain,
    columns: 400,
    rows: 400,
    gain: [1.7, 2.5],
    readNoise: [4.2, 9],
    bias: [1000, 1012.4],
  };
  const frames = read(chip, bias, { amplifiersX: 2 });
  strictEqual(frames.length, 2);
  frames.forEach((frame, index) => {
    const number = index + 1;
    near(mean(frame), biasOf(chip, number), 0.1, "bias");
    const expected = Math.sqrt((readNoiseOf(chip, number) / gainOf(chip, number)) ** 2 + 1 / 12);
    near(Math.sqrt(variance(frame)), expected, 0.02 * expected, "read noise");
    const rows = Array.from({ length: 400 }, (_, row) => mean(frame.subarray(row * 200, row * 200 + 200)));
    near(Math.sqrt(variance(rows)) * Math.sqrt(200), expected, 0.15 * expected, "scatter of the rows");
    const columns = Array.from({ length: 200 }, (_, column) => mean(frame.filter((_, at) => at % 200 === column)));
    near(Math.sqrt(variance(columns)) * Math.sqrt(400), expected, 0.2 * expected, "scatter of the columns");
  });
});

Deno.test("chip: read noise is normal out to four standard deviations", () => {
  const frame = readOne({ ...plain, columns: 500, rows: 500, readNoise: 100, bias: 1000 }, bias);
  const share = (deviations: number) =>
    frame.filter((value) => Math.abs(value - 1000) > deviations * 100).length / frame.length;
  near(share(1), 0.3173, 0.005, "beyond one");
  near(share(2), 0.0455, 0.002, "beyond two");
  near(share(3), 0.0027, 0.0005, "beyond three");
  near(share(4), 6.3e-5, 5e-5, "beyond four");
});

Deno.test("chip: underscan and overscan have the bias and no light", () => {
  const chip = { ...plain, readNoise: 4, gain: 1.5 };
  const reading = { underscan: 10, overscan: 20 };
  const [readout] = readouts(chip, reading);
  const frame = readOne(chip, { ...sky, light: "flat", exposureSeconds: 1 }, reading);
  strictEqual(frame.length, 230 * 230);
  const scan: number[] = [];
  const data: number[] = [];
  frame.forEach((value, at) => {
    const x = at % 230 - readout!.underscanColumns;
    const y = Math.floor(at / 230) - readout!.underscanRows;
    (x >= 0 && x < 200 && y >= 0 && y < 200 ? data : scan).push(value);
  });
  near(mean(scan), 1000, 0.1, "bias");
  near(Math.sqrt(variance(scan)), Math.hypot(4 / 1.5, Math.sqrt(1 / 12)), 0.06, "read noise");
  near(mean(data), 1000 + 8000 / 1.5, 3, "light");
});

Deno.test("chip: charge is Poisson's, exactly where there is little", () => {
  for (const expected of [0.1, 0.9, 3.3, 12.6, 24.9, 25.1, 400]) {
    const chip = { ...plain, columns: 400, rows: 400, darkCurrent: expected };
    const counts = Array.from(readOne(chip, { ...bias, darkSeconds: 1 }), (value) => value - 1000);
    const size = counts.length;
    near(mean(counts), expected, 4 * Math.sqrt(expected / size), "mean");
    const rounding = expected >= 25 ? 1 / 12 : 0;
    near(variance(counts), expected + rounding, 4 * (expected + 1) * Math.sqrt(2 / size), "variance");
    if (expected > 15) continue;
    let share = Math.exp(-expected);
    for (let count = 0; count < 20; share *= expected / ++count) {
      const found = counts.filter((value) => value === count).length / size;
      near(found, share, 4.5 * Math.sqrt(share / size), `the share of ${count} with a mean of ${expected}`);
    }
  }
});

Deno.test("chip: dark current doubles with the temperature and grows with the time", () => {
  const dark = (temperature: number, darkSeconds: number) =>
    mean(readOne(plain, { ...bias, temperature, darkSeconds })) - 1000;
  near(dark(-100, 10_000), 20, 0.1, "at the reference");
  near(dark(-93.5, 10_000), 40, 0.15, "6.5 K warmer");
  near(dark(-61, 1000), 2 * 2 ** 6, 0.3, "39 K warmer");
  near(dark(-61, 3000), 6 * 2 ** 6, 0.5, "three times as long");
  near(dark(-106.5, 10_000), 10, 0.1, "6.5 K colder");
});

Deno.test("chip: a few pixels are hot, at the same places in every frame", () => {
  const chip = { ...plain, columns: 400, rows: 400, hotPixels: 0.001 };
  const hot = (frame: number) => {
    const image = readOne(chip, { ...bias, frame, darkSeconds: 3600 });
    return [...image.keys()].filter((at) => image[at]! > 1000 + 7.2 * 30);
  };
  ok(hot(1).length > 100 && hot(1).length < 200, `${hot(1).length} of about 160`);
  deepStrictEqual(hot(1), hot(2));
  strictEqual(
    readOne({ ...chip, hotPixels: 0 }, { ...bias, darkSeconds: 3600 }).filter((value) => value > 1060).length,
    0,
  );
});

Deno.test("chip: pairs of flats tell the gain, at several levels, binned and for each amplifier", () => {
  const gain = [1.7, 2.4, 1.1, 3];
  const chip = { ...plain, columns: 400, rows: 400, responseSpread: 0.01, vignetting: 0.1, gain, readNoise: 5 };
  const readings: Reading[] = [{}, { binning: 2 }, { amplifiersX: 2, amplifiersY: 2 }];
  for (const reading of readings) {
    for (const seconds of [0.05, 0.5, reading.binning === 2 ? 2 : 5]) {
      const flat = { ...bias, light: "flat", exposureSeconds: seconds, darkSeconds: seconds } as const;
      const first = read(chip, { ...flat, frame: 1 }, reading);
      const second = read(chip, { ...flat, frame: 2 }, reading);
      first.forEach((image, index) => {
        const level = mean(image) - 1000;
        const noise = variance(difference(image, second[index]!)) / 2;
        const expected = gain[index]!;
        // 40,000 pairs of pixels tell the variance to 0.7 %.
        const found = level / (noise - (5 / expected) ** 2 - 1 / 12);
        near(found, expected, 0.02 * expected, `the gain of amplifier ${index + 1} at ${level} DN`);
      });
    }
  }
});

Deno.test("chip: a flat shows the pixels' response and the vignetting, the same in every frame", () => {
  const chip = { ...plain, columns: 300, rows: 300, responseSpread: 0.02, vignetting: 0.1, gain: 2 };
  const flat = { ...bias, light: "flat", exposureSeconds: 10, darkSeconds: 10 } as const;
  const image = Float64Array.from(readOne(chip, flat), (value) => value - 1000);
  const square = (left: number, bottom: number) =>
    mean(image.filter((_, at) => Math.abs(at % 300 - left) < 15 && Math.abs(Math.floor(at / 300) - bottom) < 15));
  near(square(150, 150), 40_000, 100, "the middle");
  for (const [left, bottom] of [[15, 15], [285, 15], [15, 285], [285, 285]] as const) {
    near(square(left, bottom), 40_000 * (1 - 0.1 * 0.9 ** 2), 100, "a corner");
  }
  const even = readOne({ ...chip, vignetting: 0 }, flat);
  near(Math.sqrt(variance(even)) / 40_000, Math.hypot(0.02, 1 / Math.sqrt(80_000)), 0.0005, "the response");
  ok(correlation(even, readOne({ ...chip, vignetting: 0 }, { ...flat, frame: 2 })) > 0.95);
  ok(Math.abs(correlation(even, readOne({ ...chip, vignetting: 0, seed: 2 }, flat))) < 0.02, "another chip differs");
});

Deno.test("chip: the filter's transmission scales the sky, stars included, but not the dark current", () => {
  const { chip, star } = withOneStar({ ...plain, darkCurrent: 5, skyRate: 20 }, 20_000, 30);
  const open = pixelsOf(chip, sky);
  const filtered = pixelsOf(chip, { ...sky, transmission: 0.3 });
  const background = (pixels: Pixel[]) =>
    mean(pixels.filter(({ column, row }) => Math.hypot(column - star.column, row - star.row) > 12).map((p) => p.value));
  near(background(open), 250, 0.6, "unfiltered");
  near(background(filtered), 60 + 50, 0.6, "filtered");
  const light = (pixels: Pixel[]) => centroid(pixels, star, 12).sum - 25 ** 2 * background(pixels);
  near(light(filtered) / light(open), 0.3, 0.01, "the star");
});

Deno.test("chip: stars are as wide as the blur, with all their light", () => {
  const alone = { ...plain, skyRate: 0, darkCurrent: 0, gain: 8, fullWell: 1e9 };
  const { chip, star } = withOneStar(alone, 100_000, 55);
  for (const blur of [1.5, 2.5, 4, 8, 16]) {
    const pixels = pixelsOf(chip, { ...sky, blur });
    const { sum, column, row } = centroid(pixels, star, 50);
    near(sum * 8, 1e6, 6000, `light with a blur of ${blur}`);
    near(column, star.column, 0.05, "column");
    near(row, star.row, 0.05, "row");
    const width = (place: (pixel: Pixel) => number) =>
      Math.sqrt(8 * Math.LN2 * pixels.reduce((total, pixel) => total + pixel.value * place(pixel) ** 2, 0) / sum);
    near(width((pixel) => pixel.column - column), blur, 0.1 * blur, "width");
    near(width((pixel) => pixel.row - row), blur, 0.1 * blur, "height");
    if (blur < 8) continue;
    const peak = 1e6 / 8 * (4 * Math.LN2) / (Math.PI * blur ** 2);
    const above = pixels.filter(({ value }) => value > peak / 2).length;
    near(Math.sqrt(above * 4 / Math.PI), blur, 0.05 * blur, "the disc above half of the peak");
  }
});

Deno.test("chip: a star is at its place on the detector, however it is read", () => {
  const { chip, star } = withOneStar({ ...plain, gain: 4, readNoise: 4, skyRate: 0, responseSpread: 0.01 }, 20_000, 40);
  const middleColumn = Math.round(star.column);
  const middleRow = Math.round(star.row);
  const readings: Reading[] = [
    ...["0", "1", "2", "3"].map((configuration) => ({ configuration })),
    ...["0", "1", "2", "3"].map((configuration) => ({ configuration, underscan: 4, overscan: 7 })),
    { configuration: "0123", amplifiersX: 2, amplifiersY: 2 },
    { configuration: "3210", amplifiersX: 2, amplifiersY: 2 },
    { part: [middleColumn - 20, middleColumn + 25, middleRow - 22, middleRow + 27] },
    { configuration: "3", part: [middleColumn - 20, middleColumn + 25, middleRow - 22, middleRow + 27] },
    { binning: 2 },
    { binning: 3, configuration: "3", overscan: 5 },
    { binning: 2, configuration: "0123", amplifiersX: 2, amplifiersY: 2 },
    { binning: 2, configuration: "1", part: [middleColumn - 31, middleColumn + 33, middleRow - 32, middleRow + 30] },
  ];
  for (const reading of readings) {
    const what = JSON.stringify(reading);
    const found = centroid(pixelsOf(chip, sky, reading), star, 15);
    near(found.column, star.column, 0.1, `column, ${what}`);
    near(found.row, star.row, 0.1, `row, ${what}`);
    near(found.sum, 50_000, 1000, `light, ${what}`);
  }
  // Once without the readout's own words: lower left first.
  const image = readOne(chip, sky);
  const brightest = image.indexOf(image.reduce((one, other) => Math.max(one, other)));
  near(brightest % chip.columns + 1, star.column, 1, "column");
  near(Math.floor(brightest / chip.columns) + 1, star.row, 1, "row");
});

Deno.test("chip: pixels keep their response and their heat, however they are read", () => {
  const chip = { ...plain, columns: 60, rows: 80, responseSpread: 0.05, hotPixels: 0.01, darkCurrent: 0.5 };
  const flat = { ...bias, light: "flat", exposureSeconds: 5, darkSeconds: 5 } as const;
  const image = (scene: Scene, reading: Reading) => {
    const values = new Float64Array(60 * 80);
    for (const { column, row, value } of pixelsOf(chip, scene, reading)) values[(row - 1) * 60 + column - 1] = value;
    return values;
  };
  const usual = image(flat, {});
  const dark = { ...bias, darkSeconds: 100 };
  for (const configuration of ["1", "2", "3", "0123"]) {
    const amplifiers = Math.sqrt(configuration.length);
    const reading = { configuration, amplifiersX: amplifiers, amplifiersY: amplifiers };
    ok(correlation(usual, image({ ...flat, frame: 2 }, reading)) > 0.98, `response, ${configuration}`);
    ok(correlation(image(dark, {}), image({ ...dark, frame: 2 }, reading)) > 0.99, `heat, ${configuration}`);
  }
});

Deno.test("chip: binning adds charge, and reads it with noise once", () => {
  const chip = { ...plain, readNoise: 10, gain: 1 };
  const dark = { ...bias, darkSeconds: 1 };
  const warm = { ...chip, darkCurrent: 30 };
  near(mean(readOne(warm, dark, { binning: 4 })) - 1000, 16 * 30, 3, "signal");
  near(variance(readOne(chip, bias, { binning: 4 })), 100, 12, "read noise");
  near(variance(readOne(warm, dark, { binning: 4 })), 100 + 16 * 30, 60, "with the light's");
  const full = { ...plain, darkCurrent: 1e6, gain: 2 };
  deepStrictEqual(new Set(readOne(full, dark)), new Set([51_000]), "one pixel is full");
  deepStrictEqual(new Set(readOne(full, dark, { binning: 2 })), new Set([65_535]), "four are too much to convert");
});

Deno.test("chip: values stay between 0 and 65535", () => {
  const low = readOne({ ...plain, bias: 2, readNoise: 5 }, bias);
  ok(low.filter((value) => value === 0).length > low.length / 4);
  ok(low.every((value) => value < 40));
  const high = readOne({ ...plain, bias: 65_530, readNoise: 5 }, bias);
  ok(high.filter((value) => value === 65_535).length > high.length / 20);
  ok(high.every((value) => value > 65_490));
});

Deno.test("chip: a bright star fills its pixels and bleeds along its columns, evenly, with all its charge", () => {
  const alone = { ...plain, gain: 4, skyRate: 10, rows: 300 };
  const { chip, star } = withOneStar(alone, 1_000_000, 90);
  const pixels = pixelsOf(chip, sky);
  const full = pixels.filter(({ value }) => value >= 25_000);
  ok(full.length > 80, "charge of a hundred full wells");
  ok(full.every(({ value }) => value === 25_000), "nothing has more than the full well");
  const reachAcross = Math.max(...full.map(({ column }) => Math.abs(column - star.column)));
  const above = Math.max(...full.map(({ row }) => row - star.row));
  const below = Math.max(...full.map(({ row }) => star.row - row));
  ok(reachAcross < 5, `it does not bleed across: ${reachAcross}`);
  ok(above > 7 && below > 7, `it bleeds along: ${above} up, ${below} down`);
  near(above, below, 1.5, "as far up as down");
  const total = pixels.reduce((sum, { value }) => sum + 4 * value, 0);
  near(total - 100 * pixels.length, 1e7, 2e4, "all its charge");
  const quarters = { configuration: "0123", amplifiersX: 2, amplifiersY: 2 };
  const same = pixelsOf(chip, sky, quarters).filter(({ value }) => value >= 25_000);
  near(same.length, full.length, 3, "four amplifiers see the same");
});

Deno.test("chip: stars that bleed into the same columns share their room", () => {
  const chip = { ...plain, columns: 40, rows: 500, gain: 20, skyRate: 10, starsPerMegapixel: 3000 };
  const crowded = { ...chip, faintestStar: 1e6, brightestStar: 1e6 };
  const total = (fullWell: number) =>
    pixelsOf({ ...crowded, fullWell }, sky).reduce((sum, { value }) => sum + value, 0);
  ok(readOne(crowded, sky).filter((value) => value === 6000).length > 4000, "more than a fifth of the pixels are full");
  // A few stars are near the edge at the top or the bottom, where charge leaves the chip.
  near(total(1e5) / total(1e9), 1, 0.02, "charge");
});

Deno.test("chip: a star too bright for the chip fills its columns to the edges, and no others", () => {
  const { chip, star } = withOneStar({ ...plain, gain: 4, skyRate: 10 }, 1e8, 60);
  const pixels = pixelsOf(chip, sky);
  for (const { column, row, value } of pixels) {
    const away = Math.abs(column - star.column);
    if (away < 3) ok(value === 25_000, `column ${column}, row ${row}: ${value}`);
    if (away > 10) ok(value < 60, `column ${column}, row ${row}: ${value}`);
  }
});

Deno.test("chip: a hot pixel fills but does not bleed, in the rows of a bright star neither", () => {
  const hot = { ...plain, gain: 4, skyRate: 10, hotPixels: 0.005, darkCurrent: 20 };
  const { chip, star } = withOneStar({ ...hot, hotPixelFactor: 1e8 }, 3e5, 60);
  const full = pixelsOf(chip, sky).filter(({ column, row, value }) =>
    value >= 25_000 && Math.hypot(column - star.column, row - star.row) > 20
  );
  near(full.length, 200, 60, "hot pixels that are full");
});

Deno.test("chip: a star near an edge is cut, not wrapped around", () => {
  const crowded = { ...plain, skyRate: 0, starsPerMegapixel: 400, faintestStar: 10_000, brightestStar: 10_000 };
  let cut = 0;
  for (let seed = 1; seed < 30; seed++) {
    const chip = { ...crowded, seed, columns: 64, rows: 64 };
    const stars = starField(chip);
    const pixels = pixelsOf(chip, { ...sky, blur: 4 });
    cut += stars.filter(({ column }) => column > -2 && column < 2).length;
    const far = pixels.filter(({ column, row }) =>
      stars.every((star) => Math.hypot(star.column - column, star.row - row) > 15)
    );
    ok(far.every(({ value }) => value < 10), "no light where no star is near");
  }
  ok(cut > 5, `${cut} stars were cut`);
});

Deno.test("chip: stars of all magnitudes, of which some saturate in ten seconds", () => {
  const stars = starField(defaultChip).filter(({ column, row }) =>
    column > 0.5 && column < 1024.5 && row > 0.5 && row < 1024.5
  );
  near(stars.length, 314, 60, "how many");
  ok(stars.every(({ rate }) => rate >= defaultChip.faintestStar && rate <= defaultChip.brightestStar));
  const brighter = stars.filter(({ rate }) => rate > 1000).length / stars.length;
  near(brighter, 10 ** -0.6, 0.08, "the share of those ten times as bright as the faintest");
  const image = readOne(defaultChip, sky);
  const saturated = image.filter((each) => each > 1000 + 100_000 / 1.7 - 20).length;
  ok(saturated > 20 && saturated < 5000, `${saturated} pixels are full`);
  const larger = starField({ ...defaultChip, columns: 2048 });
  ok(stars.every((star) => larger.some(({ column, row }) => column === star.column && row === star.row)));
});

Deno.test("chip: the same exposure is the same image, another frame has other noise under the same stars", () => {
  const chip = { ...defaultChip, columns: 150, rows: 120, seed: 7 };
  const reading = { amplifiersX: 2, overscan: 5 };
  const scene = { ...sky, darkSeconds: 2000 };
  deepStrictEqual(read(chip, scene, reading), read(chip, scene, reading));
  const other = read(chip, { ...scene, frame: 2 }, reading);
  notDeepStrictEqual(read(chip, scene, reading), other);
  const noise = (frame: number) => readOne({ ...plain, readNoise: 5 }, { ...bias, frame });
  ok(Math.abs(correlation(noise(1), noise(2))) < 0.02, "frames have nothing in common");
  const [left, right] = read({ ...plain, readNoise: 5 }, bias, { amplifiersX: 2 });
  ok(Math.abs(correlation(left!, right!)) < 0.03, "amplifiers have nothing in common");
});

Deno.test("chip: cosmic rays cross a long dark, and hardly a bias", () => {
  const chip = { ...defaultChip, hotPixels: 0 };
  /** The sizes of groups of touching pixels far above the noise. */
  const tracks = (scene: Scene) => {
    const image = readOne(chip, scene);
    const bright = new Set([...image.keys()].filter((at) => image[at]! > 1100));
    const sizes: number[] = [];
    for (const start of bright) {
      const open = [start];
      bright.delete(start);
      let size = 0;
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        size++;
        for (const step of [-1025, -1024, -1023, -1, 1, 1023, 1024, 1025]) {
          if (bright.delete(at + step)) open.push(at + step);
        }
      }
      sizes.push(size);
    }
    return sizes;
  };
  const dark = tracks({ ...bias, darkSeconds: 600 });
  ok(dark.length > 15 && dark.length < 60, `${dark.length} tracks`);
  const typical = dark.sort((one, other) => one - other)[dark.length >> 1]!;
  ok(typical >= 1 && typical <= 8, `most are short: ${typical}`);
  ok(dark.at(-1)! > 3 && dark.at(-1)! < 100, `the longest is a track: ${dark.at(-1)}`);
  strictEqual(tracks(bias).length, 0);
  const exposure = { ...bias, darkSeconds: 600 };
  const charge = readOne({ ...chip, darkCurrent: 0, readNoise: 0 }, exposure).reduce((sum, v) => sum + v - 1000, 0);
  near(charge * 1.7 / dark.length, 4500, 2500, "electrons of a track");
});

Deno.test("chip: the smallest chips and regions can be read", () => {
  const tiny = { ...defaultChip, columns: 1, rows: 1 };
  strictEqual(readOne(tiny, { ...sky, darkSeconds: 1e5 }).length, 1);
  strictEqual(readOne(tiny, bias, { underscan: 2, overscan: 3 }).length, 36);
  const chip = { ...defaultChip, columns: 50, rows: 40 };
  strictEqual(readOne(chip, sky, { part: [50, 50, 1, 40] }).length, 40);
  strictEqual(readOne(chip, sky, { part: [1, 50, 40, 40] }).length, 50);
  strictEqual(readOne(chip, sky, { part: [1, 50, 1, 40], binning: 40 }).length, 1);
  near(readOne({ ...plain, columns: 1, rows: 1, vignetting: 0.5 }, { ...sky, light: "flat" })[0]!, 65_535, 0, "light");
});

Deno.test("chip: an absurd scene saturates", () => {
  for (const scene of [{ ...sky, exposureSeconds: 1e300 }, { ...bias, darkSeconds: 10, temperature: 1e6 }]) {
    deepStrictEqual(new Set(readOne({ ...plain, gain: 2 }, scene)), new Set([51_000]));
  }
});

Deno.test("chip: a cancelled readout stops at the next row", () => {
  const exposure = new ChipExposure(plain, sky);
  const [readout] = readouts(plain, { overscan: 3 });
  let asked = 0;
  strictEqual(exposure.readOut(readout!, () => ++asked === 5), undefined);
  strictEqual(asked, 5);
  asked = 0;
  ok(exposure.readOut(readout!, () => ++asked < 0) instanceof Uint16Array);
  strictEqual(asked, 203);
});

Deno.test("chip: pixels that it does not have cannot be read", () => {
  const [readout] = readouts(plain);
  throws(
    () => new ChipExposure({ ...plain, rows: 100 }, bias).readOut(readout!),
    /^HeliographError: Cannot read amplifier 1: its pixels are not all on the chip of 200 columns and 100 rows$/,
  );
});

Deno.test("chip: amplifiers after the last of a list are like the last", () => {
  const chip = { ...plain, gain: [1.5, 2.5], readNoise: 3, bias: [] };
  deepStrictEqual([1, 2, 3, 9].map((number) => gainOf(chip, number)), [1.5, 2.5, 2.5, 2.5]);
  deepStrictEqual([1, 9].map((number) => readNoiseOf(chip, number)), [3, 3]);
  throws(() => biasOf(chip, 1), /Cannot tell the bias of amplifier 1: give the chip at least one$/);
});
