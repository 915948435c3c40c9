/**
 * The whole server: one bench behind all wires. This file alone puts its parts together.
 *
 * @module
 */

import { settled } from "../protocol/setting.ts";
import { type ServerSettings, serverSettings } from "./config/server_settings.ts";
import type { EditedBench } from "./config/editing/bench_editor.ts";
import type { CommandServer } from "./faces/azcam/command_server.ts";
import { LineServer } from "./faces/azcam/line_server.ts";
import { DashboardServer } from "./faces/dashboard/dashboard_server.ts";
import { ImageServer } from "./faces/images/image_server.ts";
import type { Face } from "./faces/face.ts";
import type { Bench } from "./bench/bench.ts";
import type { Instrument } from "./bench/instrument.ts";
import type { FleetWords } from "./fleet/fleet_schema.ts";
import type { MessagesWords } from "./messages/messages_schema.ts";
import type { MqttWords } from "./mqtt/mqtt_schema.ts";
import type { Journal } from "./records/journal.ts";
import { Access, openRole } from "./access/admit.ts";
import type { Clock } from "./camera/clock.ts";
import type { Limits } from "./access/limits.ts";
import { Doorway } from "./network/first_byte.ts";
import { isLoopback } from "./network/loopback.ts";
import { SocketEnder } from "./network/socket_ender.ts";
import { Processes } from "./processes/processes.ts";
import type { SandboxOptions } from "./code/options.ts";
import type { ScriptDeadlines } from "./code/script.ts";
import { Rehearsals, type RehearsalsOptions } from "./rehearsal/rehearsals.ts";
import { Services } from "./services.ts";
import { TlsServer } from "./faces/tls/tls_server.ts";
import { WebServer } from "./faces/web/web_server.ts";

/**
 * The options of a {@linkcode HeliographServer}.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer, type HeliographServerOptions } from "@heliograph/heliograph";
 *
 * const options: HeliographServerOptions = {
 *   instruments: demoInstruments(),
 *   commandPort: 0,
 *   dashboardPort: 0,
 *   sandbox: { languages: [] },
 *   limits: { connectionsPerAddress: 16 },
 * };
 * await using server = new HeliographServer(options);
 * server.start();
 * ```
 */
export interface HeliographServerOptions extends Partial<Omit<ServerSettings, "imageFolders">> {
  /** What stands on the bench. */
  readonly instruments: Iterable<Instrument>;
  /**
   * Listens beyond this PC in plain text, and lets everybody in who reaches it: as observers, or as what is said.
   *
   * @default false
   */
  readonly insecureOpen?: boolean | "observer" | "operator";
  /**
   * The certificate that is shown beyond this PC, and its private key, both as PEM: clients of other PCs come by TLS, and
   * this PC's own as they like. @default there is none
   */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What clients may use. @default those of docs/security.md */
  readonly limits?: Partial<Limits>;
  /**
   * What the code of clients may be and may use; it runs only where this program may start processes.
   *
   * @default both languages, and nothing of this PC
   */
  readonly sandbox?: Partial<SandboxOptions>;
  /** What code sees as the dashboard's name. @default "heliograph" */
  readonly name?: string;
  /** Receives images in azcam's format: on which port, and into which folder (an absolute path). @default not */
  readonly images?: { readonly port: number; readonly folder: string };
  /** Whether simulators stand in the place of the instruments, which clients are told. @default false */
  readonly simulated?: boolean;
  /** The absolute path of the file that the page's arrangement is kept in. @default it is kept in memory */
  readonly arrangementFile?: string;
  /** Keeps what happens in this folder, over restarts, and for how long. @default it is kept in memory */
  readonly records?: {
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
  };
  /** Writes PyOpticon's data log into this folder, and begins one with the server. @default none can be written */
  readonly datalog?: {
    /** The absolute path of the folder; it is made when the first log begins. */
    readonly folder: string;
    /** The log that begins with the server: its name, how often a row is written, and of what. @default none does */
    readonly start?: {
      readonly name?: string | undefined;
      readonly every?: string | undefined;
      readonly fields?: readonly string[] | undefined;
    } | undefined;
  };
  /** What the bench file says of guards, as `loadBench` returns it. @default what the bench file of its instruments says */
  readonly guards?: object | undefined;
  /** The absolute path of the file that latches, bypasses and watchdogs are kept in. @default they are kept in memory */
  readonly guardsFile?: string;
  /** What the bench file says of messages, as `loadBench` returns it. @default nobody is told of anything */
  readonly messages?: object | undefined;
  /** The absolute path of the file that messages are kept in until they are sent. @default they are kept in memory */
  readonly messagesFile?: string;
  /** What the bench file says of its fleet, as `loadBench` returns it. @default it is in none */
  readonly fleet?: object | undefined;
  /** What the bench file says of MQTT, as `loadBench` returns it. @default nothing is published */
  readonly mqtt?: object | undefined;
  /** Where the queue of runs is kept, and the folder whose run files are read. @default there are no runs */
  readonly runFiles?: { readonly state: string; readonly folder: string };
  /** Where on Earth the bench stands, in degrees and metres above the sea. @default no run can wait for the sun */
  readonly site?:
    | { readonly latitude: number; readonly longitude: number; readonly elevation?: number | undefined }
    | undefined;
  /** The overview drawing of the bench, as SVG, and the absolute path of its file. @default there is none */
  readonly overview?: { readonly svg: string; readonly file?: string };
  /** Whether the bench polls and simulated time passes by the clock; tests step it themselves. @default true */
  readonly poll?: boolean;
}

