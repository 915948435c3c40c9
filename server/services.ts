/**
 * The services that all faces of one server share: bench, requests, sessions, limits, and its status.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { severities } from "../protocol/alarms.ts";
import type { ServerStatus } from "../protocol/description.ts";
import { version } from "../protocol/version.ts";
import { Principal } from "./access/principal.ts";
import { Capacity } from "./network/admission.ts";
import { descriptorsAtDoorway, type Doorway } from "./network/first_byte.ts";
import type { Site } from "./config/site.ts";
import { apiInstrument } from "./requests/api_instrument.ts";
import { ArrangementStore } from "./records/arrangement.ts";
import { Bench } from "./bench/bench.ts";
import { BenchEditor, type EditedBench } from "./config/editing/bench_editor.ts";
import { ComputedFields } from "./expressions/computed_fields.ts";
import { Access } from "./access/admit.ts";
import type { Clock } from "./camera/clock.ts";
import type { Control } from "./access/control.ts";
import { Dispatcher } from "./requests/dispatcher.ts";
import { automationInstrument } from "./automation/automation_instrument.ts";
import type { RunFiles } from "./automation/run_store.ts";
import { Runs } from "./automation/runs.ts";
import { Fleet } from "./fleet/fleet.ts";
import { fleetInstrument } from "./fleet/fleet_instrument.ts";
import { standingOf } from "./fleet/standing.ts";
import type { FleetWords } from "./fleet/fleet_schema.ts";
import { Guards } from "./guards/guards.ts";
import { guardsInstrument } from "./guards/guards_instrument.ts";
import { serverFaults } from "./guards/server_faults.ts";
import { handedOn } from "./guards/handed_on.ts";
import type { GuardsWords } from "./guards/guards_schema.ts";
import { Messages } from "./messages/messages.ts";
import { messagesInstrument } from "./messages/messages_instrument.ts";
import type { MessagesWords } from "./messages/messages_schema.ts";
import type { Mqtt } from "./mqtt/mqtt.ts";
import type { MqttWords } from "./mqtt/mqtt_schema.ts";
import { answerOf } from "./requests/code_dashboard.ts";
import { Evaluator } from "./requests/evaluator.ts";
import { answerRemote } from "./requests/remote_requests.ts";
import { Requests } from "./requests/requests.ts";
import { descriptorLimit } from "./access/descriptors.ts";
import { describeContact } from "./bench/describe.ts";
import type { Instrument } from "./bench/instrument.ts";
import { Happenings } from "./records/happenings.ts";
import { Journal } from "./records/journal.ts";
import { DataLog } from "./records/data_log.ts";
import type { DataLogOptions } from "./config/data_log_settings.ts";
import { Readings } from "./records/readings/readings.ts";
import { Records, type RecordsState } from "./records/records.ts";
import type { RecordsOptions } from "./config/records_settings.ts";
import type { Processes } from "./processes/processes.ts";
import { clientDescriptors, type Limits, limitsWithin } from "./access/limits.ts";
import { type OverviewOptions, OverviewStore } from "./records/overview.ts";
import { RecentReadings } from "./records/recent_readings.ts";
import { isLoopback } from "./network/loopback.ts";
import type { SandboxOptions } from "./code/options.ts";
import { Sandbox } from "./code/sandbox.ts";
import type { ScriptDeadlines } from "./code/script.ts";
import { Sessions } from "./access/sessions.ts";
import { LoopTurns } from "./network/loop_turns.ts";

/** Something that listens, as `status` tells it. */
export type ListenerAddress = ServerStatus["listeners"][number];

/** A listener: a way in. */
export interface Listening {
  /** Where it listens now. */
  readonly addresses: readonly ListenerAddress[];
}

/** A reply with the log has at most so many lines of it. */
const mostLogLines = 100;

