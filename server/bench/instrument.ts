/**
 * An instrument: fields, commands, and one queue through which it is driven.
 *
 * It knows neither how clients ask (the wires) nor who asks (sessions); the bench and the dispatcher do.
 *
 * @module
 */

import { type Caller, Command } from "./command.ts";
import { CommandQueue } from "./command_queue.ts";
import {
  checkFields,
  checkWords,
  fieldRules,
  instrumentRules,
  mainNames,
  readbackFault,
  type Rule,
  wrong,
} from "./declaration.ts";
import type { HolderDescription } from "../../protocol/description.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { Faults } from "./faults.ts";
import { BenchField, type Field, type FieldSpec } from "./field.ts";
import { HeaderKeywords } from "./header_keywords.ts";
import type { ImageSource } from "./images.ts";
import { didYouMean, identifierOf } from "./names.ts";
import { AnswerUnclear, Interrupted, NotAsked } from "./answer_errors.ts";
import type { Contact } from "./contact.ts";
import { isPromise, named, shown, type Value, type ValueOf, type ValueType } from "./values.ts";

/** An instrument's fields by title, typed by their declarations. */
export type Fields<F extends Record<string, ValueType>> = { readonly [K in keyof F]: Field<ValueOf<F[K]>> };

/**
 * The declaration of an instrument.
 *
 * @example
 * ```ts
 * import { defineInstrument, type InstrumentSpec } from "@heliograph/heliograph";
 *
 * const lamp = (title: string): InstrumentSpec<{ Burns: "switch" }> => ({
 *   title,
 *   fields: { Burns: { type: "switch", initial: false, write: () => {} } },
 * });
 * const lamps = ["Neon", "Argon"].map((title) => defineInstrument(lamp(title)));
 * console.log(lamps[1]?.fields.Burns.value); // false
 * ```
 */
export interface InstrumentSpec<F extends Record<string, ValueType>> {
  /** What people call it, and PyOpticon's nickname: `UV Light`. Clients also reach it as `uv_light`. */
  readonly title: string;
  /** What stands over it on the page, and in PyOpticon's scripts as a widget's `name`. @default the title */
  readonly caption?: string;
  /** What it is, in a line. */
  readonly summary?: string;
  /** Its fields by title: `Actual Status`, which clients also reach as `actual_status`. @default none */
  readonly fields?: { readonly [K in keyof F]: FieldSpec<F[K]> };
  /**
   * The fields that matter most, one or two, by their titles or names: what the page shows large. @default the first
   * readouts that are numbers
   */
  readonly main?: readonly string[];
  /**
   * Whether it is no instrument that people look at, and the page shows it only to who asks for it. @default false
   *
   * @internal
   */
  readonly aside?: boolean;
  /** Its commands by name, or a function that makes them from the instrument's fields. @default none */
  readonly commands?:
    | Readonly<Record<string, Command>>
    | ((fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> }) => Readonly<Record<string, Command>>);
  /** Instruments whose commands it answers as well, each in its own queue: what azcam's `api` does. @default none */
  readonly answersFor?: readonly string[];
  /** How often its fields are read, in seconds. @default 1 */
  readonly pollInterval?: number;
  /** After how many seconds without a reading a field is stale. @default three poll intervals, and at least 5 */
  readonly staleAfter?: number;
  /** After how many seconds without a reading a field is in error. @default three times `staleAfter` */
  readonly errorAfter?: number;
  /** What keeps it in contact, where it is a real one. @default none */
  readonly contact?: Contact;
  /** Whether its fields are set beside a running command, since setting them drives nothing. @default false */
  readonly settingsBeside?: boolean;
  /**
   * What tells of the last image that it took, where it takes images. @default none
   *
   * @internal
   */
  readonly images?: ImageSource;
  /** Makes it ready, before the server gives up the permissions that it does not need for serving. */
  readonly start?: () => Promise<void> | undefined;
  /** Ends what it does, when the server stops. */
  readonly stop?: () => Promise<void>;
  /** Advances a simulation. @param seconds How much simulated time passes. */
  readonly step?: (seconds: number) => void;
}

/** The instruments that stand on the same bench. */
export interface Surroundings {
  /** All of them. */
  readonly instruments: readonly Instrument[];
  /** One by its name or title, or `undefined`. */
  find(name: string): Instrument | undefined;
}

/** Told of every change of a field. */
export type ChangeListener = (instrument: Instrument, field: BenchField) => void;

/** The time after which a poll's signal tells it to stop, in seconds. */
const readSeconds = 30;

