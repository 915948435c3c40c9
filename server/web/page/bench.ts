/**
 * What the page knows of the bench: its instruments with their live fields, who is connected, and what was asked.
 *
 * @module
 */

import type { WatchEvent } from "../../../protocol/dashboard_message.ts";
import type {
  CommandDescription,
  ContactDescription,
  FieldDescription,
  FieldHistory,
  FieldReading,
  HolderDescription,
  InstrumentDescription,
  InstrumentStatus,
  ServerStatus,
  Welcome,
  WireValue,
} from "../../../protocol/description.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import type { History } from "../../history.ts";
import { Link, type LinkState } from "./link.ts";
import { Frame, Live } from "./live.tsx";

/** How often the server is asked who is connected and what answers, in milliseconds. */
const statusInterval = 2000;
/** After how long without an answer a link counts as lost, in milliseconds. */
const silence = 10_000;
/** How many lines the page's own log keeps. */
const longestLog = 500;

/** A field of an instrument. */
export interface LiveField {
  /** How it was declared. */
  readonly spec: FieldDescription;
  /** The instrument's name. */
  readonly instrument: string;
  /** What it holds. */
  readonly reading: Live<FieldReading>;
  /** The last value that waited for no confirm; `undefined` where this page has seen none. */
  applied: WireValue | undefined;
  /** What it has been; `undefined` while it is not plotted. */
  history: History | undefined;
}

/** An instrument. */
export interface LiveInstrument {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** By title, as events name them. */
  readonly fields: ReadonlyMap<string, LiveField>;
  readonly commands: readonly CommandDescription[];
  readonly contact: Live<ContactDescription | null>;
  readonly holder: Live<HolderDescription | null>;
  /** What it does now, as the server last told. */
  readonly status: Live<InstrumentStatus | undefined>;
  /** How many of its settings wait for confirm. */
  readonly staged: Live<number>;
  /** What of it never changes, as text: a server that comes back with the same keeps this object. */
  readonly shape: string;
}

/** How the page is connected. */
export interface Connection {
  readonly state: LinkState;
  /** When it is tried again, on the clock of `performance.now()`. */
  readonly retryAt: number;
  /** Whether the server has ever been reached. */
  readonly everOpen: boolean;
}

/** Something that this page did. */
export interface LogLine {
  readonly number: number;
  readonly time: Date;
  /** As an azcam line. */
  readonly asked: string;
  /** The reply or the error; `undefined` while there is none. */
  readonly answer: string | undefined;
  readonly failed: boolean;
}

/** What changes in a description while the instrument is the same. */
const changing = new Set([
  "value",
  "text",
  "quality",
  "time",
  "staged",
  "reason",
  "contact",
  "holder",
]);

/** Whether a field is a number, and can be plotted. */
export function isNumeric({ type }: FieldDescription): boolean {
  return type === "float" || type === "int";
}

/** The bench as this page knows it. */
export class Bench {
  /** How the page is connected. */
  readonly connection: Live<Connection> = new Live<Connection>({
    state: "connecting",
    retryAt: 0,
    everOpen: false,
  });
  /** Who the server says that this page is. */
  readonly welcome: Live<Welcome | undefined> = new Live<Welcome | undefined>(
    undefined,
  );
  /** The instruments in the order of the bench. */
  readonly instruments: Live<readonly LiveInstrument[]> = new Live<
    readonly LiveInstrument[]
  >([]);
  /** What the server last told of itself. */
  readonly status: Live<ServerStatus | undefined> = new Live<
    ServerStatus | undefined
  >(undefined);
  /** What this page did, oldest first. */
  readonly log: Live<readonly LogLine[]> = new Live<readonly LogLine[]>([]);
  /** How often the server was asked for everything: after each connection, once it tells of every change. */
  readonly begun: Live<number> = new Live(0);
  /** By how many milliseconds this PC's clock is ahead of the server's, as far as is known. */
  #clockAhead = 0;
  readonly #link: Link;
  readonly #frame = new Frame();
  readonly #byName = new Map<string, LiveInstrument>();
  #lines = 0;
  #heard = 0;
  #asking = false;

