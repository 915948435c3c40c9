/**
 * Lines that lead to something within this program, by the hosts at which it is.
 *
 * @module
 */

import type { Line } from "./line.ts";

/** What opens a line to a host that is within this program; no other host is ever asked for here. */
export const linesWithin: Map<string, () => Line> = new Map();
