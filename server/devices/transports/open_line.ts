/**
 * Opens the line to an address.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { Line } from "./line.ts";
import { openTcp, openUdp } from "./network.ts";
import { openSerial } from "./serial.ts";

/**
 * Opens the line to an instrument.
 *
 * @param address Where it is.
 * @returns The line.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export function openLine(address: Address): Promise<Line> {
  switch (address.kind) {
    case "tcp":
      return openTcp(address.host, address.port);
    case "udp":
      return openUdp(address.host, address.port);
    case "serial":
      return openSerial(address.serial);
  }
}
