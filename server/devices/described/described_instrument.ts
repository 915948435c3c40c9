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
import { Conversation, decode, type Reading, type Sending } from "./conversation.ts";
import { inPart } from "./description_error.ts";
import { Questions } from "./questions.ts";
import type { DescribedCommand, DescribedField, Description } from "./schema.ts";
import type { Filling } from "./template.ts";
import { checkAt, checkGroup, type DescribedValue, ValueCodec, valueIn } from "./value_codec.ts";

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
    const questions = new Questions(description.questions, (question) => this.#conversation.reading(question));
    for (const [name, { read }] of Object.entries(fields)) {
      if (read === undefined) continue;
      const reading = inPart(
        ["fields", name, "read"],
        () =>
          typeof read === "object" && "question" in read ? questions.reading(read) : this.#conversation.reading(read),
      );
      this.#readings.set(name, reading);
    }
    this.#share();
    const asked = [...this.#readings.values()].map(({ template }) => this.#conversation.fill(template));
    this.#asksTwice = new Set(asked).size < asked.length;
    const [first] = this.#readings;
    const onlyTalks = first === undefined && Object.values(fields).some(({ listen }) => listen !== undefined);
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
    if (this.#listening.length > 0) port.listen((line) => this.#heard(line));
    return instrument;
  }

  /** Makes something of every entry of a table; a mistake is told with its place. */
  #each<T, R>(key: string, table: Readonly<Record<string, T>> | undefined, make: (entry: T, name: string) => R) {
    const made = Object.entries(table ?? {}).map((
      [name, entry],
    ) => [name, inPart([key, name], () => make(entry, name))]);
    return Object.fromEntries(made) as Record<string, R>;
  }

  #field(title: string, field: DescribedField): FieldSpec<ValueType> {
    const codec = this.#codec(field);
    const { read, listen, write, needsConfirm, initial, poll, log, keyword, readback } = field;
    if (keyword !== undefined) inPart("keyword", () => checkedKeyword(keyword));
    if (read === undefined && listen === undefined && write === undefined) {
      throw new TypeError('can neither be read nor set: it needs "read", "listen" or "write"');
    }
    for (const key of ["needsConfirm", "initial"] as const) {
      if (write === undefined && field[key] !== undefined) {
        inPart(key, () => wrong('has a meaning only beside "write"'));
      }
    }
    if (read === undefined && poll !== undefined) inPart("poll", () => wrong('has a meaning only beside "read"'));
    if (listen !== undefined) inPart("listen", () => this.#listen(title, codec, listen));
    if (readback !== undefined) inPart("readback", () => this.#checkReadback(title, field));
    const reading = this.#readings.get(title);
    if (reading !== undefined) {
      inPart(["read", "at"], () => checkAt(reading.at, codec));
    }
    return {
      ...codec.spec,
      access: write === undefined ? "readout" : "setting",
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
        const codec = new ValueCodec(fields[name]!);
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
      access: spec.write === undefined ? "readout" : "setting",
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
    const value = decode(valueIn(answer, reading, codec), codec, reading.bad);
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
    const key = keyOf(reading);
    let answer = answers.get(key);
    if (answer === undefined) answers.set(key, answer = ask());
    return answer;
  }

  /** How a value is said; bytes are only on a line whose characters are bytes. */
  #codec(value: DescribedValue): ValueCodec {
    const codec = new ValueCodec(value);
    if (codec.isRaw && this.#options.port.format.encoding === "utf8") {
      inPart("kind", () => wrong('is in bytes, and the line is in "encoding": "utf8"; leave that out'));
    }
    return codec;
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
    const pattern = inPart("pattern", () => this.#conversation.pattern(listen.pattern));
    inPart("group", () => checkGroup(pattern, listen.group));
    inPart("at", () => checkAt(listen.at, codec));
    const bad = new Map(Object.entries(listen.bad ?? {}));
    this.#listening.push((line) => {
      const said = valueIn(line, { ...listen, pattern }, codec);
      if (said === undefined) return false;
      const holder = this.#instrument!.field(title);
      try {
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
    const codecs = this.#each("arguments", each.arguments, (spec) => this.#codec(spec));
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
    const returns = inPart("returns", () => this.#codec(each.returns ?? { type: "text" }));
    inPart(["ask", "at"], () => checkAt(reading?.at, returns));
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
        return decode(valueIn(answer, reading, returns), returns, reading.bad);
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

/** What must be the same for two fields to take one answer. */
function keyOf({ template, pattern }: Reading): string {
  return `${template.source}\0${pattern?.source ?? ""}`;
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

/** A mistake in a keyword is one in the description. */
function checkedKeyword(keyword: string): void {
  try {
    checkKeyword(keyword);
  } catch (error) {
    wrong((error as Error).message);
  }
}
