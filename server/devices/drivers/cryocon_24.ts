/**
 * Cryo-con 24 temperature controller, as azcam's `tempcon` drives it.
 *
 * @module
 */

import { tempconCommands, TemperatureCorrections } from "../simulated/azcam_tempcon.ts";
import { CryostatPhysics } from "../simulated/cryostat_physics.ts";
import { Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

function simulator(): Simulator {
  const cryostat = new CryostatPhysics();
  const noise = new Noise(3);
  const sensors: Record<string, () => number> = { A: () => cryostat.detector, B: () => cryostat.finger };
  return {
    commandEnd: ";",
    // A line end ends a message, as IEEE 488.2 has it.
    otherEnds: ["\n"],
    answerEnd: "\r\n",
    step: (seconds) => cryostat.step(seconds),
    answer(command) {
      const words = command.toUpperCase();
      if (words === "*IDN?") return "Cryo-con Model 24 Rev 5.19";
      const input = /^INPUT\?? ([A-D])$/.exec(words);
      if (input !== null) {
        const temperature = sensors[input[1]!];
        return temperature === undefined ? "-------" : (temperature() + noise.normal(0.02)).toFixed(2);
      }
      const setpoint = /^LOOP 1:SETPT (\S+)$/.exec(words);
      if (setpoint !== null && Number.isFinite(Number(setpoint[1]))) cryostat.control = Number(setpoint[1]);
      if (/^CONT(?:ROL)?$/.test(words)) cryostat.heating = true;
      if (words === "STOP") cryostat.heating = false;
      return undefined;
    },
  };
}

const sensor = (parameter: string, summary: string, keyword: string) => ({
  keyword,
  unit: "°C",
  decimals: 2,
  summary,
  read: { ask: `INPUT? {${parameter}}`, bad: { "-------": "no sensor", ".......": "the sensor is out of its range" } },
});

/** The limits of the control temperature unless the bench file has others. */
const limits = { type: "float", unit: "°C", minimum: -200, maximum: 50 } as const;

/** Cryo-con 24: UDP, port 5001, one above its TCP port, which speaks the same. */
export const cryocon24: Driver = {
  address: "udp://192.168.1.5:5001",
  simulator,
  commands: (instrument, correct) => {
    const corrections = new TemperatureCorrections();
    correct((field, value) => corrections.apply(field, value));
    return tempconCommands(instrument, { type: limits.type, unit: limits.unit }, corrections);
  },
  description: {
    summary: "Cryo-con 24 temperature controller",
    parameters: {
      camera: { summary: "the detector's sensor", pattern: "[A-D]", default: "A" },
      dewar: { summary: "the cold finger's sensor", pattern: "[A-D]", default: "B" },
    },
    line: { sendEnd: ";", receiveEnd: "\n" },
    handshake: { ask: "*IDN?", pattern: "(?i:cryo-?con)" },
    initialize: ["input {camera}:units C", "input {dewar}:units C"],
    fields: {
      camtemp: sensor("camera", "detector temperature", "CAMTEMP"),
      dewtemp: sensor("dewar", "cold finger temperature", "DEWTEMP"),
      control_temperature: { ...limits, decimals: 2, summary: "the set point", write: "Loop 1:SETPT {value}" },
    },
    commands: {
      start_control: {
        summary: "Hold the control temperature by the detector's sensor",
        send: ["LOOP 1:TYPE PID", "LOOP 1:SOURCE {camera}", "CONTrol"],
      },
      stop_control: { summary: "Switch the heater off", send: "STOP", stop: true },
    },
  },
};
