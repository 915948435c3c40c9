/**
 * A file that holds some room on the disk: where that is full, readings give it away, and the journal goes on in it.
 *
 * @module
 */

import { join } from "node:path";

/** The name of the file. */
export const reserveFile = "reserve";

/** How much it holds, in bytes. */
const reserved = 4_000_000;

/** Gives the room away. */
export function release(folder: string): void {
  try {
    Deno.removeSync(join(folder, reserveFile));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Holds the room, unless it does.
 *
 * @returns Whether it is held. It is only where there is as much again: what is written next has room.
 */
export function reserve(folder: string): boolean {
  const file = join(folder, reserveFile);
  try {
    if (Deno.statSync(file).size === reserved) return true;
  } catch {
    // It is not there yet.
  }
  try {
    // Bytes that no file system makes small.
    const piece = new Uint8Array(50_000);
    crypto.getRandomValues(piece);
    using opened = Deno.openSync(file, { write: true, create: true, truncate: true });
    for (let at = 0; at < 2 * reserved;) at += opened.writeSync(piece);
    opened.truncateSync(reserved);
    return true;
  } catch {
    try {
      release(folder);
    } catch {
      // Then it cannot be reached: it holds what it holds.
    }
    return false;
  }
}
