/**
 * Tells what a role may do, for the controls that the page offers; the server decides.
 *
 * @module
 */

import type { Welcome } from "../../protocol/description.ts";

const order = ["observer", "operator", "admin"];

/** Whether a role may do what needs another. @param role Nobody's until the server has said it. @param needed The least. */
export function mayDo(
  role: Welcome["role"] | undefined,
  needed: Welcome["role"],
): boolean {
  return role !== undefined && order.indexOf(role) >= order.indexOf(needed);
}
