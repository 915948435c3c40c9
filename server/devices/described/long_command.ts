/**
 * Commands that take long: the instrument is asked again and again until it is done, and told to stop where that is not
 * waited for.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { Interrupted, quoted } from "../../bench/answer_errors.ts";
import { delay } from "../transports/delay.ts";
import { inPart } from "./description_error.ts";
import type { DescribedCommand, DescribedSelect } from "./schema.ts";
import type { Speaking, UnderWay } from "./speaking.ts";
import { Steps } from "./steps.ts";
import type { Filling, Template } from "./template.ts";
import { ValueCodec } from "./value_codec.ts";
import type { Pattern } from "./pattern.ts";
import type { FilledSteps, Reading } from "./wording.ts";

/** How often it is asked unless the description says otherwise, in seconds. */
const defaultEvery = 0.2;

/** How long it may take unless the description says otherwise, in seconds. */
const defaultWithin = 60;

/** The most that telling it to stop may take, in seconds. */
const stopSeconds = 5;

/** Any answer tells how far it is. */
const anyText = new ValueCodec({ type: "text" });

/** How the end of a command is found out. */
export class LongCommand {
  readonly #speaking: Speaking;
  readonly #template: Template;
  readonly #reading: Reading;
  readonly #done: Pattern;
  readonly #every: number;
  /** How long it may take until it is done, in seconds. */
  readonly within: number;
  readonly #stop: Steps;

  /**
   * Takes the words about it.
   *
   * @param speaking The instrument.
   * @param doneWhen What is asked, and what it answers once it is done.
   * @param stop What is sent where it ends before.
   * @param names The command's arguments.
   * @throws {DescriptionError} Where they are wrong.
   */
  constructor(
    speaking: Speaking,
    doneWhen: NonNullable<DescribedCommand["doneWhen"]>,
    stop: DescribedSelect | undefined,
    names: readonly string[],
  ) {
    const { conversation } = speaking;
    this.#speaking = speaking;
    this.#reading = inPart("doneWhen", () => conversation.reading({ ask: doneWhen.ask }, names));
    this.#template = this.#reading.template;
    this.#done = inPart(["doneWhen", "pattern"], () => conversation.pattern(doneWhen.pattern));
    this.#every = doneWhen.every ?? defaultEvery;
    this.within = doneWhen.within ?? defaultWithin;
    this.#stop = inPart("stop", () => new Steps(conversation, stop, names));
  }

  /** The names of the places in its texts. */
  get names(): string[] {
    return [...this.#template.names, ...this.#stop.names];
  }

  /**
   * Does it, and waits until it is done.
   *
   * @param begin Sends what begins it.
   * @param select What is sent before its question and its stop where something else was selected.
   * @param fillings What fills its places.
   * @param signal Its deadline.
   * @throws {HeliographError} Where it does not end in time, or something immediate was sent meanwhile.
   */
  async run(
    begin: () => Promise<void>,
    select: readonly FilledSteps[],
    fillings: Readonly<Record<string, Filling>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { conversation, contact, underWay, instrument } = this.#speaking;
    const text = conversation.fill(this.#template, fillings);
    const stop = this.#stop.fill(fillings, false);
    const { queue } = instrument();
    const over = new AbortController();
    const expire = () => over.abort(signal.reason);
    signal.addEventListener("abort", expire, { once: true });
    let stopped = this.#stop.none;
    const end = (by: string) =>
      over.abort(new HeliographError("command_failed", `interrupted by ${by} before ${quoted(text)} said done`));
    const self: UnderWay = {
      interrupt(key) {
        stopped ||= key === stop.key;
        end("an immediate command");
      },
      async end(turn) {
        end("the end of the server");
        if (stopped) return;
        stopped = true;
        await conversation.say(turn, stop, select);
      },
    };
    underWay.add(self);
    try {
      await this.#begin(begin, over.signal, () => stopped = true);
      await this.#untilDone(text, select, over.signal, (answer) => {
        queue.progress = `${quoted(text)} is answered ${quoted(answer)}`;
      });
    } catch (error) {
      underWay.delete(self);
      if (!stopped) {
        stopped = true;
        // What is immediate goes first.
        await delay(0);
        // Over the question under way, and whether or not it is answered.
        const limit = AbortSignal.timeout(stopSeconds * 1000);
        await contact.use("immediate", limit, (turn) => conversation.say(turn, stop, select)).catch((failure) => {
          const { message } = failure as Error;
          throw new HeliographError(
            "command_failed",
            `${(error as Error).message}; and it was not told to stop: ${message}`,
          );
        });
      }
      throw over.signal.aborted ? over.signal.reason : error;
    } finally {
      underWay.delete(self);
      signal.removeEventListener("abort", expire);
      queue.progress = "";
    }
  }

  /** @param refused Called where it has not begun. */
  async #begin(begin: () => Promise<void>, over: AbortSignal, refused: () => void): Promise<void> {
    try {
      await begin();
    } catch (error) {
      const { code, cause } = error as HeliographError;
      if (code === "command_failed" && !(cause instanceof Interrupted) && !over.aborted) refused();
      throw error;
    }
    over.throwIfAborted();
  }

  async #untilDone(
    text: string,
    select: readonly FilledSteps[],
    over: AbortSignal,
    told: (answer: string) => void,
  ): Promise<void> {
    const { conversation, contact, instrument } = this.#speaking;
    const reading = { ...this.#reading, among: { select, before: undefined, after: undefined } };
    for (const until = performance.now() + this.within * 1000;;) {
      await delay(this.#every, over);
      // Its fields are read on meanwhile: they show how far it is.
      for (const step of instrument().readings(false)) {
        await step;
        over.throwIfAborted();
      }
      let answer = "";
      try {
        // What ends it takes the turn away from this question, rather than waits for its end.
        answer = await contact.use(
          "command",
          undefined,
          (turn) => conversation.ask(turn, text, reading, anyText, true),
        );
      } catch (error) {
        // An immediate question only comes in between.
        if (!((error as HeliographError).cause instanceof Interrupted)) throw error;
      }
      if (this.#done.test(answer)) return;
      over.throwIfAborted();
      if (answer !== "") told(answer);
      if (performance.now() < until) continue;
      throw new HeliographError(
        "deadline_exceeded",
        `not done within ${this.within} s: ${quoted(text)} is still answered ${quoted(answer)}`,
      );
    }
  }
}