/** What the services of a server are to be like. */
export interface ServicesOptions {
  /** What clients may use. @default the defaults for what is left out */
  readonly limits?: Partial<Limits> | undefined;
  /** What the code of clients may use. @default no code is run */
  readonly sandbox?: Partial<SandboxOptions> | undefined;
  /** What code sees as the dashboard's name. @default "heliograph" */
  readonly name?: string | undefined;
  /** Where what happens is told. @default its own */
  readonly journal?: Journal | undefined;
  /** The absolute path of the file that the page's arrangement is kept in. @default in memory */
  readonly arrangementFile?: string | undefined;
  /** What starts sandboxes. @default this program itself */
  readonly processes?: Processes | undefined;
  /** Where what happens is kept. @default nowhere */
  readonly records?: RecordsOptions | undefined;
  /** Where data logs are written. @default nowhere */
  readonly datalog?: DataLogOptions | undefined;
  /** The drawing of the bench. @default there is none */
  readonly overview?: OverviewOptions | undefined;
  /** What its file says of guards. @default it has none */
  readonly guards?: GuardsWords | undefined;
  /** The absolute path of the file that the state of the guards is kept in. @default it is not kept */
  readonly guardsFile?: string | undefined;
  /** What its file says of messages. @default it says nothing, and nobody is told */
  readonly messages?: MessagesWords | undefined;
  /** The absolute path of the file that messages are kept in. @default in memory */
  readonly messagesFile?: string | undefined;
  /** Where runs are kept and read. @default there are none */
  readonly runFiles?: RunFiles | undefined;
  /** What its file says of the fleet. @default it is in none */
  readonly fleet?: FleetWords | undefined;
  /** What its file says of MQTT. @default nothing is published */
  readonly mqtt?: MqttWords | undefined;
  /** Where on Earth the bench stands. @default it is not known */
  readonly site?: Site | undefined;
  /** The clock of runs. @default the PC's */
  readonly runClock?: Clock | undefined;
  /** The clock of guards, which nobody sets, in milliseconds. @default the PC's */
  readonly guardsClock?: (() => number) | undefined;
  /** How long a script of a run may take. @default `scriptDeadlines` */
  readonly scriptDeadlines?: ScriptDeadlines | undefined;
  /** The file by which the bench is changed, or why it is not. @default it has none */
  readonly edited?: EditedBench | string | undefined;
  /** What lets clients of other PCs in. @default none can come, or everybody as they come */
  readonly doorway?: Doorway | undefined;
  /** Who may do what. @default all on this PC may do everything, and nobody else anything */
  readonly access?: Access | undefined;
}

/** The services that all faces of one server share. */
export class Services {
  /** The instruments. */
  readonly bench: Bench;
  /** What the numbers of the bench have been during the last hour. */
  readonly recent: RecentReadings;
  /** What happened lately. */
  readonly journal: Journal;
  /** Runs commands; ways in have no other way to it than `requests`. */
  readonly #dispatcher: Dispatcher;
  /** Where the code of clients runs. */
  readonly sandbox: Sandbox;
  /** The one way in for work. */
  readonly requests: Requests;
  /** Runs the code of clients. */
  readonly evaluator: Evaluator;
  /** How the page arranges the instruments. */
  readonly arrangement: ArrangementStore;
  /** What is kept of what happened, over restarts. */
  readonly records: Records;
  /** What every field was, over restarts. */
  readonly readings: Readings;
  readonly #happenings: Happenings;
  /** PyOpticon's data log. */
  readonly dataLog: DataLog;
  /** The drawing of the bench. */
  readonly overview: OverviewStore;
  /** Changes the bench by its file. */
  readonly editor: BenchEditor;
  /** What interlocks forbid and do, watchdogs, and the safe state; `undefined` where the bench has none. */
  readonly guards: Guards | undefined;
  /** Tells people of alarms; `undefined` where the bench file names nobody. */
  readonly messages: Messages | undefined;
  /** The other PCs; `undefined` where the bench is in no fleet. */
  readonly fleet: Fleet | undefined;
  /** Publishes by MQTT; `undefined` where the bench file says nothing of it, and until it is opened. */
  mqtt: Mqtt | undefined;
  readonly #mqttWords: MqttWords | undefined;
  /** The queue of runs; `undefined` where there can be none. */
  readonly runs: Runs | undefined;
  /** Says who may do what, and takes tokens. */
  readonly access: Access;
  /** Who is connected. */
  readonly sessions: Sessions = new Sessions();
  /** Who is served when: nobody keeps the event loop for themselves. */
  readonly turns: LoopTurns = new LoopTurns();
  /** What clients may use. */
  readonly limits: Limits;
  /** How many connections there may be, at all ports together. */
  readonly capacity: Capacity;
  /** What lets clients of other PCs in, at the ports that they can reach. */
  readonly doorway: Doorway | undefined;
  /** The ways in, in the order in which `status` tells them. */
  readonly faces: Set<Listening> = new Set();
  /** Stops the server, when a client that may asks for it. */
  exit: () => void = () => {};
  /** Whether simulators stand in the place of the instruments. */
  simulated = false;
  /** What the bench is called. */
  title = "heliograph";
  /** The number of the last line of the log that `get_logdata` told. */
  #lastLogLine = 0;
  readonly #started = performance.now();
  /** When this run began, ISO 8601 in UTC. */
  readonly started: string = new Date().toISOString();

