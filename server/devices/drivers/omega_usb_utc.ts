/**
 * Omega USB-UTC thermocouple adapter, as PyOpticon's `OmegaUSBUTCWidget` reads it.
 *
 * @module
 */

import { Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

function simulator(): Simulator {
  const noise = new Noise(1);
  return {
    commandEnd: "\r",
    answerEnd: "\r\n",
    answer: (command) => command === "C" ? `>${Math.round(24 + noise.normal(0.4))}` : undefined,
  };
}

/** Omega USB-UTC: serial, 38400 bits per second. */
export const omegaUsbUtc: Driver = {
  address: "serial:///dev/ttyUSB0",
  probe: { ask: "C", pattern: "^>\\s*[+-]?\\d+" },
  simulator,
  description: {
    summary: "Omega USB-UTC thermocouple",
    line: { sendEnd: "\r", receiveEnd: "\n", serial: { baud: 38_400 } },
    fields: {
      Temperature: {
        unit: "°C",
        decimals: 0,
        read: { ask: "C", pattern: "^>\\s*([+-]?\\d+(?:\\.\\d+)?)\\s*$" },
      },
    },
  },
};
