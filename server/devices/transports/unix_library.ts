/**
 * The system's C library on Linux and macOS, as far as serial ports need it.
 *
 * It is opened once: after that, calls need no permission any more. Addresses are passed as numbers, because Deno's
 * pointer objects ask for the permission again at every use.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";

const apple = Deno.build.os === "darwin";
// macOS on Intel keeps its first, 32-bit variants under the plain names.
const folderSuffix = apple && Deno.build.arch === "x86_64" ? "$INODE64" : "";

// Functions with variable arguments (open, ioctl) are called either with their fixed ones only or on Linux only:
// macOS on ARM passes variable arguments in another way than FFI does.
const functions = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  // A close waits until the port has sent everything, for up to 30 s: not where the program runs.
  closeInBackground: { name: "close", parameters: ["i32"], result: "i32", nonblocking: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // Of what waits in the kernel, such as a USBTMC device.
  readInBackground: { name: "read", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  writeInBackground: { name: "write", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  controlInBackground: { name: "ioctl", parameters: ["i32", "usize"], result: "i32", nonblocking: true },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  pipe: { parameters: ["buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  control: { name: "ioctl", parameters: ["i32", "usize"], result: "i32" },
  controlWith: { name: "ioctl", parameters: ["i32", "usize", "buffer"], result: "i32" },
  tcgetattr: { parameters: ["i32", "buffer"], result: "i32" },
  tcsetattr: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  tcflush: { parameters: ["i32", "i32"], result: "i32" },
  ttyname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  opendir: { name: `opendir${folderSuffix}`, parameters: ["buffer"], result: "usize" },
  readdir: { name: `readdir${folderSuffix}`, parameters: ["usize"], result: "usize" },
  closedir: { parameters: ["usize"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  copyText: { name: "strncpy", parameters: ["buffer", "usize", "usize"], result: "usize" },
  copyBytes: { name: "memcpy", parameters: ["buffer", "usize", "usize"], result: "usize" },
  errorAddress: { name: apple ? "__error" : "__errno_location", parameters: [], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions, called as in C. */
export type UnixLibrary = Deno.DynamicLibrary<typeof functions>["symbols"];

let opened: UnixLibrary | undefined;

/**
 * The library, opened at the first call.
 *
 * @throws {HeliographError} This program may not open libraries.
 */
export function unixLibrary(): UnixLibrary {
  try {
    // musl, too, answers to the name of glibc's file.
    return opened ??= Deno.dlopen(apple ? "libSystem.B.dylib" : "libc.so.6", functions).symbols;
  } catch (error) {
    throw libraryError(error);
  }
}

/** The error where the system's library cannot be opened. */
export function libraryError(error: unknown): HeliographError {
  const reason = error instanceof Deno.errors.NotCapable
    ? "this program was started without the permission: start it with --allow-ffi"
    : error instanceof Error
    ? error.message
    : String(error);
  const message = `Serial ports need the system's library, which cannot be opened: ${reason}`;
  return new HeliographError("not_connected", message, { cause: error });
}

/** Numbers of the system's errors. */
export const errorNumbers = {
  notPermitted: 1,
  noSuchFile: 2,
  interrupted: 4,
  inputOutput: 5,
  noSuchDeviceOrAddress: 6,
  accessDenied: 13,
  busy: 16,
  noSuchDevice: 19,
  isFolder: 21,
  tooManyFiles: 24,
  notATerminal: 25,
  tryAgain: apple ? 35 : 11,
} as const;

/** The number of the error of the call just before, which must have failed. */
export function lastError(): number {
  const library = unixLibrary();
  const number = new Int32Array(1);
  library.copyBytes(number, library.errorAddress(), 4n);
  return number[0]!;
}

/**
 * The flags with which a descriptor is opened: for both directions, never waiting, not for child processes, not as the
 * controlling terminal.
 */
export const openFlags: number = apple ? 0x2 | 0x4 | 0x2_0000 | 0x100_0000 : 0x2 | 0x800 | 0x100 | 0x8_0000;

/** The flags with which a descriptor is opened for both directions, waiting. Linux only. */
export const openFlagsWaiting: number = 0x2 | 0x100 | 0x8_0000;

/** The flags with which a descriptor is opened for reading only, never waiting, not for child processes. */
export const openFlagsReading: number = apple ? 0x4 | 0x100_0000 : 0x800 | 0x8_0000;

/** Text as C has it. */
export function cText(text: string): Uint8Array<ArrayBuffer> {
  // A NUL would end a path early, and another file would be opened.
  if (text.includes("\0")) {
    throw new HeliographError("command_failed", `${JSON.stringify(text)} is not a path: it contains a NUL`);
  }
  return new TextEncoder().encode(`${text}\0`) as Uint8Array<ArrayBuffer>;
}

/** The text at the beginning of a buffer, up to its NUL. */
export function textOf(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return new TextDecoder().decode(end < 0 ? buffer : buffer.subarray(0, end));
}
