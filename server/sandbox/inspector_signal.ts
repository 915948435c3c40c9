/**
 * Keeps the signal away that opens the runtime's inspector, through which everything in a process can be changed.
 *
 * @module
 */

/** The system's library and the number of SIGUSR1 there; Windows has no such signal. */
const libraries: Partial<Record<typeof Deno.build.os, readonly [file: string, signal: number]>> = {
  linux: ["libc.so.6", 10],
  darwin: ["libSystem.B.dylib", 30],
};
/** What a process does with a signal that it ignores, as C has it. */
const ignored = 1n;

/**
 * @returns Makes this process ignore the signal. Newer Denos install their handler half a second after their start, so
 * it is to be called again later; that needs no permission any more.
 */
export function inspectorIgnorer(): () => void {
  const library = libraries[Deno.build.os];
  if (library === undefined) return () => {};
  const [file, signal] = library;
  try {
    const { symbols } = Deno.dlopen(file, { signal: { parameters: ["i32", "usize"], result: "usize" } });
    return () => void symbols.signal(signal, ignored);
  } catch {
    // A process that was started without the permission is only protected by what code cannot call.
    return () => {};
  }
}
