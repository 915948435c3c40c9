/**
 * Tells watchers of the queue of runs: as it is, and again whenever it is another.
 *
 * @module
 */

import type { RunsDescription } from "../../protocol/runs.ts";

/** What changes while nothing happens but time: only who asks for values is told. */
const values = new Set(["left", "waitingFor", "told"]);
/** What happens more often than this is told at once, in milliseconds. */
const leastInterval = 100;

/** The queue as watchers know it. */
export class ToldRuns {
  /** As it is now. */
  runs: RunsDescription;
  #state = "";
  #whole = "";

  /** Knows it as it is. */
  constructor(runs: RunsDescription) {
    this.runs = runs;
    this.take(runs);
  }

  /** Takes it as it is now. @returns What has changed of it. */
  take(runs: RunsDescription): "state" | "values" | undefined {
    this.runs = runs;
    const whole = JSON.stringify(runs);
    if (whole === this.#whole) return undefined;
    this.#whole = whole;
    const state = JSON.stringify(runs, (key, value) => values.has(key) ? undefined : value);
    if (state === this.#state) return "values";
    this.#state = state;
    return "state";
  }
}

type Listener = (told: ToldRuns) => void;

/** Compares the queue with what it was, as long as somebody watches. */
export class RunsFeed {
  readonly #describe: () => RunsDescription;
  #told: ToldRuns | undefined;
  /** With whether they are told of values, too. */
  readonly #listeners = new Map<Listener, boolean>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Looks at nothing yet. @param describe The queue, as it is now. */
  constructor(describe: () => RunsDescription) {
    this.#describe = describe;
  }

  /** The queue now. */
  get now(): ToldRuns {
    this.#look();
    return this.#told!;
  }

  /** Tells of changes, until the returned function is called. @param withValues Also where only a value has changed. */
  subscribe(listener: Listener, withValues: boolean): () => void {
    this.#listeners.set(listener, withValues);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Something may be another than before: many things at once are looked at once. */
  changed(): void {
    if (this.#timer !== undefined || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, leastInterval);
  }

  /** Looks no more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const runs = this.#describe();
    if (this.#told === undefined) {
      this.#told = new ToldRuns(runs);
      return;
    }
    const what = this.#told.take(runs);
    if (what === undefined) return;
    for (const [listener, withValues] of [...this.#listeners]) {
      if (what === "state" || withValues) listener(this.#told);
    }
  }
}
