/**
 * The run that is under way, in the header of every place: loudly where it needs a person.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { addressOf } from "../shell/address.ts";
import { underWay } from "./live_runs.ts";
import { needsPerson, stateText, toneOf } from "./run_words.ts";

/** Leads to the run; nothing where none is under way. */
export function RunStrip({ bench }: { bench: LiveBench }): VNode {
  const run = underWay(useLive(bench.runs.queue));
  const { state } = useLive(bench.connection);
  const shown = run !== undefined && state === "open";
  // Those who listen are told of what needs them, but not of each step.
  const call = !shown || !needsPerson(run)
    ? ""
    : run.asks === null
    ? `The run ${run.title} is paused: ${run.reason}`
    : `The run ${run.title} asks: ${run.asks}`;
  return (
    <div class="run-strip-place">
      <span class="unseen" role="status">{call}</span>
      {!shown ? null : (
        <a
          class={`run-strip ${toneOf(run)}`}
          href={addressOf("runs")}
          title={call ||
            `${run.title}: ${run.done}/${run.of} steps done${run.now.length === 0 ? "" : `; ${run.now[0]}`}`}
        >
          <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d={needsPerson(run) ? "M8 5v14M16 5v14" : "M7 5l11 7l-11 7z"} />
          </svg>
          <span class="long">{run.title}</span>
          <span>
            {run.state === "paused"
              ? "paused"
              : run.asks !== null
              ? "asks"
              : run.state === "finishing"
              ? "finally"
              : `${run.done}/${run.of}`}
          </span>
          <span class="unseen">: the run {run.title}, {stateText(run)}</span>
        </a>
      )}
    </div>
  );
}
