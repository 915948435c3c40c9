/**
 * Measures the memory of this process. On Linux the runtime opens a file for each look, which the second wall forbids:
 * there one stays open.
 *
 * @module
 */

const functions = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "usize"], result: "isize" },
  getpagesize: { parameters: [], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** O_RDONLY and O_CLOEXEC. */
const reading = 0x8_0000;

/** Looks at this process's memory. */
export class ProcessMemory {
  readonly #library: Deno.DynamicLibrary<typeof functions>["symbols"] | undefined;
  readonly #file: number = -1;
  readonly #text = new Uint8Array(128);
  readonly #decoder = new TextDecoder();

  /** Opens what it needs, as far as this process may. */
  constructor() {
    if (Deno.build.os !== "linux") return;
    try {
      this.#library = Deno.dlopen("libc.so.6", functions).symbols;
      this.#file = this.#library.open(new TextEncoder().encode("/proc/self/statm\0"), reading);
    } catch {
      // It was started without the permission: then there is no wall either.
    }
  }

  /** The resident memory, in bytes. */
  get resident(): number {
    return this.#bytes(1) ?? Deno.memoryUsage().rss;
  }

  /** The memory that this process alone can write, in bytes, whether it is in memory or not: Linux bounds that. */
  get data(): number | undefined {
    return this.#bytes(5);
  }

  #bytes(field: number): number | undefined {
    if (this.#library === undefined || this.#file < 0) return undefined;
    const length = Number(this.#library.pread(this.#file, this.#text, BigInt(this.#text.length), 0n));
    const pages = Number(this.#decoder.decode(this.#text.subarray(0, Math.max(0, length))).split(" ")[field]);
    return Number.isNaN(pages) ? undefined : pages * this.#library.getpagesize();
  }
}
