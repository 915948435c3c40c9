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
import { AnswerSplitter } from "./answer_splitter.ts";
import { AnswerUnclear, Interrupted, NoAnswer, NotUnderstood } from "../../bench/answer_errors.ts";
import { LateAnswers } from "./late_answers.ts";
import { type LineCodec, lineCodec } from "./line_codec.ts";
import { delay } from "./delay.ts";
import type { Line } from "./line.ts";
import { openLine } from "./open_line.ts";
import { StrangeAnswers } from "./strange_answers.ts";
import { Strays } from "./strays.ts";
import { Held, Turns } from "./turns.ts";

/** The format of an instrument's line: its line ends, its pauses, and whether it goes through a gateway. */
export interface LineFormat {
  /** What ends each command. */
  readonly sendEnd: string;
  /** What ends each answer. */
  readonly receiveEnd: string;
  /** The least time between two commands, in seconds. */
  readonly gap: number;
  /** The time between opening the port and the first command, in seconds: an Arduino starts anew when opened. */
  readonly settle: number;
  /** Whether the network address is that of a serial server, through which late answers come to a new connection. */
  readonly gateway: boolean;
  /** What bytes its text is in. @default latin1 */
  readonly encoding?: "latin1" | "utf8";
}

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
  /** Sends a command that has no answer. */
  send(text: string): Promise<void>;
  /**
   * Asks a question.
   *
   * @returns The answer, without its end.
   * @throws {HeliographError} `not_connected` when none came in time, `command_failed` when it is not what was expected.
   */
  ask(question: {
    /** What is sent, without its end. */
    readonly text: string;
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
  }): Promise<string>;
}

