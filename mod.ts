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
export type { Bench } from "./server/bench/bench.ts";
export {
  type CodeSection,
  loadBench,
  type LoadedBench,
  type Redirect,
  type ServerSection,
} from "./server/config/bench_file.ts";
export {
  type DriverApi,
  type DriverModule,
  type DriverSetup,
  InstrumentError,
  type InstrumentErrorCode,
} from "./server/devices/driver_process/driver_api.ts";
export { BenchFileError, type Problem } from "./server/files/source.ts";
export type { Control, ControlListener } from "./server/access/control.ts";
export { CommandServer, type CommandServerOptions, LineSession } from "./server/faces/azcam/command_server.ts";
export { DashboardServer, type DashboardSession } from "./server/faces/dashboard/dashboard_server.ts";
export { demoInstruments, type DemoOptions } from "./server/config/demo_bench.ts";
export {
  type ArgumentSpec,
  type BoundArguments,
  type Caller,
  type Command,
  command,
  type CommandContext,
  type CommandSpec,
  type Role,
} from "./server/bench/command.ts";
export type { CommandQueue, Issue, Work } from "./server/bench/command_queue.ts";
export { azcamExposure, type CameraOptions } from "./server/camera/exposure_instrument.ts";
export { type Clock, SimulatedClock, systemClock } from "./server/camera/clock.ts";
export type { AmplifierPixels, Detector, DetectorReadout, Light } from "./server/camera/detector.ts";
export type { AmplifierReadout, DetectorFormat, FocalPlane } from "./server/camera/geometry.ts";
export type { ImageFile, ImagePart, SeenImage } from "./server/camera/pixel_messages.ts";
export type { PixelStore, ReceivedFile } from "./server/camera/pixel_store.ts";
export { simulatedCamera, type SimulatedCameraOptions } from "./server/camera/simulated/camera.ts";
export type { SimulatedDetectorOptions } from "./server/camera/simulated/simulated_detector.ts";
export type { ChipProperties, PerAmplifier, Scene } from "./server/camera/simulated/chip_properties.ts";
export { defineInstrument, type TypedInstrument } from "./server/bench/define_instrument.ts";
export type { Gate } from "./server/bench/gate.ts";
export type { Field, FieldHolder, FieldSpec, Quality } from "./server/bench/field.ts";
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
} from "./server/bench/images.ts";
export type { HeaderKeywords, Keyword } from "./server/bench/header_keywords.ts";
export type { CardValue, HeaderCard } from "./server/bench/header_card.ts";
export type { ChangeListener, Fields, Instrument, InstrumentSpec, Surroundings } from "./server/bench/instrument.ts";
export type { Contact, ContactState } from "./server/bench/contact.ts";
export { PortContact, type Routine } from "./server/devices/transports/contact.ts";
export type { Address } from "./server/devices/transports/address.ts";
export type { LineFormat, Listener, Port, Question, Turn } from "./server/devices/transports/port.ts";
export type { SerialOptions } from "./server/devices/transports/serial.ts";
export type { Urgency } from "./server/devices/transports/turns.ts";
export type { Simulator } from "./server/devices/simulators/simulator.ts";
export { Float, type Value, type ValueOf, type ValueSpec, type ValueType } from "./server/bench/values.ts";
export type { Limits } from "./server/access/limits.ts";
export { outliveFaults } from "./server/processes/process_faults.ts";
export { HeliographServer, type HeliographServerOptions } from "./server/server.ts";
export type { Face } from "./server/faces/face.ts";
export type { ListenerAddress, Listening, Services } from "./server/services.ts";
export type { Evaluator } from "./server/requests/evaluator.ts";
export type * from "./server/requests/request.ts";
export type { RequestParts, Requests } from "./server/requests/requests.ts";
export type { CodeSender } from "./server/code/host_process.ts";
export type { Answer, Ask, Code, Evaluated, Failure } from "./server/code/messages.ts";
export type { CodePermissions, Language, SandboxOptions } from "./server/code/options.ts";
export type { EvaluationOptions, Sandbox } from "./server/code/sandbox.ts";
export { admit } from "./server/access/admit.ts";
export type { Arrival, Principal, WayIn } from "./server/access/principal.ts";
export type { Session, SessionParts, Sessions, SocketSession } from "./server/access/sessions.ts";
export type { ListenOptions } from "./server/network/listening.ts";
export type { SocketServer } from "./server/faces/shared/socket_server.ts";
export type { ClientConnection, Connection } from "./server/network/connection.ts";
export type { CommandCounts, CommandRequest, Dispatcher } from "./server/requests/dispatcher.ts";
export type { FramedConversation } from "./server/faces/shared/framed_conversation.ts";
export type { Watch } from "./server/faces/shared/watch.ts";
export type { WebServer } from "./server/faces/web/web_server.ts";
export type { JsonSplitter, MessageFault } from "./protocol/json_splitter.ts";
export type { LineFault } from "./protocol/line_splitter.ts";
