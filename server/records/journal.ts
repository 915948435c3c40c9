/**
 * The journal: the latest commands as they are sent and answered, whichever wire they came over, and the server's log.
 *
 * @module
 */

import type { LogRecord } from "npm:@logtape/logtape@2.4.2";
import type { JournalEntry } from "../../protocol/description.ts";
import { type JournalLevel, journalLevels } from "../../protocol/vocabulary.ts";
import { withoutSecrets } from "../../protocol/secrets.ts";
import { principalOf } from "../access/principal.ts";
import type { Activity, Hub } from "../bench/hub.ts";
import type { JournalRecord } from "../../protocol/records.ts";

/** The most entries that are kept for those who look later. */
const mostKept = 500;
/** The most of a command and of its answer that is told, in characters. */
const longestText = 1000;

/** Whether something of one level is for somebody who wants another level and those above it. */
function isFor(level: JournalLevel, wanted: JournalLevel): boolean {
  return journalLevels.indexOf(level) >= journalLevels.indexOf(wanted);
}

/** Tells how something that was begun has ended. */
type Ended = (answer: () => string, failed: boolean) => void;

/** Told of each entry, and again of a command's when that is answered; it must not throw. */
export type JournalListener = (entry: JournalEntry) => void;

/**
 * The part of the log that tells what clients ask, below each wire's own. The journal tells that itself, as the commands
 * that it comes to and by their levels, and leaves these lines out.
 */
export const requestCategory = "requests";

/** The part of the log that tells of alarms, which the journal tells itself. */
export const alarmCategory = "alarms";

/** The part of the log that tells what goes over instruments' lines: observers, who read the journal, may not see it. */
const traceCategory = "trace";

