/**
 * Waits for the signals that end a program.
 *
 * @module
 */

/** Ctrl-C, and what a service manager sends; Windows has no SIGTERM. */
export const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Waits until the program is told to stop. */
export async function untilSignal(): Promise<void> {
  const told = Promise.withResolvers<void>();
  for (const signal of stopSignals) Deno.addSignalListener(signal, told.resolve);
  await told.promise;
  for (const signal of stopSignals) Deno.removeSignalListener(signal, told.resolve);
}
