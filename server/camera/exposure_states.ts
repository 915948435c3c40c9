/**
 * An exposure as a state machine: its states, azcam's names for them, and the events that lead from one to another.
 *
 * @module
 */

/** The state of an exposure. */
export type ExposureState =
  | "idle"
  | "flushing"
  | "setup"
  | "ready"
  | "exposing"
  | "paused"
  | "exposed"
  | "reading out"
  | "read"
  | "writing"
  | "aborted"
  | "failed";

/** An event of an exposure. */
export type ExposureEvent =
  | "flush"
  | "begin"
  | "flushed"
  | "integrate"
  | "pause"
  | "resume"
  | "integrated"
  | "read out"
  | "received"
  | "write"
  | "written"
  | "abort"
  | "fail"
  | "clear";

/** The events that end an exposure in any state, with the states that they lead to. */
const endings = { abort: "aborted", fail: "failed" } as const;

/** The table: what each event leads to from each state. What it does not list cannot happen there. */
export const transitions: Readonly<Record<ExposureState, Readonly<Partial<Record<ExposureEvent, ExposureState>>>>> = {
  "idle": { begin: "setup", flush: "flushing" },
  "flushing": { flushed: "idle", ...endings },
  "setup": { flushed: "ready", ...endings },
  "ready": { integrate: "exposing", ...endings },
  "exposing": { pause: "paused", integrated: "exposed", ...endings },
  "paused": { resume: "exposing", integrated: "exposed", ...endings },
  "exposed": { "read out": "reading out", ...endings },
  "reading out": { received: "read", ...endings },
  "read": { write: "writing", ...endings },
  "writing": { written: "idle", ...endings },
  "aborted": { clear: "idle" },
  "failed": { clear: "idle" },
};

/** azcam's exposure flag: a number and a word. */
export type ExposureFlag = readonly [number: number, word: string];

/**
 * azcam's flag for each state. Its PAUSE (3) and RESUME (4) are requests that wait, which are done at once here; its
 * GUIDEERROR (10) never happens. After `readout` and before `end` it says NONE, as azcam does.
 */
export const flags: Readonly<Record<ExposureState, ExposureFlag>> = {
  "idle": [0, "NONE"],
  "flushing": [8, "SETUP"],
  "setup": [8, "SETUP"],
  "ready": [8, "SETUP"],
  "exposing": [1, "EXPOSING"],
  "paused": [6, "PAUSED"],
  "exposed": [5, "READ"],
  "reading out": [7, "READOUT"],
  "read": [0, "NONE"],
  "writing": [9, "WRITING"],
  "aborted": [2, "ABORT"],
  "failed": [11, "ERROR"],
};
