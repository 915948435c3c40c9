/**
 * The Worker that makes the pixels of simulated exposures. It may touch nothing of this PC.
 *
 * @module
 */

import { Cancelled, performTasks, type Standing } from "../../files/task_worker.ts";
import { ChipExposure } from "./chip.ts";
import type { ChipAnswer, ChipTask } from "./chip_pixels.ts";

function make({ chip, scenes, readouts }: ChipTask, standing: Standing): ChipAnswer {
  try {
    const exposure = new ChipExposure(chip, ...scenes);
    const pixels = readouts.map((readout) => {
      const made = exposure.readOut(readout, () => standing.cancelled);
      if (made === undefined) throw new Cancelled();
      return made;
    });
    return { pixels };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

performTasks(make, (answer) => "pixels" in answer ? answer.pixels.map(({ buffer }) => buffer) : []);
