/**
 * Does the steps of a guard in order. One that fails is tried again, and then told loudly: it is never given up silently.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import type { StepDescription } from "../../protocol/guards.ts";
import type { OwnAlarm } from "./alarms.ts";
import type { Act, Step, StepState } from "./steps.ts";

const log = getLogger(["heliograph", "guards"]);

const noKeywords: ReadonlyMap<string, unknown> = new Map();

/** The waits between the first tries, in milliseconds. */
const firstWaits = [500, 1000];
/** After a start, instruments are reached one after the other. */
const waitsAtStart = [500, 1000, 2000, 4000, 8000];
/** The wait between those that come after, in milliseconds. */
const laterWait = 5000;

/** The steps of one guard, and what has become of them. */
export class Actions {
  readonly #act: Act;
  readonly #by: string;
  readonly #failing: OwnAlarm;
  readonly #once: boolean;
  /** Those that have failed again and again, and are not done. */
  readonly #failed = new Map<Step, string>();
  #states = new Map<Step, StepState>();
  /** Ends what goes on of an earlier run. */
  #run = new AbortController();

  /**
   * Does nothing yet.
   *
   * @param by Who asks, for the journal: `interlock Hydrogen`.
   * @param act Does a step.
   * @param failing Raised while one fails.
   * @param once Whether what has failed three times is not tried again.
   */
  constructor(by: string, act: Act, failing: OwnAlarm, once = false) {
    this.#once = once;
    this.#by = by;
    this.#act = act;
    this.#failing = failing;
  }

  /** The steps, and what has become of each. */
  describe(steps: readonly Step[]): StepDescription[] {
    return steps.map((step) => ({ text: step.text, ...this.#states.get(step) ?? { state: "not done", reason: "" } }));
  }

  /**
   * Does them from the first on; of an earlier run, nothing is tried again any more.
   *
   * @param steps What.
   * @param wanted Whether what has failed is still to be tried again.
   * @param atStart Whether the instruments may not be reached yet. @default false
   * @returns When each is done, has failed, or has taken longer than the next one waits: those that have failed so far.
   */
  async run(steps: readonly Step[], wanted: () => boolean, atStart = false): Promise<Step[]> {
    this.#run.abort();
    const { signal } = this.#run = new AbortController();
    this.#states = new Map();
    this.#failed.clear();
    await this.#inOrder(steps, wanted, signal, atStart ? waitsAtStart : firstWaits);
    if (!signal.aborted) this.#tell();
    return steps.filter((step) => this.#states.get(step)?.state !== "done");
  }

  /** Tries nothing again any more; what has begun goes on to its end. */
  stop(): void {
    this.#run.abort();
    this.#failed.clear();
    this.#tell();
  }

  /** Whether a step has failed and is not done is an alarm. */
  #tell(): void {
    if (this.#failed.size === 0) return this.#failing.clear();
    this.#failing.raise([...this.#failed].map(([{ text }, reason]) => `${text}: ${reason}`).join("; "));
  }

  async #inOrder(steps: readonly Step[], wanted: () => boolean, ends: AbortSignal, waits: readonly number[]) {
    for (const step of steps) {
      if (ends.aborted) return;
      const doing = this.#do(step, wanted, ends, waits);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, step.within * 1000));
      await Promise.race([doing, late]);
      clearTimeout(timer);
    }
  }

  /** Does a step; where it fails again and again, what is to be done instead, and then it again for as long as wanted. */
  async #do(step: Step, wanted: () => boolean, ends: AbortSignal, waits: readonly number[]): Promise<void> {
    const told = { by: this.#by, step: step.text, instrument: step.instrument.name };
    for (const wait of [...waits, undefined]) {
      const reason = await this.#try(step);
      if (reason === "" || ends.aborted) return;
      log.warning("{by}: {step} failed: {reason}", { ...told, reason });
      if (wait === undefined) break;
      await pause(wait, ends);
      if (ends.aborted) return;
    }
    const { reason } = this.#states.get(step)!;
    const then = step.otherwise.length > 0
      ? `instead, ${step.otherwise.map(({ text }) => text).join(", then ")}`
      : "go there and see to it";
    log.error("{by}: {step} FAILED {times} times: {reason}; {then}{again}", {
      ...told,
      times: waits.length + 1,
      reason,
      then,
      again: this.#once ? "" : ". It is tried again every 5 s",
    });
    this.#failed.set(step, reason);
    this.#tell();
    if (!this.#once) void this.#again(step, wanted, ends, told);
    await this.#inOrder(step.otherwise, wanted, ends, firstWaits);
  }

  async #again(step: Step, wanted: () => boolean, ends: AbortSignal, told: Readonly<Record<string, string>>) {
    for (;;) {
      await pause(laterWait, ends);
      if (ends.aborted) return;
      if (!wanted()) {
        this.#failed.delete(step);
        return this.#tell();
      }
      if (await this.#try(step) !== "") continue;
      this.#failed.delete(step);
      this.#tell();
      return log.warning("{by}: {step} is done now", told);
    }
  }

  /** @returns Why it failed; empty where it did not. */
  async #try(step: Step): Promise<string> {
    const states = this.#states;
    states.set(step, { state: "under way", reason: "" });
    let reason = "";
    try {
      const { instrument: { name: instrument }, command, args } = step;
      await this.#act({ instrument, command, args, keywords: noKeywords }, this.#by);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    states.set(step, reason === "" ? { state: "done", reason } : { state: "failed", reason });
    return reason;
  }
}

/** Waits, unless it ends before. */
function pause(milliseconds: number, ends: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ends.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      ends.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    ends.addEventListener("abort", done);
  });
}
