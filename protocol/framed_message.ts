/**
 * The messages that a server of the framed dialect sends: replies, and events of a watch, the journal or running code.
 *
 * @module
 */

import type { ArrangementState } from "./arrangement.ts";
import type {
  ContactDescription,
  FieldReading,
  HolderDescription,
  InstrumentDescription,
  JournalEntry,
} from "./description.ts";
import type { GuardKind } from "./guards.ts";
import type { RunsDescription } from "./runs.ts";

/** The `id` that a client chose to match replies with. */
export type MessageId = number | string;

/** A message of the framed dialect that answers a request: a line of TCP, or a frame of a WebSocket. */
export type FramedReply =
  | (
    & { readonly id: MessageId; readonly ok: true; readonly value: unknown }
    /** Beside the value of a field. */
    & Partial<Omit<FieldReading, "value">>
  )
  | {
    readonly id: MessageId | null;
    readonly ok: false;
    readonly error: { readonly code: string; readonly message: string };
  };

/** A message of the framed dialect that tells what code has printed so far, in pieces. */
export interface OutputEvent {
  /** The id of the Eval or Exec message. */
  readonly id: MessageId;
  /** What it is. */
  readonly event: "output";
  /** What was printed, line ends included. */
  readonly text: string;
}

/**
 * A message of the framed dialect that tells a watcher of a field, of who has control of an instrument, of whether it
 * answers, that an instrument came or went, how the page is arranged, what guards do and how the queue of runs stands (only
 * who watches everything is told; who watches the instrument `guards` or `automation` is told of values, too), or that the
 * snapshot is complete.
 */
export type WatchEvent =
  | (
    & { readonly id: MessageId; readonly event: "field"; readonly instrument: string; readonly field: string }
    & FieldReading
  )
  | {
    readonly id: MessageId;
    readonly event: "control";
    readonly instrument: string;
    readonly holder: HolderDescription | null;
  }
  | {
    readonly id: MessageId;
    readonly event: "contact";
    readonly instrument: string;
    readonly contact: ContactDescription;
  }
  /** An instrument came, or took the place of the one of that name; `null` when it went. Its fields follow. */
  | {
    readonly id: MessageId;
    readonly event: "instrument";
    readonly instrument: string;
    readonly description: InstrumentDescription | null;
    /** Its place on the bench, from 0; `null` when it went. */
    readonly place: number | null;
  }
  | ({ readonly id: MessageId; readonly event: "arrangement" } & ArrangementState)
  /** A guard is another than before; `null` where there is none of that name any more. */
  | {
    readonly id: MessageId;
    readonly event: "guard";
    readonly kind: GuardKind;
    /** Of the guard; empty for the bench. */
    readonly name: string;
    readonly guard: object | null;
  }
  | ({ readonly id: MessageId; readonly event: "runs" } & RunsDescription)
  | { readonly id: MessageId; readonly event: "end-of-snapshot" };

/** A message of the framed dialect that tells a follower what happened, or how much it was too slow for. */
export type JournalEvent =
  | { readonly id: MessageId; readonly event: "journal"; readonly entry: JournalEntry }
  | { readonly id: MessageId; readonly event: "journal-missed"; readonly count: number };
