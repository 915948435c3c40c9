/**
 * heliograph's own version, told to clients and in the executable; a test holds it equal to deno.json's.
 *
 * @example
 * ```ts
 * import { version } from "@heliograph/heliograph";
 *
 * console.log(/^\d+\.\d+\.\d+$/.test(version)); // true
 * ```
 */
export const version = "0.2.0";
