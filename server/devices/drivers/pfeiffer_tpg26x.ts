/**
 * One gauge of a Pfeiffer (or Balzers, Leybold) TPG 261, 262 or TPG 361, 362 vacuum gauge controller.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const acknowledged = "\x06";
const refused = "\x15";
const enquiry = "\x05";

/** A chamber that is pumped, with one gauge on it and none on the second connector. */
class Controller implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "\r\n";
  readonly #noise = new Noise(262);
  #pressure = 1e-3;
  #on = true;
  #asked = "";
  #error = "0000";

  step(seconds: number): void {
    this.#pressure = follow(this.#pressure, 2e-7, 60, seconds);
  }

  answer(command: string): string | undefined {
    if (command.includes(enquiry)) return this.#tell();
    const [word = "", ...texts] = command.toUpperCase().split(",").map((text) => text.trim());
    const known = /^(?:PR[12X]|UNI|SPS|ERR|TID|PNR|SEN)$/.test(word);
    if (!known || texts.some((text) => !/^[0-2]$/.test(text))) {
      this.#error = known ? "0010" : "0001";
      return refused;
    }
    if (word === "SEN" && texts[0] !== undefined && texts[0] !== "0") this.#on = texts[0] === "2";
    this.#asked = word;
    return acknowledged;
  }

  /** What was asked for last, again and again. */
  #tell(): string {
    const gauge = () => {
      const digits = (this.#pressure * (1 + this.#noise.normal(0.005))).toExponential(4);
      const pressure = digits.replace(/e([+-])(\d)$/, "E$10$2");
      return this.#on ? `0,+${pressure}` : "4,+0.0000E+00";
    };
    switch (this.#asked) {
      case "PR1":
        return gauge();
      case "PR2":
        return "5,+0.0000E+00";
      case "PRX":
        return `${gauge()},5,+0.0000E+00`;
      case "UNI":
        return "0";
      case "SPS":
        return `${this.#pressure < 1e-5 ? 1 : 0},0,0,0`;
      case "TID":
        return "TPR,noSEn";
      case "SEN":
        return `${this.#on ? 2 : 1},0`;
      case "PNR":
        return "010100";
      default: {
        const error = this.#error;
        this.#error = "0000";
        return error;
      }
    }
  }
}

/** A question: it is acknowledged, and answered when it is enquired for. */
const read = (word: string, pattern: string, more: { bad?: Record<string, string>; group?: string | number } = {}) => [
  { ask: word, pattern: "^\\x06$" },
  { ask: "\\x05", pattern, ...more },
];

const unusable = {
  "1,": "under its range",
  "2,": "over its range",
  "3,": "the sensor is broken",
  "4,": "the sensor is switched off",
  "5,": "no sensor",
  "6,": "a sensor that it does not know",
};

/** TPG 26x: serial, 9600 bits per second; both gauges share the port. */
export const pfeifferTpg26x: Driver = {
  address: "serial:///dev/ttyUSB0",
  // Its firmware's number: on other instruments ERR may take an error away.
  probe: { ask: "PNR", pattern: "^\\x06$" },
  simulator: () => new Controller(),
  description: {
    summary: "Pfeiffer TPG 26x vacuum gauge",
    parameters: { gauge: { summary: "the gauge's connector", pattern: "[12]", default: "1" } },
    line: { sendEnd: "\r", receiveEnd: "\n", refused: { "^\\x15$": "it does not know that (NAK)" } },
    handshake: { ask: "ERR", pattern: "^\\x06$" },
    fields: {
      "Pressure": {
        unit: "mbar",
        format: "scientific",
        decimals: 2,
        keyword: "PRESSURE",
        summary: "in the unit that is set at its front panel",
        read: read("PR{gauge}", "^0,(?<value>[+-]\\d\\.\\d+E[+-]\\d+)$|^(?<value>[1-6],)", {
          group: "value",
          bad: unusable,
        }),
      },
      "Gauge": {
        type: "choice",
        choices: {
          "Good": "0",
          "Under range": "1",
          "Over range": "2",
          "Sensor broken": "3",
          "Switched off": "4",
          "No sensor": "5",
          "Unknown sensor": "6",
        },
        read: read("PR{gauge}", "^([0-6]),"),
      },
      "Unit": {
        type: "choice",
        choices: { mbar: "0", Torr: "1", Pa: "2", micron: "3" },
        poll: 30,
        read: read("UNI", "^([0-3])$"),
      },
      ...Object.fromEntries([1, 2, 3, 4].map((number) => [`Switching Point ${number}`, {
        type: "switch" as const,
        summary: "whether its relay is closed",
        read: read("SPS", "^([01]),([01]),([01]),([01])$", { group: number }),
      }])),
    },
    commands: {
      switch_sensors: {
        summary: "Switch the two sensors on or off, where they can be",
        arguments: {
          first: { type: "choice", choices: { "As it is": "0", "Off": "1", "On": "2" } },
          second: { type: "choice", choices: { "As it is": "0", "Off": "1", "On": "2" }, default: "As it is" },
        },
        send: [{ send: "SEN,{first},{second}", answer: "^\\x06$" }],
      },
      get_error: {
        summary: "Tell its error: 0000 is none, 0010 a value that cannot be, 0001 no such command",
        send: [{ send: "ERR", answer: "^\\x06$" }],
        ask: { ask: "\\x05", pattern: "^([01]{4})$" },
      },
    },
  },
};
