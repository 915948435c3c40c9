/**
 * The charge in a simulated CCD's pixels: its mean, blooming from full pixels, and cosmic rays.
 *
 * @module
 */

import { mixed, normalOf, pixelBits, PixelNoise } from "./chip_noise.ts";
import { type ChipProperties, darkCharge, lightCharge, type Scene } from "./chip_properties.ts";
import { starField, StarLight } from "./star_field.ts";

/** More than any pixel holds, and little enough to calculate with. */
const mostCharge = 1e12;

/** The mean charge of each pixel, from light and dark current. */
export class MeanCharge {
  /** The light of the stars, before the pixels' response; none where no sky is seen. */
  readonly stars: StarLight | undefined;
  /** What a pixel at the centre has without stars, in electrons. */
  readonly background: number;
  readonly #chip: ChipProperties;
  readonly #light: number;
  readonly #dark: number;
  /** How much of the light each column loses, as its distance from the centre has it. */
  readonly #loss: Float64Array;

  /**
   * Prepares what all rows share.
   *
   * @param chip Which chip.
   * @param scene What it sees.
   */
  constructor(chip: ChipProperties, scene: Scene) {
    this.#chip = chip;
    this.#light = Math.min(mostCharge, lightCharge(chip, scene));
    this.#dark = Math.min(mostCharge, darkCharge(chip, scene));
    this.background = this.#light + this.#dark;
    this.#loss = Float64Array.from({ length: chip.columns }, (_, index) => lossAt(chip, index + 1, chip.columns));
    const seconds = scene.exposureSeconds * scene.transmission;
    if (scene.light === "sky" && seconds > 0) this.stars = new StarLight(starField(chip), scene.blur, seconds);
  }

