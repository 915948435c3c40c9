/**
 * New Era NE-1000 syringe pump.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

/** A pump at the address 0 with a syringe of 26.59 mm. */
class Pump implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "\x03";
  #state = "S";
  // It was switched on since somebody last spoke with it.
  #alarm: string | undefined = "R";
  #rate = 1;
  #units = "MM";
  #volume = 0;
  #diameter = 26.59;
  #direction = "INF";
  readonly #dispensed = { INF: 0, WDR: 0 };
  #moved = 0;

  step(seconds: number): void {
    if (this.#state !== "I" && this.#state !== "W") return;
    const perSecond = this.#rate / (this.#units.endsWith("M") ? 60 : 3600) / (this.#units.startsWith("U") ? 1000 : 1);
    const left = this.#volume > 0 ? this.#volume - this.#moved : Infinity;
    const way = Math.min(perSecond * seconds, left);
    this.#moved += way;
    this.#dispensed[this.#direction as "INF" | "WDR"] += way;
    if (way >= left) this.#state = "S";
  }

  answer(command: string): string | undefined {
    const [, address = "0", word = "", text = ""] = /^(\d{0,2})([A-Z]{3})?\s*(.*)$/i.exec(command) ?? [];
    if (Number(address) !== 0) return undefined;
    const alarm = this.#alarm;
    this.#alarm = undefined;
    if (alarm !== undefined) return `\x0200A?${alarm}`;
    const said = word === "" && text === "" ? "" : this.#do(word.toUpperCase(), text.trim().toUpperCase());
    return `\x0200${this.#state}${said}`;
  }

  /** Does a command. @returns What is behind the state. */
  #do(word: string, text: string): string {
    const [, digits, units] = /^(\d*\.?\d*)\s*(MM|MH|UM|UH)?$/.exec(text) ?? [];
    const number = Number(digits);
    const wrong = digits === undefined || digits === "" || digits.replace(".", "").length > 4;
    switch (word) {
      case "VER":
        return "NE1000V3.923";
      case "RUN":
        if (this.#state !== "P") this.#moved = 0;
        this.#state = this.#direction === "INF" ? "I" : "W";
        return "";
      case "STP":
        if (this.#state === "S") return "?NA";
        this.#state = this.#state === "P" ? "S" : "P";
        return "";
      case "RAT":
        if (text === "") return `${this.#rate.toPrecision(4)}${this.#units}`;
        if (wrong) return "?";
        if (number > 1699) return "?OOR";
        [this.#rate, this.#units] = [number, units ?? this.#units];
        return "";
      case "VOL":
        if (text === "") return `${this.#volume.toPrecision(4)}ML`;
        if (wrong || units !== undefined) return "?";
        this.#volume = number;
        return "";
      case "DIA":
        if (text === "") return this.#diameter.toPrecision(4);
        if (this.#state !== "S") return "?NA";
        if (wrong) return "?";
        if (number < 0.1 || number > 50) return "?OOR";
        this.#diameter = number;
        return "";
      case "DIR":
        if (text === "") return this.#direction;
        if (text !== "INF" && text !== "WDR") return "?";
        this.#direction = text;
        return "";
      case "DIS":
        return `I${this.#dispensed.INF.toFixed(3)}W${this.#dispensed.WDR.toFixed(3)}ML`;
      case "CLD":
        if (text !== "INF" && text !== "WDR") return "?";
        this.#dispensed[text] = 0;
        return "";
      default:
        return "?";
    }
  }
}

/** The states in which it answers; an alarm is a refusal. */
const states = {
  "Infusing": "I",
  "Withdrawing": "W",
  "Stopped": "S",
  "Paused": "P",
  "Waiting": "T",
  "Waiting for input": "U",
  "Purging": "X",
};
const state = "[IWSPTUX]";
const read = (word: string, value: string, group = 1) => ({
  ask: `{address}${word}`,
  pattern: `^\\x02{address}${state}${value}$`,
  group,
});
const write = (text: string) => ({ send: `{address}${text}`, answer: `^\\x02{address}${state}$` });
const act = (text: string) => ({
  ask: { ask: `{address}${text}`, pattern: `^\\x02{address}(${state})$` },
  returns: { type: "choice", choices: states },
} as const);
const dispensed = "I(\\d+\\.?\\d*)W(\\d+\\.?\\d*)(?:ML|UL)";

/** NE-1000: serial, 19200 bits per second; up to 100 of them share a line. Answers stand between STX and ETX. */
export const newEraNe1000: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Pump(),
  description: {
    summary: "New Era NE-1000 syringe pump",
    parameters: {
      address: { summary: "its address on the line", pattern: "\\d\\d", default: "00" },
      units: {
        summary: "of its rate: MM and MH are mL/min and mL/h, UM and UH µL",
        pattern: "[MU][MH]",
        default: "MM",
      },
    },
    line: {
      sendEnd: "\r",
      receiveEnd: "\x03",
      serial: { baud: 19_200 },
      refused: {
        "^\\x02\\d\\d[A-Z]\\?NA$": "not applicable now",
        "^\\x02\\d\\d[A-Z]\\?OOR$": "out of range",
        "^\\x02\\d\\d[A-Z]\\?COM$": "garbled on the way",
        "^\\x02\\d\\d[A-Z]\\?IGN$": "ignored, since another one came",
        "^\\x02\\d\\d[A-Z]\\?$": "not understood",
        "^\\x02\\d\\dA\\?R$": "it was switched off and on",
        "^\\x02\\d\\dA\\?S$": "its motor stalled",
        "^\\x02\\d\\dA\\?T$": "nobody spoke with it for too long",
        "^\\x02\\d\\dA\\?E$": "its program is wrong",
        "^\\x02\\d\\dA\\?O$": "its program has no such phase",
      },
    },
    // The first answer after it was switched on is the alarm that it was.
    handshake: [
      { ask: "{address}", pattern: `^\\x02{address}(?:${state}|A\\?.)` },
      { ask: "{address}VER", pattern: `^\\x02{address}${state}NE\\d` },
    ],
    fields: {
      "State": {
        type: "choice",
        choices: states,
        read: { ask: "{address}", pattern: `^\\x02{address}(${state})$` },
      },
      "Rate": {
        decimals: 3,
        minimum: 0.1,
        maximum: 1699,
        summary: "three digits of it, in the units",
        read: read("RAT", "(\\d+\\.?\\d*){units}"),
        write: write("RAT{value:.3}{units}"),
      },
      "Volume": {
        decimals: 3,
        minimum: 0,
        maximum: 9999,
        summary: "after which it stops, mL (µL for syringes up to 14 mm); 0: never",
        read: read("VOL", "(\\d+\\.?\\d*)(?:ML|UL)"),
        write: write("VOL{value:.3}"),
      },
      "Direction": {
        type: "choice",
        choices: { Infuse: "INF", Withdraw: "WDR" },
        read: read("DIR", "(INF|WDR)"),
        write: write("DIR{value}"),
      },
      "Diameter": {
        unit: "mm",
        decimals: 2,
        minimum: 0.1,
        maximum: 50,
        summary: "inside the syringe; set while it stands",
        poll: 10,
        read: read("DIA", "(\\d+\\.?\\d*)"),
        write: write("DIA{value:.4}"),
      },
      "Infused": { decimals: 3, summary: "in mL or µL, as Volume", read: read("DIS", dispensed, 1) },
      "Withdrawn": { decimals: 3, summary: "in mL or µL, as Volume", read: read("DIS", dispensed, 2) },
    },
    commands: {
      run: { summary: "Start, or go on", ...act("RUN") },
      stop: { summary: "Pause; a second one stops", ...act("STP"), stop: true },
      clear_infused: {
        summary: "Count from zero what is infused",
        ...act("CLDINF"),
        confirm: "What was counted is lost.",
      },
      clear_withdrawn: {
        summary: "Count from zero what is withdrawn",
        ...act("CLDWDR"),
        confirm: "What was counted is lost.",
      },
    },
  },
};
