/**
 * Makes a simulator of a description: it remembers what is set, and answers what is asked in the form that is described.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { exampleAnswer } from "../described/example_answer.ts";
import { type Pattern, pattern } from "../described/pattern.ts";
import type { DescribedAsk, DescribedField, Description } from "../described/schema.ts";
import { ValueCodec, valueIn } from "../described/value_codec.ts";
import { lineCodec, type LineEncoding, withBytes } from "../transports/line_codec.ts";
import type { Value } from "../../bench/values.ts";
import type { DescriptionSimulator } from "./simulator.ts";

/** The words that a simulator knows; what has another one is not simulated. */
const knownAsk: ReadonlySet<string> = new Set(["ask", "pattern", "group", "bad", "timeout"]);
const knownSend: ReadonlySet<string> = new Set(["send", "answer", "answerIsOptional", "deaf"]);
const knownLine: ReadonlySet<string> = new Set(
  ["sendEnd", "receiveEnd", "encoding", "gap", "settle", "gateway", "timeout", "serial", "refused", "ignore"]
    .concat("retries", "deaf", "wake", "connection"),
);

/** How often it says by itself what it is listened to for, in seconds. */
const talkInterval = 1;

/** Which ways to write a number are tried first. */
const styles = ["plain", "signed", "exponent"] as const;
type Style = typeof styles[number];

/** A question that shows that all is well. */
type Check = NonNullable<Description["afterWrite"]>;

/** A command that it understands. */
interface Rule {
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
  readonly talk?: { readonly interval: number; readonly say: () => string };
  /** What of it is not simulated, by name and with the reason. */
  readonly missing: readonly string[];
  readonly #missing: string[] = [];
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #rules: Rule[] = [];
  readonly #values = new Map<string, { value: Value; readonly moves: ((seconds: number) => Value) | undefined }>();
  readonly #refusal: string | undefined;
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
    const { line = {}, fields = {}, commands = {}, handshake = [], afterWrite } = description;
    const strange = Object.keys(line).find((word) => !knownLine.has(word));
    if (strange !== undefined) throw new TypeError(`its line has "${strange}", which a simulator does not know`);
    this.encoding = line.encoding ?? "latin1";
    const { byte } = lineCodec(this.encoding);
    this.commandEnd = withBytes(line.sendEnd ?? "\n", byte);
    this.answerEnd = withBytes(line.receiveEnd ?? "\n", byte);
    if (this.commandEnd === "") throw new TypeError("its commands have no end");
    for (const [source] of Object.entries(line.refused ?? {})) this.#refusal ??= this.#example(source, new Map());
    this.#makeValues(fields);
    const checks = [handshake, afterWrite ?? []].flat();
    this.#questions(description, checks);
    for (const { ask, pattern } of checks) {
      this.#each(`the answer to ${ask}`, () => this.#answers(ask, () => this.#example(pattern, new Map())));
    }
    // Questions first: what sets a text could be anything.
    for (const [title, field] of Object.entries(fields)) {
      this.#each(`the field ${title}`, () => this.#settings(title, field));
    }
    for (const [name, each] of Object.entries(commands)) {
      this.#each(`the command ${name}`, () => this.#command(each));
    }
    const heard = Object.entries(fields).filter(([, { listen }]) => listen !== undefined);
    if (heard.length > 0) this.talk = { interval: talkInterval, say: this.#talker(heard) };
    this.missing = this.#missing;
  }

