/**
 * The built-in demo bench: PyOpticon's demo dashboard and azcam's tools, all simulated.
 *
 * @module
 */

import { version } from "../protocol/version.ts";
import type { Instrument } from "./instruments/instrument.ts";
import { azcamParameters, simulatedExposure } from "./instruments/simulated/exposure.ts";
import {
  simulatedAalborg,
  simulatedLight,
  simulatedMks,
  simulatedPicarro,
  simulatedThermocouple,
} from "./instruments/simulated/laboratory.ts";
import { simulatedInstrument, simulatedTelescope, simulatedTempcon } from "./instruments/simulated/observatory.ts";

/**
 * Makes the demo bench's instruments, each with its physics at rest. The same ones behave the same on every run.
 *
 * @returns Instruments for one bench: `Reactor TC`, `Methane MFC`, `Argon MFC`, `Oxygen MFC`, `UV Light`, `Picarro`,
 * and azcam's `exposure`, `tempcon`, `instrument`, `telescope` and `parameters`.
 */
export function demoInstruments(): Instrument[] {
  const { instrument: light, lit } = simulatedLight();
  const { instrument: methane, flow } = simulatedAalborg("Methane MFC", 10);
  return [
    simulatedThermocouple(lit),
    methane,
    simulatedMks("Argon MFC", 11),
    simulatedMks("Oxygen MFC", 12),
    light,
    simulatedPicarro(flow, lit),
    simulatedExposure(),
    simulatedTempcon(),
    simulatedInstrument(),
    simulatedTelescope(),
    azcamParameters({ version, systemname: "sim" }),
  ];
}
