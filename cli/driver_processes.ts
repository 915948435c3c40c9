/**
 * How the command line starts the processes of drivers.
 *
 * @module
 */

import { DriverProcesses } from "../server/driver_process/driver_processes.ts";

/** The hidden subcommand that runs a driver's process. */
export const driverHostWord = "driver-host";

/** Runs drivers: in the executable, by starting it once more. */
export function driverProcesses(): DriverProcesses {
  return new DriverProcesses({
    hostCommand: Deno.build.standalone ? [Deno.execPath(), driverHostWord] : undefined,
  });
}
