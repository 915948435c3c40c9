/**
 * A power supply with one output that speaks SCPI, whichever make.
 *
 * @module
 */

import { nr3, scpiNumber, ScpiSimulator, scpiSwitch } from "../simulators/scpi.ts";
import type { Driver } from "./driver.ts";
import { scpiBad, scpiErrors } from "./scpi.ts";

/** The load of the simulated one, in ohms. */
const load = 10;

function simulator(): ScpiSimulator {
  let voltage = 0;
  let current = 1;
  let on = false;
  const output = () => on ? Math.min(voltage, current * load) : 0;
  const reset = () => {
    voltage = 0;
    current = 1;
    on = false;
  };
  return new ScpiSimulator("heliograph,simulated power supply,0,1.0", reset, {
    "[SOURce:]VOLTage[:LEVel]": (text) => void (voltage = scpiNumber(text, 0, 30)),
    "[SOURce:]VOLTage[:LEVel]?": () => nr3(voltage),
    "[SOURce:]CURRent[:LEVel]": (text) => void (current = scpiNumber(text, 0, 5)),
    "[SOURce:]CURRent[:LEVel]?": () => nr3(current),
    "OUTPut[:STATe]": (text) => void (on = scpiSwitch(text)),
    "OUTPut[:STATe]?": () => on ? "1" : "0",
    "MEASure:VOLTage[:DC]?": () => nr3(output()),
    "MEASure:CURRent[:DC]?": () => nr3(output() / load),
  });
}

/** A power supply that speaks SCPI: TCP port 5025, or serial. */
export const scpiPowerSupply: Driver = {
  address: "tcp://192.168.1.7:5025",
  probe: {
    ask: "*IDN?",
    pattern: "(?i:power.?supply|,E36\\d\\dA|,DP[78]\\d|,PWS\\d|,HM[CP]\\d|,SPD\\d|,22\\d\\d[GB]?-)",
  },
  simulator,
  description: {
    summary: "SCPI power supply",
    handshake: { ask: "*IDN?", pattern: "^[^,]*,[^,]*,[^,]*,[^,]*$" },
    initialize: ["*CLS"],
    afterWrite: scpiErrors,
    fields: {
      // While the output is off, or the load takes what the current limit allows, it is not what is set: that is what a
      // readback is for. The current has none, since the load decides on it.
      Voltage: {
        unit: "V",
        decimals: 3,
        minimum: 0,
        read: "SOUR:VOLT?",
        write: "SOUR:VOLT {value:.4f}",
        readback: { field: "Measured Voltage", tolerance: 0.1, within: 5 },
      },
      "Current Limit": { unit: "A", decimals: 3, minimum: 0, read: "SOUR:CURR?", write: "SOUR:CURR {value:.4f}" },
      Output: { type: "switch", read: "OUTP?", write: "OUTP {value}" },
      "Measured Voltage": { unit: "V", decimals: 3, read: { ask: "MEAS:VOLT?", bad: scpiBad } },
      "Measured Current": { unit: "A", decimals: 3, read: { ask: "MEAS:CURR?", bad: scpiBad } },
    },
    commands: {
      off: { summary: "Switch the output off, before everything that waits", send: "OUTP 0", stop: true },
      reset: {
        summary: "Go back to the factory settings, with the output off",
        send: "*RST",
        confirm: "All that was set is lost.",
      },
      identify: { summary: "Tell make, model, serial number and firmware", ask: "*IDN?", role: "observer" },
    },
  },
};