/** The most that a stop, and then a goodbye, may take, in seconds: an image that is being written is not to be lost. */
const stopSeconds = 10;

const commandName = /^[a-z][a-z0-9_]*$/i;

/**
 * An instrument on a bench; made by `defineInstrument`.
 *
 * @example
 * ```ts
 * import { demoInstruments, type Instrument } from "@heliograph/heliograph";
 *
 * const said = (instrument: Instrument) => `${instrument.title}, for azcam's clients ${instrument.name}`;
 * console.log(demoInstruments().map(said)[0]); // Reactor TC, for azcam's clients reactor_tc
 * ```
 */
export class Instrument {
  /** An identifier: `uv_light`. */
  readonly name: string;
  /** What people call it, and PyOpticon's nickname: `UV Light`. */
  readonly title: string;
  /** What stands over it on the page, and in PyOpticon's scripts as a widget's `name`; a bench file may say another. */
  caption: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** The names of the fields that matter most; `undefined` where nobody says it. A bench file may say others. */
  main: readonly string[] | undefined;
  /** Its fields, in the order of the declaration. */
  readonly allFields: readonly BenchField[];
  /**
   * The fields by title, for handlers.
   *
   * @internal
   */
  readonly byTitle: Fields<Record<string, ValueType>>;
  /** Its own commands, without those that every instrument has. */
  readonly commands: ReadonlyMap<string, Command>;
  /** Instruments whose commands it answers as well. */
  readonly answersFor: readonly string[];
  /** How often its fields are read, in seconds. */
  readonly pollInterval: number;
  /** What keeps it in contact; `undefined` for a simulated one. */
  readonly contact: Contact | undefined;
  /** Whether its fields are set beside a running command. */
  readonly settingsBeside: boolean;
  /**
   * What tells of the last image that it took; `undefined` for one that takes none.
   *
   * @internal
   */
  readonly images: ImageSource | undefined;
  /**
   * What it says in the headers of images.
   *
   * @internal
   */
  readonly keywords: HeaderKeywords;
  /**
   * The instruments of its bench, itself among them; the bench sets it.
   *
   * @internal
   */
  surroundings: Surroundings | undefined;
  /**
   * The one queue through which it is driven.
   *
   * @internal
   */
  readonly queue: CommandQueue;
  /**
   * Why it takes no commands and is not read: it was switched off, or is taken off the bench. Empty where it is there.
   *
   * @internal
   */
  away = "";
  /**
   * Whom to tell of changes; the bench sets it.
   *
   * @internal
   */
  changed: ChangeListener | undefined;
  /**
   * Whom to tell that a field was read or set, whether or not that changed anything; the bench sets it.
   *
   * @internal
   */
  read: ChangeListener | undefined;
  /**
   * Whom to tell of changes besides the bench: where the same instrument is in another process too.
   *
   * @internal
   */
  mirror: ChangeListener | undefined;
  /**
   * How it was declared.
   *
   * @internal
   */
  readonly spec: InstrumentSpec<Record<string, ValueType>>;
  /**
   * Asks the PC that has it for something in the framed dialect, where that is another one.
   *
   * @internal
   */
  remote:
    | ((message: Readonly<Record<string, unknown>>, caller: Caller, seconds: number) => Promise<unknown>)
    | undefined;
  /**
   * Who has control of it there, as that PC told last.
   *
   * @internal
   */
  holderThere: HolderDescription | null = null;
  /**
   * What went wrong in its code.
   *
   * @internal
   */
  readonly faults: Faults;
  readonly #step: ((seconds: number) => void) | undefined;
  readonly #start: (() => Promise<void> | undefined) | undefined;
  readonly #stop: (() => Promise<void>) | undefined;
  #standard: ReadonlyMap<string, Command> = new Map();
  readonly #lookup = new Map<string, BenchField>();
  readonly #written: BenchField[];
  readonly #staleAfter: number | undefined;
  readonly #errorAfter: number | undefined;
  /** The reading that is under way, and how it fails. */
  #reading: { readonly since: number; readonly fail: (error: unknown) => void } | undefined;
  /** Tells readings to stop: one for all of them, until it has told one. */
  #readingEnds = new AbortController();

