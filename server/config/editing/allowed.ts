/**
 * Says what of a bench file may be changed by a client: lists of what is allowed, and nothing else is.
 *
 * @module
 */

import type { BenchEntry, EditProblem } from "../../../protocol/bench_edit.ts";
import { builtInDrivers } from "../../devices/drivers/drivers.ts";
import { fileOf, parseAddress, serialPortOf } from "../../devices/transports/address.ts";
import { readyMade } from "../ready_made.ts";
import { isSame } from "./same.ts";

/** The words of an instrument that may be changed. */
const words: ReadonlySet<string> = new Set(
  ["title", "caption", "summary", "driver", "port", "options", "parameters", "line", "fields", "questions", "main"]
    .concat("pollInterval", "staleAfter", "errorAfter", "reconnect", "polling"),
);

/** The words of its line that may not: they may hold what is secret. */
const secret: ReadonlySet<string> = new Set(["headers"]);

/** The devices of this computer that a port may be: nothing else becomes a path. */
const devices =
  /^(?:\/dev\/(?:tty|cu|rfcomm|usbtmc|pts\/|serial\/by-id\/|serial\/by-path\/)[\w.:+@-]*|COM\d{1,3}|usb:[\w.-]+)$/i;

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a driver is heliograph's own. */
export function isKnownDriver(driver: unknown): boolean {
  return driver === undefined ||
    typeof driver === "string" && (Object.hasOwn(builtInDrivers, driver) || Object.hasOwn(readyMade, driver));
}

/** The fields of an entry whose calibration stands in a file. */
function calibratedByFile(entry: BenchEntry): string[] {
  return Object.entries(isTable(entry.fields) ? entry.fields : {}).flatMap(([title, field]) => {
    const { calibration } = isTable(field) ? field : {} as { calibration?: unknown };
    return calibration === undefined || Array.isArray(calibration) ? [] : [title];
  });
}

function addressOf(
  port: unknown,
  named: Readonly<Record<string, unknown>>,
): ReturnType<typeof parseAddress> | undefined {
  if (typeof port !== "string") return undefined;
  const text = Object.hasOwn(named, port) ? named[port] : port;
  try {
    return typeof text === "string" ? parseAddress(text) : undefined;
  } catch {
    // That it is wrong is told where it is used.
    return undefined;
  }
}

/**
 * Why an instrument is changed only in the file itself.
 *
 * @param entry What the file says of it.
 * @param named The addresses of the file that have names.
 * @returns The reason; empty where it may be changed here.
 */
export function fixedReason(entry: BenchEntry, named: Readonly<Record<string, unknown>>): string {
  if (!isKnownDriver(entry.driver)) return `its driver is a file of one's own, ${String(entry.driver)}`;
  const address = addressOf(entry.port, named);
  if (address !== undefined && fileOf(address) !== undefined) return "it is read from a file of this computer";
  const [calibrated] = calibratedByFile(entry);
  if (calibrated !== undefined) return `the calibration of ${calibrated} stands in a file`;
  return "";
}

/**
 * What of a change may not be made here.
 *
 * @param old What the file says now; `undefined` for an instrument that is added.
 * @param now What it is to say; `undefined` for one that is removed.
 * @param named The addresses of the file that have names.
 */
export function forbidden(
  old: BenchEntry | undefined,
  now: BenchEntry | undefined,
  named: Readonly<Record<string, unknown>>,
): EditProblem[] {
  const problems: EditProblem[] = [];
  const wrong = (path: (string | number)[], message: string) => void problems.push({ path, message });
  const inFile = "is changed in the bench file itself, not here";
  if (old !== undefined) {
    const fixed = fixedReason(old, named);
    if (fixed !== "") return [{ path: [], message: `${String(old.title)} ${inFile}: ${fixed}` }];
  }
  if (now === undefined) return problems;
  for (const key of new Set([...Object.keys(old ?? {}), ...Object.keys(now)])) {
    if (isSame(old?.[key], now[key])) continue;
    if (!words.has(key)) wrong([key], inFile);
  }
  const [oldLine, line] = [old?.line, now.line].map((each) => isTable(each) ? each : {}) as [BenchEntry, BenchEntry];
  for (const key of secret) if (!isSame(oldLine[key], line[key])) wrong(["line", key], inFile);
  if (!isKnownDriver(now.driver)) {
    wrong(["driver"], `is none of heliograph's own; a driver of one's own is named in the bench file itself`);
  }
  for (const title of calibratedByFile(now)) {
    wrong(["fields", title, "calibration"], "is a table of pairs here; a file is named in the bench file itself");
  }
  const address = addressOf(now.port, named);
  if (address === undefined) return problems;
  if (fileOf(address) !== undefined) {
    wrong(["port"], "is a file of this computer, which is named in the bench file itself");
  }
  const device = serialPortOf(address);
  if (device !== undefined && device !== addressPath(old?.port, named) && !devices.test(device)) {
    wrong(
      ["port"],
      `is no serial port: ${device}; give one of those that are plugged in, for example /dev/ttyUSB0 or COM3`,
    );
  }
  return problems;
}

function addressPath(port: unknown, named: Readonly<Record<string, unknown>>): string | undefined {
  const address = addressOf(port, named);
  return address && serialPortOf(address);
}
