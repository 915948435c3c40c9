/**
 * Steps of one exchange: texts that are sent, questions, and waits, in one turn on the port, so that nobody comes in
 * between.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { quoted } from "../../bench/answer_errors.ts";
import type { Turn } from "../transports/port.ts";
import { inPart } from "./description_error.ts";
import type { DescribedAsk, DescribedField, DescribedStep } from "./schema.ts";
import type { Pattern } from "./pattern.ts";
import type { Filling } from "./template.ts";
import { ValueCodec } from "./value_codec.ts";
import type { FilledSteps, Reading, Sending, Wording } from "./wording.ts";

/** Reads what is described, and says it. */
export interface Speaker extends Wording {
  /** Asks a question. */
  askOnce(turn: Turn, text: string, reading: Reading, codec: ValueCodec): Promise<string>;
  /** Sends a command. */
  sendOnce(turn: Turn, text: string, sending: Sending, checked: boolean): Promise<void>;
}

/** One step. */
type Step =
  | { readonly kind: "send"; readonly sending: Sending }
  | { readonly kind: "ask"; readonly reading: Reading; readonly again: Again | undefined }
  | { readonly kind: "wait"; readonly seconds: number };

/** Until when a question is asked again. */
interface Again {
  readonly until: Pattern;
  /** How often, in seconds. */
  readonly every: number;
  /** How long at most, in seconds. */
  readonly within: number;
}

/** How often a question is asked again unless the description says otherwise, in seconds. */
const defaultEvery = 0.1;

/** How long a question is asked again unless the description says otherwise, in seconds. */
const defaultWithin = 10;

/** The time that a reading has, in seconds. */
const readSeconds = 30;

/** What each kind of step may be told besides. */
const shape = ["receiveEnd", "length", "block", "answerEnds", "lines", "quiet"] as const;
const wordsOf = {
  send: ["body", "answer", "answerIsOptional", "deaf", ...shape],
  ask: ["body", "pattern", "group", "at", "pointer", "bad", "timeout", "until", "every", "within", ...shape],
  wait: [],
} as const;

/** Any answer is one, where a step does not say what it looks like. */
const anyText = new ValueCodec({ type: "text" });

/** A step as it is described: a text is sent. */
type OneStep = string | DescribedStep;

/** One or several steps. */
type DescribedSteps = OneStep | readonly OneStep[] | undefined;

/** Steps as they are described. */
export class Steps {
  readonly #speaker: Speaker;
  readonly #steps: readonly Step[];

  /**
   * Takes steps.
   *
   * @param speaker Who says them.
   * @param described A text to send, one with words about it, or several steps.
   * @param names What their places may be called besides the parameters.
   * @throws {DescriptionError} Where they are wrong.
   */
  constructor(speaker: Speaker, described: DescribedSteps, names: readonly string[] = []) {
    this.#speaker = speaker;
    const steps = described === undefined ? [] : Array.isArray(described) ? described : [described];
    this.#steps = steps.map((step: OneStep, index: number) =>
      inPart(Array.isArray(described) ? index : [], () => this.#step(step, names))
    );
  }

  #step(step: OneStep, names: readonly string[]): Step {
    const speaker = this.#speaker;
    if (typeof step === "string") return { kind: "send", sending: speaker.sending(step, names) };
    const given: DescribedStep = step;
    const { send, ask, wait } = given;
    const kinds = (["send", "ask", "wait"] as const).filter((kind) => given[kind] !== undefined);
    const [kind] = kinds;
    if (kind === undefined || kinds.length > 1) {
      throw new TypeError(
        `a step is one thing: "send", "ask" or "wait"; this has ${kinds.join(" and ") || "none of them"}`,
      );
    }
    for (const [other, words] of Object.entries(wordsOf)) {
      for (const word of words) {
        const known: readonly string[] = wordsOf[kind];
        if (known.includes(word) || given[word] === undefined) continue;
        inPart(word, () => {
          throw new TypeError(`has a meaning only beside "${other}"`);
        });
      }
    }
    if (send !== undefined) return { kind: "send", sending: speaker.sending({ ...given, send }, names) };
    if (ask !== undefined) {
      return { kind: "ask", reading: speaker.reading({ ...given, ask }, names), again: this.#again(given) };
    }
    return { kind: "wait", seconds: wait! };
  }

