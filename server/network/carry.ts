/**
 * Carries bytes from one connection to another.
 *
 * @module
 */

/** An idle direction keeps a buffer of this size; one that fills it gets a large one. */
const smallBuffer = 1024;
const largeBuffer = 65_536;

/** An end of a connection. */
export type CarriedEnd = Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">;

/**
 * Carries bytes one way, no faster than they are taken, until there are no more; then it says so at the other end.
 *
 * @param first What was read already.
 * @param began Told when something has come.
 * @throws {Error} When either connection breaks.
 */
export async function carry(
  from: CarriedEnd,
  to: CarriedEnd,
  first?: Uint8Array,
  began?: () => void,
): Promise<void> {
  if (first !== undefined) await writeAll(to, first);
  let buffer = new Uint8Array(smallBuffer);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    began?.();
    await writeAll(to, buffer.subarray(0, count));
    if (count === buffer.length && count === smallBuffer) buffer = new Uint8Array(largeBuffer);
  }
  await to.closeWrite();
}

/** Writes all of the bytes. */
export async function writeAll(to: Pick<Deno.Conn, "write">, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await to.write(written === 0 ? bytes : bytes.subarray(written));
  }
}

/** Closes it, unless that was done. */
export function closeEnd(end: Pick<Deno.Conn, "close">): void {
  try {
    end.close();
  } catch {
    // It has been closed.
  }
}
