/**
 * The tasks of the Worker that writes the readings, and its answers.
 *
 * @module
 */

import type { DiskRoom } from "../disk_room.ts";
import type { Forgotten, ReadingsLimits } from "./forgetting.ts";
import type { ThinnedFrames } from "./thinned_frames.ts";

/** Something that the Worker is to do. */
export type ReadingsTask =
  /** Opens the database, and takes what a server that ended has left on the spool. */
  | { readonly kind: "open"; readonly folder: string }
  /** Takes a file of the spool into the database, and empties it. */
  | { readonly kind: "move"; readonly file: number }
  /** Makes whole hours and days of what is over; `now` in milliseconds since 1970. */
  | { readonly kind: "tidy"; readonly now: number }
  /** Forgets what is too old, unless the clock cannot be relied on, and what is too much. */
  | { readonly kind: "forget"; readonly limits: ReadingsLimits; readonly now: number | undefined }
  /** Looks how much room the disk has; where it is nearly full, old readings are thinned to make some. */
  | { readonly kind: "room" }
  /** Thins frames that wait in memory; `span` in milliseconds. */
  | { readonly kind: "thin"; readonly frames: readonly Uint8Array[]; readonly span: number }
  /** Holds some room on the disk, or gives it away to the journal. */
  | { readonly kind: "reserve"; readonly hold: boolean }
  | { readonly kind: "close" };

/** What came of it. */
export type ReadingsAnswer =
  | {
    readonly kind: "opened";
    /** The number of the last segment that is in the database. */
    readonly segment: number;
    /** How many bytes on the spool were no readings. */
    readonly damaged: number;
    /** What was wrong with the database that was there, and what it is called now. */
    readonly damage?: { readonly reason: string; readonly aside: string };
  }
  | { readonly kind: "moved"; readonly damaged: number }
  | { readonly kind: "tidied"; readonly more: boolean }
  | { readonly kind: "forgotten"; readonly forgotten: Forgotten }
  | { readonly kind: "room"; readonly room: DiskRoom | undefined; readonly forgotten: Forgotten }
  | ThinnedFrames & { readonly kind: "thinned" }
  | { readonly kind: "reserved"; readonly held: boolean }
  | { readonly kind: "closed" }
  /** It could not be done, for a reason in words for people. */
  | { readonly kind: "failed"; readonly reason: string };
