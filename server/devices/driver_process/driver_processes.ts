/**
 * Runs drivers from the disk, each set of permissions in a process of its own, as instruments of the server.
 *
 * @module
 */

import { ZodError } from "npm:zod@4.6.7";
import { Instrument } from "../../bench/instrument.ts";
import { Processes } from "../../processes/processes.ts";
import { grantsFor } from "../../processes/rendezvous.ts";
import type { Command } from "../../processes/starter.ts";
import { DriverGroup } from "./driver_group.ts";
import { driverSourceCommand } from "./host_command.ts";
import type { DriverProblem, DriverSettings } from "./settings.ts";

/** The options for the processes of drivers. */
export interface DriverProcessesOptions {
  /** What starts them. @default this program itself */
  readonly processes?: Processes | undefined;
  /**
   * Program and arguments that run a driver's process.
   *
   * @default this Deno on heliograph's source; in a program that was compiled there is none, and it must be given
   */
  readonly hostCommand?: Command | undefined;
}

/** The memory of a driver's process where the bench file does not say, in MiB. */
export const defaultDriverMemory = 512;

/** Runs drivers in processes of their own. */
export class DriverProcesses {
  readonly #processes: Processes;
  /** Whether nobody else uses them. */
  readonly #ownProcesses: boolean;
  readonly #hostCommand: DriverProcessesOptions["hostCommand"];
  readonly #groups = new Set<DriverGroup>();

  /** Starts nothing yet. */
  constructor({ processes, hostCommand }: DriverProcessesOptions = {}) {
    this.#processes = processes ?? new Processes();
    this.#ownProcesses = processes === undefined;
    this.#hostCommand = hostCommand;
  }

  /**
   * Starts a process, and loads drivers in it.
   *
   * @param settings The drivers, and what they may do.
   * @param packages Whether they import packages.
   * @returns For each an instrument, or what is wrong with it; nothing where another has ended them all. Ending with the last of them, the process ends too.
   * @throws {Error} When there is no process, with the reason.
   */
  async load(
    settings: DriverSettings,
    packages: boolean,
  ): Promise<(Instrument | DriverProblem | undefined)[]> {
    const grants = grantsFor(await this.#processes.open());
    const command = this.#hostCommand ?? driverSourceCommand(settings.permissions, grants, packages);
    if (command === undefined) {
      throw new Error("a driver runs in a process of its own, which this program cannot start: it has to be told how");
    }
    this.#processes.allow(command);
    const group: DriverGroup = new DriverGroup(
      { processes: this.#processes, command, settings },
      () => this.#forget(group),
    );
    this.#groups.add(group);
    try {
      const loaded = await group.load();
      if (!loaded.some((each) => each instanceof Instrument)) await group.end();
      return loaded;
    } catch (error) {
      await group.end();
      throw error instanceof ZodError ? new Error(`what it declares cannot be: ${error.message}`) : error;
    }
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.end()));
  }

  async #forget(group: DriverGroup): Promise<void> {
    this.#groups.delete(group);
    if (this.#groups.size === 0 && this.#ownProcesses) await this.#processes.close();
  }
}
