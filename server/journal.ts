/**
 * What happened lately: commands as they are sent and answered, whichever wire they came over, and the server's log.
 *
 * @module
 */

import type { LogRecord } from "npm:@logtape/logtape@2.4.2";
import { type JournalEntry, type JournalLevel, journalLevels } from "../protocol/description.ts";

/** How many entries are kept for those who look later. */
const mostKept = 500;
/** How much of a command and of its answer is told, in characters. */
const longestText = 1000;

/** Whether something of one level is for somebody who wants another level and those above it. */
function isFor(level: JournalLevel, wanted: JournalLevel): boolean {
  return journalLevels.indexOf(level) >= journalLevels.indexOf(wanted);
}

/** Somebody who asked for something. */
export interface Asker {
  /** How the log calls them. */
  readonly label: string;
  /** The number of their connection; 0 where they have none. */
  readonly session: number;
}

/** Tells how a command that was begun has ended. @param answer Makes azcam's reply line. */
export type Ended = (answer: () => string, failed: boolean) => void;

/** Told of each entry, and again of a command's when that is answered; it must not throw. */
export type JournalListener = (entry: JournalEntry) => void;

function shortened(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** What is to be told. To tell of a command never makes it fail, whatever it was given or has returned. */
function written(make: () => string): string {
  try {
    return shortened(make());
  } catch (error) {
    return `(it cannot be written: ${(error as Error).message})`;
  }
}

/** The journal of one server: the newest entries in memory, and whoever follows. */
export class Journal {
  /** By number, oldest first. */
  readonly #kept = new Map<number, JournalEntry>();
  readonly #followers = new Map<JournalListener, JournalLevel>();
  #last = 0;

  /**
   * Notes that somebody asks for something.
   *
   * @param instrument The name of the instrument that is asked; empty for code.
   * @param asker Makes who asks; only called where somebody wants to know.
   * @param text Makes what they ask.
   * @param onlyReads Whether that changes nothing: then it is told at the level `debug`, and not kept.
   * @returns Tells how it ended; `undefined` where nobody wants to know.
   */
  begin(instrument: string, asker: () => Asker, text: () => string, onlyReads: boolean): Ended | undefined {
    const level = onlyReads ? "debug" : "info";
    if (onlyReads && ![...this.#followers.values()].includes(level)) return undefined;
    const { label, session } = asker();
    const entry: JournalEntry = {
      number: ++this.#last,
      kind: "command",
      time: new Date().toISOString(),
      level,
      client: label,
      session,
      instrument,
      text: written(text),
    };
    const begun = performance.now();
    this.#note(entry);
    return (answer, failed) => {
      const seconds = Math.round(performance.now() - begun) / 1000;
      this.#note({ ...entry, level: failed ? "warning" : level, answer: written(answer), seconds });
    };
  }

  /** Takes a line of the server's log: a sink of LogTape. */
  readonly log = ({ level, message, properties, timestamp }: LogRecord): void => {
    const { client = "", instrument = "" } = properties;
    this.#note({
      number: ++this.#last,
      kind: "log",
      time: new Date(timestamp).toISOString(),
      level: level === "trace" ? "debug" : level === "fatal" ? "error" : level,
      client: String(client),
      session: 0,
      instrument: String(instrument),
      text: shortened(message.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join("")),
    });
  };

  /** What is kept, oldest first. @param level The least of it. */
  kept(level: JournalLevel): JournalEntry[] {
    return [...this.#kept.values()].filter((entry) => isFor(entry.level, level));
  }

  /**
   * Calls the listener with what is kept and with everything from now on, until the returned function is called.
   *
   * @param level The least that it wants to know of.
   * @param listener Called at once and synchronously.
   */
  follow(level: JournalLevel, listener: JournalListener): () => void {
    for (const entry of this.kept(level)) listener(entry);
    this.#followers.set(listener, level);
    return () => void this.#followers.delete(listener);
  }

  #note(entry: JournalEntry): void {
    const { number, level } = entry;
    const known = this.#kept.get(number);
    // The answer to one that has been forgotten meanwhile is told, but does not bring it back.
    if (known !== undefined || (entry.answer === undefined && level !== "debug")) this.#kept.set(number, entry);
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value!);
    for (const [listener, wanted] of this.#followers) if (isFor(level, wanted)) listener(entry);
  }
}
