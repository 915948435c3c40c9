/**
 * Finds the server that holds a port, by asking it where its instruments are.
 *
 * @module
 */

import { PyOpticonSocketClient } from "../client/pyopticon_client.ts";
import type { InstrumentDescription } from "../protocol/description.ts";
import { type Address, portName } from "../server/devices/transports/address.ts";

/** The instrument of a server that speaks on a port. */
export interface Holding {
  /** Its name. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
}

/** How long a server has to say where its instruments are, in seconds. */
const patience = 2;

/**
 * The instrument that speaks on a port already.
 *
 * @param address The port.
 * @param server Where the server is that may hold it.
 * @returns The first such instrument; `undefined` where there is none, or no server.
 */
export async function heldBy(
  address: Address,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Holding | undefined> {
  let instruments: InstrumentDescription[];
  try {
    await using client = new PyOpticonSocketClient({
      host,
      socketNumber: port,
      timeout: patience,
      handleErrors: "exception",
      purpose: "talk",
    });
    instruments = await client.describe();
  } catch {
    // None is there, or it is an original dashboard, which does not say.
    return undefined;
  }
  const wanted = await sameName(portName(address));
  for (const { name, title, contact } of instruments) {
    if (contact === null || contact.state === "off") continue;
    if (await sameName(contact.address) === wanted) return { name, title };
  }
  return undefined;
}

/** One name for what has several: a serial port and its stable name, this computer and its address. */
async function sameName(name: string): Promise<string> {
  if (name.startsWith("/")) return await Deno.realPath(name).catch(() => name);
  return name.replace(/^(\w+:\/\/)localhost(?=[:/])/i, "$1127.0.0.1").toLowerCase();
}
