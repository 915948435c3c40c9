/**
 * The conversation with a described instrument: questions, commands, the greeting and the goodbye.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Routine } from "../transports/contact.ts";
import { type LineCodec, lineCodec, withBytes } from "../transports/line_codec.ts";
import type { Port, Turn } from "../transports/port.ts";
import { AnswerUnclear, NoAnswer, NotUnderstood, quoted } from "../../bench/answer_errors.ts";
import { isNumber, type Value } from "../../bench/values.ts";
import { inPart } from "./description_error.ts";
import { JsonPointer } from "./json_pointer.ts";
import { whyItNeverMatches } from "./never_matches.ts";
import { type Pattern, pattern } from "./pattern.ts";
import type { DescribedAsk, DescribedSend, Description } from "./schema.ts";
import type { Filling, Template } from "./template.ts";
import { checkGroup, type ValueCodec, valueIn } from "./value_codec.ts";
import { type WayIn, wayIn } from "./way_in.ts";

/** The timeout of an answer unless the description has another, in seconds. */
const defaultTimeout = 1;

/** The retries of a reading unless the description has another number. */
const defaultRetries = 1;

/** How long a command that has no answer may be refused, in seconds. */
const refusalSeconds = 0.1;

/** The most errors that are fetched after one command, so that none is left for the next. */
const mostErrors = 20;

/** A question with how to understand its answer. */
export interface Reading {
  /** What is asked. */
  readonly template: Template;
  /** How long the answer may take, in seconds. */
  readonly timeout: number;
  /** What the answer looks like; `undefined` where all of it is the value. */
  readonly pattern: Pattern | undefined;
  /** Which group of the pattern is the value. */
  readonly group: string | number | undefined;
  /** Values that mean that there is none, with the reason. */
  readonly bad: ReadonlyMap<string, string>;
  /** Where its answer is the same for several fields: whether an answer is one, and what it should have done. */
  readonly shared?: { readonly accepts: (answer: string) => boolean; readonly expected: string };
  /** The value in an answer as the instrument says it; by default what the pattern finds. */
  readonly value?: (answer: string) => string | undefined;
}

/** The value in an answer as the instrument says it; `undefined` where it is none to the question. */
export function saidIn(answer: string, { value, pattern, group }: Reading): string | undefined {
  return value === undefined ? valueIn(answer, pattern, group) : value(answer);
}

/** A command that is sent. */
export interface Sending {
  /** What is sent. */
  readonly template: Template;
  /** What it answers; `undefined` where it does not. */
  readonly answer: Pattern | undefined;
  /** Whether it may also say nothing. */
  readonly optional: boolean;
}

/** The conversation with one instrument. */
export class Conversation {
  readonly #description: Description;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #port: Port;
  readonly #codec: LineCodec;
  /** What is always the same: parameters do not change. */
  readonly #filled = new Map<Template, string>();
  readonly #timeout: number;
  readonly #retries: number;
  readonly #way: WayIn;
  #doneAs: Pattern | undefined;
  #isThere: (turn: Turn) => Promise<void> = () => Promise.resolve();
  #greet: (turn: Turn) => Promise<void> = () => Promise.resolve();
  readonly #refusals: readonly (readonly [Pattern, string])[];
  readonly #refuses = (answer: string): boolean => this.#refusals.some(([pattern]) => pattern.test(answer));
  readonly #afterWrite: { readonly template: Template; readonly pattern: Pattern } | undefined;

