/**
 * Limits on what one client, and all of them together, may use.
 *
 * @module
 */

import * as z from "npm:zod@4.6.7";
import { type Setting, type Settings, settled } from "../../protocol/setting.ts";

/**
 * Limits on what one client, and all of them together, may use.
 *
 * @example
 * ```ts
 * import { CommandServer, type Limits } from "@heliograph/heliograph";
 *
 * const limits: Partial<Limits> = { lineBytes: 1000, connectionsPerAddress: 4 };
 * await using server = new CommandServer({ port: 0, limits });
 * server.start();
 * ```
 */
export interface Limits {
  /** The longest line in bytes, without its end. @default 65536 */
  readonly lineBytes: number;
  /** The longest JSON message, and body of an HTTP request, in bytes. @default 65536 */
  readonly messageBytes: number;
  /** The longest head of an HTTP request in bytes. @default 16384 */
  readonly headBytes: number;
  /** Connections in all, over all ports; never more than the process may open, see {@linkcode limitsWithin}. @default 16384 */
  readonly connections: number;
  /** Connections from one address to one port. @default 1024, or a third of what there may be in all */
  readonly connectionsPerAddress: number;
  /** WebSockets from one address. @default 32 */
  readonly webSocketsPerAddress: number;
  /** Framed requests that one client, and HTTP requests that one name from one address, may have in flight. @default 256 */
  readonly requestsInFlight: number;
  /** Watches that one client may have running. @default 64 */
  readonly watches: number;
  /** Bytes that may wait for a client that does not read; past it the client is dropped. @default 1048576 */
  readonly queuedBytes: number;
  /** For how many seconds a client may leave replies unread before it is dropped. @default 60 */
  readonly stuckSeconds: number;
  /** After how many seconds an unfinished JSON message is answered with an error. @default 4 */
  readonly unfinishedMessageSeconds: number;
  /** After how many seconds an unfinished head of an HTTP request is answered with an error. @default 10 */
  readonly unfinishedHeadSeconds: number;
  /** After how many seconds an HTTP connection without a request is closed. @default 60 */
  readonly idleSeconds: number;
}

/** A limit: a number with its default. */
function limit(value: number, summary: string): Setting<number> {
  return { schema: z.number().positive(), default: value, summary };
}

/** The limits as settings. A program that makes a server can change them; the bench file and the flags do not. */
export const limitSettings: Settings<Limits> = {
  lineBytes: limit(65_536, "The longest line in bytes, without its end"),
  messageBytes: limit(65_536, "The longest JSON message, and body of an HTTP request, in bytes"),
  headBytes: limit(16_384, "The longest head of an HTTP request in bytes"),
  connections: limit(16_384, "Connections in all, over all ports"),
  connectionsPerAddress: limit(1024, "Connections from one address to one port"),
  webSocketsPerAddress: limit(32, "WebSockets from one address"),
  requestsInFlight: limit(256, "Requests that one client may have in flight"),
  watches: limit(64, "Watches that one client may have running"),
  queuedBytes: limit(1_048_576, "Bytes that may wait for a client that does not read"),
  stuckSeconds: limit(60, "For how many seconds a client may leave replies unread"),
  // PyOpticon's client waits 5 s for a reply.
  unfinishedMessageSeconds: limit(4, "After how many seconds an unfinished JSON message is answered with an error"),
  unfinishedHeadSeconds: limit(10, "After how many seconds an unfinished HTTP head is answered with an error"),
  idleSeconds: limit(60, "After how many seconds an HTTP connection without a request is closed"),
};

/** The limits where nothing else is said. */
export const defaultLimits: Limits = settled(limitSettings);

/**
 * Descriptors that are no client's: what the runtime, its Workers and the sandboxes' processes have open (up to 60 were
 * counted), 16 that a new Worker and a signal's listener must find free (without them the runtime panics), and some more.
 */
const reserved = 96;
/** For each instrument: its connection, and the one that is made while the last one is being closed. */
const perInstrument = 2;
/** However little the process may open, somebody can look at it. */
const fewest = 8;

/**
 * How many descriptors clients may have together.
 *
 * @param descriptors How many the process may have.
 * @param instruments How many instruments are on the bench.
 */
export function clientDescriptors(descriptors: number, instruments: number): number {
  return Math.max(fewest, descriptors - reserved - perInstrument * instruments);
}

/**
 * The limits of one server, so that all its connections together are no more than its process may open.
 *
 * @param given What the program that makes the server says.
 * @param free How many descriptors clients may have together.
 * @param each How many a client may take at most.
 */
export function limitsWithin(given: Partial<Limits>, free: number, each = 1): Limits {
  const connections = Math.min(given.connections ?? defaultLimits.connections, free);
  // One address that takes all it may of one port leaves the others what they need.
  const share = Math.min(
    defaultLimits.connectionsPerAddress,
    Math.ceil(Math.min(connections, Math.max(fewest, Math.floor(free / each))) / 3),
  );
  const connectionsPerAddress = Math.min(given.connectionsPerAddress ?? share, connections);
  return { ...defaultLimits, ...given, connections, connectionsPerAddress };
}
