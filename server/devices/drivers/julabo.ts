/**
 * Julabo circulators, heating and refrigerated, with the commands that all of them have.
 *
 * @module
 */

import { follow, Noise } from "../simulated/physics.ts";
import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const refusals: Readonly<Record<string, string>> = {
  "-08": "INVALID COMMAND",
  "-09": "COMMAND NOT ALLOWED IN CURRENT OPERATING MODE",
  "-10": "VALUE TOO SMALL",
  "-11": "VALUE TOO LARGE",
};

/** A bath in a room of 22 °C, which is told what to do by its line. */
class Circulator implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "\r\n";
  readonly #noise = new Noise(50);
  readonly #setpoints: Record<string, number> = { "00": 20, "03": 105, "04": -55, "07": 2 };
  static readonly #limits: Readonly<Record<string, readonly [number, number]>> = {
    "00": [-60, 120],
    "03": [-60, 120],
    "04": [-60, 120],
    "07": [1, 4],
  };
  readonly #modes: Record<string, string> = { "04": "0", "05": "0" };
  #bath = 22;
  #refused: string | undefined;

  step(seconds: number): void {
    this.#bath = follow(this.#bath, this.#runs ? this.#setpoints["00"]! : 22, this.#runs ? 10 : 600, seconds);
  }

  get #runs(): boolean {
    return this.#modes["05"] === "1";
  }

  answer(command: string): string | undefined {
    const [, way, kind = "", number = "", value] =
      /^(in|out)_(pv|sp|mode)_(\d\d)(?:\s+(\S+))?$/i.exec(command.trim()) ?? [];
    switch (way?.toLowerCase() ?? command.toLowerCase()) {
      case "version":
        return "JULABO HIGHTECH FL REFRIGERATED CIRCULATOR VERSION 3.3";
      case "status": {
        const refused = this.#refused;
        this.#refused = undefined;
        return refused === undefined
          ? this.#runs ? "03 REMOTE START" : "02 REMOTE STOP"
          : `${refused} ${refusals[refused]}`;
      }
      case "in":
        return this.#tell(kind.toLowerCase(), number) ?? this.#refuse("-08");
      case "out":
        return this.#set(kind.toLowerCase(), number, value);
      default:
        return this.#refuse("-08");
    }
  }

  /** It says nothing then: only its status does. */
  #refuse(number: string): undefined {
    this.#refused = number;
  }

  #tell(kind: string, number: string): string | undefined {
    if (kind === "mode") return this.#modes[number];
    if (kind === "sp") return this.#setpoints[number]?.toFixed(2);
    if (number === "00") return (this.#bath + this.#noise.normal(0.01)).toFixed(2);
    if (number === "01") return String(this.#runs ? Math.round(10 * (this.#setpoints["00"]! - this.#bath)) : 0);
    // No sensor is plugged in.
    return number === "02" ? "---.--" : number === "03" ? this.#bath.toFixed(2) : undefined;
  }

  #set(kind: string, number: string, text: string | undefined): undefined {
    const value = Number(text);
    if (kind === "mode" && (text === "0" || text === "1") && this.#modes[number] !== undefined) {
      this.#modes[number] = text;
      return;
    }
    const limits = kind === "sp" ? Circulator.#limits[number] : undefined;
    if (limits === undefined || text === undefined || !Number.isFinite(value)) return this.#refuse("-08");
    if (value < limits[0]) return this.#refuse("-10");
    if (value > limits[1]) return this.#refuse("-11");
    this.#setpoints[number] = value;
  }
}

const temperature = { unit: "°C", decimals: 2 } as const;

/** Julabo circulator: serial, 4800 bits per second, 7 bits, even parity, with hardware flow control. */
export const julabo: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Circulator(),
  description: {
    summary: "Julabo circulator",
    line: {
      sendEnd: "\r",
      receiveEnd: "\n",
      gap: 0.25,
      serial: { baud: 4800, dataBits: 7, parity: "even", flowControl: "hardware" },
    },
    handshake: { ask: "version", pattern: "(?i:julabo)" },
    // Alarms stay in the status, and are no command's fault: only -08 to -11 are refusals.
    afterWrite: { ask: "status", pattern: "^(?:\\d|-0[1-7]|-1[2-9]|-[2-9]\\d|-\\d{3})" },
    pollInterval: 3,
    fields: {
      "Bath": { ...temperature, keyword: "BATHTEMP", summary: "the temperature of the bath", read: "in_pv_00" },
      "External Sensor": {
        ...temperature,
        read: { ask: "in_pv_02", pattern: "^\\s*(\\S+)\\s*$", bad: { "---.--": "no sensor" } },
      },
      "Heating": { unit: "%", decimals: 0, summary: "the heater's power; negative where it cools", read: "in_pv_01" },
      // The bath is no readback of it: it follows in minutes or hours, and in_sp_00 is what the circulator has taken.
      "Setpoint": { ...temperature, minimum: -95, maximum: 400, read: "in_sp_00", write: "out_sp_00 {value:.2f}" },
      "High Limit": { ...temperature, poll: 15, read: "in_sp_03", write: "out_sp_03 {value:.2f}" },
      "Low Limit": { ...temperature, poll: 15, read: "in_sp_04", write: "out_sp_04 {value:.2f}" },
      "Running": { type: "switch", read: { ask: "in_mode_05", pattern: "^([01])$" }, write: "out_mode_05 {value}" },
      "Controlled By": {
        type: "choice",
        choices: { "Bath": "0", "External sensor": "1" },
        poll: 15,
        read: { ask: "in_mode_04", pattern: "^([01])$" },
        write: "out_mode_04 {value}",
      },
      "Status": {
        type: "text",
        summary: "what it says of itself, alarms too; -08 to -11 are refusals",
        read: { ask: "status", pattern: "^(-?\\d{2,4} .+)$" },
      },
    },
    commands: {
      start: { summary: "Heat, cool and pump", send: "out_mode_05 1" },
      stop: { summary: "Stop heating, cooling and pumping", send: "out_mode_05 0", stop: true },
      identify: { summary: "Tell model and version", ask: "version", role: "observer" },
    },
  },
};
