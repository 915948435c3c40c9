/**
 * A port: the one line to one or several instruments, on which one exchange takes place at a time.
 *
 * A late answer is never taken for the answer to the next question. After a question without an answer, a network line
 * is opened anew, so that what is late comes to a line that nobody reads. A serial line remembers for a while what is
 * still due, and nothing is asked meanwhile that the late answer could be taken for an answer to.
 *
 * What is immediate waits for no answer: it takes the turn from whoever has it, and is sent at once, a question too. The
 * question under way ends as interrupted, and its answer is late.
 *
 * @module
 */

import type { HeliographError } from "../../../protocol/errors.ts";
import { Faults } from "../../bench/faults.ts";
import { type Address, portName } from "./address.ts";
import { AnswerQueue, latestTimer, Patience } from "./answer_queue.ts";
import { AnswerSplitter, type Awaited } from "./answer_splitter.ts";
import { AnswerUnclear, Interrupted, NoAnswer, NotUnderstood } from "../../bench/answer_errors.ts";
import { LateAnswers } from "./late_answers.ts";
import { byteText, type LineCodec, lineCodec, textBytes } from "./line_codec.ts";
import { LineFramings } from "./line_framings.ts";
import type { Line } from "./line.ts";
import { LineTrace } from "./line_trace.ts";
import type { LineFormat } from "./line_format.ts";
import { openLine } from "./open_line.ts";
import { PortLine } from "./port_line.ts";
import { asPut, type Exchanges, PortTurn, promptSeconds, type Put, type Stream } from "./port_turn.ts";
import { StrangeAnswers } from "./strange_answers.ts";
import { Strays } from "./strays.ts";
import type { Question, Turn } from "./turn.ts";
import { Held, Turns } from "./turns.ts";

export type { LineFormat, Question, Turn };

/** What is no answer to a question is listened to so often. */
const mostUnexpected = 20;

/** Takes a line that nobody asked for. @returns Whether it was meant for this listener. */
type Listener = (line: string) => boolean;

/** How long a line on which something is left is waited for to be quiet, in seconds. */
const longestBabble = 1;

