/**
 * Eurotherm 3200 series (3216, 3208, 3204) temperature controllers, by Modbus.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import type { Registers, RegisterTable } from "../simulators/registers.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

/** A furnace in a room of 22 °C; the registers hold tenths of a degree. */
class Furnace implements Simulator {
  readonly commandEnd = "";
  readonly answerEnd = "";
  readonly #noise = new Noise(3216);
  readonly #kept = new Map<number, number>([
    [2, 250],
    [3, 0],
    [6, 200],
    [8, 360],
    [9, 60],
    [35, 0],
    [75, 0],
    [111, 12_000],
    [112, 0],
    [122, 3216],
    [273, 1],
  ]);
  #temperature = 22;
  #output = 0;

  readonly registers: Registers = {
    read: (table, address) => this.#read(table, address),
    write: (table, address, value) => this.#write(table, address, value),
  };

  answer(): undefined {}

  step(seconds: number): void {
    const manual = this.#kept.get(273) === 1;
    const setpoint = this.#kept.get(2)! / 10;
    this.#output = manual
      ? this.#kept.get(3)! / 10
      : Math.max(0, Math.min(100, 5 * (setpoint - this.#temperature) + (setpoint - 22) / 12));
    this.#temperature = follow(this.#temperature, 22 + 12 * this.#output, 120, seconds);
  }

  #read(table: RegisterTable, address: number): number | undefined {
    if (table !== "holding") return undefined;
    const tenths = (value: number) => Math.round(value * 10) & 0xffff;
    if (address === 1) return tenths(this.#temperature + this.#noise.normal(0.03));
    if (address === 4) return tenths(this.#output);
    if (address === 5) return this.#kept.get(2);
    return this.#kept.get(address);
  }

  #write(table: RegisterTable, address: number, value: number): boolean | undefined {
    if (table !== "holding" || !this.#kept.has(address) || address === 122 || address === 75) return undefined;
    if (address === 2 && (value < this.#kept.get(112)! || value > this.#kept.get(111)!)) return false;
    if (address === 3 && value > 1000) return false;
    if (address === 273 && value > 1) return false;
    this.#kept.set(address, value);
    return true;
  }
}

const tenths = { scale: 0.1, decimals: 1, kind: "int16" } as const;
const status = (bit: number) => ({ register: "holding 75", bits: bit, type: "switch" } as const);

/** Eurotherm 3200: Modbus on a serial line (RS-485 or RS-232, 9600 bits per second), or behind a gateway over TCP. */
export const eurotherm: Driver = {
  address: "modbus+serial:///dev/ttyUSB0?baud=9600&unit=1",
  simulator: () => new Furnace(),
  description: {
    summary: "Eurotherm 3200 temperature controller",
    fields: {
      "Temperature": {
        ...tenths,
        unit: "°C",
        keyword: "FURNTEMP",
        summary: "the process value",
        register: "holding 1",
      },
      "Setpoint": {
        ...tenths,
        unit: "°C",
        register: "holding 2",
        writable: true,
        readback: { field: "Working Setpoint", tolerance: 0.1, within: 5 },
      },
      "Working Setpoint": { ...tenths, unit: "°C", summary: "it moves to the setpoint", register: "holding 5" },
      "Output": { ...tenths, unit: "%", register: "holding 4" },
      "Manual Output": {
        ...tenths,
        unit: "%",
        minimum: 0,
        maximum: 100,
        summary: "the output in manual mode",
        register: "holding 3",
        writable: true,
      },
      "Mode": {
        type: "choice",
        choices: { Automatic: "0", Manual: "1" },
        register: "holding 273",
        writable: true,
      },
      "Alarm 1": status(0),
      "Alarm 2": status(1),
      "Alarm 3": status(2),
      "Alarm 4": status(3),
      "Sensor Broken": status(5),
      "Loop Broken": status(6),
    },
    commands: {
      off: {
        summary: "Go to manual with no output, before everything that waits",
        send: ["holding 3 = 0000", "holding 273 = 0001"],
        stop: true,
      },
    },
  },
};