/** Whether a line of the log is of that part; what its properties are called is up to whoever writes it. */
function tellsRequest([top, , part, ...deeper]: readonly string[]): boolean {
  return top === "heliograph" && part === requestCategory && deeper.length === 0;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text of its own: what is cut out of a long one, or out of what a client has sent, would keep all of that in memory. */
function shortened(text: string): string {
  const told = withoutSecrets(text);
  const kept = told.length > longestText ? `${told.slice(0, longestText)}…` : told;
  return decoder.decode(encoder.encode(kept));
}

/** The text of an entry. To tell of a command never makes it fail, whatever it was given or has returned. */
function written(make: () => string): string {
  try {
    return shortened(make());
  } catch (error) {
    return `(it cannot be written: ${String(error)})`;
  }
}

/** The journal of one server: the newest entries in memory, and whoever follows. */
export class Journal {
  /** The newest of them; the oldest is at `#next`, and is the first to be replaced. */
  readonly #ring: JournalEntry[] = [];
  #next = 0;
  /** What was begun and is told when it ends. */
  readonly #underWay = new WeakMap<Activity, Ended>();
  readonly #followers = new Map<JournalListener, JournalLevel>();
  #last = 0;
  /** What an earlier run of the server has kept, oldest first; numbered below 1. */
  #recalled: JournalEntry[] = [];
  #hub: Hub | undefined;
  /** Ends the subscription to what only reads: there is one only while somebody wants to know. */
  #leaveReads: (() => void) | undefined;

  /** Tells and keeps what everybody asks for on a bench, and how it ends. What only reads is `debug`, and not kept. */
  keep(hub: Hub): void {
    this.#hub = hub;
    this.#subscribe(hub, "begun", "ended");
    this.#lookWhoFollows();
  }

  #subscribe(hub: Hub, first: "begun" | "asked", last: "ended" | "answered"): () => void {
    const options = { name: "the journal" };
    const ends = [
      hub.subscribe(first, (activity) => void this.#underWay.set(activity, this.#begin(activity)), options),
      hub.subscribe(last, ({ activity, answer, failed }) => this.#underWay.get(activity)?.(answer, failed), options),
    ];
    return () => ends.forEach((end) => end());
  }

  /** @returns Tells how it ended. */
  #begin({ kind, instrument, caller, text, onlyReads }: Activity): Ended {
    const level = onlyReads ? "debug" : "info";
    // Told is whoever they act for.
    const { label, id, by, address } = principalOf(caller).origin;
    const entry: JournalEntry = {
      number: ++this.#last,
      kind,
      time: new Date().toISOString(),
      level,
      client: label,
      session: id,
      wire: by,
      ...address === "" ? {} : { address },
      instrument,
      text: written(text),
    };
    const begun = performance.now();
    const place = onlyReads ? -1 : this.#keep(entry);
    this.#tell(entry);
    return (answer, failed) => {
      const seconds = Math.round(performance.now() - begun) / 1000;
      const ended = {
        ...entry,
        level: failed && !onlyReads ? "warning" : level,
        answer: written(answer),
        seconds,
      } as const;
      // It may have been forgotten meanwhile, and a reading that failed was never kept.
      if (this.#ring[place] === entry) this.#ring[place] = ended;
      this.#tell(ended);
    };
  }

  /** Takes a line of the server's log: a sink of LogTape. */
  readonly log = ({ category, level, message, properties, timestamp }: LogRecord): void => {
    if (tellsRequest(category) || category[1] === traceCategory || category[1] === alarmCategory) return;
    const { client = "", instrument = "" } = properties;
    const entry: JournalEntry = {
      number: ++this.#last,
      kind: "log",
      time: new Date(timestamp).toISOString(),
      level: level === "trace" ? "debug" : level === "fatal" ? "error" : level,
      client: String(client),
      session: 0,
      instrument: String(instrument),
      text: shortened(message.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join("")),
    };
    if (entry.level !== "debug") this.#keep(entry);
    this.#tell(entry);
  };

  /**
   * Tells and keeps something that happened.
   *
   * @param happened What: its kind and its text; of whom and of what instrument it tells; `info` where it has no level.
   */
  add(
    { kind, text, level = "info", client = "", session = 0, instrument = "", ...way }:
      & Pick<JournalEntry, "kind" | "text">
      & Partial<Pick<JournalEntry, "level" | "client" | "session" | "instrument" | "wire" | "address">>,
  ): JournalEntry {
    const time = new Date().toISOString();
    const told = { number: ++this.#last, kind, time, level, client, session, ...way, instrument } as const;
    const entry = { ...told, text: shortened(text) };
    this.#keep(entry);
    this.#tell(entry);
    return entry;
  }

  /** Remembers what an earlier run of the server has kept. @param records Oldest first. */
  recall(records: readonly JournalRecord[]): void {
    const newest = records.slice(-mostKept);
    this.#recalled = newest.map(({ begun: _begun, forgotten: _forgotten, ...entry }, at) => ({
      ...entry,
      session: 0,
      number: at - newest.length + 1,
    }));
  }

  /** The entries that are kept, oldest first. @param level The least of it. */
  kept(level: JournalLevel): JournalEntry[] {
    return [...this.#recalled, ...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
      .slice(-mostKept)
      .filter((entry) => isFor(entry.level, level));
  }

  /**
   * Calls the listener with everything from now on, until the returned function is called.
   *
   * @param level The least that it wants to know of.
   * @param listener Called at once and synchronously.
   */
  follow(level: JournalLevel, listener: JournalListener): () => void {
    this.#followers.set(listener, level);
    this.#lookWhoFollows();
    return () => {
      this.#followers.delete(listener);
      this.#lookWhoFollows();
    };
  }

  #lookWhoFollows(): void {
    const wanted = [...this.#followers.values()].includes("debug");
    if (wanted && this.#hub !== undefined) this.#leaveReads ??= this.#subscribe(this.#hub, "asked", "answered");
    if (wanted) return;
    this.#leaveReads?.();
    this.#leaveReads = undefined;
  }

  /** Keeps an entry in place of the oldest. @returns Where. */
  #keep(entry: JournalEntry): number {
    const place = this.#next;
    this.#ring[place] = entry;
    this.#next = (place + 1) % mostKept;
    return place;
  }

  #tell(entry: JournalEntry): void {
    for (const [listener, wanted] of this.#followers) if (isFor(entry.level, wanted)) listener(entry);
  }
}
