/**
 * The conversation with a described instrument: questions, commands, the greeting and the goodbye.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Routine } from "../transports/contact.ts";
import type { Port, Question, Turn } from "../transports/port.ts";
import { AnswerUnclear, Garbled, NoAnswer, NotUnderstood, quoted } from "../../bench/answer_errors.ts";
import type { Value } from "../../bench/values.ts";
import { inPart } from "./description_error.ts";
import type { Pattern } from "./pattern.ts";
import type { DescribedSteps, Description } from "./schema.ts";
import { Selection } from "./selection.ts";
import { Steps } from "./steps.ts";
import type { ValueCodec } from "./value_codec.ts";
import { valueIn } from "./value_place.ts";
import { Waking } from "./waking.ts";
import { wayIn } from "./way_in.ts";
import { type Check, type FilledSteps, type Reading, type Sending, Wording } from "./wording.ts";

/** The retries of a reading unless the description has another number. */
const defaultRetries = 1;

/** How long a command that has no answer may be refused, in seconds. */
const refusalSeconds = 0.1;

/** The most errors that are fetched after one command, so that none is left for the next. */
const mostErrors = 20;

/** How long an instrument takes to wake unless the description says otherwise, in seconds. */
const defaultWake = 0.1;

/** The conversation with one instrument, in the words of its description. */
export class Conversation extends Wording {
  readonly #description: Description;
  readonly #retries: number;
  readonly #selection: Selection;
  readonly #waking: Waking | undefined;
  /** What selects this instrument among those on the port. */
  readonly #outer: readonly FilledSteps[];
  #isThere: (turn: Turn) => Promise<void> = () => Promise.resolve();
  #greet: (turn: Turn) => Promise<void> = () => Promise.resolve();
  readonly #refusals: readonly (readonly [Pattern, string])[];
  readonly #refuses = (answer: string): boolean => this.#refusals.some(([pattern]) => pattern.test(answer));
  readonly #afterWrite: Check | undefined;
  readonly #prompted: boolean;

