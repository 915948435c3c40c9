/** What one client, and all of them together, may use. */
export interface Limits {
  /** The longest line in bytes, without its end. @default 65536 */
  readonly lineBytes: number;
  /** The longest JSON message in bytes. @default 65536 */
  readonly messageBytes: number;
  /** Connections in all. @default 16384 */
  readonly connections: number;
  /** Connections from one address. @default 1024 */
  readonly connectionsPerAddress: number;
  /** Framed requests that one client, and HTTP requests that one address, may have in flight. @default 256 */
  readonly requestsInFlight: number;
  /** Watches that one client may have running. @default 64 */
  readonly watches: number;
  /** Bytes that may wait for a client that does not read; past it the client is dropped. @default 1048576 */
  readonly queuedBytes: number;
  /** For how many seconds a client may leave replies unread before it is dropped. @default 60 */
  readonly stuckSeconds: number;
  /** After how many seconds an unfinished JSON message is answered with an error. @default 4 */
  readonly unfinishedMessageSeconds: number;
}

/** The limits where nothing else is said. */
export const defaultLimits: Limits = {
  lineBytes: 65_536,
  messageBytes: 65_536,
  connections: 16_384,
  connectionsPerAddress: 1024,
  requestsInFlight: 256,
  watches: 64,
  queuedBytes: 1_048_576,
  stuckSeconds: 60,
  // PyOpticon's client waits 5 s for a reply.
  unfinishedMessageSeconds: 4,
};
