/**
 * Keeps one instrument in contact: opens its port, greets it, and does both again when it was lost.
 *
 * @module
 */

import { HeliographError } from "../../../protocol/errors.ts";
import type { Contact } from "../../bench/contact.ts";
import { NotOpen } from "./port_line.ts";
import type { Port, Turn } from "./port.ts";
import { holdsUp, sharedBusOf, waitsFor } from "./address.ts";
import { connectsFor } from "./address_parts.ts";
import type { LineTrace } from "./line_trace.ts";
import { AnswerUnclear } from "../../bench/answer_errors.ts";
import { delay } from "./delay.ts";

/** The routines at the beginning and the end of contact. */
export interface Routine {
  /** What people call the instrument. */
  readonly title: string;
  /** Makes sure that it is there and the right one, and makes it ready. */
  readonly greet: (turn: Turn) => Promise<void>;
  /** What is said before the server stops. */
  readonly farewell?: (turn: Turn) => Promise<void>;
  /** Puts something around all that is said in a turn: an address, a check sum. @default nothing */
  readonly around?: (turn: Turn) => Turn;
  /** After how many seconds without a word it counts as lost, where it talks without being asked. @default never */
  readonly silentAfter?: number;
  /** The first wait before it is tried again, in seconds; each further one is twice as long. @default 0.5 */
  readonly shortestWait?: number;
  /** The longest wait, in seconds. @default 30 */
  readonly longestWait?: number;
  /** The most that the instrument delays what is immediate besides the line's gap, in seconds. @default 0 */
  readonly delays?: () => number;
}

/** On a port that others use, one that does not answer is not tried more often, in seconds: each try costs them time. */
const shortestSharedWait = 10;

/** How soon something immediate is on a wire without a gap between commands, in seconds. */
const immediateSeconds = 0.02;

/** The most that the goodbye may take, in seconds. */
const farewellSeconds = 5;

/**
 * Keeps an instrument on a port in contact.
 *
 * @example
 * ```ts
 * import { type DriverModule, PortContact } from "@heliograph/heliograph";
 *
 * const lamp: DriverModule = ({ defineInstrument }, { title, port }) => {
 *   if (port === undefined) throw new TypeError("it needs a port");
 *   const contact = new PortContact(port, { title, greet: (turn) => turn.send("HELLO") });
 *   return defineInstrument({ title, contact });
 * };
 * console.log(lamp.length); // 2
 * ```
 */
export class PortContact implements Contact {
  /** Where it is, for people. */
  readonly address: string;
  /**
   * The last exchanges on its line.
   *
   * @internal
   */
  readonly trace: LineTrace;
  /**
   * It begins again after it has stopped.
   *
   * @internal
   */
  readonly restarts = true;
  /** Whether it answers. */
  state: Contact["state"] = "off";
  /** Why it does not. */
  reason = "";
  /** Since when it is in this state, in milliseconds since 1970. */
  since: number = Date.now();
  /** When it is tried again where it is lost, in milliseconds since 1970. */
  nextTry: number = Date.now();
  readonly #port: Port;
  readonly #routine: Routine;
  #changed = () => {};
  #ended: Promise<void> | undefined;
  #stop = new AbortController();
  #lose: (reason: HeliographError) => void = () => {};
  #firstTry = Promise.withResolvers<void>();
  /** Cuts the wait before the next try short. */
  #hurry = new AbortController();
  readonly #uses = new Set<Promise<unknown>>();
  /** Ends polls, so that the goodbye need not wait for them. */
  #ending = new AbortController();
  #either: { readonly of: AbortSignal; readonly ending: AbortSignal; readonly signal: AbortSignal } | undefined;
  #heard = 0;
  readonly #unlisten: (() => void)[] = [];
  /** Whether it was of use since it was greeted last. */
  #worked = false;

  /** Makes it. @param port Its line. @param routine What is said on it. */
  constructor(port: Port, routine: Routine) {
    this.#port = port;
    this.#routine = routine;
    this.address = port.name;
    this.trace = port.trace;
  }

