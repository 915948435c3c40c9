/**
 * Keeps a flood small: what one principal does again and again, in the same words and to the same instrument, is one
 * counted record a second.
 *
 * @module
 */

import type { JournalEntry } from "../../protocol/description.ts";

/** So many of the same within a second are told one by one. */
const fewEnough = 10;
/** The window in milliseconds. */
const window = 1000;

/** Something that came within this second. */
interface Seen {
  /** How often it was told. */
  told: number;
  /** How often it came since without being told. */
  more: number;
  /** The last of those. */
  last: JournalEntry;
}

/** Passes entries on, and counts those that come too often. */
export class Flood {
  readonly #write: (entry: JournalEntry) => void;
  readonly #seen = new Map<string, Seen>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Counts nothing yet. @param write Takes what is told. */
  constructor(write: (entry: JournalEntry) => void) {
    this.#write = write;
  }

  /** Takes an entry that is complete. */
  take(entry: JournalEntry): void {
    // What fails is not counted with what succeeds, nor what happens to one instrument with what happens to its like.
    const { kind, client, instrument, level, text } = entry;
    const key = `${kind}\0${client}\0${instrument}\0${level}\0${text}`;
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#seen.set(key, { told: 1, more: 0, last: entry });
      this.#timer ??= setTimeout(() => this.#tellCounted(), window);
    } else if (seen.told < fewEnough) {
      seen.told++;
    } else {
      seen.more++;
      seen.last = entry;
      return;
    }
    this.#write(entry);
  }

  /** Tells what was counted so far. */
  stop(): void {
    this.#tellCounted();
  }

  #tellCounted(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { more, last } of this.#seen.values()) {
      if (more > 0) this.#write(more === 1 ? last : { ...last, count: more });
    }
    this.#seen.clear();
  }
}
