/**
 * The instrument `fleet`: the PCs of the fleet, on every wire. It has no fields, so that it is in no data log and on no
 * dashboard.
 *
 * @module
 */

import { command } from "../bench/command.ts";
import { defineInstrument } from "../bench/define_instrument.ts";
import type { Instrument } from "../bench/instrument.ts";
import type { Fleet } from "./fleet.ts";

/** Makes it. @param fleet What it tells of. */
export function fleetInstrument(fleet: Fleet): Instrument {
  return defineInstrument({
    title: "fleet",
    summary: "the PCs of the fleet",
    aside: true,
    commands: {
      list: command({
        role: "observer",
        immediate: true,
        summary: "Tell the PCs of the fleet, as JSON: which are there, their instruments, and what is not well",
        run: () => fleet.describe(),
      }),
      instruments: command({
        role: "observer",
        immediate: true,
        summary: "Tell the instruments of another PC, as JSON, each called as in cold-lab/tempcon",
        arguments: { pc: { type: "text", summary: "its name" } },
        run: ({ pc }) => fleet.describeInstruments(pc),
      }),
    },
  });
}