  /**
   * The longest time until something immediate is on the wire, in seconds, while the port is open and answers.
   *
   * @param others How many other instruments share its bus, where it is on one.
   * @internal
   */
  immediateWithin(others = 0): number {
    const turn = sharedBusOf(this.#port.address)?.turn ?? 0;
    const line = this.#port.format.gap + holdsUp(this.#port.address);
    return immediateSeconds + line + (this.#routine.delays?.() ?? 0) + turn * (1 + others);
  }

  /**
   * What else it waits for, of which it is not known how long it takes, in words; `undefined` where that is nothing.
   *
   * @internal
   */
  get immediateWaitsFor(): string | undefined {
    return waitsFor(this.#port.address) ?? (this.#port.format.release === undefined ? undefined : connectsFor);
  }

  /**
   * How long it may take beyond that after a question without an answer, in seconds.
   *
   * @internal
   */
  get anewWithin(): number {
    return this.#port.anewWithin;
  }

  /**
   * The bus that it shares with other instruments.
   *
   * @internal
   */
  get bus(): string | undefined {
    return sharedBusOf(this.#port.address)?.name;
  }

  /**
   * Opens the port for work that uses it once, without keeping contact: what is left without an answer is not lost, and
   * nothing is said that the work does not say.
   *
   * @internal
   */
  async tryOut<T>(work: () => Promise<T>): Promise<T> {
    await this.#port.join();
    this.state = "connected";
    try {
      return await work();
    } finally {
      this.state = "off";
      this.#port.leave();
      await this.#port.delivered;
    }
  }

  /**
   * Says what is said when contact begins.
   *
   * @internal
   */
  async greet(): Promise<void> {
    await this.use("poll", undefined, this.#routine.greet);
  }

  /** Begins. @param changed Told of every change of the state. */
  start(changed: () => void): void {
    if (this.#ended !== undefined) return;
    this.#changed = changed;
    this.#stop = new AbortController();
    this.#ending = new AbortController();
    this.#firstTry = Promise.withResolvers<void>();
    this.#ended = this.#keep(this.#stop.signal);
  }

  /**
   * Tries it now where it is lost; where that fails, too, it begins with the shortest wait again.
   *
   * @internal
   */
  tryNow(): void {
    this.#hurry.abort();
  }

  /** Says goodbye and ends. */
  async stop(): Promise<void> {
    if (this.#ended === undefined) return;
    const { farewell } = this.#routine;
    let failure = "";
    if (farewell !== undefined) {
      this.#ending.abort(new HeliographError("not_connected", "the server is stopping"));
      // An instrument that does not listen must not keep the server from stopping.
      const signal = AbortSignal.timeout(farewellSeconds * 1000);
      await this.#evenWhenLost(
        signal,
        () => this.#port.use("immediate", signal, (turn) => farewell(this.#around(turn))),
      ).catch((error) => {
        failure = (error as Error).message;
      });
    }
    this.#stop.abort(new HeliographError("not_connected", "the server is stopping"));
    await this.#ended;
    await Promise.allSettled(this.#uses);
    await this.#port.delivered;
    this.#ended = undefined;
    this.reason = failure;
  }

  #around(turn: Turn): Turn {
    return this.#routine.around?.(turn) ?? turn;
  }

  /**
   * It listens on its line, as long as it stands on a bench.
   *
   * @param unlisten Ends that.
   * @internal
   */
  listens(unlisten: () => void): void {
    this.#unlisten.push(unlisten);
  }

  /**
   * It stands on no bench any more: others go on using its line.
   *
   * @internal
   */
  gone(): void {
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
  }

  /** It has said something by itself. */
  heard(): void {
    this.#heard = performance.now();
    this.#worked = true;
  }

  /**
   * Uses the port for this instrument.
   *
   * @param urgency How much it can wait.
   * @param signal Gives up.
   * @param work What to say and ask.
   * @returns What the work returned.
   * @throws {HeliographError} `not_connected` when it does not answer; otherwise what the work threw.
   */
  use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    if (urgency === "immediate") return this.#evenWhenLost(signal, () => this.#use(urgency, signal, work));
    if (this.state === "connected") return this.#use(urgency, signal, work);
    return this.#useOnceThere(urgency, signal, work);
  }

  async #useOnceThere<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    if (this.state === "connecting") await aborting(this.#firstTry.promise, signal);
    this.#check();
    return await this.#use(urgency, signal, work);
  }

  /** Does what must not wait also before the greeting and where a question had no answer: the port may work all the same. */
  async #evenWhenLost<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.state !== "lost" && this.state !== "connecting") {
      try {
        return await work();
      } catch (error) {
        // It waited for another stop whose answer did not come, and the line was lost by that.
        if (!(error instanceof HeliographError && error.cause instanceof NotOpen)) throw error;
      }
    }
    const joining = this.#port.join();
    try {
      await aborting(joining, signal);
    } catch (error) {
      joining.then(() => this.#port.leave(), () => {});
      if (error === signal?.reason) throw error;
      if (this.#connecting) await aborting(this.#firstTry.promise, signal);
      this.#check();
      return await work();
    }
    try {
      return await work();
    } finally {
      this.#port.leave();
    }
  }

  async #use<T>(
    urgency: Turn["urgency"],
    signal: AbortSignal | undefined,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    const ending = this.#ending.signal;
    const either = urgency === "poll" ? this.#untilEnding(signal) : signal;
    const using = this.#port.use(urgency, either, async (turn) => {
      if (urgency !== "immediate") this.#check();
      let reason: HeliographError | undefined;
      try {
        const result = await work(this.#around(turn));
        if (!turn.unanswered) this.#worked = true;
        return result;
      } catch (error) {
        if (error instanceof HeliographError) reason = error;
        throw error;
      } finally {
        // It may have been switched off and on: it is greeted and made ready again before anything it says counts.
        if (turn.unanswered && !ending.aborted) {
          this.#lose(reason ?? new HeliographError("not_connected", "it left a question without an answer"));
        }
      }
    });
    this.#uses.add(using);
    try {
      return await using;
    } catch (error) {
      if (!(error instanceof HeliographError) || error === either?.reason || error instanceof NotConnected) throw error;
      throw new HeliographError(error.code, `${this.#routine.title}: ${error.message}`, { cause: error });
    } finally {
      this.#uses.delete(using);
    }
  }

  /** A signal that is aborted by another one, or when the goodbye is due. Polls come with the same one again and again. */
  #untilEnding(signal: AbortSignal | undefined): AbortSignal {
    const ending = this.#ending.signal;
    if (signal === undefined) return ending;
    if (this.#either?.of !== signal || this.#either.ending !== ending) {
      this.#either = { of: signal, ending, signal: AbortSignal.any([signal, ending]) };
    }
    return this.#either.signal;
  }

  get #connecting(): boolean {
    return this.state === "connecting";
  }

