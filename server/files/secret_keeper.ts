/**
 * Keeps one file that only its owner may read, after the server has given up its permissions: a Worker that was started
 * before may touch that file and nothing else.
 *
 * @module
 */

import { AnsweringWorker } from "./answering_worker.ts";
import { OwnerAccess } from "./owner_access.ts";
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
  readonly #worker: AnsweringWorker<ToSecretKeeper, FromSecretKeeper>;
  #read = false;

  /** Starts nothing yet. @param file Its absolute path. @param changed Called when it is another one than it was. */
  constructor(file: string, changed: () => void) {
    this.file = file;
    this.#worker = new AnsweringWorker({
      program: new URL("./secret_keeper_worker.ts", import.meta.url),
      name: "secret keeper",
      paths: [file, partOf(file)],
    }, ({ kind }) => {
      if (kind === "changed") changed();
      return kind === "changed";
    });
  }

  /** Reads the file, and watches it from then on. @returns What it holds; `undefined` where there is none. */
  async read(): Promise<string | undefined> {
    // Before permissions are given up.
    const { usual: owner } = OwnerAccess;
    const answer = await this.#ask({ kind: "read" });
    if (!this.#read && answer.kind === "read" && answer.text !== undefined) owner?.protect(this.file, "file");
    this.#read = true;
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
    const done = answer.kind === "exchanged" && answer.done;
    // The new file has the access list of its folder.
    if (done) OwnerAccess.usual?.protect(this.file, "file");
    return done;
  }

  /** Ends the Worker for good; what it was doing fails. */
  stop(): void {
    this.#worker.stop();
  }

  async #ask(task: ToSecretKeeper["task"]): Promise<FromSecretKeeper> {
    const answer = await this.#worker.ask({ file: this.file, task });
    if (answer.kind === "failed") throw new Error(answer.reason);
    return answer;
  }
}
