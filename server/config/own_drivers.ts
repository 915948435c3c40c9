/**
 * Starts a bench file's own drivers: groups them into processes by their permissions, and collects their instruments.
 *
 * @module
 */

import { dirname } from "node:path";
import { defaultDriverMemory, type DriverProcesses } from "../devices/driver_process/driver_processes.ts";
import type { DriverPermissions } from "../devices/driver_process/settings.ts";
import { Instrument } from "../bench/instrument.ts";
import type { Port } from "../devices/transports/port.ts";
import { importsPackages } from "../devices/driver_process/modules.ts";
import type { Problem } from "../files/source.ts";

/** A driver as the bench file names it. */
export interface GivenDriver {
  /** The place of its instrument in the bench file. */
  readonly index: number;
  /** Its file: an absolute path. */
  readonly file: string;
  /** What the instrument is called. */
  readonly title: string;
  /** What it is given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What it may do. */
  readonly granted: DriverPermissions;
  /** The memory of its process in MiB. */
  readonly memory: number | undefined;
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
}

interface Group {
  readonly granted: DriverPermissions;
  readonly memory: number;
  readonly drivers: GivenDriver[];
  readonly ports: Port[];
  readonly portOf: Map<GivenDriver, number>;
}

/** The drivers of one bench file, by the processes that they run in. */
export class OwnDrivers {
  readonly #processes: DriverProcesses;
  readonly #groups = new Map<string, Group>();

  /** Has none yet. @param processes Runs them. */
  constructor(processes: DriverProcesses) {
    this.#processes = processes;
  }

  /** The key by which drivers share a process: their permissions and its memory. */
  processOf({ granted: { net, read, write }, memory = defaultDriverMemory }: GivenDriver): string {
    const sorted = [net, read, write].map((values) => [...new Set(values)].sort());
    return JSON.stringify([...sorted, memory]);
  }

  /** Adds one. @param port Its port, where it has one. */
  add(driver: GivenDriver, port: Port | undefined): void {
    const process = this.processOf(driver);
    const { granted, memory = defaultDriverMemory } = driver;
    let group = this.#groups.get(process);
    if (group === undefined) {
      this.#groups.set(process, group = { granted, memory, drivers: [], ports: [], portOf: new Map() });
    }
    group.drivers.push(driver);
    if (port === undefined) return;
    if (!group.ports.includes(port)) group.ports.push(port);
    group.portOf.set(driver, group.ports.indexOf(port));
  }

  /**
   * Loads all of them, each group in its process.
   *
   * @param wrong Told what is wrong with them.
   * @returns Their instruments, by their places in the bench file.
   */
  async load(wrong: (problems: readonly Problem[]) => void): Promise<Map<number, Instrument>> {
    const instruments = new Map<number, Instrument>();
    await Promise.all([...this.#groups.values()].map(async (group) => {
      const { granted, drivers, memory, ports, portOf } = group;
      let made: Awaited<ReturnType<DriverProcesses["load"]>>;
      try {
        made = await this.#processes.load({
          memory,
          // Besides what it is granted, it reads its drivers' folders.
          permissions: {
            ...granted,
            read: [...new Set([...drivers.map(({ file }) => dirname(file)), ...granted.read])],
          },
          drivers: drivers.map((driver) => {
            const { file, title, options, imageFolders } = driver;
            return { file, title, options, imageFolders, port: portOf.get(driver) ?? null };
          }),
          ports: ports.map(({ address, format }) => ({ address, format })),
        }, (await Promise.all(drivers.map(({ file }) => importsPackages(file)))).includes(true));
      } catch (error) {
        const message = `cannot be loaded: ${(error as Error).message}`;
        return wrong(drivers.map(({ file }) => ({ file, where: "", message })));
      }
      for (const [at, each] of made.entries()) {
        if (each instanceof Instrument) instruments.set(drivers[at]!.index, each);
        else if (each !== undefined) {
          const { file, line, column, message } = each;
          wrong([{
            file,
            where: "",
            message,
            ...(line === undefined ? {} : { line }),
            ...(column === undefined ? {} : { column }),
          }]);
        }
      }
    }));
    return instruments;
  }
}
