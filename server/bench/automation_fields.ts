/**
 * The fields of the instrument `automation`, which the conditions of guards may speak of: also where a bench file is
 * checked and no run is there.
 *
 * @module
 */

import { runStates } from "../../protocol/runs.ts";

const unlogged = { log: false, keep: false } as const;

/** Its fields. */
export const automationFields = {
  State: { type: "choice", choices: ["idle", ...runStates], initial: "idle", ...unlogged },
  Reason: { type: "text", initial: "", ...unlogged },
  Step: { type: "int", initial: 0, ...unlogged },
  Of: { type: "int", initial: 0, ...unlogged },
  "Time Left": { type: "float", unit: "s", decimals: 0, initial: 0, ...unlogged },
} as const;