/** The parts of a server that heliograph's own program makes before it; no part of the public module. */
export interface ServerParts {
  /** Further ways in, each made of what all of them share. @default none */
  readonly faces?: Iterable<(services: Services) => Face>;
  /** Where what happens is told, so that a log can be told there too. @default its own */
  readonly journal?: Journal;
  /** How long a script of a run may take. @default 30 s to be loaded, 60 s for a function, 10 s for a condition */
  readonly scriptDeadlines?: ScriptDeadlines;
  /** The file by which the bench is changed, or why it is not. @default it has none */
  readonly edited?: EditedBench | string;
  /** Addresses and networks of proxies before the web port that are believed. @default none */
  readonly trustedProxies?: readonly string[] | undefined;
  /** What lets clients of other PCs in; it is closed when the server has stopped. @default made of `tls` */
  readonly doorway?: Doorway | undefined;
  /** Who may do what. @default all on this PC may do everything; `insecureOpen` says what everybody else may */
  readonly access?: Access;
  /** What starts sandboxes; it is closed when the server has stopped. @default this program itself */
  readonly processes?: Processes;
  /** By which file of the bench runs are rehearsed. @default they cannot be */
  readonly rehearsals?: RehearsalsOptions | undefined;
  /** The clock of runs. @default the PC's */
  readonly runClock?: Clock | undefined;
  /** The clock of guards, which nobody sets, in milliseconds. @default the PC's */
  readonly guardsClock?: (() => number) | undefined;
}

/**
 * The port of HTTP and WebSockets where none is given: the command port + 1, as azcam has it.
 *
 * @param commandPort azcam's port; where that is any free one, this is too.
 */
export function usualWebPort(commandPort: number): number {
  return commandPort === 0 || commandPort === 65_535 ? 0 : commandPort + 1;
}

/**
 * The port of all wires by TLS where none is given: the command port + 3, since azcam logs at + 2.
 *
 * @param commandPort azcam's port; where that is any free one, this is too.
 */
export function usualTlsPort(commandPort: number): number {
  return commandPort === 0 || commandPort > 65_532 ? 0 : commandPort + 3;
}

/**
 * azcam's command server, PyOpticon's dashboard socket, and HTTP with WebSockets on one bench.
 *
 * @example
 * ```ts
 * import { demoInstruments, HeliographServer } from "@heliograph/heliograph";
 *
 * await using server = new HeliographServer({ instruments: demoInstruments(), commandPort: 0, dashboardPort: 0 });
 * server.start();
 * console.log(server.commandServer.port > 0); // true
 * ```
 */