  /**
   * Writes the mean charge of a part of a row.
   *
   * @param row Which row, from 1.
   * @param low The first column, from 1: that of `line[0]`.
   * @param high The last column.
   * @param line What to write to, in electrons.
   */
  fill(row: number, low: number, high: number, line: Float64Array): void {
    line.fill(this.#light, 0, high - low + 1);
    this.stars?.addTo(row, low, high, line);
    if (this.background === 0 && this.stars === undefined) return;
    const { seed, rows, responseSpread, hotPixels } = this.#chip;
    const dark = this.#dark;
    const loss = this.#loss;
    const first = mixed(seed, row, 1);
    const second = mixed(seed, row, 2);
    const left = 1 - lossAt(this.#chip, row, rows);
    const hot = hotPixels * 2 ** 21;
    for (let column = low; column <= high; column++) {
      // 11 bits are the response to light, the others tell whether it is hot.
      const bits = pixelBits(column, first, second);
      const response = (1 + responseSpread * normalOf(bits)) * (left - loss[column - 1]!);
      const heat = (bits >>> 11) < hot ? this.#heat(pixelBits(column, second, first)) : 1;
      line[column - low] = line[column - low]! * response + dark * heat;
    }
  }

  /** The dark current of a hot pixel, in multiples of the usual one: all magnitudes are equally likely. */
  #heat(bits: number): number {
    return this.#chip.hotPixelFactor ** ((1 + bits / 4294967296) / 2);
  }
}

/** One axis' part of the vignetting: the corners lose the most, with the square of the distance from the centre. */
function lossAt({ vignetting }: ChipProperties, position: number, size: number): number {
  return vignetting / 2 * ((2 * position - 1 - size) / size) ** 2;
}

/** Charge in single pixels, by rows. */
export class Deposits {
  /** For each row that has some, column and electrons in turn. */
  readonly #rows: number[][] = [];
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds charge to a pixel.
   *
   * @param column The pixel's column, from 1.
   * @param row Its row, from 1.
   * @param electrons How much.
   */
  add(column: number, row: number, electrons: number): void {
    (this.#rows[row] ??= []).push(column, electrons);
    this.#count++;
  }

  /**
   * Adds the charge of a part of a row to it.
   *
   * @param row Which row, from 1.
   * @param low The first column, from 1: that of `line[0]`.
   * @param high The last column.
   * @param line What to add to, in electrons.
   */
  addTo(row: number, low: number, high: number, line: Float64Array): void {
    const deposits = this.#rows[row];
    if (deposits === undefined) return;
    for (let index = 0; index < deposits.length; index += 2) {
      const column = deposits[index]!;
      if (column >= low && column <= high) line[column - low]! += deposits[index + 1]!;
    }
  }
}

/** The charge of stars beyond the full well in the pixels of a column: row by row, upwards. */
interface Overflow {
  readonly row: number;
  readonly electrons: number;
}

/** Nobody's exposure fills the memory: with more than this, the chip is white anyway. */
const mostDeposits = 2 ** 20;

/**
 * Lets what the stars have beyond the full well run up and down its column, half of it each way, until there is room for
 * it; what comes to the edge of the chip is lost.
 *
 * @param chip Which chip.
 * @param charge Its mean charge.
 * @param deposits Where the charge goes that runs over.
 */
export function bleed(chip: ChipProperties, charge: MeanCharge, deposits: Deposits): void {
  const { rows, fullWell } = chip;
  // A background that almost fills the pixels leaves no room to run to.
  if (charge.stars === undefined || charge.background > 0.9 * fullWell) return;
  for (const [column, overflows] of overflowingColumns(chip, charge, charge.stars)) {
    const taken = new Map<number, number>();
    const mean = new Float64Array(1);
    const take = (row: number, electrons: number): number => {
      charge.fill(row, column, column, mean);
      const before = taken.get(row) ?? 0;
      const room = Math.max(0, fullWell - mean[0]! - before);
      // A pixel that is filled has the full well exactly, whatever its noise.
      taken.set(row, electrons < room ? before + electrons : fullWell);
      return Math.min(electrons, room);
    };
    run(overflows, 1, rows, take);
    run(overflows.toReversed(), -1, 1, take);
    for (const [row, electrons] of taken) deposits.add(column, row, electrons);
    if (deposits.count > mostDeposits) return;
  }
}

/** Carries half of each overflow on in one direction. @param take Puts charge into a row, and tells how much fits. */
function run(
  overflows: readonly Overflow[],
  step: 1 | -1,
  last: number,
  take: (row: number, electrons: number) => number,
): void {
  let carried = 0;
  overflows.forEach(({ row, electrons }, index) => {
    carried += electrons / 2;
    const end = overflows[index + 1]?.row ?? last + step;
    for (let next = row + step; next !== end && carried > 1; next += step) carried -= take(next, carried);
  });
}

/** The columns in which stars have more than the full well. */
function overflowingColumns(
  { columns, rows, fullWell }: ChipProperties,
  charge: MeanCharge,
  stars: StarLight,
): Map<number, Overflow[]> {
  const found = new Map<number, Overflow[]>();
  const mean = new Float64Array(columns);
  const light = new Float64Array(columns);
  // A quarter, so that neighbours which overflow only together are found too.
  for (const row of stars.brightRows((fullWell - charge.background) / 4, rows)) {
    charge.fill(row, 1, columns, mean);
    stars.addTo(row, 1, columns, light.fill(0));
    for (let index = 0; index < columns; index++) {
      // Of the stars only: a hot pixel just fills.
      const electrons = Math.min(mean[index]! - fullWell, light[index]!);
      if (electrons <= 1) continue;
      const overflows = found.get(index + 1);
      if (overflows === undefined) found.set(index + 1, [{ row, electrons }]);
      else overflows.push({ row, electrons });
    }
  }
  return found;
}

/** Electrons that a particle sets free on each µm of its way through silicon. */
const electronsPerMicrometre = 80;

/** The depth of the silicon that collects charge, in µm. */
const depth = 15;

/** The longest track, in pixels; most have a few. */
const longestTrack = 60;

/** Nobody's exposure fills the memory with tracks either. */
const mostTracks = 50_000;

/**
 * Lets cosmic rays cross the chip: straight tracks, most of them of a few pixels.
 *
 * @param chip Which chip.
 * @param scene How long charge collects, in which frame.
 * @param deposits Where their charge goes.
 */
export function hitByCosmicRays(chip: ChipProperties, scene: Scene, deposits: Deposits): void {
  const noise = new PixelNoise(chip.seed, 0xc05, scene.frame);
  const area = chip.columns * chip.rows * (chip.pixelSize / 1e4) ** 2;
  const count = Math.min(mostTracks, Math.round(noise.poisson(chip.cosmicRays * area * scene.darkSeconds / 60)));
  for (let ray = 0; ray < count; ray++) addTrack(chip, noise, deposits);
}

function addTrack({ columns, rows, pixelSize }: ChipProperties, noise: PixelNoise, deposits: Deposits): void {
  const exponential = () => -Math.log(1 - noise.uniform());
  const column = 0.5 + noise.uniform() * columns;
  const row = 0.5 + noise.uniform() * rows;
  const direction = 2 * Math.PI * noise.uniform();
  const length = Math.min(longestTrack, 3 * exponential());
  // Most particles lose a little less than the mean energy, some far more, as Landau found.
  const energy = 0.7 + 0.3 * exponential();
  const electrons = electronsPerMicrometre * Math.hypot(depth, length * pixelSize) * energy;
  const pieces = Math.ceil(length * 4) + 1;
  for (let piece = 0; piece < pieces; piece++) {
    const way = length * piece / pieces;
    const x = Math.floor(column + way * Math.cos(direction) + 0.5);
    const y = Math.floor(row + way * Math.sin(direction) + 0.5);
    if (x >= 1 && x <= columns && y >= 1 && y <= rows) deposits.add(x, y, electrons / pieces);
  }
}
