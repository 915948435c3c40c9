/**
 * One channel of an MKS 946 with a mass flow controller, as PyOpticon's `MksMFCWidget` drives it.
 *
 * @module
 */

import { FlowPhysics } from "../simulated/flow_physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const modes = { Closed: "CLOSE", Setpoint: "SETPOINT", Open: "OPEN" };
const flow = { unit: "sccm", decimals: 1 } as const;

/** A number as an MKS 946 writes it, `8.01E+01`. */
function scientific(value: number): string {
  return value.toExponential(2).replace(/e([+-])(\d)$/, "e$10$2").toUpperCase();
}

function simulator(): Simulator {
  const channels = new Map(
    ["A1", "A2", "B1", "B2", "C1", "C2"].map((name, index) => [name, {
      physics: new FlowPhysics(200, 11 + index),
      scale: 1,
    }]),
  );
  const codes: Record<string, string> = modes;
  const set = (channel: { physics: FlowPhysics; scale: number }, code: string, value: string) => {
    const number = Number(value);
    const mode = Object.keys(codes).find((name) => codes[name] === value.toUpperCase());
    if (code === "QMD" && mode !== undefined) channel.physics.mode = mode;
    else if (code === "QSP" && Number.isFinite(number)) channel.physics.setpoint = number;
    else if (code === "QSF" && Number.isFinite(number)) channel.scale = number;
    else return false;
    return true;
  };
  return {
    commandEnd: ";FF",
    answerEnd: ";FF",
    step(seconds) {
      for (const { physics } of channels.values()) physics.step(seconds);
    },
    answer(command) {
      const match = /^@(\d{3})(QSF|QMD|QSP|FR)([ABC][12])(?:(\?)|!(.+))$/i.exec(command);
      // Another device of the same line, or nothing that it understands.
      if (match === null || match[1] !== "001") return command.startsWith("@001") ? "@001NAK160" : undefined;
      const [, , code = "", name = "", question, value = ""] = match;
      const channel = channels.get(name.toUpperCase())!;
      if (question === undefined) return set(channel, code.toUpperCase(), value) ? `@001ACK${value}` : "@001NAK169";
      const { physics, scale } = channel;
      const answers: Record<string, string> = {
        QSF: scientific(scale),
        QMD: codes[physics.mode]!,
        QSP: scientific(physics.setpoint),
        FR: scientific(physics.measured()),
      };
      return `@001ACK${answers[code.toUpperCase()]}`;
    },
  };
}

/** A question about the channel, whose answer may carry a `>`. */
function ask(code: string, value = "(\\S+)") {
  return { ask: `@{device}${code}{channel}?;FF`, pattern: `^\\s*@{device}ACK>?${value}$` };
}

/** A setting of the channel; the manual promises an answer, which older firmware may not give. */
function set(code: string, place: string) {
  return { send: `@{device}${code}{channel}!${place};FF`, answer: "^\\s*@{device}ACK", answerIsOptional: true };
}

/** One channel of an MKS 946: serial, 9600 bits per second; several channels share the port. */
export const mks946: Driver = {
  address: "serial:///dev/ttyUSB0",
  // What others were asked before ends at the first ;FF.
  probe: { ask: ";FF@{device}QSF{channel}?;FF", pattern: "^\\s*@{device}ACK" },
  simulator,
  description: {
    summary: "MKS 946 mass flow controller channel",
    parameters: {
      channel: { summary: "the channel", pattern: "[A-C][12]", default: "A1" },
      device: { summary: "the address on the line", pattern: "\\d{3}", default: "001" },
    },
    line: { sendEnd: "\r", receiveEnd: ";FF" },
    handshake: { ask: "@{device}QSF{channel}?;FF", pattern: "^\\s*@{device}ACK" },
    fields: {
      "Scale Factor Entry": {
        decimals: 2,
        minimum: 0.01,
        maximum: 10,
        initial: 1,
        needsConfirm: true,
        write: set("QSF", "{value:.2f}"),
        readback: { field: "Device Scale Factor", tolerance: 0.01 },
      },
      "Mode Selection": {
        type: "choice",
        choices: modes,
        initial: "Closed",
        needsConfirm: true,
        write: set("QMD", "{value}"),
        readback: { field: "Device Mode" },
      },
      "Setpoint Entry": {
        ...flow,
        minimum: 0,
        initial: 0,
        needsConfirm: true,
        write: set("QSP", "{value:.2e}"),
        readback: { field: "Device Setpoint", tolerance: 0.1 },
      },
      "Device Scale Factor": { decimals: 2, read: ask("QSF") },
      "Device Mode": { type: "choice", choices: modes, read: ask("QMD", "([A-Z]+)") },
      "Device Setpoint": { ...flow, read: ask("QSP") },
      "Actual Flow": { ...flow, read: ask("FR") },
    },
  },
};
