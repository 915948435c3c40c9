/**
 * Pseudo terminals: serial ports without hardware, for simulators.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import { cText, lastError, openFlags, textOf, unixLibrary } from "./unix_library.ts";
import { UnixLine } from "./unix_line.ts";
import { TerminalSettings } from "./unix_terminal.ts";

/** A serial port without hardware, and the device's end of it. */
export interface Pty {
  /** The port for a program to open: `/dev/pts/3`. */
  path: string;
  /** The device's end; it lives on when a program closes the port, and until somebody opens it keeps what is sent. */
  line: Line;
  /** Takes the port away: whoever has it open is hung up. */
  close(): void;
}

/**
 * Makes a pseudo terminal in raw mode.
 *
 * @returns It, for this program to play the device.
 * @throws {HeliographError} On Windows, which has none; or the system has no more.
 */
// Async, so that whatever is wrong comes as a rejection.
// deno-lint-ignore require-await
export async function openPty(): Promise<Pty> {
  if (Deno.build.os === "windows") {
    throw new HeliographError(
      "command_failed",
      "Windows has no pseudo terminals: use a TCP port, or a pair of virtual COM ports such as com0com's",
    );
  }
  const library = unixLibrary();
  const descriptor = library.open(cText("/dev/ptmx"), openFlags);
  if (descriptor < 0) throw openingError();
  let slave = -1;
  try {
    const name = new Uint8Array(256);
    if (
      library.grantpt(descriptor) !== 0 || library.unlockpt(descriptor) !== 0 ||
      library.ptsname_r(descriptor, name, BigInt(name.length)) !== 0
    ) throw openingError();
    const path = textOf(name);
    // Kept open, so that the device's end lives on when a program closes the port.
    slave = library.open(cText(path), openFlags);
    if (slave < 0) throw openingError();
    const settings = TerminalSettings.of(slave);
    settings?.makeRaw();
    if (!(settings?.apply(slave) ?? false)) throw openingError();
    const line = new UnixLine({
      descriptor,
      name: `The device's end of the pseudo terminal ${path}`,
      broken: "the system has taken it away",
      closesSlowly: false,
      others: [slave],
    });
    return { path, line, close: () => line.close() };
  } catch (error) {
    if (slave >= 0) library.close(slave);
    library.close(descriptor);
    throw error;
  }
}

function openingError(): HeliographError {
  return new HeliographError("not_connected", `No pseudo terminal can be made (system error ${lastError()})`);
}