  #again(step: DescribedStep): Again | undefined {
    const { until, every = defaultEvery, within = defaultWithin } = step;
    if (until !== undefined) return { until: inPart("until", () => this.#speaker.pattern(until)), every, within };
    for (const word of ["every", "within"] as const) {
      if (step[word] === undefined) continue;
      inPart(word, () => {
        throw new TypeError('has a meaning only beside "until"');
      });
    }
    return undefined;
  }

  /** Whether there is none. */
  get none(): boolean {
    return this.#steps.length === 0;
  }

  /** Whether one of them sends something, rather than only asks. */
  get sends(): boolean {
    return this.#steps.some(({ kind }) => kind === "send");
  }

  /** The longest time for which the instrument hears nothing after one of them, in seconds. */
  get longestDeafness(): number {
    return Math.max(0, ...this.#steps.map((step) => step.kind === "send" ? step.sending.deaf : 0));
  }

  /** How long they wait in all, in seconds, the answers not counted. */
  get pauses(): number {
    return this.#steps.reduce(
      (sum, step) => sum + (step.kind === "wait" ? step.seconds : step.kind === "send" ? step.sending.deaf : 0),
      0,
    );
  }

  /** How long they take at most, in seconds, each answer by itself not counted. */
  get longest(): number {
    return this.#steps.reduce((sum, step) => sum + (step.kind === "ask" ? step.again?.within ?? 0 : 0), this.pauses);
  }

  /** The names of their places. */
  get names(): string[] {
    return this.#steps.flatMap((step) =>
      step.kind === "send" ? step.sending.template.names : step.kind === "ask" ? step.reading.template.names : []
    );
  }

  /**
   * Fills their places.
   *
   * @param fillings What each is filled with. @default what the parameters are
   * @param checked Whether the instrument is asked whether it liked what is sent. @default true
   * @throws {HeliographError} `bad_argument` where a filling would end a command.
   */
  fill(fillings: Readonly<Record<string, Filling>> = {}, checked = true): FilledSteps {
    const speaker = this.#speaker;
    const filled = this.#steps.map((step) => ({
      step,
      text: step.kind === "wait"
        ? ""
        : speaker.fill(step.kind === "send" ? step.sending.template : step.reading.template, fillings),
    }));
    return {
      key: filled.map(({ text }) => text).join("\0"),
      async run(turn) {
        for (const { step, text } of filled) {
          if (step.kind === "wait") await turn.wait(step.seconds);
          else if (step.kind === "send") await speaker.sendOnce(turn, text, step.sending, checked);
          else await askUntil(speaker, turn, text, step.reading, step.again);
        }
      },
    };
  }
}

/** Asks a question once, or until it is answered as it should be; what is immediate ends that. */
async function askUntil(
  speaker: Speaker,
  turn: Turn,
  text: string,
  reading: Reading,
  again: Again | undefined,
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const answer = await speaker.askOnce(turn, text, reading, anyText);
    if (again === undefined || again.until.test(answer)) return;
    if (performance.now() - begun >= again.within * 1000) {
      const message = `${quoted(text)} is still answered ${quoted(answer)} after ${again.within} s`;
      throw new HeliographError("command_failed", message);
    }
    await turn.wait(again.every);
  }
}

/**
 * Reads a question, by itself or among other steps: the last answer is the value then.
 *
 * @param speaker Who asks.
 * @param ask As described.
 * @param select What is sent before where something else was selected before.
 * @throws {DescriptionError} Where it is wrong.
 */
export function readingOf(
  speaker: Speaker,
  ask: NonNullable<DescribedField["read"]>,
  select: readonly FilledSteps[],
): Reading {
  if (!Array.isArray(ask)) {
    const reading = speaker.reading(ask as DescribedAsk);
    return select.length === 0 ? reading : { ...reading, among: { select, before: undefined, after: undefined } };
  }
  const steps: readonly DescribedStep[] = ask;
  const at = steps.findLastIndex(({ ask }) => ask !== undefined);
  if (at < 0) throw new TypeError('asks nothing: one of its steps needs "ask", whose answer is the value');
  // The whole list first, so that a mistake is told at its place.
  const { pauses } = new Steps(speaker, steps);
  if (pauses >= readSeconds) throw new TypeError(`waits ${pauses} s in all, and a reading has ${readSeconds} s`);
  const { ask: text, ...words } = steps[at]!;
  if (words.until !== undefined) {
    inPart([at, "until"], () => {
      throw new TypeError("belongs to a question before the one that is the value, which is the last of them");
    });
  }
  const [before, after] = [steps.slice(0, at), steps.slice(at + 1)].map((some) =>
    some.length === 0 ? undefined : new Steps(speaker, some).fill()
  );
  return { ...speaker.reading({ ...words, ask: text! }), among: { select, before, after } };
}
