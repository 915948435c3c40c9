/**
 * Opens the line to an address.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { openGpib } from "./gpib.ts";
import { openHislip } from "./hislip.ts";
import type { Line } from "./line.ts";
import { openFile } from "./file.ts";
import { openHttp } from "./http.ts";
import { openModbus, openModbusSerial } from "./modbus.ts";
import { openTcp, openUdp } from "./network.ts";
import { openSerial } from "./serial.ts";
import { openTelnet } from "./telnet.ts";
import { openUsbtmc } from "./usbtmc.ts";
import { openVxi11 } from "./vxi11.ts";

/** Who opens the line to an address, by its kind. */
const openers: {
  readonly [K in Address["kind"]]: (address: Extract<Address, { readonly kind: K }>) => Promise<Line>;
} = {
  tcp: ({ host, port }) => openTcp(host, port),
  udp: ({ host, port }) => openUdp(host, port),
  telnet: ({ host, port }) => openTelnet(host, port),
  serial: ({ serial }) => openSerial(serial),
  gpib: openGpib,
  hislip: openHislip,
  vxi11: openVxi11,
  usbtmc: openUsbtmc,
  "modbus+tcp": openModbus,
  "modbus+rtu": openModbus,
  "modbus+serial": openModbusSerial,
  http: openHttp,
  https: openHttp,
  file: ({ path }) => openFile(path),
};

/**
 * Opens the line to an instrument.
 *
 * @param address Where it is.
 * @returns The line.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export function openLine(address: Address): Promise<Line> {
  // What the compiler cannot know: that opener and address are of one kind.
  return (openers[address.kind] as (address: Address) => Promise<Line>)(address);
}
