/**
 * Makes an instrument from a description: no code, only the texts that are sent and answered.
 *
 * @module
 */

import { type Command, command, type CommandContext } from "../../bench/command.ts";
import { defineInstrument } from "../../bench/define_instrument.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { readbackFault } from "../../bench/declaration.ts";
import type { FieldSpec, ReadbackSpec } from "../../bench/field.ts";
import type { Instrument } from "../../bench/instrument.ts";
import { identifierOf } from "../../bench/names.ts";
import { checkKeyword } from "../../bench/header_card.ts";
import { PortContact } from "../transports/contact.ts";
import type { Port, Turn } from "../transports/port.ts";
import { delay } from "../transports/delay.ts";
import type { Value, ValueType } from "../../bench/values.ts";
import { Conversation, decode, type Reading, saidIn, type Sending } from "./conversation.ts";
import { inPart } from "./description_error.ts";
import { FileColumns } from "./file_columns.ts";
import { RegisterFields } from "./register_fields.ts";
import { registerPlace } from "./register_words.ts";
import type { DescribedCommand, DescribedField, Description } from "./schema.ts";
import type { Filling } from "./template.ts";
import { checkGroup, ValueCodec, valueIn } from "./value_codec.ts";

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
  readonly #readings = new Map<string, Reading>();
  readonly #registers: RegisterFields;
  readonly #columns: FileColumns;
  /** The answers to what several fields ask in the same poll. */
  #answers = new WeakMap<object, Map<string, Promise<string>>>();
  readonly #listening: ((line: string) => boolean)[] = [];
  #instrument: Instrument | undefined;
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
    this.#columns = new FileColumns(description.line?.separator);
    this.#registers = this.#registerFields(fields);
    for (const [name, { read, register, bad }] of Object.entries(fields)) {
      if (register !== undefined) this.#readings.set(name, this.#registers.reading(name, bad));
      else if (read !== undefined) {
        this.#readings.set(name, inPart(["fields", name, "read"], () => this.#conversation.reading(read)));
      }
    }
    const asked = [...this.#readings.values()].map(({ template }) => this.#conversation.fill(template));
    this.#asksTwice = new Set(asked).size < asked.length;
    const [first] = this.#readings;
    // A file says when it has gone, and may have nothing new for days.
    const onlyTalks = port.address.kind !== "file" && first === undefined &&
      Object.values(fields).some(({ listen }) => listen !== undefined);
    const firstWord = onlyTalks ? (turn: Turn) => this.#hear(errorAfter, turn.signal) : undefined;
    this.#contact = new PortContact(port, {
      title,
      ...this.#conversation.routine(
        first === undefined ? firstWord : (turn) => this.#firstAnswer(turn, first[1], fields[first[0]]!),
      ),
      ...(onlyTalks ? { silentAfter: errorAfter } : {}),
      ...(reconnect.first === undefined ? {} : { shortestWait: reconnect.first }),
      ...(reconnect.longest === undefined ? {} : { longestWait: reconnect.longest }),
    });
  }

  make(): Instrument {
    const { title, description, commands, port } = this.#options;
    const { summary, pollInterval, staleAfter, errorAfter } = description;
    const instrument: Instrument = defineInstrument({
      title,
      fields: this.#each("fields", description.fields, (field, name) => this.#field(name, field)),
      commands: {
        ...this.#each("commands", description.commands, (each) => this.#command(each)),
        ...commands?.(() => instrument, (corrected) => void (this.#corrected = corrected)),
      },
      contact: this.#contact,
      ...(summary === undefined ? {} : { summary }),
      ...(pollInterval === undefined ? {} : { pollInterval }),
      ...(staleAfter === undefined ? {} : { staleAfter }),
      ...(errorAfter === undefined ? {} : { errorAfter }),
    });
    this.#instrument = instrument;
    const ignored = this.#conversation.ignored();
    if (ignored.length > 0) port.listen((line) => ignored.some((pattern) => pattern.test(line)));
    // Lines of a file that hold nothing for a field are no answers to anybody.
    if (port.address.kind === "file") {
      port.listen((line) => (this.#columns.takeHeading(line) || this.#heard(line), true));
    } else if (this.#listening.length > 0) port.listen((line) => this.#heard(line));
    return instrument;
  }

  /** Makes something of every entry of a table; a mistake is told with its place. */
  #each<T, R>(key: string, table: Readonly<Record<string, T>> | undefined, make: (entry: T, name: string) => R) {
    const made = Object.entries(table ?? {}).map((
      [name, entry],
    ) => [name, inPart([key, name], () => make(entry, name))]);
    return Object.fromEntries(made) as Record<string, R>;
  }

  /** Where the fields are that are registers of a Modbus device. */
  #registerFields(fields: NonNullable<Description["fields"]>): RegisterFields {
    const { description, port } = this.#options;
    const isModbus = port.address.kind.startsWith("modbus+");
    const placed = Object.entries(fields).flatMap(([title, field]) =>
      inPart(["fields", title], () => {
        const place = registerPlace(field);
        if (place === undefined) return [];
        if (!isModbus) inPart("register", () => wrong('has a meaning only where "port" is modbus+tcp:// or the like'));
        const beside = (["read", "listen", "write"] as const).find((word) => field[word] !== undefined);
        if (beside !== undefined) inPart(beside, () => wrong('has no meaning beside "register"; is "writable" meant?'));
        return [{ title, place, poll: field.poll }];
      })
    );
    return new RegisterFields(this.#conversation, placed, description.line?.mostRegisters);
  }

  #field(title: string, field: DescribedField): FieldSpec<ValueType> {
    const codec = new ValueCodec(saysTrue(field) ? { ...field, on: "true", off: "false" } : field);
    const { read, listen, write, needsConfirm, initial, poll, log, keyword, readback } = field;
    if (keyword !== undefined) inPart("keyword", () => checkedKeyword(keyword));
    const own = field.register === undefined ? undefined : this.#registers.writer(title);
    if (field.register === undefined && field.bad !== undefined) {
      inPart("bad", () => wrong('stands in "read" or "listen", or beside "register"'));
    }
    if (read === undefined && listen === undefined && write === undefined && field.register === undefined) {
      throw new TypeError('can neither be read nor set: it needs "read", "listen" or "write"');
    }
    for (const key of ["needsConfirm", "initial"] as const) {
      if (write === undefined && own === undefined && field[key] !== undefined) {
        inPart(key, () => wrong('has a meaning only beside "write"'));
      }
    }
    if (read === undefined && field.register === undefined && poll !== undefined) {
      inPart("poll", () => wrong('has a meaning only beside "read"'));
    }
    if (listen !== undefined) inPart("listen", () => this.#listen(title, codec, listen));
    if (readback !== undefined) inPart("readback", () => this.#checkReadback(title, field));
    const reading = this.#readings.get(title);
    return {
      ...codec.spec,
      access: write === undefined && own === undefined ? "readout" : "setting",
      ...(needsConfirm === undefined ? {} : { needsConfirm }),
      ...(initial === undefined ? {} : { initial: inPart("initial", () => codec.own(initial)) as never }),
      ...(poll === undefined ? {} : { pollInterval: poll }),
      ...(log === undefined ? {} : { log }),
      ...(keyword === undefined ? {} : { keyword }),
      ...(readback === undefined ? {} : { readback: defined(readback) as ReadbackSpec }),
      ...(listen === undefined ? {} : { listens: true }),
      ...(reading === undefined ? {} : {
        read: (signal: AbortSignal, pass: object) => this.#read(title, reading, codec, signal, pass) as never,
      }),
      ...(write === undefined ? {} : { write: inPart("write", () => this.#writer(write, codec)) }),
      ...(own === undefined ? {} : {
        write: (value: Value, signal: AbortSignal) => {
          const filling = codec.encode(value);
          this.#forget();
          return this.#contact.use("command", signal, (turn) => own(turn, filling, codec));
        },
      }),
    };
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
    const answer = await this.#answer(reading, codec, signal, pass);
    const value = decode(saidIn(answer, reading), codec, reading.bad);
    return typeof value === "number" ? this.#corrected(title, value) : value;
  }

  /** The answer to a question; fields that ask the same are answered by one. */
  #answer(reading: Reading, codec: ValueCodec, signal: AbortSignal, pass: object): Promise<string> {
    const text = this.#conversation.fill(reading.template);
    const ask = () =>
      this.#contact.use("poll", signal, (turn) => this.#conversation.ask(turn, text, reading, codec, true));
    if (!this.#asksTwice) return ask();
    let answers = this.#answers.get(pass);
    if (answers === undefined) this.#answers.set(pass, answers = new Map());
    const key = reading.shared !== undefined ? text : `${text}\0${reading.pattern?.source ?? codec.expected}`;
    let answer = answers.get(key);
    if (answer === undefined) answers.set(key, answer = ask());
    return answer;
  }

  /** Forgets the answers before a command, which the rest of a poll must not read. */
  #forget(): void {
    this.#answers = new WeakMap();
  }

  #writer(write: NonNullable<DescribedField["write"]>, codec: ValueCodec) {
    const { template, answer, optional }: Sending = this.#conversation.sending(write, ["value"]);
    if (!template.names.includes("value")) {
      throw new TypeError("sends the same whatever is set: it needs a place for it, {value}");
    }
    return (value: Value, signal: AbortSignal): Promise<void> => {
      const text = this.#conversation.fill(template, { value: codec.encode(value) });
      this.#forget();
      return this.#contact.use("command", signal, (turn) => this.#conversation.send(turn, text, answer, optional));
    };
  }

  #listen(title: string, codec: ValueCodec, listen: NonNullable<DescribedField["listen"]>): void {
    const { column, pattern: source, group } = listen;
    if (listen.pointer !== undefined) inPart("pointer", () => wrong('has a meaning only in "read" and "ask"'));
    if (column !== undefined && this.#options.port.address.kind !== "file") {
      inPart("column", () => wrong('has a meaning only where "port" is file://; give a pattern'));
    }
    if (column === undefined && source === undefined) throw new TypeError('needs "pattern", or "column" for a file');
    const pattern = source === undefined ? undefined : inPart("pattern", () => this.#conversation.pattern(source));
    inPart("group", () => checkGroup(pattern, group));
    const bad = new Map(Object.entries(listen.bad ?? {}));
    const understands = (cell: string) => codec.understands(valueIn(cell, pattern, group) ?? "");
    this.#listening.push((line) => {
      const holder = this.#instrument!.field(title);
      try {
        const text = column === undefined ? line : this.#columns.cell(line, column, understands);
        const said = text === undefined ? undefined : valueIn(text, pattern, group);
        if (said === undefined) return false;
        holder.update(decode(said, codec, bad));
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

  /** Any answer shows that somebody is there, also one that is not understood. */
  async #firstAnswer(turn: Turn, reading: Reading, field: DescribedField): Promise<void> {
    const text = this.#conversation.fill(reading.template);
    try {
      await this.#conversation.ask(turn, text, reading, new ValueCodec(field), false);
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

  #command(each: DescribedCommand): Command {
    const { summary, role, immediate = false, deadline, send, ask } = each;
    const codecs = this.#each("arguments", each.arguments, (spec) => new ValueCodec(spec));
    const names = Object.keys(codecs);
    if (send === undefined && ask === undefined) throw new TypeError('does nothing: it needs "send" or "ask"');
    if (ask === undefined && each.returns !== undefined) {
      inPart("returns", () => wrong('has a meaning only beside "ask"'));
    }
    if (send !== undefined && role === "observer") {
      inPart("role", () => wrong("lets those send who may only read: leave it out, or only ask"));
    }
    const texts = [send ?? []].flat();
    const sends = inPart("send", () => texts.map((text) => this.#conversation.template(text, names)));
    const reading = ask === undefined ? undefined : inPart("ask", () => this.#conversation.reading(ask, names));
    const used = [...sends, ...(reading === undefined ? [] : [reading.template])].flatMap((template) => template.names);
    const unused = names.find((name) => !used.includes(name));
    if (unused !== undefined) {
      inPart(["arguments", unused], () => wrong(`is used nowhere: write {${unused}} where it belongs`));
    }
    const returns = inPart("returns", () => new ValueCodec(each.returns ?? { type: "text" }));
    const run = async (args: Readonly<Record<string, Value>>, { signal }: CommandContext): Promise<unknown> => {
      const fillings: Record<string, Filling> = {};
      for (const [name, codec] of Object.entries(codecs)) fillings[name] = codec.encode(args[name]!);
      const commands = sends.map((template) => this.#conversation.fill(template, fillings));
      this.#forget();
      const question = reading === undefined ? "" : this.#conversation.fill(reading.template, fillings);
      return await this.#contact.use(immediate ? "immediate" : "command", signal, async (turn) => {
        for (const text of commands) await this.#conversation.send(turn, text);
        if (reading === undefined) return undefined;
        const answer = await this.#conversation.ask(turn, question, reading, returns, false);
        return decode(saidIn(answer, reading), returns, reading.bad);
      });
    };
    return command({
      summary,
      arguments: this.#each("arguments", each.arguments, ({ default: fallback }, name) => ({
        ...codecs[name]!.spec,
        ...(fallback === undefined ? {} : { default: inPart("default", () => codecs[name]!.own(fallback)) }),
      })) as never,
      immediate,
      ...(role === undefined ? {} : { role }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(returns.spec.type === "float" ? { returns: "float" as const } : {}),
      run,
    });
  }
}

/** Leaves out what is undefined, as options with exact types want it. */
function defined<T extends object>(table: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as never;
}

function wrong(message: string): never {
  throw new TypeError(message);
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

/** Whether a switch is true or false for the instrument, where nothing else is said: in JSON it is. */
function saysTrue({ type, on, off, read, write }: DescribedField): boolean {
  if (type !== "switch" || on !== undefined || off !== undefined) return false;
  return (typeof read === "object" && read.pointer !== undefined) ||
    (typeof write === "object" && typeof write.body === "object");
}

/** A mistake in a keyword is one in the description. */
function checkedKeyword(keyword: string): void {
  try {
    checkKeyword(keyword);
  } catch (error) {
    wrong((error as Error).message);
  }
}
