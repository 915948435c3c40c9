/**
 * The settings of the server: its ports and names, the folders for images, the log.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import type { Setting, Settings } from "../../protocol/setting.ts";
import { type JournalLevel, journalLevels } from "../../protocol/vocabulary.ts";

/**
 * The settings in the bench file's `server`: ports, names and folders for images.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer, type ServerSettings } from "@heliograph/heliograph";
 *
 * const ports: Pick<ServerSettings, "commandPort" | "dashboardPort"> = { commandPort: 0, dashboardPort: 0 };
 * await using server = new HeliographServer({ ...ports, instruments: demoInstruments(), sandbox: { languages: [] } });
 * server.start();
 * ```
 */
export interface ServerSettings {
  /** The address. @default "127.0.0.1" */
  readonly host: string;
  /** azcam's port; 0 takes any free one. @default 2402 */
  readonly commandPort: number;
  /** PyOpticon's port; 0 takes any free one. @default 12345 */
  readonly dashboardPort: number;
  /** The port of HTTP and WebSockets; 0 takes any free one. @default the command port + 1, as azcam has it: 2403 */
  readonly webPort?: number;
  /**
   * The port of heliograph's own programs on other PCs, all wires by TLS, where the server listens beyond this PC; 0 takes
   * any free one. @default the command port + 3: 2405
   */
  readonly tlsPort?: number;
  /** Names by which people reach the page, beside `localhost` and the address; others are refused. @default none */
  readonly webNames: readonly string[];
  /** Folders that images may be written to. @default ["images"] */
  readonly imageFolders: readonly string[];
}

/** The settings that only the command line has. */
export interface ProgramSettings {
  /** The bench file. */
  readonly bench?: string;
  /** Whether simulators stand in the place of the bench file's instruments. */
  readonly simulate: boolean;
  /** Receives images on this port. */
  readonly imagePort?: number;
  /** The folder of the records, or `none`. */
  readonly records?: string;
  /** A certificate of one's own, as a PEM file. */
  readonly tlsCert?: string;
  /** Its private key, as a PEM file. */
  readonly tlsKey?: string;
  /** The least that the log tells. */
  readonly logLevel: JournalLevel;
  /** Whether each line of the log is a JSON object. */
  readonly jsonLogs: boolean;
  /** Listens beyond this PC in plain text, and lets everybody in who reaches it. */
  readonly insecureOpen: boolean;
  /** What everybody may do then. */
  readonly insecureRole: "observer" | "operator";
}

const port = z.int().min(0).max(65_535);
/** Nothing else can stand in `Host` before the port. */
const webName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;
const anyFree = "0 takes any free one";

/** A setting for a port that the server listens on. */
function portSetting(summary: string, name: string, value: number | undefined, word?: string): Setting<number> {
  return {
    schema: port,
    summary,
    note: anyFree,
    flag: { name, kind: "port", placeholder: "PORT" },
    ...(value === undefined ? {} : { default: value }),
    ...(word === undefined ? {} : { defaultWord: word }),
  };
}

/** The settings that the bench file's `server` and the flags have in common. */
export const serverSettings: Settings<ServerSettings> = {
  host: {
    schema: z.string().min(1),
    default: "127.0.0.1",
    summary: "The address to listen on",
    flag: { name: "host", kind: "text", placeholder: "ADDRESS" },
  },
  commandPort: portSetting("azcam's port", "commandPort", 2402),
  dashboardPort: portSetting("PyOpticon's port", "dashboardPort", 12345),
  webPort: portSetting("The port of HTTP and WebSockets", "webPort", undefined, "the command port + 1"),
  tlsPort: portSetting(
    "The port of heliograph's own programs on other PCs, where the server listens beyond this one",
    "tlsPort",
    undefined,
    "the command port + 3",
  ),
  webNames: {
    schema: z.array(z.string().regex(webName, "must be a name without http:// and port, as in lab-pc.example")),
    default: [],
    defaultWord: "none",
    summary: "Names by which people reach the page, beside localhost, the address and this PC's name",
    flag: { name: "webName", kind: "texts", placeholder: "NAME" },
  },
  imageFolders: {
    schema: z.array(z.string().min(1, "should not be empty")),
    default: ["images"],
    summary: "Folders that images may be written to",
    note: "they go to the first unless a client says otherwise",
    inFile: ", as seen from this file",
    flag: { name: "imageFolder", kind: "texts", placeholder: "FOLDER" },
  },
};

/** The settings that are flags only. */
export const programSettings: Settings<ProgramSettings> = {
  bench: {
    schema: z.string(),
    defaultWord: "the built-in demo bench",
    summary: "The bench file",
    flag: { name: "bench", kind: "text", placeholder: "FILE" },
  },
  simulate: {
    schema: z.boolean(),
    default: false,
    summary: "Put the simulators of the built-in drivers in the place of the bench file's instruments",
    flag: { name: "simulate", kind: "switch" },
  },
  imagePort: {
    schema: port,
    defaultWord: "not",
    summary: "Receive images in azcam's format into the first image folder (azcam: 6543)",
    flag: { name: "imagePort", kind: "port", placeholder: "PORT" },
  },
  records: {
    schema: z.string().min(1),
    defaultWord: "as the bench file says, lab.records beside lab.json; ./records for the demo bench",
    summary: "The folder that keeps what happens over restarts; none: no folder",
    flag: { name: "records", kind: "text", placeholder: "FOLDER" },
  },
  tlsCert: {
    schema: z.string().min(1),
    defaultWord: "the server makes its own, lab.keys beside lab.json; ./demo.keys for the demo bench",
    summary: "A certificate of your own for clients of other PCs, a PEM file; read again when it changes",
    flag: { name: "tlsCert", kind: "text", placeholder: "FILE" },
  },
  tlsKey: {
    schema: z.string().min(1),
    defaultWord: "as --tls-cert",
    summary: "The private key of that certificate, a PEM file",
    flag: { name: "tlsKey", kind: "text", placeholder: "FILE" },
  },
  logLevel: {
    schema: z.enum(journalLevels),
    default: "info",
    summary: "What the log tells",
    flag: { name: "logLevel", kind: "choice" },
  },
  jsonLogs: {
    schema: z.boolean(),
    default: false,
    summary: "Log one JSON object a line, also that the server is ready",
    flag: { name: "jsonLogs", kind: "switch" },
  },
  insecureOpen: {
    schema: z.boolean(),
    default: false,
    summary: "Listen beyond this PC in plain text, and let everybody in who reaches it, without a token",
    flag: { name: "insecureOpen", kind: "switch" },
  },
  insecureRole: {
    schema: z.enum(["observer", "operator"]),
    default: "observer",
    summary: "What everybody may do with --insecure-open: only read, or drive the instruments too",
    flag: { name: "insecureRole", kind: "choice" },
  },
};

/** The PC's name; `undefined` where this program may not ask for it. */
export function hostName(): string | undefined {
  try {
    return Deno.hostname();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
