/**
 * Lines by telnet (RFC 854), as terminal servers and some instruments offer it: what they negotiate is answered, and is
 * never part of an answer.
 *
 * @module
 */

import { TelnetDecoder } from "../../../protocol/telnet.ts";
import type { Line } from "./line.ts";
import { openTcp } from "./network.ts";

/**
 * Connects to a telnet port.
 *
 * @param host A name or an IP address.
 * @param port The port.
 * @throws {HeliographError} `not_connected`, with the reason.
 */
export async function openTelnet(host: string, port: number): Promise<Line> {
  const line = await openTcp(host, port);
  const decoder = new TelnetDecoder();
  return {
    async read() {
      for (;;) {
        const bytes = await line.read();
        if (bytes === null) return null;
        const { data, reply } = decoder.push(bytes);
        if (reply.length > 0) await line.write(reply);
        if (data.length > 0) return data;
      }
    },
    write: (bytes) => line.write(decoder.encode(bytes)),
    close: () => line.close(),
  };
}
