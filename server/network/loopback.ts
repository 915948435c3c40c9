/**
 * Tells which addresses are this PC's own.
 *
 * @module
 */

/**
 * Whether an address can only be reached from this PC.
 *
 * @param address An IP address, or a host name that a listener was given.
 */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}
