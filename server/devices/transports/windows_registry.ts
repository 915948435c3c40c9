/**
 * Windows' registry, as far as it says which serial port an adapter has.
 *
 * @module
 */

import { libraryError } from "./unix_library.ts";
import { wideText } from "./windows_library.ts";

// HKEY is as wide as an address, DWORD and LSTATUS are 32 bits.
const functions = {
  RegOpenKeyExW: { parameters: ["usize", "buffer", "u32", "u32", "buffer"], result: "i32" },
  RegEnumKeyExW: {
    parameters: ["usize", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  RegQueryValueExW: { parameters: ["usize", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  RegCloseKey: { parameters: ["usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Registry = Deno.DynamicLibrary<typeof functions>["symbols"];

/** HKEY_LOCAL_MACHINE, a negative number of 32 bits. */
const localMachine = 0xffff_ffff_8000_0002n;

/** KEY_READ */
const mayRead = 0x2_0019;

/** REG_SZ */
const isText = 1;

/** The longest name of a key, in characters. */
const longestName = 255;

let opened: Registry | undefined;

/**
 * The library, opened at the first call.
 *
 * @throws {HeliographError} This program may not open libraries.
 */
export function advapi32(): Registry {
  try {
    return opened ??= Deno.dlopen("advapi32.dll", functions).symbols;
  } catch (error) {
    throw libraryError(error);
  }
}

/** Uses a key while it is open. @returns `undefined` where there is no such key, or it may not be read. */
function within<T>(parent: bigint, path: string, use: (key: bigint) => T): T | undefined {
  const key = new BigUint64Array(1);
  if (advapi32().RegOpenKeyExW(parent, wideText(path), 0, mayRead, key) !== 0) return undefined;
  try {
    return use(key[0]!);
  } finally {
    advapi32().RegCloseKey(key[0]!);
  }
}

function keysIn(key: bigint): string[] {
  const names: string[] = [];
  const name = new Uint16Array(longestName + 1);
  for (;;) {
    const length = Uint32Array.of(name.length);
    if (advapi32().RegEnumKeyExW(key, names.length, name, length, null, null, null, null) !== 0) return names;
    names.push(String.fromCharCode(...name.subarray(0, length[0])));
  }
}

function textIn(key: bigint, name: string): string | undefined {
  const text = new Uint16Array(longestName + 1);
  const bytes = Uint32Array.of(text.byteLength);
  const type = new Uint32Array(1);
  if (advapi32().RegQueryValueExW(key, wideText(name), null, type, text, bytes) !== 0) return undefined;
  if (type[0] !== isText) return undefined;
  return String.fromCharCode(...text.subarray(0, bytes[0]! / 2)).replace(/\0.*$/s, "");
}

/** A device, as the registry has it: `VID_0403&PID_6001`, `A50285BI`. */
interface Device {
  readonly kind: string;
  readonly instance: string;
  /** COM5; `undefined` where it is no serial port. */
  readonly port: string | undefined;
  /** What the names of its parts begin with, where it has several. */
  readonly prefix: string | undefined;
}

/**
 * The serial numbers of the USB adapters that have, or had, a serial port.
 *
 * @param root The key that the path begins at. @default HKEY_LOCAL_MACHINE
 * @param path Where the devices are.
 * @returns Each by its port; none for a port that two adapters had.
 * @throws {HeliographError} This program may not open libraries.
 */
export function adapterNumbers(
  root: bigint = localMachine,
  path = "SYSTEM\\CurrentControlSet\\Enum",
): ReadonlyMap<string, string> {
  const devices = devicesIn(root, `${path}\\USB`);
  const found = new Map<string, Set<string>>();
  const note = (port: string, number: string) => found.set(port, (found.get(port) ?? new Set()).add(number));
  for (const { kind, instance, port } of devices) {
    if (port === undefined) continue;
    // Windows makes a name with & for a device without a serial number, and for each part of one with several.
    const whole = instance.includes("&")
      ? devices.find(({ prefix, kind: other }) =>
        prefix !== undefined && kind.startsWith(`${other}&`) && instance.startsWith(`${prefix}&`)
      )?.instance
      : instance;
    note(port, whole === undefined || whole.includes("&") ? "" : whole);
  }
  for (const { kind, port } of devicesIn(root, `${path}\\FTDIBUS`)) {
    // FTDI's driver writes VID_0403+PID_6001+A50285BIA: a letter for each port stands behind the number.
    const number = /^VID_\w+\+PID_\w+\+(\w+)[A-H]$/i.exec(kind)?.[1];
    if (port !== undefined) note(port, number ?? "");
  }
  return new Map(
    [...found].flatMap(([port, numbers]) => {
      const [number = ""] = numbers;
      return numbers.size === 1 && number !== "" ? [[port, number] as const] : [];
    }),
  );
}

function devicesIn(root: bigint, path: string): Device[] {
  const found = within(
    root,
    path,
    (bus) =>
      keysIn(bus).flatMap((kind) =>
        within(bus, kind, (devices) =>
          keysIn(devices).map((instance): Device => ({
            kind,
            instance,
            port: within(devices, `${instance}\\Device Parameters`, (key) => textIn(key, "PortName")),
            prefix: within(devices, instance, (key) => textIn(key, "ParentIdPrefix")),
          }))) ?? []
      ),
  );
  return found ?? [];
}
