/**
 * One instrument's queue: it is never driven by two commands at once, and every command has a deadline.
 *
 * @module
 */

import type { BoundArguments, Caller, Command, CommandContext, Role } from "./command.ts";
import { HeliographError } from "../../protocol/errors.ts";
import { Gate } from "./gate.ts";
import { isPromise } from "./values.ts";

/** Calls a command of another instrument on behalf of a caller. */
export type Issue = (
  caller: Caller,
  instrument: string,
  command: string,
  args: readonly unknown[],
) => unknown;

/** A command that is to run; its handler sees it as its context. */
export class Work implements CommandContext, Caller {
  /** The command's name, for those who wait behind it. */
  readonly name: string;
  /** What was declared. */
  readonly command: Command;
  /** The checked arguments. */
  readonly bound: BoundArguments;
  /** Told that it starts, and whether it has waited; throws where it may not be started any more. */
  readonly starts: ((waited: boolean) => void) | undefined;
  readonly #caller: Caller;
  readonly #issue: Issue;
  #controller: AbortController | undefined;
  #expired: HeliographError | undefined;

  /**
   * Makes work of a request.
   *
   * @param issue How its handler calls other instruments.
   * @param starts Told that it starts, and whether it has waited; throws where it may not be started any more.
   */
  constructor(
    name: string,
    command: Command,
    bound: BoundArguments,
    caller: Caller,
    issue: Issue,
    starts?: (waited: boolean) => void,
  ) {
    this.starts = starts;
    this.name = name;
    this.command = command;
    this.#caller = caller;
    this.bound = bound;
    this.#issue = issue;
  }

  /** The caller of the command. */
  get caller(): Caller {
    return this.#caller;
  }

  /** Whom what it calls is called for. */
  get for(): Caller {
    return this.#caller;
  }

  /** The role of the caller. */
  get role(): Role {
    return this.#caller.role;
  }

  /** Whether it puts back what was moved before; what it calls does so too. */
  get putsBack(): boolean {
    return this.#caller.putsBack ?? false;
  }

  /** Whether a guard asks for it; what it calls is asked for by that guard too. */
  get guards(): boolean {
    return this.#caller.guards ?? false;
  }

  /** Whether whoever asked for it has gone. */
  get gone(): boolean {
    return this.#caller.gone ?? false;
  }

  /** The time it may take in seconds, waiting included. */
  get deadline(): number {
    return this.command.deadline;
  }

  /** Positional arguments beyond the declared ones. */
  get more(): readonly unknown[] {
    return this.bound.more;
  }

  /** Keyword arguments that are not declared. */
  get moreKeywords(): ReadonlyMap<string, unknown> {
    return this.bound.moreKeywords;
  }

  /** Made only when a handler asks for it: most commands are done at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#expired !== undefined) this.#controller.abort(this.#expired);
    }
    return this.#controller.signal;
  }

  /** A function of its own, since handlers take it out of their context. */
  get call(): CommandContext["call"] {
    return (instrument, command, ...args) => this.#issue(this, instrument, command, args);
  }

  /** A function of its own, as `call` is. Whoever asked may be gone when it runs. */
  get callInBackground(): CommandContext["callInBackground"] {
    return this.#later({ role: this.role, for: this.#caller });
  }

  /** A function of its own, as `call` is. */
  get putBack(): CommandContext["putBack"] {
    return this.#later({ role: this.role, for: this.#caller, putsBack: true });
  }

  #later(caller: Caller): CommandContext["call"] {
    return (instrument, command, ...args) => this.#issue(caller, instrument, command, args);
  }

  /** Tells it to stop. */
  expire(reason: HeliographError): void {
    this.#expired = reason;
    this.#controller?.abort(reason);
  }
}

/** The command that runs, or the poll. */
interface Running {
  readonly name: string;
  readonly since: number;
  /** Whether a guard asks for it: no other guard interrupts it. */
  readonly guards: boolean;
  /** Answers for it with an error, and tells it to stop; a poll has none, and neither has what has just begun. */
  fail?: (reason: HeliographError) => void;
}

