/**
 * Live fields for one subscriber: a snapshot, its end, then changes.
 *
 * @module
 */

import type { MessageId, WatchEvent } from "../protocol/dashboard_message.ts";
import type { Bench } from "./bench.ts";
import type { Connection } from "./connection.ts";
import { fieldState } from "./instruments/describe.ts";
import type { FieldHolder } from "./instruments/field.ts";
import type { Instrument } from "./instruments/instrument.ts";

/** Past this many waiting characters a subscriber gets only the newest value of each field, once it reads again. */
const slowAt = 65_536;

/**
 * One subscription. Changes that a subscriber is too slow for are joined: it gets the newest value of each field and
 * costs no more memory than one entry for each field.
 */
export class Watch {
  readonly #id: MessageId;
  readonly #connection: Connection;
  /** What is still to be told, oldest change first; at the beginning that is every field. */
  #untold = new Map<FieldHolder, Instrument>();
  readonly #unsubscribe: () => void;
  #telling = false;

  /**
   * Sends the snapshot, its end, and then changes.
   *
   * @param id The id that every event carries.
   * @param bench Where the fields are.
   * @param connection Where the events go.
   * @param instrument Only this one's fields; `undefined` means all.
   * @param field Only this field; `undefined` means all.
   */
  constructor(
    id: MessageId,
    bench: Bench,
    connection: Connection,
    instrument: Instrument | undefined,
    field: FieldHolder | undefined,
  ) {
    this.#id = id;
    this.#connection = connection;
    for (const each of instrument === undefined ? bench.instruments : [instrument]) {
      for (const holder of each.holders) if (field === undefined || field === holder) this.#untold.set(holder, each);
    }
    this.#unsubscribe = bench.onChange((of, holder) => {
      if (instrument !== undefined && of !== instrument) return;
      if (field !== undefined && holder !== field) return;
      this.#untold.set(holder, of);
      if (!this.#telling) queueMicrotask(() => void this.#tell());
    });
    void this.#tell({ event: "end-of-snapshot", id });
  }

  /** Ends the subscription. */
  stop(): void {
    this.#unsubscribe();
    this.#untold.clear();
  }

  /** Tells what is untold, as fast as the client reads; `then` follows what was untold at the beginning. */
  async #tell(then?: WatchEvent): Promise<void> {
    if (this.#telling) return;
    this.#telling = true;
    try {
      do {
        const batch = this.#untold;
        this.#untold = new Map();
        for (const [holder, instrument] of batch) {
          while (this.#connection.queued > slowAt) await this.#connection.flush();
          const { name } = instrument;
          this.#send({ id: this.#id, event: "field", instrument: name, field: holder.title, ...fieldState(holder) });
        }
        if (then !== undefined) this.#send(then);
        then = undefined;
      } while (this.#untold.size > 0);
    } catch {
      // The client has gone; its session stops the watch.
    } finally {
      this.#telling = false;
    }
  }

  #send(event: WatchEvent): void {
    this.#connection.send(`${JSON.stringify(event)}\n`);
  }
}
