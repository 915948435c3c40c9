/**
 * Lets one caller drive the whole bench for a while: nobody else's commands start in between.
 *
 * @module
 */

import { HeliographError } from "../../protocol/errors.ts";

/** A caller that holds the gate, or waits for it. */
export interface GateHolder {
  /** Whether they have gone: what they hold is then free, and they wait no longer. */
  readonly gone?: boolean;
}

interface Waiting {
  readonly caller: GateHolder;
  /** When it has waited and held for long enough, by `performance.now()`. */
  readonly until: number;
  readonly promise: Promise<() => void>;
  readonly resolve: (release: () => void) => void;
  readonly reject: (reason: HeliographError) => void;
}

/** The longest that anybody holds it, in seconds, whatever they ask for: as long as the longest evaluation. */
const longestHold = 3601;
/** The interval at which the gate's holder and those who wait for it are checked, in milliseconds. */
const sweepInterval = 100;

/** The gate that all the queues of a bench share. It is open unless somebody holds it. */
export class Gate {
  #holder: Waiting | undefined;
  #waiting: Waiting[] = [];
  readonly #opened = new Set<() => void>();
  #sweep: ReturnType<typeof setInterval> | undefined;

  /** Calls the listener whenever the gate opens, until the returned function is called. */
  onOpen(listener: () => void): () => void {
    this.#opened.add(listener);
    return () => void this.#opened.delete(listener);
  }

  /**
   * Whether a caller's commands may start now. What a command that has started calls in turn always passes: it would
   * otherwise wait for a holder who waits for it.
   *
   * @param caller Who asked for the command.
   * @param nested Whether a running command asks for it.
   */
  passes(caller: object, nested: boolean): boolean {
    return this.#holder === undefined || this.#holder.caller === caller || nested;
  }

  /**
   * Waits for the gate and holds it: commands that run go on, but only the holder's start. It opens by itself when the
   * time is over or the holder has gone. Whoever has it already, or waits for it, gets the same again.
   *
   * @param caller Who shall have it.
   * @param seconds For how long at most, the waiting included; never for more than an hour.
   * @returns What opens it again; calling it twice does nothing.
   * @throws {HeliographError} `deadline_exceeded` when others held it all the time, or the caller has gone.
   */
  hold(caller: GateHolder, seconds: number): Promise<() => void> {
    const asked = [this.#holder, ...this.#waiting].find((one) => one?.caller === caller);
    if (asked !== undefined) return asked.promise;
    const until = performance.now() + Math.min(seconds, longestHold) * 1000;
    const waiting: Waiting = { caller, until, ...Promise.withResolvers<() => void>() };
    // Whoever has gone meanwhile listens no longer.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    this.#admit();
    return waiting.promise;
  }

  /** Lets the next one have it who still may. */
  #admit(): void {
    this.#refuseLate();
    if (this.#holder === undefined) {
      this.#holder = this.#waiting.shift();
      const holder = this.#holder;
      holder?.resolve(() => this.#release(holder));
    }
    if (this.#holder !== undefined) this.#sweep ??= setInterval(() => this.#look(), sweepInterval);
    else {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }

  #refuseLate(): void {
    const late = this.#waiting.filter(isOver);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !late.includes(waiting));
    const why = "Cannot hold the bench: other code held it until the deadline, or whoever asked has gone";
    for (const { reject } of late) reject(new HeliographError("deadline_exceeded", why));
  }

  #look(): void {
    if (this.#holder !== undefined && isOver(this.#holder)) this.#release(this.#holder);
    else this.#refuseLate();
  }

  #release(holder: Waiting): void {
    if (this.#holder !== holder) return;
    this.#holder = undefined;
    // What waited for it starts before the next one has it: holders who follow each other would starve it.
    for (const opened of this.#opened) opened();
    this.#admit();
  }
}

function isOver({ caller, until }: Waiting): boolean {
  return caller.gone === true || performance.now() >= until;
}
