/**
 * The addresses of instruments: `tcp://host:5025`, `udp://host:5001`, `serial:///dev/ttyUSB0?baud=9600`,
 * `serial://COM9`.
 *
 * @module
 */

import { didYouMean } from "../../bench/names.ts";
import { hostOf, hostText, readSettings, type SettledFormat, type SharedBus, type Way } from "./address_parts.ts";
import { controllerName, type GpibAddress, gpibForms, gpibName, parseGpib, turnSeconds } from "./gpib_address.ts";
import { type LanAddress, lanForms, lanName, parseLan, vxi11Slice } from "./lan_address.ts";
import { type HttpAddress, httpWay } from "./http_address.ts";
import { type FileAddress, fileWay } from "./file_address.ts";
import { type ModbusAddress, type ModbusSerialAddress, modbusSerialWay, modbusWay } from "./modbus_address.ts";
import { parseSerial, serialForms } from "./serial_address.ts";
import type { SerialOptions } from "./serial_options.ts";
import { parseUsbtmc, type UsbtmcAddress, usbtmcForms } from "./usbtmc_address.ts";

type NetworkKind = "tcp" | "udp" | "telnet";

/** The address of an instrument on a network. */
export interface NetworkAddress<K extends NetworkKind = NetworkKind> {
  readonly kind: K;
  readonly host: string;
  readonly port: number;
}

/** The address of an instrument on a serial line. */
export interface SerialAddress {
  readonly kind: "serial";
  readonly serial: SerialOptions;
}

/** The address of an instrument, in parts. */
export type Address =
  | NetworkAddress<"tcp">
  | NetworkAddress<"udp">
  | NetworkAddress<"telnet">
  | SerialAddress
  | GpibAddress
  | LanAddress<"hislip">
  | LanAddress<"vxi11">
  | UsbtmcAddress
  | ModbusAddress<"modbus+tcp">
  | ModbusAddress<"modbus+rtu">
  | ModbusSerialAddress
  | HttpAddress<"http">
  | HttpAddress<"https">
  | FileAddress;

type OfKind<K extends Address["kind"]> = Extract<Address, { readonly kind: K }>;

function network<K extends NetworkKind>(kind: K, usualPort = ""): Way<NetworkAddress<K>> {
  const forms = `${kind}://HOST:PORT`;
  return {
    forms,
    parse(url, wrong) {
      if (url.hostname === "") throw wrong(allForms());
      const port = Number(url.port || usualPort);
      if (port === 0) throw wrong(`its port is missing; give ${forms}`);
      if (url.pathname !== "" && url.pathname !== "/") throw wrong("nothing may follow the port");
      readSettings(url, {}, wrong);
      return { kind, host: hostOf(url), port };
    },
    name: ({ host, port }) => `${kind}://${hostText(host)}:${port}`,
  };
}

const ways: { readonly [K in Address["kind"]]: Way<OfKind<K>> } = {
  tcp: network("tcp"),
  udp: network("udp"),
  telnet: network("telnet", "23"),
  serial: {
    forms: serialForms,
    parse: (url, wrong, defaults) => ({ kind: "serial", serial: parseSerial(url, wrong, defaults) }),
    name: ({ serial }) => serial.path,
    keepsLate: () => true,
    serialPort: ({ serial }) => serial.path,
  },
  gpib: {
    forms: gpibForms,
    parse: parseGpib,
    name: gpibName,
    // Cleared, it holds none.
    keepsLate: ({ clear }) => !clear,
    sharedBus: (address) => ({ name: controllerName(address), turn: turnSeconds }),
    serialPort: (address) => address.controller.kind === "serial" ? controllerName(address) : undefined,
  },
  hislip: {
    forms: lanForms("hislip"),
    parse: (url, wrong) => parseLan("hislip", url, wrong),
    name: lanName,
  },
  vxi11: {
    forms: lanForms("vxi11"),
    parse: (url, wrong) => parseLan("vxi11", url, wrong),
    name: lanName,
    keepsLate: ({ clear }) => !clear,
    // An answer is fetched in slices, and nothing is sent in between.
    holdsUp: () => vxi11Slice,
  },
  usbtmc: {
    forms: usbtmcForms,
    parse: parseUsbtmc,
    name: ({ path }) => path,
    keepsLate: ({ clear }) => !clear,
    serialPort: ({ path }) => path,
    waitsFor: "a question under way is answered before, or its timeout is over",
  },
  "modbus+tcp": modbusWay("modbus+tcp"),
  "modbus+rtu": modbusWay("modbus+rtu"),
  "modbus+serial": modbusSerialWay,
  http: httpWay("http"),
  https: httpWay("https"),
  file: fileWay,
};

/** The way of an address. What the compiler cannot know: that they are of one kind. */
function wayOf(address: Address): Way<Address> {
  return ways[address.kind] as unknown as Way<Address>;
}

