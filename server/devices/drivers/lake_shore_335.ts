/**
 * Lake Shore 335 temperature controller: both sensors, and one of its two heater outputs.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import { CommonEvents } from "../simulators/common_events.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";
import { eventErrors } from "./scpi.ts";

const ranges = { Off: "0", Low: "1", Medium: "2", High: "3" };
const modes = { "Off": "0", "Closed loop": "1", "Zone": "2", "Open loop": "3", "Monitor": "4", "Warmup": "5" };
/** What `RDGST?` adds up, in the sums that occur. */
const sensorStates = {
  "Good": "0",
  "Invalid reading": "1",
  "Temperature under range": "16",
  "Temperature over range": "32",
  "Sensor at zero": "64",
  "Under range, sensor at zero": "80",
  "Sensor over range": "128",
  "Over range, sensor over range": "160",
};
const noReading = "no reading: its sensor's status says why";
const noReadings = Object.fromEntries(["0", "T.OVER", "T.UNDER", "S.OVER", "S.UNDER"].map((key) => [key, noReading]));

/** A number as this maker writes it: `+077.350`. */
function signed(value: number, whole: number, decimals: number): string {
  const digits = Math.abs(value).toFixed(decimals).padStart(whole + 1 + decimals, "0");
  return `${value < 0 ? "-" : "+"}${digits}`;
}

/** What it cools to by itself, in kelvins. */
const coldest = 70;

interface Output {
  setpoint: number;
  range: number;
  mode: string;
  manual: number;
  pid: number[];
  ramping: number;
  rate: number;
}

/** Something cold with a heater, whose second sensor is left open. */
class Cryostat implements Simulator {
  readonly commandEnd = "\n";
  readonly answerEnd = "\r\n";
  readonly #events = new CommonEvents();
  readonly #noise = new Noise(335);
  readonly #outputs: readonly Output[] = [1, 2].map(() => ({
    setpoint: 77,
    range: 0,
    mode: "1,1,0",
    manual: 0,
    pid: [50, 20, 0],
    ramping: 0,
    rate: 10,
  }));
  #temperature = 77;

  step(seconds: number): void {
    const [{ setpoint, range, manual, mode }] = this.#outputs as [Output];
    const asked = mode.startsWith("3") ? coldest + manual : Math.max(setpoint, coldest);
    const target = range > 0 ? asked : coldest;
    this.#temperature = follow(this.#temperature, target, range > 0 ? 5 : 60, seconds);
  }

  answer(command: string): string | undefined {
    return this.#events.answer(command, (other) => this.#own(other));
  }

  #own(command: string): string | undefined {
    const [, word = "", query, text = ""] = /^([A-Z*]+)(\?)?\s*(.*)$/.exec(command.toUpperCase()) ?? [];
    const [first = "", ...rest] = text.split(",").map((part) => part.trim());
    if (word === "*IDN") return "LSCI,MODEL335,3350001/3350002,2.2";
    if (/^(?:KRDG|CRDG|SRDG|RDGST)$/.test(word) && query) return this.#input(word, first);
    const output = this.#outputs[Number(first) - 1];
    if (output === undefined) throw new RangeError();
    return query === undefined ? this.#set(output, word, rest) : this.#ask(output, word);
  }

  #input(word: string, input: string): string {
    if (input !== "A" && input !== "B") throw new RangeError();
    const open = input === "B";
    if (word === "RDGST") return open ? "128" : "000";
    if (open) return word === "SRDG" ? "+9999.9" : "+000.000";
    const kelvin = this.#temperature + this.#noise.normal(0.005);
    return signed(word === "CRDG" ? kelvin - 273.15 : word === "SRDG" ? 1.5 - kelvin / 300 : kelvin, 3, 3);
  }

  #ask(output: Output, word: string): string | undefined {
    switch (word) {
      case "SETP":
        return signed(output.setpoint, 3, 3);
      case "RANGE":
        return String(output.range);
      case "HTR":
        return signed(output.range === 0 ? 0 : Math.min(100, output.setpoint / 5), 3, 1);
      case "HTRST":
        return "0";
      case "MOUT":
        return signed(output.manual, 3, 2);
      case "OUTMODE":
        return output.mode;
      case "PID":
        return output.pid.map((part) => signed(part, 4, 1)).join(",");
      case "RAMP":
        return `${output.ramping},${signed(output.rate, 3, 1)}`;
      case "RAMPST":
        return "0";
      default:
        throw new SyntaxError();
    }
  }

  #set(output: Output, word: string, texts: readonly string[]): undefined {
    const limits: Record<string, readonly (readonly [number, number])[]> = {
      SETP: [[0, 2000]],
      RANGE: [[0, 3]],
      MOUT: [[0, 100]],
      OUTMODE: [[0, 5], [0, 2], [0, 1]],
      PID: [[0.1, 1000], [0.1, 1000], [0, 200]],
      RAMP: [[0, 1], [0.1, 100]],
    };
    const known = limits[word];
    if (known === undefined || texts.length !== known.length) throw new SyntaxError();
    const numbers = texts.map(Number);
    if (!numbers.every((number, at) => number >= known[at]![0] && number <= known[at]![1])) throw new RangeError();
    const [first = 0, second = 0] = numbers;
    if (word === "SETP") output.setpoint = first;
    else if (word === "RANGE") output.range = first;
    else if (word === "MOUT") output.manual = first;
    else if (word === "OUTMODE") output.mode = numbers.join(",");
    else if (word === "PID") output.pid = numbers;
    else [output.ramping, output.rate] = [first, second];
  }
}

