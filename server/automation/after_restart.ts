/**
 * What becomes of a run that was under way when the server ended.
 *
 * @module
 */

import type { LoadedRun } from "./loaded_run.ts";
import { takeAhead, unsure, unsureStep } from "./places.ts";
import type { KeptRun } from "./run_store.ts";

/**
 * Goes on from where it was written that a run stands, as the run says that it is to be after a restart.
 *
 * @param kept The run: its place and its outcome are changed.
 * @returns Why it stands still first, until a person decides; `undefined` where it goes on.
 */
export function afterRestart(kept: KeptRun, loaded: LoadedRun): string | undefined {
  takeAhead(loaded.steps, kept.place);
  if (kept.outcome === undefined && loaded.afterRestart === "finally") {
    kept.outcome = { state: "stopped", reason: "the server was restarted" };
  }
  if (kept.outcome !== undefined) return undefined;
  const step = unsureStep(loaded.steps, kept.place);
  if (step !== undefined) return unsure(step);
  if (loaded.afterRestart === "continue") return kept.state === "paused" ? kept.reason : undefined;
  return `the server was restarted while it was at “${loaded.steps[kept.place.at]?.text ?? "its end"}”; ` +
    "resume goes on with that, skip goes on after it, stop ends the run";
}
