/**
 * Sends tasks to a Worker, and settles their results. A task can be called off until it is done.
 *
 * @module
 */

/** The states of a task; both sides change it, each only from `running`. */
const running = 0;
const cancelled = 1;
const committed = 2;

/** A task on its way to a Worker. */
export interface TaskMessage<Task> {
  /** Which of the tasks it is. */
  readonly id: number;
  /** What is to be done. */
  readonly task: Task;
  /** One Int32: how it stands. */
  readonly standing: SharedArrayBuffer;
}

/** The result of a task on its way back. */
export interface AnswerMessage<Answer> {
  /** Which of the tasks it was. */
  readonly id: number;
  /** What came of it. */
  readonly answer: Answer;
}

/** A task was called off; nobody waits for its answer. */
export class Cancelled extends Error {}

/** How a task stands, as its Worker sees it. */
export class Standing {
  readonly #cell: Int32Array;

  /** Looks at what the task's sender may change. */
  constructor(buffer: SharedArrayBuffer) {
    this.#cell = new Int32Array(buffer);
  }

  /** Whether it was called off. */
  get cancelled(): boolean {
    return Atomics.load(this.#cell, 0) === cancelled;
  }

  /** @throws {Cancelled} When it was called off. */
  throwIfCancelled(): void {
    if (this.cancelled) throw new Cancelled();
  }

  /** From here on it is done; @throws {Cancelled} when it was called off before. */
  commit(): void {
    if (Atomics.compareExchange(this.#cell, 0, running, committed) === cancelled) throw new Cancelled();
  }
}

/**
 * Performs tasks in a Worker, as its program.
 *
 * @param perform Does one, and throws nothing. What it waits for has to be there at once, so that each ends before the
 * next begins.
 * @param transferOf The buffers that are transferred with an answer rather than copied.
 */
export function performTasks<Task, Answer>(
  perform: (task: Task, standing: Standing) => Answer | Promise<Answer>,
  transferOf: (answer: Answer) => ArrayBuffer[],
): void {
  // This Worker's own scope, which Deno's types for a window do not know.
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<TaskMessage<Task>>) => void;
    postMessage(message: AnswerMessage<Answer>, transfer: Transferable[]): void;
  };
  scope.onmessage = async ({ data: { id, task, standing } }) => {
    const answer = await perform(task, new Standing(standing));
    scope.postMessage({ id, answer }, transferOf(answer));
  };
}

/** What a {@linkcode TaskWorker} needs to know. */
export interface TaskWorkerOptions {
  /** Starts the Worker. @param failed Told why it failed, where it did. */
  start(failed: (reason: string) => void): Worker;
  /** The error of the tasks that nobody performs any more, because the server stops. */
  stopping(): Error;
  /** The error of the tasks that a Worker was to perform which failed. */
  failed(reason: string): Error;
}

/** Sends tasks to a Worker that is started when it is needed, and once more after it failed. */
export class TaskWorker<Task, Answer> {
  readonly #options: TaskWorkerOptions;
  #worker: Worker | undefined;
  #lastId = 0;
  #stopped = false;
  readonly #pending = new Map<number, PromiseWithResolvers<Answer>>();

  /** Starts nothing yet. */
  constructor(options: TaskWorkerOptions) {
    this.#options = options;
  }

  /**
   * Starts the Worker, unless it runs: before the server gives up its own permissions. It has its own once it has
   * answered something.
   *
   * @throws {Deno.errors.NotCapable} Where this program may not do itself what the Worker is to do.
   */
  start(): void {
    this.#stopped = false;
    this.#started();
  }

  /** Ends the Worker for good, unless `start` is called again; what it was doing fails. */
  stop(): void {
    this.#stopped = true;
    this.#worker?.terminate();
    this.#fail(this.#options.stopping());
  }

  /**
   * Has a task performed.
   *
   * @param signal Calls it off and ends the wait at once, unless it is done already.
   * @param transfer The buffers that are transferred rather than copied.
   * @throws {Deno.errors.NotCapable} Where this program may not do itself what the Worker is to do; or the signal's reason.
   */
  async ask(task: Task, signal?: AbortSignal, transfer: Transferable[] = []): Promise<Answer> {
    signal?.throwIfAborted();
    const worker = this.#started();
    const id = ++this.#lastId;
    const standing = new SharedArrayBuffer(4);
    const pending = Promise.withResolvers<Answer>();
    this.#pending.set(id, pending);
    const callOff = () => {
      if (Atomics.compareExchange(new Int32Array(standing), 0, running, cancelled) !== committed) {
        pending.reject(signal!.reason);
      }
    };
    signal?.addEventListener("abort", callOff, { once: true });
    try {
      worker.postMessage({ id, task, standing } satisfies TaskMessage<Task>, transfer);
      return await pending.promise;
    } finally {
      signal?.removeEventListener("abort", callOff);
    }
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    if (this.#stopped) throw this.#options.stopping();
    const worker = this.#options.start((reason) => this.#fail(this.#options.failed(reason)));
    worker.onmessage = ({ data }) => {
      const { id, answer } = data as AnswerMessage<Answer>;
      this.#pending.get(id)?.resolve(answer);
      this.#pending.delete(id);
    };
    return this.#worker = worker;
  }

  #fail(reason: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }
}
