/**
 * Queues the updates of a watch until they are read.
 *
 * @module
 */

import type { FieldReading, InstrumentDescription, Lease } from "../protocol/description.ts";
import type { WatchEvent } from "../protocol/framed_message.ts";
import { HeliographError } from "../protocol/errors.ts";

/**
 * An update of a watch: a field as it is, the holder of an instrument, its contact, that it came or went, the page's arrangement
 * (only where everything is watched), the end of the snapshot, or that the connection was lost and is being opened again. After that
 * comes a new snapshot.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { PyOpticonSocketClient, type WatchUpdate } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0, poll: false });
 * server.start();
 * await using dashboard = new PyOpticonSocketClient({ socketNumber: server.dashboardServer.port });
 * const said = (update: WatchUpdate) => update.event === "field" ? `${update.field}: ${update.text}` : update.event;
 * for await (const update of dashboard.watch("UV Light")) {
 *   console.log(said(update));
 *   if (update.event === "end-of-snapshot") break;
 * }
 * ```
 */
export type WatchUpdate =
  | ({ readonly event: "field"; readonly instrument: string; readonly field: string } & FieldReading)
  | { readonly event: "control"; readonly instrument: string; readonly holder: Lease["holder"] | null }
  | {
    readonly event: "contact";
    readonly instrument: string;
    readonly contact: NonNullable<InstrumentDescription["contact"]>;
  }
  /** An instrument came, or took the place of the one of that name; `null` when it went. Its fields follow. */
  | {
    readonly event: "instrument";
    readonly instrument: string;
    readonly description: InstrumentDescription | null;
    /** Its place on the bench, from 0; `null` when it went. */
    readonly place: number | null;
  }
  | {
    readonly event: "arrangement";
    readonly arrangement: {
      /** The groups, in order: instruments that stand together, under a title. */
      readonly groups: readonly { readonly title: string; readonly instruments: readonly string[] }[];
      /** The names of the instruments of no group that come before those that are named nowhere. */
      readonly others: readonly string[];
      /** The names of the instruments that are hidden. */
      readonly hidden: readonly string[];
    };
    /** Whether it is still there after the server was started again. */
    readonly kept: boolean;
    /** What people should know of how it is kept; empty where all is well. */
    readonly hint: string;
    /** It grows with every change, until the server is started again. */
    readonly revision: number;
  }
  /** The queue of runs is another, as `automation.list` tells it. */
  | {
    readonly event: "runs";
    readonly runs: readonly object[];
    readonly afterFailed: string;
    readonly lastEnded: number;
    readonly hint: string;
    readonly noRehearsal: string;
  }
  /** A guard is another than before; `null` where there is none of that name any more. */
  | {
    readonly event: "guard";
    readonly kind: "bench" | "interlock" | "watchdog" | "limit" | "alarm" | "trip";
    readonly name: string;
    readonly guard: object | null;
  }
  | { readonly event: "end-of-snapshot" }
  | { readonly event: "disconnected"; readonly reason: string };

/** Past this many unread events only the newest of each field is kept. */
const mostUnread = 10_000;

/** The events of one watch between the connection, which never waits, and a reader, who may be slow. */
export class WatchFeed {
  #unread: WatchUpdate[] = [];
  #ended: HeliographError | undefined;
  #wake: () => void = () => {};

  /** Takes an event, or the error that ended the connection. */
  take(event: WatchEvent | HeliographError): void {
    if (event instanceof HeliographError) this.#ended = event;
    else {
      const { id: _, ...update } = event;
      this.#unread.push(update);
      if (this.#unread.length > mostUnread) this.#unread = newestOfEach(this.#unread);
    }
    this.#wake();
  }

  /**
   * What has been taken and what will be, until the signal.
   *
   * @throws {HeliographError} What ended the connection, once everything before it has been read.
   */
  async *updates(signal: AbortSignal): AsyncGenerator<WatchUpdate, void, void> {
    const abort = () => this.#wake();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const batch = this.#unread;
        this.#unread = [];
        yield* batch;
        if (this.#unread.length > 0) continue;
        if (this.#ended !== undefined) throw this.#ended;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (signal.aborted) resolve();
        });
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

/** The newest event of each field, and of the control and the contact of each instrument, in the order in which they came. */
function newestOfEach(events: readonly WatchUpdate[]): WatchUpdate[] {
  const newest = new Map<string, WatchUpdate>();
  for (const update of events) {
    const { event } = update;
    const about = event === "field"
      ? [update.instrument, update.field]
      : event === "control" || event === "contact" || event === "instrument"
      ? [update.instrument]
      : event === "guard"
      ? [update.kind, update.name]
      : [];
    const key = JSON.stringify([event, ...about]);
    newest.delete(key);
    newest.set(key, update);
  }
  return [...newest.values()];
}
