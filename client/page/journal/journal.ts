/**
 * The journal on the page: this page's commands, those of others, and the server's log.
 *
 * @module
 */

import type { JournalEntry } from "../../../protocol/description.ts";
import { Live } from "../live/live.tsx";

/** How many lines are kept. */
const mostLines = 500;
/** They are drawn no oftener than this, in milliseconds, whatever happens in between. */
const drawInterval = 50;

/** A line of the journal. */
export interface JournalLine extends Omit<JournalEntry, "number"> {
  /** Tells it from all others on this page. */
  readonly key: string;
  /** Whether this page asked for it. */
  readonly mine: boolean;
}

/** The newest lines, oldest first. */
export class PageJournal {
  /** What is shown. */
  readonly lines: Live<readonly JournalLine[]> = new Live<readonly JournalLine[]>([]);
  #newest = new Map<string, JournalLine>();
  #asked = 0;
  #scheduled = false;

  /**
   * Notes what this page asks.
   *
   * @param text As an azcam line.
   * @param time When, by the server's clock.
   * @param instrument What is asked.
   * @returns Tells how it ended.
   */
  ask(text: string, time: Date, instrument: string): (answer: string, failed: boolean) => void {
    const line: JournalLine = {
      key: `mine ${++this.#asked}`,
      mine: true,
      kind: "command",
      time: time.toISOString(),
      level: "info",
      client: "this page",
      session: 0,
      instrument,
      text,
    };
    const begun = performance.now();
    this.#put(line);
    return (answer, failed) => {
      const seconds = Math.round(performance.now() - begun) / 1000;
      this.#put({ ...line, level: failed ? "warning" : "info", answer, seconds });
    };
  }

  /** Takes what the server tells of others. */
  take({ number, ...entry }: JournalEntry): void {
    this.#put({ ...entry, key: `server ${number}`, mine: false });
  }

  /** Notes that this page was too slow. @param count For how many entries. @param time When, by the server's clock. */
  miss(count: number, time: Date): void {
    // Nobody knows any more what came of them.
    for (const [key, { mine, kind, answer }] of this.#newest) {
      const ends = kind === "command" || kind === "code" || kind === "image";
      if (!mine && ends && answer === undefined) this.#newest.delete(key);
    }
    this.#put({
      key: `missed ${++this.#asked}`,
      mine: false,
      kind: "log",
      time: time.toISOString(),
      level: "warning",
      client: "",
      session: 0,
      instrument: "",
      text: `${count} lines are missing here: there were more than this page could take`,
    });
  }

  /** Forgets what others did: the server tells it again. */
  forgetOthers(): void {
    for (const [key, { mine }] of this.#newest) if (!mine) this.#newest.delete(key);
  }

  #put(line: JournalLine): void {
    this.#newest.set(line.key, line);
    // Reads are many, and are given up before what was done.
    if (this.#newest.size > mostLines) {
      const victim = [...this.#newest.values()].find(({ level }) => level === "debug") ??
        this.#newest.values().next().value!;
      this.#newest.delete(victim.key);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.lines.value = [...this.#newest.values()].sort((one, other) =>
        one.time < other.time ? -1 : one.time > other.time ? 1 : 0
      );
    }, drawInterval);
  }
}