  /**
   * Takes a description.
   *
   * @param description What is said and answered.
   * @param parameters What fills its parameters.
   * @param port The line.
   * @throws {DescriptionError} Where the description is wrong.
   */
  constructor(description: Description, parameters: Readonly<Record<string, string>>, port: Port) {
    const way = wayIn(port.address, description.line?.unit);
    super(description, parameters, port.format, way);
    this.#description = description;
    this.#prompted = port.format.prompt !== undefined;
    this.#selection = Selection.of(port);
    const { wake } = description.line ?? {};
    if (wake !== undefined) {
      const template = inPart(["line", "wake", "send"], () => this.template(wake.send ?? ""));
      this.#waking = new Waking(port, {
        text: this.fill(template),
        wait: wake.wait ?? defaultWake,
        after: wake.after,
      });
    }
    this.#retries = description.line?.retries ?? defaultRetries;
    const refused = Object.entries({ ...description.line?.refused, ...way.refused });
    this.#refusals = refused.map(([source, words]) =>
      inPart(["line", "refused", source], () => [this.pattern(source), words] as const)
    );
    const { afterWrite } = description;
    this.#afterWrite = afterWrite && inPart("afterWrite", () => this.check(afterWrite));
    const { select } = description;
    this.#outer = select === undefined ? [] : [inPart("select", () => new Steps(this, select)).fill({}, false)];
  }

  /** The most that waking it delays what is immediate, in seconds. */
  get wakeSeconds(): number {
    return this.#description.line?.wake === undefined ? 0 : this.#description.line.wake.wait ?? defaultWake;
  }

  /** Forgets what is known of its state: it may have been switched off. */
  #forget(): void {
    this.#waking?.forget();
    this.#selection.forget();
  }

  /** Selects it, and something of it, unless that is selected already. */
  async #select(turn: Turn, within: readonly FilledSteps[] = []): Promise<void> {
    await this.#selection.select(turn, this.#outer.length === 0 ? within : [...this.#outer, ...within]);
  }

  /**
   * Takes steps, after what selects what they are about.
   *
   * @param turn The port, for as long as it takes.
   * @param steps What is sent and asked.
   * @param select What is sent before where something else was selected, the outermost first. @default nothing
   */
  async say(turn: Turn, steps: FilledSteps, select?: readonly FilledSteps[]): Promise<void> {
    await this.#select(turn, select);
    await steps.run(turn);
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
    const { select, before, after } = reading.among ?? {};
    for (let retries = mayRepeat ? this.#retries : 0;; retries--) {
      try {
        if (reading.among === undefined && this.#outer.length === 0) {
          return await this.askOnce(turn, text, reading, codec);
        }
        await this.#select(turn, select);
        await before?.run(turn);
        const answer = await this.askOnce(turn, text, reading, codec);
        await after?.run(turn);
        return answer;
      } catch (error) {
        const again = error instanceof NoAnswer || error instanceof Garbled ||
          (error instanceof AnswerUnclear && error.settled);
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

  /** Asks a question as it is, as one of several steps. */
  async askOnce(turn: Turn, text: string, reading: Reading, codec: ValueCodec): Promise<string> {
    const accepts = (answer: string) =>
      !this.#refuses(answer) && (reading.shared?.accepts(answer) ?? isUnderstood(answer, reading, codec));
    const question = new ReadQuestion(text, reading, codec, accepts, this.#refuses);
    if (this.#waking !== undefined) await this.#waking.wake(turn);
    try {
      return await turn.ask(question);
    } catch (error) {
      throw this.#refusalIn(text, error) ?? error;
    } finally {
      this.#waking?.spoken();
    }
  }

  /**
   * Sends a command as it is, takes its answer where it has one, and asks whether the instrument liked it.
   *
   * @param checked Whether it is asked: not of what only selects, since another one may be selected before.
   */
  async sendOnce(turn: Turn, text: string, sending: Sending, checked: boolean): Promise<void> {
    const { answer, optional, deaf, shape } = sending;
    await this.#waking?.wake(turn);
    // What went wrong before, at its front panel for example, is not blamed on this command. What is urgent is sent
    // first, and what somebody wants is sent although it is not known whether something went wrong before.
    if (checked && turn.urgency === "command") await this.#errors(turn).catch(unlessUnclear);
    if (answer !== undefined) {
      const accepts = (line: string) => answer.test(line) && !this.#refuses(line);
      const expected = `matched ${answer.source}`;
      const question = {
        text,
        shape,
        timeout: this.timeout,
        accepts,
        expected,
        optional,
        always: true,
        refuses: this.#refuses,
      };
      await turn.ask(question).catch((error: unknown) => {
        throw this.#refusalIn(text, error) ?? error;
      });
    } else if (this.#listensForRefusals && turn.urgency !== "immediate") {
      await this.#sendUnlessRefused(turn, text, deaf);
    } else {
      await turn.send(text, deaf, this.timeout).catch((error: unknown) => {
        throw this.#refusalIn(text, error) ?? error;
      });
    }
    this.#waking?.spoken();
    if (!checked) return;
    const [error] = await this.#errors(turn).catch((error: unknown) => {
      const { message, code } = error as HeliographError;
      throw new HeliographError(code, `sent ${quoted(text)}, and it is not known whether it was done: ${message}`, {
        cause: error,
      });
    });
    if (error !== undefined) throw new HeliographError("command_failed", `refused ${quoted(text)}: ${error}`);
  }

  /** Whether a command without an answer is waited after: not where its prompt or another question shows a refusal. */
  get #listensForRefusals(): boolean {
    return this.#refusals.length > 0 && this.#afterWrite === undefined && !this.#prompted;
  }

  /** Sends a command that has no answer, and waits whether it is refused. */
  async #sendUnlessRefused(turn: Turn, text: string, deaf: number): Promise<void> {
    const question = {
      text,
      deaf,
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
      const { template, pattern, shape } = check;
      const accepts = (answer: string) => pattern.test(answer);
      try {
        const expected = `matched ${pattern.source}`;
        await turn.ask({ text: this.fill(template), shape, timeout: this.timeout, accepts, expected });
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
      ? handshake.map((check, index) => inPart(["handshake", index], () => this.check(check)))
      : [inPart("handshake", () => this.check(handshake))];
    const commands = (key: "initialize" | "shutdown", steps: DescribedSteps) =>
      steps.map((step, index) => inPart([key, index], () => new Steps(this, step).fill()));
    const beginning = commands("initialize", initialize);
    const isThere = async (turn: Turn) => {
      if (checks.length > 0) await this.#select(turn);
      for (const { template, pattern, shape } of checks) {
        const expected = `matched ${pattern.source}; is it another instrument?`;
        const accepts = (answer: string) => pattern.test(answer);
        await this.#waking?.wake(turn);
        await turn.ask({ text: this.fill(template), shape, timeout: this.timeout, accepts, expected });
        this.#waking?.spoken();
      }
      if (checks.length === 0) await first?.(turn);
    };
    const greet = async (turn: Turn) => {
      this.#forget();
      await isThere(turn);
      for (const steps of beginning) await this.say(turn, steps);
      // What makes it ready may select something too.
      if (beginning.length > 0) this.#selection.forget();
    };
    this.#isThere = isThere;
    this.#greet = greet;
    if (shutdown === undefined) return { greet };
    const ending = commands("shutdown", shutdown);
    const farewell = async (turn: Turn) => {
      const failures: unknown[] = [];
      // One that is refused does not keep the others from being said.
      for (const steps of ending) await this.say(turn, steps).catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    };
    return { greet, farewell };
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
  const reason = codec.badReason(said, bad);
  if (reason !== undefined) throw new HeliographError("command_failed", `${quoted(said)} means ${reason}`);
  return codec.decode(said);
}

function unlessUnclear(error: unknown): string[] {
  if (error instanceof AnswerUnclear) return [];
  throw error;
}

/** A question for a value. Thousands are made a second: what only an error needs is made where it is needed. */
class ReadQuestion implements Question {
  readonly text: string;
  readonly shape: Question["shape"];
  readonly timeout: number;
  readonly accepts: (answer: string) => boolean;
  readonly refuses: (answer: string) => boolean;
  readonly #reading: Reading;
  readonly #codec: ValueCodec;

  constructor(
    text: string,
    reading: Reading,
    codec: ValueCodec,
    accepts: (answer: string) => boolean,
    refuses: (answer: string) => boolean,
  ) {
    this.text = text;
    this.shape = reading.shape;
    this.timeout = reading.timeout;
    this.accepts = accepts;
    this.refuses = refuses;
    this.#reading = reading;
    this.#codec = codec;
  }

  get expected(): string {
    const { shared, pattern } = this.#reading;
    if (shared !== undefined) return shared.expected;
    return pattern === undefined
      ? `${this.#codec.expected}; say what it means by "bad" or "refused", or where the value stands by "pattern"`
      : `matched ${pattern.source}`;
  }
}

/** Whether an answer holds a value, or says why there is none, for one of those who take something of it. */
function isUnderstood(answer: string, reading: Reading, codec: ValueCodec): boolean {
  if (holds(answer, reading, codec)) return true;
  // What is nothing for one of several is an answer all the same.
  return reading.sharers?.some((other) => holds(answer, other.reading, other.codec)) ?? false;
}

function holds(answer: string, reading: Reading, codec: ValueCodec): boolean {
  const said = valueIn(answer, reading, codec);
  return said !== undefined && (codec.understands(said) || codec.badReason(said, reading.bad) !== undefined);
}
