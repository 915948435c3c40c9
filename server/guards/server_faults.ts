/**
 * The faults of the server itself that a person is to be told of, beside those of guards and messages: what stands in the
 * log alone is read in the morning.
 *
 * @module
 */

import type { ServerFault } from "./alarms.ts";

/** A broker that is started anew is no fault, in seconds. */
const fleetDelay = 60;
/** Nor is a heartbeat that was lost once. */
const heartbeatDelay = 180;

/** The parts of a server that tell what is wrong with them; what it tells is empty where nothing is. */
export interface FaultyParts {
  readonly records: { readonly state: { readonly hint: string }; readonly clockDoubt: string };
  readonly readings: { readonly problem: string; readonly crowded: string };
  readonly dataLog: { readonly state: { readonly problem: string } };
  readonly messages: { readonly lossReason: string; readonly heartbeatReason: string } | undefined;
  readonly fleet: { describe(): { readonly reason: string }; readonly crowded: string } | undefined;
  readonly runs: { describe(): { readonly hint: string } } | undefined;
}

/** What can be wrong with a server; what it does not have is never wrong. */
export function serverFaults({ records, readings, dataLog, messages, fleet, runs }: FaultyParts): ServerFault[] {
  return [
    {
      title: "Records not written",
      severity: "high",
      text: "Make room on the disk of the records, or see to their folder; “heliograph records” tells where that is",
      reason: () => [records.state.hint, readings.problem].filter((each) => each !== "").join(" "),
    },
    {
      title: "Disk nearly full",
      severity: "high",
      text: "Make room on the disk of the records: old readings are thinned until there is more",
      reason: () => readings.crowded,
    },
    {
      title: "Data log not written",
      severity: "medium",
      text: "See to the folder of the data log; “heliograph datalog” tells where that is",
      reason: () => dataLog.state.problem,
    },
    {
      title: "Clock of this PC",
      severity: "medium",
      text: "See whether it is right now: times of runs, records and files go by it",
      reason: () => records.clockDoubt,
    },
    ...messages === undefined ? [] : [
      {
        title: "Messages not kept",
        severity: "medium",
        text: "See to the disk of this PC: after a restart, messages that wait would be lost",
        reason: () => messages.lossReason,
      },
      {
        title: "Heartbeat not taken",
        severity: "medium",
        text: "See to the network of this PC, and to the address of the heartbeat",
        delay: heartbeatDelay,
        reason: () => messages.heartbeatReason,
      },
    ] as const,
    ...runs === undefined ? [] : [{
      title: "Runs not kept",
      severity: "medium",
      text: "See to the disk of this PC: after a restart, it would not be known where a run stood",
      reason: () => runs.describe().hint,
    }] as const,
    ...fleet === undefined ? [] : [
      {
        title: "Out of the fleet",
        severity: "medium",
        text: "See to the network of this PC and to the broker; “heliograph fleet” tells more",
        delay: fleetDelay,
        reason: () => fleet.describe().reason,
      },
      {
        title: "Disk of gathered records nearly full",
        severity: "high",
        text: "Make room there, or move folders of PCs away: what is gathered is never thinned",
        reason: () => fleet.crowded,
      },
    ] as const,
  ];
}