/** What would be right, with the usual forms: how the others are written is told where one of them is begun. */
function allForms(): string {
  const others = Object.keys(ways).filter((kind) => kind !== "tcp" && kind !== "serial").map((kind) => `${kind}://`);
  return `give tcp://HOST:PORT, serial:///dev/ttyUSB0?baud=9600 or on Windows serial://COM9?baud=9600; or one of ` +
    others.join(", ");
}

/**
 * Reads an address.
 *
 * @param text As in a bench file. Serial lines take `baud` (default 9600), `dataBits` (8, 7), `parity` (none, even,
 * odd), `stopBits` (1, 2), `flowControl` (none, hardware, software), `dtr` (on, off, keep) and `rts`
 * (on, off).
 * @param serial How a serial line is set where the address does not say.
 * @returns Its parts.
 * @throws {TypeError} With what is wrong, and what would be right.
 */
export function parseAddress(text: string, serial: Partial<SerialOptions> = {}): Address {
  // A password belongs into no message.
  const shown = text.replace(/\/\/[^/]*@/, "//…@");
  const wrong = (why: string) => new TypeError(`Cannot use the address "${shown}": ${why}`);
  if (/^(?!file:)[\w+]+:\/\/\S*\s/.test(text)) throw wrong("it holds a space");
  if (/^(?:\/|COM\d+$)/i.test(text)) throw wrong(`write serial://${text}`);
  if (/^[\w.-]+:\d+$/.test(text)) throw wrong(`write tcp://${text}, or udp://${text}`);
  let url: URL;
  try {
    // An adapter's serial number is no port number.
    url = new URL(text.replace(/^(\w+:\/\/)(usb:)/i, "$1/$2"));
  } catch {
    throw wrong(allForms());
  }
  const kind = url.protocol.slice(0, -1);
  if (!Object.hasOwn(ways, kind)) {
    throw wrong(`there is no ${kind}://${didYouMean(kind, Object.keys(ways))}; ${allForms()}`);
  }
  return ways[kind as Address["kind"]].parse(url, wrong, serial);
}

/**
 * The one name of a port: two addresses of the same port give the same.
 *
 * @param address An address.
 */
export function portName(address: Address): string {
  return wayOf(address).name(address);
}

/** Whether an answer that is late comes also to the next line to an address, when this one is closed. */
export function keepsLate(address: Address): boolean {
  return wayOf(address).keepsLate?.(address) ?? false;
}

/** The serial port of this computer that an address needs; `undefined` where it needs none. */
export function serialPortOf(address: Address): string | undefined {
  return wayOf(address).serialPort?.(address);
}

/** The bus that an instrument shares with others; `undefined` where it has its line for itself. */
export function sharedBusOf(address: Address): SharedBus | undefined {
  return wayOf(address).sharedBus?.(address);
}

/** How long what is under way on the line to an address may keep something immediate from the wire, in seconds. */
export function holdsUp(address: Address): number {
  return wayOf(address).holdsUp?.(address) ?? 0;
}

/** What else does, in words; `undefined` where nothing does. */
export function waitsFor(address: Address): string | undefined {
  return wayOf(address).waitsFor;
}

/** What is settled about the lines to an address by its way in; `undefined` where that is up to the instrument. */
export function settledFormat(address: Address): SettledFormat | undefined {
  return wayOf(address).settled;
}

/** An address of the same kind at which nobody is, where nothing simulates that kind; `undefined` where it is simulated. */
export function nobodyAt(address: Address): Address | undefined {
  return wayOf(address).nobody;
}

/** The words for how answers end and what stands around them: where the way in settles the ends, they mean nothing. */
const framingWords = [
  "prompt",
  "echo",
  "sendStart",
  "receiveStart",
  "checkSum",
  "length",
  "block",
  "answerEnds",
  "lines",
]
  .concat("quiet");

/**
 * The words for a line that have no meaning at an address, each with the reason.
 *
 * @param line What a description says of it.
 */
export function misplacedWords(address: Address, line: object): [word: string, reason: string][] {
  const { words: own = [], settled = {} as Partial<SettledFormat> } = wayOf(address);
  return Object.entries(line).flatMap(([word, value]): [string, string][] => {
    if (value === undefined || own.includes(word)) return [];
    const others = Object.entries(ways).filter(([_, way]) => (way.words ?? []).includes(word)).map(([kind]) => kind);
    if (others.length > 0) return [[word, `has a meaning only where "port" is ${others.join("://, ")}://`]];
    const isSettled = Object.hasOwn(settled, word) || (settled.sendEnd !== undefined && framingWords.includes(word));
    return isSettled ? [[word, `is settled for ${address.kind}://: leave it out`]] : [];
  });
}

/** The file of this computer that an address names; `undefined` where it names none. */
export function fileOf(address: Address): string | undefined {
  return address.kind === "file" ? address.path : undefined;
}