/** Commands with values in them are many. */
const mostEncoded = 1000;

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
  /**
   * The last exchanges on it.
   *
   * @internal
   */
  readonly trace: LineTrace;
  readonly #turns = new Turns();
  readonly #listeners = new Set<Listener>();
  readonly #wire: PortLine;
  /** Whoever waits for an answer. */
  #answers: AnswerQueue | undefined;
  readonly #patience = new Patience();
  readonly #codec: LineCodec;
  readonly #framings: LineFramings;
  #splitter: AnswerSplitter;
  /** Ends an answer that a pause ends. */
  #quietTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #late = new LateAnswers();
  readonly #strange = new StrangeAnswers();
  readonly #strays: Strays;
  /** What was sent last. */
  #sent = "";
  /** When the last bytes came that no listener takes. */
  #heardAt = -Infinity;
  readonly #faults: Faults;
  readonly #encoded = new Map<string, Uint8Array>();
  readonly #exchanges: Exchanges;
  /**
   * Makes a port that is not open.
   *
   * @param address Where it is.
   * @param format How it is spoken on.
   * @param open Opens the line. @default as this program may
   */
  constructor(address: Address, format: LineFormat, open: (address: Address) => Promise<Line> = openLine) {
    this.address = address;
    this.format = format;
    this.#codec = lineCodec(format.encoding);
    this.#framings = new LineFramings(format);
    this.#splitter = this.#newSplitter();
    this.#faults = new Faults(this.name);
    this.trace = new LineTrace(this.name, format.encoding === "utf8");
    this.#wire = new PortLine(address, format, open, {
      trace: this.trace,
      faults: this.#faults,
      busy: () => this.#turns.taken,
      opened: () => {
        this.#splitter = this.#newSplitter();
        if (this.#wire.direct) this.#late.clear();
      },
      read: (bytes, whole) => this.#read(bytes, whole),
      closed: (reason) => {
        clearTimeout(this.#quietTimer);
        this.#answers?.fail(reason);
        this.#patience.end();
      },
    });
    this.#strays = new Strays(this.name);
    this.#exchanges = {
      turns: this.#turns,
      trace: this.trace,
      answersAll: this.#framings.answersAll,
      ask: (question, held, signal) => this.#ask(question, held, signal),
      send: (command, held, signal, deaf) => this.#send(command, held, signal, deaf),
      receive: (stream, held, signal) => this.#receive(stream, held, signal),
      wait: (seconds, signal, held) => this.#wire.wait(seconds, signal, held),
    };
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
    return this.#wire.onBroken(told);
  }

  /** Whether an instrument uses it now. */
  get used(): boolean {
    return this.#wire.used;
  }

  /**
   * The last exchanges on it, the oldest first: what was sent, what came, and what was made of it.
   *
   * @param after The number of an entry: only what came later. @default all that is kept, a few hundred
   */
  exchanges(after = 0): {
    /** Counts up from 1. */
    readonly number: number;
    /** When it was, ISO 8601 in UTC. */
    readonly time: string;
    /** `sent` and `received` are bytes; `note` is what was made of them, or what else happened. */
    readonly kind: "sent" | "received" | "note";
    /** The bytes as text with escapes; what happened, in words. */
    readonly text: string;
  }[] {
    return this.trace.entries(after, "");
  }

  /**
   * Opens it for one more instrument, unless it is open.
   *
   * @throws {HeliographError} `not_connected`, with the reason.
   */
  async join(): Promise<void> {
    await this.#wire.join();
  }

  /** An instrument needs it no more; the last one closes it. */
  leave(): void {
    this.#wire.leave();
  }

  /**
   * Resolves when what was sent before it was closed has been delivered, as far as that can be known.
   *
   * @internal
   */
  get delivered(): Promise<unknown> {
    return this.#wire.delivered;
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
    // What is immediate takes the turn with its first word.
    let held: Held | undefined;
    if (urgency !== "immediate") {
      const holds = this.#turns.take(urgency, signal);
      held = holds instanceof Held ? holds : await holds;
    }
    const turn = new PortTurn(this.#exchanges, urgency, signal, held);
    try {
      return await work(turn);
    } finally {
      if (held !== undefined) this.#turns.end(held);
      else await turn.end();
    }
  }

  /**
   * How long it may take to open the line anew, in seconds, which is done before anything is sent where a question was
   * left without an answer; 0 where it is not done.
   *
   * @internal
   */
  get anewWithin(): number {
    return this.#wire.anewWithin;
  }

  #read(bytes: Uint8Array, whole: boolean): void {
    for (const answer of this.#splitter.push(bytes)) this.#received(answer);
    const rest = whole ? this.#splitter.flush() : "";
    if (rest !== "") this.#received(rest);
    clearTimeout(this.#quietTimer);
    const { quiet } = this.#splitter;
    if (quiet !== undefined) this.#endAfter(quiet * 1000);
    if (this.#listeners.size === 0 && this.#splitter.begun !== "") this.#heardAt = performance.now();
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
    this.#wire.quietSince = this.#heardAt = performance.now();
    if (this.#answers === undefined) this.#left(answer);
    else this.#answers.push(answer);
  }

  /** A line has come that is nobody's, unless it is late. */
  #left(line: string): void {
    // A line that is opened anew leaves all of it behind.
    if (this.#late.take(line)) return this.trace.note("late: nobody waits for it any more");
    this.trace.note("left over: nobody asked for it");
    if (this.#wire.doubt === undefined) this.#strays.note(line, this.#sent);
  }

  /** Forgets half an answer that came before: of what an instrument says by itself, half may be there already. */
  #leaveBegun(): void {
    const rest = this.#listeners.size === 0 ? this.#splitter.flush() : "";
    if (rest !== "" && this.#wire.doubt === undefined) this.#strays.note(rest, this.#sent);
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
      const wait = quiet - (now - Math.max(this.#heardAt, this.#wire.quietSince, stalled)) / 1000;
      if (wait <= 0) break;
      if (now > until) {
        if (!mustGo && this.#strays.mayAnswer(accepts)) {
          throw new AnswerUnclear(text, false, false, this.#strays.last);
        }
        return;
      }
      await this.#wire.wait(wait, signal, held);
      if (held.lost) throw new Interrupted(text, false, held.urgency);
      // A timer that is late says that what has come meanwhile may not have been read either.
      if (performance.now() - now > wait * 1000 + latestTimer) stalled = performance.now();
    }
    this.#leaveBegun();
    this.#strays.settle();
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
    await this.#wire.ready(text, held, signal, held.urgency === "immediate");
    await this.#write(text, bytes, deaf);
    // What is immediate does not wait for its prompt, which is late then.
    if (!this.#framings.answersAll) return;
    if (this.#wire.direct) this.#wire.doubt ??= "interrupted";
    else {
      this.#late.expect({ text, accepts: (answer) => answer === "" || answer === text }, "", promptSeconds);
    }
  }

  /** Hears what comes by itself. */
  async *#receive({ text, timeout, shape }: Stream, held: Held, signal: AbortSignal | undefined) {
    const put = asPut({ text: text ?? "", timeout, accepts: () => true, expected: "", shape });
    if (held.lost) throw new Interrupted(put.text, false, held.urgency);
    await this.#wire.ready(put.text, held, signal, held.urgency === "immediate");
    this.#leaveBegun();
    if (!this.#late.none) throw new AnswerUnclear(put.text, false);
    const answers = new AnswerQueue(this.#patience);
    this.#answers = answers;
    this.#splitter.await({ ...this.#framings.awaited({ ...put, raw: true })!, all: true });
    held.onLost = () => answers.fail(new Interrupted(put.text, true, held.urgency));
    try {
      if (text !== undefined) await this.#write(put.text, put.bytes ?? this.#bytesOf(put.text), 0, timeout);
      this.#turns.asks(held);
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

  #write(text: string, bytes: Uint8Array, deaf?: number, answerWithin?: number): Promise<void> {
    this.#sent = text;
    return this.#wire.write(bytes, deaf, answerWithin);
  }

  async #ask(question: Put, held: Held, signal: AbortSignal | undefined): Promise<string> {
    const { text, timeout, accepts, optional = false, always = false, onlyRefused = false } = question;
    const bytes = question.bytes ?? this.#bytesOf(text);
    const shape = question.shape === undefined ? undefined : JSON.stringify(question.shape);
    // Of what ends otherwise it is not known what would be cut out of it.
    const mayTake = shape === undefined ? accepts : () => true;
    const immediate = held.urgency === "immediate";
    // A stop that has not said anything yet is not cut off by the next one.
    if (immediate && held.spoke) this.#turns.asks(held);
    if (held.lost) throw new Interrupted(text, false, held.urgency);
    if (!this.#wire.isReady(held, signal)) {
      const atOnce = immediate && (always || !this.#late.couldAnswer({ accepts, shape }));
      await this.#wire.ready(text, held, signal, atOnce);
    }
    held.spoke = true;
    const mustGo = always || immediate;
    this.#leaveBegun();
    if (this.#strays.quietBefore(mayTake) > 0) {
      await this.#untilQuiet({ text, accepts: mayTake }, mustGo, held, signal);
    }
    const inStep = this.#late.none;
    if (!mustGo && this.#late.mayAnswer({ accepts, shape })) throw new AnswerUnclear(text, false);
    const answers = new AnswerQueue(this.#patience);
    const line = this.#wire.line;
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
      if (onlyRefused || (held.lost && line?.onlyLatest === true)) return;
      /** What may come late: its answer, a refusal, or what was no answer to it before. */
      const late = {
        text,
        shape,
        accepts: (line: string) =>
          accepts(line) || (question.refuses?.(line) ?? false) || this.#strange.isKnown(text, line),
      };
      if (this.#wire.direct) {
        if (this.#wire.line !== line) return;
        this.#wire.doubt = held.lost ? (this.#wire.doubt ?? "interrupted") : "silent";
        // What is immediate is asked on this line all the same.
        if (held.lost) this.#late.expect(late, seen.unclear, timeout);
        return;
      }
      // A serial server, and an instrument behind an adapter, may answer on the next line what was asked on this one.
      this.#late.expect(late, seen.unclear, held.lost ? (until - performance.now()) / 1000 : 5 * timeout);
    };
    held.onLost = () => {
      giveUp();
      answers.fail(new Interrupted(text, true, held.urgency));
    };
    let answer: string | undefined;
    try {
      await this.#write(text, bytes, question.deaf, onlyRefused ? undefined : timeout);
      if (immediate) this.#turns.asks(held);
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
      this.#late.remember(text, answer);
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
    const { text, timeout, accepts, refuses } = question;
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
      const rivals = this.#late.rivals(answer, shape);
      if (!accepts(answer)) {
        if (rivals > 0) {
          this.#late.take(answer);
          this.trace.note("late: nobody waits for it any more");
          this.#awaitAnother(awaited, answers);
        } else if (answer.trim() === text.trim()) seen.echo = answer;
        else {
          seen.unexpected.push(answer);
          if (seen.unexpected.length < mostUnexpected) this.#awaitAnother(awaited, answers);
          if (isKnown(answer)) {
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
        if (seen.settled) return answer === seen.unclear ? answer : undefined;
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

/** Whether an answer begins as SCPI's blocks do, `#42048` and 2048 bytes, and is shorter than it says. */
function isPartOfBlock(answer: string): boolean {
  if (!answer.startsWith("#")) return false;
  const [head, digits = 0] = /^#([1-9])/.exec(answer) ?? [];
  if (head === undefined) return false;
  const length = answer.slice(2, 2 + Number(digits));
  return /^\d+$/.test(length) && answer.length < 2 + Number(digits) + Number(length);
}
