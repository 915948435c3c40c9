/**
 * An exposure as a state machine: its states, azcam's names for them, and the events that lead from one to another.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

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
  | "shifted"
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
  "ready": { shifted: "ready", integrate: "exposing", ...endings },
  "exposing": { pause: "paused", integrated: "exposed", ...endings },
  "paused": { resume: "exposing", integrated: "exposed", ...endings },
  // What is exposed again adds to what is there.
  "exposed": { shifted: "exposed", integrate: "exposing", "read out": "reading out", ...endings },
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

/** The activity of the camera in each state, for errors. */
const doing: Readonly<Record<ExposureState, string>> = {
  "idle": "no exposure has begun",
  "flushing": "the detector is being cleared",
  "setup": "the exposure is being set up",
  "ready": "the exposure has begun and waits for integrate",
  "exposing": "the camera is exposing",
  "paused": "the exposure is paused",
  "exposed": "the exposure waits for readout",
  "reading out": "the detector is being read out",
  "read": "the image waits for end",
  "writing": "the image is being written",
  "aborted": "the exposure is being aborted",
  "failed": "the exposure has failed",
};

/** The action behind each event, for errors. */
const wanted: Readonly<Partial<Record<ExposureEvent, string>>> = {
  "flush": "clear the detector",
  "begin": "begin an exposure",
  "integrate": "integrate",
  "shifted": "shift the charge",
  "pause": "pause",
  "resume": "resume",
  "integrated": "read out before the exposure time is over",
  "read out": "read out",
  "write": "end the exposure",
};

/** The error of a request that is not possible in this state; whatever is under way is none the worse for it. */
export class NotNow extends HeliographError {
  /** Makes it. @param message What cannot be done, and why. */
  constructor(message: string) {
    super("command_failed", message);
  }
}

/** The error of an event that a state does not have. @param state What the exposure does. @param event What was wanted. */
export function refused(state: ExposureState, event: ExposureEvent): NotNow {
  const hint = event === "begin" || event === "flush" ? "; abort gives it up" : "";
  return new NotNow(`Cannot ${wanted[event] ?? event}: ${doing[state]}${hint}`);
}
