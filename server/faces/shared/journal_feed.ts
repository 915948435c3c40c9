/**
 * Sends the journal to one subscriber: first the entries that are kept, then new ones.
 *
 * @module
 */

import type { JournalEvent, MessageId } from "../../../protocol/framed_message.ts";
import type { JournalEntry, JournalLevel } from "../../../protocol/description.ts";
import type { Journal } from "../../records/journal.ts";
import type { Session } from "../../access/sessions.ts";

/** Past this many waiting characters entries are not sent but counted, until the subscriber reads again. */
const slowAt = 262_144;

/** The parts of the client's session that a feed needs. */
type Following = Pick<Session, "connection" | "turn">;

/**
 * One subscription to the journal. A subscriber that is too slow is told how many entries it has missed, and costs no
 * memory.
 */
export class JournalFeed {
  readonly #id: MessageId;
  readonly #session: Following;
  readonly #unsubscribe: () => void;
  #missed = 0;

  /**
   * Sends what is kept, and then what happens.
   *
   * @param id The id that every event carries.
   * @param journal What is told.
   * @param session Whose connection the events go to.
   * @param level The least that is told.
   */
  constructor(id: MessageId, journal: Pick<Journal, "follow" | "kept">, session: Following, level: JournalLevel) {
    this.#id = id;
    this.#session = session;
    this.#unsubscribe = journal.follow(level, (entry) => this.#take(entry));
    this.#tellBacklog(journal.kept(level));
  }

  /** Ends the subscription. */
  stop(): void {
    this.#unsubscribe();
  }

  /** Of what is kept, the newest that a client takes in one go. */
  #tellBacklog(kept: readonly JournalEntry[]): void {
    let [first, size] = [kept.length, 0];
    while (first > 0 && (size += JSON.stringify(kept[first - 1]).length) <= slowAt * 3 / 4) first--;
    if (first > 0) this.#send({ id: this.#id, event: "journal-missed", count: first });
    for (const entry of kept.slice(first)) this.#send({ id: this.#id, event: "journal", entry });
  }

  #take(entry: JournalEntry): void {
    if (this.#missed === 0 && this.#session.connection.queued <= slowAt) {
      return this.#send({ id: this.#id, event: "journal", entry });
    }
    if (this.#missed++ > 0) return;
    this.#session.connection.flush().then(() => {
      const count = this.#missed;
      this.#missed = 0;
      this.#send({ id: this.#id, event: "journal-missed", count });
      // It has gone, and its session stops the feed.
    }, () => {});
  }

  #send(event: JournalEvent): void {
    const message = JSON.stringify(event);
    this.#session.turn.charge(message.length);
    this.#session.connection.sendMessage(message);
  }
}
