import { HeliographError } from "../../../protocol/errors.ts";
import type { Line } from "./line.ts";

/** Takes a line's bytes in the lengths that a protocol says. */
export class ByteReader {
  readonly #line: Line;
  #begun: Uint8Array = new Uint8Array();

  /** Makes it; nobody else may read from the line. */
  constructor(line: Line) {
    this.#line = line;
  }

  /**
   * Takes so many bytes.
   *
   * @returns Them, once they have come; `null` where the line has ended before the first of them.
   * @throws {HeliographError} The line has broken, or ended in the middle.
   */
  async take(count: number): Promise<Uint8Array | null> {
    const taken = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      if (this.#begun.length === 0) {
        const bytes = await this.#line.read();
        if (bytes === null && filled === 0) return null;
        if (bytes === null) {
          throw new HeliographError("not_connected", "the other end closed it in the middle of a message");
        }
        this.#begun = bytes;
      }
      const part = this.#begun.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#begun = this.#begun.subarray(part.length);
    }
    return taken;
  }
}

/**
 * Waits for something, but not for ever.
 *
 * @param seconds How long.
 * @param late Makes the error where it takes longer.
 */
export async function within<T>(work: Promise<T>, seconds: number, late: () => Error): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(late()), seconds * 1000);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
