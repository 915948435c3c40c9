/**
 * The page's copy of the bench: its instruments with their live fields, the sessions, and the journal.
 *
 * @module
 */

import { formatCommandLine } from "../../../protocol/command_line.ts";
import type { ArrangementState } from "../../../protocol/arrangement.ts";
import type { BenchChange, BenchEdit, EditableBench, PluggedPort, TriedField } from "../../../protocol/bench_edit.ts";
import type { JournalEvent, WatchEvent } from "../../../protocol/framed_message.ts";
import type {
  FieldHistory,
  FieldReading,
  HolderDescription,
  InstrumentDescription,
  JournalLevel,
  LineTraceDescription,
  ServerStatus,
  TraceEntry,
  Welcome,
  WireValue,
} from "../../../protocol/description.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { lineReply } from "../../../protocol/line_reply.ts";
import { PageJournal } from "../journal/journal.ts";
import { clockAhead } from "./clock_ahead.ts";
import { LiveFleet } from "../fleet/live_fleet.ts";
import { LiveGuards } from "../guards/live_guards.ts";
import { LiveRuns } from "../runs/live_runs.ts";
import { keep, readKept } from "../shell/kept.ts";
import { Link, type LinkState } from "./link.ts";
import { Frame, Live } from "./live.tsx";
import { type LiveField, type LiveInstrument, liveInstrument, readingOf, shapeOf } from "./live_instrument.ts";
import { SharedArrangement } from "./shared_arrangement.ts";

/** How often the server is asked whether it is there, or who is connected where somebody looks, in milliseconds. */
const askInterval = 2000;
/** How often it is asked how it is, where nobody looks: once in so many times. */
const pingsEach = 10;
/** After how long without an answer a link counts as lost, in milliseconds. */
const silence = 10_000;

/** The state of the page's connection. */
export interface LinkShown {
  readonly state: LinkState;
  /** When it is tried again, on the clock of `performance.now()`. */
  readonly retryAt: number;
  /** Whether the server has ever been reached. */
  readonly everOpen: boolean;
  /** Why it was lost, where that is known. */
  readonly reason: string;
}

/** The bench as this page knows it. */
export class LiveBench {
  /** How the page is connected. */
  readonly connection: Live<LinkShown> = new Live<LinkShown>({
    state: "connecting",
    retryAt: 0,
    everOpen: false,
    reason: "",
  });
  /** Who the server says that this page is. */
  readonly welcome: Live<Welcome | undefined> = new Live<Welcome | undefined>(
    undefined,
  );
  /** Whether the server lets nobody in who has not signed in: then there is no connection. */
  readonly mustSignIn: Live<boolean> = new Live<boolean>(false);
  /** The instruments in the order of the bench. */
  readonly instruments: Live<readonly LiveInstrument[]> = new Live<
    readonly LiveInstrument[]
  >([]);
  /** What the server last told of itself. */
  readonly status: Live<ServerStatus | undefined> = new Live<
    ServerStatus | undefined
  >(undefined);
  /** What happens, here and elsewhere. */
  readonly journal: PageJournal = new PageJournal();
  /** How the page arranges the instruments. */
  readonly arrangement: SharedArrangement = new SharedArrangement((arrangement) =>
    this.ask("# arrange the page", { cmd: "Arrange", arrangement })
  );
  /** Interlocks, watchdogs and the safe state. */
  readonly guards: LiveGuards = new LiveGuards();
  /** The queue of runs. */
  readonly runs: LiveRuns = new LiveRuns();
  /** The other PCs of its fleet. */
  readonly fleet: LiveFleet = new LiveFleet({
    request: (message) => this.#link.ask(message),
    meet: (description, old) => this.#met(description, old),
    connected: () => this.connection.value.state === "open",
  });
  /** How often the server was asked for everything: after each connection, once it tells of every change. */
  readonly begun: Live<number> = new Live(0);
  /** By how many milliseconds this PC's clock is ahead of the server's, as far as is known. */
  #clockAhead = 0;
  readonly #link: Link;
  #pings = 0;
  readonly #frame = new Frame();
  readonly #byName = new Map<string, LiveInstrument>();
  /** How many look at who is connected. */
  #lookers = 0;
  /** What of the journal somebody looks at. */
  #journalLevel: JournalLevel | undefined;
  /** The number of the message that follows it. */
  #following: number | undefined;
  /** The number of the message that watches everything. */
  #watching: number | undefined;
  /** How many look at the values of guards and of runs, and the number of the message that watches them. */
  readonly #valued = new Map<string, { lookers: number; watch?: number }>();
  /** The numbers that this page's connections have had on this run of the server. */
  readonly #sessions = new Set<number>();
  #heard = 0;
  #asking = false;

