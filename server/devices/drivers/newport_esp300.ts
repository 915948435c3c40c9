/**
 * One axis of a Newport ESP300 (or ESP301) motion controller.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

/** What it says for its errors; those of an axis have its number in the hundreds. */
const errors: Readonly<Record<number, string>> = {
  0: "NO ERROR DETECTED",
  6: "COMMAND DOES NOT EXIST",
  7: "PARAMETER OUT OF RANGE",
  9: "AXIS NUMBER OUT OF RANGE",
  38: "COMMAND PARAMETER MISSING",
  106: "POSITIVE SOFTWARE LIMIT DETECTED",
  107: "NEGATIVE SOFTWARE LIMIT DETECTED",
  110: "MAXIMUM VELOCITY EXCEEDED",
  111: "MAXIMUM ACCELERATION EXCEEDED",
  113: "MOTOR NOT ENABLED",
};

/** Refuses a command with one of its errors. */
class Refusal extends Error {
  constructor(readonly number: number) {
    super();
  }
}

/** A stage of 50 mm on the way to where it was sent. */
class Axis {
  position = 0;
  target = 0;
  velocity = 5;
  acceleration = 20;
  negative = -25;
  positive = 25;
  on = true;

  step(seconds: number): void {
    const way = this.target - this.position;
    const reach = this.velocity * seconds;
    this.position = Math.abs(way) <= reach ? this.target : this.position + Math.sign(way) * reach;
  }

  get moving(): boolean {
    return this.position !== this.target;
  }

  moveTo(target: number): void {
    if (!this.on) throw new Refusal(113);
    if (target > this.positive) throw new Refusal(106);
    if (target < this.negative) throw new Refusal(107);
    this.target = target;
  }

  stop(): void {
    this.target = this.position;
  }
}

class Controller implements Simulator {
  readonly commandEnd = "\r";
  readonly answerEnd = "\r\n";
  readonly #axes = [new Axis(), new Axis(), new Axis()];
  readonly #errors: number[] = [];

