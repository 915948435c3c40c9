/**
 * A port: the one line to one or several instruments, on which one exchange takes place at a time.
 *
 * A late answer is never taken for the answer to the next question. After a question without an answer, a network line
 * is opened anew, so that what is late comes to a line that nobody reads. A serial line remembers for a while what is
 * still due, and nothing is asked meanwhile that the late answer could be taken for an answer to.
 *
 * What is immediate waits for no answer: it takes the turn from whoever has it, and is sent at once. The question under
 * way ends as interrupted, and its answer is late.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import { Faults } from "../../bench/faults.ts";
import { type Address, keepsLate, portName } from "./address.ts";
import { AnswerQueue, latestTimer, Patience } from "./answer_queue.ts";
import { AnswerSplitter, type Awaited } from "./answer_splitter.ts";
import { AnswerUnclear, Interrupted, NoAnswer, NotUnderstood } from "../../bench/answer_errors.ts";
import { LateAnswers } from "./late_answers.ts";
import { byteText, type LineCodec, lineCodec, textBytes } from "./line_codec.ts";
import { delay } from "./delay.ts";
import type { Shape } from "./framing.ts";
import { LineFramings } from "./line_framings.ts";
import type { Line } from "./line.ts";
import type { LineFormat } from "./line_format.ts";
import { OnDemandLine } from "./on_demand_line.ts";
import { openLine } from "./open_line.ts";
import { StrangeAnswers } from "./strange_answers.ts";
import { Strays } from "./strays.ts";
import { Held, Turns } from "./turns.ts";

/**
 * A turn on the port, and what its holder may do.
 *
 * @example
 * ```ts
 * import type { Turn } from "@heliograph/heliograph";
 *
 * // Asks for a number, and waits for it for half a second.
 * const number = async (turn: Turn, text: string): Promise<number> =>
 *   Number(await turn.ask({ text, timeout: 0.5, accepts: (line) => /^-?\d+$/.test(line), expected: "been a number" }));
 * console.log(number.length); // 2
 * ```
 */
export interface Turn {
  /** Whether the last question was left without an answer, or was given up: the instrument may have been off. */
  readonly unanswered: boolean;
  /** `immediate`: abort and stop. `command`: what a client asked for. `poll`: what can wait. */
  readonly urgency: "immediate" | "command" | "poll";
  /** Aborted when the turn is to end; `undefined` where it takes as long as it takes. */
  readonly signal: AbortSignal | undefined;
  /**
   * Sends a command that has no answer. A text gets the line's end, bytes go out as they are.
   *
   * @param deaf How long the instrument hears nothing after it, in seconds: nothing is sent meanwhile. @default 0
   * @param timeout How long its prompt or its echo may take, in seconds, where the line has one. @default 1
   */
  send(command: string | Uint8Array, deaf?: number, timeout?: number): Promise<void>;
  /**
   * Waits, and keeps the turn meanwhile. What is immediate ends a wait and takes the turn away, unless the turn is
   * immediate itself: then nothing more can be sent in it.
   */
  wait(seconds: number): Promise<void>;
  /**
   * Asks a question.
   *
   * @returns The answer, without its end.
   * @throws {HeliographError} `not_connected` when none came in time, `command_failed` when it is not what was expected.
   */
  ask(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** Whether a line is an answer to it. */
    readonly accepts: (answer: string) => boolean;
    /** What its answer looks like, for the error: what follows `should have`. */
    readonly expected: string;
    /** Whether the instrument may also say nothing; then the answer is empty. @default false */
    readonly optional?: boolean;
    /**
     * Whether it is sent also while a late answer could be taken for its own: it does something, and its answer says only
     * that it is done. What is immediate always is. @default false
     */
    readonly always?: boolean;
    /** Whether a line is a refusal of it. @default none is */
    readonly refuses?: (answer: string) => boolean;
    /** Whether nothing is late where nothing came in time: only a refusal is listened for. @default false */
    readonly onlyRefused?: boolean;
    /** How long the instrument hears nothing after it was sent, in seconds. @default 0 */
    readonly deaf?: number;
  }): Promise<string>;
  /**
   * Asks a question whose answer is no text.
   *
   * @returns The bytes of the answer.
   * @throws {HeliographError} As `ask`.
   */
  askBytes(question: {
    /** What is sent: a text without its end, or bytes as they are. */
    readonly text: string | Uint8Array;
    /** How long to wait for the answer, in seconds. */
    readonly timeout: number;
    /** How its answer ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
    /** Whether bytes are an answer to it, a right check sum for example. @default all are */
    readonly accepts?: (answer: Uint8Array) => boolean;
    /** What its answer looks like, for the error: what follows `should have`. @default been another one */
    readonly expected?: string;
  }): Promise<Uint8Array>;
  /**
   * Hears what comes by itself, answer after answer, until the loop over it ends. What comes then is nobody's.
   *
   * @returns Ends when nothing came for so long.
   * @throws {HeliographError} `not_connected` where the line breaks.
   */
  receive(stream: {
    /** What is sent first. @default nothing */
    readonly text?: string | Uint8Array | undefined;
    /** How long to wait for each, in seconds. */
    readonly timeout: number;
    /** How each ends. @default as the others on the line */
    readonly shape?: Shape | undefined;
  }): AsyncGenerator<Uint8Array, void, void>;
}