  /** Makes it; `defineInstrument` is how to declare one. @param spec The declaration. */
  constructor(spec: InstrumentSpec<Record<string, ValueType>>) {
    const { title } = (spec ?? {}) as { title?: unknown };
    const what = typeof title === "string" ? title : "an instrument";
    checkWords(what, spec, instrumentRules satisfies Record<keyof typeof spec, Rule>, ["title"]);
    checkFields(what, spec.fields ?? {}, fieldRules satisfies Record<keyof FieldSpec, Rule>);
    this.spec = spec;
    this.title = spec.title;
    this.name = identifierOf(spec.title);
    if (this.name === "") {
      throw new TypeError(`Cannot name an instrument "${spec.title}": it needs a letter or a digit`);
    }
    this.caption = spec.caption ?? spec.title;
    this.summary = spec.summary ?? "";
    this.faults = new Faults(this.title);
    this.answersFor = spec.answersFor ?? [];
    this.pollInterval = spec.pollInterval ?? 1;
    this.contact = spec.contact;
    this.#staleAfter = spec.staleAfter;
    this.#errorAfter = spec.errorAfter;
    this.queue = new CommandQueue(this.name);
    this.#step = spec.step;
    this.#start = spec.start;
    this.#stop = spec.stop;
    this.settingsBeside = spec.settingsBeside ?? false;
    this.images = spec.images;
    this.allFields = Object.entries(spec.fields ?? {}).map(([title, declared]) =>
      new BenchField(title, declared, (field, changed) => {
        this.read?.(this, field);
        if (!changed) return;
        this.mirror?.(this, field);
        this.changed?.(this, field);
      })
    );
    for (const field of this.allFields) {
      for (const key of new Set([field.title, field.name])) {
        if (this.#lookup.has(key)) throw new TypeError(`Cannot declare ${this.title}: two fields are called ${key}`);
        this.#lookup.set(key, field);
      }
    }
    const titles = this.allFields.map((field) => field.title);
    for (const field of this.allFields) {
      const find = (name: string) => this.#lookup.get(name) ?? this.#lookup.get(identifierOf(name));
      const [word, why] = readbackFault(field, find, titles) ?? [];
      if (why !== undefined) {
        throw wrong(`${field.title} of ${this.title}`, `readback${word === undefined ? "" : `.${word}`}: ${why}`);
      }
    }
    this.main = spec.main && mainNames(spec.main, titles, (index, why) => {
      throw wrong(this.title, `main.${index}: ${why}`);
    });
    if (this.contact !== undefined) { for (const field of this.allFields) field.doubt("not sent yet"); }
    this.keywords = new HeaderKeywords(this.allFields);
    this.#written = this.allFields.filter((field) => field.spec.needsConfirm);
    this.byTitle = Object.fromEntries(this.allFields.map((field) => [field.title, field]));
    const { commands = {} } = spec;
    const made = typeof commands === "function" ? commands(this.byTitle) : commands;
    if (typeof made !== "object" || made === null) throw wrong(this.title, "its commands should be an object");
    this.commands = new Map(Object.entries(made));
    for (const [name, each] of this.commands) {
      if (!(each instanceof Command)) {
        throw wrong(`${name} of ${this.title}`, `it is ${named(each)}, and should be command({ summary, run })`);
      }
      if (!commandName.test(name)) {
        throw new TypeError(`Cannot name a command of ${this.title} "${name}": letters, digits and _ only`);
      }
    }
  }

  /**
   * Takes the commands that every instrument has; it may have a `help` of its own.
   *
   * @throws {TypeError} When it declares another of them itself.
   * @internal
   */
  adopt(standard: ReadonlyMap<string, Command>): void {
    for (const name of standard.keys()) {
      if (name !== "help" && this.commands.has(name)) {
        throw new TypeError(`Cannot declare ${name} of ${this.title}: every instrument has it`);
      }
    }
    this.#standard = standard;
  }

  /** One of its own commands or of those that every instrument has, by the name on the wire. */
  findCommand(name: string): Command | undefined {
    return this.commands.get(name) ?? this.#standard.get(name);
  }

  /** Every command's name, for completion and suggestions. */
  commandNames(): string[] {
    return [...this.commands.keys(), ...this.#standard.keys()];
  }

  /**
   * A field by its title or its name.
   *
   * @throws {HeliographError} `unknown_field`, with what there is.
   */
  field(name: string): BenchField {
    const field = this.#lookup.get(name) ?? this.#lookup.get(identifierOf(name));
    if (field !== undefined) return field;
    const titles = this.allFields.map((field) => field.title);
    const there = titles.length === 0 ? "it has no fields" : `it has ${titles.join(", ")}`;
    throw new HeliographError(
      "unknown_field",
      `${this.title} has no field "${shown(name)}"${didYouMean(name, titles)}; ${there}`,
    );
  }

  /**
   * Sets a field: staged where it needs a confirm, written to the hardware otherwise.
   *
   * @internal
   */
  set(name: string, given: unknown, signal: AbortSignal): Promise<void> | void {
    const field = this.field(name);
    if (field.access === "readout") {
      const settings = this.allFields.filter((field) => field.access === "setting").map((field) => field.title);
      throw new HeliographError(
        "not_a_setting",
        `Cannot set ${field.title} of ${this.title}: it is a readout` +
          (settings.length === 0 ? "" : `; its settings are ${settings.join(", ")}`),
      );
    }
    const value = field.parse(given, this.title);
    if (!field.spec.needsConfirm) return this.#write(field, value, signal, given);
    field.stage(value);
    field.keepText(given);
  }

  /**
   * Sets a field at the hardware at once, also one that needs a confirm; what else waits for confirm goes on to wait.
   *
   * @internal
   */
  apply(name: string, given: unknown, signal: AbortSignal): Promise<void> | void {
    const field = this.field(name);
    return this.#write(field, field.parse(given, this.title), signal, given);
  }

  /** The settings that `confirm` sends, with what they hold. @internal */
  get toConfirm(): readonly BenchField[] {
    return this.#written.filter(({ value }) => value !== undefined);
  }

  /**
   * Sends every setting that needs a confirm to the hardware, in the order of the declaration, changed or not: as
   * PyOpticon does, so that confirming also restores what somebody changed at the device. Where there is none, nothing
   * happens, as with PyOpticon's widgets.
   *
   * @internal
   */
  async confirm(signal: AbortSignal): Promise<void> {
    for (const field of this.#written) {
      if (field.value !== undefined) await this.#write(field, field.value, signal);
    }
  }

  /**
   * Puts every setting that waits for a confirm back to what it was; nothing of it goes to the hardware.
   *
   * @internal
   */
  revert(): void {
    for (const field of this.#written) field.revert();
  }

  /** @param given What was set, where that is new. */
  #write(field: BenchField, value: Value, signal: AbortSignal, given?: unknown): Promise<void> | void {
    const done = () => {
      field.update(value);
      if (given !== undefined) field.keepText(given);
    };
    // What a write returns is nobody's, unless it has to be waited for.
    const written: unknown = field.spec.write?.(value as never, signal);
    if (isPromise(written)) return Promise.resolve(written).then(done);
    done();
  }

  /**
   * The least time between two readings of any of its fields, in seconds; `undefined` where nothing is read.
   *
   * @internal
   */
  get shortestInterval(): number | undefined {
    const read = this.allFields.filter((field) => field.spec.read !== undefined);
    const intervals = read.flatMap((
      { spec },
    ) => [spec.pollInterval ?? this.pollInterval, spec.pollWhile?.interval ?? []]);
    return read.length === 0 ? undefined : Math.min(...intervals.flat());
  }

  /**
   * From now on its fields are expected to be read.
   *
   * @internal
   */
  expectReadings(): void {
    for (const field of this.allFields) field.expect();
  }

  /**
   * From now on its fields are not read: what they held is not so any more.
   *
   * @param why The reason, for people.
   * @internal
   */
  leave(why: string): void {
    for (const field of this.allFields) {
      if (field.spec.compute !== undefined) continue;
      if (field.access === "readout") field.withhold(why);
      else field.doubt(why);
    }
  }

  /**
   * Reads fields one after another and publishes what changed; commands may go in between.
   *
   * @param all Whether to read all of them, or those whose time has come.
   * @returns Steps, each of which may have to be waited for. None of them fails.
   * @internal
   */
  *readings(all: boolean): Generator<Promise<void> | void> {
    const pass = {};
    const now = performance.now();
    // The oldest first: on a line that breaks again and again, each has its turn.
    for (const field of [...this.allFields].sort((one, other) => one.readAt - other.readAt)) {
      // A little early is on time: timers do not keep it to the millisecond.
      const { read, pollWhile } = field.spec;
      if (read === undefined) continue;
      const interval = this.#intervalOf(field) * 1000;
      // It may have begun to move since it was read.
      const sooner = pollWhile?.active() && field.quality === "good" && field.askedAt + interval <= now + 20;
      if (!all && !sooner && field.due > now + 20) continue;
      field.askedAt = now;
      field.due = now + interval;
      if (!field.staged) yield this.#read(field, pass);
    }
  }

  #intervalOf(field: BenchField): number {
    const { pollWhile, pollInterval = this.pollInterval } = field.spec;
    return pollWhile?.active() ? pollWhile.interval : pollInterval;
  }

  #read(field: BenchField, pass: object): Promise<void> | void {
    const fail = (error: unknown) => {
      if (this.away !== "") return;
      if (error instanceof NotAsked) return field.withhold(error.message);
      if (!(error instanceof HeliographError)) this.faults.tell(`reading ${field.title}`, error);
      const reason = error instanceof Error ? error.message : String(error);
      if (!(error instanceof HeliographError) || error.code !== "not_connected") return field.fail(reason);
      field.miss(this.contact?.reason || reason);
      // What an instrument that is there never answers costs it time whenever it is asked: it is asked less often.
      const passing = error.cause instanceof AnswerUnclear || error.cause instanceof Interrupted;
      const never = this.contact?.state === "connected" && !passing;
      if (never) field.postpone(this.#intervalOf(field));
    };
    const update = (value: Value) => {
      // What somebody changed while the reading was under way stays; what is off the bench by now has no values.
      if (field.staged || this.away !== "") return;
      const wrong = field.take(value);
      if (wrong === "") return;
      const reason = new HeliographError("command_failed", `its driver read ${wrong}`);
      this.faults.tell(`reading ${field.title}`, reason);
      field.fail(reason.message);
    };
    const read = field.spec.read as (signal?: AbortSignal, pass?: object) => Value | Promise<Value>;
    try {
      const result = read(this.#readingEnds.signal, pass);
      if (!isPromise(result)) return update(result);
      this.#reading = { since: performance.now(), fail };
      return Promise.resolve(result).then((value) => {
        this.#reading = undefined;
        update(value);
      }, (error) => {
        this.#reading = undefined;
        fail(error);
      });
    } catch (error) {
      fail(error);
    }
  }

  /** Ends a reading that takes too long. */
  #endLongReading(): void {
    if (this.#reading === undefined || performance.now() - this.#reading.since < readSeconds * 1000) return;
    const reason = new HeliographError("deadline_exceeded", `no reading within ${readSeconds} s`);
    this.#reading.fail(reason);
    this.#reading = undefined;
    const ends = this.#readingEnds;
    this.#readingEnds = new AbortController();
    ends.abort(reason);
  }

  /**
   * Marks the fields that have not been read for too long, and the settings that a lost instrument may have forgotten;
   * ends a reading that takes too long. To be called once a second.
   *
   * @internal
   */
  markStale(): void {
    if (this.away !== "") return;
    this.#endLongReading();
    for (const field of this.allFields) {
      const staleAfter = this.staleAfterOf(field);
      if (staleAfter !== undefined) {
        // While it waits for confirm it is not read.
        if (!field.staged) field.age(staleAfter, this.#errorAfter ?? 3 * staleAfter);
      } else if (field.spec.compute === undefined && this.contact !== undefined && this.contact.state !== "connected") {
        field.doubt(`set before the instrument was lost: ${this.contact.reason || "not connected yet"}`);
      }
    }
  }

  /**
   * For how long what was read of a field is good, in seconds; `undefined` for one that is not read again and again.
   *
   * @internal
   */
  staleAfterOf(field: BenchField): number | undefined {
    if (field.spec.read === undefined && !field.spec.listens) return undefined;
    return this.#staleAfter ?? Math.max(3 * this.#intervalOf(field), 5);
  }

  /**
   * Makes it ready, and begins contact with a real one.
   *
   * @param changed Told of every change of the contact's state.
   * @returns When it is ready; a contact may take longer.
   * @internal
   */
  async start(changed: () => void): Promise<void> {
    this.contact?.start(changed);
    await this.#start?.();
  }

  /**
   * Ends what it does, and says goodbye to a real one.
   *
   * @returns When it has, or has failed to within ten seconds for each of the two: nothing keeps the server from stopping.
   */
  async stop(): Promise<void> {
    await this.#ending("stopping", () => this.#stop?.());
    await this.#ending("ending its contact", () => this.contact?.stop());
  }

  async #ending(what: string, work: () => unknown): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const reason = new HeliographError("deadline_exceeded", `it had not ended after ${stopSeconds} s`);
      timer = setTimeout(() => reject(reason), stopSeconds * 1000);
    });
    try {
      await Promise.race([(async () => await work())(), late]);
    } catch (error) {
      this.faults.tell(what, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Advances a simulated instrument; nothing happens to a real one. A step that fails harms nobody else. */
  step(seconds: number): void {
    if (this.#step === undefined) return;
    this.faults.guard("its step", () => this.#step!(seconds));
  }
}
