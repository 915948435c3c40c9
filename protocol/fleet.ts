/**
 * What the PCs of a fleet say to one another by their broker, and what clients are told of the fleet; docs/fleet.md has it
 * for programs in other languages.
 *
 * @module
 */

import type { AlarmState, Severity } from "./alarms.ts";
import type { FieldState } from "./description.ts";
import type { RunState } from "./runs.ts";
import type { Right } from "./vocabulary.ts";

/** The beginning of every subject: programs of another version have another. */
const root = "heliograph.v1";

/** What this version knows of fleets; it counts up with what is added within the version of the subjects. */
export const protocolNumber = 1;

/** How often a PC says that it is there at most, in seconds. */
export const presenceEvery = 5;

/** How many times a second all PCs together say that they are there: each hears all of it. */
const mostSaid = 40;

/** How often a PC says that it is there in a fleet of so many, in seconds: of more than 200 each does so less often. */
export function presenceIn(pcs: number): number {
  return Math.max(presenceEvery, pcs / mostSaid);
}

/** After how many seconds of silence a PC counts as gone. @param every How often it says that it is there, in seconds. */
export function goneAfter(every: number): number {
  return 3 * every;
}

/** What a PC may be called in a fleet: a part of a subject, of `cold-lab/tempcon`, and a folder, on Windows too. */
export const fleetName = /^(?!(?:aux|con|nul|prn|com[0-9]|lpt[0-9])$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** That, for people. */
export const fleetNameRule =
  "1 to 63 lower-case letters, digits and hyphens, and no device of Windows as aux and con are";

/** The subjects, as NATS calls them. The name of whoever publishes is a part of each, so that the broker can see to it. */
export const subjects = {
  /** A {@linkcode PresenceMessage} of a PC. */
  here: (pc: string) => `${root}.here.${pc}`,
  /** A PC that has just come asks all others to say that they are there; it says nothing else. */
  who: (pc: string) => `${root}.who.${pc}`,
  /** Asks whoever has a name already for its {@linkcode PresenceMessage}. */
  name: (pc: string) => `${root}.name.${pc}`,
  /** An {@linkcode AskMessage} from one PC to another; the reply is a framed one. */
  ask: (asker: string, asked: string) => `${root}.ask.${asker}.${asked}`,
  /** A {@linkcode ReadingsMessage} of an instrument. */
  readings: (pc: string, instrument: string) => `${root}.readings.${pc}.${instrument}`,
} as const;

/** The word of a message by which a PC asks another whether it is there and how it is, or tells it that alone. */
export const hereWord = "Here";

/** The parts of a subject after the version: `["ask", "cold-lab", "reactor-lab"]`. */
export function partsOf(subject: string): readonly string[] {
  return subject.startsWith(`${root}.`) ? subject.slice(root.length + 1).split(".") : [];
}

/** An alarm that stands on a PC. */
export interface FleetAlarm {
  /** Unique on its PC, an identifier. */
  readonly name: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: AlarmState;
  /** Since when it is in its state, ISO 8601 in UTC. */
  readonly since: string;
}

/** The alarms of a PC. */
export interface FleetAlarms {
  /** How many stand. */
  readonly standing: number;
  /** Of how many of them nobody has said that they know. */
  readonly unacknowledged: number;
  /** The worst that stand, at most {@linkcode mostTold}: those of which nobody has said that they know first. */
  readonly worst: readonly FleetAlarm[];
}

/** A run on a PC that has begun, and has not ended. */
export interface FleetRun {
  readonly id: number;
  readonly title: string;
  readonly state: RunState;
  /** What it does now. */
  readonly step: string;
  /** How many of its steps are done, and how many there are. */
  readonly done: number;
  readonly of: number;
  /** How many seconds are left, and whether it may take longer. */
  readonly left: { readonly seconds: number; readonly atLeast: boolean };
  /** What it asks a person; `null` where it asks nothing. */
  readonly asks: string | null;
}

/** Who has control of an instrument of a PC. */
export interface FleetControl {
  /** The instrument's name there. */
  readonly instrument: string;
  /** The name they hold it by, or empty. */
  readonly name: string;
  /** The PC of the fleet at which they are. */
  readonly of: string;
  /** When it ends if they ask for nothing more, ISO 8601 in UTC, by that PC's clock. */
  readonly until: string;
}

/** So many alarms, and so many runs, of a PC are told at most. */
export const mostTold = 10;

/** What a PC says of itself again and again, when it is asked who is there, when its alarms or runs change, and when it goes. */
export interface PresenceMessage {
  /** Its name in the fleet. */
  readonly name: string;
  /** Which run of the server it is: no other has the same. */
  readonly instance: string;
  /** What its bench is called. */
  readonly title: string;
  /** The version of heliograph. */
  readonly version: string;
  /** When the server began, ISO 8601 in UTC. */
  readonly started: string;
  /** What its clock shows, ISO 8601 in UTC. */
  readonly now: string;
  /** Counts up whenever an instrument comes, goes or is another. */
  readonly bench: number;
  /** How many messages of readings it published before this, so that the loss of the last ones is noticed, too. */
  readonly readings?: number | undefined;
  /** The names of its instruments. */
  readonly instruments: readonly string[];
  /** What is not well; empty where all is. */
  readonly trouble: string;
  /** Where others reach its page; left out where its bench file does not say. */
  readonly page?: string | undefined;
  /** Its alarms; left out where it has no guards. */
  readonly alarms?: FleetAlarms | undefined;
  /** Its runs that are under way; left out where it has none at all. */
  readonly runs?: readonly FleetRun[] | undefined;
  /** Who has control of what; left out where nobody has. */
  readonly control?: readonly FleetControl[] | undefined;
  /** Whether it goes: it stops, or leaves the fleet. */
  readonly leaves: boolean;
  /** How often it says so, in seconds. @default 5 */
  readonly every?: number | undefined;
  /** What it knows of fleets: {@linkcode protocolNumber}. @default 1 */
  readonly protocol?: number | undefined;
}

/** What one PC asks of another. */
export interface AskMessage {
  /** For whom: a person's name, empty for the PC itself, and what they may do there. */
  readonly for: {
    readonly name: string;
    readonly rights: readonly Right[];
  };
  /** Within how many seconds an answer is waited for; what has not begun by then is not begun. */
  readonly seconds: number;
  /** A message of the framed dialect, as on the dashboard's port: `{"id": 1, "cmd": "Get", …}`. */
  readonly message: Readonly<Record<string, unknown>>;
}

/** What the fields of an instrument hold; only those that were read, or are another. */
export interface ReadingsMessage {
  /** Counts up by one for each message of an instrument, so that a lost one is noticed. */
  readonly number: number;
  /** Those that are another, by their names. */
  readonly changed: Readonly<Record<string, FieldState>>;
  /** The names of those that were read again and are the same. */
  readonly same: readonly string[];
}

/** A PC of the fleet, as clients are told of it. */
export interface FleetMember {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** Whether it is this PC. */
  readonly self: boolean;
  /** Whether it is there. */
  readonly here: boolean;
  /** Why it cannot be reached; empty where it can. */
  readonly reason: string;
  /** When its server began, ISO 8601 in UTC. */
  readonly started: string;
  /** When it was heard of last, ISO 8601 in UTC. */
  readonly seen: string;
  /** By how many seconds its clock is ahead of this PC's; `null` where that is not known. */
  readonly clockAhead: number | null;
  /** The names of its instruments. */
  readonly instruments: readonly string[];
  /** What is not well; empty where all is. */
  readonly trouble: string;
  /** Where its page is reached; left out where its bench file does not say. */
  readonly page?: string | undefined;
  /** Its alarms, as it told them last; left out where it has no guards, or is of an older version. */
  readonly alarms?: FleetAlarms | undefined;
  /** Its runs that are under way, as it told them last; left out where it has none at all, or is of an older version. */
  readonly runs?: readonly FleetRun[] | undefined;
}

/** The records of other PCs, where they are gathered on this one. */
export interface GatheredRecords {
  /** Where, an absolute path on this PC. */
  readonly folder: string;
  readonly pcs: readonly {
    readonly name: string;
    /** Where its records are: what reads records reads them there as if they were of this PC. */
    readonly folder: string;
    /** How many records of its journal there are. */
    readonly records: number;
    /** When the last of them was, ISO 8601 in UTC; `null` where there is none. */
    readonly last: string | null;
    /** When all that it had was there, ISO 8601 in UTC; `null` where that was not since the server began. */
    readonly whole: string | null;
    /** Why they do not come; empty where they do. */
    readonly reason: string;
  }[];
}

/** The fleet, as `fleet.list` tells it. */
export interface FleetDescription {
  /** This PC's name. */
  readonly name: string;
  /** Where the broker is. */
  readonly broker: string;
  /** Whether this PC is in the fleet now. */
  readonly connected: boolean;
  /** Why it is not; empty where it is. */
  readonly reason: string;
  /** All PCs that were heard of, this one first. */
  readonly members: readonly FleetMember[];
  /** What is gathered of their records; not there where this PC gathers none. */
  readonly gathered?: GatheredRecords;
}
