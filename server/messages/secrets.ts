/**
 * Reads secrets from files beside the bench file, also after the server has given up the right to, and keeps them out of
 * every text.
 *
 * @module
 */

import { getLogger } from "npm:@logtape/logtape@2.4.2";
import { FileKeeper } from "../files/file_keeper.ts";
import { isReadableByOthers } from "../files/secret_file.ts";

const log = getLogger(["heliograph", "messages"]);

/** A shorter secret would be found in ordinary words. */
const shortest = 4;

/** Secrets, each in a file of its own that a Worker of its own may read. */
export class Secrets {
  readonly #keepers = new Map<string, FileKeeper>();
  readonly #known = new Set<string>();
  /** Why each that cannot be read cannot be. */
  readonly #missing = new Map<string, string>();

  /**
   * Starts what reads them.
   *
   * @param files Their absolute paths, and whether each holds something that nobody else may know.
   */
  async open(files: Iterable<{ readonly file: string; readonly isSecret: boolean }>): Promise<void> {
    for (const { file, isSecret } of files) {
      if (this.#keepers.has(file)) continue;
      const keeper = new FileKeeper(file, { readOnly: true });
      this.#keepers.set(file, keeper);
      try {
        if (isSecret && isReadableByOthers(file)) log.warning("Others may read {file}: chmod 600 {file}", { file });
        await this.read(file);
      } catch (error) {
        log.error("{reason}", { reason: (error as Error).message });
      }
    }
  }

  /** Why some cannot be read; empty where all can. */
  get problem(): string {
    return [...this.#missing.values()].join("; ");
  }

  /** Looks again for those that could not be read. */
  async look(): Promise<void> {
    for (const file of [...this.#missing.keys()]) await this.read(file).catch(() => {});
  }

  /** Reads one, as it is now, without the white space around it. @throws {Error} Where it is not there, or empty. */
  async read(file: string): Promise<string> {
    try {
      const text = await this.#read(file);
      this.#missing.delete(file);
      return text;
    } catch (error) {
      this.#missing.set(file, (error as Error).message);
      throw error;
    }
  }

  async #read(file: string): Promise<string> {
    let text: string | undefined;
    try {
      text = (await this.#keepers.get(file)?.read())?.trim();
    } catch (error) {
      throw new Error(`cannot read ${file}: ${(error as Error).message}`);
    }
    if (text === undefined) throw new Error(`there is no file ${file}`);
    if (text === "") throw new Error(`${file} is empty`);
    if (text.length >= shortest) {
      for (const each of [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]) this.#known.add(each);
    }
    return text;
  }

  /** A text with `…` in the place of every secret that was ever read. */
  without(text: string): string {
    let left = text;
    for (const secret of this.#known) left = left.replaceAll(secret, "…");
    return left;
  }

  /** Ends what reads them. */
  stop(): void {
    for (const keeper of this.#keepers.values()) keeper.stop();
  }
}
