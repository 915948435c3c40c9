/**
 * Lists the serial ports of this computer. None of them is opened: that could reset what is connected.
 *
 * @module
 */

import { basename, dirname, posix } from "node:path";
import { HeliographError } from "../../../protocol/errors.ts";
import { listFolder, readLink, readSmallFile } from "./unix_files.ts";
import { queryDevices } from "./windows_library.ts";
import { adapterNumbers } from "./windows_registry.ts";

/** A serial port of this computer. */
export interface SerialPort {
  /** What to open it by: `/dev/ttyUSB0`, `COM3`. */
  path: string;
  /** A name that stays with the device, whichever socket it is in; none where the system gives none. */
  stablePath?: string;
  /** What it is, as far as the system knows. */
  description: string;
  /** The serial number of its USB adapter; none where the system knows none. */
  serialNumber?: string;
}

/** The folders to search; tests have their own. */
export interface SerialPortFolders {
  /** The devices. @default "/dev" */
  readonly devices?: string;
  /** What Linux knows of each. @default "/sys/class/tty" */
  readonly knowledge?: string;
}

// USB adapters, ports of USB devices, ports of boards and cards, Bluetooth.
const linuxName = /^(?:tty(?:USB|ACM|AMA|S|THS|mxc|O|PS|SC|SAC|LP|XRUSB|MXUSB)|rfcomm)\d+$/;

const usbtmcName = /^usbtmc\d+$/;

/**
 * Lists the serial ports, and on Linux the USBTMC devices, which needs the permission `--allow-ffi`, or a call of `loadSerialLibrary` while it was there.
 *
 * @param folders Where to look.
 * @returns The ports by their names; empty when there is none.
 * @throws {HeliographError} This program may not open the system's library.
 */
// Async, so that whatever is wrong comes as a rejection.
// deno-lint-ignore require-await
export async function listSerialPorts(folders: SerialPortFolders = {}): Promise<SerialPort[]> {
  const { devices = "/dev", knowledge = "/sys/class/tty" } = folders;
  const ports = Deno.build.os === "windows"
    ? windowsPorts()
    : Deno.build.os === "darwin"
    ? applePorts(devices)
    : linuxPorts(devices, knowledge);
  // ttyUSB2 comes before ttyUSB10.
  return ports.sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
}

/**
 * Finds the port of an adapter by its serial number, in whichever socket it is.
 *
 * @param number The serial number.
 * @param folders Where to look.
 * @returns What to open it by.
 * @throws {HeliographError} `not_connected`: there is none, or it has several; with what there is.
 */
export async function findSerialPort(number: string, folders: SerialPortFolders = {}): Promise<string> {
  const ports = (await listSerialPorts(folders)).filter(({ path }) => !usbtmcName.test(basename(path)));
  const found = ports.filter(({ serialNumber }) => serialNumber === number);
  if (found.length === 1) return found[0]!.path;
  const told = (ports: readonly SerialPort[]) =>
    ports.map(({ path, stablePath, description }) => `${stablePath ?? path} (${description})`).join(", ");
  throw new HeliographError(
    "not_connected",
    found.length > 1
      ? `The adapter with the serial number ${number} has several serial ports: say which by ${told(found)}`
      : ports.length === 0
      ? `No adapter with the serial number ${number} is plugged in, and there is no other serial port`
      : `No adapter with the serial number ${number} is plugged in; there are ${told(ports)}`,
  );
}

function linuxPorts(devices: string, knowledge: string): SerialPort[] {
  const stable = stablePaths(devices);
  const found = listFolder(devices).filter((name) => {
    if (usbtmcName.test(name)) return true;
    if (stable.has(name)) return true;
    if (!linuxName.test(name)) return false;
    // The kernel makes a few ttyS whatever there is; type 0 is one without a chip behind it.
    return !/^ttyS\d/.test(name) || !["", "0"].includes(readSmallFile(`${knowledge}/${name}/type`));
  });
  return found.map((name) => {
    const stablePath = stable.get(name);
    const serialNumber = usbDevice(name, knowledge)?.("serial") ?? "";
    return {
      path: posix.join(devices, name),
      ...(stablePath === undefined ? {} : { stablePath }),
      description: linuxDescription(name, knowledge),
      ...(serialNumber === "" ? {} : { serialNumber }),
    };
  });
}

/** The links that udev makes, by the names of the devices that they lead to. */
function stablePaths(devices: string): Map<string, string> {
  const folder = posix.join(devices, "serial/by-id");
  const found = new Map<string, string>();
  for (const name of listFolder(folder).sort()) {
    const target = posix.resolve(folder, readLink(posix.join(folder, name)) ?? ".");
    if (dirname(target) === posix.resolve(devices)) found.set(basename(target), posix.join(folder, name));
  }
  return found;
}

/** What the USB device of a port says of itself, by the names of its files; `undefined` where it is of none. */
function usbDevice(name: string, knowledge: string): ((file: string) => string) | undefined {
  // The port of a USB device lies one folder below the device's, or two if its driver makes several.
  const folder = usbtmcName.test(name) ? posix.join(knowledge, "../usbmisc") : knowledge;
  for (const up of ["..", "../.."]) {
    const read = (file: string) => readSmallFile(`${folder}/${name}/device/${up}/${file}`);
    if (read("idVendor") !== "") return read;
  }
  return undefined;
}

function linuxDescription(name: string, knowledge: string): string {
  const read = usbDevice(name, knowledge);
  if (read !== undefined) {
    const words = [read("manufacturer"), read("product")].filter((word) => word !== "");
    const serial = read("serial");
    if (usbtmcName.test(name)) words.unshift(`usbtmc:///dev/${name},`);
    const what = words.length === 0 ? `USB device ${read("idVendor")}:${read("idProduct")}` : words.join(" ");
    return serial === "" ? what : `${what}, serial number ${serial}`;
  }
  if (usbtmcName.test(name)) return `usbtmc:///dev/${name}`;
  if (/^tty(?:USB|ACM|XRUSB|MXUSB)/.test(name)) return "USB serial port";
  return name.startsWith("rfcomm") ? "Bluetooth serial port" : "serial port of this computer";
}

function applePorts(devices: string): SerialPort[] {
  // Opening tty.… instead would wait for a modem's carrier.
  return listFolder(devices).filter((name) => name.startsWith("cu.")).map((name) => ({
    path: posix.join(devices, name),
    description: /usb|wch|SLAB/i.test(name) ? "USB serial port" : name.slice("cu.".length),
  }));
}

function windowsPorts(): SerialPort[] {
  const numbers = adapterNumbers();
  return queryDevices().filter((name) => /^COM\d+$/.test(name)).map((path) => {
    // \Device\USBSER000, \Device\VCP0, \Device\Serial0
    const what = queryDevices(path)[0]?.replace(/^\\Device\\/, "") ?? "serial port";
    const serialNumber = numbers.get(path);
    return {
      path,
      description: serialNumber === undefined ? what : `${what}, serial number ${serialNumber}`,
      ...(serialNumber === undefined ? {} : { serialNumber }),
    };
  });
}
