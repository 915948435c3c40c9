/**
 * Stanford Research SR830 lock-in amplifier.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import { CommonEvents } from "../simulators/common_events.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";
import { eventErrors } from "./scpi.ts";

/** A choice with its places in the manual's table for codes. */
function codes(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, code) => [name, String(code)]));
}

/** Numbers with their unit. */
function each(unit: string, ...numbers: readonly number[]): string[] {
  return numbers.map((number) => `${number} ${unit}`);
}

const sensitivities = codes(
  ...each("nV", 2, 5, 10, 20, 50, 100, 200, 500),
  ...["µV", "mV"].flatMap((unit) => each(unit, 1, 2, 5, 10, 20, 50, 100, 200, 500)),
  ...each("V", 1),
);
const timeConstants = codes(
  ...each("µs", 10, 30, 100, 300),
  ...["ms", "s"].flatMap((unit) => each(unit, 1, 3, 10, 30, 100, 300)),
  ...each("ks", 1, 3, 10, 30),
);

/** A lock-in with 10 mV at its input, in phase with 30°. */
class LockIn implements Simulator {
  readonly commandEnd = "\n";
  readonly otherEnds = ["\r"];
  readonly answerEnd = "\r";
  readonly #events = new CommonEvents();
  readonly #noise = new Noise(830);
  readonly #settings: Record<string, number> = {
    FREQ: 1000,
    PHAS: 0,
    SLVL: 1,
    SENS: 20,
    OFLT: 10,
    OFSL: 1,
    HARM: 1,
    FMOD: 1,
    ISRC: 0,
    IGND: 0,
    ICPL: 0,
    ILIN: 0,
    RMOD: 1,
    SYNC: 0,
    OUTX: 0,
  };
  static readonly #limits: Readonly<Record<string, readonly [number, number]>> = {
    FREQ: [0.001, 102_000],
    PHAS: [-360, 729.99],
    SLVL: [0.004, 5],
    SENS: [0, 26],
    OFLT: [0, 19],
    OFSL: [0, 3],
    HARM: [1, 19_999],
    FMOD: [0, 1],
    ISRC: [0, 3],
    IGND: [0, 1],
    ICPL: [0, 1],
    ILIN: [0, 3],
    RMOD: [0, 2],
    SYNC: [0, 1],
    OUTX: [0, 1],
  };
  #signal = 0.01;
  readonly #aux = [0, 0, 0, 0];

  step(seconds: number): void {
    this.#signal = follow(this.#signal, 0.01, 1, seconds);
  }

  answer(command: string): string | undefined {
    const answers = command.split(";").flatMap((part) =>
      this.#events.answer(part.trim(), (other) => this.#own(other.toUpperCase())) ?? []
    );
    return answers.length === 0 ? undefined : answers.join(this.answerEnd);
  }

  #own(command: string): string | undefined {
    const [, word = "", query, text = ""] = /^(\*?[A-Z]{3,4})(\?)?\s*(.*)$/.exec(command) ?? [];
    const numbers = text === "" ? [] : text.split(",").map(Number);
    if (numbers.some((number) => !Number.isFinite(number))) throw new SyntaxError();
    const known = this.#settings[word];
    if (known !== undefined && query !== undefined) return String(known);
    if (known !== undefined) {
      const [least, most] = LockIn.#limits[word]!;
      const [number] = numbers;
      if (number === undefined) throw new SyntaxError();
      if (number < least || number > most) throw new RangeError();
      this.#settings[word] = number;
      return undefined;
    }
    switch (word + (query ?? "")) {
      case "*IDN?":
        return "Stanford_Research_Systems,SR830,s/n83001,ver1.07";
      case "OUTP?":
        return this.#output(numbers[0] ?? 0);
      case "SNAP?":
        return numbers.map((each) => this.#output(each)).join(",");
      case "OAUX?":
        return this.#aux[this.#place(numbers[0])]!.toFixed(3);
      case "AUXV?":
        return this.#aux[this.#place(numbers[0])]!.toFixed(3);
      case "AUXV": {
        const [at, volts = NaN] = numbers;
        if (!(Math.abs(volts) <= 10.5)) throw new RangeError();
        this.#aux[this.#place(at)] = volts;
        return undefined;
      }
      case "LIAS?":
        // 10 mV are too much for the output of a range below 10 mV.
        return numbers[0] === 2 && this.#settings.SENS! < 20 ? "1" : "0";
      case "APHS":
        this.#settings.PHAS = 30;
        return undefined;
      case "AGAN":
        this.#settings.SENS = 20;
        return undefined;
      case "*STB?":
        return numbers[0] === 1 ? "1" : "0";
      case "*RST":
      case "ARSV":
        return undefined;
      default:
        throw new SyntaxError();
    }
  }

  #place(number: number | undefined): number {
    if (number === undefined || ![1, 2, 3, 4].includes(number)) throw new RangeError();
    return number - 1;
  }

  #output(which: number): string {
    const angle = 30 - this.#settings.PHAS!;
    const radius = this.#signal + this.#noise.normal(1e-6);
    const radians = angle * Math.PI / 180;
    const outputs: Record<number, number> = {
      1: radius * Math.cos(radians),
      2: radius * Math.sin(radians),
      3: radius,
      4: angle,
      9: this.#settings.FREQ!,
    };
    const value = outputs[which];
    if (value === undefined) throw new RangeError();
    return String(Number(value.toPrecision(6)));
  }
}

