/**
 * Who may do what.
 *
 * @module
 */

import type { Role } from "../bench/command.ts";

const ranks: Readonly<Record<Role, number>> = { observer: 0, operator: 1, admin: 2 };

/**
 * @param role What somebody may do.
 * @param needed What it takes.
 * @returns Whether the one includes the other.
 */
export function mayDo(role: Role, needed: Role): boolean {
  return ranks[role] >= ranks[needed];
}

/**
 * Whether an address can only be reached from this PC.
 *
 * @param address An IP address, or a host name that a listener was given.
 */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

/**
 * The role of a client that sends no token: admin from this PC, as the originals have it. From elsewhere, which takes
 * `--insecure-open`, it drives the instruments but does not stop the server.
 *
 * @param address The client's IP address.
 */
export function roleOfAddress(address: string): Role {
  return isLoopback(address) ? "admin" : "operator";
}
