/**
 * The second wall around a sandbox's process, by Linux: it holds where code has got past Deno's permissions.
 *
 * Everything goes through the C library, before the process gives up its right to call it.
 *
 * @module
 */

import type { CodePermissions } from "./options.ts";
import { seccompFilter } from "./seccomp_filter.ts";

// Addresses are numbers: pointer objects ask for the permission again at every use. Functions with variable arguments
// are called with integers only, which all of Linux's machines pass like those of any other function.
const functions = {
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  landlockCreate: { name: "syscall", parameters: ["isize", "buffer", "usize", "usize"], result: "isize" },
  landlockAdd: { name: "syscall", parameters: ["isize", "i32", "i32", "buffer", "usize"], result: "isize" },
  landlockRestrict: { name: "syscall", parameters: ["isize", "i32", "usize"], result: "isize" },
  seccomp: { name: "syscall", parameters: ["isize", "usize", "usize", "buffer"], result: "isize" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  getenv: { parameters: ["buffer"], result: "usize" },
  copyText: { name: "strncpy", parameters: ["buffer", "usize", "usize"], result: "usize" },
} as const satisfies Deno.ForeignLibraryInterface;

type Library = Deno.DynamicLibrary<typeof functions>["symbols"];

const mebibyte = 1_048_576;
/** Room for two more Workers, in bytes. */
const spareWorkers = 1024 * mebibyte;
const noNewPrivileges = 38;
const dataLimit = 2;
const calls = { seccomp: 317n, landlockCreate: 444n, landlockAdd: 445n, landlockRestrict: 446n } as const;
/** O_PATH and O_CLOEXEC: a name for a rule, not a way to read it. */
const asName = 0x20_0000 | 0x8_0000;

/** Landlock's rights. */
const readFile = 1n << 2n;
const readFolder = 1n << 3n;
const writing = 1n << 1n | 1n << 4n | 1n << 5n | 1n << 7n | 1n << 8n | 1n << 13n | 1n << 14n;

/** Files that the runtime itself reads in the course of time. */
const runtimeReads = ["/proc/self", "/dev/urandom", "/dev/null", "/etc/localtime", "/usr/share/zoneinfo"];
/** Files that are read to find an address by its name. */
const resolverReads = ["/etc", "/run/systemd/resolve", "/usr/lib", "/lib", "/lib64", "/usr/share/ca-certificates"];

/** The options of the wall. */
export interface WallOptions {
  /** What the operator grants. */
  readonly permissions: CodePermissions;
  /** Folders and files that Workers are loaded from; `undefined` where they are in this executable. */
  readonly sources: readonly string[] | undefined;
}

const encoder = new TextEncoder();

function cText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${text}\0`) as Uint8Array<ArrayBuffer>;
}

/** The wall of one process. */
export class LinuxWall {
  readonly #library: Library;
  readonly #options: WallOptions;
  readonly #decoder = new TextDecoder();

  /**
   * Opens the library.
   *
   * @param options What the wall is built for.
   * @throws {Error} Where that cannot be, as without the permission.
   */
  constructor(options: WallOptions) {
    this.#options = options;
    // musl, too, answers to the name of glibc's file.
    this.#library = Deno.dlopen("libc.so.6", functions).symbols;
  }

  /**
   * Confines this thread and those that it starts from now on to the files that are granted, and to no other process's
   * signals, as far as this Linux knows how.
   *
   * @returns Whether it does.
   */
  confineFiles(): boolean {
    const { permissions: { read = [], write = [], net = [] }, sources = [] } = this.#options;
    const library = this.#library;
    if (library.prctl(noNewPrivileges, 1n, 0n, 0n, 0n) !== 0) return false;
    const version = Number(library.landlockCreate(calls.landlockCreate, null, 0n, 1n));
    if (version < 1) return false;
    // Each version knows more rights: files; moving (2); cutting (3); TCP (4); devices (5); sockets and signals (6).
    const files = (1n << BigInt(version >= 5 ? 16 : 12 + Math.min(version, 3))) - 1n;
    const network = version >= 4 && net.length === 0 ? 3n : 0n;
    const scope = version >= 6 ? 3n : 0n;
    const rights = new BigUint64Array([files, network, scope]);
    const length = version >= 6 ? 24n : version >= 4 ? 16n : 8n;
    const rules = Number(library.landlockCreate(calls.landlockCreate, rights, length, 0n));
    if (rules < 0) return false;
    const reads = [...runtimeReads, ...sources, ...(sources.length === 0 ? [] : [this.#cacheFolder()]), ...read];
    for (const path of [...reads, ...(net.length === 0 ? [] : resolverReads)]) {
      this.#permit(rules, path, readFile | readFolder, readFile);
    }
    for (const path of write) {
      const known = writing & files;
      // What is not there yet is made in its folder.
      if (!this.#permit(rules, path, known, known & (1n << 1n | 1n << 14n))) {
        this.#permit(rules, path.replace(/[^/]+\/*$/, ""), known, 0n);
      }
    }
    const confined = Number(library.landlockRestrict(calls.landlockRestrict, rules, 0n)) === 0;
    library.close(rules);
    return confined;
  }

  /**
   * Bounds what all threads of the process may have, whatever watches them. It is a last resort: the runtime reserves
   * half a gibibyte for the code of every Worker, which counts, and there must be room for new ones.
   *
   * @param data What the process has now, in bytes.
   * @param memory How much more it may use, in MiB.
   */
  boundMemory(data: number, memory: number): void {
    const most = BigInt(data + memory * mebibyte + spareWorkers);
    this.#library.setrlimit(dataLimit, new BigUint64Array([most, most]));
  }

  /**
   * Refuses every call of the system that is not on the list, to all threads, for good.
   *
   * @returns Whether it does: the list is that of x86-64, and the kernel must know how.
   */
  close(): boolean {
    if (Deno.build.arch !== "x86_64") return false;
    const { permissions: { read = [], write = [], net = [] }, sources } = this.#options;
    const reads = sources !== undefined || read.length > 0 || net.length > 0;
    const filter = seccompFilter({
      files: write.length > 0 ? "writing" : reads ? "reading" : "none",
      network: net.length > 0,
      pid: Deno.pid,
    });
    const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(filter));
    const program = new BigUint64Array([BigInt(filter.length / 8), BigInt(address)]);
    return Number(this.#library.seccomp(calls.seccomp, 1n, 1n, program)) === 0;
  }

  /** @returns Whether the path is there. */
  #permit(rules: number, path: string, folderRights: bigint, fileRights: bigint): boolean {
    const library = this.#library;
    const descriptor = library.open(cText(path), asName);
    if (descriptor < 0) return false;
    for (const rights of [folderRights, fileRights]) {
      const rule = new Uint8Array(12);
      new DataView(rule.buffer).setBigUint64(0, rights, true);
      new DataView(rule.buffer).setInt32(8, descriptor, true);
      // A file takes no rights of folders.
      if (Number(library.landlockAdd(calls.landlockAdd, rules, 1, rule, 0n)) === 0) break;
    }
    library.close(descriptor);
    return true;
  }

  /** The folder in which Deno keeps compiled code. */
  #cacheFolder(): string {
    const own = this.#environment("DENO_DIR");
    if (own !== "") return own;
    const caches = this.#environment("XDG_CACHE_HOME") || `${this.#environment("HOME")}/.cache`;
    return `${caches}/deno`;
  }

  #environment(name: string): string {
    const address = this.#library.getenv(cText(name));
    if (address === 0n) return "";
    const text = new Uint8Array(4096);
    this.#library.copyText(text, address, 4095n);
    return this.#decoder.decode(text.subarray(0, text.indexOf(0)));
  }
}
