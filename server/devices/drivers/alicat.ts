/**
 * Alicat mass flow controllers and meters, which answer everything with one line of all that they measure.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

/** The first gases of every device's list, with their numbers. */
const gases = {
  Air: "0",
  Ar: "1",
  CH4: "2",
  CO: "3",
  CO2: "4",
  C2H6: "5",
  H2: "6",
  He: "7",
  N2: "8",
  N2O: "9",
  Ne: "10",
  O2: "11",
  C3H8: "12",
};

/** A number as it writes it: `+014.70`. */
function column(value: number, sign = true): string {
  const digits = Math.abs(value).toFixed(2).padStart(6, "0");
  return `${value < 0 ? "-" : sign ? "+" : ""}${digits}`;
}

/** A controller of 100 sccm at the address A. */
class Controller implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "\r";
  readonly #noise = new Noise(100);
  #setpoint = 0;
  #flow = 0;
  #gas = "Air";
  #held: "closed" | "here" | undefined;

  step(seconds: number): void {
    if (this.#held === "here") return;
    this.#flow = follow(this.#flow, this.#held === "closed" ? 0 : this.#setpoint, 1, seconds);
  }

  answer(command: string): string | undefined {
    const [, unit, word = "", text = ""] = /^([A-Z])(HC|HP|[SCGV])?\s*(.*)$/i.exec(command) ?? [];
    if (unit?.toUpperCase() !== "A") return undefined;
    const number = Number(text);
    switch (word.toUpperCase()) {
      case "S":
        if (text === "" || !(number >= 0)) return "?";
        // It takes no more than its full scale.
        this.#setpoint = Math.min(number, 102.4);
        break;
      case "G": {
        const gas = Object.entries(gases).find(([, code]) => code === text)?.[0];
        if (gas === undefined) return "?";
        this.#gas = gas;
        break;
      }
      case "HC":
        this.#held = "closed";
        break;
      case "HP":
        this.#held = "here";
        break;
      case "C":
        this.#held = undefined;
        break;
      case "V":
        break;
      default:
        if (text !== "") return "?";
    }
    const mass = this.#flow + this.#noise.normal(0.02);
    const numbers = [14.7, 24.5, mass * 1.01, mass].map((each) => column(each)).join(" ");
    const held = this.#held === undefined ? "" : " HLD";
    return `A ${numbers} ${column(this.#setpoint, false)} ${this.#gas.padStart(6)}${held}`;
  }
}

const number = "([+-]?\\d+\\.?\\d*)";
/** Pressure, temperature, volumetric and mass flow, setpoint, perhaps the totalizer, the gas, and its state. */
const frame = `^{unit}\\s+${number}\\s+${number}\\s+${number}\\s+${number}\\s+${number}` +
  `(?:\\s+[+-]?\\d+\\.\\d+)?\\s+([A-Za-z][\\w.-]*)((?:\\s+[A-Z]{3})*)\\s*$`;
const part = (group: number) => ({ ask: "{unit}", pattern: frame, group });
/** A command, with its answer. */
const act = (text: string) => ({ ask: `{unit}${text}`, pattern: frame, group: 7 });

/** Alicat: serial, 19200 bits per second; up to 26 of them share an RS-485 line. */
export const alicat: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Controller(),
  description: {
    summary: "Alicat mass flow controller",
    parameters: { unit: { summary: "its address on the line", pattern: "[A-Z]", default: "A" } },
    line: { sendEnd: "\r", receiveEnd: "\r", refused: { "^\\?": "not understood" }, serial: { baud: 19_200 } },
    handshake: { ask: "{unit}", pattern: "^{unit}\\s+[+-]\\d" },
    fields: {
      "Pressure": { decimals: 2, summary: "absolute, in the unit of its display", read: part(1) },
      "Temperature": { unit: "°C", decimals: 2, read: part(2) },
      "Volumetric Flow": { decimals: 3, summary: "in the unit of its display", read: part(3) },
      "Mass Flow": { decimals: 3, summary: "in the unit of its display", keyword: "MASSFLOW", read: part(4) },
      "Setpoint": {
        decimals: 3,
        minimum: 0,
        summary: "in the unit of its display",
        read: part(5),
        write: { send: "{unit}S{value:.3f}", answer: "^{unit}\\s+[+-]\\d" },
      },
      "Gas": { type: "text", read: part(6) },
      "State": {
        type: "text",
        summary: "HLD: the valve is held; OVR, OPL, MOV, TOV, POV …: beyond a range; empty: all is well",
        read: part(7),
      },
    },
    commands: {
      close: {
        summary: "Hold the valve closed, before everything that waits, until release",
        ask: act("HC"),
        stop: true,
      },
      hold: { summary: "Hold the valve as it is, until release", ask: act("HP") },
      release: { summary: "Let the valve follow the setpoint again", ask: act("C") },
      tare: {
        summary: "Take the flow as it is now for none: only where nothing flows",
        ask: act("V"),
        confirm: "The zero it has now is lost.",
      },
      set_gas: {
        summary: "Choose the gas",
        arguments: { gas: { type: "choice", choices: gases } },
        ask: { ...act("G{gas}"), group: 6 },
      },
    },
  },
};
