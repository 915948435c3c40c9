/**
 * heliograph's servers and instruments. Clients are in `./client`, cameras in `./camera`, and what tests of one's own
 * instruments need in `./testing`.
 *
 * @example An instrument of one's own, on all wires
 * ```ts
 * import { command, defineInstrument, HeliographServer } from "./mod.ts";
 *
 * const stage = defineInstrument({
 *   title: "Stage",
 *   fields: { Position: { type: "float", unit: "mm", initial: 0 } },
 *   commands: ({ Position }) => ({
 *     move: command({
 *       summary: "Move the stage",
 *       arguments: { to: { type: "float", minimum: 0, maximum: 25 } },
 *       run: ({ to }) => Position.update(to),
 *     }),
 *   }),
 * });
 * await using server = new HeliographServer({ instruments: [stage], commandPort: 0, dashboardPort: 0 });
 * server.start();
 * console.log(await server.commandServer.command("stage.move 3.5")); // OK
 * ```
 *
 * @module
 */

export { HeliographServer, type HeliographServerOptions, type ListeningServer } from "./server/server.ts";
export { CommandServer, type CommandServerOptions } from "./server/faces/azcam/command_server.ts";
export { type LineServer, type LineServerOptions, LineSession } from "./server/faces/azcam/line_server.ts";
export type { SocketServer } from "./server/faces/shared/socket_server.ts";
export type { Session, SessionParts, SocketSession } from "./server/access/sessions.ts";
export type { ClientConnection, Connection } from "./server/network/connection.ts";
export type { ListenOptions } from "./server/network/listening.ts";
export type { Limits } from "./server/access/limits.ts";
export { admit } from "./server/access/admit.ts";
export type { Arrival, Principal, WayIn } from "./server/access/principal.ts";
export type { Given } from "./protocol/setting.ts";
export type { ServerSettings } from "./server/config/server_settings.ts";
export type { Face } from "./server/faces/face.ts";
export type { ListenerAddress, Listening } from "./server/services.ts";
export {
  type Access,
  accesses,
  contactStates,
  qualities,
  roles,
  valueTypes,
  type Wire,
  wires,
} from "./protocol/vocabulary.ts";
export type { CodePermissions, CodeSettings, Language, SandboxOptions } from "./server/code/options.ts";
export {
  type CodeSection,
  loadBench,
  type LoadedBench,
  type Redirect,
  type ServerSection,
} from "./server/config/bench_file.ts";
export { BenchFileError, type Problem } from "./server/files/source.ts";
export { demoInstruments, type DemoOptions } from "./server/config/demo_bench.ts";
export { defineInstrument, type TypedInstrument } from "./server/bench/define_instrument.ts";
export type { Bench } from "./server/bench/bench.ts";
export type { ChangeListener, Fields, Instrument, InstrumentSpec } from "./server/bench/instrument.ts";
export type { Field, FieldHolder, FieldSpec, Quality } from "./server/bench/field.ts";
export { Float, type Value, type ValueOf, type ValueSpec, type ValueType } from "./server/bench/values.ts";
export {
  type ArgumentSpec,
  type Caller,
  type Command,
  command,
  type CommandContext,
  type CommandSpec,
  type Role,
} from "./server/bench/command.ts";
export type { LineFormat, Listener, Port, Question, Turn } from "./server/devices/transports/port.ts";
export type { Urgency } from "./server/devices/transports/turns.ts";
export type { Simulator } from "./server/devices/simulators/simulator.ts";
export {
  type DriverApi,
  type DriverModule,
  type DriverSetup,
  InstrumentError,
  type InstrumentErrorCode,
} from "./server/devices/driver_process/driver_api.ts";
export { type ErrorCode, errorCodes, HeliographError } from "./protocol/errors.ts";
export type { Contact, ContactState } from "./server/bench/contact.ts";
export { PortContact, type Routine } from "./server/devices/transports/contact.ts";
export { outliveFaults } from "./server/processes/process_faults.ts";
export type { SessionDescription } from "./protocol/description.ts";
export { version } from "./protocol/version.ts";
