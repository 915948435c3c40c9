/**
 * Makes an instrument from a description: no code, only the texts that are sent and answered.
 *
 * @module
 */

import { defined } from "../../../protocol/defined.ts";
import type { Command } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { NotAsked } from "../../bench/answer_errors.ts";
import { readbackFault } from "../../bench/declaration.ts";
import type { AlarmLimits, FieldSpec, ReadbackSpec } from "../../bench/field.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { identifierOf } from "../../bench/names.ts";
import { PortContact } from "../transports/contact.ts";
import type { Port, Turn } from "../transports/port.ts";
import { delay } from "../transports/delay.ts";
import type { Value, ValueType } from "../../bench/values.ts";
import { checkLimits } from "./alarm_words.ts";
import { checkKeyword, computedField, mainOf } from "./computed_instrument.ts";
import { Condition } from "./condition.ts";
import { Conversation, decode } from "./conversation.ts";
import { describedCommand } from "./described_command.ts";
import { inPart } from "./description_error.ts";
import { FileColumns } from "./file_columns.ts";
import { RegisterFields } from "./register_fields.ts";
import { registerPlace, registerValue } from "./register_words.ts";
import type { Envelope } from "./envelope.ts";
import { type OfQuestion, Questions } from "./questions.ts";
import type { DescribedCondition, DescribedField, Description } from "./schema.ts";
import type { OtherField, Speaking } from "./speaking.ts";
import { readingOf, Steps } from "./steps.ts";
import { ConfirmedOnce, heldBy } from "./together.ts";
import { type DescribedValue, ValueCodec } from "./value_codec.ts";
import { checkAt, checkGroup, checkWithin, valueIn } from "./value_place.ts";
import type { FilledSteps, Reading } from "./wording.ts";

/**
 * Makes commands that a description cannot tell.
 *
 * @param instrument The instrument.
 * @param correct Has every number that a field reads corrected by a function, given the field's title.
 */
export type FurtherCommands = (
  instrument: () => Instrument,
  correct: (corrected: (field: string, value: number) => number) => void,
) => Readonly<Record<string, Command>>;

/** The options of a described instrument. */
export interface DescribedInstrumentOptions {
  /** What people call it. */
  readonly title: string;
  /** What is said and answered. */
  readonly description: Description;
  /** What fills the description's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Its line. */
  readonly port: Port;
  /** Commands besides the described ones, made from the instrument. @default none */
  readonly commands?: FurtherCommands;
}

/** Makes an instrument of a description. */
class Describer {
  readonly #options: DescribedInstrumentOptions;
  readonly #conversation: Conversation;
  readonly #contact: PortContact;
  readonly #envelope: Envelope | undefined;
  readonly #readings = new Map<string, Reading>();
  readonly #registers: RegisterFields;
  readonly #columns: FileColumns;
  /** The answers to what several fields ask in the same poll. */
  #answers = new WeakMap<object, Map<string, Promise<string>>>();
  /** Where such an answer stands in the line's trace. */
  readonly #traced = new WeakMap<Promise<string>, number>();
  readonly #listening: ((line: string) => boolean)[] = [];
  #instrument: Instrument | undefined;
  readonly #confirmed = new ConfirmedOnce();
  readonly #speaking: Speaking;
  /** The most that the commands delay what is immediate, in seconds. */
  #delays = 0;
  #firstWord = () => {};
  /** Whether several fields ask the same. */
  readonly #asksTwice: boolean;
  /** What becomes of a number that was read. */
  #corrected = (_field: string, value: number) => value;

