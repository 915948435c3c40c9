/**
 * Simulates a bench file's instruments: PyOpticon's offline mode, over real sockets.
 *
 * @module
 */

import { type RunningSimulator, simulateTcp } from "../devices/simulators/serve.ts";
import type { Simulator } from "../devices/simulators/simulator.ts";

/** An address at which nobody answers. */
const nobody = "tcp://127.0.0.1:1";

/** The simulators of one bench. */
export class Simulators {
  /** The titles of instruments that have no simulator, and stay without contact. */
  readonly missing: string[] = [];
  readonly #running = new Map<string, RunningSimulator>();

  /** Starts a simulator for an address, or finds the one that is there already. The real one is never spoken to. */
  readonly redirect = (address: string, make: (() => Simulator) | undefined, title: string): string => {
    if (make === undefined) {
      this.missing.push(title);
      return nobody;
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
