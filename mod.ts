/**
 * heliograph's servers and instruments. Clients are in `./client`, cameras in `./camera`, and what tests of one's own
 * instruments need in `./testing`.
 *
 * @example An instrument of one's own, on all wires
 * ```ts
 * import { command, defineInstrument, HeliographServer } from "@heliograph/heliograph";
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

export { HeliographServer, type HeliographServerOptions } from "./server/server.ts";
export { CommandServer, type CommandServerOptions, type LineSession } from "./server/faces/azcam/command_server.ts";
export type { ServerSettings } from "./server/config/server_settings.ts";
export type { Limits } from "./server/access/limits.ts";
export type { SandboxOptions } from "./server/code/options.ts";
export { loadBench } from "./server/config/bench_file.ts";
export type { LoadedBench } from "./server/config/loaded_bench.ts";
export { BenchFileError } from "./server/files/source.ts";
export { demoInstruments } from "./server/config/demo_bench.ts";
export type { Bench } from "./server/bench/bench.ts";
export { defineInstrument } from "./server/bench/define_instrument.ts";
export type { Instrument, InstrumentSpec } from "./server/bench/instrument.ts";
export type { BenchField, Field, FieldSpec } from "./server/bench/field.ts";
export type { ValueOf } from "./server/bench/values.ts";
export type { ValueDescription, WireValue } from "./protocol/description.ts";
export type { Role, ValueType } from "./protocol/vocabulary.ts";
export { type Command, command, type CommandContext, type CommandSpec } from "./server/bench/command.ts";
export type { DriverApi, DriverModule } from "./server/devices/driver_process/driver_api.ts";
export type { Port, Turn } from "./server/devices/transports/port.ts";
export type { Shape } from "./server/devices/transports/framing.ts";
export type { Contact } from "./server/bench/contact.ts";
export { PortContact } from "./server/devices/transports/contact.ts";
export { type ErrorCode, errorCodes, HeliographError } from "./protocol/errors.ts";
export { outliveFaults } from "./server/processes/process_faults.ts";
export { version } from "./protocol/version.ts";
