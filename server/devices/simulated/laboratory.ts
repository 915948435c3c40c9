/**
 * The instruments of PyOpticon's demo dashboard, simulated under the names and fields its scripts use.
 *
 * @module
 */

import { defineInstrument } from "../../bench/define_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { GasChromatograph, type ReactorGas, sensitivities, type Sensitivity } from "./gas_chromatograph.ts";
import { flowModes as modes, FlowPhysics } from "./flow_physics.ts";
import { follow, Noise } from "./physics.ts";

const flow = { type: "float", unit: "sccm", decimals: 1 } as const;

/** The fields that both makes of mass flow controller have, in PyOpticon's words. */
function flowFields(physics: FlowPhysics) {
  return {
    "Mode Selection": {
      type: "choice",
      choices: modes,
      initial: "Closed",
      needsConfirm: true,
      readback: { field: "Device Mode" },
      write: (mode: string) => void (physics.mode = mode),
    },
    "Setpoint Entry": {
      ...flow,
      minimum: 0,
      maximum: physics.fullScale,
      initial: 0,
      needsConfirm: true,
      readback: { field: "Device Setpoint", tolerance: 0.1 },
      write: (setpoint: number) => void (physics.setpoint = setpoint),
    },
    "Device Mode": { type: "choice", choices: modes, read: () => physics.mode },
    "Device Setpoint": { ...flow, read: () => physics.setpoint },
    "Actual Flow": { ...flow, read: () => physics.measured() },
  } as const;
}

/**
 * An Aalborg DPC mass flow controller, as PyOpticon's `AalborgDPCWidget` shows it.
 *
 * @param title Its title, for example `Methane MFC`.
 * @param seed The seed of its noise.
 * @returns The instrument and the flow it lets through now, in sccm.
 */
export function simulatedAalborg(title: string, seed: number): { instrument: Instrument; flow: () => number } {
  const physics = new FlowPhysics(100, seed);
  let gas = "Ar";
  const gases = ["Ar", "H2", "CH4", "N2", "O2"];
  const instrument = defineInstrument({
    title,
    summary: "Aalborg DPC mass flow controller (simulated)",
    main: ["Actual Flow"],
    fields: {
      "Gas Selection": {
        type: "choice",
        choices: gases,
        initial: gas,
        needsConfirm: true,
        readback: { field: "Device Gas" },
        write: (selected) => void (gas = selected),
      },
      ...flowFields(physics),
      "Device Gas": { type: "choice", choices: gases, read: () => gas },
    },
    step: (seconds) => physics.step(seconds),
  });
  return { instrument, flow: () => physics.flow };
}

/**
 * One channel of an MKS 946 with a mass flow controller, as PyOpticon's `MksMFCWidget` shows it.
 *
 * @param title Its title, for example `Argon MFC`.
 * @param seed The seed of its noise.
 */
export function simulatedMks(title: string, seed: number): Instrument {
  const physics = new FlowPhysics(200, seed);
  let scaleFactor = 1;
  return defineInstrument({
    title,
    summary: "MKS 946 mass flow controller channel (simulated)",
    main: ["Actual Flow"],
    fields: {
      "Scale Factor Entry": {
        type: "float",
        decimals: 2,
        minimum: 0.01,
        maximum: 10,
        initial: scaleFactor,
        needsConfirm: true,
        readback: { field: "Device Scale Factor", tolerance: 0.01 },
        write: (factor) => void (scaleFactor = factor),
      },
      ...flowFields(physics),
      "Device Scale Factor": { type: "float", decimals: 2, read: () => scaleFactor },
    },
    step: (seconds) => physics.step(seconds),
  });
}

/**
 * An ultraviolet lamp on an IoT relay, as PyOpticon's `IotRelayWidget` shows it.
 *
 * @returns The instrument and whether the lamp burns now.
 */
export function simulatedLight(): { instrument: Instrument; lit: () => boolean } {
  let lit = false;
  const positions = ["Off", "On"];
  const instrument = defineInstrument({
    title: "UV Light",
    summary: "ultraviolet lamp on an IoT relay (simulated)",
    main: ["Actual Status"],
    fields: {
      "Status Selection": {
        type: "choice",
        choices: positions,
        initial: "Off",
        needsConfirm: true,
        readback: { field: "Actual Status" },
        write: (selected) => void (lit = selected === "On"),
      },
      "Actual Status": { type: "choice", choices: positions, read: () => lit ? "On" : "Off" },
    },
  });
  return { instrument, lit: () => lit };
}

