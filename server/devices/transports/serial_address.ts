/**
 * The address of a serial line: `serial:///dev/ttyUSB0?baud=9600`, `serial://COM9`.
 *
 * @module
 */

import { type AddressSetting, oneOf, readSettings, type Wrong } from "./address_parts.ts";
import { defaultSerialOptions, type SerialOptions } from "./serial_options.ts";

/** How a serial line is addressed. */
export const serialForms =
  "serial:///dev/ttyUSB0?baud=9600, serial://usb:SERIALNUMBER or on Windows serial://COM9?baud=9600";

/** The settings of a serial line, by their name in the address. */
export const serialSettings = {
  baud: { allowed: /^[1-9]\d{1,6}$/, choices: "a number of bits per second" },
  dataBits: oneOf("7", "8"),
  parity: oneOf("none", "even", "odd"),
  stopBits: oneOf("1", "2"),
  flowControl: oneOf("none", "hardware", "software"),
  dtr: oneOf("on", "off", "keep"),
  rts: oneOf("on", "off"),
} as const satisfies Record<string, AddressSetting>;

/**
 * Reads the address of a serial line.
 *
 * @param url The address.
 * @param wrong Makes the error.
 * @param defaults How the line is set where the address does not say.
 */
export function parseSerial(url: URL, wrong: Wrong, defaults: Partial<SerialOptions>): SerialOptions {
  if (url.hostname === "" && url.pathname === "") throw wrong(`its port is missing; give ${serialForms}`);
  if (url.hostname !== "" && url.pathname !== "" && url.pathname !== "/") {
    throw wrong(`a path begins with a third slash: serial:///${url.hostname}${url.pathname}${url.search}`);
  }
  const path = url.hostname === "" ? portPath(url.pathname) : decodeURIComponent(url.hostname).toUpperCase();
  return serialOptions(path, readSettings(url, serialSettings, wrong), defaults);
}

/** The port of a path; by its adapter's serial number it is `usb:FT1234AB`. */
export function portPath(pathname: string): string {
  return decodeURIComponent(pathname).replace(/^\/(usb:)/i, (_, usb: string) => usb.toLowerCase());
}

/**
 * The options of a serial line.
 *
 * @param path The port.
 * @param given The settings of its address.
 * @param defaults How the line is set where the address does not say.
 */
export function serialOptions(
  path: string,
  given: Partial<Record<keyof typeof serialSettings, string>>,
  defaults: Partial<SerialOptions>,
): SerialOptions {
  const { baud, dataBits, stopBits, ...words } = given;
  return {
    ...defaultSerialOptions,
    ...defaults,
    ...words,
    path,
    ...(baud === undefined ? {} : { baud: Number(baud) }),
    ...(dataBits === undefined ? {} : { dataBits: Number(dataBits) }),
    ...(stopBits === undefined ? {} : { stopBits: Number(stopBits) }),
  } as SerialOptions;
}
