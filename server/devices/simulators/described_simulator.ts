/**
 * Makes a simulator of a description: it remembers what is set, and answers what is asked in the form that is described.
 *
 * @module
 */

import { defined } from "../../../protocol/defined.ts";
import { HeliographError } from "../../../protocol/errors.ts";
import { exampleAnswer } from "../described/example_answer.ts";
import { type Pattern, pattern } from "../described/pattern.ts";
import type { DescribedField, Description } from "../described/schema.ts";
import { ValueCodec } from "../described/value_codec.ts";
import { valueIn } from "../described/value_place.ts";
import { lineCodec, type LineEncoding, withBytes } from "../transports/line_codec.ts";
import { identifierOf } from "../../bench/names.ts";
import type { Value } from "../../bench/values.ts";
import { DescribedRegisters } from "./described_registers.ts";
import { DescribedWire, type SimulatedShape } from "./described_wire.ts";
import {
  asked,
  askOf,
  commandPattern,
  known,
  knownLine,
  knownSend,
  type OneRead,
  registerOf,
  textOf,
} from "./described_words.ts";
import { firstValue, sentFor, spellings, type Style, styles } from "./example_value.ts";
import { flattened, following } from "./flattened.ts";
import type { DescriptionSimulator } from "./simulator.ts";

/** The words of a line that stand around answers, or end them otherwise than by one end. */
const aroundWords = [
  "prompt",
  "echo",
  "sendStart",
  "receiveStart",
  "checkSum",
  "length",
  "answerEnds",
  "lines",
  "quiet",
] as const;

/** How often it says by itself what it is listened to for, in seconds. */
const talkInterval = 1;

/** A question that shows that all is well. */
type Check = NonNullable<Description["afterWrite"]>;

/** A command that it understands. */
interface Rule {
  /** The command as it is described. */
  readonly source: string;
  /** The command, with a group for each of its places. */
  readonly command: RegExp;
  /** Does what it says. @param said What stands in its places. @returns The answer; `null` where it says something else. */
  readonly run: (said: Readonly<Record<string, string>>) => string | undefined | null;
}

/** What stands in an answer. */
interface Part {
  readonly pattern: string | undefined;
  readonly group: string | number | undefined;
  readonly codec: ValueCodec;
  readonly decimals: number | undefined;
  /** The value now. */
  readonly value: () => Value;
}

/** A simulator of a description. */
export class DescribedSimulator implements DescriptionSimulator {
  readonly commandEnd: string;
  readonly answerEnd: string;
  readonly encoding: LineEncoding;
  readonly registers?: DescribedRegisters;
  readonly talk?: { readonly interval: number; readonly say: () => string };
  /** What of it is not simulated, by name and with the reason. */
  readonly missing: readonly string[];
  readonly #missing: string[] = [];
  readonly #fields: Readonly<Record<string, DescribedField>>;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #rules: Rule[] = [];
  readonly #values = new Map<string, { value: Value; readonly moves: ((seconds: number) => Value) | undefined }>();
  readonly #refusal: string | undefined;
  readonly #wire: DescribedWire | undefined;
  readonly #shapes: ReadonlyMap<string, SimulatedShape>;
  /** The command before. */
  #before = "";
  #seconds = 0;

