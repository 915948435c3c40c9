/**
 * A telescope mount that speaks LX200: Meade's, OnStep, Losmandy Gemini and many more.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

/** `hh:mm:ss` of hours or degrees. */
function sixties(value: number): string {
  const seconds = Math.round(value * 3600);
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two(seconds % 3600 / 60)}:${two(seconds % 60)}`;
}

/** `hh:mm:ss` of hours from 0 to 24. */
function clock(hours: number): string {
  return sixties((hours + 24) % 24);
}

/** `sdd*mm:ss` of degrees, with the degree sign that such mounts have. */
function said(degrees: number): string {
  return `${degrees < 0 ? "-" : "+"}${sixties(Math.abs(degrees)).replace(":", "\xdf")}`;
}

/** Hours or degrees of `hh:mm:ss`; `undefined` where it is none. */
function sexagesimal(text: string): number | undefined {
  const [, sign, whole, minutes, seconds = "0"] = /^([+-]?)(\d{1,3})[:*\xdf](\d\d)(?:[:'](\d\d))?$/.exec(text) ?? [];
  if (whole === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600);
}

/** How fast it slews, in degrees per second. */
const slewSpeed = 20;

class Mount implements Simulator {
  readonly commandEnd = "#";
  // Some of its answers have no end.
  readonly answerEnd = "";
  readonly encoding = "latin1";
  #ra = 5.5;
  #dec = 22;
  #target = { ra: 5.5, dec: 22 };
  #going: { ra: number; dec: number } | undefined;

  step(seconds: number): void {
    const going = this.#going;
    if (going === undefined) return;
    const toward = (from: number, to: number, reach: number) =>
      Math.abs(to - from) <= reach ? to : from + Math.sign(to - from) * reach;
    this.#ra = toward(this.#ra, going.ra, slewSpeed / 15 * seconds);
    this.#dec = toward(this.#dec, going.dec, slewSpeed * seconds);
    if (this.#ra === going.ra && this.#dec === going.dec) this.#going = undefined;
  }

  answer(command: string): string | undefined {
    const [, word = "", text = ""] = /^:([A-Z][a-zA-Z]{0,2}?)\s*([\d+-].*)?$/.exec(command) ?? [];
    const number = sexagesimal(text);
    switch (word) {
      case "GR":
        return `${clock(this.#ra)}#`;
      case "GD":
        return `${said(this.#dec)}#`;
      case "GA":
        return `${said(45)}#`;
      case "GZ":
        return `${said(180).slice(1)}#`;
      case "GS":
        return `${clock(this.#ra + 1)}#`;
      case "D":
        return this.#going === undefined ? "#" : "\x7f#";
      case "Sr":
        if (number === undefined || number < 0 || number >= 24) return "0";
        this.#target.ra = number;
        return "1";
      case "Sd":
        if (number === undefined || Math.abs(number) > 90) return "0";
        this.#target.dec = number;
        return "1";
      case "MS":
        if (this.#target.dec < -40) return "1Object Below Horizon #";
        this.#going = { ...this.#target };
        return "0";
      case "CM":
        [this.#ra, this.#dec] = [this.#target.ra, this.#target.dec];
        return "M31 EX GAL MAG 3.5 SZ178.0'#";
      case "Q":
        this.#going = undefined;
        return undefined;
      default:
        return undefined;
    }
  }
}

const ra = {
  type: "float",
  unit: "h",
  base: "sexagesimal",
  minimum: 0,
  maximum: 23.9999,
  summary: "right ascension",
} as const;
const dec = {
  type: "float",
  unit: "°",
  base: "sexagesimal",
  minimum: -90,
  maximum: 90,
  summary: "declination",
} as const;
const hours = { type: "float", unit: "h", decimals: 5, base: "sexagesimal" } as const;
const degrees = { type: "float", unit: "°", decimals: 4, base: "sexagesimal" } as const;
/** Degrees with a degree sign of the mount's own, minutes, and perhaps seconds. */
const angle = "^[+-]?\\d{2,3}.\\d\\d(?:[:'].*)?$";
/** An answer of one character, which nothing ends. */
const taken = { answer: "^1$", length: 1 } as const;
const target = [{ send: ":Sr{ra:HH:MM:SS}", ...taken }, { send: ":Sd{dec:sDD*MM:SS}", ...taken }];
const move = (direction: string) => ({ summary: `Move ${direction} until halt or stop` });

/** An LX200 mount: serial, 9600 bits per second, or TCP through its own network. */
export const lx200: Driver = {
  address: "serial:///dev/ttyUSB0",
  simulator: () => new Mount(),
  description: {
    summary: "LX200 telescope mount",
    line: { sendEnd: "#", receiveEnd: "#" },
    handshake: { ask: ":GR", pattern: "^\\d\\d:\\d\\d" },
    fields: {
      "RA": {
        ...hours,
        keyword: "TELRA",
        summary: "right ascension",
        read: { ask: ":GR", pattern: "^\\d\\d:\\d\\d[:.]\\d+$" },
      },
      "Dec": { ...degrees, keyword: "TELDEC", summary: "declination", read: { ask: ":GD", pattern: angle } },
      "Altitude": { ...degrees, keyword: "TELALT", read: { ask: ":GA", pattern: angle } },
      "Azimuth": { ...degrees, keyword: "TELAZ", read: { ask: ":GZ", pattern: angle } },
      "Sidereal Time": { ...hours, read: { ask: ":GS", pattern: "^\\d\\d:\\d\\d:\\d\\d$" } },
      "Slewing": {
        type: "switch",
        on: { answer: ["\\x7f", "\\xff", "|"] },
        off: { answer: "" },
        read: { ask: ":D", pattern: "^(.?)" },
      },
    },
    commands: {
      goto: {
        summary: "Go to a place in the sky, and end there",
        arguments: { ra, dec },
        send: [...target, { ask: ":MS", pattern: "^0$", answerEnds: "^0|#$" }],
        doneWhen: { ask: ":D", pattern: "^$", every: 0.5, within: 300 },
        stop: ":Q",
        deadline: 310,
      },
      sync: {
        summary: "Say that the telescope points there now",
        arguments: { ra, dec },
        send: [...target, { ask: ":CM" }],
      },
      stop: { summary: "Stop every movement", send: ":Q", stop: true },
      park: { summary: "Go to the parking position, where the mount has one", send: ":hP" },
      north: { ...move("north"), send: ":Mn" },
      south: { ...move("south"), send: ":Ms" },
      east: { ...move("east"), send: ":Me" },
      west: { ...move("west"), send: ":Mw" },
      rate: {
        summary: "Choose how fast it moves by hand",
        arguments: { rate: { type: "choice", choices: { Guide: "G", Centre: "C", Find: "M", Slew: "S" } } },
        send: ":R{rate}",
      },
    },
  },
};
