/**
 * Faults in the code of an instrument, or of a subscriber to it: each is logged once, and then counted.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { HeliographError } from "../../protocol/errors.ts";

/** A fault that goes on is told again after so long, in milliseconds, with how often it came. */
const tellAgain = 60_000;
/** Of more different faults than this, the rest is only counted: nobody fills the memory with them. */
const mostFaults = 100;
/** The longest text of a fault, in characters. */
const longestText = 1000;

interface Seen {
  count: number;
  toldAt: number;
}

const log = getLogger(["heliograph", "faults"]);

/** The faults in the code of one instrument. */
export class Faults {
  readonly #title: string;
  readonly #seen = new Map<string, Seen>();
  #last = "";
  /** Takes every fault in the place of the log, where the instrument's log is elsewhere. */
  heard: ((what: string, error: unknown) => void) | undefined;

  /** Makes it without any. @param title What people call the instrument. */
  constructor(title: string) {
    this.#title = title;
  }

  /** The last fault, and how often it came; empty where there was none. */
  get last(): string {
    return this.#last;
  }

  /**
   * Tells of a fault: in the log when it is new, and then at most once a minute with how often it came.
   *
   * @param what What failed: `a listener of its changes`.
   * @param error What was thrown.
   * @param place Where, where it is known already. @default as the error's stack tells
   */
  tell(what: string, error: unknown, place: string = placeOf(error)): void {
    if (this.heard !== undefined) return this.heard(what, error);
    const key = `${what} ${place}`;
    let seen = this.#seen.get(key);
    const now = performance.now();
    if (seen === undefined) {
      seen = { count: 0, toldAt: -Infinity };
      if (this.#seen.size < mostFaults) this.#seen.set(key, seen);
    }
    seen.count++;
    const reason = `${reasonOf(error)}${place === "" ? "" : ` (${place})`}`;
    const often = seen.count === 1 ? "" : `, ${seen.count} times by now`;
    this.#last = `${what} failed: ${reason}${often}`;
    if (now - seen.toldAt < tellAgain || this.#seen.get(key) !== seen) return;
    log.error("{instrument}: {what} failed: {reason}{often}", { instrument: this.#title, what, reason, often });
    seen.toldAt = now;
  }

  /**
   * Calls what must harm nobody else; what it throws, or what its promise rejects with, is told.
   *
   * @param what What it is.
   * @param work What is called.
   */
  guard(what: string, work: () => unknown): void {
    try {
      const result = work();
      if (result instanceof Promise) result.catch((error) => this.tell(what, error));
    } catch (error) {
      this.tell(what, error);
    }
  }
}

/**
 * A thrown error in one line: `TypeError: x is not a function`.
 *
 * @param error Anything that can be thrown.
 */
export function reasonOf(error: unknown): string {
  let text: string;
  try {
    const plain = !(error instanceof Error) || error instanceof HeliographError;
    text = plain ? String((error as Partial<Error> | undefined)?.message ?? error) : `${error.name}: ${error.message}`;
  } catch {
    text = `a value of type ${typeof error}`;
  }
  const line = text.split("\n")[0]!;
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line;
}

/** The folders of heliograph's own code. */
const ownFolders = ["../", "../../protocol/"].map((folder) => new URL(folder, import.meta.url).href);

/**
 * The place where an error was thrown: file, line and column of the first place in its stack that is not heliograph's
 * own.
 *
 * @param error Anything that can be thrown.
 * @returns `/lab/stage.ts:12:5`; empty where that is not known.
 */
export function placeOf(error: unknown): string {
  const place = stackPlaceOf(error);
  if (!place.startsWith("file://")) return place;
  try {
    return decodeURIComponent(place.slice("file://".length)).replace(/^\/(?=[A-Za-z]:)/, "");
  } catch {
    return place;
  }
}

/**
 * The same as its stack has it: `file:///lab/stage.ts:12:5`.
 *
 * @param error Anything that can be thrown.
 * @param othersOnly Whether a place in heliograph's own code is none. @default false
 */
export function stackPlaceOf(error: unknown, othersOnly = false): string {
  // What an instrument says itself is no mistake in its code.
  if (!(error instanceof Error) || error instanceof HeliographError || typeof error.stack !== "string") return "";
  const places = [...error.stack.matchAll(/(?:\(|at )((?:file|https?):\/\/[^\s()]+:\d+:\d+)\)?$/gm)].map(([, at]) =>
    at!
  );
  return places.find((at) => !ownFolders.some((folder) => at.startsWith(folder))) ??
    (othersOnly ? "" : places[0] ?? "");
}