  /**
   * Makes them.
   *
   * @param instruments What stands on the bench; the default instrument `api` is added.
   * @param options What they are to be like.
   */
  constructor(
    instruments: Iterable<Instrument>,
    {
      limits = {},
      sandbox = { languages: [] },
      name = "heliograph",
      journal = new Journal(),
      arrangementFile,
      processes,
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
      runClock,
      guardsClock,
      site,
      scriptDeadlines,
      edited = "This bench has no file that could be changed",
      doorway,
      access = new Access(),
    }: ServicesOptions = {},
  ) {
    this.doorway = doorway;
    this.bench = new Bench(instruments);
    this.journal = journal;
    journal.keep(this.bench.hub);
    this.records = new Records(journal, records);
    this.access = access;
    access.store.onChange(() => this.#lookWhoMayStay());
    access.browsers.onEnd(() => this.#lookWhoMayStay());
    this.dataLog = new DataLog(this.bench, datalog);
    this.readings = new Readings(this.bench, this.records, records);
    const descriptors = clientDescriptors(descriptorLimit(), this.bench.instruments.length);
    this.limits = limitsWithin(limits, descriptors, doorway === undefined ? 1 : descriptorsAtDoorway);
    this.capacity = new Capacity(this.limits.connections, descriptors);
    tellFewer(limits.connections, this.limits.connections);
    this.arrangement = new ArrangementStore(this.bench, arrangementFile);
    this.overview = new OverviewStore(this.bench, overview);
    this.editor = new BenchEditor(this.bench, edited, () => this.overview.fitting());
    const dispatcher = this.#dispatcher = new Dispatcher(this.bench);
    this.bench.add(
      apiInstrument(
        this.bench,
        dispatcher,
        this.sessions,
        this.dataLog,
        () => this.status(),
        () => this.#newLogLines(),
      ),
    );
    this.control.onChange((name) => {
      const instrument = this.bench.find(name);
      if (instrument !== undefined) this.bench.hub.publish("control", { instrument }, instrument.faults);
    });
    new ComputedFields(this.bench);
    // Before whatever speaks of other PCs' fields.
    this.fleet = fleet && this.#fleet(fleet);
    this.runs = runFiles && this.#runs(runFiles, { clock: runClock, site, deadlines: scriptDeadlines });
    // Alarms are the guards': who is to be told of them has those that are always there.
    const watched = guards ?? handedOn(this.bench.instruments) ?? (messages && {});
    this.guards = watched && this.#guards(watched, guardsFile, guardsClock);
    // Both were made after the fleet.
    this.guards?.feed.subscribe(() => this.fleet?.changed(), false);
    this.runs?.feed.subscribe(() => this.fleet?.changed(), false);
    this.messages = messages && new Messages(messages, {
      hub: this.bench.hub,
      title: () => this.title,
      file: messagesFile,
      processes,
      publish: async (topic, payload) => {
        if (this.mqtt === undefined) throw new Error("nothing is published by MQTT yet");
        await this.mqtt.deliver(topic, payload);
      },
      own: this.guards?.alarms.own("messages", {
        title: "Messages not sent",
        severity: "high",
        text: "“heliograph messages” tells which and why; somebody may not know of an alarm",
      }),
    });
    if (this.messages !== undefined) this.bench.add(messagesInstrument(this.messages));
    this.recent = new RecentReadings(this.bench);
    // A nameless client's control ends with its connection.
    this.sessions.onLeave(() => this.control.sweep());
    this.#happenings = new Happenings(this.bench, this.sessions, journal);
    this.sandbox = new Sandbox(sandbox, processes);
    this.evaluator = new Evaluator(this.bench, dispatcher, this.sandbox, name);
    this.requests = new Requests(this, dispatcher);
    for (const fault of serverFaults(this)) this.guards?.alarms.tellOf(fault);
    this.#mqttWords = mqtt;
  }

  /** Begins to publish by MQTT, before the server gives up its permissions; its code is loaded by whoever does. */
  async openMqtt(): Promise<void> {
    if (this.#mqttWords === undefined) return;
    const { Mqtt } = await import("./mqtt/mqtt.ts");
    this.mqtt = new Mqtt(this.#mqttWords, {
      bench: this.bench,
      title: () => this.title,
      simulated: this.simulated,
      alarms: () => this.guards?.alarms.list("all") ?? [],
      roles: this.access.store.roles,
      drive: async (driven, args, principal) => {
        const instrument = driven.instrument.name;
        if (driven.kind === "set") {
          return await this.requests.run(
            { cmd: "Set", instrument, field: driven.field.name, value: args[0] },
            principal,
          );
        }
        const call = { cmd: "Call", instrument, command: driven.name, args, keywords: new Map() } as const;
        return await this.requests.run(call, principal);
      },
    });
    await this.mqtt.open();
  }

  /** Makes this PC a part of a fleet: what other PCs ask goes the one way in. */
  #fleet(words: FleetWords): Fleet {
    const fleet = new Fleet(words, {
      bench: this.bench,
      answer: (message, principal) => answerRemote(this.requests, message, principal),
      records: (after, bytes) => this.records.copy(after, bytes),
      roles: this.access.store.roles,
      title: () => this.title,
      started: this.started,
      trouble: () => this.#trouble(),
      standing: () => standingOf(this.guards, this.runs),
      holder: (instrument) => this.control.holder(instrument),
    });
    this.bench.hub.subscribe("contact", () => fleet.changed(), { name: "the fleet" });
    this.bench.hub.subscribe("control", () => fleet.changed(), { name: "the fleet" });
    this.bench.add(fleetInstrument(fleet));
    this.bench.elsewhere = fleet;
    return fleet;
  }

  /** What is not well, for other PCs; empty where all is. */
  #trouble(): string {
    const lost = this.bench.instruments.filter(({ contact }) => contact?.state === "lost").map(({ title }) => title);
    const raised = this.guards?.summary.alarms;
    const alarms = raised === undefined ? 0 : severities.reduce((sum, severity) => sum + raised[severity], 0);
    return [
      ...lost.length === 0 ? [] : [`no contact with ${lost.join(", ")}`],
      ...alarms === 0 ? [] : [alarms === 1 ? "an alarm" : `${alarms} alarms`],
    ].join("; ");
  }