export type { LineFormat };

/** A question, and which answers it takes. */
export type Question = Parameters<Turn["ask"]>[0];

/** A question as it is put. */
interface Put extends Question {
  readonly text: string;
  /** What is sent, where that is not the text and its end. */
  readonly bytes?: Uint8Array;
  /** Whether its answer is bytes rather than text. */
  readonly raw?: boolean;
  /** Whether it is a command that only its prompt or its echo answers. */
  readonly plain?: boolean;
}

/** What is no answer to a question is listened to so often. */
const mostUnexpected = 20;

/** How long the prompt behind a command may take, in seconds. */
const promptSeconds = 1;

/** Takes a line that nobody asked for. @returns Whether it was meant for this listener. */
type Listener = (line: string) => boolean;

/** How long a line on which something is left is waited for to be quiet, in seconds. */
const longestBabble = 1;

/** Commands with values in them are many. */
const mostEncoded = 1000;

/** The pause between two connections to an instrument, in seconds. */
const reopenSeconds = 0.2;

/**
 * The one line to one or several instruments.
 *
 * @example
 * ```ts
 * import type { Port } from "@heliograph/heliograph";
 *
 * // Collects what an instrument says without being asked.
 * function listen(port: Port, heard: string[]): () => void {
 *   return port.listen((line) => line.startsWith("!") && heard.push(line) > 0);
 * }
 * console.log(listen.length); // 2
 * ```
 */
export class Port {
  /**
   * Where it is.
   *
   * @internal
   */
  readonly address: Address;
  /**
   * How it is spoken on.
   *
   * @internal
   */
  readonly format: LineFormat;
  readonly #turns = new Turns();
  readonly #listeners = new Set<Listener>();
  readonly #broken = new Set<(reason: HeliographError) => void>();
  #line: Line | undefined;
  #opening: Promise<void> | undefined;
  /** Whoever waits for an answer. */
  #answers: AnswerQueue | undefined;
  readonly #patience = new Patience();
  readonly #codec: LineCodec;
  readonly #framings: LineFramings;
  #splitter: AnswerSplitter;
  /** Ends an answer that a pause ends. */
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the waits of those who use the line, when it is closed. */
  #closing = new AbortController();
  #users = 0;
  readonly #late = new LateAnswers();
  readonly #strange = new StrangeAnswers();
  readonly #strays: Strays;
  /** What was sent last. */
  #sent = "";
  /** When the last bytes came that no listener takes. */
  #heardAt = -Infinity;
  readonly #faults: Faults;
  /**
   * Whether the line is to be opened anew before something is asked again: an answer is late on it. `silent` also before
   * something is sent, since it may be a line to nobody.
   */
  #doubt: "silent" | "interrupted" | undefined;
  #catchingUp: Promise<void> | undefined;
  /** Called when what is being sent is handed over, or its line closed: a blocked write may stay pending then. */
  #writing: (() => void)[] | undefined;
  readonly #encoded = new Map<string, Uint8Array>();
  #quietSince = -Infinity;
  /** Until when the instrument hears nothing, on the clock of `performance.now()`. */
  #deafUntil = -Infinity;

