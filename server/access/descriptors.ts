/**
 * Raises the limit on open files, sockets and pipes of this process, and tells what it is.
 *
 * @module
 */

/** The limit where the system cannot be asked: what macOS gives a program, and less than any Linux does. */
const assumed = 256;

/** The limit that is asked for where the system allows more than a program gets without asking. */
const wanted = 65_536n;

/** The number of RLIMIT_NOFILE. */
const resource = Deno.build.os === "linux" ? 7 : 8;

const functions = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

let known: number | undefined;

/**
 * Returns how many descriptors this process may have. The first call raises the process's own limit as far as it may,
 * as Deno does at its start and an executable does not, and must come before permissions are given up.
 *
 * @returns Their number; 256 where this program may not use FFI, which is what the system is asked through.
 */
export function descriptorLimit(): number {
  return known ??= askedLimit() ?? assumed;
}

function askedLimit(): number | undefined {
  // Sockets are no file descriptors there, and their number is not limited.
  if (Deno.build.os === "windows") return Number.MAX_SAFE_INTEGER;
  // Asked before it is tried: a program that is not run with --no-prompt would ask whoever sits there.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  try {
    const name = Deno.build.os === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
    const library = Deno.dlopen(name, functions);
    try {
      return raisedLimit(library.symbols);
    } finally {
      library.close();
    }
  } catch {
    return undefined;
  }
}

function raisedLimit({ getrlimit, setrlimit }: Deno.DynamicLibrary<typeof functions>["symbols"]): number | undefined {
  /** The limit that holds now, and the most that it may be raised to. */
  const limit = new BigUint64Array(2);
  if (getrlimit(resource, limit) !== 0) return undefined;
  const [now, most] = [limit[0]!, limit[1]!];
  const more = most < wanted ? most : wanted;
  if (now < more && setrlimit(resource, new BigUint64Array([more, most])) === 0) return Number(more);
  return Number(now);
}
