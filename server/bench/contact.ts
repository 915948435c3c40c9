/**
 * The contact of an instrument: whether it answers, and what keeps it so.
 *
 * @module
 */

import type { InstrumentDescription, TraceEntry } from "../../protocol/description.ts";
import type { ContactState } from "../../protocol/vocabulary.ts";

export type { ContactState };

/** The last exchanges on a line. */
export interface TraceSource {
  /**
   * What is kept, oldest first.
   *
   * @param after Only what came after the entry of this number; 0 for all.
   * @param title The instrument of whose fields it is told without saying whose they are.
   */
  entries(after: number, title: string): TraceEntry[];
}

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
  /** Since when it is in this state, in milliseconds since 1970. @default unknown */
  readonly since?: number;
  /** When a lost one is tried again, in milliseconds since 1970. @default unknown */
  readonly nextTry?: number;
  /**
   * The last exchanges on its line. @default it has none
   *
   * @internal
   */
  readonly trace?: TraceSource;
  /**
   * Whether it can begin again after it has stopped. @default false
   *
   * @internal
   */
  readonly restarts?: boolean;
  /**
   * Its instrument stands on no bench any more.
   *
   * @internal
   */
  gone?(): void;
  /**
   * Tries a lost one now, without waiting. @default it cannot be hurried
   *
   * @internal
   */
  tryNow?(): void;
  /** Begins. @param changed Told of every change of the state. */
  start(changed: () => void): void;
  /** Says goodbye and ends; `reason` says then why the goodbye was not heard, if it was not. */
  stop(): Promise<void>;
}
