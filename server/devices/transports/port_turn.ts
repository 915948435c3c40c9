/**
 * Somebody's turn on a port.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { AnswerUnclear, Interrupted } from "../../bench/answer_errors.ts";
import { byteText, textBytes } from "./line_codec.ts";
import type { LineTrace } from "./line_trace.ts";
import type { Question, Turn } from "./turn.ts";
import { Held, type Turns } from "./turns.ts";

/** A question as it is put. */
export interface Put extends Question {
  readonly text: string;
  /** What is sent, where that is not the text and its end. */
  readonly bytes?: Uint8Array;
  /** Whether its answer is bytes rather than text. */
  readonly raw?: boolean;
  /** Whether it is a command that only its prompt or its echo answers. */
  readonly plain?: boolean;
}

/** What `askBytes` takes. */
export type BytesQuestion = Parameters<Turn["askBytes"]>[0];

/** What `receive` takes. */
export type Stream = Parameters<Turn["receive"]>[0];

/** How long the prompt behind a command may take, in seconds. */
export const promptSeconds = 1;

/** What a port does for whoever has the turn. */
export interface Exchanges {
  readonly turns: Turns;
  readonly trace: LineTrace;
  /** Whether each command is answered, by a prompt for example. */
  readonly answersAll: boolean;
  ask(question: Put, held: Held, signal: AbortSignal | undefined): Promise<string>;
  send(command: string | Uint8Array, held: Held, signal: AbortSignal | undefined, deaf: number): Promise<void>;
  receive(stream: Stream, held: Held, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void>;
  wait(seconds: number, signal: AbortSignal | undefined, held: Held): Promise<void>;
}

/** What changes in a turn. */
interface State {
  holding: Held | Promise<Held> | undefined;
  unanswered: boolean;
}

/** A turn; others may be made of it, which share its state (`Object.create`). */
export class PortTurn implements Turn {
  readonly urgency: Turn["urgency"];
  readonly signal: AbortSignal | undefined;
  private readonly exchanges: Exchanges;
  private readonly state: State;

  /** Makes one. @param held `undefined`: taken with the first word. */
  constructor(
    exchanges: Exchanges,
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    held: Held | undefined,
  ) {
    this.exchanges = exchanges;
    this.urgency = urgency;
    this.signal = signal;
    this.state = { holding: held, unanswered: false };
  }

  get unanswered(): boolean {
    return this.state.unanswered;
  }

  async send(command: string | Uint8Array, deaf = 0, timeout = promptSeconds): Promise<void> {
    if (!this.exchanges.answersAll || this.urgency === "immediate") {
      return await this.exchanges.send(command, await this.hold(), this.signal, deaf);
    }
    const accepts = (answer: string) => answer === "";
    const expected = "said nothing";
    await this.askFor(
      { text: command, timeout, accepts, expected, always: true, plain: true, deaf } as Question,
    );
  }

  async askBytes({ accepts = () => true, expected = "been another one", ...question }: BytesQuestion) {
    const taken = (answer: string) => accepts(textBytes(answer));
    return textBytes(await this.askFor({ ...question, accepts: taken, expected, raw: true } as Question));
  }

  async *receive(stream: Stream) {
    yield* this.exchanges.receive(stream, await this.hold(), this.signal);
  }

  async wait(seconds: number): Promise<void> {
    await this.exchanges.wait(seconds, this.signal, await this.hold());
  }

  ask(question: Question): Promise<string> {
    return this.askFor(question);
  }

  /** Gives the turn back. */
  async end(): Promise<void> {
    const { holding } = this.state;
    const { turns } = this.exchanges;
    if (holding instanceof Held) turns.end(holding);
    else await holding?.then((held) => turns.end(held), () => {});
  }

  private hold(): Held | Promise<Held> {
    return this.state.holding ??= this.exchanges.turns.take(this.urgency, this.signal);
  }

  private async askFor(question: Question): Promise<string> {
    const { exchanges, state } = this;
    const holds = this.hold();
    const held = holds instanceof Held ? holds : await holds;
    const before = state.unanswered;
    state.unanswered = true;
    try {
      const answer = await exchanges.ask(asPut(question), held, this.signal);
      if (answer !== "") exchanges.trace.understood(question.onlyRefused);
      state.unanswered = false;
      return answer;
    } catch (error) {
      exchanges.trace.failed(error, question.refuses);
      // An instrument that says something else is there; where it is not known whose an answer is, nothing is.
      if (error instanceof AnswerUnclear || error instanceof Interrupted) state.unanswered = before;
      else if (error instanceof HeliographError && error.code === "command_failed") state.unanswered = false;
      throw error;
    } finally {
      held.asking = false;
    }
  }
}

/** A question as it is put. */
export function asPut(question: Question): Put {
  const { text } = question;
  // What is asked thousands of times a second is taken as it is.
  return typeof text === "string" ? question as Put : { ...question, text: byteText(text), bytes: text };
}
