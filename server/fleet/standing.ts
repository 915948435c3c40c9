/**
 * What a PC tells the fleet of its alarms and its runs.
 *
 * @module
 */

import { type AlarmDescription, severities } from "../../protocol/alarms.ts";
import { mostTold, type PresenceMessage } from "../../protocol/fleet.ts";
import type { AlarmSummary } from "../../protocol/guards.ts";
import type { RunsDescription } from "../../protocol/runs.ts";

/** The states in which an alarm stands: those of which nobody has said that they know first. */
const standing: readonly string[] = ["unacknowledged", "returned", "acknowledged", "latched"];
/** The states of a run that has begun, and has not ended. */
const underWay: ReadonlySet<string> = new Set(["running", "paused", "finishing"]);

/** Tells of them. @param guards `undefined` where there are none. @param runs `undefined` where there are none. */
export function standingOf(
  guards: {
    readonly summary: { readonly alarms: AlarmSummary };
    readonly alarms: { list(state: string): readonly AlarmDescription[] };
  } | undefined,
  runs: { describe(): RunsDescription } | undefined,
): Pick<PresenceMessage, "alarms" | "runs"> {
  return {
    alarms: guards && {
      standing: severities.reduce((sum, severity) => sum + guards.summary.alarms[severity], 0),
      unacknowledged: guards.summary.alarms.unacknowledged,
      worst: guards.alarms.list("").filter(({ state }) => standing.includes(state))
        .sort((one, other) => rank(other) - rank(one)).slice(0, mostTold)
        .map(({ name, title, severity, state, since }) => ({ name, title, severity, state, since })),
    },
    runs: runs?.describe().runs.filter(({ state }) => underWay.has(state)).slice(0, mostTold)
      .map(({ id, title, state, now, done, of, left, asks }) => (
        { id, title, state, step: now.join("; "), done, of, left, asks }
      )),
  };
}

function rank({ severity, state }: AlarmDescription): number {
  return severities.indexOf(severity) + (standing.indexOf(state) < 2 ? severities.length : 0);
}
