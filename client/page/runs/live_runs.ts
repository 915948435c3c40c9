/**
 * The page's copy of the queue of runs.
 *
 * @module
 */

import type { RunDescription, RunsDescription } from "../../../protocol/runs.ts";
import { Live } from "../live/live.tsx";
import { isUnderWay } from "./run_words.ts";

/** The queue. */
export class LiveRuns {
  /** `undefined` where the server has no runs. */
  readonly queue: Live<RunsDescription | undefined> = new Live<RunsDescription | undefined>(undefined);
  #told = false;

  /** It is asked for anew. */
  begin(): void {
    this.#told = false;
  }

  /** The server has told all that there is. */
  settle(): void {
    if (!this.#told) this.queue.value = undefined;
  }

  /** Takes what the server tells. */
  told({ runs, afterFailed, lastEnded, hint, noRehearsal }: RunsDescription): void {
    this.#told = true;
    this.queue.value = { runs, afterFailed, lastEnded, hint, noRehearsal };
  }
}

/** The run that is under way. */
export function underWay(queue: RunsDescription | undefined): RunDescription | undefined {
  return queue?.runs.find(isUnderWay);
}
