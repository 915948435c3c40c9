/**
 * Closes a connection so that its last words arrive.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { within } from "./within.ts";

/** For how long the other end may go on, in milliseconds. */
const longest = 1000;
/** The bytes that the other end may still send unless another number is given. */
const usualBytes = 1 << 20;

/**
 * Closes a connection once what was said has gone out and the other end has closed it, which it is given a second for.
 * Closed with bytes unread, it would take the last words with it.
 *
 * @param read How it is read from.
 * @param mostBytes How many bytes it may still send.
 */
export async function linger(
  connection: Connection,
  read: () => Promise<Uint8Array | null> = () => connection.read(),
  mostBytes: number = usualBytes,
): Promise<void> {
  const draining = drained(connection, read, mostBytes);
  await within(longest, Promise.race([draining, connection.ended]));
  connection.close();
  // The system has its descriptor back when nothing reads from it any more, a turn of the event loop later.
  await within(longest, draining);
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