export class HeliographServer {
  /** azcam's wire; `command` runs a line as from this PC. */
  readonly commandServer: Pick<CommandServer, "host" | "port" | "command">;
  readonly #line: LineServer;
  readonly #dashboard: DashboardServer;
  readonly #web: WebServer;
  readonly #images: ImageServer | undefined;
  readonly #tls: TlsServer | undefined;
  /** The ways in, in the order in which `status` tells them. */
  readonly #faces: Face[] = [];
  readonly #services: Services;
  readonly #processes: Processes;
  readonly #rehearsals: Rehearsals | undefined;
  readonly #poll: boolean;
  readonly #doorway: Doorway | undefined;
  readonly #finished = Promise.withResolvers<void>();
  #stopping: Promise<void> | undefined;
  #ready: Promise<void> | undefined;

  /**
   * Makes a server; `start` makes it listen.
   *
   * @param options Instruments, ports, limits.
   * @throws {HeliographError} `cannot_listen` when the address is not loopback and neither `tls` nor `insecureOpen` is given;
   * `bad_argument` for a sandbox that cannot be.
   */
  constructor(options: HeliographServerOptions);
  /**
   * Makes a server of parts that were made before it.
   *
   * @internal
   */
  constructor(options: HeliographServerOptions, parts: ServerParts);
  /** Makes a server, with parts of its own where none are given. */
  constructor(
    {
      instruments,
      limits = {},
      sandbox = {},
      name,
      poll = true,
      images,
      arrangementFile,
      records,
      datalog,
      overview,
      guards,
      guardsFile,
      messages,
      messagesFile,
      runFiles,
      fleet,
      mqtt,
      site,
      insecureOpen = false,
      simulated = false,
      tls,
      ...options
    }: HeliographServerOptions,
    {
      faces = [],
      journal,
      edited,
      scriptDeadlines,
      processes = new Processes(),
      rehearsals,
      access,
      doorway,
      trustedProxies = [],
      runClock,
      guardsClock,
    }: ServerParts = {},
  ) {
    const settings = settled(serverSettings, options);
    const { host, commandPort, dashboardPort, webNames } = settings;
    const { webPort = usualWebPort(commandPort), tlsPort = usualTlsPort(commandPort) } = settings;
    const listen = { host, insecureOpen: insecureOpen !== false };
    const beyond = !isLoopback(host);
    this.#doorway = doorway ?? (tls === undefined || !beyond ? undefined : new Doorway({ certificate: tls }));
    const services = new Services(instruments, {
      limits,
      sandbox,
      name,
      journal,
      arrangementFile,
      processes,
      records,
      datalog,
      overview,
      guards,
      guardsFile,
      messages: messages as MessagesWords | undefined,
      messagesFile,
      runFiles,
      fleet: fleet as FleetWords | undefined,
      mqtt: mqtt as MqttWords | undefined,
      runClock,
      guardsClock,
      site,
      scriptDeadlines,
      edited,
      doorway: this.#doorway,
      access: access ?? new Access({ open: openRole(insecureOpen) }),
    });
    services.simulated = simulated;
    if (name !== undefined) services.title = name;
    this.#processes = processes;
    if (services.runs !== undefined && rehearsals !== undefined) {
      services.runs.rehearser = this.#rehearsals = new Rehearsals(rehearsals, processes, {
        load: (source, owner) => services.sandbox.loadScript(source, owner, scriptDeadlines),
        evaluate: (source, sender) =>
          services.sandbox.evaluate({ language: "javascript", mode: "eval", source }, sender, "a rehearsal"),
      });
    }
    services.exit = () => void this.stop();
    this.#services = services;
    this.#poll = poll;
    const add = <F extends Face>(face: F): F => {
      this.#faces.push(face);
      services.faces.add(face);
      return face;
    };
    this.commandServer = this.#line = add(new LineServer(services, { ...listen, port: commandPort }));
    this.#dashboard = add(new DashboardServer(services, { ...listen, port: dashboardPort }));
    this.#web = add(new WebServer(services, { ...listen, port: webPort, names: webNames, trustedProxies }));
    this.#images = images && add(new ImageServer({ ...listen, ...images, services }));
    const wires = [this.#line, this.#dashboard, this.#web, ...(this.#images === undefined ? [] : [this.#images])];
    const secured = services.doorwayOf(host) !== undefined && SocketEnder.possible;
    this.#tls = secured ? add(new TlsServer(services, { host, port: tlsPort, wires })) : undefined;
    for (const make of faces) add(make(services));
  }

  /** PyOpticon's wire. */
  get dashboardServer(): Pick<CommandServer, "host" | "port"> {
    return this.#dashboard;
  }

  /** HTTP and WebSockets. */
  get webServer(): Pick<CommandServer, "host" | "port"> {
    return this.#web;
  }

  /** The server that receives images, where there is one. */
  get imageServer(): Pick<CommandServer, "host" | "port"> | undefined {
    return this.#images;
  }

  /** The ports by the names of the wires, as a PC is told that is paired; `tls` serves all of them. */
  get ports(): Readonly<Record<string, number>> {
    const faces = [this.#line, this.#dashboard, this.#web, this.#images, this.#tls].filter((face) =>
      face !== undefined
    );
    return Object.fromEntries(faces.map(({ name, port }) => [name, port]));
  }

  /** Whether what happens is kept, and why not. */
  get records(): { readonly kept: boolean; readonly folder: string; readonly hint: string } {
    return this.#services.recordsState;
  }

  /** The instruments, and their simulated time. */
  get bench(): Bench {
    return this.#services.bench;
  }

  /** Resolves when the instruments have what they need of this PC, so that permissions can be given up. */
  get ready(): Promise<void> {
    return this.#ready ?? Promise.resolve();
  }

  /** Resolves when the server has stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Takes the ports, so that no second server drives the same instruments; whoever connects waits until `start`.
   *
   * @throws {HeliographError} `cannot_listen` when a port is in use; then none is taken.
   */
  bind(): void {
    try {
      for (const face of this.#faces) face.bind();
    } catch (error) {
      for (const face of this.#faces) void face.stop();
      throw error;
    }
  }

  /**
   * Begins contact with the instruments and gets what the server needs of this PC.
   *
   * @returns When it has that, so that permissions can be given up.
   */
  prepare(): Promise<void> {
    this.#ready ??= this.#prepare();
    return this.#ready;
  }

  /**
   * Serves in the background, and prepares itself where that was not done.
   *
   * @throws {HeliographError} `cannot_listen` when a port is in use; then nothing listens.
   */
  start(): void {
    this.bind();
    void this.prepare();
    for (const face of this.#faces) face.start();
  }

  async #prepare(): Promise<void> {
    this.#services.sandbox.start();
    await Promise.all([
      this.#services.access.store.open(),
      this.#services.openRecords(),
      this.#services.dataLog.open(),
      this.#poll ? this.#startBench() : undefined,
      ...this.#faces.map((face) => face.prepare?.()),
      this.#services.arrangement.open(),
      this.#services.overview.open(),
      this.#services.messages?.open(),
      this.#services.guards?.open(),
      this.#services.runs?.open(),
      this.#rehearsals?.open().then(() => this.#services.runs?.changed()),
      this.#services.fleet?.open(),
      this.#services.editor.open(),
      this.#services.sandbox.ready,
    ]);
    // Whoever stopped it meanwhile would not stop these.
    if (this.#stopping !== undefined) return;
    await this.#services.openMqtt();
    this.#services.dataLog.begin();
    this.#services.runs?.begin();
  }

  /** azcam's parameters that were kept are set as azcam's start script does it, once what has them is there. */
  async #startBench(): Promise<void> {
    await this.bench.start();
    for (const { name, commands } of this.bench.instruments) {
      // What cannot be set is told in the log.
      if (commands.has("restore_pars")) await this.commandServer.command(`${name}.restore_pars`);
    }
  }

  /** Stops accepting, finishes what runs (for at most five seconds), closes every connection and stops the bench. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#services.runs?.freeze();
    await this.#rehearsals?.stop();
    await this.#services.fleet?.stop();
    await this.#services.mqtt?.stop();
    this.#services.refuseRequests();
    await Promise.all(this.#faces.map((face) => face.stop()));
    await this.#doorway?.close();
    await this.#services.sandbox.stop();
    await this.#services.guards?.stop();
    await this.#services.messages?.stop();
    await this.#services.runs?.close();
    await this.bench.stop();
    await this.#services.arrangement.stop();
    await this.#services.editor.stop();
    await this.#services.stopRecords();
    this.#services.overview.stop();
    // The drivers' goodbyes needed them.
    await this.#processes.close();
    this.#finished.resolve();
  }

  /** Stops it, so that `await using` releases the ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
