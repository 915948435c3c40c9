/**
 * What a bench file comes to, once it is loaded.
 *
 * @module
 */

import type { Instrument } from "../bench/instrument.ts";
import type { SandboxOptions } from "../code/options.ts";
import type { Port } from "../devices/transports/port.ts";
import type { Problem } from "../files/source.ts";
import type { ServerSettings } from "./server_settings.ts";

/**
 * A bench as its file describes it.
 *
 * @example
 * ```ts
 * import { type LoadedBench, loadBench } from "@heliograph/heliograph";
 *
 * // The titles of what stands on a bench; it is not served.
 * async function titles(file: string): Promise<string[]> {
 *   const bench: LoadedBench = await loadBench(file);
 *   await bench.close();
 *   return bench.instruments.map(({ title }) => title);
 * }
 * ```
 */
export interface LoadedBench {
  /** What it is called; `undefined` where the file does not say. */
  readonly name: string | undefined;
  /** What stands on it. */
  readonly instruments: Instrument[];
  /** Where the server listens, as far as the file says. */
  readonly server: Partial<ServerSettings>;
  /** What code may do, as far as the file says. */
  readonly code: Partial<Omit<SandboxOptions, "permissions" | "hostCommand">> & SandboxOptions["permissions"];
  /** Who may do what, as far as the file says: roles, the roles of addresses, and whether this PC needs tokens. */
  readonly access?: {
    /** The roles of this bench, besides those that every bench has. */
    readonly roles?: Readonly<Record<string, readonly string[]>> | undefined;
    /** Addresses and networks, and the names of roles. */
    readonly addresses?: Readonly<Record<string, string>> | undefined;
    /** Whether who is on this PC may do everything, or needs a token. @default "open" */
    readonly loopback?: "open" | "token" | undefined;
    /** A certificate of one's own and its key: the absolute paths of PEM files. @default the server makes its own */
    readonly tls?: { readonly cert: string; readonly key: string } | undefined;
    /** An institute whose people may sign in, with OpenID Connect. @default none */
    readonly openid?: object | undefined;
    /** The addresses of proxies before the web port that are believed. @default none */
    readonly trustedProxies?: readonly string[] | undefined;
  };
  /** What is kept of what happens; `undefined` where it is to be nothing. */
  readonly records: {
    /** The absolute path of the folder; it is made where it is not there. */
    readonly folder: string;
    /** For how long the journal is kept, in days. @default 3650: ten years */
    readonly journalDays?: number;
    /** The room that the journal may take, in bytes; of more, the oldest are forgotten. @default 2 GB */
    readonly journalBytes?: number;
    /** For how long single readings are kept, in days; minutes of them stay. @default 90 */
    readonly rawDays?: number;
    /** For how long what is left of them by minutes is kept, in days. @default 3650: ten years */
    readonly minutesDays?: number;
    /** The room that the journal and the readings may take together, in bytes. @default 10 GB */
    readonly bytes?: number;
  } | undefined;
  /** Into which folder PyOpticon's data log is written, an absolute path; and what of it begins with the server. */
  readonly datalog: {
    readonly folder: string;
    readonly start?: {
      /** A file of the folder. @default PyOpticon's name, of the time when it begins */
      readonly name?: string | undefined;
      /** How often a row is written. @default "0:00:10" */
      readonly every?: string | undefined;
      /** Instruments, and fields as `INSTRUMENT.FIELD`. @default all that belongs into a log */
      readonly fields?: readonly string[] | undefined;
    } | undefined;
  };
  /** Where on Earth the bench stands, if it says so: in degrees, and metres above the sea. */
  readonly site?: { readonly latitude: number; readonly longitude: number; readonly elevation?: number | undefined };
  /** The serial ports that it names: no other is ever opened. */
  readonly serialPorts: string[];
  /** Files that other programs write, and instruments are read from. */
  readonly files: string[];
  /** What it says of guards, for the server; `undefined` where it says nothing. */
  readonly guards?: object | undefined;
  /** The fields of other PCs that guards speak of, which cannot be checked before those are there. @default none */
  readonly unchecked?: readonly string[] | undefined;
  /** What it says of messages, for the server; `undefined` where it says nothing. */
  readonly messages?: object | undefined;
  /** What it says of its fleet, for the server; `undefined` where it is in none. */
  readonly fleet?: object | undefined;
  /** What it says of MQTT, for the server; `undefined` where it says nothing. */
  readonly mqtt?: object | undefined;
  /** The drawing of the bench, if it has one: the SVG, and the absolute path of its file. */
  readonly overview?: { readonly svg: string; readonly file?: string };
  /** Absolute paths of the folders that images may be written to. */
  readonly imageFolders: readonly string[];
  /**
   * Files with secrets that are not there: the bench is served all the same.
   *
   * @internal
   */
  readonly missing: readonly Problem[];
  /**
   * The ports of its instruments by title, of those that have one.
   *
   * @internal
   */
  readonly ports: ReadonlyMap<string, Port>;
  /** Ends the processes of its drivers, where it is not served: a bench that stops ends them too. */
  close(): Promise<void>;
}
