/**
 * The value of an expression.
 *
 * @module
 */

import type { WireValue } from "../../protocol/description.ts";

/** The value of an expression now, or why there is none to be trusted. */
export type Outcome =
  | { readonly quality: "good"; readonly value: WireValue }
  | { readonly quality: "stale" | "error"; readonly reason: string };
