/**
 * kernel32 on Windows, as far as serial ports need it. Like the rest for Windows, it has not been run there yet.
 *
 * @module
 */

import { libraryError } from "./unix_library.ts";

// BOOL and DWORD are 32 bits, HANDLE is as wide as an address; lpOverlapped and the like are null.
const functions = {
  CreateFileW: { parameters: ["buffer", "u32", "u32", "buffer", "u32", "u32", "usize"], result: "usize" },
  CloseHandle: { parameters: ["usize"], result: "i32" },
  SetupComm: { parameters: ["usize", "u32", "u32"], result: "i32" },
  GetCommState: { parameters: ["usize", "buffer"], result: "i32" },
  SetCommState: { parameters: ["usize", "buffer"], result: "i32" },
  SetCommTimeouts: { parameters: ["usize", "buffer"], result: "i32" },
  PurgeComm: { parameters: ["usize", "u32"], result: "i32" },
  ClearCommError: { parameters: ["usize", "buffer", "buffer"], result: "i32" },
  ReadFile: { parameters: ["usize", "buffer", "u32", "buffer", "buffer"], result: "i32" },
  WriteFile: { parameters: ["usize", "buffer", "u32", "buffer", "buffer"], result: "i32", nonblocking: true },
  QueryDosDeviceW: { parameters: ["buffer", "buffer", "u32"], result: "u32" },
  GetLastError: { parameters: [], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions, called as in C. */
export type WindowsLibrary = Deno.DynamicLibrary<typeof functions>["symbols"];

let opened: WindowsLibrary | undefined;

/**
 * The library, opened at the first call.
 *
 * @throws {HeliographError} This program may not open libraries.
 */
export function kernel32(): WindowsLibrary {
  try {
    return opened ??= Deno.dlopen("kernel32.dll", functions).symbols;
  } catch (error) {
    throw libraryError(error);
  }
}

/** The number of the error of the call just before, which must have failed. */
export function lastWindowsError(): number {
  return kernel32().GetLastError();
}

/** Text as Windows has it: UTF-16 with a NUL at its end. */
export function wideText(text: string): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(`${text}\0`, (character) => character.charCodeAt(0));
}

/** The names of devices, or what one of them stands for. */
export function queryDevices(name?: string): string[] {
  const found = new Uint16Array(65_536);
  const count = kernel32().QueryDosDeviceW(name === undefined ? null : wideText(name), found, found.length);
  // Texts one after the other, each with a NUL at its end, and one more NUL.
  return new TextDecoder("utf-16le").decode(found.subarray(0, count)).split("\0").filter((text) => text !== "");
}
