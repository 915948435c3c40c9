/**
 * A gas chromatograph: it takes a sample, and writes the areas of the peaks when that has run through.
 *
 * @module
 */

import { Noise } from "./physics.ts";

/** What a sample holds, in ppm. */
export interface ReactorGas {
  readonly methane: number;
  readonly carbonDioxide: number;
}

/** How far the detector's signal is amplified; with each stands how many ppm an area of 1 is, as on PyOpticon's demo. */
const calibrations = { Low: 0.1, Medium: 0.05, High: 0.01 } as const;

/** The detector's sensitivity. */
export type Sensitivity = keyof typeof calibrations;

/** All sensitivities. */
export const sensitivities = ["Low", "Medium", "High"] as const satisfies readonly Sensitivity[];

/** The time that a sample takes from the valve to the detector, in seconds. */
const scanSeconds = 30;

/** The noise of a peak's area. */
const areaNoise = 2;

/** The chromatograph and the file of its program, of which the last line is kept. */
export class GasChromatograph {
  /** The sensitivity that the areas are written with, and read with. */
  sensitivity: Sensitivity = "Low";
  readonly #gas: () => ReactorGas;
  readonly #noise = new Noise(3);
  #sample: ReactorGas;
  #running = 0;
  /** What the last line says, before its areas are multiplied by a calibration. */
  #line: ReactorGas;

  /** Makes it, with a line of what it is fed at first. @param gas What it is fed. */
  constructor(gas: () => ReactorGas) {
    this.#gas = gas;
    this.#sample = gas();
    this.#line = this.#scan();
  }

  /** Lets time pass. @param seconds How much. */
  step(seconds: number): void {
    for (this.#running += seconds; this.#running >= scanSeconds; this.#running -= scanSeconds) {
      this.#line = this.#scan();
      this.#sample = this.#gas();
    }
  }

  /** What the last line says of the gases, in ppm. */
  concentrations(): ReactorGas {
    return this.#line;
  }

  #scan(): ReactorGas {
    const calibration = calibrations[this.sensitivity];
    const measured = (part: number) => {
      const area = Math.max(0, Math.round(part / calibration + this.#noise.normal(areaNoise)));
      return Number((area * calibration).toFixed(1));
    };
    return { methane: measured(this.#sample.methane), carbonDioxide: measured(this.#sample.carbonDioxide) };
  }
}
