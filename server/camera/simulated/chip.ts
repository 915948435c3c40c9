/**
 * A simulated CCD: makes the pixels that its amplifiers read after an exposure.
 *
 * @module
 */

import type { AmplifierReadout } from "../geometry.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { bleed, Deposits, hitByCosmicRays, MeanCharge } from "./chip_charge.ts";
import { PixelNoise } from "./chip_noise.ts";
import { biasOf, type ChipProperties, gainOf, readNoiseOf, type Scene } from "./chip_properties.ts";

/** The largest number that the converter makes, in DN. */
const mostCounts = 65535;

/** What a chip has collected while its shutter was open once. */
interface Layer {
  readonly charge: MeanCharge;
  readonly deposits: Deposits;
  /** How many rows it was shifted towards row 1. */
  readonly shift: number;
}

/**
 * A chip after an exposure. What belongs to a pixel (its response, its dark current, the sky above it, and in each frame
 * the cosmic rays) is there whatever is read, and how.
 */
export class ChipExposure {
  readonly #chip: ChipProperties;
  readonly #frame: number;
  readonly #layers: readonly Layer[];

  /**
   * Exposes the chip: finds its stars, its cosmic rays, and what runs over.
   *
   * @param chip The chip.
   * @param scenes What it sees, once or several times before it is read out; the last one's frame is that of the noise.
   */
  constructor(chip: ChipProperties, ...scenes: readonly Scene[]) {
    this.#chip = chip;
    this.#frame = scenes.at(-1)?.frame ?? 0;
    this.#layers = scenes.map((scene) => {
      const charge = new MeanCharge(chip, scene);
      const deposits = new Deposits();
      hitByCosmicRays(chip, scene, deposits);
      bleed(chip, charge, deposits);
      return { charge, deposits, shift: scene.shift ?? 0 };
    });
  }

  /**
   * Reads the image of one amplifier.
   *
   * @param amplifier What it reads.
   * @param cancelled Asked before each row of the image whether to give up.
   * @returns The image in DN, in the order in which it is read, with underscan and overscan; nothing where it was
   * cancelled.
   * @throws {HeliographError} `out_of_limits` where the chip does not have the pixels.
   */
  readOut(amplifier: AmplifierReadout, cancelled?: () => boolean): Uint16Array<ArrayBuffer> | undefined {
    this.#check(amplifier);
    const { number, columns, rows, underscanColumns, dataColumns, underscanRows, dataRows } = amplifier;
    const { seed } = this.#chip;
    const image = new Uint16Array(columns * rows);
    const noise = new PixelNoise();
    const line = new Float64Array(dataColumns * amplifier.columnBinning);
    const layer = new Float64Array(line.length);
    // All of a row, for which there is charge only in the middle.
    const charge = new Float64Array(columns);
    const data = charge.subarray(underscanColumns, underscanColumns + dataColumns);
    for (let row = 0; row < rows; row++) {
      if (cancelled?.() === true) return undefined;
      noise.seed(seed, this.#frame, number, row);
      data.fill(0);
      const dataRow = row - underscanRows;
      if (dataRow >= 0 && dataRow < dataRows) this.#collect(amplifier, dataRow, noise, line, layer, data);
      this.#convert(number, charge, noise, image.subarray(row * columns, (row + 1) * columns));
    }
    return image;
  }

  /** Adds up the charge of the pixels that make a row of the image. */
  #collect(
    { startColumn, startRow, columnStep, rowStep, columnBinning, rowBinning }: AmplifierReadout,
    dataRow: number,
    noise: PixelNoise,
    line: Float64Array,
    layer: Float64Array,
    data: Float64Array,
  ): void {
    const { fullWell, rows } = this.#chip;
    const last = startColumn + columnStep * (line.length - 1);
    const low = Math.min(startColumn, last);
    const high = Math.max(startColumn, last);
    for (let binned = 0; binned < rowBinning; binned++) {
      const row = startRow + rowStep * (dataRow * rowBinning + binned);
      line.fill(0);
      // What was collected further up has been shifted to this row; above the last row nothing was.
      const here = this.#layers.filter(({ shift }) => row + shift >= 1 && row + shift <= rows);
      for (const { charge, shift } of here) {
        charge.fill(row + shift, low, high, layer);
        for (let index = 0; index < line.length; index++) line[index]! += layer[index]!;
      }
      for (let index = 0; index < line.length; index++) line[index] = noise.poisson(line[index]!);
      for (const { deposits, shift } of here) deposits.addTo(row + shift, low, high, line);
      let index = startColumn - low;
      for (let column = 0; column < data.length; column++) {
        let sum = 0;
        for (let each = 0; each < columnBinning; each++, index += columnStep) sum += Math.min(line[index]!, fullWell);
        data[column]! += sum;
      }
    }
  }

  /** Converts a row's charge to DN, with read noise. */
  #convert(number: number, charge: Float64Array, noise: PixelNoise, image: Uint16Array): void {
    const bias = biasOf(this.#chip, number);
    const gain = gainOf(this.#chip, number);
    const readNoise = readNoiseOf(this.#chip, number);
    const perElectron = 1 / gain;
    const spread = readNoise / gain;
    for (let index = 0; index < charge.length; index++) {
      // The array cuts the fraction off, which is far faster than Math.round.
      const counts = bias + 0.5 + charge[index]! * perElectron + spread * noise.normal();
      image[index] = Math.min(mostCounts, Math.max(0, counts));
    }
  }

  #check(amplifier: AmplifierReadout): void {
    const { columns, rows } = this.#chip;
    const { number, startColumn, columnStep, dataColumns, columnBinning } = amplifier;
    const { startRow, rowStep, dataRows, rowBinning } = amplifier;
    const within = (start: number, step: number, count: number, size: number) => {
      const last = start + step * (count - 1);
      return Math.min(start, last) >= 1 && Math.max(start, last) <= size;
    };
    const fits = within(startColumn, columnStep, dataColumns * columnBinning, columns) &&
      within(startRow, rowStep, dataRows * rowBinning, rows);
    if (fits) return;
    throw new HeliographError(
      "out_of_limits",
      `Cannot read amplifier ${number}: its pixels are not all on the chip of ${columns} columns and ${rows} rows`,
    );
  }
}
