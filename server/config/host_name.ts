/**
 * What this PC is called.
 *
 * @module
 */

/** The PC's name; `undefined` where this program may not ask for it. */
export function hostName(): string | undefined {
  try {
    return Deno.hostname();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
