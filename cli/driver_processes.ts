/**
 * Starts the processes of drivers for the command line.
 *
 * @module
 */

import { driverHostWord } from "./hidden_words.ts";
import type { Processes } from "../server/processes/processes.ts";
import { DriverProcesses } from "../server/devices/driver_process/driver_processes.ts";

/** Runs drivers: in the executable, by starting it once more. @param processes What starts them. @default this program */
export function driverProcesses(processes?: Processes): DriverProcesses {
  return new DriverProcesses({
    processes,
    hostCommand: Deno.build.standalone ? [Deno.execPath(), driverHostWord] : undefined,
  });
}
