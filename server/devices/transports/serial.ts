import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import type { SerialOptions } from "./serial_options.ts";
import { findSerialPort, type SerialPortFolders } from "./serial_ports.ts";
import { loadUnixSerialLibrary, openUnixSerial } from "./serial_unix.ts";
import { loadWindowsSerialLibrary, openWindowsSerial } from "./serial_windows.ts";

export { defaultSerialOptions, type SerialOptions } from "./serial_options.ts";

const windows = Deno.build.os === "windows";

/**
 * Opens the system's library for serial ports, which needs the permission `--allow-ffi`. After that, ports can be opened
 * without it: a server calls this before it gives its permissions up.
 *
 * @throws {HeliographError} This program may not open libraries.
 */
export function loadSerialLibrary(): void {
  if (windows) loadWindowsSerialLibrary();
  else loadUnixSerialLibrary();
}

/**
 * Opens a serial port, for this program alone.
 *
 * What the port has received until now is discarded.
 *
 * @param options The port and its settings; `defaultSerialOptions` has the usual ones. By its adapter's serial number
 * a port is called `usb:FT1234AB`.
 * @param folders Where adapters are looked for.
 * @returns The line, on which nothing was sent yet.
 * @throws {HeliographError} There is no such port, it is in use, it may not be opened, or it cannot be set like this.
 */
export async function openSerial(options: SerialOptions, folders: SerialPortFolders = {}): Promise<Line> {
  if (!Number.isInteger(options.baud) || options.baud < 1 || options.baud > 4_000_000) {
    throw new HeliographError(
      "bad_argument",
      `${options.baud} is not a rate for the serial port ${options.path}: give bits per second, for example 9600`,
    );
  }
  const [, number] = /^usb:(.+)$/.exec(options.path) ?? [];
  const found = number === undefined ? options : { ...options, path: await findSerialPort(number, folders) };
  return windows ? openWindowsSerial(found) : openUnixSerial(found);
}
