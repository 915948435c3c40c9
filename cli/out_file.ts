/**
 * A file that a subcommand writes whole or not at all.
 *
 * @module
 */

import { HeliographError } from "../protocol/errors.ts";
import { FileError, PartFile } from "../server/files/part_file.ts";

/** A file that is being written; without `commit` nothing of it stays. */
export class OutFile implements Disposable {
  readonly #path: string;
  #part: PartFile | undefined;

  /**
   * Begins one.
   *
   * @param path Its absolute path.
   * @throws {HeliographError} Where a file is there already, or none can be written.
   */
  constructor(path: string) {
    this.#path = path;
    this.#part = this.#inWords(() => new PartFile(path, false));
  }

  /** Writes more of it. */
  write(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#inWords(() => this.#part!.write(bytes));
  }

  /** It is complete. */
  commit(): void {
    const part = this.#part!;
    this.#part = undefined;
    this.#inWords(() => {
      try {
        part.sync();
      } catch (error) {
        part.drop();
        throw error;
      }
      part.commit();
    });
  }

  /** Takes away what is not complete. */
  [Symbol.dispose](): void {
    this.#part?.drop();
  }

  #inWords<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const advice = error.fault === "exists" ? "; name a new file" : "";
      throw new HeliographError("command_failed", `Cannot write ${this.#path}: ${error.message}${advice}`, {
        cause: error,
      });
    }
  }
}
