/**
 * The addresses of Modbus lines: `modbus+tcp://10.0.0.5`, `modbus+serial:///dev/ttyUSB0?baud=19200&unit=3`.
 *
 * @module
 */

import { hostOf, hostText, readSettings, type SettledFormat, type Way, type Wrong } from "./address_parts.ts";
import { checkedUnit } from "./modbus_messages.ts";
import { parseSerial } from "./serial_address.ts";
import { defaultSerialOptions, type SerialOptions } from "./serial_options.ts";

/** The address of a line on a network: as Modbus TCP has it, or RTU through a serial server. */
export interface ModbusAddress<K extends "modbus+tcp" | "modbus+rtu" = "modbus+tcp" | "modbus+rtu"> {
  readonly kind: K;
  readonly host: string;
  readonly port: number;
}

/** The address of a serial line on which RTU is spoken. */
export interface ModbusSerialAddress {
  readonly kind: "modbus+serial";
  readonly serial: SerialOptions;
}

/** The port at which Modbus TCP is served. */
const usualPort = 502;

const settled: SettledFormat = { sendEnd: "", receiveEnd: "\n" };
const words = ["unit", "mostRegisters"];

/** The way to a line on a network. @param kind How its messages are told apart. */
export function modbusWay<K extends "modbus+tcp" | "modbus+rtu">(kind: K): Way<ModbusAddress<K>> {
  const forms = kind === "modbus+tcp" ? "modbus+tcp://HOST:502?unit=1" : "modbus+rtu://HOST:PORT?unit=1";
  return {
    forms,
    parse(url, wrong) {
      checkUnit(url, wrong);
      const port = url.port === "" && kind === "modbus+tcp" ? usualPort : Number(url.port);
      if (url.hostname === "" || port === 0) {
        throw wrong(`its ${url.hostname === "" ? "host" : "port"} is missing; give ${forms}`);
      }
      if (url.pathname !== "" && url.pathname !== "/") throw wrong("nothing but ?unit=1 may follow the port");
      return { kind, host: hostOf(url), port };
    },
    name: ({ host, port }) => `${kind}://${hostText(host)}:${port}`,
    keepsLate: () => kind === "modbus+rtu",
    settled,
    nobody: { kind, host: "127.0.0.1", port: 1 },
    words,
  };
}

/** How long a line is quiet between two frames, in seconds: three and a half characters, and 1.75 ms from 19200 bits per second on. */
export function modbusQuiet(baud: number): number {
  return Math.max(0.00175, 38.5 / baud);
}

/** The way to a serial line. */
export const modbusSerialWay: Way<ModbusSerialAddress> = {
  forms: "modbus+serial:///dev/ttyUSB0?baud=9600&unit=1",
  parse(url, wrong, defaults) {
    checkUnit(url, wrong);
    const bare = new URL(url);
    bare.searchParams.delete("unit");
    return { kind: "modbus+serial", serial: parseSerial(bare, wrong, defaults) };
  },
  name: ({ serial }) => serial.path,
  keepsLate: () => true,
  serialPort: ({ serial }) => serial.path,
  holdsUp: ({ serial }) => modbusQuiet(serial.baud),
  settled,
  nobody: { kind: "modbus+serial", serial: { ...defaultSerialOptions, path: "/no such port" } },
  words,
};

/** Several units may be on one line: the number is the instrument's, and no part of the line's address. */
function checkUnit(url: URL, wrong: Wrong): void {
  const settings = [...url.searchParams.keys()];
  if (!url.protocol.includes("serial") && settings.some((name) => name !== "unit")) {
    readSettings(url, { unit: { allowed: /^\d+$/, choices: "1 to 255" } }, wrong);
  }
  const unit = url.searchParams.get("unit");
  if (unit === null) return;
  try {
    checkedUnit(/^\d+$/.test(unit) ? Number(unit) : NaN);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

/** The unit that an address names. @param text A sound address. */
export function unitIn(text: string): number | undefined {
  const unit = /^modbus\+.*[?&]unit=(\d+)/.exec(text)?.[1];
  return unit === undefined ? undefined : Number(unit);
}
