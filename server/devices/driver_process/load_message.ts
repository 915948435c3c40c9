/**
 * Says why a module from the disk cannot be loaded.
 *
 * @module
 */

/** Says it for people. @param error What importing it threw. */
export function loadMessage(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (/heliograph/.test(message) && /not found|not a dependency|Relative import|resolve/i.test(message)) {
    return "cannot be loaded: it need not import heliograph, which is its function's first argument " +
      "(export default function ({ defineInstrument }, { title }) { … }); import types only, by import type";
  }
  return `cannot be loaded: ${name}: ${message.split("\n")[0]}`;
}
