/**
 * Ending a connection so that its last words arrive.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { within } from "./within.ts";

/** For how long the other end may go on, in milliseconds. */
const longest = 1000;
/** How many bytes it may still send where nothing else is said. */
const usualBytes = 1 << 20;

/**
 * Closes a connection once what was said has gone out and the other end has closed it, which it is given a second for.
 * Closed with bytes unread, it would take the last words with it.
 *
 * @param connection It.
 * @param read How it is read from.
 * @param mostBytes How many bytes it may still send.
 */
export async function linger(
  connection: Connection,
  read: () => Promise<Uint8Array | null> = () => connection.read(),
  mostBytes: number = usualBytes,
): Promise<void> {
  await within(longest, Promise.race([drained(connection, read, mostBytes), connection.ended]));
  connection.close();
}

async function drained(
  connection: Connection,
  read: () => Promise<Uint8Array | null>,
  mostBytes: number,
): Promise<void> {
  await connection.flush();
  await connection.closeWrite();
  for (let bytes = 0; bytes <= mostBytes;) {
    const more = await read();
    if (more === null) return;
    bytes += more.length;
  }
}
