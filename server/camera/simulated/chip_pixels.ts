/**
 * Makes the pixels of simulated exposures, in a Worker that may touch nothing: millions of them would keep the server
 * from everything else.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { startFileWorker } from "../../files/file_worker.ts";
import { TaskWorker } from "../../files/task_worker.ts";
import type { AmplifierPixels } from "../detector.ts";
import type { AmplifierReadout } from "../geometry.ts";
import { type ChipProperties, defaultChip, type Scene } from "./chip_properties.ts";

/** A simulated exposure whose pixels are to be made. */
export interface ChipTask {
  /** What the chip is like. */
  readonly chip: ChipProperties;
  /** What has fallen on it since it was read out last. */
  readonly scenes: readonly Scene[];
  /** What each amplifier reads. */
  readonly readouts: readonly AmplifierReadout[];
}

/** Each amplifier's pixels, or why there are none. */
export type ChipAnswer = { readonly pixels: readonly AmplifierPixels[] } | { readonly failure: string };

/** Makes pixels in a Worker of its own. */
export class ChipPixels {
  readonly #worker = new TaskWorker<ChipTask, ChipAnswer>({
    start: (failed) => startFileWorker(new URL("./chip_worker.ts", import.meta.url), "simulated chip", [], failed),
    stopping: () => new HeliographError("command_failed", "The server is stopping"),
    failed: (reason) =>
      new HeliographError("command_failed", `The Worker that makes simulated pixels failed: ${reason}`),
  });

  /** Starts the Worker, unless it runs: before the server gives up its own permissions, by which its source is read. */
  async start(): Promise<void> {
    this.#worker.start();
    await this.#worker.ask({ chip: defaultChip, scenes: [], readouts: [] });
  }

  /**
   * Makes the pixels of one exposure.
   *
   * @param signal Calls it off.
   * @returns Each amplifier's pixels, in the order of the readouts.
   * @throws {HeliographError} Where they cannot be made; or the signal's reason.
   */
  async make(task: ChipTask, signal: AbortSignal): Promise<readonly AmplifierPixels[]> {
    const answer = await this.#worker.ask(task, signal);
    if ("pixels" in answer) return answer.pixels;
    throw new HeliographError("command_failed", `Cannot make the image: ${answer.failure}`);
  }

  /** Ends the Worker for good, unless `start` is called again. */
  stop(): void {
    this.#worker.stop();
  }
}