  constructor(options: DescribedInstrumentOptions) {
    this.#options = options;
    const { description, port, parameters, title } = options;
    const { fields = {}, staleAfter = 5, errorAfter = 3 * staleAfter, reconnect = {} } = description;
    this.#conversation = new Conversation(description, parameters, port);
    const conversation = this.#conversation;
    const questions = new Questions(description.questions, conversation);
    this.#columns = new FileColumns(description.line?.separator);
    this.#registers = this.#registerFields(fields);
    for (const [name, { read, select, register, bad }] of Object.entries(fields)) {
      if (register !== undefined) this.#readings.set(name, this.#registers.reading(name, bad));
      if (read === undefined) continue;
      inPart(["fields", name], () => {
        const selected = inPart("select", () => this.#selected(select));
        const reading = inPart(
          "read",
          () => isOfQuestion(read) ? questions.reading(read, selected) : readingOf(conversation, read, selected),
        );
        this.#readings.set(name, reading);
      });
    }
    this.#share();
    const asked = [...this.#readings.values()].map(({ template }) => this.#conversation.fill(template));
    this.#asksTwice = new Set(asked).size < asked.length;
    // What is asked only sometimes does not tell whether it is there.
    const first = [...this.#readings].find(([name]) => fields[name]!.when === undefined);
    // A file says when it has gone, and may have nothing new for days.
    const onlyTalks = port.address.kind !== "file" && this.#readings.size === 0 &&
      Object.values(fields).some(({ listen }) => listen !== undefined);
    const firstWord = onlyTalks ? (turn: Turn) => this.#hear(errorAfter, turn.signal) : undefined;
    this.#envelope = conversation.envelope();
    const envelope = this.#envelope;
    const { greet, farewell } = conversation.routine(
      first === undefined ? firstWord : (turn) => this.#firstAnswer(turn, first[1], fields[first[0]]!),
    );
    const mayTakeLong = Object.values(description.commands ?? {}).some(({ doneWhen }) => doneWhen !== undefined);
    this.#contact = new PortContact(port, {
      title,
      greet,
      ...(envelope === undefined ? {} : { around: (turn: Turn) => envelope.around(turn) }),
      ...(farewell === undefined && !mayTakeLong ? {} : { farewell: (turn) => this.#farewell(turn, farewell) }),
      ...(onlyTalks ? { silentAfter: errorAfter } : {}),
      ...(reconnect.first === undefined ? {} : { shortestWait: reconnect.first }),
      ...(reconnect.longest === undefined ? {} : { longestWait: reconnect.longest }),
      delays: () => this.#delays,
    });
    this.#delays = conversation.wakeSeconds + (description.line?.deaf ?? 0);
    this.#speaking = {
      conversation,
      contact: this.#contact,
      places: this.#places(),
      underWay: new Set(),
      instrument: () => this.#instrument!,
      forget: () => this.#forget(),
    };
    inPart(["line", "connection"], () => this.#checkConnection());
  }

  make(): Instrument {
    const { title, description, commands, port } = this.#options;
    const { summary, pollInterval, staleAfter, errorAfter } = description;
    const instrument: Instrument = defineInstrument({
      title,
      fields: this.#each("fields", description.fields, (field, name) => this.#field(name, field)),
      commands: {
        ...this.#each("commands", description.commands, (each) => {
          const { command, delays } = describedCommand(each, this.#speaking);
          this.#delays = Math.max(this.#delays, this.#conversation.wakeSeconds + delays);
          return command;
        }),
        ...commands?.(() => instrument, (corrected) => void (this.#corrected = corrected)),
      },
      contact: this.#contact,
      ...(summary === undefined ? {} : { summary }),
      ...mainOf(description),
      ...(pollInterval === undefined ? {} : { pollInterval }),
      ...(staleAfter === undefined ? {} : { staleAfter }),
      ...(errorAfter === undefined ? {} : { errorAfter }),
    });
    this.#instrument = instrument;
    const ignored = this.#conversation.ignored();
    if (ignored.length > 0) {
      this.#contact.listens(port.listen((line) => {
        const ignores = ignored.some((pattern) => pattern.test(line));
        if (ignores) port.trace.note("ignored");
        return ignores;
      }));
    }
    const hears = (line: string) => this.#heard(line);
    const envelope = this.#envelope;
    // Lines of a file that hold nothing for a field are no answers to anybody.
    const inFile = (line: string) => (this.#columns.takeHeading(line) || hears(line), true);
    if (port.address.kind === "file") this.#contact.listens(port.listen(inFile));
    else if (this.#listening.length > 0) {
      this.#contact.listens(port.listen(envelope ? (line) => envelope.holds(line, hears) : hears));
    }
    return instrument;
  }

  /** Makes something of every entry of a table; a mistake is told with its place. */
  #each<T, R>(key: string, table: Readonly<Record<string, T>> | undefined, make: (entry: T, name: string) => R) {
    const made = Object.entries(table ?? {}).map((
      [name, entry],
    ) => [name, inPart([key, name], () => make(entry, name))]);
    return Object.fromEntries(made) as Record<string, R>;
  }

  /** What is sent before a field is read or set where something else was selected. */
  #selected(select: DescribedField["select"]): FilledSteps[] {
    return select === undefined ? [] : [new Steps(this.#conversation, select).fill({}, false)];
  }

  /** The fields that texts may name, by their names; a parameter stands before a field of its name. */
  #places(): Map<string, OtherField> {
    const { description: { fields = {} }, parameters } = this.#options;
    const places = new Map<string, OtherField>();
    for (const [title, field] of Object.entries(fields)) {
      const reading = this.#readings.get(title);
      let codec: ValueCodec | undefined;
      const codecOf = () => codec ??= new ValueCodec(valueOf(field));
      const read = reading && (async (turn: Turn) => {
        const text = this.#conversation.fill(reading.template);
        const answer = await this.#conversation.ask(turn, text, reading, codecOf(), true);
        return decode(valueIn(answer, reading, codecOf()), codecOf(), reading.bad);
      });
      const name = identifierOf(title);
      if (!Object.hasOwn(parameters, name)) places.set(name, { title, codec: codecOf, read });
    }
    return places;
  }

  #condition(described: DescribedCondition, own: string): Condition {
    const { fields = {} } = this.#options.description;
    return new Condition(described, fields, own, (title) => this.#instrument!.field(title));
  }

  /** A line that is given back must be quiet now and then. */
  #checkConnection(): void {
    const { line: { connection } = {}, fields = {}, pollInterval = 1 } = this.#options.description;
    if (connection === undefined) return;
    if (Object.values(fields).some(({ listen }) => listen !== undefined)) {
      wrong('must be kept: what it sends by itself ("listen") would be missed');
    }
    if (connection === "each question") return;
    for (const [title, { read, poll = pollInterval }] of Object.entries(fields)) {
      const every = typeof poll === "number" ? poll : poll.otherwise ?? pollInterval;
      if (read === undefined || every > connection.releaseAfter) continue;
      wrong(
        `is never quiet for ${connection.releaseAfter} s: ${title} is read every ${every} s; say a longer "poll" or ` +
          `"pollInterval", or release it sooner`,
      );
    }
  }