/** The gains of the control loop, which are told and set together. */
const gain = { decimals: 1, poll: 5 } as const;
const gains = (group: number) => ({ ask: "PID? {output}", pattern: "^([^,]+),([^,]+),([^,]+)$", group });
const setGains = "PID {output},{p:.1f},{i:.1f},{d:.1f}";

const sensor = (input: string) => ({
  [`Temperature ${input}`]: {
    unit: "K",
    decimals: 3,
    keyword: `TEMP${input}`,
    summary: `the sensor at input ${input}`,
    read: { ask: `KRDG? ${input}`, bad: noReadings },
  },
  [`Sensor ${input}`]: {
    type: "choice",
    choices: sensorStates,
    read: { ask: `RDGST? ${input}`, pattern: "^(\\d{1,3})$" },
  },
} as const);

/** Lake Shore 335: USB as a serial port, 57600 bits per second, 7 bits, odd parity; or GPIB. */
export const lakeShore335: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Cryostat(),
  description: {
    summary: "Lake Shore 335 temperature controller",
    parameters: { output: { summary: "the heater's output", pattern: "[12]", default: "1" } },
    line: { sendEnd: "\n", receiveEnd: "\n", gap: 0.05, serial: { baud: 57_600, dataBits: 7, parity: "odd" } },
    handshake: { ask: "*IDN?", pattern: "^LSCI,MODEL335," },
    initialize: ["*CLS"],
    afterWrite: eventErrors,
    fields: {
      ...sensor("A"),
      ...sensor("B"),
      // No sensor is a readback of it: the temperature follows in minutes or hours, or along a ramp.
      "Setpoint": {
        unit: "K",
        decimals: 3,
        minimum: 0,
        read: "SETP? {output}",
        write: "SETP {output},{value:.4f}",
      },
      "Heater Range": {
        type: "choice",
        choices: ranges,
        read: { ask: "RANGE? {output}", pattern: "^([0-3])$" },
        write: "RANGE {output},{value}",
      },
      "Heater": { unit: "%", decimals: 1, summary: "of the range's full current or power", read: "HTR? {output}" },
      "Heater State": {
        type: "choice",
        choices: { "Good": "0", "Open load": "1", "Short circuit": "2" },
        read: { ask: "HTRST? {output}", pattern: "^([0-2])$" },
      },
      "Manual Output": {
        unit: "%",
        decimals: 2,
        minimum: 0,
        maximum: 100,
        read: "MOUT? {output}",
        write: "MOUT {output},{value:.2f}",
      },
      "Mode": {
        type: "choice",
        choices: modes,
        read: { ask: "OUTMODE? {output}", pattern: "^([0-5]),\\d,\\d$" },
      },
      "P": { ...gain, minimum: 0.1, maximum: 1000, read: gains(1), write: setGains },
      "I": { ...gain, minimum: 0.1, maximum: 1000, read: gains(2), write: setGains },
      "D": { ...gain, unit: "%", minimum: 0, maximum: 200, read: gains(3), write: setGains },
      "Ramping": { type: "switch", read: { ask: "RAMPST? {output}", pattern: "^([01])$" } },
    },
    commands: {
      off: {
        summary: "Switch both heaters off, before everything that waits",
        send: ["RANGE 1,0", "RANGE 2,0"],
        stop: true,
      },
      ramp: {
        summary: "Let the setpoint go to its next values slowly",
        arguments: { rate: { type: "float", unit: "K/min", minimum: 0.1, maximum: 100 } },
        send: "RAMP {output},1,{rate:.1f}",
      },
      no_ramp: { summary: "Let the setpoint jump", send: "RAMP {output},0,10" },
      set_mode: {
        summary: "Set how the output is controlled, and by which sensor",
        arguments: {
          mode: { type: "choice", choices: modes },
          input: { type: "choice", choices: { None: "0", A: "1", B: "2" } },
        },
        send: "OUTMODE {output},{mode},{input},0",
      },
    },
  },
};