  readonly #readOnly: boolean;

  /** Connects. @param url Of the server's WebSocket. @param readOnly Whether the page offers nothing that changes the bench. */
  constructor(url: string, readOnly = false) {
    this.#readOnly = readOnly;
    this.#link = new Link(url, {
      opened: () => void this.#begin().catch((error: Error) => this.#refused(error)),
      changed: (state, retryIn, reason) => {
        const everOpen = this.connection.value.everOpen || state === "open";
        this.connection.value = {
          state,
          retryAt: performance.now() + retryIn,
          everOpen,
          reason,
        };
      },
      told: (event) => this.#told(event),
    });
    this.#link.open();
    setInterval(() => void this.#ask(), askInterval);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") return;
      this.#heard = performance.now();
      this.retry();
      void this.#ask();
    });
    addEventListener("online", () => this.retry());
  }

  /** An instrument of this bench, or one of another PC that was asked for: `cold-lab/tempcon`. */
  instrument(name: string): LiveInstrument | undefined {
    return this.#byName.get(name) ?? this.fleet.instruments.value.find((each) => each.name === name);
  }

  /** Tries a lost connection now. */
  retry(): void {
    if (!this.mustSignIn.value) this.#link.open();
  }

  /** The name that this page goes by; kept in the browser. */
  get name(): string {
    return readKept("heliograph.name") ?? "";
  }

  /** Takes another name. @throws {HeliographError} Where the server does not take it. */
  async rename(name: string): Promise<void> {
    this.#welcome(
      await this.ask(`register ${name}`, {
        cmd: "Hello",
        name,
      }) as Welcome,
    );
    keep("heliograph.name", name);
    await this.#ask();
  }

  /** Whether this page holds an instrument. */
  isMine(holder: HolderDescription): boolean {
    const { session, name } = this.welcome.value ?? {};
    return holder.session === session ||
      (holder.name !== "" && holder.name === name);
  }

  /** Sets a field. @throws {HeliographError} Where it is refused. */
  async set({ instrument, spec }: LiveField, value: WireValue): Promise<void> {
    await this.ask(
      formatCommandLine(instrument, "set", [spec.name, value]),
      {
        cmd: "Set",
        instrument,
        field: spec.name,
        new_value: value,
      },
    );
  }

  /** Sends the staged settings of an instrument to it. @throws {HeliographError} Where it is refused. */
  async confirm({ name }: LiveInstrument): Promise<void> {
    await this.ask(`${name}.confirm`, { cmd: "Confirm", instrument: name });
  }

  /** Puts the staged settings of an instrument back to what they were. @throws {HeliographError} Where it is refused. */
  async revert({ name }: LiveInstrument): Promise<void> {
    await this.ask(`${name}.revert`, { cmd: "Revert", instrument: name });
  }

  /** Calls a command. @returns What it returned. @throws {HeliographError} Where it is refused or fails. */
  call(
    instrument: string,
    command: string,
    args: readonly unknown[] = [],
    keywords: ReadonlyMap<string, unknown> = new Map(),
  ): Promise<unknown> {
    const kwargs = Object.fromEntries(keywords);
    const line = formatCommandLine(instrument, command, args, keywords);
    return this.ask(line, { cmd: "Call", instrument, command, args, kwargs });
  }

  /** Asks for runs. It is not told to the page's log: it changes nothing. @throws {HeliographError} Where the server does not tell. */
  async askRuns<T>(command: string, args: readonly unknown[] = []): Promise<T> {
    return (await this.#link.request({ cmd: "Call", instrument: "automation", command, args, kwargs: {} })).value as T;
  }

  /** Fetches the bench file, and what may be changed in it. @throws {HeliographError} Where the server does not tell. */
  async benchFile(): Promise<EditableBench> {
    return (await this.#link.request({ cmd: "BenchFile" })).value as EditableBench;
  }

  /** Fetches the ports that are plugged in. @throws {HeliographError} Where the server cannot look. */
  async ports(): Promise<readonly PluggedPort[]> {
    return (await this.#link.request({ cmd: "Ports" })).value as readonly PluggedPort[];
  }

  /**
   * Checks a change of the bench file. It is not told to the page's log: it is asked while somebody types.
   *
   * @throws {HeliographError} Where the file cannot be changed.
   */
  async checkChange(change: BenchChange, digest: string): Promise<BenchEdit> {
    return (await this.#link.request({ cmd: "EditBench", change, digest, save: false })).value as BenchEdit;
  }

  /** Asks each field of an instrument once as a change would have it. @throws {HeliographError} Where that cannot be. */
  async tryChange(change: BenchChange, digest: string): Promise<readonly TriedField[]> {
    return (await this.#link.request({ cmd: "TryInstrument", change, digest })).value as readonly TriedField[];
  }

  /** Makes a change of the bench file. @throws {HeliographError} Where it cannot be. */
  async makeChange(change: BenchChange, digest: string): Promise<BenchEdit> {
    const line = `# ${change.kind} in the bench file`;
    return await this.ask(line, { cmd: "EditBench", change, digest, save: true }) as BenchEdit;
  }

  /** Keeps a plot by name, for everybody; `null` forgets it. @param over Whether it may take the place of another. */
  async keepPlot(name: string, plot: string | null, over: boolean): Promise<void> {
    const told = `# ${plot === null ? "forget" : "keep"} the plot ${name}`;
    this.arrangement.told(await this.ask(told, { cmd: "KeepPlot", name, plot, over }) as ArrangementState);
  }

  /** Frees the port of an instrument for another program, or takes it again. @throws {HeliographError} Where it is refused. */
  async switch(instrument: string, on: boolean): Promise<void> {
    await this.ask(`# switch ${instrument} ${on ? "on" : "off"}`, { cmd: "Switch", instrument, on });
  }

  /**
   * Takes control of an instrument.
   *
   * @param instrument Its name.
   * @param force Also from somebody else, which only an admin may.
   * @throws {HeliographError} `held` where somebody else has it.
   */
  async take(instrument: string, force = false): Promise<void> {
    await this.ask(`take ${instrument}${force ? " force=True" : ""}`, { cmd: "Take", instrument, force });
    await this.#ask();
  }

  /** Gives an instrument that this page holds to another client. @throws {HeliographError} Where it is refused. */
  async handOver(instrument: string, session: number): Promise<void> {
    await this.ask(`hand_over ${instrument} ${session}`, { cmd: "HandOver", instrument, session });
    await this.#ask();
  }

  /** Ends the control of an instrument. @throws {HeliographError} `held` where somebody else has it. */
  async release(instrument: string): Promise<void> {
    await this.ask(`release ${instrument}`, { cmd: "Release", instrument });
    await this.#ask();
  }

  /** Ends somebody else's connection. @param session Its number. @throws {HeliographError} Where it is refused. */
  async disconnect(session: number): Promise<void> {
    await this.ask(`# disconnect client ${session}`, { cmd: "Disconnect", session });
    await this.#ask();
  }

  /** Somebody looks at who is connected, until the returned function is called. */
  lookAtClients(): () => void {
    this.#lookers++;
    void this.#ask();
    return () => this.#lookers--;
  }

  /** Somebody looks at what happens, from a level on, until the returned function is called. */
  lookAtJournal(level: JournalLevel): () => void {
    this.#journalLevel = level;
    void this.#follow();
    return () => {
      this.#journalLevel = undefined;
      const watch = this.#following;
      this.#following = undefined;
      if (watch !== undefined) this.#link.request({ cmd: "Unwatch", watch }).catch(() => {});
    };
  }

  /** Somebody looks at the values of guards, or of runs, until the returned function is called. */
  lookAtValues(of: "guards" | "automation"): () => void {
    const looked = this.#valued.get(of) ?? { lookers: 0 };
    this.#valued.set(of, looked);
    if (looked.lookers++ === 0) void this.#watchValues();
    return () => {
      if (--looked.lookers > 0) return;
      this.#valued.delete(of);
      const { watch } = looked;
      if (watch !== undefined) this.#link.request({ cmd: "Unwatch", watch }).catch(() => {});
    };
  }

  /** The values of guards and of runs change each second: they are told only where somebody looks. */
  async #watchValues(anew = false): Promise<void> {
    if (this.connection.value.state !== "open") return;
    for (const [instrument, looked] of this.#valued) {
      if (looked.watch !== undefined && !anew) continue;
      const { id, reply } = this.#link.ask({ cmd: "Watch", instrument });
      looked.watch = id;
      await reply.catch(() => {});
    }
  }

  async #follow(): Promise<void> {
    const level = this.#journalLevel;
    if (level === undefined || this.connection.value.state !== "open") return;
    this.journal.forgetOthers();
    const { id, reply } = this.#link.ask({ cmd: "Follow", level });
    this.#following = id;
    await reply.catch(() => {});
  }

  /**
   * Asks the server for something, and tells the page's log of it.
   *
   * @param line What is asked, as an azcam line.
   * @param message The message.
   */
  async ask(
    line: string,
    message: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const answered = this.journal.ask(line, new Date(this.now()), String(message.instrument ?? ""));
    try {
      const { value } = await this.#link.request(message);
      // What azcam's line would have got: only commands of instruments return anything there.
      answered(lineReply(message.cmd === "Call" ? value : undefined), false);
      return value;
    } catch (error) {
      answered(`ERROR ${(error as Error).message}`, true);
      throw error;
    }
  }

  /**
   * Returns when a field was last read. Only changes are told: one that is read again and again, and is the same each
   * time, was read later than this page knows.
   *
   * @returns ISO 8601 in UTC; `null` when it never was, or nobody answers.
   */
  async readTime({ instrument, spec }: LiveField): Promise<string | null> {
    try {
      return (await this.#link.request({
        cmd: "Get",
        instrument,
        field: spec.name,
      })).time ?? null;
    } catch {
      return null;
    }
  }

  /**
   * Fetches the history of a numeric field.
   *
   * @param seconds How much of it; @default the last hour
   * @throws {HeliographError} Where the server does not tell.
   */
  async history({ instrument, spec }: LiveField, seconds?: number): Promise<FieldHistory> {
    return (await this.#link.request({ cmd: "History", instrument, field: spec.name, seconds })).value as FieldHistory;
  }

  /**
   * Fetches what has gone over an instrument's line.
   *
   * @param after Only what came after the entry of this number.
   * @throws {HeliographError} Where the server does not tell.
   */
  async trace(instrument: string, after: number): Promise<readonly TraceEntry[]> {
    const { value } = await this.#link.request({ cmd: "Trace", instrument, after });
    return (value as LineTraceDescription).entries;
  }

  /** Asks for everything, after the connection was opened. */
  async #begin(): Promise<void> {
    this.#heard = performance.now();
    this.arrangement.begin();
    this.guards.begin();
    this.runs.begin();
    // All at once; the replies come in their order, and what is watched comes after them.
    await Promise.all([
      this.#hello().then((welcome) => {
        // A server that was started again counts its connections anew.
        if (welcome.started !== this.welcome.value?.started) this.#sessions.clear();
        this.#sessions.add(welcome.session);
        this.#welcome(welcome);
      }),
      this.#link.request({ cmd: "Describe" }).then(({ value }) => this.#describe(value as InstrumentDescription[])),
      this.#watch(),
    ]);
    this.fleet.begin();
    this.begun.value++;
    await this.#watchValues(true);
    await this.#follow();
    await this.#ask();
    this.#link.settle();
    this.#clockAhead = await clockAhead();
  }

  async #watch(): Promise<void> {
    const { id, reply } = this.#link.ask({ cmd: "Watch" });
    this.#watching = id;
    await reply;
  }

  /** Where the server says that one has to sign in, trying again would not help. */
  #refused(error: Error): void {
    if ((error as HeliographError).code !== "no_credential") return this.#link.giveUp(error.message);
    this.#link.leave();
    this.mustSignIn.value = true;
  }

  #welcome(welcome: Welcome): void {
    this.welcome.value = this.#readOnly
      ? { ...welcome, role: "observer", roleName: "observer", rights: ["read"] }
      : welcome;
  }

  /** Says who this page is; a name that this server does not take is left out. */
  async #hello(): Promise<Welcome> {
    const hello = async (name: string) => (await this.#link.request({ cmd: "Hello", name })).value as Welcome;
    try {
      return await hello(this.name);
    } catch (error) {
      if (this.name === "" || (error as HeliographError).code === "connection_lost") throw error;
      return await hello("");
    }
  }

  #describe(descriptions: readonly InstrumentDescription[]): void {
    const known = new Map(this.#byName);
    this.#byName.clear();
    for (const description of descriptions) this.#meet(description, known.get(description.name));
    this.#frame.flush();
    this.instruments.value = [...this.#byName.values()];
  }

  /** Takes an instrument as it is described; where that is as before, what the page knows of it stays. */
  #meet(description: InstrumentDescription, old: LiveInstrument | undefined): void {
    this.#byName.set(description.name, this.#met(description, old));
  }

  #met(description: InstrumentDescription, old: LiveInstrument | undefined): LiveInstrument {
    const instrument = old?.shape === shapeOf(description) ? old : liveInstrument(description);
    instrument.contact.value = description.contact;
    instrument.holder.value = description.holder;
    for (const field of description.fields) {
      this.#take(instrument, instrument.fields.get(field.title)!, readingOf(field));
    }
    return instrument;
  }

  /** An instrument came, took the place of another, or went. */
  #place(name: string, description: InstrumentDescription | null, place: number | null): void {
    const old = this.#byName.get(name);
    this.#byName.delete(name);
    if (description !== null) {
      const others = [...this.#byName];
      this.#meet(description, old);
      const [met] = [...this.#byName].slice(-1);
      others.splice(place ?? others.length, 0, met!);
      this.#byName.clear();
      for (const [each, instrument] of others) this.#byName.set(each, instrument);
    }
    this.#frame.flush();
    this.instruments.value = [...this.#byName.values()];
  }

  #told(event: WatchEvent | JournalEvent): void {
    this.#heard = performance.now();
    if (event.event === "end-of-snapshot") {
      if (event.id === this.#watching) {
        this.guards.settle();
        this.runs.settle();
      }
      return;
    }
    if (event.event === "runs") return this.runs.told(event);
    if (event.event === "guard") return this.guards.told(event);
    if (event.event === "journal") {
      // What this page asks is in its journal already, with the whole answer.
      const { entry } = event;
      const mine = entry.kind === "command" && this.#sessions.has(entry.session);
      if (event.id === this.#following && !mine) this.journal.take(entry);
      return;
    }
    if (event.event === "journal-missed") {
      if (event.id === this.#following) this.journal.miss(event.count, new Date(this.now()));
      return;
    }
    if (event.event === "arrangement") return this.arrangement.told(event);
    const there = this.fleet.instrumentOf(event);
    if (event.event === "instrument" && there !== undefined) return;
    if (event.event === "instrument") return this.#place(event.instrument, event.description, event.place);
    const instrument = there ?? this.#byName.get(event.instrument);
    if (instrument === undefined) return;
    if (event.event === "control") {
      return this.#frame.set(instrument.holder, event.holder);
    }
    if (event.event === "contact") return this.#frame.set(instrument.contact, event.contact);
    const { id: _, event: __, instrument: ___, field: title, ...reading } = event;
    const field = instrument.fields.get(title);
    if (field !== undefined) this.#take(instrument, field, reading);
  }

  #take(
    instrument: LiveInstrument,
    field: LiveField,
    reading: FieldReading,
  ): void {
    this.#frame.set(field.reading, reading);
    if (field.spec.needsConfirm) {
      const staged = [...instrument.fields.values()].filter((each) => this.#frame.newest(each.reading).staged).length;
      this.#frame.set(instrument.staged, staged);
    }
    const { history, recent } = field;
    // As on the server: what waits for confirm is only what somebody wants.
    if ((history ?? recent) === undefined || reading.time === null || reading.staged) return;
    const good = reading.quality === "good" && typeof reading.value === "number";
    // What is computed changes also while the oldest of what it is computed from stays; and what is not good is told
    // when it is noticed, with the time of the last good reading.
    const time = good && field.spec.compute === undefined ? Date.parse(reading.time) : this.now();
    for (const kept of [history, recent]) kept?.add(time, good ? reading.value as number : NaN);
  }

  /** The time of the server's clock in milliseconds since 1970, as far as this page knows. */
  now(): number {
    return Date.now() - this.#clockAhead;
  }

  /** Asks whether the server is still there, and who is connected where somebody looks. */
  async #ask(): Promise<void> {
    if (
      document.visibilityState === "hidden" ||
      this.connection.value.state !== "open"
    ) return;
    if (performance.now() - this.#heard > silence) {
      return this.#link.giveUp("nothing came for too long");
    }
    if (this.#asking) return;
    this.#asking = true;
    try {
      const wanted = this.#lookers > 0 || this.#pings++ % pingsEach === 0;
      const { value } = await this.#link.request({ cmd: wanted ? "Status" : "Ping" });
      this.#heard = performance.now();
      if (value !== null) this.status.value = value as ServerStatus;
    } catch (error) {
      // The link says itself that it was lost.
      if (!(error instanceof HeliographError)) throw error;
    } finally {
      this.#asking = false;
    }
  }
}
