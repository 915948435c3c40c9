/**
 * Clients of heliograph, and of azcam's and PyOpticon's own servers.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 * import { AzcamClient } from "@heliograph/heliograph/client";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0 });
 * server.start();
 * await using camera = new AzcamClient({ port: server.commandServer.port });
 * console.log(await camera.command("instrument.get_filter"));
 * ```
 *
 * @module
 */

export { AzcamClient } from "./azcam_client.ts";
export {
  type CodeOptions,
  PyOpticonSocketClient,
  type PyOpticonSocketClientOptions,
  type RequestOptions,
} from "./pyopticon_client.ts";
export type { WatchUpdate } from "./watch_feed.ts";
export { type ErrorCode, errorCodes, HeliographError } from "../protocol/errors.ts";
export type {
  FieldDescription,
  FieldReading,
  InstrumentDescription,
  Lease,
  LineTraceDescription,
  ServerStatus,
  ValueDescription,
  Welcome,
  WireValue,
} from "../protocol/description.ts";
export type { JournalRecord } from "../protocol/records.ts";
export type { Role, ValueType } from "../protocol/vocabulary.ts";
