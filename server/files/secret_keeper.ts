/**
 * Keeps one file that only its owner may read, after the server has given up its permissions: a Worker that was started
 * before may touch that file and nothing else.
 *
 * @module
 */

import { startFileWorker } from "./file_worker.ts";
import { partOf } from "./secret_file.ts";

/** A message to the Worker. */
export interface ToSecretKeeper {
  /** The file's absolute path. */
  readonly file: string;
  /** What it is to do. */
  readonly task:
    | { readonly kind: "read" }
    /** Replaces the file where it still holds what is expected. */
    | { readonly kind: "exchange"; readonly expected: string | undefined; readonly text: string };
}

/** A message from the Worker; all but `changed` answer, in the order in which it was asked. */
export type FromSecretKeeper =
  | { readonly kind: "read"; readonly text: string | undefined }
  | { readonly kind: "exchanged"; readonly done: boolean }
  | { readonly kind: "failed"; readonly reason: string }
  /** The file is another one than it was. */
  | { readonly kind: "changed" };

/** One file, read and replaced by a Worker of its own. */
export class SecretKeeper {
  /** The file's absolute path. */
  readonly file: string;
  readonly #changed: () => void;
  readonly #waiting: PromiseWithResolvers<FromSecretKeeper>[] = [];
  #worker: Worker | undefined;
  #stopped = false;

  /** Starts nothing yet. @param file Its absolute path. @param changed Called when it is another one than it was. */
  constructor(file: string, changed: () => void) {
    this.file = file;
    this.#changed = changed;
  }

  /** Reads the file, and watches it from then on. @returns What it holds; `undefined` where there is none. */
  async read(): Promise<string | undefined> {
    const answer = await this.#ask({ kind: "read" });
    return answer.kind === "read" ? answer.text : undefined;
  }

  /**
   * Replaces the file, whole or not at all.
   *
   * @param expected What it must hold until then; `undefined` where there must be none.
   * @param text What it is to hold.
   * @returns Whether it holds that now; `false` where another program has changed it.
   */
  async exchange(expected: string | undefined, text: string): Promise<boolean> {
    const answer = await this.#ask({ kind: "exchange", expected, text });
    return answer.kind === "exchanged" && answer.done;
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

  async #ask(task: ToSecretKeeper["task"]): Promise<FromSecretKeeper> {
    const worker = this.#started();
    const waiting = Promise.withResolvers<FromSecretKeeper>();
    this.#waiting.push(waiting);
    worker.postMessage({ file: this.file, task } satisfies ToSecretKeeper);
    const answer = await waiting.promise;
    if (answer.kind === "failed") throw new Error(answer.reason);
    return answer;
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    if (this.#stopped) throw new Error("the server is stopping");
    let worker: Worker;
    try {
      const program = new URL("./secret_keeper_worker.ts", import.meta.url);
      const failed = (reason: string) => this.#fail(`what keeps it failed: ${reason}`);
      worker = startFileWorker(program, "secret keeper", [this.file, partOf(this.file)], failed);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new Error("the server was not started with permission to read and write it", { cause: error });
    }
    worker.onmessage = ({ data }) => {
      const answer = data as FromSecretKeeper;
      if (answer.kind === "changed") this.#changed();
      else this.#waiting.shift()?.resolve(answer);
    };
    return this.#worker = worker;
  }
}
