/**
 * Thorlabs SC10 shutter controller, which repeats what it is told and ends with a prompt.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const modes = { Manual: "1", Auto: "2", Single: "3", Repeat: "4", "External gate": "5" };

class Shutter implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "> ";
  #enabled = false;
  #sinceEnabled = 0;
  readonly #settings: Record<string, number> = { mode: 1, open: 200, shut: 500, rep: 1, trig: 0 };
  static readonly #limits: Readonly<Record<string, readonly [number, number]>> = {
    mode: [1, 5],
    open: [10, 999_999],
    shut: [10, 999_999],
    rep: [1, 99],
    trig: [0, 1],
  };

  step(seconds: number): void {
    this.#sinceEnabled += seconds;
    // A single opening ends by itself.
    if (this.#settings.mode === 3 && this.#sinceEnabled * 1000 > this.#settings.open!) this.#enabled = false;
  }

  answer(command: string): string {
    const said = this.#do(command.trim().toLowerCase());
    return `${command}\r${said === undefined ? "" : `${said}\r`}`;
  }

  #do(command: string): string | undefined {
    const [, word = "", sign, text = ""] = /^(\*?[a-z]+)(\?|=)?(.*)$/.exec(command) ?? [];
    const limits = Shutter.#limits[word];
    if (command === "" || command === "\n") return undefined;
    if (command === "ens") {
      this.#enabled = !this.#enabled;
      this.#sinceEnabled = 0;
      return undefined;
    }
    if (sign === "?") {
      if (word === "id" || word === "*idn") return "THORLABS SC10 VERSION 1.07";
      if (word === "ens") return this.#enabled ? "1" : "0";
      if (word === "closed") return this.#enabled ? "0" : "1";
      if (word === "interlock") return "0";
      if (limits !== undefined) return String(this.#settings[word]);
    }
    if (sign === "=" && limits !== undefined) {
      const number = Number(text);
      if (!Number.isInteger(number) || number < limits[0] || number > limits[1]) return "Command error CMD_ARG_INVALID";
      this.#settings[word] = number;
      return undefined;
    }
    return "Command error CMD_NOT_DEFINED";
  }
}

const time = { type: "int", unit: "ms", minimum: 10, maximum: 999_999 } as const;
const bit = (ask: string) => ({ ask, pattern: "^([01])\\s*$" });

/** SC10: serial, 9600 bits per second. */
export const thorlabsSc10: Driver = {
  address: "serial:///dev/ttyUSB0",
  probe: { ask: "*IDN?", pattern: "SC10" },
  simulator: () => new Shutter(),
  description: {
    summary: "Thorlabs SC10 shutter controller",
    line: {
      sendEnd: "\r",
      receiveEnd: "\r",
      echo: true,
      prompt: "> ",
      refused: { CMD_NOT_DEFINED: "it knows no such command", CMD_ARG_INVALID: "it does not take that value" },
    },
    handshake: { ask: "id?", pattern: "SC10" },
    fields: {
      "Enabled": { type: "switch", summary: "whether it opens the shutter, as its mode says", read: bit("ens?") },
      "Closed": { type: "switch", summary: "whether the shutter itself says that it is closed", read: bit("closed?") },
      "Interlock": { type: "switch", summary: "whether the interlock is open", read: bit("interlock?") },
      "Mode": {
        type: "choice",
        choices: modes,
        read: { ask: "mode?", pattern: "^([1-5])\\s*$" },
        write: "mode={value}",
      },
      "Open Time": { ...time, read: "open?", write: "open={value:d}" },
      "Closed Time": { ...time, read: "shut?", write: "shut={value:d}" },
      "Repetitions": { type: "int", minimum: 1, maximum: 99, read: "rep?", write: "rep={value:d}" },
      "Trigger": {
        type: "choice",
        choices: { Internal: "0", External: "1" },
        read: bit("trig?"),
        write: "trig={value}",
      },
    },
    commands: {
      toggle: { summary: "Enable it where it is not, and the other way round: it knows nothing else", send: "ens" },
      identify: { summary: "Tell model and version", ask: "id?", role: "observer" },
    },
  },
};
