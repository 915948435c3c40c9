/**
 * The place of the runs: the one that is under way, those that wait, how another is started, and those that have ended.
 *
 * @module
 */

/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@11.2.0 */
import type { VNode } from "npm:preact@11.2.0";
import { useEffect } from "npm:preact@11.2.0/hooks";
import type { LiveBench } from "../live/live_bench.ts";
import { useLive } from "../live/live.tsx";
import { place } from "../shell/place.ts";
import { underWay } from "./live_runs.ts";
import { RunHistory } from "./run_history.tsx";
import { RunNow } from "./run_now.tsx";
import { RunQueue } from "./run_queue.tsx";
import { RunStart } from "./run_start.tsx";

/** The place. */
export function RunsPlace({ bench }: { bench: LiveBench }): VNode {
  const queue = useLive(bench.runs.queue);
  const { query } = useLive(place);
  useEffect(() => bench.lookAtValues("automation"), []);
  if (queue === undefined) {
    return (
      <div class="runs-place">
        <p class="about">
          This server has no runs: they are kept beside a bench file, and it was started without one.
        </p>
      </div>
    );
  }
  const active = underWay(queue);
  const again = Number(query.get("again") ?? 0);
  return (
    <div class="runs-place">
      <h2 class="unseen">Runs</h2>
      {queue.hint === "" ? null : <p class="complaint" role="alert">{queue.hint}</p>}
      {active === undefined
        ? <p class="runs-idle card">No run is under way.</p>
        : <RunNow key={active.id} bench={bench} run={active} />}
      <RunQueue bench={bench} queue={queue} />
      <RunStart key={again} bench={bench} again={again} busy={active !== undefined} />
      <RunHistory bench={bench} queue={queue} />
    </div>
  );
}
