/**
 * Simulates a bench file's instruments: PyOpticon's offline mode, over real sockets.
 *
 * @module
 */

import { type RunningSimulator, simulateTcp } from "../devices/simulators/serve.ts";
import { SharedSimulator } from "../devices/simulators/shared_simulator.ts";
import type { DescriptionSimulator, Simulator } from "../devices/simulators/simulator.ts";

/** An address at which nobody answers. */
const nobody = "tcp://127.0.0.1:1";

/** A line that is simulated. */
interface SimulatedLine {
  readonly running: RunningSimulator;
  readonly simulator: SharedSimulator;
  /** The drivers that one of its simulators stands for. */
  readonly drivers: Set<() => Simulator>;
}

/** The simulators of one bench. */
export class Simulators {
  /** What is not simulated: titles of instruments that stay without contact, and parts of others, with the reason. */
  readonly missing: string[] = [];
  readonly #lines = new Map<string, SimulatedLine>();

  /**
   * Starts a simulator for an address, or finds the one that is there already. The real one is never spoken to.
   *
   * @param driver Makes its driver's own simulator, which speaks for all instruments of that driver on one line.
   * @param described Makes one of what is described, or of what the bench file adds to the driver; it may throw a
   * TypeError that says why it cannot.
   */
  readonly redirect = (
    address: string,
    driver: (() => Simulator) | undefined,
    title: string,
    described?: () => DescriptionSimulator,
  ): string => {
    let line = this.#lines.get(address);
    const simulators = this.#described(described, title);
    if (driver !== undefined && line?.drivers.has(driver) !== true) simulators.push(driver());
    else if (driver === undefined && described === undefined) this.missing.push(`${title} (its driver is code)`);
    for (const simulator of simulators) {
      if (line === undefined) {
        const shared = new SharedSimulator(simulator);
        line = { running: simulateTcp(shared, 0), simulator: shared, drivers: new Set() };
        this.#lines.set(address, line);
      } else line.simulator.add(simulator);
    }
    if (driver !== undefined) line?.drivers.add(driver);
    return line?.running.address ?? nobody;
  };

  #described(make: (() => DescriptionSimulator) | undefined, title: string): Simulator[] {
    if (make === undefined) return [];
    try {
      const simulator = make();
      this.missing.push(...simulator.missing.map((part) => `${title}: ${part}`));
      return [simulator];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.missing.push(`${title} (${error.message})`);
      return [];
    }
  }

  /** Ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#lines.values()].map(({ running }) => running.close()));
  }
}
