/**
 * Merges the words of a bench file into a driver's description.
 *
 * @module
 */

import { defined } from "../../protocol/defined.ts";

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A driver's description with what the bench file says on top of it.
 *
 * Fields and commands are added, or changed key by key; the line and its serial settings too. Everything else that the
 * bench file says replaces what the driver says.
 *
 * @param driver The driver's description.
 * @param over What the bench file says.
 */
export function mergeDescription(driver: Table, over: Table): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...driver, ...over };
  for (const key of ["fields", "commands", "questions"]) merged[key] = mergeEach(driver[key], over[key]);
  const driverLine = driver.line;
  if (isTable(driverLine) && isTable(over.line)) {
    merged.line = { ...driverLine, ...over.line };
    if (isTable(driverLine.serial) && isTable(over.line.serial)) {
      (merged.line as Record<string, unknown>).serial = { ...driverLine.serial, ...over.line.serial };
    }
  }
  return defined(merged);
}

function mergeEach(driver: unknown, over: unknown): unknown {
  if (!isTable(driver) || !isTable(over)) return over ?? driver;
  const merged: Record<string, unknown> = { ...driver };
  for (const [name, value] of Object.entries(over)) {
    const below = driver[name];
    merged[name] = isTable(below) && isTable(value) ? { ...below, ...value } : value;
  }
  return merged;
}
