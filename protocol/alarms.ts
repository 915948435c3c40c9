/**
 * What clients are told of alarms, in the states and words of ISA-18.2.
 *
 * @module
 */

/** How soon a person has to do something, the least first. */
export const severities = ["low", "medium", "high", "critical"] as const;

/** How soon a person has to do something. */
export type Severity = typeof severities[number];

/**
 * The states of an alarm (ISA-18.2): `normal`; `unacknowledged`, it is so and nobody has said that they know;
 * `acknowledged`, it is so and somebody knows; `returned`, it is so no more and nobody has said that they knew;
 * `latched`, it is so no more, somebody knows, and it waits for a reset; `shelved`, set aside by a person until a time;
 * `suppressed`, its enabling condition says that it does not count now; `out of service`, set aside without an end.
 */
export const alarmStates = [
  "normal",
  "unacknowledged",
  "acknowledged",
  "returned",
  "latched",
  "shelved",
  "suppressed",
  "out of service",
] as const;

/** One of the states of an alarm. */
export type AlarmState = typeof alarmStates[number];

/** What somebody did with an alarm. */
export interface AlarmDeed {
  readonly by: string;
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  /** What they gave as the reason; empty where none is asked. */
  readonly reason: string;
}

/** An alarm. */
export interface AlarmDescription {
  /** Unique on the bench, an identifier. */
  readonly name: string;
  readonly title: string;
  readonly severity: Severity;
  /** What a person should do. */
  readonly text: string;
  readonly state: AlarmState;
  /** Whether what it looks for is so now, whatever its state; `null` where that is not known, which counts as so. */
  readonly active: boolean | null;
  /** Why it is active, or was: the values that were seen. Empty where it never was. */
  readonly reason: string;
  /** Since when it is in its state, ISO 8601 in UTC. */
  readonly since: string;
  /** When it became active the last time, ISO 8601 in UTC; `null` where it never was. */
  readonly raised: string | null;
  /** How often it became active since it was last normal. */
  readonly times: number;
  /** The fields that it is about, as `instrument.field`. */
  readonly fields: readonly string[];
  readonly acknowledged: AlarmDeed | null;
  /** Who shelved it or took it out of service; `null` where neither is so. */
  readonly setAside: AlarmDeed | null;
  /** Until when it is shelved, ISO 8601 in UTC; `null` where it is not. */
  readonly shelvedUntil: string | null;
}