  /**
   * Makes one.
   *
   * @param description What is said and answered.
   * @param parameters What fills the places of its commands.
   * @throws {TypeError} Where it cannot be simulated at all, with the reason.
   */
  constructor(description: Description, parameters: Readonly<Record<string, string>>) {
    this.#parameters = parameters;
    const flat = flattened(description);
    const { line = {}, fields = {}, commands = {}, handshake = [], afterWrite } = flat.description;
    this.#shapes = flat.shapes;
    const strange = Object.keys(line).find((word) => !knownLine.has(word));
    if (strange !== undefined) throw new TypeError(`its line has "${strange}", which a simulator does not know`);
    this.encoding = line.encoding ?? "latin1";
    const { byte } = lineCodec(this.encoding);
    const plain = flat.shapes.size === 0 && !aroundWords.some((word) => line[word] !== undefined);
    if (!plain) this.#wire = new DescribedWire(line, parameters);
    this.commandEnd = withBytes(line.sendEnd ?? "\n", byte);
    // Each answer has its own end then.
    this.answerEnd = plain ? withBytes(line.receiveEnd ?? "\n", byte) : "";
    if (this.commandEnd === "") throw new TypeError("its commands have no end");
    for (const [source] of Object.entries(line.refused ?? {})) this.#refusal ??= this.#example(source, new Map());
    this.#fields = fields;
    this.#makeValues(fields);
    const checks = [handshake, afterWrite ?? []].flat();
    const inRegisters = Object.entries(fields).filter(([, { register }]) => register !== undefined);
    if (inRegisters.length > 0) this.registers = this.#inRegisters(inRegisters, line.unit ?? 1);
    this.#questions(flat.description, checks);
    for (const { ask, pattern } of checks) {
      this.#each(`the answer to ${ask}`, () => {
        const said = this.#example(pattern, new Map());
        if (this.registers === undefined) return this.#answers(ask, () => said);
        if (!this.registers.addAsked(ask, said)) throw new TypeError(`"${ask}" is not simulated`);
      });
    }
    // Questions first: what sets a text could be anything.
    for (const [title, field] of Object.entries(fields)) {
      this.#each(`the field ${title}`, () => this.#settings(title, field));
    }
    for (const [name, each] of Object.entries(commands)) {
      this.#each(`the command ${name}`, () => this.#command(each));
    }
    for (const [command, answer] of flat.accepted) {
      this.#each(`the command ${command}`, () => {
        const said = answer === undefined ? undefined : this.#example(answer, new Map());
        if (said !== undefined) this.#wire?.check(said, this.#shapes.get(command) ?? {});
        this.#rule(command, () => said);
      });
    }
    const heard = Object.entries(fields).filter(([, { listen }]) => listen !== undefined);
    if (heard.length > 0) this.talk = { interval: talkInterval, say: this.#talker(heard) };
    this.missing = this.#missing;
  }

  #inRegisters(fields: readonly (readonly [string, DescribedField])[], unit: number): DescribedRegisters {
    const registers = new DescribedRegisters(unit);
    for (const [title, field] of fields) {
      this.#each(`the field ${title}`, () => registers.add(field, () => this.#values.get(title)!.value));
    }
    return registers;
  }

  step(seconds: number): void {
    this.#seconds += seconds;
    for (const each of this.#values.values()) {
      if (each.moves !== undefined) each.value = each.moves(this.#seconds);
    }
  }

  answer(come: string): string | undefined {
    const command = this.#wire === undefined ? come : this.#wire.command(come);
    if (command === undefined) return undefined;
    const [answer, shape] = this.#say(this.#before + following + command) ?? this.#say(command) ?? [this.#refusal];
    this.#before = command;
    return this.#wire === undefined ? answer : this.#wire.sent(come, answer, shape);
  }

  /** What it answers to what it understands, and how that ends; `undefined` for everything else. */
  #say(command: string): [answer: string | undefined, shape?: SimulatedShape] | undefined {
    for (const { source, command: known, run } of this.#rules) {
      const said = known.exec(command);
      const answer = said === null ? null : run(said.groups ?? {});
      if (answer !== null) return [answer, this.#shapes.get(source) ?? {}];
    }
    return undefined;
  }

  /** Whether it understands a command. */
  knows(come: string): boolean {
    const command = this.#wire === undefined ? come : this.#wire.command(come);
    return command !== undefined && this.#rules.some(({ command: known }) => known.test(command));
  }

  /** Makes a part of it; what cannot be is told by its name. */
  #each(name: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#missing.push(`${name}: ${error.message}`);
    }
  }

  /** The values of its fields; a field that only reads what another one sets has that one's. */
  #makeValues(fields: Readonly<Record<string, DescribedField>>): void {
    const registers = new Map<string, string>();
    for (const [title, { write }] of Object.entries(fields)) {
      const register = write === undefined ? "" : registerOf(textOf(write, "send"));
      if (register !== "") registers.set(register, title);
    }
    const entries = Object.entries(fields);
    for (const [at, [title, field]] of entries.entries()) {
      const { initial, read, write, minimum, maximum } = field;
      const other = write === undefined && read !== undefined
        ? registers.get(registerOf(textOf(read, "ask")))
        : undefined;
      if (other !== undefined && fields[other]!.type === field.type) continue;
      const first = firstValue(field);
      if (initial !== undefined) this.#values.set(title, { value: initial, moves: undefined });
      else if (write !== undefined || typeof first !== "number") {
        this.#values.set(title, { value: first, moves: undefined });
      } else {
        const reach = Math.min((maximum ?? Infinity) - first, first - (minimum ?? -Infinity), 1 + Math.abs(first) / 50);
        const whole = field.type === "int";
        this.#values.set(title, {
          value: first,
          moves: (seconds) => {
            const value = first + reach * Math.sin(seconds / 20 + at);
            return whole ? Math.round(value) : value;
          },
        });
      }
    }
    for (const [title, { write, read }] of entries) {
      if (this.#values.has(title) || read === undefined || write !== undefined) continue;
      this.#values.set(title, this.#values.get(registers.get(registerOf(textOf(read, "ask")))!)!);
    }
  }

  /** What sets a field. */
  #settings(title: string, { write, ...field }: DescribedField): void {
    if (write === undefined) return;
    known(write, knownSend);
    const codec = new ValueCodec(field);
    const answer = typeof write === "string" || Array.isArray(write) ? undefined : write.answer;
    const said = answer === undefined ? undefined : this.#example(answer, new Map());
    const holder = this.#values.get(title)!;
    const chosen = sentFor(codec);
    this.#rule(textOf(write, "send"), ({ value, ...others }) => {
      try {
        if (value !== undefined) holder.value = chosen.get(value) ?? codec.decode(value);
        this.#together(others);
      } catch (error) {
        if (error instanceof HeliographError) return null;
        throw error;
      }
      return said;
    });
  }

  /** Sets the fields that are written together with another one. */
  #together(said: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(said)) {
      const [title, field] = Object.entries(this.#fields).find(([title]) => identifierOf(title) === name) ?? [];
      if (field !== undefined) this.#values.get(title!)!.value = new ValueCodec(field).decode(text);
    }
  }

  /** The part of an answer that is a field's value. */
  #part(title: string, field: DescribedField, pattern: Part["pattern"], group: Part["group"]): Part {
    const value = () => this.#values.get(title)!.value;
    return { pattern, group, codec: new ValueCodec(field), decimals: field.decimals, value };
  }

  /** What is asked for fields: one answer may hold several. */
  #questions({ fields = {}, questions: named }: Description, checks: readonly Check[]): void {
    const questions = new Map<string, Map<string, Part>>();
    for (const [title, field] of Object.entries(fields)) {
      const { read } = field;
      if (read === undefined) continue;
      this.#each(`the field ${title}`, () => {
        const { ask, pattern, group } = asked(askOf(read as OneRead, named));
        const part = this.#part(title, field, pattern, group);
        const parts = questions.get(ask) ?? new Map<string, Part>();
        questions.set(ask, parts.set(title, part));
      });
    }
    for (const [ask, parts] of questions) {
      const titles = [...parts.keys()];
      this.#each(`${titles.length === 1 ? "the field" : "the fields"} ${titles.join(", ")}`, () => {
        const all = this.#words([...parts].map(([title, part]) => ({ part, field: fields[title]! })));
        const also = checks.filter((check) => check.ask === ask).map(({ pattern }) => this.#pattern(pattern));
        const bases = [...new Set(all.map(({ pattern }) => pattern))];
        const find = () => {
          for (const style of styles) {
            for (const base of bases) {
              const answer = this.#answer(all, base, style);
              if (answer !== undefined && also.every((pattern) => pattern.test(answer))) return answer;
            }
          }
          return undefined;
        };
        if (find() === undefined) {
          throw new TypeError("no answer was found that its pattern matches and that holds a value");
        }
        this.#answers(ask, () => find() ?? "");
      });
    }
  }

  /** The parts of an answer, where those that are bits of one word are that word. */
  #words(parts: readonly { readonly part: Part; readonly field: DescribedField }[]): Part[] {
    const words = new Map<string, { part: Part; field: DescribedField; bits: Part[] }>();
    const others: Part[] = [];
    for (const { part, field } of parts) {
      if (field.bits === undefined) {
        others.push(part);
        continue;
      }
      const key = JSON.stringify([part.pattern, part.group]);
      const word = words.get(key) ?? { part, field, bits: [] };
      word.bits.push(part);
      words.set(key, word);
    }
    const whole = [...words.values()].map(({ part, field: { base, kind, order }, bits }): Part => ({
      pattern: part.pattern,
      group: part.group,
      codec: new ValueCodec({ type: "int", ...defined({ base, kind, order }) }),
      decimals: 0,
      value: () => Number(bits.reduce((word, each) => word | (each.codec.wordOf(each.value()) ?? 0n), 0n)),
    }));
    return [...whole, ...others];
  }

  /** An answer that holds all of its parts, by the pattern of one of them; `undefined` where none was found. */
  #answer(parts: readonly Part[], base: string | undefined, style: Style = "plain"): string | undefined {
    if (base === undefined) {
      const said = spellings(parts[0]!, style).next().value ?? undefined;
      return parts.every((part) => said !== undefined && this.#understood(part, said)) ? said : undefined;
    }
    const texts = new Map<string | number, string>();
    let answer = "";
    for (const part of parts.filter((each) => each.pattern === base)) {
      const group = part.group ?? (this.#pattern(base).groupCount === 0 ? undefined : 1);
      if (group === undefined) {
        answer = spellings(part, style).find((text) => this.#understood(part, text)) ?? "";
        continue;
      }
      const spelt = spellings(part, style).find((text) =>
        this.#understood(part, exampleAnswer(this.#filled(base), new Map([...texts, [group, text]])), text)
      );
      if (spelt !== undefined) texts.set(group, spelt);
    }
    if (answer === "") answer = exampleAnswer(this.#filled(base), texts);
    return parts.every((part) => this.#understood(part, answer)) ? answer : undefined;
  }

  /** Whether a part is in an answer, and is the text that is meant. */
  #understood({ pattern, group, codec }: Part, answer: string, text?: string): boolean {
    const said = valueIn(answer, { pattern: pattern === undefined ? undefined : this.#pattern(pattern), group }, codec);
    return said !== undefined && (text === undefined || said === text) && codec.understands(said);
  }

  #command({ send, ask, returns }: NonNullable<Description["commands"]>[string]): void {
    for (const text of [send ?? []].flat()) {
      const request = textOf(text, "send");
      if (this.registers !== undefined) {
        if (!this.registers.addWritten(request)) throw new TypeError(`"${request}" is not simulated`);
        continue;
      }
      // What a setting's command says is understood as that; the others are taken as they are.
      this.#rule(textOf(text, "send"), () => undefined);
    }
    if (ask === undefined) return;
    const { pattern, group } = asked(ask);
    const value = firstValue(returns ?? { type: "text" });
    const part: Part = {
      pattern,
      group,
      codec: new ValueCodec(returns ?? { type: "text" }),
      decimals: returns?.decimals,
      value: () => value,
    };
    const isBlock = this.#shapes.get(textOf(ask, "ask"))?.block === true;
    const answer = isBlock && pattern !== undefined ? this.#blockExample(pattern) : this.#answer([part], pattern);
    if (answer === undefined) throw new TypeError("no answer was found that its pattern matches");
    this.#answers(textOf(ask, "ask"), () => answer);
  }

  /** A block that a pattern matches: how many bytes it has stands behind its begin. */
  #blockExample(source: string): string {
    const digits = Number(/^\^?#([1-9])/.exec(source)?.[1] ?? 1);
    const { length } = exampleAnswer(this.#filled(source), new Map([[1, "0".repeat(digits)]]));
    const size = String(Math.max(0, length - 2 - digits)).padStart(digits, "0");
    const block = this.#example(source, new Map([[1, size]]));
    this.#wire?.check(block, { block: true });
    return block;
  }

  /** Says what is listened for, one pattern after the other. */
  #talker(heard: readonly (readonly [string, DescribedField])[]): () => string {
    const lines = new Map<string, Part[]>();
    for (const [title, field] of heard) {
      const { pattern, group } = field.listen!;
      // A column of a file, and those are not simulated.
      if (pattern === undefined) continue;
      const part = this.#part(title, field, pattern, group);
      lines.set(pattern, [...lines.get(pattern) ?? [], part]);
    }
    const patterns = [...lines.keys()];
    for (const each of patterns) {
      this.#each(`the line ${each}`, () => {
        if (this.#answer(lines.get(each)!, each) === undefined) {
          throw new TypeError("no line was found that it matches");
        }
      });
    }
    let at = 0;
    return () => {
      const next = patterns[at++ % patterns.length]!;
      return this.#answer(lines.get(next)!, next) ?? "";
    };
  }

  /** Adds a question without places that are not filled; the first of the same text is the one that counts. */
  #answers(ask: string, answer: () => string): void {
    this.#rule(ask, answer);
  }

  #rule(source: string, run: Rule["run"]): void {
    this.#rules.push({ source, command: commandPattern(source, this.#parameters, lineCodec(this.encoding).byte), run });
  }

  /** A text that a pattern matches. @throws {TypeError} Where none was found. */
  #example(source: string, texts: ReadonlyMap<string | number, string>): string {
    const text = exampleAnswer(this.#filled(source), texts);
    if (!this.#pattern(source).test(text)) throw new TypeError(`no text was found that ${source} matches`);
    return text;
  }

  #pattern(source: string): Pattern {
    return pattern(this.#filled(source));
  }

  #filled(source: string): string {
    return source.replace(/\{([a-z]\w*)\}/gi, (place, name) => {
      const value = this.#parameters[name];
      return value === undefined ? place : value.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    });
  }
}
