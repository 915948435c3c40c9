/**
 * Valco two-position valve, as PyOpticon's `ValcoWidget` drives it.
 *
 * @module
 */

import type { Simulator } from "../simulators/simulator.ts";
import type { Driver } from "./driver.ts";

const positions = { A: "A", B: "B" };

function simulator(): Simulator {
  let position = "A";
  return {
    commandEnd: "\r",
    answerEnd: "\r",
    answer(command) {
      const go = /^1GO([AB])$/.exec(command);
      if (go !== null) position = go[1]!;
      return command === "1CP" ? `Position is  = "${position}"` : undefined;
    },
  };
}

/** Valco two-position valve: serial, 9600 bits per second. */
export const valcoValve: Driver = {
  address: "serial:///dev/ttyUSB0",
  probe: { ask: "{id}CP", pattern: "^Position is" },
  simulator,
  description: {
    summary: "Valco two-position valve",
    parameters: { id: { summary: "the valve's address", pattern: "\\d", default: "1" } },
    line: { sendEnd: "\r", receiveEnd: "\r" },
    fields: {
      "Position Selection": {
        type: "choice",
        choices: positions,
        initial: "A",
        needsConfirm: true,
        write: "{id}GO{value}",
        readback: { field: "Actual Position" },
      },
      "Actual Position": { type: "choice", choices: positions, read: { ask: "{id}CP", pattern: '"([AB])"' } },
    },
  },
};
