/**
 * A multimeter that speaks SCPI, whichever make.
 *
 * @module
 */

import { Noise } from "../simulated/physics.ts";
import { nr3, ScpiSimulator } from "../simulators/scpi.ts";
import type { Driver } from "./driver.ts";
import { scpiBad, scpiErrors } from "./scpi.ts";

const functions = {
  dc_voltage: "VOLT:DC",
  ac_voltage: "VOLT:AC",
  dc_current: "CURR:DC",
  ac_current: "CURR:AC",
  resistance: "RES",
};

function simulator(): ScpiSimulator {
  const noise = new Noise(20);
  const around = (value: number) => nr3(value + noise.normal(Math.abs(value) * 1e-4));
  return new ScpiSimulator("heliograph,simulated multimeter,0,1.0", () => {}, {
    "MEASure:VOLTage[:DC]?": () => around(5.0),
    "MEASure:VOLTage:AC?": () => around(0.01),
    "MEASure:CURRent[:DC]?": () => around(0.12),
    "MEASure:CURRent:AC?": () => around(0.001),
    // Nothing between its leads.
    "MEASure:RESistance?": () => "+9.90000000E+37",
    "SYSTem:BEEPer": () => {},
  });
}

/** A multimeter that speaks SCPI: TCP port 5025, or serial. */
export const scpiMultimeter: Driver = {
  address: "tcp://192.168.1.6:5025",
  probe: { ask: "*IDN?", pattern: "(?i:multimeter|dmm|,34(?:01|10|11|4[56])\\d*A|,DM\\d{3,4}|,2000|,SDM\\d)" },
  simulator,
  description: {
    summary: "SCPI multimeter",
    line: { timeout: 3 },
    handshake: { ask: "*IDN?", pattern: "^[^,]*,[^,]*,[^,]*,[^,]*$" },
    initialize: ["*CLS"],
    afterWrite: scpiErrors,
    fields: {
      "DC Voltage": { unit: "V", read: { ask: "MEAS:VOLT:DC?", bad: scpiBad } },
    },
    commands: {
      measure: {
        summary: "Measure once: volts, amperes or ohms",
        arguments: { function: { type: "choice", choices: functions } },
        ask: { ask: "MEAS:{function}?", bad: scpiBad },
        returns: { type: "float" },
      },
      identify: { summary: "Tell make, model, serial number and firmware", ask: "*IDN?", role: "observer" },
      beep: { summary: "Beep", send: "SYST:BEEP" },
    },
  },
};
