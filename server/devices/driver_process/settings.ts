/**
 * The settings of a driver's process, and the problems that it reports.
 *
 * @module
 */

import type { Address } from "../transports/address.ts";
import type { LineFormat } from "../transports/port.ts";
import type { ProcessSettings } from "../../processes/processes.ts";

/** The settings of one driver. */
export interface DriverEntry {
  /** Its file: an absolute path. */
  readonly file: string;
  /** What the instrument is called. */
  readonly title: string;
  /** The bench file's `options`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its port, where it has one: its number among the ports of this process. */
  readonly port: number | null;
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
}

/** The permissions of a driver's process, as Deno's of the same names. */
export interface DriverPermissions {
  /** `HOST:PORT` pairs that it may connect to. */
  readonly net: readonly string[];
  /** Absolute paths of files and folders that it may read. */
  readonly read: readonly string[];
  /** Absolute paths of files and folders that it may write. */
  readonly write: readonly string[];
}

/** The settings of a driver's process. */
export interface DriverSettings {
  /** Its memory in MiB. */
  readonly memory: number;
  /** What its drivers may do. */
  readonly permissions: DriverPermissions;
  /** The drivers that it runs. */
  readonly drivers: readonly DriverEntry[];
  /** The lines that they may speak on, which the server opens for them. */
  readonly ports: readonly { readonly address: Address; readonly format: LineFormat }[];
}

/** The settings of a driver's process, sent on its standard input when it starts. */
export interface DriverHostSettings extends DriverSettings, ProcessSettings {}

/** A problem with a driver. */
export interface DriverProblem {
  /** The file that it is in. */
  readonly file: string;
  /** The line, from 1. */
  readonly line?: number | undefined;
  /** The column, from 1. */
  readonly column?: number | undefined;
  /** What is wrong, and what would be right. */
  readonly message: string;
}
