/**
 * Serial ports on Linux and macOS.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";
import type { SerialOptions } from "./serial_options.ts";
import { cText, errorNumbers, lastError, openFlags, textOf, unixLibrary } from "./unix_library.ts";
import { UnixLine } from "./unix_line.ts";
import { TerminalSettings, usualRates } from "./unix_terminal.ts";

const apple = Deno.build.os === "darwin";
const lockAlone = 2 | 4;
const unlock = 8;
// The lock refuses programs that lock too, this one included; this mark refuses all others but the superuser's.
const exclusive = apple ? 0x2000_740dn : 0x540cn;
const notExclusive = apple ? 0x2000_740en : 0x540dn;
const discardBoth = apple ? 3 : 2;
/** Sets and clears the lines of a modem: Linux takes a pointer to their bits, macOS has calls without any for DTR. */
const setLines = 0x5416n;
const clearLines = 0x5417n;
const [dtrLine, rtsLine] = [2, 4];
const appleSetDtr = 0x2000_7479n;
const appleClearDtr = 0x2000_7478n;

/** Opens the C library, which needs the permission `--allow-ffi`; `loadSerialLibrary` says when. */
export function loadUnixSerialLibrary(): void {
  unixLibrary();
}

/** Opens a serial port; `openSerial` says how. */
export function openUnixSerial(options: SerialOptions): Line {
  const library = unixLibrary();
  const { path } = options;
  const descriptor = library.open(cText(path), openFlags);
  if (descriptor < 0) throw openingError(path, lastError());
  try {
    const pseudo = prepare(descriptor, options);
    return new UnixLine({
      descriptor,
      name: `The serial port ${path}`,
      broken: "the cable was pulled or the device was switched off",
      closesSlowly: !pseudo,
      release: () => {
        if (!pseudo) library.control(descriptor, notExclusive);
        library.flock(descriptor, unlock);
      },
    });
  } catch (error) {
    library.close(descriptor);
    throw error;
  }
}

/** Locks a port and sets it; whether it is a pseudo terminal. */
function prepare(descriptor: number, options: SerialOptions): boolean {
  const library = unixLibrary();
  const { path } = options;
  const settings = TerminalSettings.of(descriptor);
  if (settings === undefined) throw openingError(path, lastError());
  if (library.flock(descriptor, lockAlone) !== 0) throw openingError(path, errorNumbers.busy);
  const pseudo = isPseudoTerminal(descriptor);
  // A pseudo terminal outlives its user: this mark would stay after a crash, and lock everybody out.
  if (!pseudo) library.control(descriptor, exclusive);
  try {
    settings.set(options);
    const applied = settings.apply(descriptor);
    const actual = TerminalSettings.of(descriptor);
    if (!applied || !(actual?.hasRate(options.baud) ?? false)) {
      throw new HeliographError(
        "bad_argument",
        `The serial port ${path} does not do ${options.baud} bits per second; usual rates: ${usualRates.join(" ")}`,
      );
    }
    // A pseudo terminal has bytes and no frames, whatever it is told.
    if (!pseudo && !(actual?.hasFrame(options) ?? false)) {
      const { dataBits, parity, stopBits } = options;
      throw new HeliographError(
        "bad_argument",
        `The serial port ${path} does not do ${dataBits} data bits, parity ${parity}, stop bits ${stopBits} together`,
      );
    }
  } catch (error) {
    if (!pseudo) library.control(descriptor, notExclusive);
    throw error;
  }
  // A pseudo terminal has no such lines.
  if (!pseudo) setModemLines(descriptor, options);
  library.tcflush(descriptor, discardBoth);
  return pseudo;
}

/** Sets DTR and RTS as they are wanted; the driver has raised both on opening, for a moment. */
function setModemLines(descriptor: number, { path, dtr, rts, flowControl }: SerialOptions): void {
  const wanted: readonly (readonly [string, number, "on" | "off" | undefined])[] = [
    ["DTR", dtrLine, dtr === "keep" ? "on" : dtr],
    ["RTS", rtsLine, flowControl === "hardware" ? undefined : rts],
  ];
  for (const [name, line, state] of wanted) {
    if (state === undefined) continue;
    const done = apple
      ? line === dtrLine && unixLibrary().control(descriptor, state === "on" ? appleSetDtr : appleClearDtr) === 0
      : unixLibrary().controlWith(descriptor, state === "on" ? setLines : clearLines, new Int32Array([line])) === 0;
    if (done) continue;
    throw new HeliographError("bad_argument", `The serial port ${path} cannot switch ${name} ${state}: leave it out`);
  }
}

function isPseudoTerminal(descriptor: number): boolean {
  const name = new Uint8Array(256);
  // macOS: pseudo terminals are /dev/ttys000 and on; serial ports are /dev/cu.… and /dev/tty.…
  return unixLibrary().ttyname_r(descriptor, name, BigInt(name.length)) === 0 &&
    /^\/dev\/(?:pts\/|ttys[0-9a-f]+$)/.test(textOf(name));
}

function openingError(path: string, error: number): HeliographError {
  return new HeliographError("not_connected", `The serial port ${path} ${whyNotOpened(error)}`);
}

function whyNotOpened(error: number): string {
  switch (error) {
    case errorNumbers.noSuchFile:
      return "does not exist: `heliograph ports` lists what there is";
    case errorNumbers.accessDenied:
    case errorNumbers.notPermitted:
      return "may not be opened by this user" +
        (apple ? "" : ": add the user to the group it belongs to (dialout, or uucp), and log in again");
    case errorNumbers.busy:
      return "is in use by another program, or by another instrument: close it there";
    case errorNumbers.notATerminal:
    case errorNumbers.isFolder:
      return "is not a serial port: `heliograph ports` lists those there are";
    case errorNumbers.inputOutput:
    case errorNumbers.noSuchDevice:
    case errorNumbers.noSuchDeviceOrAddress:
      return "has no device behind it: `heliograph ports` lists those that have";
    case errorNumbers.tooManyFiles:
      return "cannot be opened: this program has too many files open (ulimit -n)";
    default:
      return `cannot be opened (system error ${error})`;
  }
}
