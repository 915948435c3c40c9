/**
 * Asks a Worker that may touch some files, which answers in the order in which it is asked.
 *
 * @module
 */

import { startFileWorker } from "./file_worker.ts";

/** Which Worker it is, and what it may touch. */
export interface AnsweringWorkerOptions {
  /** Its module. */
  readonly program: URL;
  /** What it is called where somebody looks at threads. */
  readonly name: string;
  /** What it may read and write: absolute paths. */
  readonly paths: readonly string[];
  /** What it may read besides: absolute paths. @default nothing */
  readonly onlyRead?: readonly string[];
}

/** A Worker that is started when it is needed, and once more after it failed. */
export class AnsweringWorker<Question, Answer> {
  readonly #options: AnsweringWorkerOptions;
  readonly #unasked: (message: Answer) => boolean;
  /** Those who wait for an answer, in the order in which they asked. */
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  #worker: Worker | undefined;
  #stopped = false;

  /**
   * Starts nothing yet.
   *
   * @param unasked Takes what answers nothing, and tells whether it does not. @default all answers something
   */
  constructor(options: AnsweringWorkerOptions, unasked: (message: Answer) => boolean = () => false) {
    this.#options = options;
    this.#unasked = unasked;
  }

  /**
   * Starts the Worker, unless it runs: before the server gives up its own permissions. It has its own once it has
   * answered something.
   *
   * @throws {Error} With the reason in words for people, as `ask` does.
   */
  start(): void {
    this.#started();
  }

  /** Asks it. */
  ask(question: Question): Promise<Answer> {
    const answer = Promise.withResolvers<Answer>();
    try {
      const worker = this.#started();
      this.#waiting.push(answer);
      worker.postMessage(question);
    } catch (error) {
      answer.reject(error);
    }
    return answer.promise;
  }

  /** Ends the Worker for good; what it was doing fails. */
  stop(): void {
    this.#stopped = true;
    this.#worker?.terminate();
    this.#fail("the server is stopping");
  }

  #fail(reason: string): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    if (this.#stopped) throw new Error("the server is stopping");
    const { program, name, paths, onlyRead } = this.#options;
    let worker: Worker;
    try {
      const failed = (reason: string) => this.#fail(`what keeps it failed: ${reason}`);
      worker = startFileWorker(program, name, paths, failed, onlyRead);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new Error("the server was not started with permission to read and write it", { cause: error });
    }
    worker.onmessage = ({ data }) => {
      const message = data as Answer;
      if (!this.#unasked(message)) this.#waiting.shift()?.resolve(message);
    };
    return this.#worker = worker;
  }
}