/** A question, and which answers it takes. */
export type Question = Parameters<Turn["ask"]>[0];

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
  #splitter: AnswerSplitter;
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
    this.#splitter = new AnswerSplitter(format.receiveEnd, this.#codec);
    this.#faults = new Faults(this.name);
    this.#strays = new Strays(this.name);
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
    const turn = {
      unanswered: false,
      urgency,
      signal,
      send: async (text: string) => await this.#send(text, await hold(true), signal),
      ask: async (question: Question) => {
        const holds = hold(false);
        const held = holds instanceof Held ? holds : await holds;
        const before = turn.unanswered;
        turn.unanswered = true;
        try {
          const answer = await this.#ask(question, held, signal);
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
      line = await this.#openTo(this.address);
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
    this.#splitter = new AnswerSplitter(this.format.receiveEnd, this.#codec);
    this.#doubt = undefined;
    if (this.#direct) this.#late.clear();
    void this.#readOn(line);
    if (this.format.settle > 0) await this.#wait(this.format.settle, undefined);
  }

  async #readOn(line: Line): Promise<void> {
    let reason = `${this.name} was closed by the other end`;
    try {
      for (let bytes = await line.read(); bytes !== null; bytes = await line.read()) {
        if (this.#line !== line) return;
        for (const answer of this.#splitter.push(bytes)) this.#received(answer);
        const rest = line.whole ? this.#splitter.flush() : "";
        if (rest !== "") this.#received(rest);
        if (this.#listeners.size === 0 && this.#splitter.begun !== "") this.#heardAt = performance.now();
      }
    } catch (error) {
      reason = `${this.name} broke: ${(error as Error).message}`;
    }
    if (this.#line === line) this.#break(new HeliographError("not_connected", reason));
  }

  #received(answer: string): void {
    let heard = false;
    for (const listener of this.#listeners) {
      // Others may be on this port: one that throws is not to break it for them.
      this.#faults.guard("a listener of its lines", () => void (heard = listener(answer) || heard));
    }
    if (heard) return;
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
  async #untilQuiet({ text, accepts }: Question, mustGo: boolean, held: Held, signal?: AbortSignal): Promise<void> {
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

  async #send(text: string, held: Held, signal: AbortSignal | undefined): Promise<void> {
    const bytes = this.#bytesOf(text);
    await this.#ready(text, held, signal, held.urgency === "immediate");
    await this.#write(text, bytes);
  }

  /** Whether the next command may be sent at once. */
  #isReady(held: Held, signal: AbortSignal | undefined): boolean {
    return this.#line !== undefined && this.#opening === undefined && this.#catchingUp === undefined &&
      this.#doubt === undefined && this.format.gap === 0 && this.#writing === undefined && !held.lost &&
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
    if (this.format.gap > 0) {
      const wait = this.format.gap - (performance.now() - this.#quietSince) / 1000;
      if (wait > 0 && !held.lost) await this.#wait(wait, signal, held);
    }
    // One that was interrupted may still be sending: the bytes of two commands are not mixed.
    while (this.#writing !== undefined) await new Promise<void>((resolve) => this.#writing!.push(resolve));
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    signal?.throwIfAborted();
    if (this.#line === undefined) throw new HeliographError("not_connected", `${this.name} is not open`);
  }

  async #wait(seconds: number, signal: AbortSignal | undefined, held?: Held): Promise<void> {
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

  async #write(text: string, bytes: Uint8Array, answerWithin?: number): Promise<void> {
    const line = this.#line!;
    this.#sent = text;
    this.#quietSince = performance.now();
    const writing: (() => void)[] = this.#writing = [];
    try {
      await line.write(bytes, answerWithin);
    } catch (error) {
      const reason = new HeliographError("not_connected", `${this.name} broke: ${(error as Error).message}`);
      if (this.#line === line) this.#break(reason);
      throw reason;
    } finally {
      if (this.#writing === writing) this.#writing = undefined;
      for (const resolve of writing) resolve();
    }
  }

  async #ask(question: Question, held: Held, signal: AbortSignal | undefined): Promise<string> {
    const { text, timeout, accepts, optional = false, always = false, onlyRefused = false } = question;
    const bytes = this.#bytesOf(text);
    this.#turns.asks(held);
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    if (!this.#isReady(held, signal)) await this.#ready(text, held, signal, false);
    const mustGo = always || held.urgency === "immediate";
    this.#leaveBegun();
    if (this.#strays.quietBefore(accepts) > 0) await this.#untilQuiet(question, mustGo, held, signal);
    const inStep = this.#late.none;
    if (!mustGo && this.#late.mayAnswer(accepts)) throw new AnswerUnclear(text, false);
    const answers = new AnswerQueue(this.#patience);
    const line = this.#line;
    // From here on, what comes is an answer: it may come before the write is known to be done.
    this.#answers = answers;
    const seen: Seen = { unexpected: [], echo: undefined, unclear: undefined, settled: false, cut: false };
    const until = performance.now() + timeout * 1000;
    /** Nobody waits for its answer any more, which may still come. */
    const giveUp = () => {
      this.#answers = undefined;
      if (onlyRefused || (held.lost && line?.onlyLatest === true)) return;
      /** What may come late: its answer, a refusal, or what was no answer to it before. */
      const late = {
        text,
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
      await this.#write(text, bytes, onlyRefused ? undefined : timeout);
      // Mostly the answer comes, and nothing else.
      const first = await answers.next(until, signal);
      if (first !== undefined && inStep && accepts(first) && this.#late.none && !isPartOfBlock(first)) answer = first;
      else answer = await this.#answerTo(question, answers, seen, signal, inStep, until, first);
    } finally {
      held.onLost = undefined;
      if (!held.lost) {
        if (answer === undefined && !seen.settled) giveUp();
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
    if (optional) return "";
    const begun = this.#listeners.size === 0 ? this.#splitter.flush() : this.#splitter.begun;
    throw new NoAnswer(text, timeout, begun, this.format.receiveEnd);
  }

  /** The answer that is certainly this question's; `undefined` where none came. */
  async #answerTo(
    { text, timeout, accepts, refuses }: Question,
    answers: AnswerQueue,
    seen: Seen,
    signal: AbortSignal | undefined,
    inStep: boolean,
    until: number,
    first: string | undefined,
  ): Promise<string | undefined> {
    // Where nothing is late that would refuse the same, a refusal is its answer as certainly as what is known.
    const isKnown = (said: string) => inStep || refuses?.(said) === true || this.#strange.isKnown(text, said);
    for (let answer = first;; answer = await answers.next(until, signal)) {
      if (answer === undefined) {
        // What came is its answer, understood or not: nothing else is late.
        const last = seen.unexpected.at(-1);
        if (last !== undefined && isKnown(last)) {
          seen.settled = true;
          if (seen.unexpected.length === 1) this.#strange.stoodAlone(text, last);
        }
        return undefined;
      }
      const rivals = this.#late.rivals(answer);
      if (!accepts(answer)) {
        if (rivals > 0) this.#late.take(answer);
        else if (answer.trim() === text.trim()) seen.echo = answer;
        else {
          seen.unexpected.push(answer);
          if (isKnown(answer)) {
            until = Math.min(until, performance.now() + this.#strange.wait(text, answer) * 1000);
          }
        }
      } else if (rivals === 0 && seen.unclear === undefined) {
        if (!isPartOfBlock(answer)) return answer;
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
      }
    }
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

/** Whether an answer begins as SCPI's blocks do, `#42048` and 2048 bytes, and is shorter than it says. */
function isPartOfBlock(answer: string): boolean {
  if (!answer.startsWith("#")) return false;
  const [head, digits = 0] = /^#([1-9])/.exec(answer) ?? [];
  if (head === undefined) return false;
  const length = answer.slice(2, 2 + Number(digits));
  return /^\d+$/.test(length) && answer.length < 2 + Number(digits) + Number(length);
}