  step(seconds: number): void {
    for (const axis of this.#axes) axis.step(seconds);
  }

  answer(command: string): string | undefined {
    const answers = command.split(";").flatMap((part) => this.#one(part.trim().toUpperCase()) ?? []);
    return answers.length === 0 ? undefined : answers.join(this.answerEnd);
  }

  #one(command: string): string | undefined {
    const [, number = "", word = "", text = ""] = /^(\d*)([A-Z]{2})(.*)$/.exec(command) ?? [];
    if (word === "TB") {
      const error = this.#errors.shift() ?? 0;
      const axis = error > 100 ? `AXIS-${Math.floor(error / 100)} ` : "";
      return `${error}, 421700, ${axis}${errors[error > 100 ? 100 + error % 100 : error]}`;
    }
    if (word === "TE") return String(this.#errors.shift() ?? 0);
    if (word === "VE") return "ESP300 Version 3.04 07/27/01";
    if (word === "AB") return void this.#axes.forEach((axis) => axis.stop());
    const axis = this.#axes[Number(number) - 1];
    try {
      if (axis === undefined) throw new Refusal(9);
      return this.#axis(axis, word, text.trim());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#errors.push(error.number > 100 ? error.number + 100 * (Number(number) - 1) : error.number);
      return undefined;
    }
  }

  #axis(axis: Axis, word: string, text: string): string | undefined {
    const question = text === "?";
    const number = () => {
      if (text === "") throw new Refusal(38);
      if (!Number.isFinite(Number(text))) throw new Refusal(7);
      return Number(text);
    };
    switch (word) {
      case "TP":
        return axis.position.toFixed(4);
      case "TV":
        return (axis.moving ? axis.velocity : 0).toFixed(4);
      case "DP":
        return axis.target.toFixed(4);
      case "MD":
        return axis.moving ? "0" : "1";
      case "MO":
        return question ? axis.on ? "1" : "0" : void (axis.on = true);
      case "MF":
        axis.stop();
        return void (axis.on = false);
      case "ST":
        return void axis.stop();
      case "OR":
        return void axis.moveTo(0);
      case "PA":
        return question ? axis.target.toFixed(4) : void axis.moveTo(number());
      case "PR":
        return void axis.moveTo(axis.target + number());
      case "VA":
        if (question) return axis.velocity.toFixed(4);
        if (number() > 10) throw new Refusal(110);
        return void (axis.velocity = number());
      case "AC":
        if (question) return axis.acceleration.toFixed(4);
        if (number() > 40) throw new Refusal(111);
        return void (axis.acceleration = number());
      case "SL":
        return question ? axis.negative.toFixed(4) : void (axis.negative = number());
      case "SR":
        return question ? axis.positive.toFixed(4) : void (axis.positive = number());
      default:
        throw new Refusal(6);
    }
  }
}

const position = { decimals: 4 } as const;
/** What moves ends when the axis has arrived, and stops it where it ends before. */
const arrives = {
  doneWhen: { ask: "{axis}MD?", pattern: "^1$", every: 0.1, within: 600 },
  stop: "{axis}ST",
  deadline: 610,
};

/** One axis of an ESP300: serial, 19200 bits per second, or GPIB; the axes share the port. */
export const newportEsp300: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Controller(),
  description: {
    summary: "Newport ESP300 axis",
    parameters: { axis: { summary: "the axis", pattern: "[1-3]", default: "1" } },
    line: { sendEnd: "\r", receiveEnd: "\n", serial: { baud: 19_200 } },
    handshake: { ask: "VE?", pattern: "^ESP30[01]" },
    afterWrite: { ask: "TB?", pattern: "^0," },
    fields: {
      "Position": {
        ...position,
        keyword: "STAGEPOS",
        read: "{axis}TP",
        poll: { every: 0.2, while: { Moving: "On" }, otherwise: 1 },
      },
      "Target": {
        ...position,
        summary: "where it goes, or stays",
        read: "{axis}DP?",
        write: "{axis}PA{value:.5f}",
        readback: { field: "Position", tolerance: 0.001, within: 120 },
      },
      "Moving": { type: "switch", on: "0", off: "1", read: { ask: "{axis}MD?", pattern: "^([01])$" } },
      "Velocity": { ...position, minimum: 0, read: "{axis}VA?", write: "{axis}VA{value:.5f}" },
      "Acceleration": { ...position, minimum: 0, read: "{axis}AC?", write: "{axis}AC{value:.5f}" },
      "Negative Limit": { ...position, read: "{axis}SL?", write: "{axis}SL{value:.5f}", poll: 10 },
      "Positive Limit": { ...position, read: "{axis}SR?", write: "{axis}SR{value:.5f}", poll: 10 },
      "Motor": {
        type: "switch",
        on: { send: "O", answer: "1" },
        off: { send: "F", answer: "0" },
        summary: "whether its motor holds; off, the stage can be moved by hand",
        read: { ask: "{axis}MO?", pattern: "^([01])$" },
        write: "{axis}M{value}",
      },
    },
    commands: {
      stop: { summary: "Stop the axis with its deceleration", send: "{axis}ST", stop: true },
      abort: { summary: "Stop every axis at once", send: "AB", stop: true },
      move_to: {
        summary: "Send the axis to a position, and end there",
        arguments: { position: { type: "float" } },
        send: "{axis}PA{position:.5f}",
        ...arrives,
      },
      move_by: {
        summary: "Send the axis on by a distance, and end there",
        arguments: { distance: { type: "float" } },
        send: "{axis}PR{distance:.5f}",
        ...arrives,
      },
      home: {
        summary: "Find the home position, and end there",
        send: "{axis}OR",
        ...arrives,
        confirm: "It moves as far as its home position.",
      },
    },
  },
};