  readonly #openTo: (address: Address) => Promise<Line>;

  /**
   * Makes a port that is not open.
   *
   * @param address Where it is.
   * @param format How it is spoken on.
   * @param open Opens the line. @default as this program may
   */
  constructor(address: Address, format: LineFormat, open: (address: Address) => Promise<Line> = openLine) {
    this.#openTo = open;
    this.address = address;
    this.format = format;
    this.#codec = lineCodec(format.encoding);
    this.#framings = new LineFramings(format);
    this.#splitter = this.#newSplitter();
    this.#faults = new Faults(this.name);
    this.#strays = new Strays(this.name);
  }

  #newSplitter(): AnswerSplitter {
    return new AnswerSplitter(this.#framings.usual, this.#codec, (line) => this.#isHeard(line));
  }

  /** The name of the port: the path of a serial port, the address of a network one. */
  get name(): string {
    return portName(this.address);
  }

  /**
   * Hears every line that is not an answer, until the returned function is called.
   *
   * @param listener Tells whether the line was meant for it.
   */
  listen(listener: (line: string) => boolean): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tells when the line breaks by itself, until the returned function is called. */
  onBroken(told: (reason: HeliographError) => void): () => void {
    this.#broken.add(told);
    return () => void this.#broken.delete(told);
  }

  /** Whether an instrument uses it now. */
  get used(): boolean {
    return this.#users > 0;
  }

