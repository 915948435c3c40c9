/**
 * Keeps SIGUSR1 from opening an inspector: whoever reaches that can run anything in this process.
 *
 * From Deno 2.9 on the signal does that, half a second after the start; a listener for it does not help, since both fire.
 *
 * @module
 */

/** `SIGUSR1`, and what ignores a signal. */
const signalNumbers: Partial<Record<typeof Deno.build.os, number>> = { linux: 10, darwin: 30 };
const ignored = 1n;

/**
 * The times by which the runtime has surely installed its own handler, in milliseconds after the start; it does so
 * after 500.
 */
const laterThanHandler = [1000, 3000];

const nothing = () => {};

/**
 * Has the signal ignored, before this process gives up `ffi`. Nothing where it may not use it, or has no such signal.
 *
 * @returns Has it ignored once more; that needs no permission any more.
 */
export async function ignoreInspectorSignal(): Promise<() => void> {
  const number = signalNumbers[Deno.build.os];
  if (number === undefined || (await Deno.permissions.query({ name: "ffi" })).state !== "granted") return nothing;
  const library = Deno.build.os === "linux" ? "libc.so.6" : "libSystem.B.dylib";
  try {
    const { symbols } = Deno.dlopen(library, { signal: { parameters: ["i32", "usize"], result: "usize" } });
    const ignore = () => void symbols.signal(number, ignored);
    ignore();
    for (const delay of laterThanHandler) Deno.unrefTimer(setTimeout(ignore, delay));
    return ignore;
  } catch {
    // Another C library: then the signal stays what it is.
    return nothing;
  }
}