  /** Makes the guards: whatever is asked of an instrument asks them, and what they do goes the one way in too. */
  #guards(words: GuardsWords, file: string | undefined, now: (() => number) | undefined): Guards {
    const dispatcher = this.#dispatcher;
    const guards = new Guards(this.bench, words, {
      file,
      ...(now === undefined ? {} : { now }),
      allow: (instrument, name, command, asker) => dispatcher.mayCall(instrument, name, command, asker),
      act: (request, by) => {
        // Where there are no runs, none is to be stopped.
        if (request.instrument === "automation" && this.runs === undefined) return undefined;
        // It is no way in: nobody's name or token counts for what a guard does.
        const principal = new Principal({ by: "program", name: by }, "admin");
        return dispatcher.run(request, principal, { role: principal.role, for: principal, guards: true });
      },
    });
    this.bench.add(guardsInstrument(guards));
    return dispatcher.guards = guards;
  }

  /** What lets clients in where a face listens; `undefined` where this PC's own alone can come, or everybody as they come. */
  doorwayOf(host: string): Doorway | undefined {
    return isLoopback(host) ? undefined : this.doorway;
  }

  /** How many descriptors a client takes where a face listens. @param host Its address. @default this PC's own */
  descriptorsAt(host = "127.0.0.1"): number {
    return this.doorwayOf(host) === undefined ? 1 : descriptorsAtDoorway;
  }

  /** Makes the runs: what their steps ask for goes the one way in. */
  #runs(
    files: RunFiles,
    { clock, site, deadlines }: {
      readonly clock: Clock | undefined;
      readonly site: Site | undefined;
      readonly deadlines: ScriptDeadlines | undefined;
    },
  ): Runs {
    const runs = new Runs({
      bench: this.bench,
      control: this.control,
      people: this.access.store,
      files,
      site,
      ...(clock === undefined ? {} : { clock }),
      call: (instrument, command, args, principal) =>
        this.requests.run({ cmd: "Call", instrument, command, args, keywords: new Map() }, principal),
      scripts: {
        load: (source, owner) => this.sandbox.loadScript(source, owner, deadlines),
        evaluate: (source, sender, asker) =>
          this.sandbox.evaluate({ language: "javascript", mode: "eval", source }, sender, asker),
        answer: (ask, principal) => answerOf(() => this.evaluator.dashboard.answer(ask, principal, this.requests)),
      },
      note: (text, principal) => void this.requests.run({ cmd: "Note", text, instrument: undefined }, principal),
    });
    this.bench.add(automationInstrument(runs));
    return runs;
  }

  /** The control of the instruments. */
  get control(): Control {
    return this.#dispatcher.control;
  }

  /** Takes requests again after `refuseRequests`. */
  acceptRequests(): void {
    this.#dispatcher.start();
  }

  /** Refuses every new request from now on; what runs goes on. */
  refuseRequests(): void {
    this.#dispatcher.stop();
  }

  /** Ends the connections of whoever's token is not valid any more, and takes names from who only gave them themselves. */
  #lookWhoMayStay(): void {
    for (const { principal, connection } of this.sessions.all) {
      if (principal.revoked) connection.close(new Error("its token is not valid any more"));
      else if (principal.person === "" && this.access.store.isTaken(principal.name)) principal.loseName();
    }
  }

  /** Opens the folder of what is kept, before the server gives up its permissions. */
  async openRecords(): Promise<void> {
    await this.records.open();
    await this.readings.open();
  }

  /** Whether what happens is kept, and why not. */
  get recordsState(): RecordsState {
    const { state } = this.records;
    const { problem, crowded } = this.readings;
    const hints = [state.hint, problem, crowded, this.dataLog.state.problem];
    return { ...state, hint: hints.filter((each) => each !== "").join(" ") };
  }

  /** Writes what is to be kept, when everybody has gone. */
  async stopRecords(): Promise<void> {
    this.#happenings.stop();
    await this.dataLog.close();
    this.access.stop();
    await this.access.store.stop();
    await this.readings.stop();
    await this.records.stop();
  }

  /** Whether everybody who reaches the server from beyond this PC gets in, without anything that controls who. */
  get open(): boolean {
    return this.access.isOpen && this.#addresses.some(({ host }) => !isLoopback(host));
  }

  get #addresses(): ListenerAddress[] {
    return [...this.faces].flatMap(({ addresses }) => addresses);
  }

  /** The newest lines of the log that were not asked for yet. */
  #newLogLines(): string[] {
    const lines = this.journal.kept("info").filter(({ kind, number }) => kind === "log" && number > this.#lastLogLine);
    this.#lastLogLine = lines.at(-1)?.number ?? this.#lastLogLine;
    return lines.slice(-mostLogLines).map(({ text }) => text);
  }

  /** Uptime, listeners, sessions, and what the instruments are doing. */
  status(): ServerStatus {
    return {
      server: "heliograph",
      version,
      simulated: this.simulated,
      uptime: Math.round((performance.now() - this.#started) / 100) / 10,
      records: this.recordsState,
      datalog: this.dataLog.state,
      ...(this.guards === undefined ? {} : { guards: this.guards.summary }),
      ...(this.messages === undefined ? {} : { messages: this.messages.summary }),
      ...(this.mqtt === undefined ? {} : { mqtt: this.mqtt.summary }),
      listeners: this.#addresses,
      sessions: this.sessions.describe(),
      instruments: this.bench.instruments.map((instrument) => {
        const { name, queue } = instrument;
        const { name: running = "", progress = "" } = queue.running ?? {};
        return {
          name,
          running: progress === "" ? running : `${running}: ${progress}`,
          runningFor: Math.round((queue.running?.seconds ?? 0) * 10) / 10,
          waiting: queue.waiting,
          contact: describeContact(instrument),
          holder: this.control.holder(name),
        };
      }),
    };
  }
}

/** Tells where a server may have fewer connections than it was made for. */
function tellFewer(wanted: number | undefined, most: number): void {
  if (wanted === undefined || wanted <= most) return;
  getLogger(["heliograph", "server"]).warning(
    "There may be {most} connections and not {wanted}: this process may open no more files (ulimit -n, LimitNOFILE=)",
    { most, wanted },
  );
}