interface Waiting {
  readonly work: Work;
  readonly since: number;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

const longestQueue = 1000;

const nothing = () => {};

function goneError({ name }: Work): HeliographError {
  return new HeliographError("command_failed", `${name} was not started: whoever asked for it has gone`);
}

/**
 * Runs commands one after another, in the order they came.
 *
 * A command that passes its deadline is answered with an error and told to stop by its signal. The next one still
 * waits until it has really stopped: two commands would otherwise drive the instrument at once.
 */
export class CommandQueue {
  readonly #instrument: string;
  readonly #settled = () => this.#next();
  #running: Running | undefined;
  readonly #waiting: Waiting[] = [];
  /** What guards ask for: it goes before the others. */
  readonly #urgent: Waiting[] = [];
  /** What runs beside the others, once the gate opens. */
  readonly #atGate: Waiting[] = [];
  #gate = new Gate();
  #leaveGate = () => {};
  /** What has begun and is not answered yet. */
  readonly #begun = new Set<(reason: HeliographError) => void>();
  /** How far the running command is, for people; empty where that is not known. */
  progress = "";
  /** The rest of a poll: commands go before each of its steps, and there is never more than one. */
  #poll: Iterator<unknown> | undefined;
  /** A poll that begins when the one before has ended. */
  #nextPoll: (() => Iterator<unknown>) | undefined;

  /** Makes an empty queue. @param instrument The instrument's name, for errors. */
  constructor(instrument: string) {
    this.#instrument = instrument;
  }

  /** Shares a gate with the other queues of its bench. */
  set gate(gate: Gate) {
    this.#gate = gate;
    this.#leaveGate();
    this.#leaveGate = gate.onOpen(() => {
      for (const waiting of this.#atGate.splice(0)) this.#startBeside(waiting);
      if (this.#running === undefined) this.#next();
    });
  }

  /** Shares the gate no longer. */
  leave(): void {
    this.#leaveGate();
  }

  /** The running command, for how many seconds it has run, and how far it is. */
  get running(): { name: string; seconds: number; progress: string } | undefined {
    const running = this.#running;
    const { progress } = this;
    return running && { name: running.name, seconds: (performance.now() - running.since) / 1000, progress };
  }

