/**
 * The address of a USB test and measurement device: `usbtmc:///dev/usbtmc0`.
 *
 * @module
 */

import { oneOf, readSettings, type Wrong } from "./address_parts.ts";

/** The address of such a device. */
export interface UsbtmcAddress {
  readonly kind: "usbtmc";
  readonly path: string;
  /** Whether its buffers are cleared when the line is opened. */
  readonly clear: boolean;
}

/** How it is addressed. */
export const usbtmcForms = "usbtmc:///dev/usbtmc0";

/** Reads such an address. */
export function parseUsbtmc(url: URL, wrong: Wrong): UsbtmcAddress {
  const { clear = "yes" } = readSettings(url, { clear: oneOf("yes", "no") }, wrong);
  const path = decodeURIComponent(url.pathname);
  if (url.hostname !== "" || path === "" || path === "/") throw wrong(`give the device's file: ${usbtmcForms}`);
  return { kind: "usbtmc", path, clear: clear === "yes" };
}
