/**
 * Clients of heliograph, and of azcam's and PyOpticon's own servers.
 *
 * @example
 * ```ts
 * import { AzcamClient } from "./mod.ts";
 * import { demoInstruments, HeliographServer } from "../mod.ts";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0 });
 * server.start();
 * await using camera = new AzcamClient({ port: server.commandServer.port });
 * console.log(await camera.command("instrument.get_filter"));
 * ```
 *
 * @module
 */

export { AzcamClient, type AzcamClientOptions, type CallOptions } from "./azcam_client.ts";
export {
  type CodeOptions,
  type ControlOptions,
  type ErrorsMode,
  PyOpticonSocketClient,
  type PyOpticonSocketClientOptions,
  type RequestOptions,
  type TakeOptions,
} from "./pyopticon_client.ts";
export type { WatchUpdate } from "./watch_feed.ts";
export { type ErrorCode, HeliographError } from "../protocol/errors.ts";
export type { MessageId, WatchEvent } from "../protocol/framed_message.ts";
export type {
  ArgumentDescription,
  CommandDescription,
  ContactDescription,
  FieldDescription,
  FieldReading,
  FieldState,
  HolderDescription,
  ImageDescription,
  InstrumentDescription,
  InstrumentStatus,
  Lease,
  Quality,
  ServerStatus,
  SessionDescription,
  ValueDescription,
  ValueType,
  Welcome,
  WireValue,
} from "../protocol/description.ts";
export type { Arrangement, ArrangementGroup, ArrangementState } from "../protocol/arrangement.ts";
export { type Access, accesses, qualities, roles, valueTypes, type Wire, wires } from "../protocol/vocabulary.ts";
