/**
 * The contact of an instrument: whether it answers, and what keeps it so.
 *
 * @module
 */

import type { InstrumentDescription } from "../../protocol/description.ts";
import type { ContactState } from "../../protocol/vocabulary.ts";

export type { ContactState };

/**
 * Keeps an instrument in contact; instruments of one's own may have one that is not made of a port.
 *
 * @example
 * ```ts
 * import { type Contact, defineInstrument } from "@heliograph/heliograph";
 *
 * // A contact with something that is always there.
 * const contact: Contact = {
 *   address: "this PC",
 *   state: "connected",
 *   reason: "",
 *   start: (changed) => changed(),
 *   stop: () => Promise.resolve(),
 * };
 * defineInstrument({ title: "Disk", contact });
 * ```
 */
export interface Contact {
  /** Where it is, for people. */
  readonly address: string;
  /** `off`: not started. `connecting`: the first try is under way. `lost`: it does not answer and is tried again. */
  readonly state: NonNullable<InstrumentDescription["contact"]>["state"];
  /** Why it does not; empty where it does. */
  readonly reason: string;
  /** Begins. @param changed Told of every change of the state. */
  start(changed: () => void): void;
  /** Says goodbye and ends; `reason` says then why the goodbye was not heard, if it was not. */
  stop(): Promise<void>;
}