/**
 * An Omega USB-UTC thermocouple in a reactor that the lamp warms, as PyOpticon's `OmegaUSBUTCWidget` shows it.
 *
 * @param lit Whether the lamp burns.
 */
export function simulatedThermocouple(lit: () => boolean): Instrument {
  const noise = new Noise(1);
  let temperature = 24;
  return defineInstrument({
    title: "Reactor TC",
    caption: "Reactor Thermocouple",
    summary: "Omega USB-UTC thermocouple in the reactor (simulated)",
    fields: {
      Temperature: { type: "float", unit: "°C", decimals: 0, read: () => temperature + noise.normal(0.1) },
    },
    step: (seconds) => void (temperature = follow(temperature, lit() ? 38 : 24, 60, seconds)),
  });
}

/**
 * A Picarro G2210-i spectrometer behind the reactor, as PyOpticon's `PicarroCRDWidget` shows it.
 *
 * The lamp oxidises a part of the methane that flows in.
 *
 * @param methaneFlow The methane flow in sccm.
 * @param lit Whether the lamp burns.
 * @returns The instrument and what it is fed now, in ppm.
 */
export function simulatedPicarro(
  methaneFlow: () => number,
  lit: () => boolean,
): { instrument: Instrument; gas: () => ReactorGas } {
  const noise = new Noise(2);
  let methane = 2;
  let carbonDioxide = 420;
  const parts = { type: "float", unit: "ppm", decimals: 4 } as const;
  const instrument = defineInstrument({
    title: "Picarro",
    summary: "Picarro G2210-i cavity ring-down spectrometer (simulated)",
    main: ["CH4 (ppm)", "CO2 (ppm)"],
    fields: {
      "CH4 (ppm)": {
        ...parts,
        alarm: {
          high: 20,
          deadband: 2,
          severity: "medium",
          text: "Lower the setpoint of the Methane MFC, or close it",
        },
        read: () => Math.max(0, methane + noise.normal(0.002)),
      },
      "CO2 (ppm)": { ...parts, read: () => carbonDioxide + noise.normal(0.2) },
      "H2O (vol %)": { type: "float", unit: "vol %", decimals: 4, read: () => 1.2 + noise.normal(0.001) },
    },
    step: (seconds) => {
      const fed = 2 + methaneFlow() * 0.3;
      const oxidised = lit() ? 0.2 * fed : 0;
      methane = follow(methane, fed - oxidised, 8, seconds);
      carbonDioxide = follow(carbonDioxide, 420 + oxidised, 8, seconds);
    },
  });
  return { instrument, gas: () => ({ methane, carbonDioxide }) };
}

/**
 * An SRI gas chromatograph with a flame ionisation detector behind the reactor, as PyOpticon's
 * `SRIGasChromatographFIDWidget` shows it: the last line of the file that the chromatograph's own program writes.
 *
 * @param gas What it is fed, in ppm.
 */
export function simulatedChromatograph(gas: () => ReactorGas): Instrument {
  const chromatograph = new GasChromatograph(gas);
  const parts = { type: "float", unit: "ppm", decimals: 1 } as const;
  return defineInstrument({
    title: "GC FID",
    summary: "SRI gas chromatograph with a flame ionisation detector (simulated)",
    pollInterval: 3,
    main: ["CH4 (ppm)", "CO2 (ppm)"],
    fields: {
      "GC Logfile": { type: "text", initial: "simulated.res", access: "readout", log: false },
      Sensitivity: {
        type: "choice",
        choices: sensitivities,
        initial: sensitivities[0],
        write: (selected) => void (chromatograph.sensitivity = selected as Sensitivity),
      },
      "CH4 (ppm)": { ...parts, read: () => chromatograph.concentrations().methane },
      "CO2 (ppm)": { ...parts, read: () => chromatograph.concentrations().carbonDioxide },
    },
    step: (seconds) => chromatograph.step(seconds),
  });
}
