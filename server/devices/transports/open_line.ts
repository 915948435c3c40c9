/**
 * Opens the line to an address.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { Line } from "./line.ts";
import { openFile } from "./file.ts";
import { openHttp } from "./http.ts";
import { openModbus } from "./modbus.ts";
import { openTcp, openUdp } from "./network.ts";
import { openSerial } from "./serial.ts";

/**
 * Opens the line to an instrument.
 *
 * @param address Where it is.
 * @returns The line.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
// Async, so that whatever is wrong comes as a rejection.
// deno-lint-ignore require-await
export async function openLine(address: Address): Promise<Line> {
  switch (address.kind) {
    case "tcp":
      return openTcp(address.host, address.port);
    case "udp":
      return openUdp(address.host, address.port);
    case "serial":
      return openSerial(address.serial);
    case "modbus":
    case "modbus serial":
      return openModbus(address);
    case "http":
      return openHttp(address);
    case "file":
      return openFile(address.path);
  }
}