  step(seconds: number): void {
    this.#seconds += seconds;
    for (const each of this.#values.values()) {
      if (each.moves !== undefined) each.value = each.moves(this.#seconds);
    }
  }

  answer(command: string): string | undefined {
    for (const { command: known, run } of this.#rules) {
      const said = known.exec(command);
      const answer = said === null ? null : run(said.groups ?? {});
      if (answer !== null) return answer;
    }
    return this.#refusal;
  }

  /** Whether it understands a command. */
  knows(command: string): boolean {
    return this.#rules.some(({ command: known }) => known.test(command));
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
    if (Array.isArray(write)) throw new TypeError("its steps are not simulated");
    const answer = typeof write === "string" ? undefined : write.answer;
    const said = answer === undefined ? undefined : this.#example(answer, new Map());
    const holder = this.#values.get(title)!;
    const chosen = sentFor(codec);
    this.#rule(textOf(write, "send"), ({ value }) => {
      try {
        holder.value = chosen.get(value ?? "") ?? codec.decode(value ?? "");
      } catch (error) {
        if (error instanceof HeliographError) return null;
        throw error;
      }
      return said;
    });
  }

  /** What is asked for fields: one answer may hold several. */
  #questions({ fields = {}, questions: named }: Description, checks: readonly Check[]): void {
    const questions = new Map<string, Map<string, Part>>();
    for (const [title, field] of Object.entries(fields)) {
      const { read } = field;
      if (read === undefined) continue;
      this.#each(`the field ${title}`, () => {
        if (Array.isArray(read)) throw new TypeError("its steps are not simulated");
        if (field.bits !== undefined) throw new TypeError('"bits" are not simulated');
        const { ask, pattern, group } = asked(askOf(read as OneRead, named));
        const part = {
          pattern,
          group,
          codec: new ValueCodec(field),
          decimals: field.decimals,
          value: () => this.#values.get(title)!.value,
        };
        const parts = questions.get(ask) ?? new Map<string, Part>();
        questions.set(ask, parts.set(title, part));
      });
    }
    for (const [ask, parts] of questions) {
      const titles = [...parts.keys()];
      this.#each(`${titles.length === 1 ? "the field" : "the fields"} ${titles.join(", ")}`, () => {
        const all = [...parts.values()];
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

  /** An answer that holds all of its parts, by the pattern of one of them; `undefined` where none was found. */
  #answer(parts: readonly Part[], base: string | undefined, style: Style = "plain"): string | undefined {
    if (base === undefined) {
      const said = spellings(parts[0]!, style)[0];
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
      if (typeof text !== "string") throw new TypeError("its steps are not simulated");
      // What a setting's command says is understood as that; the others are taken as they are.
      this.#rule(text, () => undefined);
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
    const answer = this.#answer([part], pattern);
    if (answer === undefined) throw new TypeError("no answer was found that its pattern matches");
    this.#answers(textOf(ask, "ask"), () => answer);
  }

  /** Says what is listened for, one pattern after the other. */
  #talker(heard: readonly (readonly [string, DescribedField])[]): () => string {
    const lines = new Map<string, Part[]>();
    for (const [title, field] of heard) {
      const { pattern, group } = field.listen!;
      // A column of a file, and those are not simulated.
      if (pattern === undefined) continue;
      const part = {
        pattern,
        group,
        codec: new ValueCodec(field),
        decimals: field.decimals,
        value: () => this.#values.get(title)!.value,
      };
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
    this.#rules.push({ command: commandPattern(source, this.#parameters, lineCodec(this.encoding).byte), run });
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

/** @throws {TypeError} Where a question or a command has a word that is not simulated. */
function known(described: unknown, words: ReadonlySet<string>): void {
  if (typeof described === "string") return;
  const strange = Object.keys(described as object).find((word) => !words.has(word));
  if (strange !== undefined) throw new TypeError(`"${strange}" is not simulated`);
}

/** A question in its long form. @throws {TypeError} Where it is none with one text. */
function asked(
  described: DescribedAsk,
): { ask: string; pattern: string | undefined; group: string | number | undefined } {
  known(described, knownAsk);
  if (typeof described === "string") return { ask: described, pattern: undefined, group: undefined };
  return { ask: described.ask, pattern: described.pattern, group: described.group };
}

/** How a field is read, if not in steps. */
type OneRead = Exclude<NonNullable<DescribedField["read"]>, readonly unknown[]>;

/** A question in the place of a reading that only names it. @throws {TypeError} Where there is none of that name. */
function askOf(read: OneRead, questions: Description["questions"]): DescribedAsk {
  if (typeof read === "string" || !("question" in read)) return read;
  const { question, ...part } = read;
  if (questions?.[question] === undefined) throw new TypeError(`there is no question ${question}`);
  return { ...questions[question], ...part };
}

/** The choices by what the instrument is told for them, which it may answer otherwise. */
function sentFor(codec: ValueCodec): Map<string, Value> {
  const { type, choices = [] } = codec.spec;
  const sent = new Map<string, Value>();
  for (const value of type === "switch" ? [true, false] : choices) {
    try {
      const filling = codec.encode(value);
      if (typeof filling !== "object") continue;
      if ("own" in filling) sent.set(withBytes(filling.own, String.fromCharCode), value);
      if ("written" in filling) sent.set(filling.written, value);
    } catch (error) {
      // One that it only answers.
      if (!(error instanceof HeliographError)) throw error;
    }
  }
  return sent;
}

/** The text of a question or a command. */
function textOf(described: unknown, word: "ask" | "send"): string {
  const text = typeof described === "string" ? described : (described as Record<string, unknown>)[word];
  return typeof text === "string" ? text : "";
}

/** What a setting and the question for it have in common: `SOUR:VOLT` of `SOUR:VOLT?` and `SOUR:VOLT {value}`. */
function registerOf(text: string): string {
  return text.replace(/\{value.*$/, "").replace(/[^A-Za-z0-9}]+$/, "");
}

/** A template as an expression that finds what stands in its places. */
function commandPattern(
  source: string,
  parameters: Readonly<Record<string, string>>,
  byte: (value: number) => string,
): RegExp {
  const seen = new Set<string>();
  const literal = (text: string) => withBytes(text, byte).replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  const parts = source.split(/(\{\{|\}\}|\{[a-z]\w*(?::[^{}]*)?\})/i).map((part) => {
    if (part === "{{" || part === "}}") return `\\${part[0]}`;
    const name = /^\{([a-z]\w*)/i.exec(part)?.[1];
    if (name === undefined) return literal(part);
    const parameter = parameters[name];
    if (parameter !== undefined) return literal(parameter);
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>.+?)`;
  });
  return new RegExp(`^\\s*${parts.join("")}\\s*$`, "s");
}

/** A value within its limits that people take for one. */
function firstValue(field: Pick<DescribedField, "type" | "minimum" | "maximum" | "choices">): Value {
  const { type, minimum, maximum, choices } = field;
  if (type === "switch") return false;
  if (type === "text") return "simulated";
  if (type === "choice") return (Array.isArray(choices) ? choices : Object.keys(choices ?? {}))[0] ?? "";
  const low = minimum ?? Math.min(0, maximum ?? 0);
  const high = maximum ?? Math.max(low, 0) + 40;
  const middle = Number(((low + high) / 2).toPrecision(3));
  return type === "int" ? Math.round(middle) : middle;
}

/** The ways in which instruments write a value, those of the style first. */
function spellings({ codec, decimals, value }: Part, style: Style): string[] {
  const now = value();
  // What is allowed as a text to be sent may leave it out.
  if (typeof now === "string" && codec.spec.type === "text") return [now];
  const answered = codec.answered(now);
  if (answered !== undefined) return [answered];
  const filling = codec.encode(now);
  if (typeof filling === "string") return [filling];
  if (typeof filling === "object" && "own" in filling) return [withBytes(filling.own, String.fromCharCode)];
  const [number, point] = typeof filling === "number"
    ? [filling, "."]
    : [filling.number, "decimal" in filling ? filling.decimal : "."];
  const size = Math.abs(number);
  const digits = decimals ??
    (size >= 1000 || Number.isInteger(number) ? 0 : size >= 0.01 || number === 0 ? 3 : undefined);
  const exponents = [2, 3, 4, 5, 6, 8].flatMap((count) => {
    const text = number.toExponential(count).replace(/e([+-])(\d)$/, "e$10$2");
    return [text, text.toUpperCase()];
  });
  const plain = [
    ...(digits === undefined ? [] : [number.toFixed(digits)]),
    ...(digits === undefined ? exponents : []),
    ...[1, 2, 3, 4, 0, 5, 6].map((count) => number.toFixed(count)),
    ...exponents,
  ];
  const signed = number < 0 ? [] : plain.map((text) => `+${text}`);
  const padded = [...plain, ...signed].flatMap((text) =>
    [2, 3, 4, 5, 6, 7, 8, 9].map((width) =>
      text.replace(/^([+-]?)([\d.]+)/, (_, sign, rest) => sign + rest.padStart(width, "0"))
    )
  );
  const first = style === "signed" ? signed : style === "exponent" ? exponents : [];
  return [...new Set([...first, ...plain, ...signed, ...padded])].map((text) => text.replace(".", point));
}