  /** Where the fields are that are registers of a Modbus device. */
  #registerFields(fields: NonNullable<Description["fields"]>): RegisterFields {
    const { description: { line, pollInterval = 1 }, port } = this.#options;
    const isModbus = port.address.kind.startsWith("modbus+");
    const placed = Object.entries(fields).flatMap(([title, field]) =>
      inPart(["fields", title], () => {
        const place = registerPlace(field);
        if (place === undefined) return [];
        if (!isModbus) inPart("register", () => wrong('has a meaning only where "port" is modbus+tcp:// or the like'));
        const beside = (["read", "listen", "write", "select", "when", "compute"] as const).find((word) =>
          field[word] !== undefined
        );
        if (beside !== undefined) inPart(beside, () => wrong('has no meaning beside "register"; is "writable" meant?'));
        if (typeof field.poll === "object") inPart("poll", () => wrong("is a number of seconds beside register"));
        return [{ title, place, poll: typeof field.poll === "number" ? field.poll : pollInterval }];
      })
    );
    return new RegisterFields(this.#conversation, placed, line?.mostRegisters);
  }

  #field(title: string, field: DescribedField): FieldSpec<ValueType> {
    if (field.compute !== undefined) return computedField(field, field.compute);
    const codec = this.#conversation.codec(valueOf(field));
    const { read, listen, write, needsConfirm, initial, poll, log, keep, keyword, readback, alarm, when, select } =
      field;
    if (keyword !== undefined) inPart("keyword", () => checkKeyword(keyword));
    const isRegister = field.register !== undefined;
    const own = isRegister ? this.#registers.writer(title) : undefined;
    if (!isRegister && field.bad !== undefined) {
      inPart("bad", () => wrong('stands in "read" or "listen", or beside "register"'));
    }
    if (read === undefined && listen === undefined && write === undefined && !isRegister) {
      throw new TypeError('can neither be read nor set: it needs "read", "listen", "write" or "compute"');
    }
    for (const key of ["needsConfirm", "initial"] as const) {
      if (write === undefined && own === undefined && field[key] !== undefined) {
        inPart(key, () => wrong('has a meaning only beside "write"'));
      }
    }
    for (const key of ["poll", "when"] as const) {
      if (read === undefined && !isRegister && field[key] !== undefined) {
        inPart(key, () => wrong('has a meaning only beside "read"'));
      }
    }
    if (read === undefined && write === undefined && select !== undefined) {
      inPart("select", () => wrong('has a meaning only beside "read" or "write"'));
    }
    const asked = when && inPart("when", () => this.#condition(when, title));
    const faster = typeof poll === "object" ? poll : undefined;
    const often = faster && inPart(["poll", "while"], () => this.#condition(faster.while, title));
    const interval = typeof poll === "number" ? poll : faster?.otherwise;
    if (listen !== undefined) inPart("listen", () => this.#listen(title, codec, listen));
    if (readback !== undefined) inPart("readback", () => this.#checkReadback(title, field));
    if (alarm !== undefined) inPart("alarm", () => checkLimits(alarm, field.type));
    const reading = this.#readings.get(title);
    if (reading !== undefined) {
      inPart(["read", "at"], () => checkAt(reading.at, codec));
      inPart("read", () => checkWithin(reading, codec, reading.shape ?? this.#options.port.format.shape));
      if (!isRegister) inPart("read", () => this.#conversation.checkBytesEnd(codec, reading.shape));
    }
    return {
      ...codec.spec,
      access: write === undefined && own === undefined ? "readout" : "setting",
      ...(needsConfirm === undefined ? {} : { needsConfirm }),
      ...(initial === undefined ? {} : { initial: inPart("initial", () => codec.own(initial)) as never }),
      ...(interval === undefined ? {} : { pollInterval: interval }),
      ...(often === undefined ? {} : { pollWhile: { interval: faster!.every, active: often.holds } }),
      ...(log === undefined ? {} : { log }),
      ...(keep === undefined ? {} : { keep }),
      ...(keyword === undefined ? {} : { keyword }),
      ...(readback === undefined ? {} : { readback: defined(readback) as ReadbackSpec }),
      ...(alarm === undefined ? {} : { alarm: defined(alarm) as AlarmLimits }),
      ...(listen === undefined ? {} : { listens: true }),
      ...(reading === undefined ? {} : {
        read: (signal: AbortSignal, pass: object) => {
          const whyNot = asked?.whyNot() ?? "";
          if (whyNot !== "") throw new NotAsked(whyNot);
          return this.#read(title, reading, codec, signal, pass) as never;
        },
      }),
      ...(write === undefined ? {} : { write: this.#writer(title, field, write, codec) }),
      ...(own === undefined ? {} : {
        write: (value: Value, signal: AbortSignal) => {
          const filling = codec.encode(value);
          this.#forget();
          return this.#contact.use("command", signal, (turn) => own(turn, filling, codec));
        },
      }),
    };
  }

  /** Has the fields that ask the same take one answer. */
  #share(): void {
    const { fields = {} } = this.#options.description;
    const sharers = new Map<string, { reading: Reading; codec: ValueCodec }[]>();
    for (const [name, reading] of this.#readings) {
      const key = keyOf(reading);
      const shared = sharers.get(key) ?? [];
      sharers.set(key, shared);
      this.#readings.set(name, { ...reading, sharers: shared });
      // What is wrong with a field is told with the field.
      try {
        const codec = new ValueCodec(valueOf(fields[name]!));
        checkAt(reading.at, codec);
        shared.push({ reading, codec });
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
  }

  #checkReadback(title: string, field: DescribedField): void {
    const fields = this.#options.description.fields ?? {};
    const declared = (title: string, spec: DescribedField) => ({
      title,
      access: spec.write === undefined && spec.writable !== true ? "readout" : "setting",
      spec: { type: spec.type, ...(spec.readback && { readback: defined(spec.readback) as ReadbackSpec }) },
    });
    const find = (name: string) => {
      const found = Object.entries(fields).find(([each]) => each === name || identifierOf(each) === identifierOf(name));
      return found && declared(...found);
    };
    const [word, why] = readbackFault(declared(title, field), find, Object.keys(fields)) ?? [];
    if (why !== undefined) inPart(word === undefined ? [] : [word], () => wrong(why));
  }

  async #read(title: string, reading: Reading, codec: ValueCodec, signal: AbortSignal, pass: object): Promise<Value> {
    const asked = this.#answer(reading, codec, signal, pass);
    const said = decode(valueIn(await asked, reading, codec), codec, reading.bad);
    const value = typeof said === "number" ? this.#corrected(title, said) : said;
    this.#options.port.trace.value(this.#options.title, title, value, this.#traced.get(asked));
    return value;
  }

  /** The answer to a question; fields that ask the same are answered by one. */
  #answer(reading: Reading, codec: ValueCodec, signal: AbortSignal, pass: object): Promise<string> {
    const text = this.#conversation.fill(reading.template);
    const ask = () =>
      this.#contact.use("poll", signal, (turn) => this.#conversation.ask(turn, text, reading, codec, true));
    if (!this.#asksTwice) return ask();
    let answers = this.#answers.get(pass);
    if (answers === undefined) this.#answers.set(pass, answers = new Map());
    const key = keyOf(reading);
    let answer = answers.get(key);
    if (answer === undefined) {
      const asked = ask();
      answers.set(key, answer = asked);
      // What comes later is another one's.
      asked.then(() => this.#traced.set(asked, this.#options.port.trace.lastReceived), () => {});
    }
    return answer;
  }

  /** Forgets the answers before a command, which the rest of a poll must not read. */
  #forget(): void {
    this.#answers = new WeakMap();
  }

  #writer(title: string, field: DescribedField, write: NonNullable<DescribedField["write"]>, codec: ValueCodec) {
    const conversation = this.#conversation;
    const own = identifierOf(title);
    const places = [...this.#speaking.places.keys()].filter((name) => name !== "value");
    const steps = inPart("write", () => new Steps(conversation, write, ["value", ...places]));
    if (!steps.names.includes("value") && !(steps.names.includes(own) && places.includes(own))) {
      inPart("write", () => wrong("sends the same whatever is set: it needs a place for it, {value}"));
    }
    const others = steps.names.filter((name) => name !== own && places.includes(name));
    const select = inPart("select", () => this.#selected(field.select));
    // What needs a confirm is written when all of it is confirmed.
    const staged = field.needsConfirm ?? false;
    const confirmed = staged && others.length > 0 ? this.#confirmed : undefined;
    return (value: Value, signal: AbortSignal): Promise<void> => {
      const said = codec.encode(value);
      const fillings = { value: said, [own]: said };
      const filled = others.length === 0 ? steps.fill(fillings) : undefined;
      this.#forget();
      return this.#contact.use("command", signal, async (turn) => {
        const all = filled ?? steps.fill({ ...await heldBy(this.#speaking, turn, others, staged), ...fillings });
        if (confirmed === undefined) return await conversation.say(turn, all, select);
        await confirmed.once(signal, [...select, all], () => conversation.say(turn, all, select));
      });
    };
  }

  #listen(title: string, codec: ValueCodec, listen: NonNullable<DescribedField["listen"]>): void {
    const { column, pattern: source, group, at } = listen;
    if (listen.pointer !== undefined) inPart("pointer", () => wrong('has a meaning only in "read" and "ask"'));
    if (column !== undefined && this.#options.port.address.kind !== "file") {
      inPart("column", () => wrong('has a meaning only where "port" is file://; give a pattern'));
    }
    if (column === undefined && source === undefined) throw new TypeError('needs "pattern", or "column" for a file');
    const pattern = source === undefined ? undefined : inPart("pattern", () => this.#conversation.pattern(source));
    inPart("group", () => checkGroup(pattern, group));
    inPart("at", () => checkAt(at, codec));
    const place = { pattern, group, at };
    const bad = new Map(Object.entries(listen.bad ?? {}));
    const understands = (cell: string) => codec.understands(valueIn(cell, place, codec) ?? "");
    this.#listening.push((line) => {
      const holder = this.#instrument!.field(title);
      try {
        const text = column === undefined ? line : this.#columns.cell(line, column, understands);
        const said = text === undefined ? undefined : valueIn(text, place, codec);
        if (said === undefined) return false;
        const value = decode(said, codec, bad);
        this.#options.port.trace.value(this.#options.title, title, value);
        holder.update(value);
      } catch (error) {
        holder.fail((error as Error).message);
      }
      return true;
    });
  }

  #heard(line: string): boolean {
    // All of them look: one line may hold several fields.
    const understood = this.#listening.map((listener) => listener(line)).includes(true);
    if (understood) {
      this.#contact.heard();
      this.#firstWord();
    }
    return understood;
  }

  /** What is under way is told to stop before anything else. */
  async #farewell(turn: Turn, farewell: ((turn: Turn) => Promise<void>) | undefined): Promise<void> {
    for (const command of this.#speaking.underWay) await command.end(turn);
    await farewell?.(turn);
  }

  /** Any answer shows that somebody is there, also one that is not understood. */
  async #firstAnswer(turn: Turn, reading: Reading, field: DescribedField): Promise<void> {
    const text = this.#conversation.fill(reading.template);
    try {
      await this.#conversation.ask(turn, text, reading, new ValueCodec(valueOf(field)), false);
    } catch (error) {
      if (!(error instanceof HeliographError) || error.code !== "command_failed") throw error;
    }
  }

  /** Waits until an instrument that talks without being asked has said something that is understood. */
  async #hear(seconds: number, signal: AbortSignal | undefined): Promise<void> {
    const heard = new AbortController();
    this.#firstWord = () => heard.abort();
    await delay(seconds, signal === undefined ? heard.signal : AbortSignal.any([signal, heard.signal])).then(
      () => {
        throw new HeliographError("not_connected", `nothing heard for ${seconds} s that is understood`);
      },
      () => signal?.throwIfAborted(),
    );
  }
}

function wrong(message: string): never {
  throw new TypeError(message);
}

/** What must be the same for two fields to take one answer. */
function keyOf({ template, pattern, shape, shared, among }: Reading): string {
  const { select, before, after } = among ?? {};
  const around = [...select ?? [], before, after].map((steps) => steps?.key ?? "");
  return [
    template.source,
    shared?.expected ?? pattern?.source ?? "",
    shape === undefined ? "" : JSON.stringify(shape),
    ...around,
  ].join(
    "\0",
  );
}

function isOfQuestion(read: NonNullable<DescribedField["read"]>): read is OfQuestion {
  return typeof read === "object" && "question" in read;
}

/**
 * Makes an instrument of a description.
 *
 * @param options Title, description, parameters and port.
 * @returns The instrument, to be put on a bench.
 * @throws {DescriptionError} With where the description is wrong, and what would be right.
 */
export function describedInstrument(options: DescribedInstrumentOptions): Instrument {
  return new Describer(options).make();
}

/** How a field's value is said: in registers and in JSON otherwise than in text, where nothing else is said. */
function valueOf(field: DescribedField): DescribedValue {
  if (field.register !== undefined) return registerValue(field);
  return saysTrue(field) ? { ...field, on: "true", off: "false" } : field;
}

/** Whether a switch is true or false for the instrument, where nothing else is said: in JSON it is. */
function saysTrue({ type, on, off, read, write }: DescribedField): boolean {
  if (type !== "switch" || on !== undefined || off !== undefined) return false;
  return (typeof read === "object" && "pointer" in read && read.pointer !== undefined) ||
    (typeof write === "object" && "body" in write && typeof write.body === "object");
}
