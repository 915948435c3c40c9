/**
 * The contact of an instrument: whether it answers, and what keeps it so.
 *
 * @module
 */

import type { InstrumentDescription } from "../../protocol/description.ts";
import type { ContactState } from "../../protocol/vocabulary.ts";

export type { ContactState };

/** Keeps an instrument in contact; instruments of one's own may have one that is not made of a port. */
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
