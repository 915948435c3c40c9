/**
 * The runs that wait, the one under way, and those that have ended.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";
import type { AfterFailed } from "../../protocol/runs.ts";
import type { KeptRun, KeptRuns } from "./run_store.ts";

/** How many runs the queue has at most: a script could add others without end. */
const mostQueued = 100;
/** How many runs that have ended are kept. */
const mostHistory = 50;

/** The queue of runs. */
export class RunQueue {
  /** What becomes of those that wait when one has not got to its end. */
  afterFailed: AfterFailed = "stop";
  readonly #underWay: () => KeptRun | undefined;
  #next = 1;
  #queue: KeptRun[] = [];
  #history: KeptRun[] = [];

  /** Nothing is in it. @param underWay The run under way. */
  constructor(underWay: () => KeptRun | undefined) {
    this.#underWay = underWay;
  }

  /** Those that wait and the one under way, in their order. */
  get queue(): readonly KeptRun[] {
    return this.#queue;
  }

  /** Those that have ended, the last first. */
  get history(): readonly KeptRun[] {
    return this.#history;
  }

  /** All of it, to be kept. */
  get all(): KeptRuns {
    return { next: this.#next, afterFailed: this.afterFailed, queue: this.#queue, history: this.#history };
  }

  /** Takes what was kept. */
  take({ next, afterFailed, queue, history }: KeptRuns): void {
    this.#next = next;
    this.afterFailed = afterFailed;
    this.#queue = queue;
    this.#history = history;
  }

  /** A run of the queue. @param id 0 for the one under way, or the first. @throws {HeliographError} */
  find(id: number): KeptRun {
    const found = id === 0 ? this.#underWay() ?? this.#queue[0] : this.#queue.find((each) => each.id === id);
    if (found !== undefined) return found;
    if (id === 0) throw new HeliographError("command_failed", "There is no run: automation.load adds one");
    const there = this.#queue.map((each) => `${each.id} (${each.title})`).join(", ") || "none";
    throw new HeliographError("bad_argument", `There is no run ${id} in the queue: there is ${there}`);
  }

  /** A run of the queue or of those that have ended; `undefined` for none. */
  lookUp(id: number): KeptRun | undefined {
    return this.#queue.find((each) => each.id === id) ?? this.#history.find((each) => each.id === id);
  }

  /** A run of the queue or of those that have ended. @throws {HeliographError} */
  known(id: number): KeptRun {
    const kept = this.lookUp(id);
    if (kept === undefined) throw new HeliographError("bad_argument", `There was no run ${id}, or it is long ago`);
    return kept;
  }

  /** The one that was under way when the server ended. */
  get cutOff(): KeptRun | undefined {
    return this.#queue.find(({ state }) => ["running", "paused", "finishing"].includes(state));
  }

  /** The next that may begin. @param now In milliseconds since 1970. */
  nextToBegin(now: number): KeptRun | undefined {
    return this.#queue.find(({ state, startAt }) =>
      state === "waiting" && (startAt === null || Date.parse(startAt) <= now)
    );
  }

  /** Whether one more has room. @throws {HeliographError} Where it has not. */
  checkRoom(): void {
    if (this.#queue.length < mostQueued) return;
    throw new HeliographError("limit_exceeded", `The queue has ${mostQueued} runs already: remove some`);
  }

  /** Adds a run to the end of the queue. @returns It, with its number. */
  add(run: Omit<KeptRun, "id">): KeptRun {
    const kept = { id: this.#next++, ...run };
    this.#queue.push(kept);
    return kept;
  }

  /** Moves a run that waits to a place of the queue. @param to From 1. @throws {HeliographError} */
  move(id: number, to: number): void {
    const kept = this.find(id);
    if (kept === this.#underWay()) {
      throw new HeliographError("command_failed", `Cannot move run ${kept.id}: it is under way`);
    }
    if (!(to >= 1 && to <= this.#queue.length)) {
      throw new HeliographError("bad_argument", `There is no place ${to}: the queue has ${this.#queue.length}`);
    }
    const first = this.#underWay() === undefined ? 0 : 1;
    const others = this.#queue.filter((each) => each !== kept);
    others.splice(Math.max(first, to - 1), 0, kept);
    this.#queue = others;
  }

  /** Takes a run that waits from the queue. @returns It. @throws {HeliographError} */
  remove(id: number): KeptRun {
    const kept = this.find(id);
    if (kept === this.#underWay()) {
      throw new HeliographError("command_failed", `Cannot remove run ${kept.id}: it is under way; stop ends it`);
    }
    this.#queue = this.#queue.filter((each) => each !== kept);
    return kept;
  }

  /** A run has ended. @param ended When, as ISO 8601. */
  retire(kept: KeptRun, state: KeptRun["state"], reason: string, ended: string): void {
    kept.state = state;
    kept.reason = reason;
    kept.ended = ended;
    this.#end([kept]);
    if (state === "done" || this.afterFailed === "go on") return;
    const waiting = this.#queue.filter((each) => each.state === "waiting");
    for (const each of waiting) {
      each.reason = `run ${kept.id} was not done: it is ${state}`;
      each.state = this.afterFailed === "stop" ? "loaded" : "stopped";
    }
    if (this.afterFailed !== "stop") this.#end(waiting);
  }

  #end(runs: readonly KeptRun[]): void {
    this.#queue = this.#queue.filter((each) => !runs.includes(each));
    this.#history = [...runs, ...this.#history].slice(0, mostHistory);
  }
}
