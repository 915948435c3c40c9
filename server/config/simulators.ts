/**
 * Simulates a bench file's instruments: PyOpticon's offline mode, over real sockets.
 *
 * @module
 */

import type { Instrument } from "../bench/instrument.ts";
import { DriverContact } from "../devices/driver_process/driver_contact.ts";
import { type RunningSimulator, simulateTcp } from "../devices/simulators/serve.ts";
import { SharedSimulator } from "../devices/simulators/shared_simulator.ts";
import type { DescriptionSimulator, Simulator } from "../devices/simulators/simulator.ts";

/** An address at which nobody answers. */
const nobody = "tcp://127.0.0.1:1";

/** A line that is simulated. */
interface SimulatedLine {
  readonly simulator: SharedSimulator;
  /** The drivers that one of its simulators stands for. */
  readonly drivers: Set<() => Simulator>;
}

/** What simulates instruments, by the lines that they are on. */
export class SimulatedLines {
  /** What is not simulated: titles of instruments that stay without contact, and parts of others, with the reason. */
  readonly missing: string[] = [];
  /** The addresses of instruments whose drivers are code, by title: what such a driver understands is not known. */
  readonly code = new Map<string, string>();
  readonly #lines = new Map<string, SimulatedLine>();

  /** The simulators, one for each line. */
  get all(): SharedSimulator[] {
    return [...this.#lines.values()].map(({ simulator }) => simulator);
  }

  /**
   * Adds an instrument.
   *
   * @param driver Makes its driver's own simulator, which speaks for all instruments of that driver on one line.
   * @param described Makes one of what is described, or of what the bench file adds to the driver; it may throw a
   * TypeError that says why it cannot.
   * @returns What simulates its line; `undefined` where nothing of it can be simulated.
   */
  add(
    address: string,
    driver: (() => Simulator) | undefined,
    title: string,
    described?: () => DescriptionSimulator,
  ): SharedSimulator | undefined {
    let line = this.#lines.get(address);
    const simulators = this.#described(described, title);
    if (driver !== undefined && line?.drivers.has(driver) !== true) simulators.push(driver());
    else if (driver === undefined && described === undefined) {
      this.missing.push(`${title} (its driver is code)`);
      this.code.set(title, address);
    }
    for (const simulator of simulators) {
      if (line === undefined) {
        this.#lines.set(address, line = { simulator: new SharedSimulator(simulator), drivers: new Set() });
      } else line.simulator.add(simulator);
    }
    if (driver !== undefined) line?.drivers.add(driver);
    return line?.simulator;
  }

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
}

/** The simulators of one bench, each at an address of its own. */
export class Simulators {
  readonly #lines = new SimulatedLines();
  readonly #serve: (simulator: SharedSimulator) => RunningSimulator;
  readonly #running = new Map<SharedSimulator, RunningSimulator>();

  /** Makes none yet. @param serve Runs one. @default on a TCP port of this PC */
  constructor(serve: (simulator: SharedSimulator) => RunningSimulator = (simulator) => simulateTcp(simulator, 0)) {
    this.#serve = serve;
  }

  /** What is not simulated, and stays without contact or values. */
  get missing(): readonly string[] {
    return this.#lines.missing;
  }

  /**
   * Leaves the drivers out that would look for an instrument at an address at which nobody is, and says so.
   *
   * @param all Whether those are left out, too, that have no address: what they reach is not known. @default false
   */
  leaveOut(instruments: readonly Instrument[], all = false): void {
    for (const { title, contact } of instruments) {
      if (!(contact instanceof DriverContact)) continue;
      const address = this.#lines.code.get(title);
      if (address === undefined && !all) continue;
      if (address === undefined) this.#lines.missing.push(`${title} (its driver is code)`);
      contact.leaveOut("not simulated: its driver is code", address ?? contact.address);
    }
  }

  /** Starts a simulator for an address, or finds the one that is there already. The real one is never spoken to. */
  readonly redirect = (...instrument: Parameters<SimulatedLines["add"]>): string => {
    const simulator = this.#lines.add(...instrument);
    if (simulator === undefined) return nobody;
    let running = this.#running.get(simulator);
    if (running === undefined) this.#running.set(simulator, running = this.#serve(simulator));
    return running.address;
  };

  /** Ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.close()));
  }
}