  /**
   * Takes a description.
   *
   * @param description What is said and answered.
   * @param parameters What fills its parameters.
   * @param port The line.
   * @throws {DescriptionError} Where the description is wrong.
   */
  constructor(description: Description, parameters: Readonly<Record<string, string>>, port: Port) {
    this.#description = description;
    this.#parameters = parameters;
    this.#port = port;
    this.#codec = lineCodec(port.format.encoding);
    this.#timeout = description.line?.timeout ?? defaultTimeout;
    this.#retries = description.line?.retries ?? defaultRetries;
    this.#way = wayIn(port.address, description.line?.unit);
    const refused = Object.entries({ ...description.line?.refused, ...this.#way.refused });
    this.#refusals = refused.map(([source, words]) =>
      inPart(["line", "refused", source], () => [this.pattern(source), words] as const)
    );
    const { afterWrite } = description;
    this.#afterWrite = afterWrite && inPart("afterWrite", () => this.#check(afterWrite));
  }

  /**
   * Reads a template.
   *
   * @param source The text of a command.
   * @param names What its places may be called besides the parameters.
   * @param body What is sent with it, to a web API.
   * @throws {TypeError} With what is wrong with it.
   */
  template(source: string, names: readonly string[] = [], body?: unknown): Template {
    const end = [this.#port.format.sendEnd, "\r", "\n"].find((each) => each !== "" && source.includes(each));
    if (end !== undefined) {
      throw new TypeError(`${quoted(source)} holds the end of a command, ${quoted(end)}, which is sent by itself`);
    }
    const { byte, encode } = this.#codec;
    const bytes = withBytes(source, (value) => byte(value).replace(/[{}]/, "$&$&"));
    try {
      encode(bytes);
    } catch (error) {
      throw new TypeError((error as Error).message.replace(/^Cannot send /, ""));
    }
    if (!/[{}]/.test(source)) this.#way.request(source);
    return this.#way.template(bytes, [...Object.keys(this.#parameters), ...names], body);
  }

  /** The lines that are no answers. @throws {DescriptionError} Where one is no pattern. */
  ignored(): Pattern[] {
    const { ignore = [] } = this.#description.line ?? {};
    return ignore.map((source, index) => inPart(["line", "ignore", index], () => this.pattern(source)));
  }

  /** Fills a template. @throws {HeliographError} `bad_argument` where a filling would end the command. */
  fill(template: Template, fillings?: Readonly<Record<string, Filling>>): string {
    if (fillings !== undefined) return this.#fill(template, fillings);
    let text = this.#filled.get(template);
    if (text === undefined) this.#filled.set(template, text = this.#fill(template, {}));
    return text;
  }

  #fill(template: Template, fillings: Readonly<Record<string, Filling>>): string {
    const text = this.request(
      template.fill({ ...this.#parameters, ...fillings }, this.#port.format.sendEnd, this.#codec.byte),
    );
    // What no encoding is without needs no look.
    // deno-lint-ignore no-control-regex -- ASCII
    if (/[^\x00-\x7f]/.test(text)) this.#codec.encode(text);
    return text;
  }

  /** A request as it is sent on this way in. @throws {HeliographError} `bad_argument` where it is none. */
  request(text: string): string {
    try {
      return this.#way.request(text);
    } catch (error) {
      throw new HeliographError("bad_argument", `Cannot send ${quoted(text)}: it ${(error as Error).message}`);
    }
  }

  /** How long an answer may take where nothing else is said, in seconds. */
  get timeout(): number {
    return this.#timeout;
  }

  /** A pattern of the description; a parameter in it stands for itself. @throws {TypeError} Where it is none. */
  pattern(source: string): Pattern {
    const filled = source.replace(/\{([a-z]\w*)\}/gi, (place, name) => {
      const value = this.#parameters[name];
      return value === undefined ? place : value.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    });
    const read = pattern(filled);
    const reason = whyItNeverMatches(filled, this.#port.format.receiveEnd);
    if (reason !== undefined) throw new TypeError(reason);
    return read;
  }

  get #plainReading(): Omit<Reading, "template"> {
    return { timeout: this.#timeout, pattern: undefined, group: undefined, bad: new Map(), value: this.#way.said };
  }

  /**
   * Reads a question.
   *
   * @param ask As described.
   * @param names What its places may be called besides the parameters.
   * @throws {DescriptionError} Where it is wrong.
   */
  reading(ask: DescribedAsk, names: readonly string[] = []): Reading {
    if (typeof ask === "string") return { ...this.#plainReading, template: this.template(ask, names) };
    const { pattern, group, bad = {}, timeout = this.#timeout } = ask;
    const expected = pattern === undefined ? undefined : inPart("pattern", () => this.pattern(pattern));
    inPart("group", () => checkGroup(expected, group));
    const template = inPart("ask", () => this.template(ask.ask, names, ask.body));
    const pointer = ask.pointer === undefined ? undefined : inPart("pointer", () => new JsonPointer(ask.pointer!));
    const reading = { template, timeout, pattern: expected, group, bad: new Map(Object.entries(bad)) };
    const said = (answer: string) => {
      const text = this.#way.said(answer);
      return text === undefined ? undefined : valueIn(text, expected, group);
    };
    return pointer === undefined
      ? { ...reading, value: said }
      : { ...reading, ...this.#pointed(pointer, expected, group) };
  }

  /** Finds the value in JSON, which holds those of other fields too. */
  #pointed(
    pointer: JsonPointer,
    pattern: Pattern | undefined,
    group: string | number | undefined,
  ): Pick<Reading, "shared" | "value"> {
    return {
      shared: {
        accepts: (answer) => isJson(this.#way.said(answer)),
        expected: "been JSON",
      },
      value: (answer) => {
        const text = pointer.textIn(this.#way.said(answer) ?? "");
        if (text === undefined) {
          throw new HeliographError("command_failed", `the answer has nothing at ${pointer.source}: ${quoted(answer)}`);
        }
        return valueIn(text, pattern, group);
      },
    };
  }

  /**
   * Reads a command.
   *
   * @param send As described.
   * @param names What its places may be called besides the parameters.
   * @throws {DescriptionError} Where it is wrong.
   */
  sending(send: DescribedSend, names: readonly string[] = []): Sending {
    if (typeof send === "string") return { template: this.template(send, names), answer: undefined, optional: false };
    const { answer, answerIsOptional: optional = false } = send;
    if (optional && answer === undefined) {
      inPart("answerIsOptional", () => {
        throw new TypeError('has a meaning only beside "answer"');
      });
    }
    return {
      template: inPart("send", () => this.template(send.send, names, send.body)),
      answer: answer === undefined ? undefined : inPart("answer", () => this.pattern(answer)),
      optional,
    };
  }

  /**
   * Asks a question.
   *
   * @param turn The port, for as long as it takes.
   * @param text The question, filled.
   * @param reading How to understand the answer.
   * @param codec What the value may be.
   * @param mayRepeat Whether it may be asked again when nothing answers: not where asking does something.
   * @returns An answer that holds a value, or one that means that there is none.
   */
  async ask(turn: Turn, text: string, reading: Reading, codec: ValueCodec, mayRepeat: boolean): Promise<string> {
    const accepts = (answer: string) => {
      if (this.#refuses(answer)) return false;
      if (reading.shared !== undefined) return reading.shared.accepts(answer);
      const said = saidIn(answer, reading);
      return said !== undefined &&
        (codec.understands(said) || badReason(said, reading.bad) !== undefined);
    };
    const question = {
      text,
      timeout: reading.timeout,
      accepts,
      refuses: this.#refuses,
      // Made where it is needed: thousands of readings a second are understood.
      get expected() {
        return reading.pattern === undefined
          ? `${codec.expected}; say what it means by "bad" or "refused", or where the value stands by "pattern"`
          : `matched ${reading.pattern.source}`;
      },
    };
    for (let retries = mayRepeat ? this.#retries : 0;; retries--) {
      try {
        return await turn.ask(question);
      } catch (error) {
        const refusal = this.#refusalIn(text, error);
        if (refusal !== undefined) throw refusal;
        const again = error instanceof NoAnswer || (error instanceof AnswerUnclear && error.settled);
        if (!again) throw error;
        if (retries === 0) {
          // One that is there has no answer to this question only.
          if (mayRepeat && error instanceof NoAnswer) await this.#isThere(turn);
          throw error;
        }
        // It may have been switched off and on: what it says counts once it is made ready again.
        if (error instanceof NoAnswer) await this.#greet(turn);
      }
    }
  }

  get #done(): Pattern | undefined {
    return this.#way.done === undefined ? undefined : this.#doneAs ??= pattern(this.#way.done);
  }

  /** Sends a command, takes its answer where it has one, and asks whether the instrument liked it. */
  async send(turn: Turn, text: string, answer = this.#done, optional = false): Promise<void> {
    // What went wrong before, at its front panel for example, is not blamed on this command. What is urgent is sent
    // first, and what somebody wants is sent although it is not known whether something went wrong before.
    if (turn.urgency === "command") await this.#errors(turn).catch(unlessUnclear);
    if (answer !== undefined) {
      const accepts = (line: string) => answer.test(line) && !this.#refuses(line);
      const expected = `matched ${answer.source}`;
      const question = {
        text,
        timeout: this.#timeout,
        accepts,
        expected,
        optional,
        always: true,
        refuses: this.#refuses,
      };
      await turn.ask(question).catch((error: unknown) => {
        throw this.#refusalIn(text, error) ?? error;
      });
    } else if (this.#refusals.length > 0 && this.#afterWrite === undefined && turn.urgency !== "immediate") {
      await this.#sendUnlessRefused(turn, text);
    } else await turn.send(text);
    const [error] = await this.#errors(turn).catch((error: unknown) => {
      const { message, code } = error as HeliographError;
      throw new HeliographError(code, `sent ${quoted(text)}, and it is not known whether it was done: ${message}`, {
        cause: error,
      });
    });
    if (error !== undefined) throw new HeliographError("command_failed", `refused ${quoted(text)}: ${error}`);
  }

  /** Sends a command that has no answer, and waits whether it is refused. */
  async #sendUnlessRefused(turn: Turn, text: string): Promise<void> {
    const question = {
      text,
      timeout: refusalSeconds,
      accepts: this.#refuses,
      expected: "",
      optional: true,
      always: true,
    };
    const said = await turn.ask({ ...question, onlyRefused: true }).catch((error: unknown) => {
      // What else it says is no answer to this.
      if (error instanceof NotUnderstood) return "";
      throw error;
    });
    if (said !== "") throw this.#refusal(text, said);
  }

  #refusal(text: string, said: string): HeliographError {
    const words = this.#refusals.find(([pattern]) => pattern.test(said))?.[1];
    return new HeliographError("command_failed", `refused ${quoted(text)}: ${words} (it answered ${quoted(said)})`);
  }

  /** The error for an answer that was not understood because it is a refusal; `undefined` for any other error. */
  #refusalIn(text: string, error: unknown): HeliographError | undefined {
    const said = error instanceof NotUnderstood ? error.said.find((line) => this.#refuses(line)) : undefined;
    return said === undefined ? undefined : this.#refusal(text, said);
  }

  /** Fetches the errors that the instrument keeps, so that none of them is left. */
  async #errors(turn: Turn): Promise<string[]> {
    const errors: string[] = [];
    const check = this.#afterWrite;
    while (check !== undefined && errors.length < mostErrors) {
      const { template, pattern } = check;
      const accepts = (answer: string) => pattern.test(answer);
      try {
        const expected = `matched ${pattern.source}`;
        await turn.ask({ text: this.fill(template), timeout: this.#timeout, accepts, expected });
        break;
      } catch (error) {
        // An error that an instrument tells also by itself comes before its answer.
        if (!(error instanceof NotUnderstood)) throw error;
        errors.push(...error.said);
      }
    }
    return errors;
  }

  /**
   * Makes the routine at the beginning and the end of contact.
   *
   * @param first What is asked or waited for where there is no handshake.
   * @throws {DescriptionError} Where the description is wrong.
   */
  routine(first: ((turn: Turn) => Promise<unknown>) | undefined): Pick<Routine, "greet" | "farewell"> {
    const { handshake = [], initialize = [], shutdown } = this.#description;
    const checks = Array.isArray(handshake)
      ? handshake.map((check, index) => inPart(["handshake", index], () => this.#check(check)))
      : [inPart("handshake", () => this.#check(handshake))];
    const commands = (key: "initialize" | "shutdown", texts: readonly string[]) =>
      texts.map((text, index) => inPart([key, index], () => this.template(text)));
    const beginning = commands("initialize", initialize);
    const isThere = async (turn: Turn) => {
      for (const { template, pattern } of checks) {
        const expected = `matched ${pattern.source}; is it another instrument?`;
        const accepts = (answer: string) => pattern.test(answer);
        await turn.ask({ text: this.fill(template), timeout: this.#timeout, accepts, expected });
      }
      if (checks.length === 0) await first?.(turn);
    };
    const greet = async (turn: Turn) => {
      await isThere(turn);
      for (const template of beginning) await this.send(turn, this.fill(template));
    };
    this.#isThere = isThere;
    this.#greet = greet;
    if (shutdown === undefined) return { greet };
    const ending = commands("shutdown", shutdown);
    const farewell = async (turn: Turn) => {
      const failures: unknown[] = [];
      // One that is refused does not keep the others from being said.
      for (const template of ending) await this.send(turn, this.fill(template)).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    };
    return { greet, farewell };
  }

  #check({ ask, pattern }: { ask: string; pattern: string }): { template: Template; pattern: Pattern } {
    return {
      template: inPart("ask", () => this.template(ask)),
      pattern: inPart("pattern", () => this.pattern(pattern)),
    };
  }
}

/**
 * The value that an answer means.
 *
 * @param said What the instrument says for it.
 * @param codec What the value may be.
 * @param bad Values that mean that there is none, with the reason.
 * @throws {HeliographError} Where it is none.
 */
export function decode(said: string | undefined, codec: ValueCodec, bad: ReadonlyMap<string, string>): Value {
  if (said === undefined) throw new HeliographError("command_failed", "the answer is without the value");
  const reason = badReason(said, bad);
  if (reason !== undefined) throw new HeliographError("command_failed", `${quoted(said)} means ${reason}`);
  return codec.decode(said);
}

function isJson(text: string | undefined): boolean {
  try {
    return text !== undefined && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function unlessUnclear(error: unknown): string[] {
  if (error instanceof AnswerUnclear) return [];
  throw error;
}

function badReason(said: string, bad: ReadonlyMap<string, string>): string | undefined {
  if (bad.size === 0) return undefined;
  const text = said.trim();
  for (const [value, reason] of bad) {
    if (value === text || (isNumber(value) && isNumber(text) && Number(value) === Number(text))) return reason;
  }
  return undefined;
}