  #check(): void {
    if (this.state === "connected") return;
    const seconds = Math.max(0, (this.nextTry - Date.now()) / 1000);
    const next = this.state === "off" ? "the server is not running it" : `the next try is in ${seconds.toFixed(0)} s`;
    throw new NotConnected(`${this.#routine.title} is not connected: ${this.reason || "no answer yet"}; ${next}`);
  }

  async #keep(stopped: AbortSignal): Promise<void> {
    const { shortestWait = 0.5, longestWait = 30 } = this.#routine;
    let wait = shortestWait;
    this.#become("connecting", "");
    while (!stopped.aborted) {
      this.#worked = false;
      const reason = await this.#connect(stopped);
      if (stopped.aborted) break;
      // One that is greeted and says nothing more is not greeted again and again.
      if (this.#worked) wait = shortestWait;
      if (this.#port.used) wait = Math.max(wait, Math.min(shortestSharedWait, longestWait));
      this.nextTry = Date.now() + wait * 1000;
      this.#hurry = new AbortController();
      this.#become("lost", reason.message);
      await delay(wait, AbortSignal.any([stopped, this.#hurry.signal])).catch(() => {});
      if (this.#hurry.signal.aborted) {
        // Whoever asks has just done something about it, which may take a moment to help.
        wait = shortestWait;
        continue;
      }
      // One that only waits for a late answer to pass costs nothing.
      if (!(reason instanceof AnswerUnclear)) wait = Math.min(2 * wait, longestWait);
    }
    this.#become("off", "");
  }

  /** Opens, greets, and waits until contact is lost. @returns Why it is. */
  async #connect(stopped: AbortSignal): Promise<Error> {
    const port = this.#port;
    const lost = Promise.withResolvers<HeliographError>();
    this.#lose = lost.resolve;
    const stop = () => lost.resolve(stopped.reason);
    stopped.addEventListener("abort", stop, { once: true });
    let joined = false;
    const unbreak = port.onBroken(lost.resolve);
    let watchdog: ReturnType<typeof setInterval> | undefined;
    try {
      const joining = port.join();
      // A PC that does not answer must not keep the server from stopping.
      await aborting(joining, stopped).catch((error) => {
        if (stopped.aborted) joining.then(() => port.leave(), () => {});
        throw error;
      });
      joined = true;
      await port.use("poll", stopped, (turn) => this.#routine.greet(this.#around(turn)));
      this.#heard = performance.now();
      this.#become("connected", "");
      watchdog = this.#watchSilence(lost.resolve);
      return await lost.promise;
    } catch (error) {
      // What a driver's greeting throws may be anything.
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      clearInterval(watchdog);
      stopped.removeEventListener("abort", stop);
      unbreak();
      if (joined) port.leave();
      this.#firstTry.resolve();
    }
  }

  #watchSilence(lose: (reason: HeliographError) => void): ReturnType<typeof setInterval> | undefined {
    const { silentAfter } = this.#routine;
    if (silentAfter === undefined) return undefined;
    return setInterval(() => {
      if (performance.now() - this.#heard < silentAfter * 1000) return;
      lose(new HeliographError("not_connected", `nothing heard for ${silentAfter} s`));
    }, 1000);
  }

  #become(state: Contact["state"], reason: string): void {
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.reason = reason;
    if (state !== "connecting") this.#firstTry.resolve();
    this.#changed();
  }
}

/** The error where an instrument is known not to be there: nothing was sent. */
class NotConnected extends HeliographError {
  constructor(message: string) {
    super("not_connected", message);
  }
}

function aborting(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.finally(() => signal.removeEventListener("abort", abort)).then(resolve, reject);
  });
}