  /** The number of commands that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs a command when its turn comes.
   *
   * @returns What it returned: at once where nothing had to be waited for, as a promise otherwise.
   * @throws {HeliographError} `deadline_exceeded`, or what the command threw.
   */
  submit(work: Work): unknown {
    if (this.#running !== undefined || !this.#passes(work)) return this.#wait(work, this.#waiting);
    return this.#start(work, undefined, this.#settled, this.#becomes(work));
  }

  /**
   * Runs a command of a guard: what runs is told to stop, and it is the next once that has really stopped, whoever has the
   * bench for themselves. What another guard has begun is not interrupted.
   *
   * @param by Who interrupts, for those whose command is interrupted.
   */
  submitUrgent(work: Work, by: string): unknown {
    if (this.#running === undefined) return this.#start(work, undefined, this.#settled, this.#becomes(work));
    const { name, guards, fail } = this.#running;
    if (!guards) {
      fail?.(new HeliographError("command_failed", `${name} of ${this.#instrument} was interrupted by ${by}`));
    }
    return this.#wait(work, this.#urgent);
  }

  /** From now on it is the one that runs. */
  #becomes({ name, guards }: Work): Running {
    return this.#running = { name, since: performance.now(), guards };
  }

  /** Runs a command beside the queue: it waits for nothing, but has its deadline. */
  submitImmediate(work: Work): unknown {
    return this.#start(work, undefined, nothing);
  }

  /** Runs a command beside the one that runs, unless somebody else's code has the bench for itself. */
  submitBeside(work: Work): unknown {
    return this.#passes(work) ? this.submitImmediate(work) : this.#wait(work, this.#atGate);
  }

  /**
   * Runs a poll when no command runs or waits, step by step: commands go in between.
   *
   * @param poll Begins it; a step that returns a promise is waited for. Steps must not fail.
   * @param again Whether to run it once more where one is under way, since that one may have read what changes now.
   * Otherwise this one is superfluous.
   */
  submitPoll(poll: () => Iterator<unknown>, again = false): void {
    if (this.#poll !== undefined) {
      if (again) this.#nextPoll = poll;
      return;
    }
    this.#poll = poll();
    if (this.#running === undefined) this.#runPoll();
  }

  /**
   * Fails what waits of some callers.
   *
   * @param isTheirs Whether a caller is one of them.
   * @param by The command that does so, for the error.
   */
  drop(isTheirs: (caller: Caller) => boolean, by: string): void {
    for (const waiting of this.#waiting.filter(({ work }) => isTheirs(work.caller))) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      clearTimeout(waiting.timer);
      const { name } = waiting.work;
      waiting.reject(new HeliographError("command_failed", `${name} was not started: ${by} came before`));
    }
  }

  /** Fails whatever waits, as when the server stops. */
  clear(reason: HeliographError): void {
    this.#poll = undefined;
    this.#nextPoll = undefined;
    for (
      const { timer, reject } of [
        ...this.#urgent.splice(0),
        ...this.#waiting.splice(0),
        ...this.#atGate.splice(0),
      ]
    ) {
      clearTimeout(timer);
      reject(reason);
    }
  }

  /** Fails whatever waits, and answers for what runs: that is told to stop. */
  end(reason: HeliographError): void {
    this.clear(reason);
    for (const fail of [...this.#begun]) fail(reason);
  }

  /** Keeps a command until it may start, or its deadline has passed. */
  #wait(work: Work, line: Waiting[]): Promise<unknown> {
    if (line.length >= longestQueue) {
      throw new HeliographError(
        "deadline_exceeded",
        `Cannot start ${work.name} of ${this.#instrument}: ${longestQueue} commands wait for it already`,
      );
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        work,
        since: performance.now(),
        resolve,
        reject,
        timer: setTimeout(() => {
          line.splice(line.indexOf(waiting), 1);
          const running = (line === this.#atGate ? undefined : this.#running?.name) ?? "another client's code";
          reject(
            new HeliographError(
              "deadline_exceeded",
              `Cannot start ${work.name} of ${this.#instrument} within ${work.deadline} s: it is still busy with ${running}`,
            ),
          );
        }, work.deadline * 1000),
      };
      line.push(waiting);
    });
  }

  #startBeside({ work, since, timer, resolve, reject }: Waiting): void {
    clearTimeout(timer);
    if (work.gone) return reject(goneError(work));
    try {
      resolve(this.#start(work, since, nothing));
    } catch (error) {
      reject(error);
    }
  }

  /**
   * Starts a command, and answers for it when its deadline has passed.
   *
   * @param since When it began to wait; `undefined` when it did not.
   * @param settled Called when it has really stopped.
   * @param running Where it is the one that runs.
   */
  #start(work: Work, since: number | undefined, settled: () => void, running?: Running): unknown {
    let result: unknown;
    try {
      work.starts?.(since !== undefined);
      result = work.command.call(work.bound, work);
    } catch (error) {
      settled();
      throw error;
    }
    if (!isPromise(result)) {
      settled();
      return result;
    }
    const promise = Promise.resolve(result);
    return new Promise((resolve, reject) => {
      const fail = (error: HeliographError) => {
        work.expire(error);
        reject(error);
      };
      this.#begun.add(fail);
      if (running !== undefined) running.fail = fail;
      const timer = setTimeout(
        () =>
          fail(
            new HeliographError(
              "deadline_exceeded",
              `Cannot finish ${work.name} of ${this.#instrument} within ${work.deadline} s; it was told to stop`,
            ),
          ),
        work.deadline * 1000 - (since === undefined ? 0 : performance.now() - since),
      );
      promise.then(resolve, reject).finally(() => {
        this.#begun.delete(fail);
        clearTimeout(timer);
        settled();
      });
    });
  }

  /** The running command has stopped: the next in line starts, or a poll where none waits. */
  #next(): void {
    this.#running = undefined;
    const next = this.#urgent.shift() ?? this.#takeWaiting();
    if (next === undefined) {
      if (this.#poll !== undefined) this.#runPoll();
      return;
    }
    clearTimeout(next.timer);
    if (next.work.gone) {
      next.reject(goneError(next.work));
      return this.#next();
    }
    try {
      // A chain of commands that finish at once recurses here; the queue's bound keeps it shallow enough.
      const result = this.#start(next.work, next.since, this.#settled, this.#becomes(next.work));
      if (isPromise(result)) result.then(next.resolve, next.reject);
      else next.resolve(result);
    } catch (error) {
      next.reject(error);
    }
  }

  #takeWaiting(): Waiting | undefined {
    const index = this.#waiting.findIndex(({ work }) => this.#passes(work));
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #passes(work: Work): boolean {
    return this.#gate.passes(work.caller, work.caller instanceof Work);
  }

  /** Steps must not fail; one that does ends its poll, and not the queue. */
  #nextStep(): IteratorResult<unknown> {
    try {
      return this.#poll?.next() ?? { done: true, value: undefined };
    } catch {
      return { done: true, value: undefined };
    }
  }

  #runPoll(): void {
    this.#running = { name: "poll", since: performance.now(), guards: false };
    for (;;) {
      const { done, value } = this.#nextStep();
      if (isPromise(value)) return void value.then(this.#settled, this.#settled);
      if (!done) continue;
      this.#poll = this.#nextPoll?.();
      this.#nextPoll = undefined;
      return this.#next();
    }
  }
}
