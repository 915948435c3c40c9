/**
 * A time of a Worker's own: what looks at the clock there sees it, and it jumps to whatever is due next.
 *
 * Bench, polls, guards and simulators look at the time and wait in a hundred places. Rather than that each is handed a
 * clock, the clock of the whole Worker in which a rehearsal is done is another one.
 *
 * @module
 */

import process from "node:process";

interface Timer {
  readonly id: number;
  due: number;
  readonly order: number;
  readonly run: () => void;
  /** In milliseconds; `undefined` for once. */
  readonly every: number | undefined;
  cleared: boolean;
}

type Handler = (...args: unknown[]) => void;

/** After so many that were due, whatever comes from elsewhere has its turn. */
const atOnce = 1000;
/** How long nothing may be due while something is waited for, in milliseconds of the PC's clock. */
const longestStandstill = 30_000;

const real = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  setInterval: globalThis.setInterval.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  clearInterval: globalThis.clearInterval.bind(globalThis),
  now: performance.now.bind(performance),
  Date: globalThis.Date,
  date: globalThis.Date.now.bind(globalThis.Date),
  Worker: globalThis.Worker,
  refTimer: Deno.refTimer,
  unrefTimer: Deno.unrefTimer,
};

/** The virtual time of this Worker. */
export class VirtualTime {
  /** Milliseconds of `performance.now()`; `undefined` while it is the PC's. */
  #now: number | undefined;
  /** What `Date.now()` is before that, in milliseconds. */
  #epoch = 0;
  /** A heap: the next one that is due is the first. */
  readonly #timers: Timer[] = [];
  readonly #byId = new Map<number, Timer>();
  /** Numbers that the PC's own timers do not reach. */
  #lastId = 2 ** 40;
  /** How much is under way that takes the PC's time. */
  #held = 0;
  /** Lets time go on. */
  #released: (() => void) | undefined;

  /** Takes the place of this Worker's clock, and is the PC's until `run`. */
  install(): void {
    const now = () => this.#now ?? real.now();
    const date = () => this.#now === undefined ? real.date() : Math.round(this.#epoch + this.#now);
    performance.now = now;
    real.Date.now = date;
    globalThis.Date = new Proxy(real.Date, {
      construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [date()] : args, made),
    });
    const begin = (repeats: boolean) => (run: Handler, wait = 0, ...args: unknown[]) => {
      if (this.#now === undefined) return (repeats ? real.setInterval : real.setTimeout)(run, wait, ...args);
      return this.#add(() => run(...args), wait, repeats);
    };
    const end = (id?: number) => {
      const timer = this.#byId.get(id!);
      if (timer === undefined) return real.clearTimeout(id);
      timer.cleared = true;
      this.#byId.delete(timer.id);
    };
    Object.assign(globalThis, {
      setTimeout: begin(false),
      setInterval: begin(true),
      clearTimeout: end,
      clearInterval: end,
      Worker: this.#holdingWorker(),
    });
    // None of its own timers keeps the Worker.
    Deno.refTimer = (id) => this.#byId.has(Number(id)) || real.refTimer(id);
    Deno.unrefTimer = (id) => this.#byId.has(Number(id)) || real.unrefTimer(id);
    AbortSignal.timeout = (wait) => {
      const ends = new AbortController();
      setTimeout(() => ends.abort(new DOMException("Signal timed out.", "TimeoutError")), wait);
      return ends.signal;
    };
  }

  /** Time stands still while a Worker is to answer: what it does takes the PC's time. */
  #holdingWorker(): typeof Worker {
    const hold = (by: number) => this.#hold(by);
    return class extends real.Worker {
      #asked = 0;
      constructor(program: string | URL, options?: WorkerOptions) {
        super(program, options);
        this.addEventListener("message", () => this.#answered(1));
        this.addEventListener("error", () => this.#answered(this.#asked));
      }
      #answered(count: number): void {
        const answered = Math.min(count, this.#asked);
        this.#asked -= answered;
        hold(-answered);
      }
      override postMessage(message: unknown, transfer: Transferable[] | StructuredSerializeOptions = []): void {
        this.#asked++;
        hold(1);
        super.postMessage(message, transfer as Transferable[]);
      }
      override terminate(): void {
        this.#answered(this.#asked);
        super.terminate();
      }
    };
  }

  /** Time stands still until something is done that takes the PC's time: files, other processes. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#hold(1);
    try {
      return await work;
    } finally {
      this.#hold(-1);
    }
  }

  /** Time goes on until something is done, for what within `hold` waits for this time. */
  async passDuring<T>(work: Promise<T>): Promise<T> {
    this.#hold(-1);
    try {
      return await work;
    } finally {
      this.#hold(1);
    }
  }

  #hold(by: number): void {
    this.#held += by;
    if (this.#held === 0) this.#released?.();
  }

  /**
   * Does some work in virtual time, which begins as the PC's time is now.
   *
   * @throws What it throws; or an Error where it waits for something that never comes.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const begun = real.now();
    this.#epoch = real.date() - begun;
    this.#now = begun;
    let over = false;
    const result = work().finally(() => over = true);
    result.catch(() => {});
    let still: number | undefined;
    for (let count = 1;; count++) {
      // When this goes on, nothing is left to be done at this moment.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (over) return await result;
      if (this.#held > 0) {
        await new Promise<void>((resolve) => this.#released = resolve);
        continue;
      }
      const next = this.#next();
      if (next !== undefined) {
        still = undefined;
        this.#now = Math.max(this.#now, next.due);
        this.#fire(next);
        if (count % atOnce !== 0) continue;
      } else {
        still ??= real.now();
        if (real.now() - still > longestStandstill) throw new Error("it waits for something that never comes");
      }
      await new Promise<void>((resolve) => real.setTimeout(resolve, 0));
    }
  }

  #fire(timer: Timer): void {
    if (timer.every === undefined) this.#byId.delete(timer.id);
    else {
      timer.due = this.#now! + timer.every;
      this.#push(timer);
    }
    try {
      timer.run();
    } catch (error) {
      // As of a real timer: it is told where such faults are told.
      reportError(error);
    }
  }

  #add(run: () => void, wait: number, repeats: boolean): number {
    // As of a real one, and so that time passes however little is left of a wait.
    const milliseconds = Number.isFinite(wait) ? Math.max(wait, 1) : 1;
    const id = ++this.#lastId;
    const every = repeats ? milliseconds : undefined;
    const timer: Timer = { id, due: this.#now! + milliseconds, order: id, run, every, cleared: false };
    this.#byId.set(id, timer);
    this.#push(timer);
    return id;
  }

  #next(): Timer | undefined {
    for (;;) {
      const first = this.#timers[0];
      if (first === undefined) return undefined;
      const last = this.#timers.pop()!;
      if (last !== first) this.#sink(last);
      if (!first.cleared) return first;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(timer, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = timer;
  }

  /** Puts one in the place of the first. */
  #sink(timer: Timer): void {
    const heap = this.#timers;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, timer)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = timer;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}
