/**
 * The built-in demo bench: PyOpticon's demo dashboard and azcam's tools, all simulated.
 *
 * @module
 */

import { version } from "../../protocol/version.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { GuardsWords } from "../guards/guards_schema.ts";
import { azcamParameters } from "../camera/parameters.ts";
import { simulatedCamera, type SimulatedCameraOptions } from "../camera/simulated/camera.ts";
import {
  simulatedAalborg,
  simulatedChromatograph,
  simulatedLight,
  simulatedMks,
  simulatedPicarro,
  simulatedThermocouple,
} from "../devices/simulated/laboratory.ts";
import { simulatedTelescope, simulatedTempcon } from "../devices/simulated/observatory.ts";
import { simulatedController } from "../devices/simulated/simulated_controller.ts";
import { simulatedInstrument } from "../devices/simulated/simulated_instrument.ts";

/**
 * Makes the demo bench's instruments, each with its physics at rest. The same ones behave the same on every run.
 *
 * @example
 * ```ts
 * import { CommandServer, demoInstruments } from "@heliograph/heliograph";
 *
 * await using server = new CommandServer({ port: 0, instruments: demoInstruments() });
 * console.log(await server.command("instrument.get_filter")); // OK r
 * ```
 *
 * @param options What of it can be chosen.
 * @returns Instruments for one bench: `Reactor TC`, `Methane MFC`, `Argon MFC`, `Oxygen MFC`, `UV Light`, `Picarro`,
 * `GC FID`, and azcam's `exposure`, `controller`, `tempcon`, `instrument`, `telescope` and `parameters`.
 */
export function demoInstruments({ camera = {}, hostName }: {
  /** What the camera is like; without `imageFolders` it takes no exposures. */
  readonly camera?: SimulatedCameraOptions;
  /** The PC's name, which azcam's parameter `hostname` tells. @default unknown */
  readonly hostName?: string | undefined;
} = {}): Instrument[] {
  const { instrument: light, lit } = simulatedLight();
  const { instrument: methane, flow } = simulatedAalborg("Methane MFC", 10);
  const { instrument: picarro, gas } = simulatedPicarro(flow, lit);
  return [
    simulatedThermocouple(lit),
    methane,
    simulatedMks("Argon MFC", 11),
    simulatedMks("Oxygen MFC", 12),
    light,
    picarro,
    simulatedChromatograph(gas),
    simulatedCamera({ software: `heliograph ${version}`, ...camera }),
    simulatedController(),
    simulatedTempcon(),
    simulatedInstrument(),
    simulatedTelescope(),
    azcamParameters({
      fixed: {
        version,
        systemname: camera.systemName ?? "sim",
        ...(hostName === undefined ? {} : { hostname: hostName }),
        ...(camera.imageFolders?.[0] === undefined ? {} : { wd: camera.imageFolders[0] }),
      },
      folders: camera.imageFolders ?? [],
    }),
  ];
}

/**
 * The guards of the demo bench, in the words of a bench file. Nothing trips by itself: it takes methane and oxygen at once,
 * or more methane than the Picarro's alarm limit allows.
 */
export const demoGuards: GuardsWords = {
  interlocks: {
    "Methane and oxygen": {
      summary: "Both together explode: where both flow, the oxygen is closed until somebody resets this",
      when: "methane_mfc.actual_flow > 5.0 && oxygen_mfc.actual_flow > 5.0",
      until: "oxygen_mfc.actual_flow < 1.0",
      latched: true,
      forbids: ["oxygen_mfc"],
      trips: [{ set: "oxygen_mfc.mode_selection", to: "Closed" }],
    },
  },
  safeState: [
    { set: "oxygen_mfc.mode_selection", to: "Closed" },
    { set: "methane_mfc.mode_selection", to: "Closed" },
    { set: "uv_light.status_selection", to: "Off" },
  ],
};
