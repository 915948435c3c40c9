/**
 * heliograph: drives a lab's or an observatory's instruments, for azcam's and PyOpticon's clients and its own.
 *
 * The server side is {@linkcode HeliographServer} (both wires) or {@linkcode CommandServer} (azcam's alone), with
 * instruments made by {@linkcode defineInstrument} and {@linkcode command}. The client side is
 * {@linkcode PyOpticonSocketClient} and {@linkcode AzcamClient}.
 *
 * @module
 */

export { AzcamClient, type AzcamClientOptions, type CallOptions } from "./client/azcam_client.ts";
export {
  type CodeOptions,
  type ControlOptions,
  type ErrorsMode,
  PyOpticonSocketClient,
  type PyOpticonSocketClientOptions,
  type RequestOptions,
  type TakeOptions,
} from "./client/pyopticon_client.ts";
export type { WatchUpdate } from "./client/watch_feed.ts";
export type { DashboardRequest } from "./protocol/dashboard_message.ts";
export type { MessageId, OutputEvent, WatchEvent } from "./protocol/framed_message.ts";
export type * from "./protocol/arrangement.ts";
export type * from "./protocol/description.ts";
export { type ErrorCode, errorCodes, HeliographError } from "./protocol/errors.ts";
export { version } from "./protocol/version.ts";
export type { Bench } from "./server/bench.ts";
export {
  type CodeSection,
  loadBench,
  type LoadedBench,
  type Redirect,
  type ServerSection,
} from "./server/bench_file/bench_file.ts";
export type { DriverApi, DriverModule, DriverSetup } from "./server/bench_file/driver_api.ts";
export { BenchFileError, type Problem } from "./server/bench_file/source.ts";
export type { Client, Control, ControlListener } from "./server/control.ts";
export { CommandServer, type CommandServerOptions, LineSession } from "./server/command_server.ts";
export { DashboardServer, type DashboardSession } from "./server/dashboard_server.ts";
export { demoInstruments, type DemoOptions } from "./server/demo_bench.ts";
export {
  type ArgumentSpec,
  type BoundArguments,
  type Command,
  command,
  type CommandContext,
  type CommandSpec,
  type Role,
} from "./server/instruments/command.ts";
export type { Caller, CommandQueue, Issue, Work } from "./server/instruments/command_queue.ts";
export { azcamExposure, type CameraOptions } from "./server/instruments/camera/exposure_instrument.ts";
export { type Clock, SimulatedClock, systemClock } from "./server/instruments/camera/clock.ts";
export type { AmplifierPixels, Detector, DetectorReadout, Light } from "./server/instruments/camera/detector.ts";
export type { AmplifierReadout, DetectorFormat, FocalPlane } from "./server/instruments/camera/geometry.ts";
export type { ImageFile, ImagePart, SeenImage } from "./server/instruments/camera/pixel_messages.ts";
export type { PixelStore, ReceivedFile } from "./server/instruments/camera/pixel_store.ts";
export { simulatedCamera, type SimulatedCameraOptions } from "./server/instruments/simulated/camera.ts";
export type { SimulatedDetectorOptions } from "./server/instruments/simulated/simulated_detector.ts";
export type { ChipProperties, PerAmplifier, Scene } from "./server/instruments/simulated/chip_properties.ts";
export { defineInstrument, type TypedInstrument } from "./server/instruments/define_instrument.ts";
export type { Gate } from "./server/instruments/gate.ts";
export { InstrumentError, type InstrumentErrorCode } from "./server/instruments/errors.ts";
export type { Field, FieldHolder, FieldSpec, Quality } from "./server/instruments/field.ts";
export {
  type ImageKeyword,
  type ImageLevels,
  ImageReplaced,
  type ImageSource,
  type LastImage,
  type Levels,
  NoImage,
  type Tile,
  type TileRequest,
} from "./server/instruments/images.ts";
export type { HeaderKeywords, Keyword } from "./server/instruments/header_keywords.ts";
export type { CardValue, HeaderCard } from "./server/instruments/fits/card.ts";
export type {
  ChangeListener,
  Fields,
  Instrument,
  InstrumentSpec,
  Surroundings,
} from "./server/instruments/instrument.ts";
export { type Contact, type ContactState, PortContact, type Routine } from "./server/instruments/transports/contact.ts";
export type { Address } from "./server/instruments/transports/address.ts";
export type { LineFormat, Listener, Port, Question, Turn } from "./server/instruments/transports/port.ts";
export type { SerialOptions } from "./server/instruments/transports/serial.ts";
export type { Urgency } from "./server/instruments/transports/turns.ts";
export type { Simulator } from "./server/instruments/simulators/simulator.ts";
export { Float, type Value, type ValueOf, type ValueSpec, type ValueType } from "./server/instruments/values.ts";
export type { Limits } from "./server/limits.ts";
export { outliveFaults } from "./server/process_faults.ts";
export { HeliographServer, type HeliographServerOptions } from "./server/server.ts";
export type { ListenerAddress, Services } from "./server/services.ts";
export type { CodeClient, Evaluator, EvaluatorOptions } from "./server/evaluator.ts";
export type { CodeSender } from "./server/sandbox/host_process.ts";
export type { Answer, Ask, Code, Evaluated, Failure } from "./server/sandbox/messages.ts";
export type { CodePermissions, Language, SandboxOptions } from "./server/sandbox/options.ts";
export type { EvaluationOptions, Sandbox } from "./server/sandbox/sandbox.ts";
export type { Session, Sessions, SocketSession } from "./server/sessions.ts";
export type { ListenOptions } from "./server/listening.ts";
export type { Identity, SocketServer } from "./server/socket_server.ts";
export type { ClientConnection, Connection } from "./server/connection.ts";
export type { CommandCounts, CommandRequest, Dispatcher } from "./server/dispatcher.ts";
export type { FramedConversation } from "./server/framed_conversation.ts";
export type { Watch } from "./server/watch.ts";
export type { WebServer } from "./server/web/web_server.ts";
export type { JsonSplitter, MessageFault } from "./protocol/json_splitter.ts";
export type { LineFault } from "./protocol/line_splitter.ts";
