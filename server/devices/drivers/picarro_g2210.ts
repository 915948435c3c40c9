/**
 * Picarro G2210-i cavity ring-down spectrometer, as PyOpticon's `PicarroCRDWidget` hears it.
 *
 * @module
 */

import { Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

function simulator(): Simulator {
  const noise = new Noise(2);
  return {
    commandEnd: "\r",
    answerEnd: "\r",
    answer: () => undefined,
    talk: {
      interval: 1,
      say: () =>
        ` < ${(2 + noise.normal(0.002)).toFixed(4)} ${(1.2 + noise.normal(0.001)).toFixed(4)} ` +
        `${(420 + noise.normal(0.2)).toFixed(3)} >`,
    },
  };
}

const part = (group: number) => ({ pattern: "^\\s*<\\s*(\\S+)\\s+(\\S+)\\s+(\\S+)\\s*>\\s*$", group });

/** Picarro G2210-i: serial, 19200 bits per second; it talks about once a second without being asked. */
export const picarroG2210: Driver = {
  address: "serial:///dev/ttyUSB0",
  probe: { ask: "", pattern: part(1).pattern },
  simulator,
  description: {
    summary: "Picarro G2210-i cavity ring-down spectrometer",
    line: { receiveEnd: "\r", serial: { baud: 19_200 } },
    fields: {
      "CH4 (ppm)": { unit: "ppm", decimals: 4, listen: part(1) },
      "H2O (vol %)": { unit: "vol %", decimals: 4, listen: part(2) },
      "CO2 (ppm)": { unit: "ppm", decimals: 4, listen: part(3) },
    },
  },
};