  /**
   * Opens it for one more instrument, unless it is open.
   *
   * @throws {HeliographError} `not_connected`, with the reason.
   */
  async join(): Promise<void> {
    this.#users++;
    try {
      await this.#open();
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** An instrument needs it no more; the last one closes it. */
  leave(): void {
    this.#users = Math.max(0, this.#users - 1);
    if (this.#users === 0) this.#close(new HeliographError("not_connected", `${this.name} was closed`));
  }

  /**
   * Waits for a turn and uses it: nobody else's commands come in between.
   *
   * @param urgency How much it can wait.
   * @param signal Gives up waiting.
   * @param work What to do with the turn.
   * @returns What the work returned.
   */
  async use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    let holding: Held | Promise<Held> | undefined;
    // What is immediate takes the turn with its first word: only a stop interrupts another one's immediate question.
    const hold = (over: boolean) => holding ??= this.#turns.take(urgency, signal, over);
    if (urgency !== "immediate") holding = await hold(false);
    const receive = (stream: Stream, held: Held) => this.#receive(stream, held, signal);
    const turn = {
      unanswered: false,
      urgency,
      signal,
      send: async (command: string | Uint8Array, deaf = 0, timeout = promptSeconds) => {
        if (!this.#framings.answersAll || urgency === "immediate") {
          await this.#send(command, await hold(true), signal, deaf);
        } else {
          const accepts = (answer: string) => answer === "";
          await turn.ask(
            { text: command, timeout, accepts, expected: "said nothing", always: true, plain: true, deaf } as Question,
          );
        }
      },
      askBytes: async ({ accepts = () => true, expected = "been another one", ...question }: BytesQuestion) => {
        const taken = (answer: string) => accepts(textBytes(answer));
        return textBytes(await turn.ask({ ...question, accepts: taken, expected, raw: true } as Question));
      },
      receive: async function* (stream: Stream) {
        yield* receive(stream, await hold(false));
      },
      wait: async (seconds: number) => await this.#wait(seconds, signal, await hold(false)),
      ask: async (question: Question) => {
        const holds = hold(false);
        const held = holds instanceof Held ? holds : await holds;
        const before = turn.unanswered;
        turn.unanswered = true;
        try {
          const answer = await this.#ask(asPut(question), held, signal);
          turn.unanswered = false;
          return answer;
        } catch (error) {
          // An instrument that says something else is there; where it is not known whose an answer is, nothing is.
          if (error instanceof AnswerUnclear || error instanceof Interrupted) turn.unanswered = before;
          else if (error instanceof HeliographError && error.code === "command_failed") turn.unanswered = false;
          throw error;
        } finally {
          held.asking = false;
        }
      },
    };
    try {
      return await work(turn);
    } finally {
      if (holding instanceof Held) this.#turns.end(holding);
      else await holding?.then((held) => this.#turns.end(held), () => {});
    }
  }

  /** Whether what is late on this line stays there when it is opened anew. */
  get #direct(): boolean {
    return !keepsLate(this.address) && !this.format.gateway;
  }

  #open(): Promise<void> {
    if (this.#line !== undefined && this.#opening === undefined) return Promise.resolve();
    this.#opening ??= this.#openLine().finally(() => this.#opening = undefined);
    return this.#opening;
  }

  async #openLine(): Promise<void> {
    let line: Line;
    try {
      const { release, settle } = this.format;
      line = release === undefined
        ? await this.#openTo(this.address)
        : new OnDemandLine(() => this.#openTo(this.address), { release, settle, busy: () => this.#turns.taken });
    } catch (error) {
      if (error instanceof HeliographError) throw error;
      throw new HeliographError("not_connected", (error as Error).message, { cause: error });
    }
    if (this.#users === 0) {
      line.close();
      throw new HeliographError("not_connected", `${this.name} is not needed any more`);
    }
    this.#line = line;
    this.#closing = new AbortController();
    this.#splitter = this.#newSplitter();
    this.#doubt = undefined;
    if (this.#direct) this.#late.clear();
    void this.#readOn(line);
    if (this.format.settle > 0 && this.format.release === undefined) await this.#wait(this.format.settle, undefined);
  }

  async #readOn(line: Line): Promise<void> {
    let reason: string | undefined;
    let reads = 0;
    try {
      for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
        if (this.#line !== line) return;
        reads++;
        for (const answer of this.#splitter.push(bytes)) this.#received(answer);
        const rest = line.whole ? this.#splitter.flush() : "";
        if (rest !== "") this.#received(rest);
        clearTimeout(this.#quietTimer);
        const { quiet } = this.#splitter;
        if (quiet !== undefined) this.#endAfter(quiet * 1000);
        if (this.#listeners.size === 0 && this.#splitter.begun !== "") this.#heardAt = performance.now();
      }
    } catch (error) {
      reason = `${this.name} broke: ${(error as Error).message}`;
    }
    reason ??= `${this.name} was closed by the other end${this.address.kind === "tcp" ? whyClosed(reads) : ""}`;
    if (this.#line === line) this.#break(new HeliographError("not_connected", reason));
  }

  /** What has come is an answer when nothing else comes. */
  #endAfter(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    this.#quietTimer = setTimeout(() => {
      const late = performance.now() - due;
      // This program was busy: there may be more that was not read yet.
      if (late > latestTimer) return this.#endAfter(Math.max(milliseconds, latestTimer));
      const answer = this.#splitter.flush();
      if (answer !== "") this.#received(answer);
    }, milliseconds);
  }

  #isHeard(line: string): boolean {
    let heard = false;
    for (const listener of this.#listeners) {
      // Others may be on this port: one that throws is not to break it for them.
      this.#faults.guard("a listener of its lines", () => void (heard = listener(line) || heard));
    }
    return heard;
  }

  #received(answer: string): void {
    if (this.#isHeard(answer)) return;
    this.#quietSince = this.#heardAt = performance.now();
    if (this.#answers === undefined) this.#left(answer);
    else this.#answers.push(answer);
  }

  /** A line has come that is nobody's, unless it is late. */
  #left(line: string): void {
    // A line that is opened anew leaves all of it behind.
    if (!this.#late.take(line) && this.#doubt === undefined) this.#strays.note(line, this.#sent);
  }

  /** Forgets half an answer that came before: of what an instrument says by itself, half may be there already. */
  #leaveBegun(): void {
    const rest = this.#listeners.size === 0 ? this.#splitter.flush() : "";
    if (rest !== "" && this.#doubt === undefined) this.#strays.note(rest, this.#sent);
  }

  /** Waits until what is left of other answers has come, before a question that it could be taken for an answer to. */
  async #untilQuiet(
    { text, accepts }: Pick<Put, "text" | "accepts">,
    mustGo: boolean,
    held: Held,
    signal?: AbortSignal,
  ): Promise<void> {
    const quiet = this.#strays.quietBefore(accepts);
    let stalled = -Infinity;
    for (const until = performance.now() + longestBabble * 1000;;) {
      const now = performance.now();
      const wait = quiet - (now - Math.max(this.#heardAt, this.#quietSince, stalled)) / 1000;
      if (wait <= 0) break;
      if (now > until) {
        if (!mustGo && this.#strays.mayAnswer(accepts)) {
          throw new AnswerUnclear(text, false, false, this.#strays.last);
        }
        return;
      }
      await this.#wait(wait, signal, held);
      if (held.lost) throw new Interrupted(text, false, held.urgency);
      // A timer that is late says that what has come meanwhile may not have been read either.
      if (performance.now() - now > wait * 1000 + latestTimer) stalled = performance.now();
    }
    this.#leaveBegun();
    this.#strays.settle();
  }

  #close(reason: HeliographError): void {
    const line = this.#line;
    this.#line = undefined;
    line?.close();
    clearTimeout(this.#quietTimer);
    const writing = this.#writing ?? [];
    this.#writing = undefined;
    for (const resolve of writing) resolve();
    this.#closing.abort(reason);
    this.#answers?.fail(reason);
    this.#patience.end();
  }

  #break(reason: HeliographError): void {
    this.#close(reason);
    for (const told of [...this.#broken]) this.#faults.guard("a listener of its end", () => told(reason));
  }

  /** The bytes of a command. What is asked again and again is encoded once. */
  #bytesOf(text: string): Uint8Array {
    let bytes = this.#encoded.get(text);
    if (bytes === undefined) {
      if (this.#encoded.size >= mostEncoded) this.#encoded.clear();
      this.#encoded.set(text, bytes = this.#codec.encode(text + this.format.sendEnd));
    }
    return bytes;
  }

  async #send(command: string | Uint8Array, held: Held, signal: AbortSignal | undefined, deaf: number): Promise<void> {
    const text = typeof command === "string" ? command : byteText(command);
    const bytes = typeof command === "string" ? this.#bytesOf(command) : command;
    await this.#ready(text, held, signal, held.urgency === "immediate");
    await this.#write(text, bytes, deaf);
    // What is immediate does not wait for its prompt, which is late then.
    if (!this.#framings.answersAll) return;
    if (this.#direct) this.#doubt ??= "interrupted";
    else {
      this.#late.expect({ text, accepts: (answer) => answer === "" || answer === text }, "", promptSeconds);
    }
  }

  /** Hears what comes by itself. */
  async *#receive({ text, timeout, shape }: Stream, held: Held, signal: AbortSignal | undefined) {
    const put = asPut({ text: text ?? "", timeout, accepts: () => true, expected: "", shape });
    this.#turns.asks(held);
    if (held.lost) throw new Interrupted(put.text, false, held.urgency);
    await this.#ready(put.text, held, signal, false);
    this.#leaveBegun();
    if (!this.#late.none) throw new AnswerUnclear(put.text, false);
    const answers = new AnswerQueue(this.#patience);
    this.#answers = answers;
    this.#splitter.await({ ...this.#framings.awaited({ ...put, raw: true })!, all: true });
    held.onLost = () => answers.fail(new Interrupted(put.text, true, held.urgency));
    try {
      if (text !== undefined) await this.#write(put.text, put.bytes ?? this.#bytesOf(put.text), 0, timeout);
      for (;;) {
        const answer = await answers.next(performance.now() + timeout * 1000, signal);
        if (answer === undefined) return;
        yield textBytes(answer);
      }
    } finally {
      held.onLost = undefined;
      held.asking = false;
      if (this.#answers === answers) {
        this.#answers = undefined;
        this.#splitter.await(undefined);
        for (const line of answers.takeAll()) this.#left(line);
        this.#leaveBegun();
      }
    }
  }

  /** Whether the next command may be sent at once. */
  #isReady(held: Held, signal: AbortSignal | undefined): boolean {
    return this.#line !== undefined && this.#opening === undefined && this.#catchingUp === undefined &&
      this.#doubt === undefined && this.format.gap === 0 && this.#deafUntil === -Infinity &&
      this.#writing === undefined && !held.lost &&
      !signal?.aborted;
  }

  /**
   * Waits until the next command may be sent.
   *
   * @param atOnce Whether it is also sent on a line on which the answer to an interrupted question is still due.
   */
  async #ready(text: string, held: Held, signal: AbortSignal | undefined, atOnce: boolean): Promise<void> {
    const open = this.#line !== undefined && this.#opening === undefined;
    const catchesUp = this.#catchingUp !== undefined || this.#doubt !== undefined;
    if (catchesUp && !(atOnce && open && this.#doubt === "interrupted")) await this.#catchUp();
    for (;;) {
      const { gap } = this.format;
      if (gap > 0 || this.#deafUntil > 0) {
        const now = performance.now();
        const wait = Math.max(gap - (now - this.#quietSince) / 1000, (this.#deafUntil - now) / 1000);
        if (wait > 0 && !held.lost) await this.#wait(wait, signal, held);
      }
      if (this.#writing === undefined) break;
      // One that was interrupted may still be sending: the bytes of two commands are not mixed.
      await new Promise<void>((resolve) => this.#writing!.push(resolve));
    }
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    signal?.throwIfAborted();
    if (this.#line === undefined) throw new HeliographError("not_connected", `${this.name} is not open`);
  }

  async #wait(seconds: number, signal: AbortSignal | undefined, held?: Held): Promise<void> {
    if (held?.lost) return;
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    if (held === undefined) return await delay(seconds, AbortSignal.any(signals));
    const lost = new AbortController();
    held.onLost = () => lost.abort();
    try {
      await delay(seconds, AbortSignal.any([...signals, lost.signal]));
    } catch (error) {
      if (!held.lost) throw error;
    } finally {
      held.onLost = undefined;
    }
  }

  async #write(text: string, bytes: Uint8Array, deaf = 0, answerWithin?: number): Promise<void> {
    const line = this.#line!;
    this.#sent = text;
    this.#quietSince = performance.now();
    const writing: (() => void)[] = this.#writing = [];
    try {
      await line.write(bytes, answerWithin);
      if (deaf > 0) this.#deafUntil = performance.now() + deaf * 1000;
    } catch (error) {
      const reason = new HeliographError("not_connected", `${this.name} broke: ${(error as Error).message}`);
      if (this.#line === line) this.#break(reason);
      throw reason;
    } finally {
      if (this.#writing === writing) this.#writing = undefined;
      for (const resolve of writing) resolve();
    }
  }

  async #ask(question: Put, held: Held, signal: AbortSignal | undefined): Promise<string> {
    const { text, timeout, accepts, optional = false, always = false, onlyRefused = false } = question;
    const bytes = question.bytes ?? this.#bytesOf(text);
    const shape = question.shape === undefined ? undefined : JSON.stringify(question.shape);
    // Of what ends otherwise it is not known what would be cut out of it.
    const mayTake = shape === undefined ? accepts : () => true;
    this.#turns.asks(held);
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    if (!this.#isReady(held, signal)) await this.#ready(text, held, signal, false);
    const mustGo = always || held.urgency === "immediate";
    this.#leaveBegun();
    if (this.#strays.quietBefore(mayTake) > 0) {
      await this.#untilQuiet({ text, accepts: mayTake }, mustGo, held, signal);
    }
    const inStep = this.#late.none;
    if (!mustGo && this.#late.mayAnswer({ accepts, shape })) throw new AnswerUnclear(text, false);
    const answers = new AnswerQueue(this.#patience);
    const line = this.#line;
    // From here on, what comes is an answer: it may come before the write is known to be done.
    this.#answers = answers;
    const seen: Seen = { unexpected: [], echo: undefined, unclear: undefined, settled: false, cut: false };
    let unechoed: string | undefined;
    const awaited = this.#framings.awaited(question, (answer) => {
      unechoed ??= answer;
      this.#left(answer);
    });
    this.#splitter.await(awaited);
    const until = performance.now() + timeout * 1000;
    /** Nobody waits for its answer any more, which may still come. */
    const giveUp = () => {
      this.#answers = undefined;
      if (onlyRefused) return;
      /** What may come late: its answer, a refusal, or what was no answer to it before. */
      const late = {
        text,
        shape,
        accepts: (line: string) =>
          accepts(line) || (question.refuses?.(line) ?? false) || this.#strange.isKnown(text, line),
      };
      // A serial server, and an instrument behind an adapter, may answer on the next line what was asked on this one.
      if (this.#direct) {
        if (this.#line === line) this.#doubt = held.lost ? (this.#doubt ?? "interrupted") : "silent";
      } else if (held.lost) this.#late.expect(late, seen.unclear, (until - performance.now()) / 1000);
      else this.#late.expect(late, seen.unclear, 5 * timeout);
    };
    held.onLost = () => {
      giveUp();
      answers.fail(new Interrupted(text, true, held.urgency));
    };
    let answer: string | undefined;
    try {
      await this.#write(text, bytes, question.deaf, onlyRefused ? undefined : timeout);
      // Mostly the answer comes, and nothing else.
      const first = await answers.next(until, signal);
      const whole = first !== undefined && (awaited !== undefined || !isPartOfBlock(first));
      if (whole && inStep && accepts(first) && this.#late.none) answer = first;
      else answer = await this.#answerTo({ question, answers, seen, signal, inStep, until, awaited, shape }, first);
    } finally {
      held.onLost = undefined;
      if (!held.lost) {
        if (answer === undefined && !seen.settled) giveUp();
        else this.#splitter.await(undefined);
        this.#answers = undefined;
      }
    }
    // What came before the answer or stands behind it is nobody's.
    const left = answer === undefined ? seen.unexpected.slice(1) : [...seen.unexpected, ...answers.takeAll()];
    for (const line of left) this.#left(line);
    if (answer !== undefined) {
      this.#strays.answered();
      this.#leaveBegun();
      if (!this.#direct) this.#late.remember(text, answer);
      return answer;
    }
    if (seen.unclear !== undefined && optional) return seen.unclear;
    if (seen.unclear !== undefined) throw new AnswerUnclear(text, true, seen.settled);
    if (seen.unexpected.length > 0) {
      const whole = "been one line: a block of bytes with line ends in it is cut off at each";
      throw new NotUnderstood(text, seen.unexpected, seen.cut ? whole : question.expected);
    }
    if (seen.echo !== undefined) throw new NotUnderstood(text, [seen.echo], question.expected);
    if (unechoed !== undefined) {
      throw new NotUnderstood(text, [unechoed], 'repeated what was sent before that, since "echo" is said in "line"');
    }
    if (optional) return "";
    const { end } = this.#splitter;
    const begun = this.#listeners.size === 0 ? this.#splitter.flush() : this.#splitter.begun;
    throw new NoAnswer(text, timeout, begun, end);
  }

  /** The answer that is certainly this question's; `undefined` where none came. */
  async #answerTo(
    { question, answers, seen, signal, inStep, until, awaited, shape }: Asking,
    first: string | undefined,
  ): Promise<string | undefined> {
    const { text, timeout, accepts } = question;
    for (let answer = first;; answer = await answers.next(until, signal)) {
      if (answer === undefined) {
        // What came is its answer, understood or not: nothing else is late.
        const last = seen.unexpected.at(-1);
        if (last !== undefined && (inStep || this.#strange.isKnown(text, last))) {
          seen.settled = true;
          if (seen.unexpected.length === 1) this.#strange.stoodAlone(text, last);
        }
        return undefined;
      }
      const rivals = this.#late.rivals(answer, shape);
      if (!accepts(answer)) {
        if (rivals > 0) {
          this.#late.take(answer);
          this.#awaitAnother(awaited, answers);
        } else if (answer.trim() === text.trim()) seen.echo = answer;
        else {
          seen.unexpected.push(answer);
          if (seen.unexpected.length < mostUnexpected) this.#awaitAnother(awaited, answers);
          if (inStep || this.#strange.isKnown(text, answer)) {
            until = Math.min(until, performance.now() + this.#strange.wait(text, answer) * 1000);
          }
        }
      } else if (rivals === 0 && seen.unclear === undefined) {
        if (awaited !== undefined || this.format.shape !== undefined || !isPartOfBlock(answer)) return answer;
        const rest = await this.#restOf(answers, signal);
        if (rest.length === 0) return answer;
        seen.unexpected.push(answer, ...rest);
        seen.settled = seen.cut = true;
        return undefined;
      } else {
        // All that was due has come by now, in whichever order: nothing is late any more.
        seen.settled = rivals === 0;
        if (seen.settled) return undefined;
        if (seen.unclear === undefined) until = performance.now() + timeout * 1000;
        seen.unclear = answer;
        this.#late.take(answer);
        this.#awaitAnother(awaited, answers);
      }
    }
  }

  /** What is left of the bytes is cut in the question's own way too. */
  #awaitAnother(awaited: Awaited | undefined, answers: AnswerQueue): void {
    if (awaited === undefined) return;
    this.#splitter.await(awaited);
    for (const answer of this.#splitter.push(new Uint8Array())) answers.push(answer);
  }

  /** What comes right behind an answer. */
  async #restOf(answers: AnswerQueue, signal: AbortSignal | undefined): Promise<string[]> {
    const rest: string[] = [];
    for (const until = performance.now() + longestBabble * 1000; performance.now() < until;) {
      const line = await answers.next(performance.now() + 100, signal);
      if (line === undefined) break;
      rest.push(line);
    }
    if (this.#splitter.begun !== "") rest.push(this.#splitter.flush());
    return rest;
  }

  /** Opens a line anew on which something is late. */
  async #catchUp(): Promise<void> {
    if (this.#catchingUp === undefined) {
      if (this.#doubt === undefined || this.#line === undefined) return;
      this.#catchingUp = this.#openAnew().finally(() => this.#catchingUp = undefined);
    }
    await this.#catchingUp;
  }

  async #openAnew(): Promise<void> {
    // What was sent last is heard before its line ends.
    while (this.#doubt === "interrupted") {
      const wait = reopenSeconds - (performance.now() - this.#quietSince) / 1000;
      if (wait <= 0) break;
      await this.#wait(wait, undefined);
    }
    this.#close(new HeliographError("not_connected", `${this.name} is opened anew`));
    try {
      // Some instruments take one connection at a time, and need a moment to see that the last one has ended.
      await delay(reopenSeconds);
      await this.#open().catch(() => delay(2 * reopenSeconds).then(() => this.#open()));
    } catch (error) {
      this.#break(error as HeliographError);
      throw error;
    }
  }
}

type BytesQuestion = Parameters<Turn["askBytes"]>[0];
type Stream = Parameters<Turn["receive"]>[0];

function asPut(question: Question): Put {
  const { text } = question;
  // What is asked thousands of times a second is taken as it is.
  return typeof text === "string" ? question as Put : { ...question, text: byteText(text), bytes: text };
}

/** A question under way. */
interface Asking {
  readonly question: Put;
  readonly answers: AnswerQueue;
  readonly seen: Seen;
  readonly signal: AbortSignal | undefined;
  /** Whether nothing was late when it was asked. */
  readonly inStep: boolean;
  /** How long its answer is waited for, on the clock of `performance.now()`. */
  until: number;
  /** How its answer ends, where that is not as usual. */
  readonly awaited: Awaited | undefined;
  /** The words for that. */
  readonly shape: string | undefined;
}

/** The bytes that came and are not certainly the answer. */
interface Seen {
  readonly unexpected: string[];
  /** The question itself, which is no answer: that may follow at any time. */
  echo: string | undefined;
  /** What may be the answer, or a late one. */
  unclear: string | undefined;
  /** Whether all that was due has come. */
  settled: boolean;
  /** Whether it is one block of bytes with line ends in it. */
  cut: boolean;
}

/** What a connection that is closed so soon may mean. @param reads How often something came on it. */
function whyClosed(reads: number): string {
  if (reads > 1) return "";
  return reads === 0
    ? " before it said anything: if it takes one connection at a time, another program may have it"
    : ' after its first answer: if it does that each time, say "connection": "each question" in "line"';
}

/** Whether an answer begins as SCPI's blocks do, `#42048` and 2048 bytes, and is shorter than it says. */
function isPartOfBlock(answer: string): boolean {
  if (!answer.startsWith("#")) return false;
  const [head, digits = 0] = /^#([1-9])/.exec(answer) ?? [];
  if (head === undefined) return false;
  const length = answer.slice(2, 2 + Number(digits));
  return /^\d+$/.test(length) && answer.length < 2 + Number(digits) + Number(length);
}