/** All of a `SNAP?`, so that X, Y, R and θ belong to the same moment, and are asked for once. */
const snap = (group: number) => ({ ask: "SNAP? 1,2,3,4", pattern: "^([^,]+),([^,]+),([^,]+),([^,]+)$", group });

/** SR830: serial or GPIB, whichever is chosen under Setup; `OUTX` says where its answers go. */
export const sr830: Driver = {
  address: "serial:///dev/ttyUSB0",
  // Where its answers go is not changed.
  probe: { ask: "*IDN?", pattern: "^Stanford_Research_Systems,SR8[13]0," },
  simulator: () => new LockIn(),
  description: {
    summary: "Stanford Research SR830 lock-in amplifier",
    parameters: { interface: { summary: "where its answers go: 0 serial, 1 GPIB", pattern: "[01]", default: "0" } },
    line: { sendEnd: "\n", receiveEnd: "\r" },
    handshake: { ask: "OUTX {interface};*IDN?", pattern: "^Stanford_Research_Systems,SR8[13]0," },
    initialize: ["*CLS"],
    afterWrite: eventErrors,
    fields: {
      "X": { unit: "V", decimals: 9, keyword: "LOCKINX", read: snap(1) },
      "Y": { unit: "V", decimals: 9, keyword: "LOCKINY", read: snap(2) },
      "R": { unit: "V", decimals: 9, keyword: "LOCKINR", read: snap(3) },
      "Phase": { unit: "°", decimals: 2, keyword: "LOCKINPH", read: snap(4) },
      "Input Overload": { type: "switch", read: { ask: "LIAS? 0", pattern: "^([01])$" } },
      "Filter Overload": { type: "switch", read: { ask: "LIAS? 1", pattern: "^([01])$" } },
      "Output Overload": { type: "switch", read: { ask: "LIAS? 2", pattern: "^([01])$" } },
      "Unlocked": {
        type: "switch",
        summary: "whether the reference was lost since it was last asked",
        read: { ask: "LIAS? 3", pattern: "^([01])$" },
      },
      "Frequency": {
        unit: "Hz",
        decimals: 3,
        minimum: 0.001,
        maximum: 102_000,
        summary: "of the reference; set where it is the internal one",
        read: "FREQ?",
        write: "FREQ {value:.4f}",
      },
      "Reference": {
        type: "choice",
        choices: { External: "0", Internal: "1" },
        read: { ask: "FMOD?", pattern: "^([01])$" },
        write: "FMOD {value}",
      },
      "Reference Phase": {
        unit: "°",
        decimals: 2,
        minimum: -180,
        maximum: 180,
        read: "PHAS?",
        write: "PHAS {value:.2f}",
      },
      "Harmonic": { type: "int", minimum: 1, maximum: 19_999, read: "HARM?", write: "HARM {value}" },
      "Sine Output": { unit: "V", decimals: 3, minimum: 0.004, maximum: 5, read: "SLVL?", write: "SLVL {value:.3f}" },
      "Sensitivity": {
        type: "choice",
        choices: sensitivities,
        read: { ask: "SENS?", pattern: "^(\\d{1,2})$" },
        write: "SENS {value}",
      },
      "Time Constant": {
        type: "choice",
        choices: timeConstants,
        read: { ask: "OFLT?", pattern: "^(\\d{1,2})$" },
        write: "OFLT {value}",
      },
      "Filter Slope": {
        type: "choice",
        choices: codes("6 dB", "12 dB", "18 dB", "24 dB"),
        read: { ask: "OFSL?", pattern: "^([0-3])$" },
        write: "OFSL {value}",
      },
      "Input": {
        type: "choice",
        choices: codes("A", "A-B", "I 1 MΩ", "I 100 MΩ"),
        read: { ask: "ISRC?", pattern: "^([0-3])$" },
        write: "ISRC {value}",
      },
      "Coupling": {
        type: "choice",
        choices: codes("AC", "DC"),
        read: { ask: "ICPL?", pattern: "^([01])$" },
        write: "ICPL {value}",
      },
      "Reserve": {
        type: "choice",
        choices: codes("High", "Normal", "Low noise"),
        read: { ask: "RMOD?", pattern: "^([0-2])$" },
        write: "RMOD {value}",
      },
    },
    commands: {
      auto_phase: { summary: "Make the phase zero", send: "APHS" },
      auto_gain: {
        summary: "Choose the sensitivity, and end when that is done; with a long time constant it takes long",
        send: "AGAN",
        // Bit 1 of its status: no command is under way.
        doneWhen: { ask: "*STB? 1", pattern: "^1$", every: 0.2, within: 120 },
        deadline: 125,
      },
      set_aux: {
        summary: "Set an auxiliary output",
        arguments: {
          output: { type: "int", minimum: 1, maximum: 4 },
          voltage: { type: "float", unit: "V", minimum: -10.5, maximum: 10.5 },
        },
        send: "AUXV {output},{voltage:.3f}",
      },
      get_aux: {
        summary: "Read an auxiliary input",
        arguments: { input: { type: "int", minimum: 1, maximum: 4 } },
        ask: "OAUX? {input}",
        returns: { type: "float", unit: "V" },
        role: "observer",
      },
    },
  },
};
