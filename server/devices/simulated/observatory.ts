/**
 * azcam's `tempcon` and `telescope` tools, simulated.
 *
 * @module
 */

import { defineInstrument } from "../../bench/define_instrument.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { tempconCommands, TemperatureCorrections } from "./azcam_tempcon.ts";
import { azcamToolCommands } from "./azcam_tool.ts";
import { CryostatPhysics } from "./cryostat_physics.ts";
import { focusCommands } from "./focus_commands.ts";
import { Mover, Noise } from "./physics.ts";

/**
 * A cryostat with its temperature controller: azcam's `tempcon`, with the sensors camtemp and dewtemp.
 *
 * @param title What people call it.
 */
export function simulatedTempcon(title = "tempcon"): Instrument {
  const noise = new Noise(3);
  const limits = { type: "float", unit: "°C", minimum: -200, maximum: 50 } as const;
  const cryostat = new CryostatPhysics();
  const corrections = new TemperatureCorrections();
  const sensor = (name: string, temperature: () => number) => ({
    type: "float" as const,
    unit: "°C",
    decimals: 2,
    // Two decimals, as a Cryo-con answers.
    read: () => Math.round(corrections.apply(name, temperature() + noise.normal(0.02)) * 100) / 100,
  });
  const tempcon: Instrument = defineInstrument({
    title,
    summary: "cryostat temperature controller (simulated)",
    main: ["camtemp", "dewtemp"],
    fields: {
      camtemp: { ...sensor("camtemp", () => cryostat.detector), summary: "detector temperature", keyword: "CAMTEMP" },
      dewtemp: { ...sensor("dewtemp", () => cryostat.finger), summary: "cold finger temperature", keyword: "DEWTEMP" },
      control_temperature: {
        ...limits,
        decimals: 2,
        summary: "the set point",
        keyword: "SETTEMP",
        initial: cryostat.control,
        read: () => cryostat.control,
        write: (value) => void (cryostat.control = value),
      },
    },
    commands: () => tempconCommands(() => tempcon, limits, corrections),
    step: (seconds) => cryostat.step(seconds),
  });
  return tempcon;
}

/** A telescope with a focus: azcam's `telescope`. @param title What people call it. */
export function simulatedTelescope(title = "telescope"): Instrument {
  const focus = new Mover(1200, 400);
  const telescope: Instrument = defineInstrument({
    title,
    summary: "telescope focus (simulated)",
    main: ["focus"],
    fields: {
      focus: {
        type: "float",
        minimum: 0,
        maximum: 3000,
        decimals: 1,
        initial: 1200,
        summary: "the telescope's focus position",
        keyword: "TELFOCUS",
        read: () => focus.position,
        write: (position, signal) => focus.moveTo(position, signal),
      },
    },
    commands: {
      ...focusCommands(focus, 0, 3000),
      ...azcamToolCommands(() => {}, () => telescope),
    },
    step: (seconds) => focus.step(seconds),
  });
  return telescope;
}
