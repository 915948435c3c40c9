/**
 * azcam's `get_status`: the status of a camera for azcam's consoles and monitors.
 *
 * @module
 */

import { localTime } from "../../protocol/local_time.ts";
import { badTemperature } from "../devices/simulated/azcam_tempcon.ts";
import { Float, type Value } from "../bench/values.ts";
import { type ExposureState, flags } from "./exposure_states.ts";

/** azcam's colour for what the camera does. */
const colours: Readonly<Partial<Record<ExposureState, string>>> = {
  "exposing": "green",
  "reading out": "red",
  "setup": "cyan",
};

/** The facts of which the status is made. */
export interface StatusFacts {
  /** What the camera does. */
  readonly state: ExposureState;
  /** The time of the exposure that is under way, in seconds. */
  readonly seconds: number;
  /** How much of it is left, in seconds. */
  readonly secondsRemaining: number;
  /** How much of the exposure or the readout is left, in percent. */
  readonly percentLeft: number;
  /** Where a sequence is under way: which exposure of how many. */
  readonly sequence?: { readonly number: number; readonly total: number };
  /** The detector's temperature and the cold finger's, in °C; what is missing could not be read. */
  readonly temperatures: readonly number[];
  /** The next image's path. */
  readonly file: string;
  /** azcam's name for the system. */
  readonly systemName: string;
  /** What a field of the camera holds. */
  readonly held: (field: string) => Value;
}

function temperature(value: number = badTemperature): string | number {
  return value === badTemperature ? value : value.toFixed(1);
}

/** azcam's words beside the progress bar. */
function label({ state, seconds, secondsRemaining }: StatusFacts, percentLeft: number): string {
  if (state === "setup") return "exposure setup";
  if (state === "reading out") return `${Math.trunc(percentLeft)}% readout`;
  return state === "exposing" && seconds > 0 ? `${secondsRemaining.toFixed(1)} sec remaining` : "";
}

/**
 * The 19 keys of azcam's status.
 *
 * @param facts What it is made of.
 */
export function azcamStatus(facts: StatusFacts): Record<string, unknown> {
  const { state, sequence, temperatures, held } = facts;
  const word = state === "idle" ? "" : flags[state][1];
  const counts = state === "exposing" || state === "reading out";
  const left = counts ? facts.percentLeft : 0;
  return {
    message: held("message") ||
      (sequence !== undefined && word !== "" ? `${word} - ${sequence.number} of ${sequence.total}` : word),
    exposurelabel: label(facts, left),
    exposurecolor: colours[state] ?? "transparent",
    exposurestate: word,
    progressbar: new Float(left),
    camtemp: temperature(temperatures[0]),
    dewtemp: temperature(temperatures[1]),
    filename: facts.file,
    seqcount: sequence?.number ?? 0,
    seqtotal: sequence?.total ?? 0,
    timestamp: localTime(new Date()),
    imagetitle: held("imagetitle"),
    imagetype: held("imagetype"),
    imagetest: held("imagetest"),
    exposuretime: new Float(Number(held("exposuretime"))),
    colbin: held("colbin"),
    rowbin: held("rowbin"),
    systemname: facts.systemName,
    mode: "",
  };
}