  /** Connects. @param url Of the server's WebSocket. */
  constructor(url: string) {
    this.#link = new Link(url, {
      opened: () => void this.#begin().catch(() => this.#link.giveUp("the server did not say what it has")),
      changed: (state, retryIn) => {
        const everOpen = this.connection.value.everOpen || state === "open";
        this.connection.value = {
          state,
          retryAt: performance.now() + retryIn,
          everOpen,
        };
      },
      told: (event) => this.#told(event),
    });
    this.#link.open();
    setInterval(() => void this.#askStatus(), statusInterval);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") return;
      this.#heard = performance.now();
      this.retry();
      void this.#askStatus();
    });
    addEventListener("online", () => this.retry());
  }

  /** Tries a lost connection now. */
  retry(): void {
    this.#link.open();
  }

  /** The name that this page goes by; kept in the browser. */
  get name(): string {
    return localStorage.getItem("heliograph.name") ?? "";
  }

  /** Takes another name. @throws {HeliographError} Where the server does not take it. */
  async rename(name: string): Promise<void> {
    localStorage.setItem("heliograph.name", name);
    this.welcome.value = await this.ask(`register ${name}`, {
      cmd: "Hello",
      name,
    }) as Welcome;
    await this.#askStatus();
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
      `${instrument}.set ${quoted(spec.name)} ${quoted(String(value))}`,
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

  /** Puts the staged settings back to what they were when they were last confirmed, as far as this page has seen that. */
  async revert({ fields }: LiveInstrument): Promise<void> {
    for (const field of fields.values()) {
      if (field.reading.value.staged && field.applied !== undefined) {
        await this.set(field, field.applied);
      }
    }
  }

  /** Calls a command. @returns What it returned. @throws {HeliographError} Where it is refused or fails. */
  call(
    instrument: string,
    command: string,
    args: readonly unknown[] = [],
    keywords: ReadonlyMap<string, unknown> = new Map(),
  ): Promise<unknown> {
    const words = [
      ...args.map((value) => quoted(String(value))),
      ...[...keywords].map(([key, value]) => `${key}=${quoted(String(value))}`),
    ];
    const kwargs = Object.fromEntries(keywords);
    const line = [`${instrument}.${command}`, ...words].join(" ");
    return this.ask(line, { cmd: "Call", instrument, command, args, kwargs });
  }

  /** Takes control of an instrument. @throws {HeliographError} `held` where somebody else has it. */
  async take(instrument: string): Promise<void> {
    await this.ask(`take ${instrument}`, { cmd: "Take", instrument });
  }

  /** Ends the control of an instrument. @throws {HeliographError} `held` where somebody else has it. */
  async release(instrument: string): Promise<void> {
    await this.ask(`release ${instrument}`, { cmd: "Release", instrument });
  }

  /** Ends somebody else's connection. @param session Its number. @throws {HeliographError} Where it is refused. */
  async disconnect(session: number): Promise<void> {
    await this.ask(`disconnect client ${session}`, { cmd: "Disconnect", session });
    await this.#askStatus();
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
    const number = ++this.#lines;
    const time = new Date();
    this.log.value = [...this.log.value, {
      number,
      time,
      asked: line,
      answer: undefined,
      failed: false,
    }]
      .slice(-longestLog);
    const answered = (answer: string, failed: boolean) => {
      this.log.value = this.log.value.map((each) => each.number === number ? { ...each, answer, failed } : each);
    };
    try {
      const { value } = await this.#link.request(message);
      answered(
        value === null ? "OK" : typeof value === "string" ? value : JSON.stringify(value),
        false,
      );
      return value;
    } catch (error) {
      answered((error as Error).message, true);
      throw error;
    }
  }

  /**
   * When a field was last read. Only changes are told: one that is read again and again, and is the same each time, was
   * read later than this page knows.
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

  /** What a numeric field has been during the last hour. @throws {HeliographError} Where the server does not tell. */
  async history({ instrument, spec }: LiveField): Promise<FieldHistory> {
    return (await this.#link.request({ cmd: "History", instrument, field: spec.name })).value as FieldHistory;
  }

  /** Asks for everything, after the connection was opened. */
  async #begin(): Promise<void> {
    this.#heard = performance.now();
    const welcome = this.#link.request({ cmd: "Hello", name: this.name });
    const described = this.#link.request({ cmd: "Describe" });
    this.welcome.value = (await welcome).value as Welcome;
    this.#describe((await described).value as InstrumentDescription[]);
    await this.#link.request({ cmd: "Watch" });
    this.begun.value++;
    await this.#askStatus();
    await this.#compareClocks();
  }

  /** A tablet's clock may be wrong: ages are told by the server's. */
  async #compareClocks(): Promise<void> {
    const date = (await fetch("/", { method: "HEAD" })).headers.get("date");
    if (date === null) return;
    const ahead = Date.now() - Date.parse(date) - 500;
    // The header has whole seconds.
    this.#clockAhead = Math.abs(ahead) < 1500 ? 0 : ahead;
  }

  #describe(descriptions: readonly InstrumentDescription[]): void {
    const known = new Map(this.#byName);
    this.#byName.clear();
    for (const description of descriptions) {
      const shape = JSON.stringify(
        description,
        (key, value) => changing.has(key) ? undefined : value,
      );
      const old = known.get(description.name);
      const instrument = old?.shape === shape ? old : liveInstrument(description, shape);
      this.#byName.set(instrument.name, instrument);
      instrument.contact.value = description.contact;
      instrument.holder.value = description.holder;
      for (const field of description.fields) {
        this.#take(
          instrument,
          instrument.fields.get(field.title)!,
          readingOf(field),
        );
      }
    }
    this.#frame.flush();
    this.instruments.value = [...this.#byName.values()];
  }

  #told(event: WatchEvent): void {
    this.#heard = performance.now();
    if (event.event === "end-of-snapshot") return;
    const instrument = this.#byName.get(event.instrument);
    if (instrument === undefined) return;
    if (event.event === "control") {
      return this.#frame.set(instrument.holder, event.holder);
    }
    const { id: _, event: __, instrument: ___, field: title, ...reading } = event;
    const field = instrument.fields.get(title);
    if (field !== undefined) this.#take(instrument, field, reading);
  }

  #take(
    instrument: LiveInstrument,
    field: LiveField,
    reading: FieldReading,
  ): void {
    if (!reading.staged && reading.value !== null) {
      field.applied = reading.value;
    }
    // A setting that was put back waits for nothing, whatever the server remembers.
    const back = reading.staged === true && reading.value === field.applied;
    this.#frame.set(
      field.reading,
      back ? { ...reading, staged: false } : reading,
    );
    if (field.spec.needsConfirm) {
      const staged = [...instrument.fields.values()].filter((each) => this.#frame.newest(each.reading).staged).length;
      this.#frame.set(instrument.staged, staged);
    }
    const { history } = field;
    // As on the server: what waits for confirm is only what somebody wants.
    if (history === undefined || reading.time === null || reading.staged) return;
    if (reading.quality === "good" && typeof reading.value === "number") {
      history.add(Date.parse(reading.time), reading.value);
      // What is not good is told when it is noticed, with the time of the last good reading.
    } else history.add(this.now(), NaN);
  }

  /** The time of the server's clock in milliseconds since 1970, as far as this page knows. */
  now(): number {
    return Date.now() - this.#clockAhead;
  }

  async #askStatus(): Promise<void> {
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
      const status = (await this.#link.request({ cmd: "Status" }))
        .value as ServerStatus;
      this.#heard = performance.now();
      this.status.value = status;
      for (const each of status.instruments) {
        const instrument = this.#byName.get(each.name);
        if (instrument === undefined) continue;
        instrument.status.value = each;
        if (
          JSON.stringify(each.contact) !==
            JSON.stringify(instrument.contact.value)
        ) {
          instrument.contact.value = each.contact;
        }
        if (
          JSON.stringify(each.holder) !==
            JSON.stringify(instrument.holder.value)
        ) {
          instrument.holder.value = each.holder;
        }
      }
    } catch (error) {
      // The link says itself that it was lost.
      if (!(error instanceof HeliographError)) throw error;
    } finally {
      this.#asking = false;
    }
  }
}

function readingOf(field: FieldDescription): FieldReading {
  const { value, text, quality, time, staged, reason, unit } = field;
  return {
    value,
    text,
    quality,
    time,
    ...(staged === undefined ? {} : { staged }),
    ...(reason === undefined ? {} : { reason }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function liveInstrument(
  description: InstrumentDescription,
  shape: string,
): LiveInstrument {
  const { name, title, summary, commands, contact, holder } = description;
  const fields = new Map(
    description.fields.map((spec): [string, LiveField] => [spec.title, {
      spec,
      instrument: name,
      reading: new Live(readingOf(spec)),
      applied: undefined,
      history: undefined,
    }]),
  );
  return {
    name,
    title,
    summary,
    fields,
    commands,
    contact: new Live(contact),
    holder: new Live(holder),
    status: new Live<InstrumentStatus | undefined>(undefined),
    staged: new Live(0),
    shape,
  };
}

/** A word of an azcam line. */
function quoted(text: string): string {
  if (text !== "" && !/[\s'"#=]/.test(text)) return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}
