/**
 * The addresses of instruments: `tcp://host:5025`, `udp://host:5001`, `serial:///dev/ttyUSB0?baud=9600`,
 * `serial://COM9`.
 *
 * @module
 */

import { didYouMean } from "../../bench/names.ts";
import { type OwnAddress, ownForms, ownName, parseOwnAddress } from "./own_language.ts";
import { defaultSerialOptions, type SerialOptions } from "./serial.ts";

/** The address of an instrument, in parts. */
export type Address =
  | { readonly kind: "tcp" | "udp"; readonly host: string; readonly port: number }
  | { readonly kind: "serial"; readonly serial: SerialOptions }
  | OwnAddress;

const forms =
  "give tcp://HOST:PORT, udp://HOST:PORT, serial:///dev/ttyUSB0?baud=9600 or on Windows serial://COM9?baud=9600";

/** What is said where an address begins like none that is known. */
const allForms = `${forms}; or ${Object.values(ownForms).join(", ")}`;

/** The settings of a serial line, by their name in the address, with what each may be. */
const serialSettings = {
  baud: /^[1-9]\d{1,6}$/,
  dataBits: /^[78]$/,
  parity: /^(?:none|even|odd)$/,
  stopBits: /^[12]$/,
  flowControl: /^(?:none|hardware|software)$/,
} as const;

/**
 * Reads an address.
 *
 * @param text As in a bench file. Serial lines take `baud` (default 9600), `dataBits` (8, 7), `parity` (none, even,
 * odd), `stopBits` (1, 2) and `flowControl` (none, hardware, software).
 * @param serial How a serial line is set where the address does not say.
 * @returns Its parts.
 * @throws {TypeError} With what is wrong, and what would be right.
 */
export function parseAddress(text: string, serial: Partial<SerialOptions> = {}): Address {
  // A password belongs into no message.
  const shown = text.replace(/\/\/[^/]*@/, "//…@");
  const wrong = (why: string) => new TypeError(`Cannot use the address "${shown}": ${why}`);
  if (/^(?!file:)\w+:\/\/\S*\s/.test(text)) throw wrong("it holds a space");
  if (/^(?:\/|COM\d+$)/i.test(text)) throw wrong(`write serial://${text}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong(forms);
  }
  const own = parseOwnAddress(url, wrong, (serialUrl) => parseSerial(serialUrl, wrong, serial));
  if (own !== undefined) return own;
  if (url.protocol === "serial:") return { kind: "serial", serial: parseSerial(url, wrong, serial) };
  if (url.protocol !== "tcp:" && url.protocol !== "udp:") throw wrong(allForms);
  const kind = url.protocol === "tcp:" ? "tcp" : "udp";
  const port = Number(url.port);
  if (url.hostname === "") throw wrong(forms);
  if (url.port === "" || port === 0) throw wrong(`its port is missing; ${forms}`);
  if ((url.pathname !== "" && url.pathname !== "/") || url.search !== "") throw wrong(`nothing may follow the port`);
  // IPv6 stands in brackets in an address only.
  return { kind, host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

function parseSerial(
  url: URL,
  wrong: (why: string) => TypeError,
  defaults: Partial<SerialOptions>,
): SerialOptions {
  const path = `${decodeURIComponent(url.hostname)}${decodeURIComponent(url.pathname)}`;
  if (path === "") throw wrong(`its port is missing; ${forms}`);
  if (url.hostname !== "" && url.pathname !== "" && url.pathname !== "/") {
    throw wrong(`a path begins with a third slash: ${url.protocol}///${url.hostname}${url.pathname}${url.search}`);
  }
  const given: Record<string, string> = {};
  const names = Object.keys(serialSettings);
  for (const [name, value] of url.searchParams) {
    const allowed = (serialSettings as Record<string, RegExp>)[name];
    if (allowed === undefined) throw wrong(`${name} is none of ${names.join(", ")}${didYouMean(name, names)}`);
    if (!allowed.test(value)) {
      const choices = name === "baud" ? "a number of bits per second" : allowed.source.replace(/[\^$()?:[\]]/g, "");
      throw wrong(`${name} is ${value === "" ? "empty" : value}, and should be ${spelled(name, choices)}`);
    }
    given[name] = value;
  }
  const { baud, dataBits, stopBits, ...words } = given;
  return {
    ...defaultSerialOptions,
    ...defaults,
    ...words,
    path: url.hostname === "" ? path : url.hostname.toUpperCase(),
    ...(baud === undefined ? {} : { baud: Number(baud) }),
    ...(dataBits === undefined ? {} : { dataBits: Number(dataBits) }),
    ...(stopBits === undefined ? {} : { stopBits: Number(stopBits) }),
  } as SerialOptions;
}

function spelled(name: string, choices: string): string {
  if (name === "dataBits" || name === "stopBits") return choices.split("").join(" or ");
  return choices.split("|").join(", ");
}

/**
 * The one name of a port: two addresses of the same port give the same.
 *
 * @param address An address.
 */
export function portName(address: Address): string {
  if (address.kind === "serial") return address.serial.path;
  if ("path" in address || "base" in address || "framing" in address || address.kind === "modbus serial") {
    return ownName(address);
  }
  return `${address.kind}://${address.host}:${address.port}`;
}
