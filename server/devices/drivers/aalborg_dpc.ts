/**
 * Aalborg DPC mass flow controller, as PyOpticon's `AalborgDPCWidget` drives it.
 *
 * @module
 */

import { FlowPhysics } from "../simulated/flow_physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const gases = { Ar: "1", H2: "13", CH4: "15", N2: "3", O2: "4" };
const modes = { Closed: "C", Setpoint: "A", Open: "O" };
const flow = { unit: "sccm", decimals: 1 } as const;

function simulator(): Simulator {
  const physics = new FlowPhysics(100, 10);
  let gas = 1;
  const names: Record<string, string> = Object.fromEntries(Object.entries(gases).map(([name, code]) => [code, name]));
  const codes: Record<string, string> = modes;
  return {
    commandEnd: "\r",
    answerEnd: "\r",
    step: (seconds) => physics.step(seconds),
    answer(command) {
      const [word, ...rest] = command.toUpperCase().split(",");
      switch (word) {
        case "G":
          if (rest[0] !== undefined && names[rest[0]] !== undefined) gas = Number(rest[0]);
          return rest.length > 0 ? undefined : `G:${gas},${names[gas]!.toUpperCase()}`;
        case "V": {
          const mode = Object.keys(codes).find((name) => codes[name] === rest[1]);
          if (mode !== undefined) physics.mode = mode;
          return rest.length === 1 ? `VM:${codes[physics.mode]}` : undefined;
        }
        case "SP":
          if (rest[0] !== undefined && Number.isFinite(Number(rest[0]))) physics.setpoint = Number(rest[0]);
          return rest.length > 0 ? undefined : `SP:${Number(physics.setpoint.toFixed(1))}`;
        case "FM":
          return `>${physics.measured().toFixed(1)}`;
        default:
          return undefined;
      }
    },
  };
}

/** Aalborg DPC mass flow controller: serial, 9600 bits per second. */
export const aalborgDpc: Driver = {
  address: "serial:///dev/ttyUSB0",
  // Its G could make another instrument go.
  probe: { ask: "FM", pattern: "^>\\s*[-+.\\d]+$" },
  simulator,
  description: {
    summary: "Aalborg DPC mass flow controller",
    line: { sendEnd: "\r", receiveEnd: "\r", gap: 0.1 },
    handshake: { ask: "G", pattern: "^G:\\d+," },
    fields: {
      "Gas Selection": {
        type: "choice",
        choices: gases,
        initial: "Ar",
        needsConfirm: true,
        write: "G,{value}",
        readback: { field: "Device Gas" },
      },
      "Mode Selection": {
        type: "choice",
        choices: modes,
        initial: "Closed",
        needsConfirm: true,
        write: "V,M,{value}",
        readback: { field: "Device Mode" },
      },
      "Setpoint Entry": {
        ...flow,
        minimum: 0,
        initial: 0,
        needsConfirm: true,
        write: "SP,{value:.2e}",
        readback: { field: "Device Setpoint", tolerance: 0.1 },
      },
      "Device Gas": { type: "choice", choices: gases, read: { ask: "G", pattern: "^G:(\\d+),", group: 1 } },
      "Device Mode": { type: "choice", choices: modes, read: { ask: "V,M", pattern: "^VM:([CAO])$" } },
      "Device Setpoint": { ...flow, read: { ask: "SP", pattern: "^SP:\\s*(\\S+)$" } },
      "Actual Flow": { ...flow, read: { ask: "FM", pattern: "^>\\s*(\\S+)$" } },
    },
  },
};
