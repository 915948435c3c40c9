/**
 * Simulators in the place of a bench file's instruments: PyOpticon's offline mode, over real sockets.
 *
 * @module
 */

import { builtInDrivers } from "../instruments/drivers/drivers.ts";
import { type RunningSimulator, simulateTcp } from "../instruments/simulators/serve.ts";
import type { Simulator } from "../instruments/simulators/simulator.ts";

/** The simulators of one bench. */
export class Simulators {
  readonly #running = new Map<string, RunningSimulator>();

  /**
   * Starts a simulator for an address, or finds the one that is there already.
   *
   * @throws {TypeError} Where the instrument has no built-in driver.
   */
  readonly redirect = (address: string, make: (() => Simulator) | undefined, title: string): string => {
    if (make === undefined) {
      throw new TypeError(
        `Cannot simulate ${title}: it has no built-in driver (${Object.keys(builtInDrivers).join(", ")})`,
      );
    }
    let simulator = this.#running.get(address);
    if (simulator === undefined) this.#running.set(address, simulator = simulateTcp(make(), 0));
    return simulator.address;
  };

  /** Ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((simulator) => simulator.close()));
  }
}
