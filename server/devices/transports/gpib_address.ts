/**
 * The address of an instrument behind a GPIB controller: `gpib://10.0.0.7:1234/14`, `gpib:///dev/ttyUSB0/14,96`.
 *
 * @module
 */

import { hostOf, hostText, oneOf, readSettings, type Wrong } from "./address_parts.ts";
import { portPath, serialOptions, serialSettings } from "./serial_address.ts";
import type { SerialOptions } from "./serial_options.ts";

/** How long one read keeps the bus from the other instruments, in seconds: one that takes longer is read again. */
export const turnSeconds = 0.5;

/** The address of an instrument behind a Prologix or AR488 controller. */
export interface GpibAddress {
  readonly kind: "gpib";
  /** Where the controller is. */
  readonly controller:
    | { readonly kind: "tcp"; readonly host: string; readonly port: number }
    | { readonly kind: "serial"; readonly serial: SerialOptions };
  /** Of the instrument, 0 to 30. */
  readonly primary: number;
  /** As the controllers count them, 96 to 126. */
  readonly secondary?: number;
  /** The byte that ends each answer of an instrument that does not say so by EOI. */
  readonly readEnd?: number;
  /** Whether it is cleared after a question that it left without an answer. */
  readonly clear: boolean;
}

/** How such an instrument is addressed. */
export const gpibForms = "gpib://HOST:1234/14 or gpib:///dev/ttyUSB0/14?baud=115200";

/** The port at which a Prologix GPIB-ETHERNET listens. */
const usualPort = 1234;

const settings = {
  ...serialSettings,
  readEnd: { allowed: /^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/, choices: "a byte from 0 to 255, for example 10" },
  clear: oneOf("yes", "no"),
};

/**
 * Reads such an address.
 *
 * @param url The address.
 * @param wrong Makes the error.
 * @param defaults How the controller's serial line is set where the address does not say.
 */
export function parseGpib(url: URL, wrong: Wrong, defaults: Partial<SerialOptions>): GpibAddress {
  const { readEnd, clear = "yes", ...serial } = readSettings(url, settings, wrong);
  const [, path = "", first, second] = /^(.*)\/(\d+)(?:,(\d+))?\/?$/.exec(decodeURIComponent(url.pathname)) ?? [];
  if (first === undefined) throw wrong(`the instrument's GPIB address is missing at its end; give ${gpibForms}`);
  const primary = Number(first);
  if (primary > 30) throw wrong(`the GPIB address is ${primary}, and should be 0 to 30`);
  const secondary = second === undefined ? undefined : Number(second) + (Number(second) < 31 ? 96 : 0);
  if (secondary !== undefined && (secondary < 96 || secondary > 126)) {
    throw wrong(`the secondary address is ${second}, and should be 0 to 30, or 96 to 126 as controllers count them`);
  }
  const instrument = {
    primary,
    ...(secondary === undefined ? {} : { secondary }),
    ...(readEnd === undefined ? {} : { readEnd: Number(readEnd) }),
    clear: clear === "yes",
  };
  const onSerial = url.hostname === "" || /^COM\d+$/i.test(url.hostname);
  if (!onSerial) {
    if (path !== "") throw wrong(`between the controller and the GPIB address stands ${path}; give ${gpibForms}`);
    if (Object.keys(serial).length > 0) throw wrong(`${Object.keys(serial)[0]} is a setting of serial lines`);
    const port = url.port === "" ? usualPort : Number(url.port);
    return { kind: "gpib", controller: { kind: "tcp", host: hostOf(url), port }, ...instrument };
  }
  const port = url.hostname === "" ? portPath(path) : url.hostname.toUpperCase();
  if (port === "") throw wrong(`the controller's serial port is missing; give ${gpibForms}`);
  const options = serialOptions(port, serial, { baud: 115_200, ...defaults });
  return { kind: "gpib", controller: { kind: "serial", serial: options }, ...instrument };
}

/** The one name of a controller. */
export function controllerName({ controller }: GpibAddress): string {
  return controller.kind === "serial" ? controller.serial.path : `${hostText(controller.host)}:${controller.port}`;
}

/** The one name of such an instrument. */
export function gpibName(address: GpibAddress): string {
  const { primary, secondary } = address;
  return `gpib://${controllerName(address)}/${primary}${secondary === undefined ? "" : `,${secondary}`}`;
}
